"""Self-attention: a small vision transformer for curves and images alike, and its
hybrid with convolutions.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape
from tasks.contract.errors import UserError
from tasks.models._softmax import softmax
from tasks.models.convolution import (
    STEM,
    TOLERANCE,
    Layer,
    as_images,
    channels,
    convolution_count,
    convolutions,
    map_shape,
)

WIDTH, HEADS, DEPTH = 32, 4, 2
POSITION_SCALE = 0.02  # standard deviation of untrained positions, as in ViT


class SelfAttention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017): every token asks all tokens, in
    ``heads`` subspaces at once.

    Maps (examples, tokens, width) to the same shape with 4 width² + 4 width parameters,
    however many heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise UserError(
                f"heads={heads} do not share width={width} evenly: give a divisor of the width."
            )
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Mixed tokens, (examples, tokens, width), of tokens of that shape."""
        weights, values = self._look(x)
        return self.out((weights @ values).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def weights(self, x: Tensor) -> Tensor:
        """How much each token takes from each, (examples, heads, tokens, tokens); every
        row sums to 1.
        """
        return self._look(x)[0]

    def _look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        parts = (
            self.query_key_value(x)
            .unflatten(2, (3, self.heads, -1))
            .permute(2, 0, 3, 1, 4)
        )
        # each (examples, heads, tokens, width / heads)
        queries, keys, values = parts.unbind(0)
        # Queries are scaled rather than scores, which are more numbers.
        scores = queries / math.sqrt(queries.shape[3]) @ keys.transpose(2, 3)
        return softmax(scores), values


class Block(nn.Module):
    """Attention, then a perceptron on each token by itself, each added to what came in
    (pre-norm).
    """

    def __init__(
        self, width: int, heads: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.before_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens, (examples, tokens, width), of tokens of that shape."""
        x = x + self.dropout(self.attention(self.before_attention(x)))
        return x + self.dropout(self.mlp(self.before_mlp(x)))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """Logits (examples, outputs): tokens, learned positions, blocks, the mean over all
    tokens, a linear layer.

    ``embed`` makes tokens (examples, tokens, width) out of what a task has, one for
    each place of ``grid``. Without ``positions`` the answer does not depend on the
    order of the tokens.
    """

    def __init__(
        self,
        embed: nn.Module,
        shape: Shape,
        grid: tuple[int, ...],
        hidden: int,
        width: int = WIDTH,
        heads: int = HEADS,
        depth: int = DEPTH,
        dropout: float = 0.0,
        positions: bool = True,
    ) -> None:
        super().__init__()
        self.inputs, self.grid = shape.inputs, grid
        self.embed = embed
        self.positions = (
            nn.Parameter(POSITION_SCALE * torch.randn(math.prod(grid), width))
            if positions
            else None
        )
        self.blocks = nn.ModuleList(
            Block(width, heads, hidden, dropout) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, shape.outputs)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, outputs), of what ``embed`` takes."""
        return self.head(self.norm(self._through(x)[-1]).mean(1))  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> Tensor:
        """The tokens before the last norm, each at its place: (examples, width, places)
        or (…, rows, columns).
        """
        places: Tensor = (
            self._through(x)[-1].transpose(1, 2).unflatten(2, self.grid)
        )
        return places

    def attention(self, x: Tensor) -> Tensor:
        """Where each layer's heads look, (examples, layers, heads, tokens, tokens);
        every row sums to 1.
        """
        streams = self._through(x)
        seen = [
            b.attention.weights(b.before_attention(x))
            for b, x in zip(self._blocks(), streams, strict=False)
        ]
        return torch.stack(seen, dim=1)

    def gaze(self, x: Tensor) -> Tensor:
        """Mean attention of all tokens, (examples, layers, heads, *inputs): 1
        everywhere if uniform.
        """
        # Mean over the tokens that look; times their number, so that 1 is an
        # even share.
        received = self.attention(x).mean(3) * math.prod(self.grid)
        # (examples, layers * heads, *grid), as interpolate takes them
        maps = received.unflatten(3, self.grid).flatten(1, 2)
        spread = functional.interpolate(
            maps, size=self.inputs[-len(self.grid) :], mode="nearest"
        )
        gaze: Tensor = spread.unflatten(1, received.shape[1:3])
        return gaze

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def _through(self, x: Tensor) -> list[Tensor]:
        """The tokens before each block and after the last one."""
        tokens = self.embed(x)
        streams = [
            tokens if self.positions is None else tokens + self.positions
        ]
        for block in self.blocks:
            streams.append(block(streams[-1]))
        return streams


class Patches(nn.Module):
    """Cuts (examples, length) or (examples, channels, height, width) into (examples,
    tokens, numbers of a patch).
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """The numbers of each patch: (examples, tokens, numbers)."""
        if x.ndim == 2:
            return x.unflatten(1, (-1, self.size))  # type: ignore[no-any-return]
        cut: Tensor = x.unflatten(3, (-1, self.size)).unflatten(
            2, (-1, self.size)
        )
        # from (…, channels, rows, size, columns, size)
        return cut.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


class Places(nn.Module):
    """A token for each place of a map: (examples, width, *grid) as (examples, tokens,
    width).
    """

    def forward(self, x: Tensor) -> Tensor:
        """(examples, tokens, width) of (examples, width, *grid)."""
        return x.flatten(2).transpose(1, 2)


class Curves(nn.Module):
    """Makes curves, (examples, length), the images of one row that convolutions take."""

    def forward(self, x: Tensor) -> Tensor:
        """(examples, 1, 1, length) of curves; images unchanged."""
        return as_images(x) if x.ndim == 2 else x


# -------------------------------------------------------------------- at a wanted size


def vision_transformer(
    shape: Shape,
    parameters: int,
    patch: int,
    *,
    width: int = WIDTH,
    heads: int = HEADS,
    depth: int = DEPTH,
    dropout: float = 0.0,
) -> Transformer:
    """Attention over patches of ``patch`` neighbours (squares in images), after
    Dosovitskiy et al. (2021).
    """
    sides = shape.inputs[-2:]
    if any(side % patch for side in sides):
        raise UserError(
            f"patch={patch} does not divide inputs of {shape.inputs}: give a divisor "
            "of their sides."
        )
    grid = tuple(side // patch for side in sides)
    numbers = channels(shape.inputs) * patch ** len(grid)
    embed = nn.Sequential(Patches(patch), nn.Linear(numbers, width))
    taken = (numbers + 1) * width
    hidden = matched_hidden(
        parameters, taken, math.prod(grid), shape.outputs, width, depth
    )
    return Transformer(
        embed, shape, grid, hidden, width, heads, depth, dropout
    )


def hybrid(
    shape: Shape,
    parameters: int,
    *,
    stem: tuple[Layer, ...] = STEM,
    width: int = WIDTH,
    heads: int = HEADS,
    depth: int = DEPTH,
    dropout: float = 0.0,
) -> Transformer:
    """Attention over the places of a convolution's map, after Xiao et al. (2021)."""
    grid = map_shape(shape.inputs, stem)
    embed = nn.Sequential(
        Curves(), convolutions(shape.inputs, width, stem), Places()
    )
    taken = convolution_count(shape.inputs, width, stem)
    hidden = matched_hidden(
        parameters, taken, math.prod(grid), shape.outputs, width, depth
    )
    return Transformer(
        embed, shape, grid, hidden, width, heads, depth, dropout
    )


def transformer_count(
    tokens: int,
    outputs: int,
    hidden: int,
    width: int = WIDTH,
    depth: int = DEPTH,
) -> int:
    """Parameters of a Transformer but for those of its ``embed``: positions, blocks,
    last norm, head.

    A block has 4 d² + 4 d in its attention, 2 d h + h + d in its perceptron of h hidden
    units, 4 d in its norms.
    """
    block = (
        (4 * width**2 + 4 * width)
        + (2 * width * hidden + hidden + width)
        + 4 * width
    )
    return tokens * width + depth * block + 2 * width + (width + 1) * outputs


def matched_hidden(
    parameters: int,
    taken: int,
    tokens: int,
    outputs: int,
    width: int = WIDTH,
    depth: int = DEPTH,
) -> int:
    """Hidden units that bring a Transformer within 0.4 % of ``parameters``, of which
    its ``embed`` has ``taken``.

    Raises UserError if none do.
    """
    # The count is linear in the hidden units, so two values give the solution.
    none = taken + transformer_count(tokens, outputs, 0, width, depth)
    each = transformer_count(
        tokens, outputs, 1, width, depth
    ) - transformer_count(tokens, outputs, 0, width, depth)
    hidden = max(1, round((parameters - none) / each))
    found = none + hidden * each
    if abs(found / parameters - 1) > TOLERANCE:
        raise UserError(
            f"parameters={parameters} cannot be matched within {TOLERANCE:.1%} by "
            f"{depth} blocks of width {width} over "
            f"{tokens} tokens: {hidden} hidden units come to {found}; change the "
            "width or the parameters."
        )
    return hidden
