"""The MLflow params, metrics and tags of a run, a cell and a task: pure functions of
the record.

Tags carry what pages and readers look for. Those of MLflow's own, such as
``mlflow.note.content`` (a description) and ``mlflow.user``, fill its pages.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import posixpath
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.records.manifest import TaskManifest
from suite.tracking.connection import TAG
from suite.tracking.links import dashboard_link
from suite.tracking.protocol import CellId

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Metric, Param

Line = Mapping[str, Any]

NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
METRIC_NAMES = f"{TAG}metric_names"
PARAM_NAMES = f"{TAG}param_names"

MAX_TAG_LENGTH = 5000  # characters; MLflow's servers of old allow no more
MAX_ERROR_LENGTH = 500
MAX_NAME_LENGTH = 250
MAX_DIGEST_LENGTH = 32
# Hexadecimal digits, after a name that would otherwise be another's, too.
NAME_DIGEST_LENGTH = 8

# Where an evaluation stands, in a row of a curve: MLflow has step and time
# itself.
POSITION_COLUMNS = ("step", "seconds", "epoch")
CURVE_SPLITS = ("train.", "validation.")  # metrics that the curve has already

REFUSED = re.compile(r"[^/\w.\- ]")  # in names of metrics and params
SPELLED = {
    "@": "_at_",
    "%": "_percent",
    "=": "_",
    "+": "_plus",
    "#": "_number",
}


# -- names


def mlflow_names(names: Iterable[str]) -> dict[str, str]:
    """A name that MLflow accepts for each of these: itself, where that is possible.

    ``recall@5`` becomes ``recall_at_5``. Where two names become one, those that had to
    change also get a digest, so that no metric overwrites another.
    """
    accepted = {name: _accepted_name(name) for name in names}
    times_taken = Counter(accepted.values())
    for name, changed in accepted.items():
        if changed != name and times_taken[changed] > 1:
            accepted[name] = _with_digest(changed, name)
    return accepted


def _with_digest(changed: str, name: str) -> str:
    """The changed name, cut to the length that MLflow takes, with some digits
    of the original's hash: two names that became the same are told apart.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:NAME_DIGEST_LENGTH]
    room = MAX_NAME_LENGTH - NAME_DIGEST_LENGTH - len("-")
    return f"{changed[:room]}-{digest}"


def _accepted_name(name: str) -> str:
    """A name as MLflow takes it: spelled in letters that it allows, short
    enough, and not a path that leads elsewhere.
    """
    spelled = "".join(SPELLED.get(letter, letter) for letter in name)
    plain = REFUSED.sub("_", spelled)[:MAX_NAME_LENGTH]
    # MLflow takes names for paths, and refuses those that lead elsewhere.
    is_path = plain and posixpath.normpath(plain) == plain
    leads_elsewhere = plain.startswith(("/", "..")) or plain == "."
    if is_path and not leads_elsewhere:
        return plain
    flat = plain.replace("/", "_").replace("..", "_").strip(".")
    return flat or "_"


def renamed_tag(tag: str, names: Mapping[str, str]) -> dict[str, str]:
    """A tag that maps MLflow's names to ours, for names that were changed.

    ``names`` is what ``mlflow_names`` returns. The value is JSON; empty, without a tag,
    where all names stayed.
    """
    changed = {}
    for ours, theirs in names.items():
        if ours != theirs:
            changed[theirs] = ours
    if not changed:
        return {}
    text = json.dumps(changed, ensure_ascii=False)
    return {tag: text[:MAX_TAG_LENGTH]}


# -- tags


def cell_tags(campaign: str, cell_id: CellId) -> dict[str, str]:
    """Campaign, task, level, arm and block: on every run, cells' too."""
    task, level, arm, block = cell_id
    return {
        f"{TAG}campaign": campaign,
        f"{TAG}task": task,
        f"{TAG}level": level,
        f"{TAG}arm": arm,
        f"{TAG}block": str(block),
    }


def cell_of_tags(tags: Mapping[str, str]) -> CellId:
    """The cell that a run's tags name: the inverse of ``cell_tags``."""
    return (
        tags[f"{TAG}task"],
        tags[f"{TAG}level"],
        tags[f"{TAG}arm"],
        int(tags[f"{TAG}block"]),
    )


def cell_of_line(line: Line) -> CellId:
    """The cell of a line of the record."""
    return line["task"], line["level"], line["arm"], line["block"]


def run_tags(line: Line) -> dict[str, str]:
    """A run's values in the record, without its cell.

    The tag ``line`` holds the whole line of the record as JSON, without what is large;
    it is missing where even that is longer than a tag may be.
    """
    worker = line["worker"]
    host, pid = worker.get("host"), worker.get("pid")
    tags = {
        f"{TAG}kind": line["kind"],
        f"{TAG}status": line["status"],
        f"{TAG}key": line["key"],
        f"{TAG}worker": f"{host}:{pid}",
    }
    if line["error"]:
        tags[f"{TAG}error"] = line["error"][:MAX_ERROR_LENGTH]
    # For readers of a running cell; once it is done, cell.parquet has
    # everything.
    without_bulk = {**line, "curve": [], "artifacts": [], "traceback": None}
    text = json.dumps(without_bulk, separators=(",", ":"))
    if len(text) <= MAX_TAG_LENGTH:
        tags[f"{TAG}line"] = text
    return tags


@lru_cache(maxsize=1)
def source_tags() -> Mapping[str, str]:
    """Who runs what, in MLflow's own tags: source, user, and git commit if any.

    They are read once per process.
    """
    tags = {"mlflow.source.name": "bakeoff run", "mlflow.source.type": "LOCAL"}
    if user := _user():
        tags["mlflow.user"] = user
    if commit := _git_commit(Path(__file__).parent):
        tags["mlflow.source.git.commit"] = commit
    return tags


def _user() -> str:
    """The name of the user; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


def _git_commit(folder: Path) -> str:
    """The commit of the sources; "" if they are no clone, or git is missing."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        asked = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if asked.returncode != 0:
        return ""
    return asked.stdout.strip()


# -- names on the pages


def cell_name(cell_id: CellId) -> str:
    """``wide · few · block 0``: the arm first, since charts label lines with it."""
    _, level, arm, block = cell_id
    return f"{arm} · {level} · block {block}"


def run_name(line: Line) -> str:
    """``wide · few · block 0 · trial 2``."""
    kind, number = line["kind"], line["number"]
    return f"{cell_name(cell_of_line(line))} · {kind} {number}"


def cell_note(campaign: str, cell_id: CellId, task: TaskManifest) -> str:
    """A cell's description, in Markdown, with links to the dashboard: to its runs, and
    to the claims that rest on it.
    """
    name, level, arm, block = cell_id
    arm_label = task.arm(arm).label
    level_label = task.level(level).label
    place = {"campaign": campaign, "task": name}
    runs = dashboard_link("/runs", **place, level=level, arm=arm)
    # MLflow folds all but the first lines: links come before explanations.
    lines = [
        f"**{arm_label}** at *{level_label}*, block {block} of `{name}`.",
        "",
        f"[All its blocks]({runs}) on the dashboard (`bakeoff dashboard`), and "
        "the claims that rest on them:",
        "",
    ]
    if task.question:
        lines.insert(0, f"{task.question}\n")
    for claim in task.tested:
        if arm in claim.arms and level in claim.levels:
            to = dashboard_link("/claim", **place, claim=claim.name)
            lines.append(f"- [{_link_text(claim.says)}]({to})")
    lines += [
        "",
        "Metrics are means over the final runs, which use the hyperparameters that "
        "tuning chose: the params. Its runs are its children.",
    ]
    return _first_lines(lines)


def _link_text(text: str) -> str:
    """A text within a link of Markdown, which brackets would end."""
    return re.sub(r"([\\\[\]])", r"\\\1", text)


def _first_lines(lines: Iterable[str]) -> str:
    """As many lines as a tag has room for: half a link would be none."""
    kept: list[str] = []
    length = 0
    for line in lines:
        length += len(line) + 1
        if length > MAX_TAG_LENGTH:
            break
        kept.append(line)
    return "\n".join(kept)


def task_note(task: TaskManifest) -> str:
    """A task's description, in Markdown: its question, its claims, its sources."""
    # The list of experiments shows the text as it is.
    lines = [task.question, ""]
    lines += [f"- {claim.says}" for claim in task.tested]
    if task.sources:
        lines += ["", "Sources:", *(f"- {source}" for source in task.sources)]
    lines += [
        "",
        f"To compare arms in a chart, group runs by the tag `{TAG}arm`.",
    ]
    return "\n".join(lines)[:MAX_TAG_LENGTH]


# -- metrics, params, data


def run_metrics(line: Line, names: Mapping[str, str]) -> list[Metric]:
    """A run's curve, point by point, and its final metrics, at their times.

    ``names`` has MLflow's name for each (see ``metric_names``). Values that are not
    finite are left out, since MLflow cannot chart them.
    """
    from mlflow.entities import Metric

    ended = milliseconds(line["ended"])
    found = []
    for row in line["curve"]:
        step = int(row["step"])
        measured = milliseconds(line["started"] + row["seconds"])
        # Two clocks measured these: no point may lie after the end of its run.
        moment = min(measured, ended)
        for name, value in row.items():
            if name not in POSITION_COLUMNS and value is not None:
                found.append(Metric(names[name], value, moment, step))
    last_step = int(line["metrics"].get("steps", 0))
    for name, value in line["metrics"].items():
        is_in_curve = name.startswith(CURVE_SPLITS)
        if not is_in_curve:
            found.append(Metric(names[name], value, ended, last_step))
    return found


def metric_names(line: Line) -> dict[str, str]:
    """MLflow's name for each metric of a line."""
    in_curve = (name for row in line["curve"] for name in row)
    return mlflow_names([*line["metrics"], *in_curve])


def param_entries(
    params: Mapping[str, Any], names: Mapping[str, str]
) -> list[Param]:
    """Hyperparameters as MLflow keeps them: text, floats to six digits."""
    from mlflow.entities import Param

    entries = []
    for name, value in params.items():
        entries.append(Param(names[name], _param_text(value)))
    return entries


def _param_text(value: Any) -> str:
    """A hyperparameter's value as text, a float with six digits."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def dataset_input(line: Line) -> DatasetInput | None:
    """The data of a final run: which split of which task, how large.

    None for a trial, and for an arm that has no data.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    data = line["data"]
    has_examples = bool(data) and "n_train" in data  # a function has none
    if not has_examples or line["kind"] != "final":
        return None
    seed = line["seeds"]["split"]
    sizes = {
        split: data[f"n_{split}"] for split in ("train", "validation", "test")
    }
    source = {
        "task": line["task"],
        "level": line["level"],
        "seed": seed,
    }
    task, level, _, block = cell_of_line(line)
    dataset = Dataset(
        name=f"{task} · {level} · block {block}",
        digest=f"{seed:x}"[:MAX_DIGEST_LENGTH],
        source_type="code",
        source=json.dumps(source),
        profile=json.dumps(sizes),
    )
    context = InputTag("mlflow.data.context", data["population"])
    return DatasetInput(dataset, [context])


def milliseconds(seconds: float) -> int:
    """A time as MLflow keeps it: whole milliseconds since 1970."""
    return int(seconds * 1000)
