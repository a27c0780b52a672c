"""What an augmentation is: a function ``(batch, generator) -> batch``, applied to
training batches alone, on the device where they are.

``Classification(augment=...)`` and ``Regression(augment=...)`` take one or several. All
randomness comes from ``generator``, so runs are reproducible. One that changes each
example by itself says so by ``by_example = True``; one that does not, such as Mixup,
cannot be used where several workers share a batch (``world_size`` above 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor

from tasks.contract.checks import FieldChecks, brief
from tasks.contract.data import Split
from tasks.contract.errors import UserError

Augmentation: TypeAlias = Callable[[Split, torch.Generator], Split]


def augmentations(
    given: Augmentation | Sequence[Augmentation],
) -> tuple[Augmentation, ...]:
    """The augmentations in a tuple, in order. UserError for one that is not a function."""
    listed: tuple[Any, ...] = (given,)
    if isinstance(given, list | tuple):
        listed = tuple(given)
    for one in listed:
        if not callable(one):
            raise UserError(
                f"augment={brief(one)} is no augmentation: give functions (batch, "
                "generator) -> batch, such as Flip() or Mixup()."
            )
        # A class can be called, too, but not with a batch.
        if isinstance(one, type):
            raise UserError(
                f"augment={one.__name__} is a class: make one, as in {one.__name__}()."
            )
    return listed


@dataclass(frozen=True)
class Transform:
    """An augmentation by a library's transform of images, such as torchvision's v2 or
    kornia's, which need not be installed otherwise::

        Transform(v2.RandAugment(), by_example=True)

    The transform takes a batch (examples, ...) and returns one of as many examples, or
    with ``by_example`` takes each by itself: many of torchvision's draw their random
    numbers once per call, which would change all examples of a batch alike.
    It may draw from torch's global generator, which the run seeds; from any other, runs
    would not repeat.
    """

    transform: Callable[[Tensor], Any]
    by_example: bool = False

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.function("transform", "of a batch of inputs")
        check.flag("by_example")

    def __call__(self, batch: Split, generator: torch.Generator) -> Split:
        if self.by_example:
            changed = torch.stack([self._changed(x) for x in batch.x])
        else:
            changed = self._changed(batch.x)
        if len(changed) != len(batch):
            raise UserError(
                f"{self.transform!r} made {len(changed)} examples of {len(batch)}: "
                "use one that keeps the batch, or by_example=True."
            )
        return replace(batch, x=changed)

    def _changed(self, x: Tensor) -> Tensor:
        changed = self.transform(x)
        if not isinstance(changed, Tensor):
            raise UserError(
                f"{self.transform!r} returned {type(changed).__name__}: use one that "
                "takes a tensor and returns a tensor."
            )
        return changed


class ByExample:
    """An augmentation that transforms each example independently; targets are
    unchanged.
    """

    by_example: ClassVar[bool] = True

    def __call__(self, batch: Split, generator: torch.Generator) -> Split:
        return replace(batch, x=self.changed(batch.x, generator))

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x``, (examples, ...), with each example changed at random."""
        raise NotImplementedError


def uniform(
    x: Tensor, generator: torch.Generator, low: float = 0.0, high: float = 1.0
) -> Tensor:
    """One random number for each example of ``x``: (examples,)."""
    drawn = torch.rand(len(x), generator=generator, device=x.device)
    return low + (high - low) * drawn


def along_examples(values: Tensor, x: Tensor) -> Tensor:
    """(examples,) with as many dimensions as ``x`` has, so that both can be joined."""
    return values.reshape(-1, *[1] * (x.ndim - 1))
