"""A stack: runs of one architecture whose updates are made together."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from suite.training.optimizer import is_decayed
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.gradients import Gradients, MaskCall
from suite.training.stacks.looks import Looks, Measured, that_fit
from suite.training.stacks.member import StackMember
from suite.training.stacks.updates import Rows, update
from tasks import Split

# Rows are as long as a multiple of so many numbers: kernels then take each in whole
# vectors, and what they do with a remainder may differ in the last digit.
ALIGNMENT = 64
# A lone member has a copy beside it: a product of one matrix may be left to another
# kernel than that of several.
LEAST = 2


class Stack:
    """Makes the updates of runs that have one ``signature``.

    What becomes of a member depends neither on how many there are nor on their order.
    Between two evaluations the stack holds parameters and optimisers; at each of them
    everything is in the members.
    """

    def __init__(self, example: StackMember) -> None:
        """``example`` is any of the members."""
        self._recipe = example.recipe
        self._places = _places(example)
        self._gradients = Gradients(
            example.model, example.phase, example.train.metadata
        )
        # None where each member has to evaluate its own model.
        self._looks: Looks | None = Looks(example)

    def advance(self, members: Sequence[StackMember], stop: int) -> None:
        """Make the updates up to step ``stop``; all members are at one step now.

        A member changes once all updates are made, so that after an error it is where
        it was. Raises CannotBeStacked for a loss that cannot be recorded.
        """
        try:
            with torch.no_grad():
                self._advance(members, stop)
        except BaseException:
            for member in members:
                member.rewind()
            raise

    def _advance(self, members: Sequence[StackMember], stop: int) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        padded = _padded(members)
        rows = _load(padded)
        steps = stop - members[0].step
        losses = torch.empty(steps, len(padded))
        schedule = torch.tensor(members[0].schedule(stop))
        peaks = torch.tensor([member.peak for member in padded])
        rates = torch.outer(schedule, peaks).unsqueeze(2)
        weights = self._views(rows.weights)
        gradients = list(self._views(rows.gradients).values())
        fixed = _stacked(member.fixed for member in padded)
        batches = _Batches(members, len(padded))
        masks = _Masks(members, len(padded))
        for number, lr in enumerate(rates):  # (members, 1) each
            x, y = batches.next()
            if self._gradients.has_dropout:
                tensors = {**weights, **fixed}
                masks.draw(self._gradients.mask_calls(tensors, x, y))
            losses[number], found, after = self._gradients(
                weights, fixed, masks.drawn, x, y
            )
            fixed |= after
            torch._foreach_copy_(gradients, list(found))
            update(rows, lr, self._recipe)
        share = 1 / len(members)
        seconds = (time.perf_counter() - wall) * share
        cpu_seconds = (time.process_time() - cpu) * share
        for number, member in enumerate(members):
            _store(rows, number, member)
            for name in self._gradients.statistics:
                member.model.get_buffer(name).copy_(fixed[name][number])
            member.take(
                losses[:, number],
                masks.generators[number],
                seconds,
                cpu_seconds,
            )

    @torch.no_grad()
    def measure(self, members: Sequence[StackMember]) -> list[Measured]:
        """What ``measure_both`` finds of each member, or None where the member has to
        find it by itself.
        """
        found: list[Measured] = []
        try:
            for together in that_fit(members):
                found += self._measure(together)
        except CannotBeStacked:
            self._looks = None
            return [None] * len(members)
        return found

    def _measure(self, members: Sequence[StackMember]) -> list[Measured]:
        if self._looks is None:
            return [None] * len(members)
        padded = _padded(members)
        rows = torch.zeros(len(padded), _width(padded[0]))
        for row, member in zip(rows, padded, strict=True):
            flat = member.buffer.flat
            row[: len(flat)] = flat
        fixed = _stacked(member.fixed for member in padded)
        found = self._looks(padded, {**self._views(rows), **fixed})
        return found[: len(members)]

    def _views(self, rows: Tensor) -> dict[str, Tensor]:
        """The parts of rows, (members, width), by parameter: (members, ...)."""
        found = {}
        for name, (place, shape) in self._places.items():
            found[name] = rows[:, place].view(len(rows), *shape)
        return found


class _Batches:
    """The members' batches, (members, examples, ...)."""

    def __init__(self, members: Sequence[StackMember], rows: int) -> None:
        self._members = members
        self._copies = rows // len(members)
        self._last: list[Split] = []
        self._stacked: tuple[Tensor, Tensor]

    def next(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets of the next update."""
        batches = [member.next_batch() for member in self._members]
        # A full batch is the same each time.
        is_last = bool(self._last) and all(
            one is other
            for one, other in zip(batches, self._last, strict=True)
        )
        if not is_last:
            copies = batches * self._copies
            self._stacked = (
                torch.stack([batch.x for batch in copies]),
                torch.stack([batch.y for batch in copies]),
            )
            self._last = batches
        return self._stacked


class _Masks:
    """The masks of the members' dropout layers, each member's from its own stream."""

    def __init__(self, members: Sequence[StackMember], rows: int) -> None:
        self.generators = [member.mask_generator() for member in members]
        self.drawn: list[Tensor] = []
        self._rates = [member.dropout_rates() for member in members]
        self._rows = rows
        copies = rows // len(members)
        # The share that each layer of each member keeps, which is 1 where it
        # keeps nothing: nothing is to be scaled then.
        self._kept = [
            torch.tensor([1 - rate or 1.0 for rate in rates] * copies)
            for rates in zip(*self._rates, strict=True)
        ]

    def draw(self, calls: Sequence[MaskCall]) -> None:
        """Draw the masks of one update, for the calls of one member's layers."""
        self.drawn = [torch.empty(self._rows, *call.shape) for call in calls]
        for number, generator in enumerate(self.generators):
            rates = self._rates[number]
            for masks, call in zip(self.drawn, calls, strict=True):
                _draw_mask(masks[number], rates[call.layer], generator)
        for masks, call in zip(self.drawn, calls, strict=True):
            for copy in range(len(self.generators), self._rows):
                masks[copy] = masks[0]
            kept = self._kept[call.layer]
            masks.div_(kept.view(-1, *[1] * (masks.ndim - 1)))


def _draw_mask(mask: Tensor, rate: float, generator: torch.Generator) -> None:
    """Fill a mask with 1 where ``torch.nn.functional.dropout`` keeps a number on a
    CPU, and with 0 elsewhere.
    """
    if rate == 0:
        mask.fill_(1.0)  # nothing is drawn then
    elif rate == 1:
        mask.fill_(0.0)
    else:
        mask.bernoulli_(1 - rate, generator=generator)


def _padded(members: Sequence[StackMember]) -> list[StackMember]:
    """The members; of a lone one, two copies."""
    copies = LEAST if len(members) == 1 else 1
    return list(members) * copies


def _width(member: StackMember) -> int:
    """The numbers in a row, with the zeros behind the member's own."""
    numbers = member.buffer.flat.numel()
    return math.ceil(numbers / ALIGNMENT) * ALIGNMENT


def _places(member: StackMember) -> dict[str, tuple[slice, torch.Size]]:
    """Where each parameter is in the member's flat buffer, and its shape."""
    flat = member.buffer.flat
    learned = {id(parameter) for parameter in member.buffer.parameters}
    found = {}
    for name, parameter in member.model.named_parameters():
        if id(parameter) in learned:
            start = parameter.storage_offset() - flat.storage_offset()
            place = slice(start, start + parameter.numel())
            found[name] = place, parameter.shape
    return found


def _stacked(tensors: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    members = list(tensors)
    return {
        name: torch.stack([member[name] for member in members])
        for name in members[0]
    }


def _load(members: Sequence[StackMember]) -> Rows:
    """The members' parameters, and the state of their optimisers."""
    states = [member.buffer.state_dict() for member in members]
    numbers = states[0]["flat"].numel()
    width = _width(members[0])

    def empty() -> Tensor:
        return torch.zeros(len(members), width)

    weights = empty()
    memory: dict[str, Tensor] = {}
    for row, state in enumerate(states):
        weights[row, :numbers] = state["flat"]
        for name, tensor in _memory(state).items():
            memory.setdefault(name, empty())[row, :numbers] = tensor
    decay = [[member.buffer.weight_decay] for member in members]
    return Rows(
        weights=weights,
        gradients=empty(),
        weight_decay=torch.tensor(decay),
        decayed=sum(
            parameter.numel()
            for parameter in members[0].buffer.parameters
            if is_decayed(parameter, members[0].recipe)
        ),
        updates=members[0].step,
        memory=memory,
    )


def _memory(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The memory of a member's rules: what is one number for each parameter."""
    parts = [one["memory"] for one in state["optimizers"]]
    found = {}
    for name, tensor in parts[0].items():
        if tensor.ndim == 1:
            found[name] = torch.cat([part[name] for part in parts])
    return found


def _store(rows: Rows, row: int, member: StackMember) -> None:
    """Put a row into its member."""
    state = member.buffer.state_dict()
    state["flat"].copy_(rows.weights[row, : state["flat"].numel()])
    start = 0
    for rule in state["optimizers"]:
        start = _store_rule(rows, row, start, rule)
    member.buffer.load_state_dict(state)


def _store_rule(rows: Rows, row: int, start: int, rule: dict[str, Any]) -> int:
    """Put the memory of one rule, whose numbers begin at ``start``, into it; returns
    where those of the next one begin.
    """
    end = start
    for name, tensor in rule["memory"].items():
        if name in rows.memory:
            end = start + len(tensor)
            tensor.copy_(rows.memory[name][row, start:end])
        else:
            tensor.fill_(rows.updates)  # Adam's own count
    rule["updates"] = rows.updates
    return end
