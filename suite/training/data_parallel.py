"""One run on several workers: every one has the whole model and the data, and
takes its part of each batch.

The mean over a batch is the mean over its parts, weighted by their sizes, and so is its
gradient. Gradients lie in one flat buffer, so a step costs one sum over the workers.
From equal parameters and equal sums every worker makes the same update. What comes out
is what one worker gets, up to rounding; where units are dropped, up to which: every
worker draws for its own examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from suite.training.job import Result
from tasks import FitOnce, Phase, Procedure, Recipe, Split, UserError

T = TypeVar("T")


class PeerLost(Exception):
    """The peers in a group do not respond: one of them has failed, and reports why, or
    is lost.
    """


class RankFailed(Exception):
    """Ends the whole group; carries the result of the worker that failed."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        return f"{self.result.status}: {self.result.error}"


class DataParallelGroup:
    """A data-parallel group, from the view of one worker. The process that starts them
    sets up their process group.

    All must call the same methods in the same order. Raises PeerLost where the others
    are gone.
    """

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def shard(self, batch: Split) -> Split:
        """This worker's part of a batch: even to one example, and empty if there are
        fewer than workers.
        """
        begin, end = (
            len(batch) * rank // self.size for rank in (self.rank, self.rank + 1)
        )
        return Split(batch.x[begin:end], batch.y[begin:end], batch.metadata)

    def backward(
        self,
        model: nn.Module,
        phase: Phase,
        batch: Split,
        generator: torch.Generator,
        grad: Tensor,
    ) -> Tensor:
        """What this worker's part adds to the loss over the batch, a 0-d tensor; the
        whole gradient is in ``grad``.

        The gradients of ``model`` must be views of ``grad``, and 0 before.
        """
        part = self.shard(batch)
        loss = grad.new_zeros(())
        if len(part):
            loss = phase.loss(model, part, generator) * (len(part) / len(batch))
            loss.backward()
        self.all_reduce(grad)
        return loss

    def all_reduce(self, numbers: Tensor) -> None:
        """All-reduce: replace each number by its sum over the workers."""
        with _together():
            dist.all_reduce(numbers)

    def broadcast_from_rank_zero(self, make: Callable[[], T]) -> T:
        """Broadcast an object from the first worker: picklable, with its tensors on the
        CPU.
        """
        box: list[Any] = [make() if self.rank == 0 else None]
        with _together():
            dist.broadcast_object_list(box, src=0)
        made: T = box[0]
        return made


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise PeerLost(str(error)) from error


def check_data_parallel(procedure: Procedure, model: nn.Module, recipe: Recipe) -> None:
    """Raise UserError if several workers would not train the same model as one."""
    given = f"world_size = {recipe.world_size}"
    alone = "leave `world_size` out of this recipe"
    if 0 < recipe.batch_size < recipe.world_size:
        raise UserError(
            f"batch_size = {recipe.batch_size} cannot be shared by {given}: give "
            "each an example at least."
        )
    if isinstance(procedure, FitOnce) or not all(
        phase.mean for phase in procedure.phases(model)
    ):
        raise UserError(
            f"{given} and {type(procedure).__name__}: a batch can be shared where "
            "the loss is a mean over its "
            f"examples, as in Classification, and every phase says so (`mean=True`); {alone}."
        )
    if norms := sorted(
        {
            type(module).__name__
            for module in model.modules()
            if isinstance(module, _BatchNorm)
        }
    ):
        raise UserError(
            f"{given} and {norms[0]}: it looks at the whole batch, of which a worker sees a part; "
            f"use a layer norm, or {alone}."
        )
