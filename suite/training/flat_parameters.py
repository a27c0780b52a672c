"""Parameters as views of one flat buffer, so that a step costs one fused update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.optimizer import TorchOptimizer, is_decayed
from tasks import Optimizer, Recipe
from tasks.contract.parameter_group import group_of
from tasks.contract.registry import OPTIMIZERS

CLIP_EPSILON = 1e-6  # as in torch.nn.utils.clip_grad_norm_


@dataclass(frozen=True)
class Factors:
    """What multiplies the learning rate and the weight decay of a parameter."""

    rate: float
    """What multiplies the rate; 1 but in groups."""

    decay: float
    """What multiplies the weight decay; 0 for what does not decay."""


@dataclass(frozen=True)
class _Part:
    """A slice of the buffers with one rate and weight decay, and its optimiser."""

    optimizer: Optimizer
    """Updates the slice, by the rule of the recipe."""

    grad: Tensor
    """The gradient of the slice, 1-D: a view into the buffer."""

    weight_decay: float
    """The coefficient of the slice; 0 for what does not decay."""

    rate: float = 1.0
    """What multiplies the learning rate."""


class FlatParameters:
    """Parameters as views into one buffer, ``flat``, with their gradients in another,
    ``grad``, both (parameters,), and the optimiser that updates them.

    Parameters with equal factors lie side by side, the weights first, and each such part
    has an optimiser of its own: two, where weight decay leaves out gains and biases and
    the recipe has no groups, so that an update costs two fused calls.

    ``names`` are those of the parameters, which only groups ask for.
    ``lr`` is the peak rate, which matters to optimisers that a function makes, and
    ``params`` the hyperparameters of the run.
    """

    def __init__(
        self,
        parameters: list[nn.Parameter],
        recipe: Recipe,
        lr: float = 1.0,
        params: Mapping[str, Any] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.parameters = parameters
        self.max_grad_norm = recipe.max_grad_norm
        self.weight_decay = float((params or {}).get("weight_decay", 0.0))
        size = sum(parameter.numel() for parameter in parameters)
        self.flat = parameters[0].new_empty(size, requires_grad=False)
        self.grad = torch.zeros_like(self.flat)
        parts = _by_factors(
            parameters, recipe, names or [""] * len(parameters)
        )
        self._move_into_buffers(
            [one for part in parts.values() for one in part]
        )
        self._sizes = {
            factors: sum(one.numel() for one in part)
            for factors, part in parts.items()
        }
        self._parts = self._make_parts(recipe, lr, params or {})
        self.ema_decay = recipe.ema_decay
        # While the average is shown, it is in `flat`, and the parameters here.
        self._average: Tensor | None = None
        self._average_shown = False

    def _move_into_buffers(self, parameters: Sequence[nn.Parameter]) -> None:
        start = 0
        for parameter in parameters:
            end = start + parameter.numel()
            with torch.no_grad():
                view = _laid_out(self.flat[start:end], parameter)
                view.copy_(parameter)
                # The Parameter stays the model's own; only its memory moves.
                parameter.data = view
            # autograd adds to a gradient that is there, in place. So it is set
            # to 0 between steps and never to None, which would cut this tie.
            parameter.grad = _laid_out(self.grad[start:end], parameter)
            start = end

    def _make_parts(
        self,
        recipe: Recipe,
        lr: float,
        params: Mapping[str, Any],
    ) -> list[_Part]:
        """One part for each rate and weight decay there is."""
        if not isinstance(recipe.optimizer, str):
            made = TorchOptimizer(self.parameters, recipe, lr, params)
            return [_Part(made, self.grad, self.weight_decay)]
        make = OPTIMIZERS.get(recipe.optimizer)
        # Nothing decays, so one fused call does for all parts.
        if not self.weight_decay and not recipe.groups:
            return [_Part(make(self.flat, recipe), self.grad, 0.0)]
        parts, start = [], 0
        for factors, size in self._sizes.items():
            piece = slice(start, start + size)
            optimizer = make(self.flat[piece], recipe)
            decay = self.weight_decay * factors.decay
            part = _Part(optimizer, self.grad[piece], decay, factors.rate)
            parts.append(part)
            start += size
        return parts

    @torch.no_grad()
    def update(self, lr: float) -> None:
        """Update the parameters once, by the gradient in ``grad``.

        ``lr`` is the rate of this update. Where the recipe has ``max_grad_norm``, a
        longer gradient is scaled down to it first.
        """
        if self.max_grad_norm is not None:
            # As torch.nn.utils.clip_grad_norm_ does, but without reading the
            # norm, which would synchronise with the GPU.
            norm = self.grad.norm() + CLIP_EPSILON
            share = self.max_grad_norm / norm
            self.grad.mul_(share.clamp_(max=1.0))
        for part in self._parts:
            rate = lr * part.rate
            part.optimizer.update(part.grad, rate, part.weight_decay)
        if self.ema_decay is not None:
            self._update_average(self.ema_decay)

    def _update_average(self, decay: float) -> None:
        """As torch.optim.swa_utils.get_ema_multi_avg_fn: it begins with the parameters
        after the first update.
        """
        if self._average is None:
            self._average = self.flat.clone()
        else:
            self._average.lerp_(self.flat, 1 - decay)

    @torch.no_grad()
    def show_average(self, shown: bool = True) -> None:
        """Put the average of the parameters into the model, or the parameters back.
        Without an average nothing changes.
        """
        if self._average is None or shown is self._average_shown:
            return
        # By content: the parameters are views of this very buffer.
        before = self.flat.clone()
        self.flat.copy_(self._average)
        self._average.copy_(before)
        self._average_shown = shown

    def state_dict(self) -> dict[str, Any]:
        """The parameters, their average and the optimiser's state: tensors, plain
        values.
        """
        parameters, average = self.flat, self._average
        # Checkpoints are written while evaluations show the average.
        if self._average_shown:
            assert average is not None
            parameters, average = average, parameters
        return {
            "flat": parameters,
            "average": average,
            "optimizers": [
                part.optimizer.state_dict() for part in self._parts
            ],
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned, in place: the model sees it at once."""
        self.flat.copy_(state["flat"])
        average = state["average"]
        self._average = (
            None if average is None else average.to(self.flat.device)
        )
        self._average_shown = False
        for part, before in zip(self._parts, state["optimizers"], strict=True):
            part.optimizer.load_state_dict(before)


def _by_factors(
    parameters: Sequence[nn.Parameter], recipe: Recipe, names: Sequence[str]
) -> dict[Factors, list[nn.Parameter]]:
    """The parameters by what multiplies their rate and weight decay, weights first."""
    found: dict[Factors, list[nn.Parameter]] = {}
    if not recipe.groups:
        found[Factors(1.0, 1.0)] = []
    for name, parameter in zip(names, parameters, strict=True):
        factors = _factors(name, parameter, recipe)
        found.setdefault(factors, []).append(parameter)
    return {factors: part for factors, part in found.items() if part}


def _factors(name: str, parameter: nn.Parameter, recipe: Recipe) -> Factors:
    """What multiplies the rate and the weight decay of one parameter."""
    usual = 1.0 if is_decayed(parameter, recipe) else 0.0
    group = group_of(name, recipe.groups)
    if group is None:
        return Factors(1.0, usual)
    return Factors(group.rate, usual if group.decay is None else group.decay)


def _laid_out(piece: Tensor, like: Tensor) -> Tensor:
    """``piece``, (numbers,), viewed in the shape of ``like``; on CPU the weights of 2-D
    convolutions get channels-last strides.
    """
    # On the CPU convolutions are fastest in this layout, which inputs have,
    # too (suite.training.loop): mixed ones would be converted every step.
    if like.ndim == 4 and like.device.type == "cpu":
        out, within, height, width = like.shape
        return piece.view(out, height, width, within).permute(0, 3, 1, 2)
    return piece.view(like.shape)
