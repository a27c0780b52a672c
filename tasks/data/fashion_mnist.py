"""Fashion-MNIST: 70,000 grey 28x28 images of clothes, ten classes, with an official
test set of 10,000.
"""

from functools import lru_cache

from tasks.contract.data import Splits
from tasks.contract.text import Text
from tasks.data._idx import Images, load_images
from tasks.data._split import hold_out

SOURCE = Text(
    "Xiao, Rasul & Vollgraf, Fashion-MNIST: a novel image dataset for "
    "benchmarking machine learning algorithms, 2017. Licence: MIT.",
    zh=(
        "Xiao、Rasul 与 Vollgraf，Fashion-MNIST: a novel image dataset for "
        "benchmarking machine learning algorithms，2017。许可证：MIT。"
    ),
)
ADDRESS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
    "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion"
)
HASHES = (
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
)


@lru_cache(maxsize=1)
def _images() -> tuple[Images, Images]:
    return load_images("fashion-mnist", ADDRESS, HASHES)


def load(seed: int, validation: float = 1 / 6) -> Splits:
    """Images (examples, 1, 28, 28); the seed chooses the 10,000 of 60,000 training
    images that validate.
    """
    train, test = _images()
    return hold_out(train, test, seed, validation=validation, classes=10)
