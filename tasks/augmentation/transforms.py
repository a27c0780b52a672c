"""Augmentations that transform each example independently: flips, shifts, rotation,
noise, colour, erased rectangles.

Images are (examples, channels, height, width) and curves (examples, length) or
(examples, channels, length). Values may be normalised: nothing here assumes a range of
0 to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tasks.augmentation.augment import ByExample, along_examples, uniform
from tasks.contract.checks import FieldChecks
from tasks.contract.errors import UserError


@dataclass(frozen=True)
class Flip(ByExample):
    """Mirrored along the last dimension: a horizontal flip. ``dim=-2`` flips images
    vertically.
    """

    probability: float = 0.5
    dim: int = -1

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.number("probability", 0, most=1)
        if self.dim not in (-1, -2):
            raise check.error(
                "dim", "give -1, left and right, or -2, up and down"
            )

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x``, (examples, ...), mirrored with the given probability."""
        _need_dimensions(self, x, 1 - self.dim)
        chosen = uniform(x, generator) < self.probability
        return torch.where(along_examples(chosen, x), x.flip(self.dim), x)


@dataclass(frozen=True)
class Negate(ByExample):
    """The sign of all values flipped, for signals whose sign has no meaning."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        FieldChecks(self).number("probability", 0, most=1)

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x``, (examples, ...), negated with the given probability."""
        chosen = uniform(x, generator) < self.probability
        return torch.where(along_examples(chosen, x), -x, x)


@dataclass(frozen=True)
class Shift(ByExample):
    """Moved by up to ``most`` places in each direction; circularly."""

    most: int = 2

    def __post_init__(self) -> None:
        FieldChecks(self).whole("most", 0, "places to move by at most")

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x`` rolled along each spatial dimension, each example by its own
        offsets.
        """
        for dim in _places(x):
            offsets = _offsets(x, self.most, generator)
            x = rolled(x, offsets, dim)
        return x


@dataclass(frozen=True)
class Crop(ByExample):
    """``padding`` zeros added on each side, and a random window of the old size cut
    out: a shift with zero padding.
    """

    padding: int = 4

    def __post_init__(self) -> None:
        FieldChecks(self).whole("padding", 0, "zeros added on each side")

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x`` moved along each spatial dimension, with zeros where it came
        from.
        """
        for dim in _places(x):
            offsets = _offsets(x, self.padding, generator)
            places = (
                torch.arange(x.shape[dim], device=x.device) - offsets[:, None]
            )
            inside = (places >= 0) & (places < x.shape[dim])
            x = rolled(x, offsets, dim) * _along(inside, x, dim)
        return x


@dataclass(frozen=True)
class Rotate(ByExample):
    """Images rotated about their centre by up to ``degrees`` either way, with bilinear
    interpolation and zero padding.
    """

    degrees: float = 15.0

    def __post_init__(self) -> None:
        FieldChecks(self).number("degrees", 0, most=180)

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Images, each rotated by an angle of its own."""
        _need_dimensions(self, x, 4)
        return rotated(x, uniform(x, generator, -self.degrees, self.degrees))


@dataclass(frozen=True)
class Noise(ByExample):
    """Gaussian noise of standard deviation ``std`` added to every value."""

    std: float = 0.1

    def __post_init__(self) -> None:
        FieldChecks(self).number("std", 0, advice="its standard deviation")

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x``, (examples, ...), plus noise of its shape."""
        noise = torch.randn(
            x.shape, generator=generator, device=x.device, dtype=x.dtype
        )
        return x + self.std * noise


@dataclass(frozen=True)
class ColorJitter(ByExample):
    """Brightness, contrast and saturation of images, each changed at random.

    A number up to ``brightness`` is added; distances from the image's mean are
    multiplied by 1 ± ``contrast``, and those from each pixel's grey by 1 ±
    ``saturation``.
    """

    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.number("brightness", 0, advice="in the units of the data")
        check.number("contrast", 0, most=1)
        check.number("saturation", 0, most=1)

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Images with contrast, saturation and brightness changed, in this
        order.
        """
        _need_dimensions(self, x, 4)
        mean = x.mean((1, 2, 3), keepdim=True)
        x = mean + (x - mean) * self._factor(x, self.contrast, generator)
        grey = x.mean(1, keepdim=True)
        x = grey + (x - grey) * self._factor(x, self.saturation, generator)
        added = uniform(x, generator, -self.brightness, self.brightness)
        return x + along_examples(added, x)

    def _factor(
        self, x: Tensor, most: float, generator: torch.Generator
    ) -> Tensor:
        return along_examples(uniform(x, generator, 1 - most, 1 + most), x)


@dataclass(frozen=True)
class Erase(ByExample):
    """A random rectangle of an image, or stretch of a curve, set to 0 (Zhong et al.
    2020).

    Its share of the area is drawn evenly from ``area``, its height over its width from
    ``aspect``, evenly on the log scale; sides are rounded to whole places.
    """

    probability: float = 0.5
    area: tuple[float, float] = (0.02, 0.33)
    aspect: tuple[float, float] = (0.3, 3.3)

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.number("probability", 0, most=1)
        for name, most in (("area", 1.0), ("aspect", math.inf)):
            low, high = getattr(self, name)
            if not 0 < low <= high <= most:
                raise check.error(
                    name, "give the lowest and the highest, above 0"
                )

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """``x`` with a rectangle of zeros in some examples."""
        # Drawn for all examples whether they are chosen or not, so that the
        # number of draws does not depend on chance.
        chosen = uniform(x, generator) < self.probability
        area = uniform(x, generator, *self.area)
        sides = [area]
        places = _places(x)
        if len(places) == 2:
            sides = self._sides(x, area, generator)
        erased = along_examples(chosen, x)
        for dim, side in zip(places, sides, strict=True):
            start, end = _stretch(x, side, x.shape[dim], generator)
            at = torch.arange(x.shape[dim], device=x.device)
            inside = (at >= start[:, None]) & (at < end[:, None])
            erased = erased & _along(inside, x, dim)
        return x.masked_fill(erased, 0)

    def _sides(
        self, x: Tensor, area: Tensor, generator: torch.Generator
    ) -> list[Tensor]:
        """Shares of the height and of the width; neither is larger than 1."""
        low, high = (math.log(bound) for bound in self.aspect)
        aspect = uniform(x, generator, low, high).exp()
        # A side longer than the image would take less than the area that was
        # drawn.
        aspect = torch.clamp(aspect, area, 1 / area)
        return [(area * aspect).sqrt(), (area / aspect).sqrt()]


def rolled(x: Tensor, offsets: Tensor, dim: int) -> Tensor:
    """Each example of ``x`` rolled by its own offset, (examples,), along a dimension."""
    size = x.shape[dim]
    places = torch.arange(size, device=x.device) - offsets[:, None]
    return torch.take_along_dim(x, _along(places % size, x, dim), dim)


def rotated(x: Tensor, degrees: Tensor) -> Tensor:
    """Each image of ``x`` rotated anticlockwise by its own angle, (examples,)."""
    angles = torch.deg2rad(degrees).to(x.dtype)
    cos, sin = angles.cos(), angles.sin()
    nothing = torch.zeros_like(cos)
    height, width = x.shape[-2:]
    # affine_grid counts in halves of each side, so sides of unlike length need a ratio
    rows = [
        torch.stack([cos, -sin * height / width, nothing], dim=1),
        torch.stack([sin * width / height, cos, nothing], dim=1),
    ]
    grid = functional.affine_grid(
        torch.stack(rows, dim=1), list(x.shape), align_corners=False
    )
    return functional.grid_sample(x, grid, align_corners=False)


def _need_dimensions(augmentation: ByExample, x: Tensor, least: int) -> None:
    if x.ndim < least:
        wanted = "pictures (examples, channels, height, width)"
        if least < 4:
            wanted = "pictures, or curves (examples, length)"
        raise UserError(
            f"{augmentation!r} and examples of shape {tuple(x.shape[1:])}: it is for "
            f"{wanted}."
        )


def _places(x: Tensor) -> list[int]:
    """The spatial dimensions: two for images, one for signals."""
    return [-2, -1] if x.ndim >= 4 else [-1]


def _offsets(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    return torch.randint(
        -most, most + 1, (len(x),), generator=generator, device=x.device
    )


def _stretch(
    x: Tensor, share: Tensor, size: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Start and end of a stretch of that share of ``size`` places, one at least."""
    length = (share * size).round().clamp(1, size)
    start = (uniform(x, generator) * (size - length + 1)).floor()
    return start, start + length


def _along(values: Tensor, x: Tensor, dim: int) -> Tensor:
    """(examples, places) broadcastable to ``x`` along a spatial dimension."""
    shape = [1] * x.ndim
    shape[0], shape[dim] = values.shape
    return values.reshape(shape)
