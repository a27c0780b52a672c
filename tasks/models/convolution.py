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
from torch.nn import functional

from tasks.contract.data import Shape
from tasks.contract.errors import UserError

# how far a solved parameter count may be from the wanted one: two such are within 1 %
# of each other
TOLERANCE = 0.004


class Layer(NamedTuple):
    """A convolution over an odd number of neighbours, at every ``stride``-th place."""

    kernel: int
    stride: int


# a map with a quarter of the input's side
LAYERS = (Layer(5, 1), Layer(5, 2), Layer(5, 2))
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
        if x.ndim == 2:
            return self.body(as_images(x)).squeeze(2)  # type: ignore[no-any-return]
        return self.body(x)  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, outputs), of curves or images."""
        return self.head(self.features(x).flatten(2).mean(2))  # type: ignore[no-any-return]


class WindowConvolution(nn.Conv2d):
    """A convolution over images of one channel and one row, (examples, 1, 1, length),
    as one matrix product of all windows with all filters.

    With so few numbers in a window, torch's own convolution takes a CPU twice as long.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(examples, channels, 1, places) of (examples, 1, 1, length)."""
        length, stride, padding = (
            self.kernel_size[1],
            self.stride[1],
            self.padding[1],
        )
        assert isinstance(padding, int)
        padded = functional.pad(input.flatten(1), (padding, padding))
        # (examples, places, length)
        windows = padded.unfold(1, length, stride)
        filters = self.weight.flatten(1)
        found: Tensor = windows @ filters.t()
        return found.transpose(1, 2).unsqueeze(2)


def as_images(curves: Tensor) -> Tensor:
    """Curves, (examples, length), as images of one row: (examples, 1, 1, length)."""
    return curves[:, None, None]


def convolutions(
    inputs: tuple[int, ...],
    width: int,
    layers: Sequence[Layer],
    dropout: float = 0.0,
) -> nn.Sequential:
    """Convolutions of ``width`` channels for inputs of that shape, each with batch norm
    and ReLU; borders are padded.

    Curves come as images of one row (see ``as_images``): a CPU has faster kernels for
    those than for curves. Weights are drawn after He et al. (2015); the norm's shift
    makes biases needless. Dropout takes whole channels, since neighbours on a map are
    correlated (Tompson et al. 2015).
    """
    curves = len(inputs) == 1
    found: list[nn.Module] = []
    before = channels(inputs)
    for layer in layers:
        convolution = _convolution(before, width, layer, curves)
        found += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
        if dropout:
            found.append(nn.Dropout2d(dropout))
        before = width
    return nn.Sequential(*found)


def _convolution(
    before: int, after: int, layer: Layer, curves: bool
) -> nn.Conv2d:
    """From ``before`` channels to ``after``, along the row alone for curves."""
    kernel, stride = layer
    # Odd kernels padded by half their size keep the number of places.
    side = kernel // 2
    kind = WindowConvolution if curves and before == 1 else nn.Conv2d
    made = kind(
        before,
        after,
        (1, kernel) if curves else kernel,
        (1, stride) if curves else stride,
        padding=(0, side) if curves else side,
        bias=False,
    )
    nn.init.kaiming_normal_(made.weight, nonlinearity="relu")
    return made


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
        # A buffer, so that checkpoints keep the order and devices share it.
        self.register_buffer("order", torch.randperm(shape.features))

    def forward(self, x: Tensor) -> Tensor:
        """The model's logits, (examples, outputs), for shuffled inputs."""
        return self.model(self.shuffled(x))  # type: ignore[no-any-return]

    def shuffled(self, x: Tensor) -> Tensor:
        """``x``, (examples, ...), with the numbers of each example in the
        fixed order.
        """
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
        # Padded convolutions round up: every stride-th place, from the first
        # on.
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
        (before * layer.kernel**sides + 2) * after
        for (before, after), layer in pairs
    )


@cache
def matched_width(parameters: int, shape: Shape) -> int:
    """The width whose ConvNet has within 0.4 % of ``parameters``. UserError, naming the
    nearest, where none has.
    """

    def count(width: int) -> int:
        return (
            convolution_count(shape.inputs, width)
            + (width + 1) * shape.outputs
        )

    # The count grows with the width, so it can be bisected.
    above = bisect_right(range(parameters), parameters, key=count)
    width = min(
        max(above - 1, 1),
        above,
        key=lambda width: abs(count(width) - parameters),
    )
    if abs(count(width) / parameters - 1) > TOLERANCE:
        raise UserError(
            f"parameters={parameters} cannot be matched within {TOLERANCE:.1%} by a "
            f"CNN on inputs {shape.inputs}: "
            f"try {count(width)}."
        )
    return width
