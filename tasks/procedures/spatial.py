"""Classification of curves and images that shows where a model looks: what one unit
sees, what heads attend to.

A model is looked into as far as it has something to show: ``features`` (its last map,
every unit at its place) and ``gaze`` (what its heads look at); one that is shuffled is
shown in the order of the example, not in its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from tasks.contract.data import Split
from tasks.contract.recipe import Recipe
from tasks.contract.space import Float, Space
from tasks.models.convolution import Shuffled
from tasks.procedures.drawing import png
from tasks.procedures.metrics import decide
from tasks.procedures.supervised import Classification

# convolution and attention learn at unlike speeds: each trains as long as it improves
UNTIL_CONVERGED = Recipe(
    epochs=100,
    batch_size=100,
    schedule="plateau",
    patience=3,
    lr_gamma=0.3,
    max_lr_reductions=2,
    warmup=0.01,
    max_grad_norm=1.0,
    evaluations=25,
)
SPACE = Space(
    lr=Float(2e-3, 5e-2, log=True),
    weight_decay=Float(1e-3, 1.0, log=True, default=0.05),
    dropout=Float(0.0, 0.3, default=0.1),
)

EXAMPLES = 64  # over which a unit's sensitivity is averaged
SHOWN = 5  # examples with their heads
MOST = 0.9  # of the sensitivity
FULL = 4.0  # times the even share of attention, drawn in full colour

PAPER, INK, MUTED, HEAT = (
    (255, 255, 255),
    (31, 35, 41),
    (91, 100, 112),
    (230, 110, 20),
)
# pixels of a panel; how much larger that of the field is
CURVE, PICTURE, FIELD = (132, 60), (84, 84), 6
GAP, MARGIN, HEADING = 8, 74, 34


@dataclass(frozen=True)
class SpatialClassification(Classification):
    """Classification whose finals keep images of where the model looks."""

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """The receptive field of a model with a map, and what its heads look
        at where it has heads.
        """
        inner = model.model if isinstance(model, Shuffled) else model
        found: dict[str, bytes] = {}
        if hasattr(inner, "features"):
            field = sensitivity(model, split.x[:EXAMPLES])
            found |= {
                "receptive-field.png": draw_field(field),
                "receptive-field.json": field_table(field),
            }
        if hasattr(inner, "gaze"):
            with torch.no_grad():
                shown = split.head(SHOWN)
                gaze, answers = gaze_of(model, shown.x), decide(model(shown.x))
            titles = [
                f"a {label}, taken\nfor a {answer}"
                if label != answer
                else f"a {label}"
                for label, answer in zip(
                    shown.y.tolist(), answers.tolist(), strict=True
                )
            ]
            found["attention.png"] = draw_gaze(shown.x, gaze, titles)
        return found


# ------------------------------------------------------------------------ what is seen


def sensitivity(model: nn.Module, x: Tensor) -> Tensor:
    """How strongly each input moves the unit in the middle of the last map, on average
    over examples: (*inputs).

    The size of the gradient of half the sum of the unit's squared channels; exactly 0
    where the unit does not see.
    """
    inner = model.model if isinstance(model, Shuffled) else model
    x = x.detach().clone().requires_grad_()
    seen = model.shuffled(x) if isinstance(model, Shuffled) else x
    unit = inner.features(seen)  # type: ignore[operator]
    for side in reversed(unit.shape[2:]):
        unit = unit.select(-1, side // 2)
    # Squared, because channels of opposite sign would cancel in a plain sum.
    (gradient,) = torch.autograd.grad(0.5 * unit.square().sum(), x)
    return (
        gradient.abs().mean(0).squeeze(0)
        if gradient.ndim == 4
        else gradient.abs().mean(0)
    )


def gaze_of(model: nn.Module, x: Tensor) -> Tensor:
    """Mean attention of all tokens, (examples, layers, heads, *inputs), where the
    example has it.
    """
    if not isinstance(model, Shuffled):
        return model.gaze(x)  # type: ignore[operator,no-any-return]
    gaze: Tensor = model.model.gaze(model.shuffled(x))  # type: ignore[operator]
    return model.put_back(gaze.flatten(0, 2)).reshape(gaze.shape)


def field_table(field: Tensor) -> bytes:
    """In numbers: how many inputs move the unit at all, and how few have most of the
    influence.
    """
    shares = (
        (field / field.sum().clamp(min=1e-30))
        .flatten()
        .sort(descending=True)
        .values.cumsum(0)
    )
    rows = [
        ["inputs", field.numel()],
        ["inputs that move the unit in the middle", int((field > 0).sum())],
        [
            f"inputs with {MOST:.0%} of the influence on it",
            int((shares < MOST).sum()) + 1,
        ],
    ]
    return json.dumps(
        {"columns": ["What the unit sees", "Count"], "rows": rows}
    ).encode()


# ----------------------------------------------------------------------------- drawing


def draw_field(field: Tensor) -> bytes:
    """A PNG of the field of one unit: bars over a curve's places, or an image's pixels,
    the stronger the darker.
    """
    seen, heat = int((field > 0).sum()), field / field.max().clamp(min=1e-30)
    if field.ndim == 1:
        panel = _bars(heat)
    else:
        panel = _tinted(
            torch.zeros_like(heat),
            # The root makes weak influence visible beside the strong middle.
            heat.sqrt(),
            (field.shape[1] * 2 * FIELD, field.shape[0] * 2 * FIELD),
        )
    sheet = Image.new(
        "RGB", (max(panel.width, 330) + 2 * GAP, panel.height + HEADING), PAPER
    )
    sheet.paste(panel, (GAP, HEADING - 6))
    _text(
        sheet,
        (GAP, 6),
        f"The unit in the middle sees {seen} of {field.numel()} inputs",
    )
    return png(sheet)


def draw_gaze(x: Tensor, gaze: Tensor, titles: Sequence[str]) -> bytes:
    """A PNG with a row per example and a column per head: coloured where all tokens
    together look.

    ``x`` is (examples, length) or (examples, 1, height, width), ``gaze`` (examples,
    layers, heads, *inputs).
    """
    size = CURVE if x.ndim == 2 else PICTURE
    examples, layers, heads = gaze.shape[:3]
    width, height = size[0] + GAP, size[1] + GAP
    sheet = Image.new(
        "RGB",
        (MARGIN + layers * heads * width, HEADING + examples * height),
        PAPER,
    )
    for row in range(examples):
        _text(
            sheet, (4, HEADING + row * height + size[1] // 2 - 10), titles[row]
        )
        for column in range(layers * heads):
            layer, head = divmod(column, heads)
            # On one scale for all heads: an even gaze is pale everywhere.
            heat = (gaze[row, layer, head] / FULL).clamp(0, 1)
            panel = (
                _curve(x[row], heat)
                if x.ndim == 2
                else _tinted(x[row, 0], heat, size)
            )
            sheet.paste(
                panel, (MARGIN + column * width, HEADING + row * height)
            )
            if row == 0:
                _text(
                    sheet,
                    (MARGIN + column * width, 4),
                    f"Layer {layer + 1}\nhead {head + 1}",
                    MUTED,
                )
    return png(sheet)


def _curve(x: Tensor, heat: Tensor) -> Image.Image:
    """A curve over a ground that is coloured place by place."""
    image = Image.fromarray(_mixed(heat[None])).resize(
        CURVE, Image.Resampling.NEAREST
    )
    values = x.detach().float().cpu()
    low, high = values.min(), values.max()
    across = (np.arange(len(values)) + 0.5) * CURVE[0] / len(values)
    up = ((high - values) / (high - low).clamp(min=1e-9)).numpy() * (
        CURVE[1] - 8
    ) + 4
    ImageDraw.Draw(image).line(
        list(zip(across.tolist(), up.tolist(), strict=True)), fill=INK, width=2
    )
    return image


def _tinted(x: Tensor, heat: Tensor, size: tuple[int, int]) -> Image.Image:
    """An image in ink over a ground that is coloured pixel by pixel; both (height,
    width).
    """
    values = x.detach().float().cpu()
    ink = (
        (values - values.min()) / (values.max() - values.min()).clamp(min=1e-9)
    )[:, :, None].numpy()
    ground = _mixed(heat)
    return Image.fromarray(
        (ground * (1 - ink) + np.array(INK) * ink).round().astype(np.uint8)
    ).resize(size, Image.Resampling.NEAREST)


def _bars(heat: Tensor) -> Image.Image:
    """A bar per place, as high as its share of the highest."""
    step, height = 2 * FIELD, 20 * FIELD
    image = Image.new("RGB", (len(heat) * step, height + 1), PAPER)
    draw = ImageDraw.Draw(image)
    for place, share in enumerate(heat.detach().float().cpu().tolist()):
        if share > 0:
            draw.rectangle(
                [
                    place * step,
                    height - max(1, share * height),
                    (place + 1) * step - 2,
                    height,
                ],
                fill=HEAT,
            )
    draw.line([0, height, len(heat) * step, height], fill=MUTED)
    return image


def _mixed(heat: Tensor) -> NDArray[np.uint8]:
    """Paper where ``heat`` (height, width) is 0, full colour where it is 1: (height,
    width, 3) bytes.
    """
    share = heat.detach().float().cpu().clamp(0, 1).numpy()[:, :, None]
    mixed: NDArray[np.uint8] = (
        (np.array(PAPER) * (1 - share) + np.array(HEAT) * share)
        .round()
        .astype(np.uint8)
    )
    return mixed


def _text(
    sheet: Image.Image,
    place: tuple[int, int],
    text: str,
    colour: tuple[int, int, int] = INK,
) -> None:
    ImageDraw.Draw(sheet).multiline_text(
        place, text, fill=colour, font=ImageFont.load_default(11), spacing=2
    )
