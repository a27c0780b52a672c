"""Seven optimisers of the suite and one of your own: in which order do they come?"""

from collections.abc import Iterable

import torch
from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Task
from tasks.data import digits
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification


class Lion(torch.optim.Optimizer):
    """The sign of a mix of gradient and momentum (Chen et al., 2023)."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move each parameter by the rate, up or down."""
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.sub_(torch.lerp(m, p.grad, 0.1).sign(), alpha=group["lr"])
                m.lerp_(p.grad, 0.01)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    return mlp(shape, (32,))


# In the order that is claimed, with the rate around which each one is tuned
RATES = {"adam": 0.01, "adamw": 0.01, "rmsprop": 0.003, "adagrad": 0.1}
RATES |= {"nesterov": 0.1, "momentum": 0.1, "sgd": 0.3, "lion": 0.001}
ARMS = tuple(
    Arm(
        name,
        build,
        recipe={"optimizer": Lion if name == "lion" else name}
        | ({"momentum": 0.0} if name == "sgd" else {}),
        space=Space(lr=Float(rate / 5, 5 * rate, log=True, default=rate)),
        # without any decay these two would be one rule
        params={"weight_decay": 0.1} if name in ("adam", "adamw") else {},
    )
    for name, rate in RATES.items()
)
SAYS = "Adaptive rules come first, then momentum, plain SGD, and Lion last."
TASK = Task(
    question="In which order do optimisers come on digits?",
    load_data=lambda level, seed: digits.load(seed),
    arms=ARMS,
    procedure=Classification(),
    recipe=Recipe(epochs=5, batch_size=32),
    # Whatever the answer: which arms tie, and the places that each may have
    claims=(Claim("order", SAYS, "accuracy", kind="ranking", order=tuple(RATES), margin=0.02),),
)
