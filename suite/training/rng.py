"""Random streams of a run: dropout's global numbers, batch order, and generators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from tasks import Split


class GlobalStream:
    """The global random state, which dropout uses: set during a run, with the caller's
    restored in between.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        with self._forked():
            torch.manual_seed(seed)
            self._remember()

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._forked():
            torch.set_rng_state(self._cpu)
            if self.device.type == "cuda":
                torch.cuda.set_rng_state(self._cuda, self.device)
            yield
            self._remember()

    def state_dict(self) -> list[Tensor]:
        return [self._cpu, self._cuda] if self.device.type == "cuda" else [self._cpu]

    def load_state_dict(self, state: list[Tensor]) -> None:
        self._cpu, *cuda = state
        if cuda:
            (self._cuda,) = cuda

    def _forked(self) -> Any:
        return torch.random.fork_rng(
            devices=[self.device] if self.device.type == "cuda" else []
        )

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
    """Infinite batches, reshuffled every epoch, with a smaller last batch; the first
    few can be skipped.
    """
    if size >= len(train):
        while True:
            yield train
    passes, skipped = divmod(skipped, -(-len(train) // size))
    for _ in range(passes):
        torch.randperm(len(train), generator=order)
    while True:
        indices = torch.split(
            torch.randperm(len(train), generator=order).to(train.x.device), size
        )
        for index in indices[skipped:]:
            yield train.take(index)
        skipped = 0


def make_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)
