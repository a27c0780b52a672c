"""What a network does in training mode and in evaluation mode, side by side."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import replace_all_batch_norm_modules_, vmap

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure
from tasks.contract.text import Text
from tasks.procedures.metrics import ACCURACY, LOG_LOSS
from tasks.procedures.supervised import Classification

EXAMPLES = 500  # of a split, on which the two modes are compared


def _every_answer(shape: Shape) -> float:
    """The gap of a network whose two modes never agree."""
    return 1.0


MODE_GAP = Measure(
    "mode_gap",
    "lower",
    worst=_every_answer,
    label=Text("difference between the modes", zh="训练与推断模式之差"),
    percent=True,
)


@dataclass(frozen=True)
class BothModes(Classification):
    """Classification that also measures how often the answers of the two modes differ:
    those from the statistics of a batch, and those from the running ones.

    A model names the size of its training batches as ``batch_size``.
    """

    measures: Any = (ACCURACY, LOG_LOSS, MODE_GAP)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """The accuracy, the log loss, and the share of answers that differ."""
        values = super().evaluate(model, split, generator)
        batch_size = model.batch_size
        assert isinstance(batch_size, int)
        devices = [split.x.device] if split.x.is_cuda else []
        with torch.random.fork_rng(devices=devices):
            # Layers that draw, in training mode, take torch's own generator;
            # the caller's is put back.
            torch.manual_seed(generator.initial_seed())
            gap = mode_gap(model, split.x[:EXAMPLES], batch_size)
        return values | {"mode_gap": gap}


def mode_gap(model: nn.Module, x: Tensor, batch_size: int) -> float:
    """The share of examples ``x``, (examples, ...), to which a model in evaluation mode
    gives another answer than in training mode, where each batch of ``batch_size`` is
    normalised by its own statistics.

    Examples beyond the last whole batch are left out; where there are fewer than one
    batch, they are one. The model is not changed, and draws from torch's own generator.
    """
    size = min(batch_size, len(x))
    batches = x.split(size)[: len(x) // size]
    training = copy.deepcopy(model).train()
    replace_all_batch_norm_modules_(training)  # nothing is running any more
    # All batches in one call, each with statistics of its own.
    by_batch = vmap(training, randomness="different")(torch.stack(batches))
    answers = by_batch.argmax(-1).flatten()
    differs: Tensor = model(torch.cat(batches)).argmax(1) != answers
    return differs.double().mean().item()
