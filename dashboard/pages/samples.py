"""Artifacts: pictures that runs drew of themselves, translations with attention maps,
generated images over the course of training.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, table
from dashboard.components.controls import (
    arm_key,
    choose_level,
    choose_task,
    controls,
    player,
    select,
    slider,
)
from dashboard.components.text import aria, card, data, empty, glyph, head
from dashboard.data.view import View
from dashboard.figures.pictures import picture_frame, picture_spec
from suite.records.files import NOT_JSON
from suite.report.pictures import Gathered, pictures_of
from tasks.contract.picture import FILE as PICTURE

PATH, TITLE = "/samples", "samples-title"
SNAPSHOT = re.compile(r"step-(\d+)-(.+)")  # a stem
LARGEST = 2_000_000  # bytes of a table that is shown
MAX_ROWS = 60
TRANSLATIONS = "translations.json"
LOOKED = re.compile(r"attention-(\d+)")
MAX_MAP_SQUARES = 900  # larger attention maps are shown as images alone
PICTURE_HEIGHT = 460  # px
FAINT = 0.01  # the weight below which a square is not drawn
Final = dict[str, Any]


def layout(view: View) -> Component:
    """What the finals of one block drew and wrote: pictures of all arms
    together, then each arm's own samples.
    """
    words = view.words
    with_samples = [task for task in view.tasks if _finals(view, task)]
    top = head(words("samples-title"), words("samples-says"))
    nothing = empty(words("samples-none"), words("samples-none-says"))
    if not with_samples:
        return html.Div([top, nothing])
    if not view.query.get("task"):
        # Without a choice the page begins where there is something to see.
        view = view.at_task(with_samples[0])
    of_task = _finals(view, view.task)
    finals = [final for final in of_task if final["level"] == view.level]
    # A task that the address names is offered even without samples, or the
    # drop-down would show another one.
    offered = with_samples if view.task in with_samples else None
    chosen = [choose_task(view, offered), choose_level(view)]
    if not finals:
        selects = [part for part in chosen if part is not None]
        return html.Div([top, controls(*selects), nothing])
    blocks = [
        str(number) for number in sorted({int(one["block"]) for one in finals})
    ]
    block = view.chosen("block", blocks)
    names = [(number, f"{words('block')} {number}") for number in blocks]
    chosen.append(select(view, "block", names, block, words("block"), 150))
    selects = [part for part in chosen if part is not None]
    shown = [final for final in finals if str(final["block"]) == block]
    drawn = [
        picture_chart(view, gathered)
        for gathered in gathered_pictures(view, int(block))
    ]
    return html.Div(
        [top, controls(*selects), *drawn, *_samples_of(view, shown)]
    )


def _samples_of(view: View, finals: list[Final]) -> list[Component | None]:
    """The samples of these finals, one per arm, with a slider over the steps at which
    they were taken.
    """
    # All arms share one slider, even if they took samples at different steps.
    found: set[int] = set()
    for final in finals:
        found.update(_steps(view.campaign.artifacts(final["key"])))
    steps = [str(step) for step in sorted(found)]
    at = view.chosen("step", steps, steps[-1]) if steps else ""
    course = None
    if len(steps) > 1:
        course = html.Div(
            [
                slider(view, "step", steps, view.words("samples-step")),
                player(view.words, "step"),
            ],
            className="options",
        )
    together = _together(view, finals)
    arms = []
    for final in finals:
        if _has_samples(view, final):
            arms.append(_arm(view, final, at, together is not None))
    return [course, together, html.Div(arms, className="arms")]


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The artifacts of each final, and the points of each picture of the level."""
    rows = [
        {**final, "file": path.name}
        for task in view.tasks
        for final in _finals(view, task)
        for path in view.campaign.artifacts(final["key"])
    ]
    found = {"samples": pd.DataFrame(rows)}
    blocks = {int(row["block"]) for row in rows if row["level"] == view.level}
    if blocks:
        names = [str(number) for number in sorted(blocks)]
        block = int(view.chosen("block", names))
        for gathered in gathered_pictures(view, block):
            found[gathered.name] = picture_frame(gathered, _label(view))
    return found


def gathered_pictures(view: View, block: int) -> list[Gathered]:
    """The chosen level's pictures, each of all arms together."""
    language = view.words.language
    return pictures_of(view.campaign, view.task, view.level, block, language)


def _label(view: View) -> Callable[[str], str]:
    return partial(view.arm_label, view.task)


def picture_chart(view: View, gathered: Gathered) -> Component:
    """One picture of all arms together."""
    first = gathered.first
    return chart(
        view,
        gathered.name,
        picture_spec(gathered, _label(view)),
        title=first.title,
        says=first.says,
        height=PICTURE_HEIGHT,
    )


def _has_samples(view: View, final: Final) -> bool:
    """Whether an arm has more to show than pictures, which stand together."""
    paths = view.campaign.artifacts(final["key"])
    return any(PICTURE.fullmatch(path.name) is None for path in paths)


def read_table(path: Path) -> tuple[list[str], list[list[str]]] | None:
    """Columns and rows of a JSON table, as text; None if it is not a table, or too
    large.
    """
    # Read in the thread of a page: a file of any size may lie in a folder that
    # came from elsewhere.
    if path.stat().st_size > LARGEST:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (*NOT_JSON, OSError):
        return None
    if (
        # A list of objects is a table, too: its columns are those of the first
        # row.
        isinstance(content, list)
        and content
        and all(isinstance(row, dict) for row in content)
    ):
        columns = list(content[0])
        content = {
            "columns": columns,
            "rows": [[row.get(name) for name in columns] for row in content],
        }
    if not (
        isinstance(content, dict)
        and isinstance(content.get("columns"), list)
        and isinstance(content.get("rows"), list)
    ):
        return None
    columns, rows = [str(name) for name in content["columns"]], content["rows"]
    return columns, [
        [_text(cell) for cell in row]
        for row in rows
        if isinstance(row, list) and len(row) == len(columns)
    ]


def _finals(view: View, task: str) -> list[Final]:
    """The task's finals with artifacts, first of each cell, in the order of arms."""
    home = view.campaign.folder / "artifacts"
    if not home.is_dir():
        return []
    # One listing instead of a look at the disk for each of thousands of runs.
    there = {path.name for path in home.iterdir()}
    frame = view.campaign.runs
    mine = frame[
        (frame["task"] == task)
        & (frame["kind"] == "final")
        & frame["key"].isin(there)
    ]
    order = {
        arm["name"]: place
        for place, arm in enumerate(view.tasks[task]["arms"])
    }
    # Finals of a cell differ by their seed only; the first stands for all.
    mine = mine.sort_values("number").drop_duplicates(
        ["level", "arm", "block"]
    )
    mine = mine.assign(order=mine["arm"].map(order)).sort_values(
        ["level", "order", "block"]
    )
    kept = mine[["key", "task", "level", "arm", "block", "number"]]
    return [
        {str(name): value for name, value in row.items()}
        for row in kept.to_dict("records")
    ]


def _steps(paths: list[Path]) -> list[int]:
    return [
        int(match[1])
        for path in paths
        if (match := SNAPSHOT.fullmatch(path.stem)) and path.suffix == ".png"
    ]


def _together(view: View, finals: list[Final]) -> Component | None:
    """All arms' translations side by side, where they are of the same sentences."""
    words, found = view.words, {}
    for final in finals:
        path = view.campaign.folder / "artifacts" / final["key"] / TRANSLATIONS
        if (
            path.is_file()
            and (told := read_table(path)) is not None
            and len(told[0]) in (3, 4)
        ):
            found[final["arm"]] = told
    # Arms are compared sentence by sentence, which takes the same sentences in
    # the same order.
    asked = {
        tuple((source, reference) for source, reference, *_ in rows)
        for _, rows in found.values()
    }
    if len(asked) != 1:
        return None
    pairs = next(iter(asked))[:MAX_ROWS]
    score = next(
        (columns[3] for columns, _ in found.values() if len(columns) == 4), ""
    )
    body = [
        (
            *map(html.Span, pair),
            *(_said(*rows[place][1:]) for _, rows in found.values()),
        )
        for place, pair in enumerate(pairs)
    ]
    keys = [arm_key(view, view.task, arm) for arm in found]
    columns = [words("samples-source"), words("samples-reference"), *keys]
    says = [
        words("samples-together-says"),
        *([words("samples-score", score=score)] if score else []),
    ]
    title = words("samples-together")
    return card(
        table(columns, body, label=title, tall=True),
        title=title,
        says=" ".join(says),
    )


def _said(reference: str, output: str, score: str = "") -> html.Span:
    """A translation with its score; marked where it is not the reference."""
    same = output == reference
    parts = [
        glyph("" if same else "✕ "),
        html.Span(output),
        *([html.Small(score)] if score else []),
    ]
    return html.Span(parts, className="said" if same else "said off")


def _arm(view: View, final: Final, at: str, together: bool) -> html.Section:
    """All artifacts of one arm's final: images by step, other images, tables, and
    attention maps.
    """
    paths, arm = (
        view.campaign.artifacts(final["key"]),
        view.arm_label(view.task, final["arm"]),
    )
    # An attention map is a table with an image beside it: the table is drawn,
    # so its image is not shown a second time.
    maps = [
        path
        for path in paths
        if LOOKED.fullmatch(path.stem) and path.suffix == ".json"
    ]
    pictures = [
        path
        for path in paths
        if path.suffix in (".png", ".jpg")
        and path.with_suffix(".json") not in maps
    ]
    watched = [path for path in pictures if SNAPSHOT.fullmatch(path.stem)]
    still = [path for path in pictures if path not in watched]
    tables = [
        path for path in paths if path.suffix == ".json" and path not in maps
    ]
    tables = [path for path in tables if PICTURE.fullmatch(path.name) is None]
    tables = [
        # Those stand side by side above.
        path
        for path in tables
        if not (together and path.name == TRANSLATIONS)
    ]
    return card(
        html.H2(arm_key(view, view.task, final["arm"])),
        html.Div(
            [_figure(view, final, path, at) for path in watched],
            className="pictures",
        )
        if watched
        else None,
        html.Div(
            [_figure(view, final, path) for path in still],
            className="pictures",
        )
        if still
        else None,
        *[_table(view, path, arm) for path in tables],
        *[_map(view, final, path, arm) for path in maps],
        className="sample",
    )


def _figure(view: View, final: Final, path: Path, at: str = "") -> html.Figure:
    """An image; of those that were made during training, only the one at the selected
    step is shown.
    """
    where = f"/artifacts/{view.campaign.id}/{final['key']}/{path.name}"
    caption, marked = view.words.file(path.stem), {}
    if snapshot := SNAPSHOT.fullmatch(path.stem):
        step = str(int(snapshot[1]))
        caption = view.words("samples-during", step=f"{int(step):,}")
        marked = {"hidden": step != at, **data(step=step)}
    arm = view.arm_label(view.task, final["arm"])
    picture = html.A(
        html.Img(src=where, alt=f"{arm}: {caption}"),
        href=where,
        target="_blank",
        rel="noopener",
        **aria(haspopup="dialog"),
        **data(enlarge="picture", close=view.words("chart-close")),
    )
    return html.Figure([picture, html.Figcaption(caption)], **marked)


def _table(view: View, path: Path, arm: str) -> Component | None:
    found = read_table(path)
    if found is None:
        return None
    columns, rows = found
    body = [tuple(html.Span(cell) for cell in row) for row in rows[:MAX_ROWS]]
    title = view.words.file(path.stem)
    if path.with_suffix(".png").is_file():
        title = view.words("samples-numbers", name=title)
    shown = table(columns, body, label=f"{arm}: {title}")
    return html.Details(
        [html.Summary(f"{title} ({len(rows):,})"), shown],
        open=path.name == TRANSLATIONS,
    )


def _map(view: View, final: Final, path: Path, arm: str) -> Component | None:
    """An attention map: a row per output token, a column per source token."""
    words, found = view.words, read_table(path)
    if found is None or not found[0]:
        return None
    (_, *asked), rows = found
    number = int(path.stem.rpartition("-")[2])
    title = words("samples-looked", number=number)
    picture = path.with_suffix(".png")
    parts: list[Component] = []
    # Each square is an element of the page.
    if len(asked) * len(rows) <= MAX_MAP_SQUARES:
        top = html.Tr(
            [
                html.Td(),
                *(html.Th(html.Span(piece), scope="col") for piece in asked),
            ]
        )
        body = [
            html.Tr(
                [
                    html.Th(html.Span(said), scope="row"),
                    *map(
                        _look,
                        weights,
                        (f"{said} ← {piece}" for piece in asked),
                    ),
                ]
            )
            for said, *weights in rows
        ]
        heat = html.Table(
            [html.Thead(top), html.Tbody(body)], className="looks"
        )
        parts += [
            html.P(words("samples-looked-says"), className="says"),
            html.Div(
                heat,
                className="scroll-looks",
                tabIndex=0,
                role="region",
                **aria(label=f"{arm}: {title}"),
            ),
        ]
    if picture.is_file():
        heads = html.Details(
            [
                html.Summary(words.file("attention")),
                _figure(view, final, picture),
            ]
        )
        parts.append(heads if parts else _figure(view, final, picture))
    return html.Details(
        [html.Summary(title), *parts], open=number == 1, className="looked"
    )


def _look(weight: str, about: str) -> html.Td:
    """A square whose darkness shows its attention weight."""
    try:
        share = min(1.0, max(0.0, float(weight)))
    except ValueError:
        share = 0.0
    if share < FAINT:
        return html.Td()
    color = f"color-mix(in srgb, var(--arm1) {100 * share:.0f}%, var(--soft))"
    return html.Td(title=f"{about}: {share:.2f}", style={"background": color})


def _text(value: Any) -> str:
    return (
        "–"
        if value is None
        else f"{value:.4g}"
        if isinstance(value, float)
        else str(value)[:2000]
    )
