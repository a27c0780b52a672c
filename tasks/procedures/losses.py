"""Losses: functions of a model's outputs and the targets that return a 0-d tensor.

``Classification(loss=...)`` takes a name that is registered here, or any function of
(outputs, targets). Every loss here is a mean over answers, each by itself.

Outputs are logits, (examples, classes) or (examples, positions, classes); or
(examples,) for two classes and a sigmoid. Targets are labels, (examples,) or
(examples, positions); or probabilities with one more dimension, as Mixup makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from tasks.contract.checks import FieldChecks
from tasks.contract.errors import UserError
from tasks.contract.registry import Registry

LossFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]

LOSSES: Registry[Callable[..., Any]] = Registry("loss")


def loss_named(given: str | LossFunction) -> LossFunction:
    """The loss of that name, or the function itself. UserError if it is neither."""
    if callable(given):
        return given
    if not isinstance(given, str):
        raise UserError(
            f"loss={given!r} is neither a name nor a function: give one of "
            f"{', '.join(LOSSES.names())}, or a function of (outputs, targets)."
        )
    return LOSSES.get(given)


def by_answer(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Sequences laid out flat: (examples * positions, classes) and their targets.

    Anything else is returned as it is.
    """
    if outputs.ndim < 3:
        return outputs, targets
    labels = targets.ndim == outputs.ndim - 1
    flat = targets.flatten() if labels else targets.flatten(0, -2)
    return outputs.flatten(0, -2), flat


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean log loss, against labels or probabilities."""
    logits, targets = by_answer(logits, targets)
    if logits.ndim == 1:
        return functional.binary_cross_entropy_with_logits(
            logits, _of_class_1(targets).to(logits.dtype)
        )
    return functional.cross_entropy(logits, targets)


@dataclass(frozen=True)
class LabelSmoothing:
    """Cross entropy towards labels of which ``eps`` is spread evenly over all classes
    (Szegedy et al. 2016).
    """

    eps: float = 0.1

    def __post_init__(self) -> None:
        FieldChecks(self).number(
            "eps", 0, below=1, advice="what is spread evenly"
        )

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        logits, targets = by_answer(logits, targets)
        if logits.ndim == 1:
            ones = _of_class_1(targets).to(logits.dtype)
            smoothed = ones * (1 - self.eps) + self.eps / 2
            return functional.binary_cross_entropy_with_logits(
                logits, smoothed
            )
        return functional.cross_entropy(
            logits, targets, label_smoothing=self.eps
        )


@dataclass(frozen=True)
class Focal:
    """Cross entropy in which an answer given with probability p weighs
    (1 - p) ** ``gamma`` (Lin et al. 2017). With ``gamma=0`` it is the cross entropy.
    """

    gamma: float = 2.0

    def __post_init__(self) -> None:
        FieldChecks(self).number(
            "gamma", 0, advice="how little easy answers weigh"
        )

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        logits, targets = _with_classes(logits, targets)
        log_p = logits.log_softmax(1)
        # 1 - p by expm1, which keeps its digits where p is near 1.
        weights = (-torch.expm1(log_p)).clamp(min=0) ** self.gamma
        return -(targets * weights * log_p).sum(1).mean()


def mse_softmax(logits: Tensor, targets: Tensor) -> Tensor:
    """Squared distance of the probabilities from the targets, summed over classes: the
    Brier score.
    """
    logits, targets = _with_classes(logits, targets)
    return (logits.softmax(1) - targets).square().sum(1).mean()


def mse_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """Squared distance of the outputs themselves from the targets, 1 and 0, summed over
    classes (Hui & Belkin 2021).
    """
    outputs, targets = by_answer(logits, targets)
    if outputs.ndim == 1:
        return (
            (outputs - _of_class_1(targets).to(outputs.dtype)).square().mean()
        )
    return (outputs - _probabilities(targets, outputs)).square().sum(1).mean()


def mse(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of numbers; outputs (examples, 1) and targets (examples,) go
    together.
    """
    return functional.mse_loss(outputs, _as_numbers(outputs, targets))


def mae(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean absolute error of numbers."""
    return functional.l1_loss(outputs, _as_numbers(outputs, targets))


def huber(outputs: Tensor, targets: Tensor) -> Tensor:
    """Squared for errors below 1, linear beyond (Huber 1964)."""
    return functional.huber_loss(outputs, _as_numbers(outputs, targets))


for _name, _loss in (
    ("cross_entropy", cross_entropy),
    ("label_smoothing", LabelSmoothing()),
    ("focal", Focal()),
    ("mse_softmax", mse_softmax),
    ("mse_logits", mse_logits),
    ("mse", mse),
    ("mae", mae),
    ("huber", huber),
):
    LOSSES.register(_name, _loss)


def _with_classes(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and probabilities as targets, both (answers, classes)."""
    logits, targets = by_answer(logits, targets)
    if logits.ndim == 1:  # a sigmoid is the softmax of 0 and the logit
        logits = torch.stack([torch.zeros_like(logits), logits], dim=1)
    return logits, _probabilities(targets, logits)


def _probabilities(targets: Tensor, like: Tensor) -> Tensor:
    if targets.ndim == 2:
        return targets.to(like.dtype)
    if targets.is_floating_point():  # probabilities of class 1
        return torch.stack([1 - targets, targets], dim=1).to(like.dtype)
    return functional.one_hot(targets.long(), like.shape[1]).to(like.dtype)


def _of_class_1(targets: Tensor) -> Tensor:
    """Probabilities of class 1, or labels, (answers,)."""
    return targets[:, 1] if targets.ndim == 2 else targets


def _as_numbers(outputs: Tensor, targets: Tensor) -> Tensor:
    if outputs.numel() != targets.numel():
        raise UserError(
            f"The model puts out {tuple(outputs.shape)} for targets "
            f"{tuple(targets.shape)}: give one output for each number, "
            "`shape.outputs` for each example."
        )
    return targets.reshape(outputs.shape).to(outputs.dtype)
