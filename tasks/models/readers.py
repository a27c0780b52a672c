"""Readers of sequences: recurrent layers and self-attention, at a wanted size."""

from collections.abc import Callable
from functools import cache
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape
from tasks.contract.errors import UserError
from tasks.models._gru import GRU
from tasks.models.attention import Transformer, matched_hidden
from tasks.models.translation import sinusoids

WIDTH, HEADS = 16, 4
TOLERANCE = 0.03  # how far a solved parameter count may be from the wanted one
LARGEST = 512  # units that are tried at most

Kind = Literal["rnn", "gru", "lstm"]
Positions = Literal["none", "sinusoidal", "learned"]
LAYERS: dict[Kind, Callable[..., nn.RNNBase]] = {
    "rnn": nn.RNN,
    "gru": GRU,
    "lstm": nn.LSTM,
}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # blocks of rows in a layer's weights
FORGET = 1  # the block of an LSTM's rows that belongs to its forget gate


@runtime_checkable
class Reader(Protocol):
    """Logits (examples, outputs) for symbols (examples, length)."""

    def __call__(self, symbols: Tensor) -> Tensor: ...

    def embed(self, symbols: Tensor) -> Tensor:
        """Vectors (examples, length, width)."""
        ...

    def states(self, embedded: Tensor) -> Tensor:
        """What is known at each place, (examples, length, channels)."""
        ...


class RecurrentReader(nn.Module):
    """One recurrent layer, which answers from its last state; of both directions, from
    where each of them ends.

    ``forget_bias`` is that of an LSTM's forget gate before training: at 0 half of a
    memory is lost with each symbol, the higher the less (Jozefowicz et al. 2015).
    """

    def __init__(
        self,
        shape: Shape,
        symbols: int,
        kind: Kind,
        units: int,
        *,
        both_ways: bool = False,
        forget_bias: float = 0.0,
    ) -> None:
        super().__init__()
        self.units = units
        self.table = nn.Embedding(symbols, WIDTH)
        self.layer = LAYERS[kind](
            WIDTH, units, batch_first=True, bidirectional=both_ways
        )
        self.head = nn.Linear(units * (1 + both_ways), shape.outputs)
        nn.init.zeros_(self.head.bias)
        if forget_bias:
            rows = slice(FORGET * units, (FORGET + 1) * units)
            with torch.no_grad():
                self.layer.bias_ih_l0[rows] = forget_bias  # type: ignore[operator]

    def embed(self, symbols: Tensor) -> Tensor:
        """Vectors (examples, length, width) of symbols (examples, length)."""
        return self.table(symbols)  # type: ignore[no-any-return]

    def states(self, embedded: Tensor) -> Tensor:
        """The layer's states, (examples, length, units), of both directions
        side by side.
        """
        return self.layer(embedded)[0]  # type: ignore[no-any-return]

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits, (examples, outputs), of symbols (examples, length)."""
        states = self.states(self.embed(symbols))
        forwards, backwards = (
            states[:, -1, : self.units],
            # The backward direction ends at the first symbol; with one
            # direction this is empty.
            states[:, 0, self.units :],
        )
        return self.head(torch.cat([forwards, backwards], dim=1))  # type: ignore[no-any-return]


class AttentionReader(nn.Module):
    """One block of self-attention, which answers from the mean over all places."""

    positions: Tensor

    def __init__(
        self,
        shape: Shape,
        symbols: int,
        hidden: int,
        positions: Positions = "learned",
    ) -> None:
        super().__init__()
        (length,) = shape.inputs
        self.table = nn.Embedding(symbols, WIDTH)
        fixed = sinusoids(length, WIDTH)
        if positions != "sinusoidal":
            # Learned positions are the Transformer's own parameters instead.
            fixed = torch.zeros_like(fixed)
        self.register_buffer("positions", fixed, persistent=False)
        self.transformer = Transformer(
            nn.Identity(),
            shape,
            (length,),
            hidden,
            WIDTH,
            HEADS,
            depth=1,
            positions=positions == "learned",
        )

    def embed(self, symbols: Tensor) -> Tensor:
        """Vectors (examples, length, width) of symbols, positions added."""
        return self.table(symbols) + self.positions  # type: ignore[no-any-return]

    def states(self, embedded: Tensor) -> Tensor:
        """The tokens after the block, (examples, length, width)."""
        return self.transformer.features(embedded).transpose(1, 2)

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits, (examples, outputs), of symbols (examples, length)."""
        return self.transformer(self.embed(symbols))  # type: ignore[no-any-return]


# -------------------------------------------------------------------- at a wanted size


def recurrent_count(
    kind: Kind, units: int, symbols: int, outputs: int, both_ways: bool = False
) -> int:
    """Parameters of a RecurrentReader: each gate of a layer has units x (width + units)
    weights and two biases for each unit.
    """
    directions = 1 + both_ways
    layer = GATES[kind] * units * (WIDTH + units + 2)
    return symbols * WIDTH + directions * (layer + units * outputs) + outputs


@cache
def matched_units(
    parameters: int,
    kind: Kind,
    symbols: int,
    outputs: int,
    both_ways: bool = False,
) -> int:
    """Units that bring a RecurrentReader within 3 % of ``parameters``. Raises UserError
    if none do.
    """

    def apart(units: int) -> float:
        found = recurrent_count(kind, units, symbols, outputs, both_ways)
        return abs(found / parameters - 1)

    units = min(range(1, LARGEST), key=apart)
    if apart(units) > TOLERANCE:
        raise UserError(
            f"parameters={parameters} cannot be matched within {TOLERANCE:.0%} by a "
            f"recurrent layer ({kind}): {units} units come closest; give more."
        )
    return units


def attention_reader(
    shape: Shape,
    symbols: int,
    parameters: int,
    positions: Positions = "learned",
) -> AttentionReader:
    """An AttentionReader of that many parameters, learned positions included."""
    places = shape.inputs[0] if positions == "learned" else 0
    hidden = matched_hidden(
        parameters, symbols * WIDTH, places, shape.outputs, WIDTH, depth=1
    )
    return AttentionReader(shape, symbols, hidden, positions)
