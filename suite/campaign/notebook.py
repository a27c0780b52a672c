"""Bakeoff from Python: run a profile, a task file or a task, get tables back."""

from __future__ import annotations

import base64
import builtins
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from html import escape
from inspect import signature
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import pandas as pd

import tasks
from suite.campaign.launch import launch
from suite.campaign.plans import plan_of
from suite.campaign.progress import Tally
from suite.own_packages import ROOT
from suite.planning.profile import Profile, TaskPlan, checked, load_profile
from suite.records.results import Campaign, Results
from suite.report.figures import Figure, figure_names, figure_of
from suite.report.formatting import duration
from suite.training.environment import forget_sources
from suite.training.fingerprint import forget_hashes
from suite.training.instantiate import forget_data
from suite.training.reach import is_library
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import provenance_of
from tasks import Task, UserError, unknown

PROFILE_KEYS = frozenset(Profile.model_fields) - {"name", "tasks"}
# Derived from the signature, so that a new parameter of ``launch`` is an
# option here.
LAUNCH_KEYS = frozenset(signature(launch).parameters) - {"plan", "results"}
MAX_SLUG_LENGTH = 40  # of a name that is made of a task's title
# the user's modules, as they were at the last run: their spec and their source
_MODULES: dict[str, tuple[Any, bytes]] = {}
COLUMNS = (
    "task",
    "claim",
    "verdict",
    "effect",
    "interval",
    "p_holm",
    "blocks",
)


class NotebookCampaign(Campaign):
    """A campaign whose notebook representation is the table of its verdicts."""

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row per claim: its verdict, effect, interval, p value and blocks.

        The columns are ``COLUMNS``; claims are judged each time it is read.
        """
        rows = []
        for verdict in self._judged():
            row = {name: getattr(verdict, name) for name in COLUMNS}
            rows.append(row)
        return pd.DataFrame(rows, columns=list(COLUMNS))

    @property
    def figures(self) -> list[str]:
        """The names that ``figure`` takes: ``TASK/CLAIM``, every block's difference;
        ``TASK/CLAIM/trend``, the gap over levels; ``TASK/PLOT``, what a task plots.
        """
        return figure_names(self, self._judged())

    def figure(self, name: str) -> Figure:
        """A chart by its name, which a notebook shows; ``save("chart.svg")`` writes it.

        UserError, with the nearest name, if there is none of that name.
        """
        return figure_of(self, self._judged(), name)

    def _judged(self) -> list[ClaimVerdict]:
        return judge_campaign(self, provenance_of(self.manifest))

    def __repr__(self) -> str:
        done = (self.cells["state"] == "done").sum()
        return (
            f"Campaign {self.id}: {len(self.runs):,} runs, {done:,} of "
            f"{len(self.cells):,} cells done\n{self.verdicts.to_string(index=False)}"
        )

    def _repr_html_(self) -> str:
        table = self.verdicts.to_html(index=False)
        return f"<p>{escape(self.id)}</p>{table}"


class ProgressLine:
    """A watcher of a campaign that rewrites one line of standard error."""

    def __init__(self, visible: bool) -> None:
        self._visible = visible
        self._width = 0

    @classmethod
    @contextmanager
    def shown(cls, wanted: bool | None) -> Iterator[ProgressLine]:
        """The line, which is ended when the campaign ends. None: it is there where
        somebody may be watching.
        """
        is_notebook = hasattr(builtins, "__IPYTHON__")
        watched = is_notebook or sys.stderr.isatty()
        line = cls(watched if wanted is None else wanted)
        try:
            yield line
        finally:
            if line._width:
                print(file=sys.stderr)

    def __call__(self, tally: Tally) -> None:
        """Show how far the campaign is."""
        if not self._visible:
            return
        text = _progress_text(tally)
        # Blanks cover what is left of a longer line.
        self._width = max(self._width, len(text))
        end = f"\r{text.ljust(self._width)}"
        print(end, end="", file=sys.stderr, flush=True)


def _progress_text(tally: Tally) -> str:
    """``120/800 runs, 2 failed, 3 min left``."""
    parts = [f"{tally.done:,}/{tally.planned:,} runs"]
    failed = sum(tally.failed.values())
    if failed:
        parts.append(f"{failed:,} failed")
    if tally.seconds_left is not None:
        parts.append(f"{duration(tally.seconds_left)} left")
    elif tally.running:
        running = duration(tally.seconds_running)
        parts.append(f"{tally.running} running for {running}")
    return ", ".join(parts)


def run(
    what: str | Profile | Task,
    results: Path | str = "results",
    *,
    task_file: Path | str | None = None,
    new: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> NotebookCampaign:
    """Run or resume a profile, the task of ``task_file``, or a task itself, which may
    be defined in a notebook's cell; return its campaign as DataFrames.

    Options are keys of a profile, such as ``blocks=3`` and ``trials=4``, and those of
    ``launch``, such as ``workers=0``, which needs no Ray. A Ray session that this
    process has already is used and left running. Raises UserError for others.

    ``progress`` says whether a line on standard error shows how far it is; None: in a
    notebook and on a terminal.
    """
    allowed = PROFILE_KEYS | LAUNCH_KEYS
    for name in options:
        if name not in allowed:
            raise unknown("option", name, allowed)
    _look_again(task_file)
    changes = {}
    for name in PROFILE_KEYS & options.keys():
        changes[name] = options.pop(name)
    profile = _profile(what, changes, task_file)
    plan = plan_of(profile, Path(results), new=new)
    with ProgressLine.shown(progress) as line:
        launch(plan, Path(results), **{"watch": line, **options})
    found = Results(results).load(plan.id)
    values = {
        field.name: getattr(found, field.name) for field in fields(found)
    }
    return NotebookCampaign(**values)


def _look_again(task_file: Path | str | None) -> None:
    """Forget what files had in them: a notebook lasts longer than a command, and they
    may have changed since the last run.

    Raises UserError for a module of the user's whose file has changed: Python goes on
    with what it imported.
    """
    forget_data()
    forget_hashes()
    forget_sources()
    if task_file is not None:
        sys.modules.pop(f"bakeoff_task_file_{Path(task_file).stem}", None)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        spec = getattr(module, "__spec__", None)
        if not (file and spec) or _is_not_the_users(Path(file)):
            continue
        text = Path(file).read_bytes() if Path(file).is_file() else b""
        # A module that is reloaded gets another spec.
        known_spec, known_text = _MODULES.get(name, (spec, text))
        if known_spec is spec and known_text != text:
            raise UserError(
                f"{file} has changed since it was imported: restart the notebook's "
                f"kernel, or run importlib.reload({name}) first."
            )
        _MODULES[name] = spec, text


def _is_not_the_users(file: Path) -> bool:
    """Whether a module's file is one of a library, or of Bakeoff itself."""
    return is_library(file) or file.resolve().is_relative_to(ROOT)


def _profile(
    what: str | Profile | Task,
    changes: Mapping[str, Any],
    task_file: Path | str | None,
) -> Profile:
    brought = None if task_file is None else tasks.load_file(task_file).name
    if isinstance(what, Task):
        name = brought or _known_as(what)
        values = {"name": name, **changes, "tasks": {name: TaskPlan()}}
        return checked(values, str(values["name"]))
    if isinstance(what, str):
        profile = load_profile(what)
    elif isinstance(what, Profile):
        profile = what
    else:
        raise UserError(
            f"run({type(what).__name__}): give the name of a profile, a Profile or a "
            "Task."
        )
    values = profile.model_dump() | dict(changes)
    if brought:
        values |= {"tasks": {brought: TaskPlan()}, "every_task": False}
    return checked(values, str(values["name"]))


def _known_as(task: Task) -> str:
    """The name that a task goes by; one without a file is pickled and sent to workers."""
    if task.name in tasks.names():
        return task.name
    title = task.label or task.question
    slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    name = task.name or slug[:MAX_SLUG_LENGTH] or "task"
    # A task that comes with Bakeoff has that name: the user's must not hide
    # it.
    if name in tasks.names() and tasks.source_of(name) is None:
        name = f"my_{name}"
    # A class from a notebook's cell belongs to no module that a worker could
    # import, so the task itself is sent along.
    pickled = cloudpickle.dumps(task)
    tasks.load_pickled(name, base64.b64encode(pickled).decode())
    return name
