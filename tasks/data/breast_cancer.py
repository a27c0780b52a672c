"""Breast cancer Wisconsin: 569 tumours, 30 measurements of cell nuclei each, malignant
(0) or benign (1).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tasks.contract.data import Splits
from tasks.contract.text import Text
from tasks.data._split import resplit

SOURCE = Text(
    "Wolberg, Mangasarian, Street & Street, Breast cancer Wisconsin "
    "(diagnostic), UCI Machine Learning Repository, 1995 (the copy in "
    "scikit-learn). Licence: CC BY 4.0.",
    zh=(
        "Wolberg、Mangasarian、Street 与 Street，Breast cancer Wisconsin "
        "(diagnostic)，UCI Machine Learning Repository，1995（scikit-learn "
        "中的副本）。许可证：CC BY 4.0。"
    ),
)


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return x, y


def load(seed: int, test: float = 0.2, validation: float = 0.2) -> Splits:
    """Measurements (tumours, 30), each standardised: 341 to learn from, 114 to choose
    by, 114 sealed.
    """
    x, y = _table()
    return resplit(
        x,
        y,
        seed,
        test=test,
        validation=validation,
        classes=2,
        per_feature=True,
    )
