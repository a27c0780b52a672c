"""The learning-rate schedule, and the optimiser: one fused update over one flat buffer
of parameters.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tasks import Recipe

ADAM_EPSILON = 1e-8


def learning_rate(step: int, steps: int, peak: float, recipe: Recipe) -> float:
    """The rate for update ``step`` (from 1) of ``steps``: linear warm-up to ``peak``,
    then the recipe's schedule.
    """
    warmup = round(recipe.warmup * steps)
    if step <= warmup:
        return peak * (step / warmup)
    done = (step - 1 - warmup) / max(
        1, steps - warmup
    )  # 0 at the first update after the warm-up
    if recipe.schedule == "cosine":
        return peak * 0.5 * (1 + math.cos(math.pi * done))
    if recipe.schedule == "step":
        return peak * recipe.lr_gamma ** sum(
            done >= milestone for milestone in recipe.milestones
        )
    return peak


class FlatParameters:
    """Parameters as views into one buffer, with their gradients in another and one
    fused update for all.

    The rules are torch.optim's: AdamW decays weights apart from the gradient
    (Loshchilov & Hutter 2019), SGD adds the decay to the gradient before the momentum.
    """

    def __init__(self, parameters: list[nn.Parameter], recipe: Recipe) -> None:
        self.parameters = parameters
        self.recipe = recipe
        device, dtype = parameters[0].device, parameters[0].dtype
        self.flat = torch.empty(
            sum(p.numel() for p in parameters), device=device, dtype=dtype
        )
        self.grad = torch.zeros_like(self.flat)
        self.first = torch.zeros_like(self.flat)
        self.second = (
            torch.zeros_like(self.flat)
            if recipe.optimizer == "adamw"
            else torch.empty(0)
        )
        self.count = torch.zeros(
            (), device=device
        )  # updates so far, as the fused kernel wants it
        self.started = False
        start = 0
        for parameter in parameters:
            end = start + parameter.numel()
            with torch.no_grad():
                view = _laid_out(self.flat[start:end], parameter)
                view.copy_(parameter)
                parameter.data = view
            parameter.grad = _laid_out(self.grad[start:end], parameter)
            start = end

    @torch.no_grad()
    def update(self, rate: float, weight_decay: float) -> None:
        recipe = self.recipe
        if (
            recipe.max_grad_norm is not None
        ):  # as torch.nn.utils.clip_grad_norm_, without reading the norm
            self.grad.mul_(
                (recipe.max_grad_norm / (self.grad.norm() + 1e-6)).clamp_(max=1.0)
            )
        if recipe.optimizer == "adamw":
            self.count += 1
            torch._fused_adamw_(
                [self.flat],
                [self.grad],
                [self.first],
                [self.second],
                [],
                [self.count],
                lr=rate,
                beta1=recipe.betas[0],
                beta2=recipe.betas[1],
                weight_decay=weight_decay,
                eps=ADAM_EPSILON,
                amsgrad=False,
                maximize=False,
            )
        else:
            torch._fused_sgd_(
                [self.flat],
                [self.grad],
                [self.first] if recipe.momentum else [],
                lr=rate,
                momentum=recipe.momentum,
                weight_decay=weight_decay,
                dampening=0.0,
                nesterov=recipe.nesterov,
                maximize=False,
                is_first_step=not self.started,
            )
            self.started = True

    def tensors(self) -> list[Tensor]:
        """All that the next updates depend on, but for ``started``."""
        return [self.flat, self.first, self.second, self.count]


def _laid_out(piece: Tensor, like: Tensor) -> Tensor:
    """``piece`` viewed in the shape of ``like``; on CPU the weights of 2-D convolutions
    get channels-last strides.
    """
    if like.ndim == 4 and like.device.type == "cpu":
        out, within, height, width = like.shape
        return piece.view(out, height, width, within).permute(0, 3, 1, 2)
    return piece.view(like.shape)
