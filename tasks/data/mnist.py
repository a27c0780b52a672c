"""MNIST in full: 70,000 grey 28x28 images of digits, with the official test set of
10,000.
"""

from functools import lru_cache

from tasks.contract.data import Splits
from tasks.contract.text import Text
from tasks.data._idx import Images, load_images
from tasks.data._split import hold_out

SOURCE = Text(
    "LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to "
    "document recognition, 1998 (MNIST). Licence: CC BY-SA 3.0.",
    zh=(
        "LeCun、Bottou、Bengio 与 Haffner，Gradient-based learning applied "
        "to document recognition，1998（MNIST）。许可证：CC BY-SA 3.0。"
    ),
)
ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist"
HASHES = (
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)


@lru_cache(maxsize=1)
def _images() -> tuple[Images, Images]:
    return load_images("mnist", ADDRESS, HASHES)


def load(seed: int, validation: float = 1 / 6) -> Splits:
    """Images (examples, 1, 28, 28); the seed chooses the 10,000 of 60,000 training
    images that validate.
    """
    train, test = _images()
    return hold_out(train, test, seed, validation=validation, classes=10)
