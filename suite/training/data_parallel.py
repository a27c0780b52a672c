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
from tasks import (
    FitOnce,
    Phase,
    Procedure,
    Recipe,
    Split,
    TrainsItself,
    UserError,
)

T = TypeVar("T")


class PeerLost(Exception):
    """The peers in a group do not respond: one of them has failed, and reports why, or
    is lost.
    """


class RankFailed(Exception):
    """Ends the whole group; carries the result of the worker that failed."""

    def __init__(self, result: Result) -> None:
        # The only argument, so that the exception can be pickled on its way to
        # the driver: unpickling calls the class with `args`.
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
        begin = len(batch) * self.rank // self.size
        end = len(batch) * (self.rank + 1) // self.size
        x, y = batch.x[begin:end], batch.y[begin:end]
        return Split(x, y, batch.metadata)

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
        # The mean over an empty part is NaN, which would spoil the sum.
        if len(part):
            weight = len(part) / len(batch)
            loss = phase.loss(model, part, generator) * weight
            loss.backward()
        # Workers without examples join in, too: the sum waits for all.
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
    # What the backends (Gloo, NCCL) raise when a peer closes its connection or
    # does not answer in time; they have no more telling type in common.
    except RuntimeError as error:
        raise PeerLost(str(error)) from error


def check_data_parallel(
    procedure: Procedure, model: nn.Module, recipe: Recipe
) -> None:
    """Raise UserError if several workers would not train the same model as one.

    They would not where a batch is smaller than their number, where the loss is not a
    mean over examples, and where a layer looks at the whole batch.
    """
    _check_batch(recipe)
    given = f"world_size = {recipe.world_size}"
    alone = "leave `world_size` out of this recipe"
    if not _has_mean_losses(procedure, model):
        raise UserError(
            f"{given} and {type(procedure).__name__}: a batch can be shared where "
            "the loss is a mean over its examples, as in Classification, and every "
            f"phase says so (`mean=True`); {alone}."
        )
    norms = batch_norms(model)
    if norms:
        raise UserError(
            f"{given} and {norms[0]}: it looks at the whole batch, of which a worker "
            f"sees a part; use a layer norm, or {alone}."
        )


def _check_batch(recipe: Recipe) -> None:
    # 0 is the full batch, whose size is known with the data only.
    if 0 < recipe.batch_size < recipe.world_size:
        raise UserError(
            f"batch_size = {recipe.batch_size} cannot be shared by world_size = "
            f"{recipe.world_size}: give each an example at least."
        )


def _has_mean_losses(procedure: Procedure, model: nn.Module) -> bool:
    if isinstance(procedure, FitOnce | TrainsItself):
        return False
    return all(phase.mean for phase in procedure.phases(model))


def batch_norms(model: nn.Module) -> list[str]:
    """The classes of the batch norms in a model, sorted by name."""
    found = set()
    for module in model.modules():
        # private, but the one base of all of torch's batch norms
        if isinstance(module, _BatchNorm):
            found.add(type(module).__name__)
    return sorted(found)
