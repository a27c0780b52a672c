"""Can two sets of examples be told apart? A domain classifier says whether data have
shifted, without any labels (Lopez-Paz & Oquab, Revisiting classifier two-sample tests,
ICLR 2017).
"""

import numpy as np
from torch import Tensor

TREES = 100


def tell_apart(first: Tensor, second: Tensor, seed: int) -> dict[str, float]:
    """Accuracy and log loss of a forest that says which set an example is from.

    It learns from every other example of each set, (examples, ...), and is measured on
    the rest. With sets of one size and one distribution it is right half of the time.
    """
    # They import pandas, which listing the tasks need not wait for.
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import log_loss

    x = np.concatenate([first.flatten(1).numpy(), second.flatten(1).numpy()])
    y = np.repeat([0, 1], [len(first), len(second)])
    learned = np.arange(len(y)) % 2 == 0
    forest = ExtraTreesClassifier(
        TREES, min_samples_leaf=2, random_state=seed % 2**32, n_jobs=1
    )
    forest.fit(x[learned], y[learned])
    chances = forest.predict_proba(x[~learned])
    right = chances.argmax(1) == y[~learned]
    return {"accuracy": right.mean(), "loss": log_loss(y[~learned], chances)}
