"""The Hessian along gradient descent: which directions of a loss curve up, which down,
and which not at all.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import TypeAlias

import torch
from torch import Tensor
from torch.autograd.functional import hessian
from torch.func import grad

from tasks import Axis, Curve, Level, Outcome, Params, Picture, Text

Loss: TypeAlias = Callable[[Tensor], Tensor]

INPUTS, HIDDEN, CLASSES = 8, 6, 10  # 124 parameters
EXAMPLES = 300
# an eigenvalue is 0 if it is this share of the largest one: beyond rounding, far below
# what curves
TOLERANCE = 1e-6
STEP = 1e-2  # along an eigenvector
NEAR = 0.01  # how far from a planted saddle a path begins
MOMENTUM = 0.9
SEEN = 8  # points of a path whose Hessian a picture shows


def product(parameters: Tensor) -> Tensor:
    """The lecture's network y = w₁ w₂ x with one example (1, 1): (1 - w₁ w₂)²."""
    return (1 - parameters.prod()).square()


def double_well(parameters: Tensor) -> Tensor:
    """(u² - 1)² + v²: a saddle at 0, minima at u = ±1."""
    u, v = parameters
    height: Tensor = (u**2 - 1) ** 2 + v**2
    return height


def network(x: Tensor, y: Tensor, parameters: Tensor) -> Tensor:
    """The cross entropy of a network with one tanh layer."""
    sizes = [HIDDEN * INPUTS, HIDDEN, CLASSES * HIDDEN, CLASSES]
    first, shift, second, offset = parameters.split(sizes)
    hidden = torch.tanh(x @ first.view(HIDDEN, INPUTS).T + shift)
    logits = hidden @ second.view(CLASSES, HIDDEN).T + offset
    return torch.nn.functional.cross_entropy(logits, y)


@cache
def _digits() -> tuple[Tensor, Tensor]:
    """The first principal components of 8x8 digits, of variance 1 each."""
    # It takes a second to import, which listing the tasks need not wait for.
    from sklearn.datasets import load_digits

    found = load_digits()
    x = torch.tensor(found.data, dtype=torch.float64)
    left, _, _ = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)
    components = left[:, :INPUTS] * len(x) ** 0.5
    return components, torch.tensor(found.target)


def planted(loss: Loss, generator: torch.Generator) -> tuple[Loss, Tensor]:
    """A loss with a saddle at 0, and a point near it."""
    # Not at the saddle itself, where the slope is 0 and descent would stay.
    return loss, NEAR * torch.randn(
        2, dtype=torch.float64, generator=generator
    )


def digits_sample(
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs (examples, components) and labels of a sample of digits, and a random
    start of the network's parameters.
    """
    x, y = _digits()
    chosen = torch.randperm(len(x), generator=generator)[:EXAMPLES]
    weights = torch.randn(
        HIDDEN * INPUTS + HIDDEN + CLASSES * HIDDEN + CLASSES,
        dtype=torch.float64,
        generator=generator,
    )
    # All in double precision: in float32 rounding is as large as the
    # eigenvalues that have to be told from 0.
    return x[chosen], y[chosen], weights / INPUTS**0.5


def digits_network(generator: torch.Generator) -> tuple[Loss, Tensor]:
    """The network's loss on a sample of digits, and a random start."""
    x, y, start = digits_sample(generator)
    return partial(network, x, y), start


SURFACES: dict[str, Callable[[torch.Generator], tuple[Loss, Tensor]]] = {
    "product": partial(planted, product),
    "double_well": partial(planted, double_well),
    "network": digits_network,
}


def descend(
    loss: Loss, start: Tensor, rate: float, updates: int
) -> list[Tensor]:
    """The points of gradient descent with momentum, the start first."""
    slope, path, velocity = grad(loss), [start], torch.zeros_like(start)
    for _ in range(updates):
        velocity = MOMENTUM * velocity + slope(path[-1])
        path.append(path[-1] - rate * velocity)
    return path


def eigen(loss: Loss, point: Tensor) -> tuple[Tensor, Tensor]:
    """The Hessian's eigenvalues, ascending, and its eigenvectors in columns."""
    values, vectors = torch.linalg.eigh(hessian(loss, point))
    return values, vectors


def signs(values: Tensor) -> tuple[int, int, int]:
    """How many eigenvalues are negative, zero and positive, up to the tolerance."""
    least = TOLERANCE * values.abs().max()
    negative, positive = (
        int((values < -least).sum()),
        int((values > least).sum()),
    )
    return negative, len(values) - negative - positive, positive


def escape(
    loss: Loss, point: Tensor, values: Tensor, vectors: Tensor
) -> float:
    """By how much a step along the lowest eigenvector lowers the loss, over what slope
    and curvature promise: ε |g·v| + ½ |λ| ε².
    """
    # An eigenvector has no sign; the one is taken that does not climb.
    downhill = _downhill(loss, point, vectors)
    promised = -STEP * grad(loss)(point) @ downhill - values[0] * STEP**2 / 2
    gained = loss(point) - loss(point + STEP * downhill)
    return float(gained / promised)


def _downhill(loss: Loss, point: Tensor, vectors: Tensor) -> Tensor:
    lowest = vectors[:, 0]
    return -lowest if grad(loss)(point) @ lowest > 0 else lowest


def measure(updates: int, level: Level, params: Params, seed: int) -> Outcome:
    """What the Hessian says after that many updates."""
    generator = torch.Generator().manual_seed(seed)
    loss, start = SURFACES[level["surface"]](generator)
    path = descend(loss, start, level["lr"], updates)
    values, vectors = eigen(loss, path[-1])
    negative, zeros, positive = signs(values)
    found = {
        "negative": negative / len(values),
        "zeros": float(zeros),
        "minimum_ratio": positive / len(values),
        "escape": escape(loss, path[-1], values, vectors) if negative else 1.0,
        "loss": float(loss(path[-1])),
    }
    return Outcome(found, partial(pictures, loss, path, values, vectors))


def pictures(
    loss: Loss, path: list[Tensor], values: Tensor, vectors: Tensor
) -> list[Picture]:
    """The spectrum and the step along the lowest eigenvector; for the network
    also the minimum ratio along its path.
    """
    found = [
        spectrum(values),
        along_eigenvector(loss, path[-1], values, vectors),
    ]
    if len(path) > SEEN and len(values) > 2:
        found.append(ratios(loss, path))
    return found


def spectrum(values: Tensor) -> Picture:
    """The eigenvalues by rank, as shares of the largest in size."""
    ranks = range(1, len(values) + 1)
    shares = (values / values.abs().max()).tolist()
    return Picture(
        "spectrum",
        Text("Eigenvalues of the Hessian", zh="Hessian 的特征值"),
        Axis(Text("Rank", zh="名次")),
        Axis(Text("Share of the largest", zh="与最大者之比")),
        (Curve(ranks, shares, mode="points"),),
        says=Text(
            "Below 0 the loss falls on both sides; at 0 it does not change.",
            zh="小于 0：沿两侧损失都下降；等于 0：损失不变。",
        ),
    )


def along_eigenvector(
    loss: Loss, point: Tensor, values: Tensor, vectors: Tensor
) -> Picture:
    """The loss along the lowest eigenvector, and what its curvature promises."""
    steps = torch.linspace(-0.5, 0.5, 41, dtype=torch.float64)
    downhill = _downhill(loss, point, vectors)
    slope, here = grad(loss)(point) @ downhill, loss(point)
    found = [float(loss(point + step * downhill) - here) for step in steps]
    promised = (steps * slope + values[0] * steps**2 / 2).tolist()
    return Picture(
        "escape",
        Text(
            "A step along the lowest eigenvector", zh="沿最小特征值的方向移动"
        ),
        Axis(Text("Length of the step", zh="步长")),
        Axis(Text("Change of the loss", zh="损失的变化")),
        (
            Curve(steps.tolist(), found, "loss"),
            Curve(
                steps.tolist()[::4],
                promised[::4],
                "slope and curvature",
                "points",
            ),
        ),
        says=Text(
            "Lines: the loss. Points: what slope and curvature promise.",
            zh="线：损失。点：由梯度与曲率预测的值。",
        ),
    )


def ratios(loss: Loss, path: list[Tensor]) -> Picture:
    """The lecture's minimum ratio against the loss, along the path."""
    # more of the early ones
    places = torch.linspace(0, 1, SEEN) ** 3 * (len(path) - 1)
    points = [path[int(place)] for place in places]
    shares = [signs(eigen(loss, point)[0])[2] / len(point) for point in points]
    return Picture(
        "minimum_ratio",
        Text("Minimum ratio over the loss", zh="最小值比例与损失"),
        Axis(Text("Loss", zh="损失")),
        Axis(Text("Share of positive eigenvalues", zh="正特征值的比例")),
        (Curve([float(loss(point)) for point in points], shares),),
        says=Text(
            "Each point is a place on the path; training goes to the left.",
            zh="每个点是路径上的一处；训练向左进行。",
        ),
    )
