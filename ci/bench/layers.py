"""Layers of our models against torch's own, forwards and backwards, on one CPU thread.

    python ci/bench/layers.py [--rounds 9] [--json]

Both have the same parameters and inputs, in the sizes that the tasks use, and give the
same answers to rounding (`tests/tasks/test_layers.py`). Ratios are those of torch's own
to ours: above 1, ours is faster.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable

import torch
from interleaved import Step, interleaved, machine, ratios, table
from torch import Tensor, nn
from torch.nn import functional

from tasks import Shape
from tasks.models._gru import GRU
from tasks.models.convolution import LAYERS, ConvNet
from tasks.models.translation import Attention

OURS = "ours"


def step(answer: Callable[[], Tensor], inputs: list[Tensor]) -> Step:
    """Forwards, and backwards to the inputs."""
    towards = torch.randn_like(answer())

    def run() -> object:
        return torch.autograd.grad((answer() * towards).sum(), inputs)

    return run


def cnn(width: int, examples: int) -> dict[str, Step]:
    """The CNN on MNIST-1D against the same of nn.Conv1d and nn.BatchNorm1d."""
    x = torch.randn(examples, 40)
    ours = ConvNet(Shape((40,), 10), width)
    theirs = nn.Sequential()
    before = 1
    for layer in LAYERS:
        kernel, stride = layer
        padding = kernel // 2
        theirs.append(
            nn.Conv1d(
                before, width, kernel, stride, padding=padding, bias=False
            )
        )
        theirs.extend([nn.BatchNorm1d(width), nn.ReLU()])
        before = width
    head = nn.Linear(width, 10)

    def conv1d() -> Tensor:
        return head(theirs(x[:, None]).mean(2))  # type: ignore[no-any-return]

    return {
        OURS: step(lambda: ours(x), list(ours.parameters())),
        "nn.Conv1d": step(conv1d, [*theirs.parameters(), *head.parameters()]),
    }


def gru(examples: int, length: int, width: int, units: int) -> dict[str, Step]:
    """A GRU over whole sequences against nn.GRU."""
    x = torch.randn(examples, length, width, requires_grad=True)
    ours = GRU(width, units, batch_first=True)
    theirs = nn.GRU(width, units, batch_first=True)
    return {
        OURS: step(lambda: ours(x)[0], [x, *ours.parameters()]),
        "nn.GRU": step(lambda: theirs(x)[0], [x, *theirs.parameters()]),
    }


def attention(
    examples: int, tokens: int, width: int, heads: int
) -> dict[str, Step]:
    """Causal self-attention against torch's fused kernel and its module."""
    x = torch.randn(examples, tokens, width, requires_grad=True)
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    ours = Attention(width, heads)
    theirs = nn.MultiheadAttention(width, heads, batch_first=True)

    def split() -> tuple[Tensor, Tensor, Tensor]:
        query = ours.query(x).unflatten(2, (heads, -1)).transpose(1, 2)
        remembered = ours.remember(x)
        return query, remembered[:, 0], remembered[:, 1]

    def fused() -> Tensor:
        query, keys, values = split()
        mixed = functional.scaled_dot_product_attention(
            query, keys, values, attn_mask=causal
        )
        return ours.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def filled() -> Tensor:
        query, keys, values = split()
        scores = query @ keys.transpose(2, 3) / math.sqrt(query.shape[3])
        shares = scores.masked_fill(~causal, -math.inf).softmax(-1)
        return ours.out((shares @ values).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    parameters = [x, *ours.parameters()]
    return {
        OURS: step(lambda: ours(x, ours.remember(x), causal), parameters),
        "masked_fill and softmax": step(filled, parameters),
        "scaled_dot_product_attention": step(fused, parameters),
        "nn.MultiheadAttention": step(
            lambda: theirs(x, x, x, attn_mask=~causal, need_weights=False)[0],
            [x, *theirs.parameters()],
        ),
    }


CASES: dict[str, Callable[[], dict[str, Step]]] = {
    "CNN on MNIST-1D, 42 channels, 64 curves": lambda: cnn(42, 64),
    "CNN on MNIST-1D, 42 channels, 256 curves": lambda: cnn(42, 256),
    "GRU, 30 units, 10 symbols, 64 sequences": lambda: gru(64, 10, 16, 30),
    "GRU, 30 units, 32 symbols, 64 sequences": lambda: gru(64, 32, 16, 30),
    "GRU, 44 units, 16 tokens, 64 sentences": lambda: gru(64, 16, 32, 44),
    "attention, 10 tokens, width 32, 4 heads, 64 sentences": lambda: attention(
        64, 10, 32, 4
    ),
    "attention, 20 tokens, width 32, 4 heads, 64 sentences": lambda: attention(
        64, 20, 32, 4
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = {}
    for title, make in CASES.items():
        rows[title] = ratios(interleaved(make(), given.rounds), OURS)
    about = machine("torch")
    if given.json:
        print(json.dumps({"about": about, "cases": rows}, indent=1))
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()) + "\n")
    for title, found in rows.items():
        print(table(title, found))


if __name__ == "__main__":
    main()
