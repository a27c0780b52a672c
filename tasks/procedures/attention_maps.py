"""Where attention looks, as one picture: a panel per head, the darker the more."""

import io
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

PAPER, INK, FRAME = (255, 255, 255), (31, 35, 41), (228, 231, 235)
FULL = (0, 68, 136)  # the colour of a weight of 1
COLUMNS, GAP, LEFT, TOP = 4, 16, 26, 34  # panels a row; pixels between them, and around one for its labels
LARGEST, WIDEST = 18, 320  # pixels of a cell at most, and of a panel


def attention_maps(heads: Mapping[str, Tensor], across: str) -> bytes:
    """A PNG of weights from 0 to 1, (rows, columns) by the head's name, its columns called ``across``.

    Rows are numbered from 1 rather than named: a word may need any script, and no font has them all.
    """
    rows, columns = next(iter(heads.values())).shape
    cell = max(3, min(LARGEST, WIDEST // max(rows, columns)))
    width, height = LEFT + max(columns * cell, 90) + GAP, TOP + rows * cell + GAP
    wide = min(COLUMNS, len(heads))
    sheet = Image.new("RGB", (wide * width, -(-len(heads) // wide) * height), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(10)
    for place, (name, weights) in enumerate(heads.items()):
        left, top = place % wide * width + LEFT, place // wide * height + TOP
        draw.text((left, top - TOP + 2), name, INK, font)
        draw.text((left, top - 15), f"{across} →", INK, ImageFont.load_default(9))
        for row in range(rows):
            if cell >= 9 or row % 5 == 0:
                draw.text((left - 4, top + row * cell + cell / 2), str(row + 1), INK, font, anchor="rm")
        panel = Image.fromarray(_colours(weights)).resize((columns * cell, rows * cell), Image.Resampling.NEAREST)
        sheet.paste(panel, (left, top))
        draw.rectangle([left - 1, top - 1, left + columns * cell, top + rows * cell], outline=FRAME)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _colours(weights: Tensor) -> NDArray[np.uint8]:
    """Each weight between white and FULL, (rows, columns, 3) bytes."""
    share = weights.detach().float().cpu().clamp(0, 1)[:, :, None]
    colours: NDArray[np.uint8] = (
        torch.lerp(torch.tensor(PAPER).float(), torch.tensor(FULL).float(), share).byte().numpy()
    )
    return colours
