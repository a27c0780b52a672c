"""MNIST-1D: ten digit-like curves, stretched, shifted, sheared and noisy, of 40 numbers each; generated without end.

The published generator (package ``mnist1d``) makes one example at a time, about 0.25 s a thousand. Here the same steps
act on all examples at once, thirty times faster; its templates and constants are taken from the package, and a
test shows that equal draws give equal examples. Logistic regression reaches 32 %, an MLP 68 %, a CNN 94 %, a GRU
91 % and a person 96 % on 4,000 training examples (Greydanus & Kobak).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from tasks._contract import Split, Splits
from tasks.data._split import normalised

SOURCE = (
    "Greydanus & Kobak, Scaling down deep learning with MNIST-1D, ICML 2024; generator: package mnist1d. "
    "Licence: Apache-2.0."
)
LENGTH, CLASSES = 40, 10
CHUNK = 20_000  # examples generated at once: 12 MB an array
EPSILON = 1e-8  # keeps the template's own zeros apart from the padding's

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """The random numbers behind examples; uniform ones lie in [0, 1), normal ones have deviation 1."""

    padding: Array  # (examples,) uniform
    scale: Array  # (examples,) uniform
    shift: NDArray[np.int64]  # (examples,) below max_translation
    correlated: Array  # (examples, 72) normal
    independent: Array  # (examples, 72) normal
    shear: Array  # (examples,) uniform

    @classmethod
    def of(cls, examples: int, rng: np.random.Generator) -> "Draws":
        knobs = _knobs()
        long = knobs["template_len"] + knobs["padding"][1]
        return cls(
            padding=rng.random(examples),
            scale=rng.random(examples),
            shift=rng.integers(knobs["max_translation"], size=examples),
            correlated=rng.standard_normal((examples, long)),
            independent=rng.standard_normal((examples, long)),
            shear=rng.random(examples),
        )


def load(seed: int, train: int = 4000, validation: int = 2000, test: int = 4000) -> Splits:
    """Curves (examples, 40), all three parts generated anew from the seed; classes are equally frequent."""
    streams = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    parts = [_generated(size, stream) for size, stream in zip((train, validation, test), streams, strict=True)]
    return normalised(*parts, classes=CLASSES, population="fresh")


def curves(labels: NDArray[np.int64], draws: Draws) -> Array:
    """The examples (examples, 40) of the given classes that the draws make, before normalising."""
    knobs = _knobs()
    low, high = knobs["padding"]
    length = knobs["template_len"]
    pads = low + (draws.padding * (high - low + 1)).astype(int)
    x = np.empty((len(labels), length + high))
    for pad in np.unique(pads):  # the longer the padding, the narrower the digit
        rows = pads == pad
        padded = np.pad(_templates()[labels[rows]] + EPSILON, ((0, 0), (0, pad)))
        x[rows] = _resampled(padded, length + high)
    x *= 1 + knobs["scale_coeff"] * (draws.scale[:, None] - 0.5)
    x = np.take_along_axis(x, (np.arange(length + high) - draws.shift[:, None]) % (length + high), axis=1)
    background = gaussian_filter1d(knobs["corr_noise_scale"] * draws.correlated, sigma=2, axis=1)
    x = np.where(x == 0, background, x) + knobs["iid_noise_scale"] * draws.independent
    slope = knobs["shear_scale"] * (draws.shear[:, None] - 0.5)
    return _resampled(x - slope * np.linspace(-0.5, 0.5, length + high), LENGTH)


def _generated(examples: int, rng: np.random.Generator) -> Split:
    labels = rng.permutation(np.arange(examples) % CLASSES)
    chunks = [labels[start : start + CHUNK] for start in range(0, examples, CHUNK)]
    x = np.concatenate([curves(chunk, Draws.of(len(chunk), rng)).astype(np.float32) for chunk in chunks])
    return Split(torch.from_numpy(x), torch.from_numpy(labels))


def _resampled(x: Array, length: int) -> Array:
    """Each row (rows, n) read off at ``length`` evenly spaced points, linearly between its own."""
    place = np.linspace(0, x.shape[1] - 1, length)
    left = np.minimum(place.astype(int), x.shape[1] - 2)
    share = place - left
    return x[:, left] * (1 - share) + x[:, left + 1] * share  # type: ignore[no-any-return]


@cache
def _knobs() -> dict[str, Any]:
    from mnist1d.data import get_dataset_args  # here, because it brings matplotlib along: 1 s

    return dict(get_dataset_args(as_dict=True))


@cache
def _templates() -> Array:
    from mnist1d.data import get_templates

    return np.asarray(get_templates()["x"])
