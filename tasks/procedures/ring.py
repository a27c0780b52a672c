"""Points around several centres: how many centres a generator finds, and how often its
points are near one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure
from tasks.contract.text import Text
from tasks.models.adversarial import generator_of
from tasks.procedures.adversarial import Adversarial
from tasks.procedures.drawing import points

DRAWS = 2000  # points that are judged
# Standard deviations from its centre within which a point counts as good (Srivastava et
# al., VEEGAN, 2017).
REACH = 3.0
SEEN = 0.1  # of a centre's even share: with fewer good points it counts as missing
SHOWN = 1000  # points in an image


def _nothing(shape: Shape) -> float:
    return 0.0


def _all(shape: Shape) -> float:
    return 1.0


MISSED = Measure(
    "missed",
    "lower",
    worst=_all,
    label=Text("Probability in the wrong place", zh="放错位置的概率"),
    percent=True,
)
MODES = Measure(
    "modes",
    "higher",
    worst=_nothing,
    label=Text("Centres found", zh="找到的中心数"),
    resolution=1.0,
)
GOOD = Measure(
    "good",
    "higher",
    worst=_nothing,
    label=Text("Points near a centre", zh="靠近某个中心的点的比例"),
    percent=True,
)


def shares(made: Tensor, centres: Tensor, reach: float) -> Tensor:
    """The share of the points ``made``, (points, 2), that lie within ``reach`` of each
    of the centres, (centres, 2), and of no nearer one: (centres,).
    """
    distances = torch.cdist(made, centres)
    nearest = distances.min(1)
    good = nearest.indices[nearest.values <= reach]
    return torch.bincount(good, minlength=len(centres)) / len(made)


@dataclass(frozen=True)
class RingGame(Adversarial):
    """Adversarial training on points in the plane. ``metadata["centres"]`` are equally
    likely, and ``metadata["std"]`` is the standard deviation around each.

    ``missed`` is the total variation between the shares of the centres, points near
    none being a share of their own, and even ones: 0 where each centre has its share, 1
    where no point is near any.
    """

    measures: tuple[Measure, ...] = (MISSED, MODES, GOOD)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """The probability in the wrong place, the centres found, and the share
        of good points.
        """
        centres = split.x.new_tensor(split.metadata["centres"])
        made = _draw(model, split.x, DRAWS, generator)
        found = shares(made, centres, REACH * float(split.metadata["std"]))
        even = 1 / len(centres)
        # The total variation of two distributions is 1 less what they have in
        # common.
        missed = 1 - found.clamp(max=even).sum()
        modes = (found >= SEEN * even).sum()
        values = torch.stack([missed, modes, found.sum()]).double().tolist()
        return dict(zip(("missed", "modes", "good"), values, strict=True))

    def snapshot(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """The generated points in the plane."""
        made = _draw(model, split.x, SHOWN, generator)
        extent = (-1.5, 1.5, -1.5, 1.5)
        return {"points.png": points(made[:, :1], made[:, 1:], (), extent)}

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """The generated points, as ``snapshot`` draws them."""
        return self.snapshot(model, split, generator)


@torch.no_grad()
def _draw(
    model: nn.Module, like: Tensor, count: int, generator: torch.Generator
) -> Tensor:
    """So many generated points, (count, 2)."""
    network = generator_of(model)
    made: Tensor = network(network.noise(count, like, generator))
    return made
