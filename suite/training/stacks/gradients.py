"""The losses and gradients of several models of one architecture, all at once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from suite.errors import one_line
from suite.training.failures import is_out_of_memory
from suite.training.stacks.batch_norm import (
    STATISTICS,
    TrackedBatchNorm,
    track,
)
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.recorder import Replay, record
from tasks import Phase, Split

# (members, ...) each, by the model's name for it
Tensors = Mapping[str, Tensor]
Shapes = tuple[torch.Size, torch.Size]  # of inputs and targets


class MaskCall(NamedTuple):
    """A call of a dropout layer in one update of one member."""

    layer: int
    """The place of the layer among the model's."""

    shape: torch.Size
    """The shape of what is passed through it."""


class Masks:
    """What the dropout layers of a model share: masks for the calls to come, in the
    order of the calls, and a list of those that had none.
    """

    def __init__(self) -> None:
        self.ready: list[Tensor] = []
        self.missing: list[MaskCall] = []


class MaskedDropout(nn.Module):
    """Dropout by masks that are handed in, (examples, ...): 0, or one over the share
    that is kept. A model may call a layer several times, each time with a mask of its
    own.
    """

    def __init__(self, number: int, masks: Masks) -> None:
        """``number`` is its place among the model's, which share ``masks``."""
        super().__init__()
        self._number = number
        self._masks = masks

    def forward(self, x: Tensor) -> Tensor:
        """``x`` where the next mask keeps it, and 0 elsewhere."""
        if self._masks.ready:
            return x * self._masks.ready.pop(0)
        self._masks.missing.append(MaskCall(self._number, x.shape))
        return x


class _Loss(nn.Module):
    """A phase's loss as a module: ``functional_call`` can then put other tensors in the
    place of the model's own, wherever the loss looks for them.
    """

    def __init__(
        self,
        model: nn.Module,
        phase: Phase,
        tracked: Sequence[TrackedBatchNorm],
    ) -> None:
        super().__init__()
        self.model = model
        self._phase = phase
        self._tracked = tuple(tracked)  # no modules of its own
        # Nothing may be drawn from it: the recorder would refuse that.
        self._generator = torch.Generator()

    def forward(self, batch: Split) -> tuple[Tensor, ...]:
        """The loss, and what running statistics become."""
        for layer in self._tracked:
            layer.forget()
        loss = self._phase.loss(self.model, batch, self._generator)
        after = [layer.statistics() for layer in self._tracked]
        for layer in self._tracked:
            layer.forget()
        return (loss, *chain.from_iterable(after))


class Gradients:
    """Computes the losses of a stack's members, (members,), and their gradients.

    ``model`` is that of any member, since all are of one structure; it is copied.
    ``metadata`` is that of all batches. What is computed is recorded once for each
    number of members and each shape of a batch.
    """

    def __init__(
        self, model: nn.Module, phase: Phase, metadata: Mapping[str, Any]
    ) -> None:
        self._metadata = metadata
        copied = copy.deepcopy(model).train()
        self._masks = Masks()
        # Whether masks have to be handed in
        self.has_dropout = _take_masks(copied, self._masks)
        tracked = track(copied)
        # The names of the buffers that updates change
        self.statistics = [
            f"{name}.{buffer}" for name in tracked for buffer in STATISTICS
        ]
        self._loss = _Loss(copied, phase, list(tracked.values()))
        self._ones = torch.empty(0)  # what the losses are weighted with
        self._mask_calls: dict[Shapes, list[MaskCall]] = {}
        self._replays: dict[Shapes, Replay] = {}

    def mask_calls(
        self, tensors: Tensors, x: Tensor, y: Tensor
    ) -> list[MaskCall]:
        """The calls of dropout layers in an update of one member, in their order, for
        batches ``x`` and ``y``, (members, examples, ...).
        """
        shapes = x.shape, y.shape
        if shapes not in self._mask_calls:
            found = self._find_mask_calls(tensors, x, y)
            self._mask_calls[shapes] = found
        return self._mask_calls[shapes]

    def _find_mask_calls(
        self, tensors: Tensors, x: Tensor, y: Tensor
    ) -> list[MaskCall]:
        self._masks.missing.clear()
        first = {name: tensor[0] for name, tensor in tensors.items()}
        with torch.no_grad():
            self._of_one(first, [], x[0], y[0])
        return list(self._masks.missing)

    def __call__(
        self,
        learned: Tensors,
        fixed: Tensors,
        masks: Sequence[Tensor],
        x: Tensor,
        y: Tensor,
    ) -> tuple[Tensor, Sequence[Tensor], dict[str, Tensor]]:
        """The losses, the gradients in the order of ``learned``, and what the buffers
        named in ``statistics`` become.

        ``fixed`` are the members' buffers, and parameters that are not updated.
        ``masks`` are those of ``mask_calls``. Raises CannotBeStacked where the
        loss is none that can be recorded.
        """
        inputs = [*learned.values(), *fixed.values(), *masks, x, y]
        if len(self._ones) != len(x):
            self._ones = torch.ones(len(x))
        inputs.append(self._ones)
        shapes = x.shape, y.shape
        if shapes not in self._replays:
            self._replays[shapes] = self._record(
                tuple(learned), tuple(fixed), inputs
            )
        with torch.no_grad():
            losses, *found = self._replays[shapes](*inputs)
        gradients, statistics = found[: len(learned)], found[len(learned) :]
        after = dict(zip(self.statistics, statistics, strict=True))
        return losses, gradients, after

    def _record(
        self,
        learned: tuple[str, ...],
        fixed: tuple[str, ...],
        inputs: Sequence[Tensor],
    ) -> Replay:
        names = (*learned, *fixed)

        def losses_and_gradients(*given: Tensor) -> tuple[Tensor, ...]:
            leaves = [one.requires_grad_() for one in given[: len(learned)]]
            tensors = dict(zip(names, given, strict=False))
            *masks, x, y, ones = given[len(names) :]
            losses, *statistics = vmap(self._of_one)(tensors, masks, x, y)
            # Each loss depends on its own member's parameters alone, so that
            # the gradient of their sum is that of each.
            gradients = torch.autograd.grad(
                losses, leaves, ones, materialize_grads=True
            )
            after = [one.detach() for one in statistics]
            return (losses, *gradients, *after)

        # Detached, since what is handed in must not begin to require gradients.
        try:
            with torch.enable_grad():
                found = record(
                    losses_and_gradients, [one.detach() for one in inputs]
                )
        except RuntimeError as error:
            raise _refusal(error) from error
        return found

    def _of_one(
        self, tensors: Tensors, masks: Sequence[Tensor], x: Tensor, y: Tensor
    ) -> tuple[Tensor, ...]:
        """The loss of one member on one batch, and what its statistics become."""
        self._masks.ready = list(masks)
        own = {f"model.{name}": tensor for name, tensor in tensors.items()}
        batch = Split(x, y, self._metadata)
        found: tuple[Tensor, ...] = functional_call(self._loss, own, (batch,))
        return found


def _refusal(error: RuntimeError) -> Exception:
    """What to raise where vmap refuses a loss. A lack of memory says nothing of the
    loss, so that it stays what it is.
    """
    if is_out_of_memory(error):
        return error
    if "random operation" in str(error):
        return CannotBeStacked("it draws random numbers of its own")
    if ".item()" in str(error):
        return CannotBeStacked("it reads a number from a tensor")
    return CannotBeStacked(f"vmap refuses its loss ({one_line(error)})")


def _take_masks(model: nn.Module, masks: Masks) -> bool:
    """Replace the model's dropout layers, in place, by layers that take their masks from
    ``masks``. False where there are none.
    """
    names = [
        name
        for name, module in model.named_modules()
        if type(module) is nn.Dropout
    ]
    for number, name in enumerate(names):
        model.set_submodule(name, MaskedDropout(number, masks))
    return bool(names)
