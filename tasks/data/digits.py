"""Digits: 1,797 handwritten digits of 8x8 pixels with 17 levels of grey, from
scikit-learn.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tasks.contract.data import Splits
from tasks.contract.text import Text
from tasks.data._split import resplit

SOURCE = Text(
    "Alpaydin & Kaynak, Optical recognition of handwritten digits, UCI "
    "Machine Learning Repository, 1998 (the copy in scikit-learn). "
    "Licence: CC BY 4.0.",
    zh=(
        "Alpaydin 与 Kaynak，Optical recognition of handwritten digits，"
        "UCI Machine Learning Repository，1998（scikit-learn 中的副本）。"
        "许可证：CC BY 4.0。"
    ),
)


@lru_cache(maxsize=1)
def _digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images.astype(np.uint8).reshape(-1, 1, 8, 8), labels


def load(seed: int, test: float = 0.1, validation: float = 0.2) -> Splits:
    """Images (examples, 1, 8, 8): 1,258 for training, 359 for validation and 180 for
    the test by default.
    """
    x, y = _digits()
    return resplit(x, y, seed, test=test, validation=validation, classes=10)
