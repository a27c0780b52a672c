"""The update rules of ``suite.training.optimizer`` for all members of a stack at once.

Each tensor has a row for every member, (members, width), so that a rule is a handful of
calls however many members there are, and each number is computed as it is for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from suite.training.flat_parameters import CLIP_EPSILON
from suite.training.optimizer import ADAM_EPSILON
from tasks import Recipe


@dataclass
class Rows:
    """What an update reads and changes."""

    weights: Tensor
    """The parameters, (members, width). Behind a member's own there are zeros."""

    gradients: Tensor
    """Of the same shape."""

    weight_decay: Tensor
    """The members' coefficients, (members, 1)."""

    decayed: int
    """Weight decay acts on the first so many numbers of a row."""

    updates: int = 0
    """Updates made so far."""

    memory: dict[str, Tensor] = field(default_factory=dict)
    """The rule's own state, by the names that ``FlatRule.memory`` has."""

    def __post_init__(self) -> None:
        self.decays = bool(self.weight_decay.any())


Rule = Callable[[Rows, Tensor, Recipe], None]
"""One update: of the rows, by the members' rates, (members, 1)."""


def update(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """Update the rows once, by the optimiser of the recipe, which must be in RULES."""
    assert isinstance(recipe.optimizer, str)
    if recipe.max_grad_norm is not None:
        norms = rows.gradients.norm(dim=1, keepdim=True) + CLIP_EPSILON
        rows.gradients.mul_((recipe.max_grad_norm / norms).clamp_(max=1.0))
    RULES[recipe.optimizer](rows, rates, recipe)
    rows.updates += 1


def sgd(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """See ``suite.training.optimizer.SGD``."""
    _descend(rows, rates, recipe.momentum, recipe.nesterov)


def momentum(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """See ``suite.training.optimizer.Momentum``."""
    _descend(rows, rates, recipe.momentum, nesterov=False)


def nesterov(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """See ``suite.training.optimizer.Nesterov``."""
    _descend(rows, rates, recipe.momentum, nesterov=True)


def adam(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """See ``suite.training.optimizer.Adam``."""
    _add_decay_to_gradients(rows)
    _adapt(rows, rates, recipe)


def adamw(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """See ``suite.training.optimizer.AdamW``."""
    if rows.decays:
        decayed = rows.weights[:, : rows.decayed]
        decayed.mul_(1 - rates * rows.weight_decay)
    _adapt(rows, rates, recipe)


RULES: dict[str, Rule] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adam": adam,
    "adamw": adamw,
}


def _add_decay_to_gradients(rows: Rows) -> None:
    if rows.decays:
        decayed = slice(0, rows.decayed)
        rows.gradients[:, decayed].addcmul_(
            rows.weights[:, decayed], rows.weight_decay
        )


def _descend(
    rows: Rows, rates: Tensor, momentum: float, nesterov: bool
) -> None:
    _add_decay_to_gradients(rows)
    direction = rows.gradients
    if momentum:
        # It begins at 0, so that after the first update it is the gradient, as
        # in torch.optim.SGD.
        velocity = rows.memory["momentum"]
        velocity.mul_(momentum).add_(rows.gradients)
        if nesterov:
            direction = rows.gradients.add(velocity, alpha=momentum)
        else:
            direction = velocity
    rows.weights.addcmul_(direction, rates, value=-1)


def _adapt(rows: Rows, rates: Tensor, recipe: Recipe) -> None:
    """An update by Adam, without weight decay."""
    # The fused kernel takes one rate for all numbers. So it updates zeros at a
    # rate of 1, which gives the direction, and each member has its own rate.
    direction = torch.zeros_like(rows.weights)
    count = torch.tensor(float(rows.updates + 1))
    torch._fused_adam_(
        [direction],
        [rows.gradients],
        [rows.memory["mean"]],
        [rows.memory["mean_square"]],
        [],
        [count],
        lr=1.0,
        beta1=recipe.betas[0],
        beta2=recipe.betas[1],
        weight_decay=0.0,
        eps=ADAM_EPSILON,
        amsgrad=False,
        maximize=False,
    )
    rows.weights.addcmul_(direction, rates)
