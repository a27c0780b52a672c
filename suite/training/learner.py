"""A model with the buffers its phases update, and its best checkpoint so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.computation import (
    accumulated,
    check_accumulation,
    compile_if_possible,
    in_precision,
)
from suite.training.data_parallel import DataParallelGroup
from suite.training.flat_parameters import FlatParameters
from tasks import Phase, Recipe, Split, UserError
from tasks.contract.parameter_group import group_of

MAX_LISTED = 8  # names of parameters in a message


class Learner:
    """A model with the buffers its phases update, and its best checkpoint so far.

    Phases that update the same parameters share a buffer. Where a ``group`` trains the
    model, every worker of it has the same model and takes its part of each batch.
    Raises UserError if ``params`` lacks a phase's learning rate, or if a phase has no
    parameters to update.
    """

    def __init__(
        self,
        model: nn.Module,
        phases: tuple[Phase, ...],
        recipe: Recipe,
        params: Mapping[str, Any],
        group: DataParallelGroup | None = None,
    ) -> None:
        self.model = model
        self.phases = tuple(
            in_precision(recipe.precision, one) for one in phases
        )
        self.group = group
        self.accumulate = recipe.accumulate
        if recipe.accumulate > 1:
            check_accumulation(phases, model)
        if recipe.compile:
            compile_if_possible(model)
        self.buffers: dict[str, FlatParameters] = {}
        learned: list[str] = []  # names of parameters, of all phases
        for phase in phases:
            lr = _peak_rate(phase, params)
            if phase.prefix not in self.buffers:
                named = _parameters_of(model, phase)
                learned += named
                buffer = FlatParameters(
                    list(named.values()), recipe, lr, params, list(named)
                )
                self.buffers[phase.prefix] = buffer
        _check_groups(recipe, learned, params)
        # Other processors may initialise to other bits. Equal updates keep
        # equal what begins equal, so this is sent only once.
        if group:
            for buffer in self.buffers.values():
                buffer.flat.copy_(
                    group.broadcast_from_rank_zero(buffer.flat.cpu)
                )
        self._best: list[Tensor] = []  # empty: nothing was kept yet

    @property
    def batches_per_step(self) -> int:
        """Batches that all phases of one step take."""
        return sum(phase.repeats for phase in self.phases)

    def step(
        self,
        batch: Split,
        phase: Phase,
        lr: float,
        generator: torch.Generator,
    ) -> Tensor:
        """Update the phase's parameters once and return the loss, a 0-d tensor left on
        its device.

        In a group it is what this worker's part adds to the loss.
        """
        buffer = self.buffers[phase.prefix]
        # A GAN's generator learns through the discriminator, whose own
        # gradients would be computed for nobody, and end up in its buffer.
        with _gradients_for(buffer, self.buffers):
            buffer.grad.zero_()
            if self.group:
                loss = self.group.backward(
                    self.model, phase, batch, generator, buffer.grad
                )
            elif self.accumulate > 1:
                loss = accumulated(
                    self.model, phase, batch, generator, self.accumulate
                )
            else:
                loss = phase.loss(self.model, batch, generator)
                loss.backward()
        buffer.update(lr)
        return loss.detach()

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the model has the average of its parameters where the recipe keeps
        one, and its own otherwise.
        """
        self.show_average()
        try:
            yield
        finally:
            for buffer in self.buffers.values():
                buffer.show_average(False)

    def show_average(self) -> None:
        """Put the average of the parameters into the model, if the recipe keeps one."""
        for buffer in self.buffers.values():
            buffer.show_average()

    def keep_best(self) -> None:
        """Store the current parameters and running statistics as the best."""
        self._best = [tensor.detach().clone() for tensor in self._learned()]

    @torch.no_grad()
    def restore_best(self) -> None:
        """Restore the best checkpoint, if there is one."""
        # In place, because the parameters are views of the buffers.
        if self._best:
            for tensor, best in zip(self._learned(), self._best, strict=True):
                tensor.copy_(best)

    def _learned(self) -> list[Tensor]:
        """The model's state that training changes: parameters and running statistics."""
        parameters = [buffer.flat for buffer in self.buffers.values()]
        return parameters + list(self.model.buffers())

    def state_dict(self) -> dict[str, Any]:
        """Model, optimisers and best checkpoint, as tensors and plain values."""
        return {
            "buffers": {
                prefix: buffer.state_dict()
                for prefix, buffer in self.buffers.items()
            },
            "statistics": [tensor.detach() for tensor in self.model.buffers()],
            "best": self._best,
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned, in place."""
        for prefix, buffer in self.buffers.items():
            buffer.load_state_dict(state["buffers"][prefix])
        for tensor, before in zip(
            self.model.buffers(), state["statistics"], strict=True
        ):
            tensor.copy_(before)
        # Not strict: before the first improvement there is no best to restore.
        self._best = [
            best.to(tensor.device)
            for best, tensor in zip(
                state["best"], self._learned(), strict=False
            )
        ]


def _peak_rate(phase: Phase, params: Mapping[str, Any]) -> float:
    if phase.rate not in params:
        given = ", ".join(sorted(params)) or "none"
        raise UserError(
            f"No hyperparameter {phase.rate!r} (given: {given}): a model that learns "
            "step by step needs its learning rate in the space; check `without`, too."
        )
    return float(params[phase.rate])


def _check_groups(
    recipe: Recipe, names: Sequence[str], params: Mapping[str, Any]
) -> None:
    """Raise UserError unless every group of the recipe has a parameter, and there is a
    weight decay where one changes it.
    """
    used = [group_of(name, recipe.groups) for name in names]
    for group in recipe.groups:
        if group not in used:
            raise UserError(
                f"{group} of the recipe has none of the parameters that are trained: "
                f"{_listed(names)}. Give a pattern that fits, such as '*.bias'; of "
                "several that do, the first one counts."
            )
        if group.decay is not None and "weight_decay" not in params:
            raise UserError(
                f"{group} of the recipe changes the weight decay, which the space does "
                "not have: add weight_decay to it, or leave decay out."
            )


def _listed(names: Sequence[str]) -> str:
    """The names, or the first of them and how many more there are."""
    shown = ", ".join(names[:MAX_LISTED])
    more = len(names) - MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _parameters_of(model: nn.Module, phase: Phase) -> dict[str, nn.Parameter]:
    """The parameters that a phase trains, by name."""
    found = {
        name: parameter
        for name, parameter in model.named_parameters()
        if name.startswith(phase.prefix) and parameter.requires_grad
    }
    if not found:
        which = f" named {phase.prefix}..." if phase.prefix else ""
        raise UserError(
            f"{type(model).__name__} has no parameters{which} to learn: a model that a "
            "library fits needs a procedure with `fit`."
        )
    return found


@contextmanager
def _gradients_for(
    buffer: FlatParameters, buffers: Mapping[str, FlatParameters]
) -> Iterator[None]:
    """Gradients for the parameters of one buffer alone, where there are several."""
    others = [
        parameter
        for other in buffers.values()
        if other is not buffer
        for parameter in other.parameters
    ]
    for parameter in others:
        parameter.requires_grad_(False)
    yield
    for parameter in others:
        parameter.requires_grad_(True)
