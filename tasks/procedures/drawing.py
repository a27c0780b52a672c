"""Images for people, as PNG bytes: grids of small images, points in a plane."""

import io
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

PAPER, INK, FAINT = (255, 255, 255), (31, 78, 121), (196, 196, 196)


def png(image: Image.Image) -> bytes:
    """The image as bytes, at a low compression level: the highest takes ten times as
    long and saves a twentieth.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def picture_grid(
    pictures: Tensor, columns: int, scale: int = 3, gap: int = 1
) -> bytes:
    """Images from -1 to 1, (images, channels, height, width), in rows of ``columns``,
    each pixel ``scale`` wide.

    An image that is NaN is left out: its place stays empty.
    """
    count, channels, height, width = pictures.shape
    rows = -(-count // columns)
    values = (
        ((pictures.detach().float().cpu() + 1) * 127.5).round().clamp(0, 255)
    )
    blank = torch.full(
        (rows * columns - count, channels, height, width), torch.nan
    )
    tiles = torch.cat([values, blank]).nan_to_num(96)  # empty places are grey
    framed = torch.nn.functional.pad(tiles, (0, gap, 0, gap), value=96)
    sheet = (
        framed.unflatten(0, (rows, columns))
        # From (rows, columns, channels, height, width) to rows of pixels.
        .permute(0, 3, 1, 4, 2)
        .flatten(2, 3)
        .flatten(0, 1)
    )
    # (height, width, channels)
    array: NDArray[np.uint8] = sheet.byte().numpy()
    image = Image.fromarray(array.squeeze(2) if channels == 1 else array)
    return png(
        image.resize(
            (image.width * scale, image.height * scale),
            Image.Resampling.NEAREST,
        )
    )


def points(
    x: Tensor,
    y: Tensor,
    lines: Sequence[tuple[tuple[float, float], tuple[float, float]]],
    extent: tuple[float, float, float, float],
    size: tuple[int, int] = (480, 360),
) -> bytes:
    """Points over faint lines, within ``extent`` (left, right, bottom, top); what lies
    outside is not drawn.
    """
    left, right, bottom, top = extent
    width, height = size

    def place(across: float, up: float) -> tuple[float, float]:
        return (across - left) / (right - left) * width, (top - up) / (
            top - bottom
        ) * height

    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    for start, end in lines:
        draw.line([place(*start), place(*end)], fill=FAINT, width=6)
    for across, up in zip(
        x.flatten().tolist(), y.flatten().tolist(), strict=True
    ):
        h, v = place(across, up)
        draw.ellipse([h - 1.5, v - 1.5, h + 1.5, v + 1.5], fill=INK)
    return png(image)
