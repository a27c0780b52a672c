"""Multilayer perceptrons, and the widths that give them a wanted number of parameters."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape
from tasks.contract.errors import UserError

Norm = Literal["none", "batch", "layer"]
NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
}
TOLERANCE = 0.01  # how far a solved parameter count may be from the wanted one
CLOSE = 0.002  # among counts this near, the evenest widths win


def mlp(
    shape: Shape,
    widths: Sequence[int],
    *,
    dropout: float = 0.0,
    activation: type[nn.Module] = nn.ReLU,
    norm: Norm = "none",
) -> nn.Sequential:
    """Logits (examples, outputs) after one hidden layer per width: linear, norm,
    activation, dropout.

    Hidden weights are drawn after He et al. (2015), so that the size of signals
    survives any depth; the output layer keeps torch's smaller default, so that an
    untrained model answers close to chance. Biases start at 0.
    """
    # The same model takes curves, images and tables.
    layers: list[nn.Module] = [nn.Flatten()]
    sizes = [shape.features, *widths]
    for inputs, outputs in pairwise(sizes):
        layers.append(_linear(inputs, outputs))
        if norm != "none":
            layers.append(NORMS[norm](outputs))
        layers.append(activation())
        if dropout:
            layers.append(nn.Dropout(dropout))
    head = nn.Linear(sizes[-1], shape.outputs)
    nn.init.zeros_(head.bias)
    return nn.Sequential(*layers, head)


class ResidualMLP(nn.Module):
    """Logits (examples, outputs) of an MLP in which every hidden layer but the first
    adds to what it gets: h + W relu(h), after He et al., "Identity mappings in deep
    residual networks" (2016).

    It has as many parameters as ``mlp`` with the same widths: where widths differ by
    a unit, zeros are added to h (He et al., 2016a, option A). Added layers begin at
    1 / sqrt(layers) of He's scale: together they multiply the signal's mean square by
    (1 + 1 / layers) ** layers, at most e, at any depth.
    """

    def __init__(self, shape: Shape, widths: Sequence[int]) -> None:
        super().__init__()
        self.first = _linear(shape.features, widths[0])
        added = [_linear(*sizes) for sizes in pairwise(widths)]
        with torch.no_grad():
            for layer in added:
                layer.weight.div_(len(added) ** 0.5)
        self.added = nn.ModuleList(added)
        self.head = nn.Linear(widths[-1], shape.outputs)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, outputs), of ``x``, (examples, ...)."""
        h = self.first(x.flatten(1))  # (examples, width)
        for layer in self.added:
            change = layer(functional.relu(h))
            wider = change.shape[1] - h.shape[1]
            h = (functional.pad(h, (0, wider)) if wider else h) + change
        logits: Tensor = self.head(functional.relu(h))
        return logits


def _linear(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def parameter_count(
    inputs: int, widths: Sequence[int], outputs: int, norm: Norm = "none"
) -> int:
    """Weights and biases of such an MLP; with equal widths w and depth L: (i+1)w +
    (L-1)(w+1)w + (w+1)o.

    A norm adds a scale and a shift per hidden unit.
    """
    sizes = [inputs, *widths, outputs]
    linear = sum((before + 1) * after for before, after in pairwise(sizes))
    return linear + (0 if norm == "none" else 2 * sum(widths))


@cache
def matched_widths(
    parameters: int, depth: int, inputs: int, outputs: int, norm: Norm = "none"
) -> tuple[int, ...]:
    """Widths of ``depth`` hidden layers, as equal as can be, whose parameter count is
    within 1 % of ``parameters``.

    Where inputs are many, one unit more in the first layer costs more than in all the
    others: so the first layer gets one of the two widths nearest to equal ones, and the
    rest shares what remains, later layers one unit more. Raises UserError if no whole
    numbers come that close.
    """

    def count(widths: Sequence[int]) -> int:
        return parameter_count(inputs, widths, outputs, norm)

    def largest(start: tuple[int, ...], layers: int) -> int:
        """The largest width of that many equal layers after ``start`` within the
        budget.
        """
        return max(
            1,
            bisect_right(
                range(1, parameters),
                parameters,
                key=lambda w: count((*start, *[w] * layers)),
            ),
        )

    def error(widths: Sequence[int]) -> float:
        return abs(count(widths) / parameters - 1)

    # `largest` never exceeds the budget, so the unit above it is tried, too.
    equal, rest = largest((), depth), depth - 1
    found = []
    for first in (equal, equal + 1):
        width = largest((first,), rest) if rest else 0
        found += [
            (first, *[width] * (rest - wider), *[width + 1] * wider)
            for wider in range(depth)
        ]
    close = [widths for widths in found if error(widths) <= CLOSE]
    widths = (
        # Equal widths first: a bottleneck would be another difference between
        # depths.
        min(close, key=lambda w: (max(w) - min(w), error(w)))
        if close
        else min(found, key=error)
    )
    if error(widths) > TOLERANCE:
        raise UserError(
            f"parameters={parameters} cannot be matched within {TOLERANCE:.0%} by "
            f"depth={depth} on {inputs} inputs: "
            f"try {count(widths)}, or a larger number."
        )
    return widths
