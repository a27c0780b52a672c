"""Does a hidden layer pay on a stream, whose examples need not fit in memory?"""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data.stored import from_stream
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification


class Rings(IterableDataset[tuple[Tensor, Tensor]]):
    """Points in a disc; those beyond a radius of 1, half of them, are of class 1."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(20_000):
            angle = 2 * torch.pi * torch.rand((), generator=generator)
            square = 2 * torch.rand((), generator=generator)
            direction = torch.stack([angle.cos(), angle.sin()])
            yield square.sqrt() * direction, (square > 1).long()


def begin(seed: int) -> DataLoader[tuple[Tensor, Tensor]]:
    """A pass over the stream, in batches that are taken apart again."""
    return DataLoader(Rings(seed), batch_size=256)


def load_data(level: Level, seed: int) -> Splits:
    """4,000 training examples an epoch, from a stream that holds out a fifth."""
    read = partial(from_stream, begin, classes=2, held_out=0.2, fingerprint="rings-1")
    return read(seed, examples=4_000, validation=200, test=400)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP; without a hidden layer, a linear model."""
    return mlp(shape, (32,) * params["layers"])


TASK = Task(
    question="Does a hidden layer pay on a stream of examples?",
    load_data=load_data,
    arms=(
        Arm("linear", build, params={"layers": 0}),
        Arm("hidden", build, params={"layers": 1}),
    ),
    procedure=Classification(),
    recipe=Recipe(epochs=2, batch_size=32),
    space=Space(lr=Float(3e-3, 1e-1, log=True)),
    claims=(
        Claim("not_linear", "A ring is not linear.", "accuracy", "hidden", "linear", margin=0.05),
    ),
)
