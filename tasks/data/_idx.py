"""The idx format of MNIST and similar data sets: four files, training and test, images
and labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.contract.errors import UserError
from tasks.data._fetch import RemoteFile, fetch

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


class Images(NamedTuple):
    """Bytes from 0 to 255 as (images, 1, height, width) and labels as (images,)."""

    x: NDArray[np.uint8]
    y: NDArray[np.uint8]


def read(content: bytes) -> NDArray[np.uint8]:
    """The array in an idx file of unsigned bytes. Raises UserError if the header is
    wrong or rows are missing.

    The header is 0, 0, type (8: unsigned byte), number of dimensions, then each
    dimension, 32 bits, big-endian.
    """
    if content[:3] != b"\0\0\x08":
        raise UserError(
            f"Not an idx file of unsigned bytes: it begins with {content[:4]!r}."
        )
    dimensions = content[3]
    start = 4 + 4 * dimensions
    shape = tuple(
        int(size) for size in np.frombuffer(content[4:start], dtype=">u4")
    )
    values = np.frombuffer(content[start:], dtype=np.uint8)
    if values.size != np.prod(shape):
        raise UserError(
            f"Damaged idx file: its header says {shape}, but {values.size} bytes follow."
        )
    # An array over the bytes would be read-only, which torch warns of.
    return values.reshape(shape).copy()


def load_images(
    dataset: str, address: str, hashes: tuple[str, str, str, str]
) -> tuple[Images, Images]:
    """Training and test images of a data set whose four files have the given content
    hashes, in order of FILES.
    """
    arrays = [
        read(fetch(RemoteFile(dataset, name, address, sha256)))
        for name, sha256 in zip(FILES, hashes, strict=True)
    ]
    return Images(arrays[0][:, None], arrays[1]), Images(
        arrays[2][:, None], arrays[3]
    )
