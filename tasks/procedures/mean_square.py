"""The update rule that the notes derive as Adagrad."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-10


class RootMeanSquare(torch.optim.Optimizer):
    """Divides the rate by the root *mean* square of all gradients so far.

    Adagrad (Duchi, Hazan & Singer, 2011) divides it by the root of their *sum*: that is
    this rule with a rate that falls with 1/√t.
    """

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-2) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update all parameters that have a gradient; ``closure`` is not
        called.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group["lr"])

    def _update(self, parameter: Tensor, gradient: Tensor, lr: float) -> None:
        state: dict[str, Any] = self.state[parameter]
        if not state:
            state["step"], state["sum"] = 0, torch.zeros_like(parameter)
        state["step"] += 1
        state["sum"].addcmul_(gradient, gradient)
        mean = state["sum"] / state["step"]
        parameter.addcdiv_(gradient, mean.sqrt().add_(EPSILON), value=-lr)
