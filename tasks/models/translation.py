"""Translators: the Transformer's encoder and decoder, after Vaswani et al., "Attention
is all you need" (2017).

A translator encodes a source once and generates the target token by token. In training
it is given the true previous tokens (teacher forcing) and predicts all positions at
once; in inference it continues from its own output.
"""

import math
from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from tasks.data._text import PAD
from tasks.models._softmax import blocked, softmax

# what a translator remembers, (sentences, ...) each, so that a search can pick
# rows
State = Mapping[str, Tensor]
Norm = Literal["pre", "post"]


@runtime_checkable
class Translator(Protocol):
    """Sources are (sentences, source tokens) with END, targets (sentences, target
    tokens) from BEGIN on; PAD fills.
    """

    def __call__(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits (sentences, target tokens, vocabulary): for each place, of the token
        that follows it.
        """
        ...

    def begin(self, source: Tensor) -> State:
        """What is remembered of the source before the first token is said."""
        ...

    def advance(self, token: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (sentences, vocabulary) of what follows ``token``, (sentences,), and
        what is remembered then.
        """
        ...

    def alignment(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Where each target token looks, (sentences, target tokens, source tokens) by
        name; empty if nowhere.
        """
        ...


class Attention(nn.Module):
    """Multi-head attention of one sequence to another, or to itself: 4 width² + 4 width
    parameters.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        assert width % heads == 0, (
            f"{heads} heads do not share {width} channels evenly"
        )
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def remember(self, memory: Tensor) -> Tensor:
        """Keys and values of (sentences, tokens, width): (sentences, 2, heads, tokens,
        width / heads).
        """
        both: Tensor = self.key_value(memory).unflatten(2, (2, self.heads, -1))
        return both.permute(0, 2, 3, 1, 4)

    def forward(
        self, x: Tensor, remembered: Tensor, seen: Tensor | None
    ) -> Tensor:
        """``x`` is (sentences, tokens, width); ``seen``, (..., tokens, remembered), is
        True where x may look.
        """
        mixed = self.weights(x, remembered, seen) @ remembered[:, 1]
        return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def weights(
        self, x: Tensor, remembered: Tensor, seen: Tensor | None
    ) -> Tensor:
        """How much each token takes from each that is remembered, (sentences, heads,
        tokens, remembered).
        """
        query = self.query(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
        scaled = query / math.sqrt(query.shape[3])
        scores = scaled @ remembered[:, 0].transpose(2, 3)
        if seen is not None:
            scores = scores + blocked(seen, scores)
        return softmax(scores)


class Residual(nn.Module):
    """Adds a layer's answer to what it was asked, with a LayerNorm before the layer
    (pre) or after the sum (post).
    """

    def __init__(self, width: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = norm == "pre"
        self.dropout = nn.Dropout(dropout)

    def before(self, x: Tensor) -> Tensor:
        """What the layer gets to see."""
        return self.norm(x) if self.first else x

    def after(self, x: Tensor, answer: Tensor) -> Tensor:
        """The sum of ``x`` and the layer's answer, normalised if that comes
        after.
        """
        x = x + self.dropout(answer)
        return x if self.first else self.norm(x)


class FeedForward(nn.Sequential):
    """The same two-layer perceptron at every place."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )


class EncoderLayer(nn.Module):
    """Self-attention, then a perceptron: 4d² + 4d + 2df + f + d + 4d parameters for
    width d and hidden width f.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, norm: Norm, dropout: float
    ) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.around_attention = Residual(width, norm, dropout)
        self.mlp = FeedForward(width, hidden)
        self.around_mlp = Residual(width, norm, dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Tokens, (sentences, tokens, width), of tokens of that shape."""
        asked = self.around_attention.before(x)
        x = self.around_attention.after(
            x, self.attention(asked, self.attention.remember(asked), seen)
        )
        return self.around_mlp.after(x, self.mlp(self.around_mlp.before(x)))


class DecoderLayer(nn.Module):
    """Attention to what was said, to the source, and a perceptron: 8d² + 8d + 2df + f +
    d + 6d parameters.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, norm: Norm, dropout: float
    ) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.around_attention = Residual(width, norm, dropout)
        self.cross = Attention(width, heads)
        self.around_cross = Residual(width, norm, dropout)
        self.mlp = FeedForward(width, hidden)
        self.around_mlp = Residual(width, norm, dropout)

    def forward(
        self,
        x: Tensor,
        said: Tensor | None,
        causal: Tensor | None,
        source: Tensor,
        seen: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The answer, keys and values of all said so far (``said`` and ``x``), and what
        the source was asked with.
        """
        asked = self.around_attention.before(x)
        new = self.attention.remember(asked)
        said = new if said is None else torch.cat([said, new], 3)
        x = self.around_attention.after(x, self.attention(asked, said, causal))
        asked = self.around_cross.before(x)
        x = self.around_cross.after(x, self.cross(asked, source, seen))
        return (
            self.around_mlp.after(x, self.mlp(self.around_mlp.before(x))),
            said,
            asked,
        )


class Transformer(nn.Module):
    """An encoder and a decoder of ``layers`` layers each, of ``width`` channels and
    ``hidden`` units at each place.

    With ``norm="pre"`` each LayerNorm comes before its layer, and one more at the end
    of either stack (Xiong et al. 2020); with "post" after the sum, as in the original.
    """

    positions: Tensor

    def __init__(
        self,
        sources: int,
        targets: int,
        longest: int,
        *,
        width: int,
        heads: int,
        hidden: int,
        layers: int,
        norm: Norm = "pre",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        shape = (width, heads, hidden, norm, dropout)
        self.source = embedding(sources, width)
        self.target = embedding(targets, width)
        self.encoder = nn.ModuleList(
            EncoderLayer(*shape) for _ in range(layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(*shape) for _ in range(layers)
        )
        self.encoded = nn.LayerNorm(width) if norm == "pre" else nn.Identity()
        self.decoded = nn.LayerNorm(width) if norm == "pre" else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.register_buffer(
            # A formula gives them again, so checkpoints need not hold them.
            "positions",
            sinusoids(longest, width),
            persistent=False,
        )
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        # After the loop above: it has an initialisation of its own.
        self.answer = answer(width, targets)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits (sentences, target tokens, vocabulary), all places at once."""
        return self._decode(source, target)[0]

    def begin(self, source: Tensor) -> State:
        """Each decoder layer's keys and values of the source, computed once."""
        memory, seen = self._encode(source)
        remembered = [
            layer.cross.remember(memory) for layer in self._decoders()
        ]
        return {
            "seen": seen,
            **{
                f"source {number}": each
                for number, each in enumerate(remembered)
            },
        }

    def advance(self, token: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (sentences, vocabulary) of what follows ``token``, and the
        state with this token's keys and values added.
        """
        said = state.get("said 0")
        x = self._place(
            self.target,
            token[:, None],
            start=0 if said is None else said.shape[3],
        )
        new = dict(state)
        for number, layer in enumerate(self._decoders()):
            x, new[f"said {number}"], _ = layer(
                x,
                state.get(f"said {number}"),
                None,
                state[f"source {number}"],
                state["seen"],
            )
        return self.answer(self.decoded(x))[:, 0], new

    @torch.no_grad()
    def alignment(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Each decoder layer's attention to the source, head by head."""
        _, weights = self._decode(source, target, look=True)
        return {
            f"layer {layer + 1}, head {head + 1}": weights[layer][:, head]
            for layer in range(len(weights))
            for head in range(weights[layer].shape[1])
        }

    def _encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """The source as vectors, and where they are not padding, (sentences, 1, 1,
        tokens).
        """
        seen = (source != PAD)[:, None, None]
        x = self._place(self.source, source)
        for layer in self.encoder:
            x = layer(x, seen)
        return self.encoded(x), seen

    def _decode(
        self, source: Tensor, target: Tensor, look: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        memory, seen = self._encode(source)
        x = self._place(self.target, target)
        # A token may look at itself and at what was said before.
        causal = torch.ones(
            target.shape[1],
            target.shape[1],
            dtype=torch.bool,
            device=target.device,
        ).tril()
        weights = []
        for layer in self._decoders():
            remembered = layer.cross.remember(memory)
            x, _, asked = layer(x, None, causal, remembered, seen)
            if look:
                weights.append(layer.cross.weights(asked, remembered, seen))
        return self.answer(self.decoded(x)), weights

    def _decoders(self) -> list[DecoderLayer]:
        return [
            layer for layer in self.decoder if isinstance(layer, DecoderLayer)
        ]

    def _place(
        self, table: nn.Embedding, tokens: Tensor, start: int = 0
    ) -> Tensor:
        x = (
            table(tokens) * math.sqrt(table.embedding_dim)
            + self.positions[start : start + tokens.shape[1]]
        )
        return self.dropout(x)  # type: ignore[no-any-return]


def parameter_count(
    sources: int,
    targets: int,
    width: int,
    hidden: int,
    layers: int,
    norm: Norm = "pre",
) -> int:
    """Parameters of a Transformer: two embeddings, both stacks with a last norm each if
    pre, and the answer.
    """
    perceptron = 2 * width * hidden + hidden + width
    encoder = 4 * width**2 + 4 * width + perceptron + 4 * width
    decoder = 8 * width**2 + 8 * width + perceptron + 6 * width
    ends = (
        (sources + targets) * width
        + 4 * width * (norm == "pre")
        + (width + 1) * targets
    )
    return ends + layers * (encoder + decoder)


def embedding(size: int, width: int) -> nn.Embedding:
    """Vectors of expected squared length 1; translators scale them up by the root of
    the width.
    """
    table = nn.Embedding(size, width)
    nn.init.normal_(table.weight, std=width**-0.5)
    return table


def answer(width: int, targets: int) -> nn.Linear:
    """Logits of variance 1 at first for inputs of variance 1: a loss of about
    ln(targets) + 1/2, untrained.
    """
    layer = nn.Linear(width, targets)
    nn.init.normal_(layer.weight, std=width**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


def sinusoids(longest: int, width: int) -> Tensor:
    """Positions as (longest, width): sines in even channels, cosines in odd ones, of
    wavelengths 2π to 20,000π.
    """
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
    angles = torch.arange(longest)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)
