"""Things to look at: translations with where the model looked, generated pictures over the course of training."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.parts import arm_key, card, choose_level, choose_task, controls, empty, head, option, select, table
from dashboard.view import View

PATH, TITLE = "/samples", "samples.title"
SNAPSHOT = re.compile(r"step-(\d+)-(.+)")
LARGEST = 2_000_000  # bytes of a table that is shown
MOST_ROWS = 60


def layout(view: View) -> Component:
    words = view.words
    with_samples = [task for task in view.tasks if _finals(view, task)]
    top = head(words("samples.title"), words("samples.says"))
    if not with_samples:
        return html.Div([top, empty(words("samples.none"), words("samples.none_says"))])
    if view.query.get("task") not in with_samples and not view.query.get("task"):
        view = View(view.snapshots, view.snapshot, {**view.query, "task": with_samples[0]}, words, view.path)
    finals = [final for final in _finals(view, view.task) if final["level"] == view.level]
    blocks = sorted({int(final["block"]) for final in finals})
    chosen = [choose_task(view, with_samples) if view.task in with_samples else choose_task(view), choose_level(view)]
    if not finals:
        return html.Div(
            [
                top,
                controls(*[c for c in chosen if c is not None]),
                empty(words("samples.none"), words("samples.none_says")),
            ]
        )
    block = view.chosen("block", [str(number) for number in blocks])
    names = [(str(number), f"{words('block')} {number}") for number in blocks]
    chosen.append(select(view, "block", names, block, words("block"), 150))
    shown = [final for final in finals if str(final["block"]) == block]
    steps = sorted({step for final in shown for step in _steps(view.campaign.evidence(final["key"]))})
    slider = (
        [
            option(
                "step",
                [(str(step), f"{step:,}") for step in steps],
                view.chosen("step", map(str, steps), str(steps[-1])),
                words("samples.step"),
            )
        ]
        if len(steps) > 1
        else []
    )
    return html.Div(
        [
            top,
            controls(*[part for part in chosen if part is not None]),
            html.Div(slider, className="options") if slider else None,
            html.Div([_arm(view, final) for final in shown], className="arms"),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """Which finals left what."""
    rows = [
        {**final, "file": path.name}
        for task in view.tasks
        for final in _finals(view, task)
        for path in view.campaign.evidence(final["key"])
    ]
    return {"samples": pd.DataFrame(rows)}


def read_table(path: Path) -> tuple[list[str], list[list[str]]] | None:
    """Columns and rows of a JSON table, as text; None where it is no table, or too large."""
    if path.stat().st_size > LARGEST:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None
    if isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        columns = list(content[0])
        content = {"columns": columns, "rows": [[row.get(name) for name in columns] for row in content]}
    if not (
        isinstance(content, dict) and isinstance(content.get("columns"), list) and isinstance(content.get("rows"), list)
    ):
        return None
    return [str(name) for name in content["columns"]], [[_text(cell) for cell in row] for row in content["rows"]]


def _finals(view: View, task: str) -> list[dict[str, Any]]:
    """The task's finals that left something, first of each cell, in the order of arms."""
    home = view.campaign.folder / "evidence"
    if not home.is_dir():
        return []
    there = {path.name for path in home.iterdir()}
    frame = view.campaign.trainings
    mine = frame[(frame["task"] == task) & (frame["kind"] == "final") & frame["key"].isin(there)]
    order = {arm["name"]: place for place, arm in enumerate(view.tasks[task]["arms"])}
    mine = mine.sort_values("number").drop_duplicates(["level", "arm", "block"])
    mine = mine.assign(order=mine["arm"].map(order)).sort_values(["level", "order", "block"])
    kept = mine[["key", "task", "level", "arm", "block", "number"]]
    return [{str(name): value for name, value in row.items()} for row in kept.to_dict("records")]


def _steps(paths: list[Path]) -> list[int]:
    return [int(match[1]) for path in paths if (match := SNAPSHOT.fullmatch(path.name)) and path.suffix == ".png"]


def _arm(view: View, final: dict[str, Any]) -> html.Section:
    """Everything one arm's final left: pictures by step, other pictures, tables."""
    paths, arm = view.campaign.evidence(final["key"]), view.arm_label(view.task, final["arm"])
    pictures = [path for path in paths if path.suffix in (".png", ".jpg")]
    watched = [path for path in pictures if SNAPSHOT.fullmatch(path.name)]
    still = [path for path in pictures if path not in watched]
    steps = [_figure(view, final, path, int(SNAPSHOT.fullmatch(path.name)[1])) for path in watched]  # type: ignore[index]
    tables = [part for path in paths if path.suffix == ".json" and (part := _table(path, arm)) is not None]
    return card(
        html.H2(arm_key(view, view.task, final["arm"])),
        html.Div(steps, className="pictures stepped") if steps else None,
        html.Div([_figure(view, final, path) for path in still], className="pictures") if still else None,
        *tables,
        className="sample",
    )


def _figure(view: View, final: dict[str, Any], path: Path, step: int | None = None) -> html.Figure:
    name = SNAPSHOT.sub(r"\2", path.stem).replace("-", " ").replace("_", " ")
    where = f"/evidence/{view.campaign.id}/{final['key']}/{path.name}"
    caption = name if step is None else f"{name} · {view.words('samples.at', step=f'{step:,}')}"
    arm = view.arm_label(view.task, final["arm"])
    marked: dict[str, Any] = {} if step is None else {"data-step": str(step)}
    return html.Figure([html.Img(src=where, alt=f"{arm}: {caption}"), html.Figcaption(caption)], **marked)


def _table(path: Path, arm: str) -> Component | None:
    found = read_table(path)
    if found is None:
        return None
    columns, rows = found
    body = [
        tuple(html.Span(cell) for cell in row[: len(columns)]) for row in rows[:MOST_ROWS] if len(row) >= len(columns)
    ]
    title = path.stem.replace("-", " ").replace("_", " ").capitalize()
    return html.Details(
        [html.Summary(f"{title} ({len(rows):,})"), table(columns, body, label=f"{arm}: {title}")],
        open=path.stem.startswith("translations"),
    )


def _text(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)[:2000]
