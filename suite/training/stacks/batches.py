"""The batches of a run, as ``suite.training.rng.batches`` gives them, read many at once:
short reads all over the examples cost a stack more than its products.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from tasks import Split

AT_ONCE = 16  # batches that are read together


def batches(
    train: Split, size: int, order: torch.Generator, skipped: int
) -> Iterator[Split]:
    """Infinite batches of examples in memory, reshuffled every epoch, without the first
    ``skipped``. ``size`` is less than the number of examples.
    """
    examples = len(train)
    passes, skipped = divmod(skipped, math.ceil(examples / size))
    for _ in range(passes):
        torch.randperm(examples, generator=order)
    while True:
        shuffled = torch.randperm(examples, generator=order)
        for index in shuffled[skipped * size :].split(AT_ONCE * size):
            taken = train.take(index)
            for x, y in zip(
                taken.x.split(size), taken.y.split(size), strict=True
            ):
                yield Split(x, y, train.metadata)
        skipped = 0  # in the first pass only
