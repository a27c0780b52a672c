"""Metrics of generated images against real ones: distance, precision and coverage.

All on the features of a fixed classifier of our own (``metadata["classifier"]``), of
``metadata["samples"]`` real images. Shares are of as many generated ones; distances are
to ``metadata["generated"]`` of them, which costs little and matters: the Fréchet
distance is biased upwards by about 1 / samples. What as many real training images
(``metadata["reference"]``) come to is its floor, and the excess is what lies above it;
the kernel distance has no bias.
"""

import json
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure
from tasks.contract.text import Text
from tasks.models.adversarial import generator_of
from tasks.models.fixed_classifier import FixedClassifier
from tasks.procedures.adversarial import Adversarial
from tasks.procedures.drawing import picture_grid

NEIGHBOURS = 5  # as Naeem et al. (2020)
CONFIDENT = 0.9  # probability from which the classifier counts as sure
SEEN = 0.1  # of a class's even share: with fewer images than that, it counts as missing
COLUMNS = 10
# An excess is at least this share of the floor, so that its logarithm stays finite
# where generated images are as near as real ones.
LEAST_EXCESS = 0.05


def _nothing(shape: Shape) -> float:
    return 0.0


def _blank(shape: Shape) -> float:
    """The distance of blank images, which a generator reaches that has collapsed to
    one.
    """
    reference, classifier = (
        shape.metadata["reference"],
        shape.metadata["classifier"],
    )
    blank = torch.full_like(reference, -1.0)
    return frechet_distance(
        classifier(reference).features, classifier(blank).features
    ).item()


def _blank_by_kernel(shape: Shape) -> float:
    """The kernel distance of blank images."""
    reference, classifier = (
        shape.metadata["reference"],
        shape.metadata["classifier"],
    )
    blank = torch.full_like(reference, -1.0)
    return kernel_distance(
        classifier(reference).features, classifier(blank).features
    ).item()


FRECHET = Measure(
    "frechet",
    "lower",
    worst=_blank,
    label=Text(
        "Fréchet distance (own classifier)", zh="Fréchet 距离（自有分类器）"
    ),
)
EXCESS = Measure(
    "frechet_excess",
    "lower",
    worst=_blank,
    label=Text(
        "Fréchet distance above that of real", zh="超出真实图片的 Fréchet 距离"
    ),
)
KERNEL = Measure(
    "kernel_distance",
    "lower",
    worst=_blank_by_kernel,
    label=Text("Kernel distance (own classifier)", zh="核距离（自有分类器）"),
)
COVERAGE = Measure(
    "coverage",
    "higher",
    worst=_nothing,
    label=Text("Coverage", zh="覆盖率"),
    percent=True,
)
PRECISION = Measure(
    "precision",
    "higher",
    worst=_nothing,
    label=Text("Precision", zh="精确率"),
    percent=True,
)
RECALL = Measure(
    "recall",
    "higher",
    worst=_nothing,
    label=Text("Recall", zh="召回率"),
    percent=True,
)
EVENNESS = Measure(
    "evenness",
    "higher",
    worst=_nothing,
    label=Text("Evenness of classes (entropy)", zh="类别均匀度（熵）"),
    percent=True,
)
CONFIDENCE = Measure(
    "confident",
    "higher",
    worst=_nothing,
    label=Text("Classifier over 90 % sure", zh="分类器把握超过 90 % 的比例"),
    percent=True,
)
CLASSES = Measure(
    "classes",
    "higher",
    worst=_nothing,
    label=Text("Classes seen", zh="出现的类别数"),
)
MEASURES = (
    FRECHET,
    EXCESS,
    KERNEL,
    COVERAGE,
    PRECISION,
    RECALL,
    EVENNESS,
    CONFIDENCE,
    CLASSES,
)


# ----------------------------------------------------------------------------- figures


def frechet_distance(real: Tensor, made: Tensor) -> Tensor:
    """Squared Fréchet distance of two Gaussians with the moments of the features,
    (examples, features) each; 0-d.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), after Dowson & Landau (1982) and Heusel
    et al. (2017). The root's trace is that of the symmetric (S1^(1/2) S2
    S1^(1/2))^(1/2), in double precision.
    """
    real, made = real.double(), made.double()
    first, second = (x.T.cov().reshape(x.shape[1], -1) for x in (real, made))
    # The root of a symmetric matrix, by its eigenvalues, which rounding may
    # leave just below 0.
    values, vectors = torch.linalg.eigh(first)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    both: Tensor = (
        torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    )
    shift = (real.mean(0) - made.mean(0)).square().sum()
    # Of equal distributions rounding may leave it just below 0.
    return (shift + first.trace() + second.trace() - 2 * both).clamp(min=0)


def kernel_distance(real: Tensor, made: Tensor) -> Tensor:
    """Squared maximum mean discrepancy under the kernel (x . y / features + 1)^3, of
    (examples, features) each; 0-d.

    Unbiased whatever the number of examples, and so at times below 0 (Bińkowski et al.
    2018, the "KID").
    """
    real, made = real.double(), made.double()

    def kernel(one: Tensor, other: Tensor) -> Tensor:
        return (one @ other.T / one.shape[1] + 1) ** 3

    def among(x: Tensor) -> Tensor:
        """The mean over pairs of different examples."""
        pairs = kernel(x, x)
        return (pairs.sum() - pairs.trace()) / (len(x) * (len(x) - 1))

    return among(real) + among(made) - 2 * kernel(real, made).mean()


def neighbourhoods(
    real: Tensor, made: Tensor, neighbours: int = NEIGHBOURS
) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall (Kynkäänniemi et al. 2019) and coverage (Naeem et al. 2020),
    0-d each.

    Around every example lies a ball that reaches to its k-th nearest neighbour of its
    own kind. Precision is the share of made examples in any real one's ball, recall
    that of real examples in any made one's, coverage the share of real examples whose
    own ball has a made one in it: a few outliers with large balls cannot feign it.
    """
    across = _distances(real, made)  # (real, made)
    real_reach, made_reach = _reach(real, neighbours), _reach(made, neighbours)
    precision = (across <= real_reach[:, None]).any(0)
    recall = (across <= made_reach).any(1)
    coverage = across.amin(1) <= real_reach
    return (
        precision.double().mean(),
        recall.double().mean(),
        coverage.double().mean(),
    )


def evenness(shares: Tensor) -> Tensor:
    """Entropy of class shares, (classes,), over its greatest value: 1 where all are
    equal, 0 where there is but one.
    """
    entropy: Tensor = torch.special.entr(shares).sum()
    return entropy / math.log(len(shares))


def _distances(one: Tensor, other: Tensor) -> Tensor:
    # by a matrix product, which needs the double precision
    return torch.cdist(one.double(), other.double())


def _reach(x: Tensor, neighbours: int) -> Tensor:
    """Distance of each example to its k-th nearest neighbour, (examples,)."""
    # each is its own nearest
    nearest = (
        _distances(x, x)
        .topk(min(neighbours + 1, len(x)), largest=False)
        .values
    )
    return nearest.amax(1)


# --------------------------------------------------------------------------- procedure


@dataclass(frozen=True)
class Pictures(Adversarial):
    """A game whose examples are images from -1 to 1. Params and checkpoints are chosen
    by the Fréchet distance.

    The noise that images are made from is the same at every evaluation, so they can be
    followed through training.
    """

    measures: tuple[Measure, ...] = MEASURES

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """Every measure of images made from the same noise at each evaluation."""
        return figures(split, _made(model, split, generator))

    def snapshot(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """A sheet of the first generated images."""
        made = _made(model, split, generator)
        return {"samples.png": picture_grid(made[: COLUMNS**2], COLUMNS)}

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """A sheet of samples, one sorted by class, and two tables: the measures and
        those of real images, and the shares of the classes.
        """
        classifier: FixedClassifier = split.metadata["classifier"]
        real, made = _real(split), _made(model, split, generator)
        probabilities = classifier(made).probabilities
        ours, theirs = figures(split, made), figures(split, _reference(split))
        compared: list[list[object]] = [
            [m.label, _rounded(ours[m.name]), _rounded(theirs[m.name])]
            for m in self.measures
        ]
        classes = _class_table(probabilities, classifier(real).probabilities)
        return {
            "samples.png": picture_grid(made[: COLUMNS**2], COLUMNS),
            "by-class.png": picture_grid(
                _by_class(made, probabilities), COLUMNS
            ),
            "measures.json": _table(
                ["Measure", "Generated", "Real training pictures"], compared
            ),
            "classes.json": _table(
                ["Class", "Generated", "Real", "Generated, over 90 % sure"],
                classes,
            ),
        }


def figures(split: Split, made: Tensor) -> dict[str, float]:
    """Every measure of images beside the split's real ones. All NaN if an image is not
    finite.
    """
    if not made.isfinite().all():
        return {measure.name: math.nan for measure in MEASURES}
    classifier: FixedClassifier = split.metadata["classifier"]
    theirs, ours = classifier(_real(split)).features, classifier(made)
    reference = classifier(_reference(split)).features
    # Shares are of as many made as real images; distances take all that were
    # made.
    features, probabilities = (x[: len(theirs)] for x in ours)
    precision, recall, coverage = neighbourhoods(theirs, features)
    shares = _shares(probabilities)
    distance = frechet_distance(theirs, ours.features)
    floor = frechet_distance(theirs, reference)
    found = {
        FRECHET: distance,
        EXCESS: (distance - floor).maximum(LEAST_EXCESS * floor),
        KERNEL: kernel_distance(theirs, ours.features),
        COVERAGE: coverage,
        PRECISION: precision,
        RECALL: recall,
        EVENNESS: evenness(shares),
        CONFIDENCE: _sure(probabilities).double().mean(),
        CLASSES: (shares >= SEEN / len(shares)).sum().double(),
    }
    values = torch.stack(list(found.values())).tolist()
    return dict(zip((measure.name for measure in found), values, strict=True))


def _real(split: Split) -> Tensor:
    return split.x[: split.metadata["samples"]]


def _reference(split: Split) -> Tensor:
    """Real training images, at most as many as are generated."""
    reference: Tensor = split.metadata["reference"]
    return reference.to(split.x.device)


@torch.no_grad()
def _made(
    model: nn.Module, split: Split, generator: torch.Generator
) -> Tensor:
    network = generator_of(model)
    noise = network.noise(split.metadata["generated"], split.x, generator)
    made: Tensor = network(noise)
    return made


def _shares(probabilities: Tensor) -> Tensor:
    """The share of images that are taken for each class, (classes,)."""
    taken = nn.functional.one_hot(
        probabilities.argmax(1), probabilities.shape[1]
    )
    return taken.double().mean(0)


def _sure(probabilities: Tensor) -> Tensor:
    return probabilities.amax(1) > CONFIDENT


def _by_class(pictures: Tensor, probabilities: Tensor) -> Tensor:
    """A row of the first images of each class, as the classifier takes them; places
    left over are NaN.
    """
    taken, rows = probabilities.argmax(1), []
    for label in range(probabilities.shape[1]):
        found = pictures[taken == label][:COLUMNS]
        rows += [
            found,
            pictures.new_full(
                (COLUMNS - len(found), *pictures.shape[1:]), math.nan
            ),
        ]
    return torch.cat(rows)


def _class_table(made: Tensor, real: Tensor) -> list[list[object]]:
    sure = made[_sure(made)].argmax(1).bincount(
        minlength=made.shape[1]
    ).double() / len(made)
    columns = (_shares(made).tolist(), _shares(real).tolist(), sure.tolist())
    return [
        [label, *(_rounded(value) for value in row)]
        for label, row in enumerate(zip(*columns, strict=True))
    ]


def _rounded(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def _table(columns: list[str], rows: list[list[object]]) -> bytes:
    return json.dumps(
        {"columns": columns, "rows": rows}, ensure_ascii=False, indent=1
    ).encode()
