"""Files that pages link to: the data of charts, and artifacts of finals."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import flask
import pandas as pd

from dashboard.data.task_source import task_source
from dashboard.data.view import View
from dashboard.server.security import SEALED
from suite.report.html.page import render
from suite.report.tables import latex, markdown
from tasks import UserError

Frames = Callable[[View], Mapping[str, pd.DataFrame]]
# what a browser shows but does not run: no HTML, no SVG
SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".txt": "text/plain",
}
KINDS = {
    "csv": "text/csv",
    "parquet": "application/octet-stream",
    "json": "application/json",
    "md": "text/markdown",
    "tex": "application/x-tex",
}
TABLES = {"md": markdown, "tex": latex}
# A run's key is a digest; anything else is no folder of a final.
KEY = re.compile(r"[0-9a-f]{32,64}")
# how a cell begins that a spreadsheet would run
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_routes(
    server: flask.Flask,
    view_of: Callable[[str, str], View],
    frames: Mapping[str, Frames],
) -> None:
    """``/data/<page>/<chart>.<kind>``, ``/report/<campaign>.html``,
    ``/source/<task>.py`` and ``/artifacts/<campaign>/<key>/<file>``.
    """

    @server.get("/data/<page>/<chart>.<kind>")
    def data(page: str, chart: str, kind: str) -> flask.Response:
        if page not in frames or kind not in KINDS:
            return _missing("no such data")
        try:
            view = view_of(
                f"/{page}",
                flask.request.query_string.decode("utf-8", "replace"),
            )
            content = _content(view, frames[page], chart, kind)
        except UserError as error:
            return _missing(str(error))
        if content is None:
            return _missing("no such data")
        name = f"{view.campaign.id}-{page}-{chart}.{kind}"
        return _attachment(content, KINDS[kind], name)

    @server.get("/report/<campaign>.html")
    def report(campaign: str) -> flask.Response:
        try:
            view = view_of("/", f"campaign={campaign}")
        except UserError as error:
            return _missing(str(error))
        provenance = view.snapshots.provenance_of(view.campaign)
        page = render(view.campaign, provenance)
        name = f"bakeoff-{view.campaign.id}.html"
        return _attachment(page, "text/html", name)

    @server.get("/source/<task>.py")
    def source(task: str) -> flask.Response:
        found = task_source(task)
        if found is None:
            return _missing("no such task")
        response = flask.Response(found.text, mimetype=SHOWN[".txt"])
        response.headers["Content-Security-Policy"] = SEALED
        return response

    @server.get("/artifacts/<campaign>/<key>/<name>")
    def artifacts(campaign: str, key: str, name: str) -> flask.Response:
        try:
            view = view_of("/samples", f"campaign={campaign}")
        except UserError as error:
            return _missing(str(error))
        path = artifact_path(view.campaign.folder, key, name)
        if path is None:
            return _missing("no such file")
        response = _sealed(path.read_bytes(), SHOWN[path.suffix])
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response


def _attachment(
    content: bytes | str, mimetype: str, name: str
) -> flask.Response:
    """A file that the browser saves under that name."""
    response = _sealed(content, mimetype)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{_plain(name)}"'
    )
    return response


def _sealed(content: bytes | str, mimetype: str) -> flask.Response:
    """A response in which nothing may run or load anything."""
    response = flask.Response(content, mimetype=mimetype)
    response.headers["Content-Security-Policy"] = SEALED
    return response


def _content(
    view: View, frames: Frames, chart: str, kind: str
) -> bytes | str | None:
    """A frame as a file of that kind, or the verdicts as a table for a text; None if
    there is no such thing.
    """
    if kind in TABLES:
        return (
            TABLES[kind](view.snapshot.verdicts or (), view.campaign.manifest)
            if chart == "verdicts" and not view.judging
            else None
        )
    frame = frames(view).get(chart)
    if frame is None:
        return None
    return WRITERS[kind](frame)


def artifact_path(folder: Path, key: str, name: str) -> Path | None:
    """A final's file, if it is one that may be shown and truly lies in the final's
    folder.
    """
    home = (folder / "artifacts").resolve()
    if not KEY.fullmatch(key) or "\0" in name:  # which no path can hold
        return None
    # Resolved before it is judged: "..", and links out of the folder, are
    # followed first.
    path = (home / key / name).resolve()
    fine = (
        path.is_relative_to(home / key)
        and path.suffix in SHOWN
        and path.is_file()
    )
    return path if fine else None


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 CSV; text that a spreadsheet would take for a formula gets an apostrophe
    before it.
    """
    # pandas 3 has a type of its own for text, older versions hold it as
    # objects.
    text = frame.select_dtypes(include=["object", "str"]).columns
    safe = frame.assign(
        **{str(name): frame[name].map(_inert) for name in text}
    )
    return safe.rename(columns=_inert).to_csv(index=False).encode()


def to_parquet(frame: pd.DataFrame) -> bytes:
    """The frame as a Parquet file, without its index."""
    buffer = io.BytesIO()
    # An index of filtered rows would become a column of its own.
    frame.reset_index(drop=True).to_parquet(buffer, index=False)
    return buffer.getvalue()


def to_json(frame: pd.DataFrame) -> str:
    """The rows as a list of objects; what is no finite number is null."""
    text = frame.to_json(
        orient="records", double_precision=15, default_handler=str
    )
    assert text is not None  # without a file to write to
    return text


WRITERS: Mapping[str, Callable[[pd.DataFrame], bytes | str]] = {
    "csv": to_csv,
    "parquet": to_parquet,
    "json": to_json,
}


def _inert(value: object) -> object:
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(FORMULA)
        else value
    )


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def _missing(says: str) -> flask.Response:
    return flask.Response(says + "\n", 404, mimetype="text/plain")
