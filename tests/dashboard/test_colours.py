"""Colours that mean different things look different, also without red or green cones."""

import re
from itertools import combinations, product, starmap
from pathlib import Path

import numpy as np
import pytest

from dashboard import theme
from suite.report.charts.looks import HUES, SHADES, looks

REPORT = Path(__file__).parents[2] / "suite" / "report" / "html" / "report.css"
ARMS = [f"arm{number + 1}" for number in range(HUES)]
RAMP = [f"step{number + 1}" for number in range(SHADES)]
# The least distances in OKLab, in which 1 is black to white. The closest pair of an
# earlier palette, "refuted" and the second arm on dark, was 0.03 apart.
LEAST = 0.08
# Linear sRGB as it looks without the cones (Machado, Oliveira and Fernandes 2009).
VISION = {
    "all cones": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
# From linear sRGB to OKLab (Ottosson 2020).
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(color, seen_by="all cones"):
    """``#RRGGBB`` in OKLab, as it looks to someone with that vision."""
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    dark = channels <= 0.04045
    linear = np.where(
        dark, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    seen = np.clip(VISION[seen_by] @ linear, 0, 1)
    return TO_LAB @ np.cbrt(TO_CONES @ seen)


def distance(one, other):
    """The smallest distance of two colours in any vision."""
    return min(
        float(np.linalg.norm(oklab(one, vision) - oklab(other, vision)))
        for vision in VISION
    )


def test_white_and_black_lie_one_apart():
    assert oklab("#FFFFFF") == pytest.approx([1, 0, 0], abs=1e-6)
    assert distance("#FFFFFF", "#000000") == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("scheme", theme.TOKENS)
def test_no_verdict_looks_like_an_arm(scheme):
    tokens = theme.TOKENS[scheme]
    distances = {
        (verdict, arm): distance(tokens[verdict], tokens[arm])
        for verdict, arm in product(theme.VERDICTS, ARMS)
    }

    assert {pair: d for pair, d in distances.items() if d < LEAST} == {}


@pytest.mark.parametrize("scheme", theme.TOKENS)
@pytest.mark.parametrize("names", [ARMS, list(theme.VERDICTS)])
def test_arms_and_verdicts_each_look_different_from_one_another(scheme, names):
    tokens = theme.TOKENS[scheme]
    distances = {
        pair: distance(tokens[pair[0]], tokens[pair[1]])
        for pair in combinations(names, 2)
    }

    assert {pair: d for pair, d in distances.items() if d < LEAST} == {}


def test_sixteen_arms_differ_in_colour_or_in_pattern():
    assert len(set(looks([None] * 16))) == 16
    assert len(set(looks(range(16)))) == 16


def luminance(color: str) -> float:
    """Relative luminance of ``#RRGGBB`` as WCAG 2 defines it, 0 (black) to 1 (white)."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(
        4.48, abs=0.005
    )  # a well-known near miss


def tinted(ground, color, share):
    """``ground`` with that share of the color mixed in, in sRGB."""
    channels = [
        round(
            (1 - share) * int(ground[i : i + 2], 16)
            + share * int(color[i : i + 2], 16)
        )
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{channel:02X}" for channel in channels)


@pytest.mark.parametrize("scheme", theme.TOKENS)
def test_text_and_marks_can_be_told_from_what_they_lie_on(scheme):
    tokens = theme.TOKENS[scheme]
    for name in ("text", "muted", "accent", "warn", *theme.VERDICTS):
        for ground in ("surface", "page"):
            assert contrast(tokens[name], tokens[ground]) >= 4.5, (
                name,
                ground,
            )
    for name in (
        theme.VERDICTS
    ):  # on badges, which have a tenth of their text's colour
        badge = tinted(tokens["surface"], tokens[name], 0.1)
        assert contrast(tokens[name], badge) >= 4.5, name
    for arm in ARMS:
        # pale pink: 2.996
        assert contrast(tokens[arm], tokens["surface"]) >= 2.99, arm


@pytest.mark.parametrize("scheme", theme.TOKENS)
def test_the_ramp_goes_one_way_in_lightness_for_every_reader(scheme):
    colors = [theme.TOKENS[scheme][name] for name in RAMP]
    for vision in VISION:
        lightness = [oklab(color, vision)[0] for color in colors]

        assert lightness == sorted(lightness)


@pytest.mark.parametrize("scheme", theme.TOKENS)
def test_shades_stand_out_from_the_page_and_from_what_is_beside_them(scheme):
    tokens = theme.TOKENS[scheme]
    shades = [tokens[name] for name in RAMP]
    others = [tokens[name] for name in (*theme.VERDICTS, "arm2", "arm5")]

    # WCAG 2.2, 1.4.11: parts of graphics
    assert min(contrast(one, tokens["surface"]) for one in shades) >= 3
    assert min(starmap(distance, combinations(shades, 2))) >= 0.07
    assert min(starmap(distance, product(shades, others))) >= 0.06


def test_arms_on_an_axis_are_shades_in_the_order_of_the_axis():
    batches = [look.color for look in looks([512, 8, 32])]
    beside = [look.color for look in looks([1, 2, 3, 8, None, 8])]

    assert batches == ["step6", "step1", "step3"]
    assert beside == ["step1", "step3", "step4", "step6", "arm2", "step6"]
    assert [look.color for look in looks([1, 2])] == ["arm1", "arm2"]


@pytest.mark.parametrize("scheme", theme.TOKENS)
def test_the_report_has_the_colours_of_the_pages(scheme):
    light, dark = REPORT.read_text(encoding="utf-8").split("@media screen", 1)
    sheet = {"light": light, "dark": dark}[scheme]
    for name in (*ARMS, *RAMP, *theme.VERDICTS):
        found = re.search(rf"--{name.replace('_', '-')}: (#\w+)", sheet)

        assert found
        assert found[1].upper() == theme.TOKENS[scheme][name]
