"""Optimisers: which ones a recipe may name, and what one of your own has to be.

The rules themselves are in ``suite.training.optimizer``. Register one of your own by
a line in its file::

    register_optimizer("lion", Lion)

or hand a recipe a function that makes any ``torch.optim.Optimizer``::

    Recipe(steps=500, optimizer=lambda parameters, lr: torch.optim.NAdam(parameters, lr))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tasks.contract.registry import Registry

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from tasks.contract.recipe import Recipe

BUILT_IN = ("adagrad", "adam", "adamw", "momentum", "nesterov", "rmsprop", "sgd")
ARGUMENTS = ("lr", "weight_decay")  # what a factory may ask for, by these names


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

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


# From a flat buffer of parameters, (parameters,), and the recipe
MakeOptimizer = Callable[["Tensor", "Recipe"], Optimizer]
# From the parameters themselves, and perhaps ``lr`` and ``weight_decay``
OptimizerFactory = Callable[..., "torch.optim.Optimizer"]

OPTIMIZERS: Registry[MakeOptimizer] = Registry("optimizer", BUILT_IN)


def register_optimizer(name: str, make: MakeOptimizer) -> None:
    """Let recipes name an optimiser: ``make(parameters, recipe)`` returns an
    Optimizer of the flat buffer ``parameters``, (parameters,).
    """
    OPTIMIZERS.register(name, make)


def factory_arguments(factory: OptimizerFactory) -> tuple[str, ...]:
    """Which of ``lr`` and ``weight_decay`` a factory takes. ValueError if it cannot be
    called with the parameters and these.
    """
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError) as error:
        raise ValueError(f"its arguments cannot be read ({error})") from error
    taken = tuple(name for name in ARGUMENTS if name in signature.parameters)
    try:
        signature.bind(None, **dict.fromkeys(taken))
    except TypeError as error:
        raise ValueError(str(error)) from error
    return taken
