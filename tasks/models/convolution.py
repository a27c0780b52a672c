"""Convolutional networks for curves and images, and the width that gives them a wanted
number of parameters.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape
from tasks.contract.errors import UserError

# how far a solved parameter count may be from the wanted one: two such are within 1 %
# of each other
TOLERANCE = 0.004


class Layer(NamedTuple):
    """A convolution over an odd number of neighbours, at every ``stride``-th place."""

    kernel: int
    stride: int


LAYERS = (
    Layer(5, 1),
    Layer(5, 2),
    Layer(5, 2),
)  # a map with a quarter of the input's side
STEM = (Layer(5, 2), Layer(3, 2))  # the same, as input to attention


class ConvNet(nn.Module):
    """Logits (examples, outputs): convolutions, the mean over all places, a linear
    layer.

    The same for curves (examples, length) and images (examples, channels, height,
    width).
    """

    def __init__(
        self,
        shape: Shape,
        width: int,
        dropout: float = 0.0,
        layers: Sequence[Layer] = LAYERS,
    ) -> None:
        super().__init__()
        self.body = convolutions(shape.inputs, width, layers, dropout)
        self.head = nn.Linear(width, shape.outputs)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> Tensor:
        """The last map, (examples, width, places) or (examples, width, rows, columns)."""
        return self.body(x.unsqueeze(1) if x.ndim == 2 else x)  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(2).mean(2))  # type: ignore[no-any-return]


def convolutions(
    inputs: tuple[int, ...], width: int, layers: Sequence[Layer], dropout: float = 0.0
) -> nn.Sequential:
    """Convolutions of ``width`` channels for inputs of that shape, each with batch norm
    and ReLU; borders are padded.

    Weights are drawn after He et al. (2015); the norm's shift makes biases needless.
    Dropout takes whole channels, since neighbours on a map are correlated (Tompson et
    al. 2015).
    """
    curves = len(inputs) == 1
    kind, norm = (nn.Conv1d, nn.BatchNorm1d) if curves else (nn.Conv2d, nn.BatchNorm2d)
    drop = nn.Dropout1d if curves else nn.Dropout2d
    found: list[nn.Module] = []
    for before, layer in zip(
        [channels(inputs), *[width] * len(layers)], layers, strict=False
    ):
        convolution = kind(
            before,
            width,
            layer.kernel,
            layer.stride,
            padding=layer.kernel // 2,
            bias=False,
        )
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        found += [
            convolution,
            norm(width),
            nn.ReLU(),
            *([drop(dropout)] if dropout else []),
        ]
    return nn.Sequential(*found)


class Shuffled(nn.Module):
    """A model that gets the numbers of each example in an order drawn once, the same
    for all examples.

    What is learnt from the numbers alone is as easy as before; what is learnt from
    which numbers are adjacent is not.
    """

    order: Tensor

    def __init__(self, model: nn.Module, shape: Shape) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("order", torch.randperm(shape.features))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(self.shuffled(x))  # type: ignore[no-any-return]

    def shuffled(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, self.order].reshape(x.shape)

    def put_back(self, x: Tensor) -> Tensor:
        """Undoes ``shuffled``."""
        back = torch.empty_like(x.flatten(1))
        back[:, self.order] = x.flatten(1)
        return back.reshape(x.shape)


# -------------------------------------------------------------------------- arithmetic


def channels(inputs: tuple[int, ...]) -> int:
    """Numbers at each place of an input of that shape: a curve has one."""
    return 1 if len(inputs) == 1 else inputs[0]


def map_shape(
    inputs: tuple[int, ...], layers: Sequence[Layer] = LAYERS
) -> tuple[int, ...]:
    """Places of the last map, (length,) or (rows, columns)."""
    sides = inputs[-2:]
    for layer in layers:
        sides = tuple(-(-side // layer.stride) for side in sides)
    return sides


def convolution_count(
    inputs: tuple[int, ...], width: int, layers: Sequence[Layer] = LAYERS
) -> int:
    """Weights of such convolutions, with a scale and a shift per channel from each
    norm; without a head.
    """
    sides = 1 if len(inputs) == 1 else 2
    through = [channels(inputs), *[width] * len(layers)]
    pairs = zip(pairwise(through), layers, strict=True)
    return sum(
        (before * layer.kernel**sides + 2) * after for (before, after), layer in pairs
    )


@cache
def matched_width(parameters: int, shape: Shape) -> int:
    """The width whose ConvNet has within 0.4 % of ``parameters``. UserError, naming the
    nearest, where none has.
    """

    def count(width: int) -> int:
        return convolution_count(shape.inputs, width) + (width + 1) * shape.outputs

    above = bisect_right(range(parameters), parameters, key=count)
    width = min(
        max(above - 1, 1), above, key=lambda width: abs(count(width) - parameters)
    )
    if abs(count(width) / parameters - 1) > TOLERANCE:
        raise UserError(
            f"parameters={parameters} cannot be matched within {TOLERANCE:.1%} by a "
            f"CNN on inputs {shape.inputs}: "
            f"try {count(width)}."
        )
    return width
