"""Chart specifications as SVG, drawn by matplotlib for the report.

Text stays text. Colours are the page's: matplotlib is given placeholders, which become
CSS variables (``var(--arm1)``), so that light, dark and print need one drawing. The
same chart always gives the same bytes.
"""

from __future__ import annotations

import html
import io
import re
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from suite.report.charts.looks import HUES, SHADES, Look
from suite.report.charts.spec import (
    Axis,
    BlockChart,
    BlockRow,
    Chart,
    CurveChart,
    ForestStrip,
    PictureChart,
    PicturePanel,
    SpecificationCurve,
    TrendChart,
    UniverseMark,
)
from suite.report.charts.squares import SIDE, extent, shade, squares
from suite.report.charts.ticks import factor_ticks
from suite.verdicts.statistics import Interval
from tasks import Curve, Heights

if TYPE_CHECKING:
    # Matplotlib takes half a second to import: only drawing waits for it.
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Patterns of lines, so that arms can be distinguished without colour, on paper
# or by the colour-blind: on, off, ... in px.
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (8, 3.5),
    (2.5, 3),
    (9, 3.5, 2.5, 3.5),
    (14, 4.5),
    (14, 3.5, 2.5, 3.5, 2.5, 3.5),
)
CURVE_WIDTH = 2.0
CSS_NAMES = (
    "text",
    "muted",
    "hair",
    "band",
    "soft",
    "c",  # that of the verdict: a class on the chart's box sets it
    *(f"arm{number + 1}" for number in range(HUES)),
    *(f"step{number + 1}" for number in range(SHADES)),
    "supported",
    "refuted",
    "no-difference",
    "inconclusive",
)
# Placeholders: colours that nothing else has.
COLORS = {name: f"#0b5e{number:02x}" for number, name in enumerate(CSS_NAMES)}

REPORT_STYLE = Path(__file__).parents[1] / "html" / "report.css"


def _light_colors() -> dict[str, str]:
    """The report's colours on light, by the name of their CSS variable."""
    light = REPORT_STYLE.read_text(encoding="utf-8").partition("@media")[0]
    return dict(re.findall(r"--([\w-]+): (#\w+);", light))


# The colours of a file of its own, which has no page to set them.
ALONE = _light_colors()
# A verdict's mark among universes, so that colour is never alone.
MARKERS: dict[str, dict[str, Any]] = {
    "supported": {"marker": "o"},
    "refuted": {"marker": "X"},
    "no_difference": {"marker": "D"},
    "inconclusive": {"marker": "o", "markerfacecolor": "none"},
}

PX = 1 / 72  # inches: matplotlib's SVG has 72 units per inch
TEXT_SIZE = 11.0
WIDE = 640.0  # px: a block chart or a trend
PANEL = (360.0, 236.0)  # px: one panel of curves
STRIP = (160.0, 22.0)  # px
MOST_COLUMNS = 2  # panels of a picture side by side
PICTURE_HEIGHT = 330.0  # px: the one row of a picture
LEGEND_COLUMNS, LEGEND_ROW = 3, 20.0  # of a legend in a picture; px
MOST_TICKS = 6  # on a logarithmic axis
ROW_HEIGHT = 58.0  # px: one level of a block chart
LABELLED_ROW_HEIGHT = 74.0
DOT_SIZE = 8.0
DODGE = 0.13  # of a row: how far a dot moves where it would hide another
CONDITION_HEIGHT = 16.0  # px: a row below the universes
MAX_SIDE_LENGTH = 44  # letters of what lies left and right of the line

# matplotlib's settings are global, and the dashboard draws reports in several
# threads.
_LOCK = threading.Lock()


def draw(chart: Chart, name: str) -> Markup:
    """The chart as an ``<svg>`` element; ``name`` is its own within the page."""
    with _LOCK, _settings(name):
        drawing = _Drawing()
        figure = _figure(chart, drawing)
        file = io.StringIO()
        # A date would make every report of one campaign another file.
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(
            file, format="svg", transparent=True, metadata=no_metadata
        )
    svg = file.getvalue()
    return Markup(_inline(svg, chart.title, drawing.marks))


def draw_alone(
    chart: BlockChart
    | TrendChart
    | ForestStrip
    | SpecificationCurve
    | PictureChart,
    name: str,
) -> str:
    """The chart as the text of an SVG file, in the report's light colours, on white."""
    verdict = "" if isinstance(chart, PictureChart) else chart.verdict
    return _alone(str(draw(chart, name)), verdict)


def _alone(drawn: str, verdict: str) -> str:
    """An element of a page as a file of its own: CSS variables become the
    colours they stand for, ``c`` that of the verdict, if there is one.
    """
    own = ALONE[css_name(verdict)] if verdict else ALONE["text"]
    for css, color in {**ALONE, "c": own}.items():
        drawn = drawn.replace(f"var(--{css})", color)
    style = "background: white; font-family: sans-serif"
    start = f'<svg xmlns="http://www.w3.org/2000/svg" style="{style}" '
    return start + drawn.removeprefix("<svg ") + "\n"


@contextmanager
def _settings(name: str) -> Iterator[None]:
    """matplotlib's settings while one chart is drawn; ``name`` seeds the identifiers in
    it.
    """
    import matplotlib as mpl

    settings: Any = {
        # Text as text, so that it can be selected, searched, read aloud and
        # set in the page's font.
        "svg.fonttype": "none",
        # Identifiers of clip paths are hashes: salted with the chart's name
        # they are the same each time, and no other chart of the page has them.
        "svg.hashsalt": name,
        "font.family": ["sans-serif"],
        "font.size": TEXT_SIZE,
        "axes.edgecolor": COLORS["hair"],
        "axes.labelcolor": COLORS["muted"],
        "xtick.labelcolor": COLORS["muted"],
        "ytick.labelcolor": COLORS["muted"],
        "text.color": COLORS["text"],
        "text.parse_math": False,  # a dollar sign is a dollar sign
        "xtick.major.size": 0.0,
        "ytick.major.size": 0.0,
        "grid.color": COLORS["hair"],
        "grid.linewidth": 1.0,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # matplotlib's own font lacks Chinese letters, but does not draw them:
        # text stays text, and its letters come from the reader's fonts.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


class _Drawing:
    """Notes which marks get a class and a tooltip, which matplotlib cannot give them."""

    def __init__(self) -> None:
        self.marks: dict[str, tuple[str, str]] = {}  # by id: class, tooltip

    def mark(self, artist: Any, kind: str, tooltip: str = "") -> None:
        """Have the artist's group in the SVG carry a class, and a tooltip."""
        identifier = f"mark-{len(self.marks)}"
        artist.set_gid(identifier)
        self.marks[identifier] = kind, tooltip


def _inline(
    text: str, title: str, marks: Mapping[str, tuple[str, str]]
) -> str:
    """matplotlib's SVG file as an element of an HTML page, with the title that
    is read aloud.

    ``marks`` are classes and tooltips by the id of a group.
    """
    # An element of a page has no XML declaration and no document type.
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, _, body = text.partition(">")
    box = re.search(r'viewBox="([^"]*)"', head)
    viewbox = box.group(1) if box else "0 0 0 0"
    # HTML's SVG knows ``href`` without the namespace.
    body = body.replace("xlink:href", "href")
    body = _with_page_style(body)
    body = _with_marks(body, marks)
    # Names of groups ("axes_1") would be the same in every chart of the page.
    body = re.sub(r'<g id="[a-z0-9_.]+"', "<g", body).replace("<g/>", "")
    body = re.sub(r"\s*\n\s*", " ", body).strip()
    start = f'<svg viewBox="{viewbox}" role="img">'
    return f"{start}<title>{html.escape(title)}</title>{body}"


def _with_page_style(body: str) -> str:
    """The drawing with the page's own colours and font."""
    for css, placeholder in COLORS.items():
        body = body.replace(placeholder, f"var(--{css})")
    # A style sheet in the drawing would hold for the whole page.
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    return re.sub(r"font-family: [^;\"]*;? ?", "", body)


def _with_marks(body: str, marks: Mapping[str, tuple[str, str]]) -> str:
    """The drawing with a class and a tooltip at each mark."""
    for identifier, (css_class, tooltip) in marks.items():
        title = f"<title>{html.escape(tooltip)}</title>" if tooltip else ""
        group = f'<g class="{css_class}">{title}'
        body = body.replace(f'<g id="{identifier}">', group)
    return body


def _figure(chart: Chart, drawing: _Drawing) -> Figure:
    """The figure of a chart, by its type."""
    match chart:
        case BlockChart():
            return _block_figure(chart, drawing)
        case TrendChart():
            return _trend_figure(chart, drawing)
        case ForestStrip():
            return _strip_figure(chart)
        case CurveChart():
            return _curve_figure(chart, drawing)
        case PictureChart():
            return _picture_figure(chart, drawing)
        case SpecificationCurve():
            return _universe_figure(chart, drawing)


def _blank(
    width: float, height: float, box: tuple[float, float, float, float]
) -> tuple[Figure, Axes]:
    """A figure of that size, and axes in a box: left, top, right, bottom, all in px."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * PX, height * PX))
    return figure, _more_axes(figure, width, height, box)


def _more_axes(
    figure: Figure,
    width: float,
    height: float,
    box: tuple[float, float, float, float],
) -> Axes:
    """Axes in a box of a figure of that size: left, top, right and bottom in
    px, from its upper left corner.
    """
    left, top, right, bottom = box
    axes_width, axes_height = right - left, bottom - top
    axes = figure.add_axes(
        (
            left / width,
            1 - bottom / height,
            axes_width / width,
            axes_height / height,
        )
    )
    axes.spines[:].set_visible(False)
    axes.set_axisbelow(True)
    axes.tick_params(pad=5)
    return axes


def _set_axis(axes: Axes, which: str, axis: Axis, grid: bool = True) -> None:
    """Set limits, ticks and title of the x or the y axis (``which``), and
    lines across the axes at its ticks if ``grid``.
    """
    from matplotlib.ticker import NullLocator

    scale = "log" if axis.log else "linear"
    limits = (axis.low, axis.high)
    target: Any
    if which == "x":
        target = axes.xaxis
        axes.set(xscale=scale, xlim=limits)
    else:
        target = axes.yaxis
        axes.set(yscale=scale, ylim=limits)
    values = [tick.value for tick in axis.ticks]
    labels = [tick.label for tick in axis.ticks]
    target.set_ticks(values, labels)
    target.set_minor_locator(NullLocator())
    if axis.title:
        target.set_label_text(axis.title)
    if grid:
        target.grid(True)


# -- blocks, and trends


def _block_figure(chart: BlockChart, drawing: _Drawing) -> Figure:
    """Every block's difference, one row per level."""
    several = len(chart.rows) > 1
    row_height = LABELLED_ROW_HEIGHT if several else ROW_HEIGHT
    bottom = 20 + row_height * len(chart.rows)
    room_for_labels = 38 if chart.axis.title else 22
    box = (12, 20, WIDE - 12, bottom)
    figure, axes = _blank(WIDE, bottom + room_for_labels, box)
    _set_axis(axes, "x", chart.axis)
    axes.set_ylim(len(chart.rows), 0)  # the first level at the top
    axes.set_yticks([])
    axes.axvspan(*chart.band, color=COLORS["band"], linewidth=0)
    axes.axvline(chart.zero, color=COLORS["muted"], linewidth=1.2)
    for index, row in enumerate(chart.rows):
        _draw_row(axes, drawing, chart, row, index, several)
    _draw_sides(axes, chart.sides)
    return figure


def _draw_row(
    axes: Axes,
    drawing: _Drawing,
    chart: BlockChart,
    row: BlockRow,
    index: int,
    labelled: bool,
) -> None:
    """The dots of one level, and below them the mean with its intervals."""
    top = index + (0.22 if labelled else 0.0)  # the label is above the dots
    height = index + 1 - top
    if labelled:
        axes.text(
            0,
            index + 0.12,
            row.label,
            transform=axes.get_yaxis_transform(),
            va="center",
            weight="bold",
        )
    values = [dot.value for dot in row.dots]
    shifts = _dodged(values, chart.axis)
    for dot, shift in zip(row.dots, shifts, strict=True):
        y = top + height * (0.34 + shift)
        (mark,) = axes.plot(
            dot.value,
            y,
            "o",
            color=COLORS["c"],
            alpha=0.75,
            markersize=DOT_SIZE,
            markeredgecolor=COLORS["soft"],
        )
        drawing.mark(mark, "dot", f"Block {dot.block}: {dot.text}")
    _draw_interval(axes, row, top + height * 0.8)


def _draw_interval(
    axes: Axes, numbers: BlockRow | ForestStrip, y: float
) -> None:
    """The deciding interval thick, the plain one thin, the mean as a diamond."""
    color = COLORS["c"]
    if numbers.adjusted:
        axes.plot(
            numbers.adjusted,
            (y, y),
            color=color,
            alpha=0.45,
            linewidth=5,
            solid_capstyle="butt",
        )
    if numbers.interval:
        axes.plot(numbers.interval, (y, y), color=color, linewidth=1.6)
    axes.plot(
        numbers.effect, y, "D", color=color, markersize=7.5, markeredgewidth=0
    )


def _dodged(values: list[float], axis: Axis) -> list[float]:
    """How far each dot moves up or down, so that none hides another: shares of
    a row, in the order of ``values``.
    """
    value_per_px = (axis.high - axis.low) / WIDE
    # Dots may overlap a little and still be told apart.
    near = 1.7 * DOT_SIZE / 2 * value_per_px
    # Nearest places first, so that a dot moves no further than it must.
    candidates = (0.0, -DODGE, DODGE, -2 * DODGE, 2 * DODGE)
    from_left = sorted(range(len(values)), key=values.__getitem__)
    shifts = dict[int, float]()
    for index in from_left:
        taken = set()
        for other, shift in shifts.items():
            distance = abs(values[other] - values[index])
            if distance < near:
                taken.add(shift)
        free = [shift for shift in candidates if shift not in taken]
        # More than five in one place: the sixth hides another, which its
        # tooltip still tells.
        shifts[index] = free[0] if free else 0.0
    return [shifts[index] for index in range(len(values))]


def _draw_sides(axes: Axes, sides: tuple[str, str]) -> None:
    """What lies left and right of the line, above the axes' corners."""
    left, right = map(_short, sides)
    if left:
        _annotate(axes, 0, "left", f"← {left}")
    if right:
        _annotate(axes, 1, "right", f"{right} →")


def _annotate(axes: Axes, x: float, anchor: str, text: str) -> None:
    """A text just above the axes; ``x`` is 0 at their left end and 1 at the right."""
    axes.annotate(
        text,
        xy=(x, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        color=COLORS["muted"],
        horizontalalignment=anchor,
    )


def _short(text: str) -> str:
    """The text, with an ellipsis where it is too long for its place."""
    if len(text) <= MAX_SIDE_LENGTH:
        return text
    return text[: MAX_SIDE_LENGTH - 1] + "…"


def _trend_figure(chart: TrendChart, drawing: _Drawing) -> Figure:
    """The difference at each level, joined by a line."""
    figure, axes = _blank(WIDE, 240, (70, 12, WIDE - 14, 196))
    _set_axis(axes, "x", chart.x, grid=False)
    _set_axis(axes, "y", chart.y)
    axes.axhline(0.0, color=COLORS["muted"], linewidth=1.2)
    color = COLORS["c"]
    xs = [point.x for point in chart.points]
    values = [point.value for point in chart.points]
    axes.plot(xs, values, color=color, linewidth=1.8)
    for point in chart.points:
        if point.interval:
            axes.plot(
                (point.x, point.x), point.interval, color=color, linewidth=1.6
            )
        (mark,) = axes.plot(
            point.x, point.value, "o", color=color, markersize=9
        )
        drawing.mark(mark, "gap", point.text)
    return figure


def _strip_figure(chart: ForestStrip) -> Figure:
    """One effect with its intervals, in units of the margin."""
    width, height = STRIP
    figure, axes = _blank(width, height, (6, 0, width - 6, height))
    axes.set_xlim(-chart.reach, chart.reach)
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    axes.axvspan(-1, 1, color=COLORS["band"], linewidth=0)
    axes.axvline(0, color=COLORS["muted"], linewidth=1.2)
    _draw_interval(axes, chart, 0.5)
    # An arrow where something lies outside of the strip.
    numbers = (chart.effect, *(chart.adjusted or ()))
    if min(numbers) < -chart.reach:
        _arrow(axes, -chart.reach, "<")
    if max(numbers) > chart.reach:
        _arrow(axes, chart.reach, ">")
    return figure


def _arrow(axes: Axes, x: float, symbol: str) -> None:
    """A triangle at one end of a strip, which points outwards."""
    axes.plot(x, 0.5, symbol, color=COLORS["c"], markersize=8, clip_on=False)


# -- universes


def css_name(verdict: str) -> str:
    """The name of a verdict's colour."""
    return verdict.replace("_", "-")


def _universe_figure(chart: SpecificationCurve, drawing: _Drawing) -> Figure:
    """Effects above, and below which conditions each universe has."""
    left, top, middle, right = 190, 34, 236, WIDE - 12
    bottom = middle + CONDITION_HEIGHT * len(chart.conditions)
    height = bottom + 12
    figure, axes = _blank(WIDE, height, (left, top, right, middle - 12))
    _set_axis(axes, "y", chart.y)
    axes.set(xlim=(-1, len(chart.marks)), xticks=[])
    axes.axhspan(*chart.band, color=COLORS["band"], linewidth=0)
    axes.axhline(chart.zero, color=COLORS["muted"], linewidth=1.2)
    place = (left / WIDE, 1 - bottom / height)
    size = ((right - left) / WIDE, (bottom - middle) / height)
    below = figure.add_axes((*place, *size))
    _condition_rows(below, chart)
    for number, mark in enumerate(chart.marks):
        _draw_universe(axes, below, drawing, number, mark)
    _universe_legend(axes, chart)
    return figure


def _condition_rows(axes: Axes, chart: SpecificationCurve) -> None:
    """A row for each condition, the first at the top."""
    axes.spines[:].set_visible(False)
    axes.set(xlim=(-1, len(chart.marks)), xticks=[])
    axes.set_ylim(len(chart.conditions) - 0.5, -0.5)
    axes.set_yticks(range(len(chart.conditions)), chart.conditions)
    axes.tick_params(length=0)


def _draw_universe(
    axes: Axes, below: Axes, drawing: _Drawing, place: int, mark: UniverseMark
) -> None:
    """A universe's effect with its interval, and its conditions."""
    look = _universe_look(mark.verdict)
    if mark.interval:
        axes.plot(
            (place, place), mark.interval, color=look["color"], linewidth=1.6
        )
    (dot,) = axes.plot(place, mark.value, markersize=6.5, **look)
    drawing.mark(dot, "dot", mark.text)
    # A mark in the row of each condition that the universe has.
    places = [place] * len(mark.rows)
    below.plot(places, mark.rows, markersize=5.5, **look)


def _universe_look(verdict: str) -> dict[str, Any]:
    """How the mark of a universe with that verdict looks, as keyword arguments
    of matplotlib's ``plot``.
    """
    color = COLORS[css_name(verdict)]
    return {"color": color, "linestyle": "none", **MARKERS[verdict]}


def _universe_legend(axes: Axes, chart: SpecificationCurve) -> None:
    """What each mark says, above the effects."""
    for verdict, name in chart.answers.items():
        look = _universe_look(verdict)
        axes.plot([], [], label=name, markersize=6.5, **look)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(chart.answers),
        frameon=False,
        borderaxespad=0.3,
        handletextpad=0.2,
        columnspacing=1.4,
    )


# -- curves


def _curve_figure(chart: CurveChart, drawing: _Drawing) -> Figure:
    """One panel of learning curves: means as lines, intervals as bands."""
    width, height = PANEL
    figure, axes = _blank(width, height, (54, 26, width - 8, height - 38))
    _set_axis(axes, "x", chart.x, grid=False)
    _set_axis(axes, "y", Axis("", chart.y.low, chart.y.high, chart.y.ticks))
    axes.set_title(chart.title, loc="left", fontsize=12, weight="bold", pad=8)
    for line in chart.lines:
        color = COLORS[line.look.color]
        axes.fill_between(
            line.x, line.low, line.high, color=color, alpha=0.16, linewidth=0
        )
    for line in chart.lines:
        # All bands are drawn before the first line, so that no line is hidden.
        (mark,) = axes.plot(line.x, line.mean, **_arm_line(line.look))
        drawing.mark(mark, "curve", line.label)
    return figure


def _arm_line(look: Look) -> dict[str, Any]:
    """How an arm's line looks, as keyword arguments of matplotlib's ``plot``."""
    # matplotlib measures dashes in widths of the line, CSS in pixels.
    dashes = [length / CURVE_WIDTH for length in DASHES[look.pattern]]
    return {
        "color": COLORS[look.color],
        "linewidth": CURVE_WIDTH,
        "linestyle": (0, dashes) if dashes else "solid",
    }


# -- pictures


def _picture_figure(chart: PictureChart, drawing: _Drawing) -> Figure:
    """One panel, or several side by side, under one title and over the legend."""
    columns = min(len(chart.panels), MOST_COLUMNS)
    rows = -(-len(chart.panels) // columns)
    height = PICTURE_HEIGHT if rows == 1 else 250.0
    legend_rows = -(-len(chart.legend) // LEGEND_COLUMNS)
    total = 30 + rows * height + legend_rows * LEGEND_ROW
    width = (WIDE - 14) / columns
    figure: Figure | None = None
    for number, panel in enumerate(chart.panels):
        row, column = divmod(number, columns)
        left, top = column * width + 66, 30 + row * height
        box = (left, top + 26, (column + 1) * width, top + height - 44)
        if figure is None:
            figure, axes = _blank(WIDE, total, box)
        else:
            axes = _more_axes(figure, WIDE, total, box)
        _draw_panel(axes, drawing, chart, panel)
    assert figure is not None  # there is one panel at least
    figure.text(
        10 / WIDE, 1 - 20 / total, chart.title, fontsize=12, weight="bold"
    )
    _draw_legend(figure, chart.legend, total)
    return figure


def _draw_legend(
    figure: Figure, legend: Sequence[tuple[Look, str]], total: float
) -> None:
    """The arms' lines and names in rows at the lower end of a figure."""
    from matplotlib.lines import Line2D

    width = (WIDE - 20) / LEGEND_COLUMNS
    rows = -(-len(legend) // LEGEND_COLUMNS)
    for number, (look, name) in enumerate(legend):
        row, column = divmod(number, LEGEND_COLUMNS)
        left = 10 + column * width
        y = ((rows - row - 1) * LEGEND_ROW + 10) / total
        line = Line2D(
            [left / WIDE, (left + 26) / WIDE], [y, y], **_arm_line(look)
        )
        line.set_transform(figure.transFigure)
        figure.add_artist(line)
        figure.text((left + 32) / WIDE, y, name, va="center", fontsize=10)


def _draw_panel(
    axes: Axes, drawing: _Drawing, chart: PictureChart, panel: PicturePanel
) -> None:
    """Curves and points, over contours or squares if there are heights."""
    axes.set_title(panel.title, loc="left", fontsize=11, pad=6)
    axes.set_xlabel(chart.x.label)
    axes.set_ylabel(chart.y.label)
    if panel.heights is not None and chart.squares:
        # One scale for all panels: the same shade is the same number in each.
        ends = extent(one.heights for one in chart.panels)
        _draw_squares(axes, panel.heights, ends)
        return
    axes.set_xscale("log" if chart.x.log else "linear")
    axes.set_yscale("log" if chart.y.log else "linear")
    axes.grid(panel.heights is None)
    if panel.heights is not None:
        _draw_contours(axes, panel.heights)
    for look, curve in panel.curves:
        mark = _draw_curve(axes, drawing, look, curve)
        # Unclipped where all points lie within, so that a dot on the frame is
        # whole; a curve that leaves the plane is cut off at the frame.
        mark.set_clip_on(not _lies_within(curve, panel.heights))
    if panel.heights is not None:
        axes.set_xlim(min(panel.heights.x), max(panel.heights.x))
        axes.set_ylim(min(panel.heights.y), max(panel.heights.y))
    places: set[float] = set()
    for _, curve in panel.curves:
        places |= set(curve.x)
    _plain_ticks(axes, places)


def _plain_ticks(axes: Axes, places: set[float]) -> None:
    """Numbers as plain text: matplotlib's own are in TeX on logarithmic axes, and few.
    There they are the ``places`` along x if these are not many, and else round.
    """
    from matplotlib.ticker import FuncFormatter, NullLocator

    for target in (axes.xaxis, axes.yaxis):
        if target.get_scale() == "log":
            low, high = target.get_view_interval()
            few = target is axes.xaxis and len(places) <= MOST_TICKS
            ticks = factor_ticks(low, high, MOST_TICKS)
            target.set_ticks(sorted(places) if few else ticks)
        target.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:g}")
        )
        target.set_minor_locator(NullLocator())


def _draw_squares(axes: Axes, heights: Heights, ends: Interval) -> None:
    """A square for each pair of places, the darker the larger the number in it."""
    from matplotlib.patches import Rectangle

    for column, row, value in squares(heights):
        box = Rectangle(
            (column - SIDE / 2, row - SIDE / 2),
            SIDE,
            SIDE,
            facecolor=COLORS["arm1"],
            alpha=shade(value, ends),
            linewidth=0,
        )
        axes.add_patch(box)
        axes.text(column, row, f"{value:.3g}", ha="center", va="center")
    for target, places in ((axes.xaxis, heights.x), (axes.yaxis, heights.y)):
        labels = [f"{place:g}" for place in places]
        target.set_ticks(range(len(places)), labels)
    axes.set_xlim(-0.5, len(heights.x) - 0.5)
    axes.set_ylim(-0.5, len(heights.y) - 0.5)


def _draw_contours(axes: Axes, heights: Heights) -> None:
    """Lines of equal height, thin and pale, as curves are drawn over them."""
    axes.contour(
        heights.x,
        heights.y,
        heights.z,
        levels=14,
        colors=[COLORS["muted"]],
        linewidths=0.7,
        linestyles="solid",
        alpha=0.5,
    )


def _lies_within(curve: Curve, heights: Heights | None) -> bool:
    """Whether no point of a curve lies outside of the plane that heights are over."""
    if heights is None:
        return False
    sides = ((curve.x, heights.x), (curve.y, heights.y))
    for values, plane in sides:
        low, high = min(plane), max(plane)
        if not all(low <= value <= high for value in values):
            return False
    return True


def _draw_curve(
    axes: Axes, drawing: _Drawing, look: Look, curve: Curve
) -> Line2D:
    """One curve of a run, as dots or as a line that looks as its arm's do; the
    mark that was drawn, which carries the curve's name as its tooltip.
    """
    if curve.mode == "points":
        style: dict[str, Any] = {
            "color": COLORS[look.color],
            "marker": "o",
            "linestyle": "none",
            "markersize": 4.5,
        }
    else:
        style = _arm_line(look)
    (mark,) = axes.plot(curve.x, curve.y, **style)
    drawing.mark(mark, "curve", curve.name)
    return mark


def legend_style(look: Look) -> str:
    """The CSS of an arm's line in a legend, the same as in the charts."""
    dashes = " ".join(f"{length:g}" for length in DASHES[look.pattern])
    pattern = f"; stroke-dasharray: {dashes}" if dashes else ""
    width = f"stroke-width: {CURVE_WIDTH:g}"
    return f"stroke: var(--{look.color}); {width}{pattern}"
