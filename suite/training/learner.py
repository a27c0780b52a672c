"""A model with the buffers its phases update, and its best checkpoint so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.data_parallel import DataParallelGroup
from suite.training.optimizer import FlatParameters
from tasks import Phase, Recipe, Split


class Learner:
    """A model with the buffers its phases update, and its best checkpoint so far.

    Where a ``group`` trains it, every worker of the group has the same model and takes
    its part of each batch.
    """

    def __init__(
        self,
        model: nn.Module,
        phases: tuple[Phase, ...],
        recipe: Recipe,
        group: DataParallelGroup | None = None,
    ) -> None:
        self.model = model
        self.phases = phases
        self.group = group
        self.buffers: dict[str, FlatParameters] = {}
        for phase in phases:
            if phase.prefix not in self.buffers:
                named = [
                    p
                    for name, p in model.named_parameters()
                    if name.startswith(phase.prefix) and p.requires_grad
                ]
                self.buffers[phase.prefix] = FlatParameters(named, recipe)
        if group:
            for buffer in self.buffers.values():
                buffer.flat.copy_(group.broadcast_from_rank_zero(buffer.flat.cpu))
        self._best: list[Tensor] = []

    def step(
        self,
        batch: Split,
        phase: Phase,
        rate: float,
        weight_decay: float,
        generator: torch.Generator,
    ) -> Tensor:
        """Update the phase's parameters once and return the loss, a 0-d tensor left on
        its device.

        In a group it is what this worker's part adds to the loss.
        """
        buffer = self.buffers[phase.prefix]
        with _only(buffer, self.buffers):
            buffer.grad.zero_()
            if self.group:
                loss = self.group.backward(
                    self.model, phase, batch, generator, buffer.grad
                )
            else:
                loss = phase.loss(self.model, batch, generator)
                loss.backward()
        buffer.update(rate, weight_decay)
        return loss.detach()

    def _state(self) -> list[Tensor]:
        return [buffer.flat for buffer in self.buffers.values()] + list(
            self.model.buffers()
        )

    def keep(self) -> None:
        """Remember the present parameters and running statistics as the best."""
        self._best = [tensor.detach().clone() for tensor in self._state()]

    @torch.no_grad()
    def restore(self) -> None:
        """Go back to what was kept, if anything was."""
        for tensor, best in zip(self._state(), self._best, strict=bool(self._best)):
            tensor.copy_(best)

    def state_dict(self) -> dict[str, Any]:
        """Model, optimiser and best checkpoint, as tensors and plain values."""
        return {
            "tensors": [tensor.detach() for tensor in self._all()],
            "started": [buffer.started for buffer in self.buffers.values()],
            "best": self._best,
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for tensor, before in zip(self._all(), state["tensors"], strict=True):
            tensor.copy_(before)
        for buffer, started in zip(
            self.buffers.values(), state["started"], strict=True
        ):
            buffer.started = started
        self._best = [
            best.to(tensor.device)
            for best, tensor in zip(state["best"], self._state(), strict=False)
        ]

    def _all(self) -> list[Tensor]:
        return [
            tensor for buffer in self.buffers.values() for tensor in buffer.tensors()
        ] + list(self.model.buffers())


@contextmanager
def _only(
    buffer: FlatParameters, buffers: Mapping[str, FlatParameters]
) -> Iterator[None]:
    """Gradients for the parameters of one buffer alone, where there are several."""
    others = [
        p for other in buffers.values() if other is not buffer for p in other.parameters
    ]
    for parameter in others:
        parameter.requires_grad_(False)
    yield
    for parameter in others:
        parameter.requires_grad_(True)
