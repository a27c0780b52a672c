"""The optimisers that recipes name: each updates one flat buffer of parameters.

The rules, their constants and the order of their operations are those of torch.optim.
What adds one of your own is in ``tasks.contract.optimizer``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tasks import Recipe, UserError, register_optimizer
from tasks.contract.recipe import factory_arguments

# The constants that torch.optim has by default
ADAM_EPSILON = 1e-8
ADAGRAD_EPSILON = 1e-10
RMSPROP_EPSILON = 1e-8
RMSPROP_MEMORY = 0.99  # decay of the running mean square


class FlatRule:
    """Base class of the update rules: a buffer, (parameters,), and its state.

    A rule keeps its memory in ``memory``, tensors by name, and counts its updates.
    """

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        self.flat = flat
        self.recipe = recipe
        self.memory: dict[str, Tensor] = {}
        self.updates = 0

    def state_dict(self) -> dict[str, Any]:
        """The memory, and the number of updates so far."""
        return {"memory": dict(self.memory), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned, in place: the buffers stay where they
        are.
        """
        for name, tensor in self.memory.items():
            tensor.copy_(state["memory"][name])
        self.updates = state["updates"]


class SGD(FlatRule):
    """Stochastic gradient descent with the recipe's ``momentum`` and ``nesterov``.

    Weight decay is added to the gradient before the momentum.
    """

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        super().__init__(flat, recipe)
        self.nesterov = recipe.nesterov
        if recipe.momentum:
            self.memory["momentum"] = torch.zeros_like(flat)

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """One step: the momentum ``v`` becomes ``momentum * v + g``, and the parameters
        move by ``-lr * v``, or with Nesterov by ``-lr * (g + momentum * v)``.
        """
        torch._fused_sgd_(
            [self.flat],
            [gradient],
            list(self.memory.values()),  # none without momentum
            lr=lr,
            momentum=self.recipe.momentum,
            weight_decay=weight_decay,
            dampening=0.0,
            nesterov=self.nesterov,
            maximize=False,
            # the momentum begins as the first gradient, as in torch.optim.SGD
            is_first_step=self.updates == 0,
        )
        self.updates += 1


class Momentum(SGD):
    """SGD with Polyak's heavy ball, ignoring the recipe's ``nesterov``."""

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        super().__init__(flat, recipe)
        self.nesterov = False


class Nesterov(SGD):
    """SGD with Nesterov's momentum (Sutskever et al., 2013)."""

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        super().__init__(flat, recipe)
        self.nesterov = True


class Adam(FlatRule):
    """Adam (Kingma & Ba, 2015). Weight decay is added to the gradient (L2)."""

    fused: Callable[..., None] = staticmethod(torch._fused_adam_)

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        super().__init__(flat, recipe)
        self.memory["mean"] = torch.zeros_like(flat)
        self.memory["mean_square"] = torch.zeros_like(flat)
        # updates so far, as the fused kernel requires
        self.memory["count"] = torch.zeros((), device=flat.device)

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """One step: by ``-lr * m / (sqrt(s) + eps)``, where ``m`` and ``s`` are running
        means of the gradient and of its square, corrected for their start at 0.
        """
        self.memory["count"] += 1
        self.fused(
            [self.flat],
            [gradient],
            [self.memory["mean"]],
            [self.memory["mean_square"]],
            [],
            [self.memory["count"]],
            lr=lr,
            beta1=self.recipe.betas[0],
            beta2=self.recipe.betas[1],
            weight_decay=weight_decay,
            eps=ADAM_EPSILON,
            amsgrad=False,
            maximize=False,
        )
        self.updates += 1


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019)."""

    fused = staticmethod(torch._fused_adamw_)


class Adagrad(FlatRule):
    """Adagrad (Duchi, Hazan & Singer, 2011): rates fall with the sum of squared
    gradients.
    """

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        super().__init__(flat, recipe)
        self.memory["sum_of_squares"] = torch.zeros_like(flat)

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """One step: by ``-lr * g / (sqrt(s) + eps)``, where ``s`` is the sum of the
        squared gradients so far.
        """
        # in place: the gradient is set to 0 before the next step anyway
        if weight_decay:
            gradient.add_(self.flat, alpha=weight_decay)
        squares = self.memory["sum_of_squares"]
        squares.addcmul_(gradient, gradient)
        # outside of the root, as in torch: within it, 1e-10 would act as 1e-5
        scale = squares.sqrt().add_(ADAGRAD_EPSILON)
        self.flat.addcdiv_(gradient, scale, value=-lr)
        self.updates += 1


class RMSprop(FlatRule):
    """RMSprop (Hinton, Coursera lecture 6e, 2012), without momentum: the gradient over
    a running root mean square.
    """

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        super().__init__(flat, recipe)
        self.memory["mean_square"] = torch.zeros_like(flat)

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """One step: by ``-lr * g / (sqrt(s) + eps)``, where ``s`` is a running mean of
        the squared gradient.
        """
        if weight_decay:
            gradient.add_(self.flat, alpha=weight_decay)
        square = self.memory["mean_square"]
        square.mul_(RMSPROP_MEMORY)
        square.addcmul_(gradient, gradient, value=1 - RMSPROP_MEMORY)
        scale = square.sqrt().add_(RMSPROP_EPSILON)
        self.flat.addcdiv_(gradient, scale, value=-lr)
        self.updates += 1


register_optimizer("sgd", SGD)
register_optimizer("momentum", Momentum)
register_optimizer("nesterov", Nesterov)
register_optimizer("adam", Adam)
register_optimizer("adamw", AdamW)
register_optimizer("adagrad", Adagrad)
register_optimizer("rmsprop", RMSprop)


def is_decayed(parameter: nn.Parameter, recipe: Recipe) -> bool:
    """Whether weight decay acts on a parameter: on weights, which have two dimensions
    or more, and on gains and biases where the recipe asks for it.
    """
    return recipe.decay_norms_and_biases or parameter.ndim >= 2


class TorchOptimizer:
    """Any ``torch.optim.Optimizer``, made by a recipe's factory.

    The factory gets the hyperparameters that it has arguments of the same names for.
    Every update sets the rate; where the optimiser has several groups of parameters,
    their rates keep the proportions they were made with. The weight decay that the
    factory is given leaves out what the recipe says; one that it sets itself stays as
    it is. UserError if ``params`` has a weight decay that the factory does not take.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        recipe: Recipe,
        lr: float,
        params: Mapping[str, Any],
    ) -> None:
        factory = recipe.optimizer
        assert not isinstance(factory, str)
        taken = factory_arguments(factory, params)
        if "weight_decay" in params and "weight_decay" not in taken:
            raise UserError(
                f"The space has weight_decay, but the optimizer {factory!r} takes no "
                "argument of that name: add one, or leave it out of the space."
            )
        given = {
            "lr": lr,
            "weight_decay": float(params.get("weight_decay", 0.0)),
        }
        for name in taken:
            if name not in given:
                given[name] = params[name]
        made = factory(parameters, **{name: given[name] for name in taken})
        if not isinstance(made, torch.optim.Optimizer):
            raise UserError(
                f"The optimizer {factory!r} made a {type(made).__name__}: return a "
                "torch.optim.Optimizer of the parameters."
            )
        if given["weight_decay"]:
            _leave_out_undecayed(made, recipe, given["weight_decay"])
        self.optimizer = made
        rates = [float(group["lr"]) for group in made.param_groups]
        # The schedule sets one rate. Groups made with others, as for
        # pre-trained layers, keep their proportion to the first.
        self._shares = [rate / rates[0] if rates[0] else 1.0 for rate in rates]

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """One step. The gradient is in the parameters' own ``grad`` already."""
        groups = self.optimizer.param_groups
        for group, share in zip(groups, self._shares, strict=True):
            group["lr"] = lr * share
        self.optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of the optimiser, as torch gives it."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self.optimizer.load_state_dict(state)


def _leave_out_undecayed(
    made: torch.optim.Optimizer,
    recipe: Recipe,
    weight_decay: float,
) -> None:
    """Move parameters without decay to separate groups with weight decay 0."""
    for group in list(made.param_groups):  # a copy: groups are added meanwhile
        # The factory gave this group a decay of its own, on purpose.
        if group.get("weight_decay") != weight_decay:
            continue
        spared = [p for p in group["params"] if not is_decayed(p, recipe)]
        if not spared:
            continue
        group["params"] = [p for p in group["params"] if is_decayed(p, recipe)]
        made.add_param_group({**group, "params": spared, "weight_decay": 0.0})
