"""Optimisers: which ones a recipe may name, and what one of your own has to be.

The rules themselves are in ``suite.training.optimizer``. Register one of your own by
a line in its file::

    register_optimizer("lion", Lion)

or hand a recipe a function that makes any ``torch.optim.Optimizer``::

    Recipe(steps=500, optimizer=lambda parameters, lr: torch.optim.NAdam(parameters, lr))

Its other arguments are hyperparameters of the same names, which may be tuned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tasks.contract.recipe import Recipe
from tasks.contract.registry import OPTIMIZERS

if TYPE_CHECKING:
    from torch import Tensor


class Optimizer(Protocol):
    """An update rule for one flat buffer of parameters, and its state.

    With weight decay there are two: one for the weights, which decay, and one for gains
    and biases, which do not (see ``Recipe.decay_norms_and_biases``).
    """

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """Change the parameters in place. ``gradient`` is 1-D, like them, and may be
        changed, too.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """The state that later updates depend on: tensors and plain values."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``state_dict`` returned."""
        ...


# From a flat buffer of parameters, (parameters,), and the recipe
MakeOptimizer = Callable[["Tensor", Recipe], Optimizer]


def register_optimizer(name: str, make: MakeOptimizer) -> None:
    """Let recipes name an optimiser: ``make(parameters, recipe)`` returns an
    Optimizer of the flat buffer ``parameters``, (parameters,).
    """
    OPTIMIZERS.register(name, make)
