"""Where attention looks, as one image: a panel per head, the darker the more."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from tasks.procedures.drawing import png

PAPER, INK, FRAME = (255, 255, 255), (31, 35, 41), (228, 231, 235)
FULL = (0, 68, 136)  # the colour of a weight of 1
# panels a row; pixels between, and around them for labels
PANELS, GAP, LEFT, TOP, FOOT = 4, 16, 24, 34, 22
# pixels of a cell at most, of a panel, and of a cell that can have a number
LARGEST, WIDEST, READABLE = 18, 320, 13


def attention_maps(heads: Mapping[str, Tensor], says: str) -> bytes:
    """A PNG of weights from 0 to 1, (rows, columns) by the head's name; ``says``, below
    it, what they are.

    Rows and columns are numbered from 1 rather than named: a word may need any script,
    and no font has them all.
    """
    rows, columns = next(iter(heads.values())).shape
    # A long sentence has cells of three pixels at least, however wide that is.
    cell = max(3, min(LARGEST, WIDEST // max(rows, columns)))
    width, height = (
        LEFT + max(columns * cell, 90) + GAP,
        TOP + rows * cell + GAP,
    )
    wide = min(PANELS, len(heads))
    small, font = ImageFont.load_default(9), ImageFont.load_default(11)
    across = max(wide * width, round(font.getlength(says)) + 2 * LEFT)
    sheet = Image.new(
        "RGB", (across, -(-len(heads) // wide) * height + FOOT), PAPER
    )
    draw = ImageDraw.Draw(sheet)
    for place, (name, weights) in enumerate(heads.items()):
        left, top = place % wide * width + LEFT, place // wide * height + TOP
        draw.text((left, top - TOP + 4), name, INK, font)
        for row in _numbered(rows, cell):
            draw.text(
                (left - 4, top + (row + 0.5) * cell),
                str(row + 1),
                INK,
                small,
                anchor="rm",
            )
        for column in _numbered(columns, cell):
            draw.text(
                (left + (column + 0.5) * cell, top - 3),
                str(column + 1),
                INK,
                small,
                anchor="ms",
            )
        panel = Image.fromarray(_colours(weights)).resize(
            (columns * cell, rows * cell), Image.Resampling.NEAREST
        )
        sheet.paste(panel, (left, top))
        draw.rectangle(
            [left - 1, top - 1, left + columns * cell, top + rows * cell],
            outline=FRAME,
        )
    draw.text((LEFT, sheet.height - FOOT + 2), says, INK, font)
    return png(sheet)


def _numbered(count: int, cell: int) -> range:
    """Which rows or columns get a tick label: all, or every fifth."""
    return range(count) if cell >= READABLE else range(0, count, 5)


def _colours(weights: Tensor) -> NDArray[np.uint8]:
    """Each weight between white and FULL, (rows, columns, 3) bytes."""
    share = weights.detach().float().cpu().clamp(0, 1)[:, :, None]
    colours: NDArray[np.uint8] = (
        torch.lerp(
            torch.tensor(PAPER).float(), torch.tensor(FULL).float(), share
        )
        .byte()
        .numpy()
    )
    return colours
