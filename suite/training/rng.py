"""Random streams of a run: dropout's global numbers, batch order, and generators."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from tasks import Split, Stream


class GlobalStream:
    """The global random state, which dropout uses: set during a run, with the caller's
    restored in between.
    """

    # Dropout takes no generator in torch, so the global one is switched.

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        with self._forked():
            torch.manual_seed(seed)
            self._remember()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Random numbers drawn inside come from this stream, and advance it."""
        with self._forked():
            torch.set_rng_state(self._cpu)
            if self.device.type == "cuda":
                torch.cuda.set_rng_state(self._cuda, self.device)
            yield
            self._remember()

    def state_dict(self) -> list[Tensor]:
        """The state: of the CPU's generator, and of the GPU's on a GPU."""
        if self.device.type == "cuda":
            return [self._cpu, self._cuda]
        return [self._cpu]

    def load_state_dict(self, state: list[Tensor]) -> None:
        """Continue from where ``state_dict`` was called."""
        self._cpu, *cuda = state
        if cuda:
            (self._cuda,) = cuda

    def _forked(self) -> Any:
        gpus = [self.device] if self.device.type == "cuda" else []
        return torch.random.fork_rng(devices=gpus)

    def _remember(self) -> None:
        self._cpu = torch.get_rng_state()
        if self.device.type == "cuda":
            self._cuda = torch.cuda.get_rng_state(self.device)


def batches(
    train: Split,
    size: int,
    order: torch.Generator,
    skipped: int = 0,
) -> Iterator[Split]:
    """Infinite batches, reshuffled every epoch.

    The last batch of an epoch is smaller where ``size`` does not divide the number of
    examples; one of at least that many is the whole split, never shuffled. ``skipped``
    batches are left out at the beginning, as a run that is resumed needs: the rest is
    the same as without it.
    """
    if isinstance(train, Stream):  # never ends: what follows is for the rest
        yield from _batches_of_stream(train, size, order, skipped)
    examples = len(train)
    whole = train if train.in_memory else None
    if size >= examples:
        while True:
            yield train.head(examples) if whole is None else whole
    per_epoch = math.ceil(examples / size)
    passes, skipped = divmod(skipped, per_epoch)
    # Whole passes are drawn and dropped, as the run before has drawn them.
    for _ in range(passes):
        torch.randperm(examples, generator=order)
    while True:
        shuffled = torch.randperm(examples, generator=order)
        indices = torch.split(shuffled.to(train.device), size)
        for index in indices[skipped:]:
            yield train.take(index)
        skipped = 0  # in the first pass only


def _batches_of_stream(
    train: Stream, size: int, order: torch.Generator, skipped: int
) -> Iterator[Split]:
    """Infinite batches in the order of the stream. The ones to skip are read, too: a
    stream cannot be entered in the middle.
    """
    start = int(torch.randint(2**62, (), generator=order))
    reading = GlobalStream(start, torch.device("cpu"))  # whatever it draws
    examples = train.passes(start)
    for number in itertools.count():
        with reading.running():
            found = list(itertools.islice(examples, size))
        if number >= skipped:
            yield train.batch(found)


def make_generator(
    seed: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A new generator on that device, seeded."""
    return torch.Generator(device).manual_seed(seed)
