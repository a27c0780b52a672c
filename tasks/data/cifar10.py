"""CIFAR-10: 60,000 colour 32x32 photographs of animals and vehicles, ten classes, with
an official test set of 10,000.

The archive of 170 MB is fetched where a level asks for it, or read from
``BAKEOFF_MIRROR`` (see ``tasks.data._fetch``).
"""

import io
import tarfile
from functools import lru_cache

import numpy as np

from tasks.contract.data import Splits
from tasks.contract.text import Text
from tasks.data._fetch import RemoteFile, fetch
from tasks.data._idx import Images
from tasks.data._split import hold_out

SOURCE = Text(
    "Krizhevsky, Learning multiple layers of features from tiny images, 2009.",
    zh="Krizhevsky，Learning multiple layers of features from tiny images，2009。",
)
# The binary version: the other one holds pickles, which can run code.
ARCHIVE = RemoteFile(
    "cifar-10",
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    is_archive=True,
)
FOLDER = "cifar-10-batches-bin"
TRAINING = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)
SHAPE = (3, 32, 32)  # channels, height, width
ROW = 1 + 3 * 32 * 32  # bytes: the label, then the image


@lru_cache(maxsize=1)
def _images() -> tuple[Images, Images]:
    content = io.BytesIO(fetch(ARCHIVE))
    with tarfile.open(fileobj=content, mode="r:gz") as archive:
        return _read(archive, TRAINING), _read(archive, TEST)


def _read(archive: tarfile.TarFile, names: tuple[str, ...]) -> Images:
    """The images of these files of the archive, in order. Nothing is unpacked to the
    disk.
    """
    files = [archive.extractfile(f"{FOLDER}/{name}") for name in names]
    content = b"".join(file.read() for file in files if file is not None)
    rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, ROW)
    # Copies, as an array over the bytes would be read-only, which torch warns of.
    return Images(
        rows[:, 1:].reshape(-1, *SHAPE).copy(),
        rows[:, 0].copy(),
    )


def load(seed: int, validation: float = 1 / 5) -> Splits:
    """Images (examples, 3, 32, 32); the seed chooses the 10,000 of 50,000 training
    images that validate.
    """
    train, test = _images()
    return hold_out(train, test, seed, validation=validation, classes=10)
