"""Two clouds: examples of two classes, normal around opposite centres, generated
without end. The best boundary is a plane, so logistic regression is the right model.
"""

import torch
from torch import Tensor

from tasks.contract.data import Split, Splits
from tasks.contract.text import Text

SOURCE = Text(
    "Two normal distributions with one covariance, generated (Hastie, Tibshirani & "
    "Friedman, The elements of statistical learning, 2009, section 4.3).",
    zh=(
        "协方差相同的两个正态分布，随机生成（Hastie、Tibshirani 与 Friedman，The "
        "elements of statistical learning，2009，4.3 节）。"
    ),
)
FEATURES = 30
# between centres, in standard deviations: 5 % are on the wrong side
DISTANCE = 3.3


def load(
    seed: int, train: int = 100, validation: int = 100, test: int = 4000
) -> Splits:
    """Points (examples, 30), all three parts generated from the seed around centres
    that lie in a direction of the seed's own; classes are equally frequent.
    """
    generator = torch.Generator().manual_seed(seed)
    direction = torch.randn(FEATURES, generator=generator)
    centre = DISTANCE / 2 * direction / direction.norm()
    return Splits(
        train=_drawn(train, centre, generator),
        validation=_drawn(validation, centre, generator),
        test=_drawn(test, centre, generator),
        classes=2,
    )


def _drawn(examples: int, centre: Tensor, generator: torch.Generator) -> Split:
    labels = (
        # Alternating labels in random order: classes are equally frequent to
        # one.
        torch.arange(examples)[torch.randperm(examples, generator=generator)]
        % 2
    )
    signs = (2 * labels - 1).float()
    noise = torch.randn(examples, len(centre), generator=generator)
    return Split(signs[:, None] * centre + noise, labels)
