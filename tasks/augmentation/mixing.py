"""Augmentations that mix examples with others of their batch: Mixup and CutMix.

Labels become probabilities, (examples, classes), which the losses in
``tasks/procedures/losses.py`` take unchanged. The weight is drawn once a batch, as in
the papers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Split
from tasks.contract.errors import UserError


@dataclass(frozen=True)
class Mixup:
    """Convex combination of each example with another, inputs and targets alike, with
    weights lambda and 1 - lambda, lambda from Beta(``alpha``, ``alpha``) (Zhang et al.
    2018).

    Numeric targets are mixed directly.
    """

    by_example: ClassVar[bool] = False
    alpha: float = 0.2

    def __post_init__(self) -> None:
        FieldChecks(self).number(
            "alpha", above=0, advice="1 draws weights evenly"
        )

    def __call__(self, batch: Split, generator: torch.Generator) -> Split:
        weight = drawn_weight(batch, self.alpha, generator)
        other = shuffled(batch, generator)
        x = torch.lerp(batch.x.index_select(0, other), batch.x, weight)
        return replace(batch, x=x, y=mixed_targets(batch, other, weight))


@dataclass(frozen=True)
class CutMix:
    """A rectangle of each image taken from another; targets are weighed by the areas
    (Yun et al. 2019).

    For curves (examples, length) it is a stretch.
    """

    by_example: ClassVar[bool] = False
    alpha: float = 1.0

    def __post_init__(self) -> None:
        FieldChecks(self).number(
            "alpha", above=0, advice="1 draws areas evenly"
        )

    def __call__(self, batch: Split, generator: torch.Generator) -> Split:
        weight = drawn_weight(batch, self.alpha, generator)
        other = shuffled(batch, generator)
        pasted = self._rectangle(batch.x, 1 - weight, generator)
        x = torch.where(pasted, batch.x.index_select(0, other), batch.x)
        # the rectangle may have been clipped at the edges
        kept = 1 - pasted.to(batch.x.dtype).mean()
        return replace(batch, x=x, y=mixed_targets(batch, other, kept))

    def _rectangle(
        self, x: Tensor, area: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Where to paste, (height, width): about ``area`` of the image, around a random
        place, without what is beyond its edges.
        """
        sides = x.shape[-2:] if x.ndim >= 4 else x.shape[-1:]
        # Sides in proportion to the image's, so that their product is the
        # area.
        share = area ** (1 / len(sides))
        inside = torch.ones((), dtype=torch.bool, device=x.device)
        for size in sides:
            middle = (
                torch.rand((), generator=generator, device=x.device) * size
            )
            places = torch.arange(size, device=x.device) + 0.5
            near = (places - middle).abs() < share * size / 2
            # Broadcast side by side: (height,), then (height, width).
            inside = inside[..., None] & near
        return inside


def drawn_weight(
    batch: Split, alpha: float, generator: torch.Generator
) -> Tensor:
    """A 0-d tensor from Beta(alpha, alpha), left on its device."""
    # torch.distributions.Beta draws from this function, too, but takes no generator
    both = torch.full((2,), alpha, device=batch.x.device)
    weights: Tensor = torch._sample_dirichlet(both, generator=generator)
    return weights[0].to(batch.x.dtype)


def shuffled(batch: Split, generator: torch.Generator) -> Tensor:
    """The place of the example that each one is mixed with, (examples,)."""
    return torch.randperm(
        len(batch), generator=generator, device=batch.x.device
    )


def mixed_targets(batch: Split, other: Tensor, weight: Tensor) -> Tensor:
    """``weight`` of each example's target and the rest of the other's."""
    y = batch.y
    if not y.is_floating_point():
        y = functional.one_hot(y.long(), _classes(batch)).to(weight.dtype)
    return torch.lerp(y.index_select(0, other), y, weight.to(y.dtype))


def _classes(batch: Split) -> int:
    classes = batch.metadata.get("classes")
    if classes is None:
        raise UserError(
            "Mixing labels needs the number of classes: give metadata={'classes': ...} "
            "where the splits are made by hand."
        )
    return int(classes)
