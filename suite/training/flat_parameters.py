"""Parameters as views of one flat buffer, so that a step costs one fused update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from suite.training import optimizer
from tasks import Optimizer, Recipe
from tasks.contract.optimizer import OPTIMIZERS

CLIP_EPSILON = 1e-6  # as in torch.nn.utils.clip_grad_norm_


class FlatParameters:
    """Parameters as views into one buffer, ``flat``, with their gradients in another,
    ``grad``, both (parameters,), and the optimiser that updates them.

    ``lr`` is the peak rate, and ``params`` the hyperparameters of the run; they matter
    to optimisers that a function makes.
    """

    def __init__(
        self,
        parameters: list[nn.Parameter],
        recipe: Recipe,
        lr: float = 1.0,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.parameters = parameters
        self.max_grad_norm = recipe.max_grad_norm
        size = sum(parameter.numel() for parameter in parameters)
        self.flat = parameters[0].new_empty(size, requires_grad=False)
        self.grad = torch.zeros_like(self.flat)
        self._move_into_buffers()
        self.optimizer: Optimizer = self._make_optimizer(recipe, lr, params or {})

    def _move_into_buffers(self) -> None:
        start = 0
        for parameter in self.parameters:
            end = start + parameter.numel()
            with torch.no_grad():
                view = _laid_out(self.flat[start:end], parameter)
                view.copy_(parameter)
                parameter.data = view
            parameter.grad = _laid_out(self.grad[start:end], parameter)
            start = end

    def _make_optimizer(
        self, recipe: Recipe, lr: float, params: Mapping[str, Any]
    ) -> Optimizer:
        if isinstance(recipe.optimizer, str):
            return OPTIMIZERS.get(recipe.optimizer)(self.flat, recipe)
        return optimizer.TorchOptimizer(self.parameters, recipe.optimizer, lr, params)

    @torch.no_grad()
    def update(self, lr: float, weight_decay: float) -> None:
        """Update the parameters once, by the gradient in ``grad``."""
        if self.max_grad_norm is not None:
            # As torch.nn.utils.clip_grad_norm_ does, but without reading the norm,
            # for which a GPU would have to be waited for.
            share = self.max_grad_norm / (self.grad.norm() + CLIP_EPSILON)
            self.grad.mul_(share.clamp_(max=1.0))
        self.optimizer.update(self.grad, lr, weight_decay)

    def state_dict(self) -> dict[str, Any]:
        """The parameters and what the optimiser remembers: tensors, plain values."""
        return {"flat": self.flat, "optimizer": self.optimizer.state_dict()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.flat.copy_(state["flat"])
        self.optimizer.load_state_dict(state["optimizer"])


def _laid_out(piece: Tensor, like: Tensor) -> Tensor:
    """``piece``, (numbers,), viewed in the shape of ``like``; on CPU the weights of 2-D
    convolutions get channels-last strides.
    """
    if like.ndim == 4 and like.device.type == "cpu":
        out, within, height, width = like.shape
        return piece.view(out, height, width, within).permute(0, 3, 1, 2)
    return piece.view(like.shape)
