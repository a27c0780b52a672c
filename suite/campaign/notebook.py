"""Bakeoff from Python: run a profile, a task file or a task, get tables back."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import fields
from html import escape
from inspect import signature
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import pandas as pd

import tasks
from suite.campaign.launch import launch, plan_of
from suite.planning.profile import Profile, TaskPlan, load_profile
from suite.records.results import Campaign, Results
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import provenance_of
from tasks import Task, UserError, unknown

PROFILE_KEYS = frozenset(Profile.model_fields) - {"name", "tasks"}
# Derived from the signature, so that a new parameter of ``launch`` is an
# option here.
LAUNCH_KEYS = frozenset(signature(launch).parameters) - {"plan", "results"}
MAX_SLUG_LENGTH = 40  # of a name that is made of a task's title
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
        for verdict in judge_campaign(self, provenance_of(self.manifest)):
            row = {name: getattr(verdict, name) for name in COLUMNS}
            rows.append(row)
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def __repr__(self) -> str:
        done = (self.cells["state"] == "done").sum()
        return (
            f"Campaign {self.id}: {len(self.runs):,} runs, {done:,} of "
            f"{len(self.cells):,} cells done\n{self.verdicts.to_string(index=False)}"
        )

    def _repr_html_(self) -> str:
        table = self.verdicts.to_html(index=False)
        return f"<p>{escape(self.id)}</p>{table}"


def run(
    what: str | Profile | Task,
    results: Path | str = "results",
    *,
    task_file: Path | str | None = None,
    new: bool = False,
    **options: Any,
) -> NotebookCampaign:
    """Run or resume a profile, the task of ``task_file``, or a task itself, which may
    be defined in a notebook's cell; return its campaign as DataFrames.

    Options are keys of a profile, such as ``blocks=3`` and ``trials=4``, and those of
    ``launch``, such as ``workers=0``, which needs no Ray. A Ray session that this
    process has already is used and left running. Raises UserError for others.
    """
    allowed = PROFILE_KEYS | LAUNCH_KEYS
    for name in options:
        if name not in allowed:
            raise unknown("option", name, allowed)
    changes = {}
    for name in PROFILE_KEYS & options.keys():
        changes[name] = options.pop(name)
    profile = _profile(what, changes, task_file)
    plan = plan_of(profile, Path(results), new=new)
    launch(plan, Path(results), **options)
    found = Results(results).load(plan.id)
    values = {
        field.name: getattr(found, field.name) for field in fields(found)
    }
    return NotebookCampaign(**values)


def _profile(
    what: str | Profile | Task,
    changes: Mapping[str, Any],
    task_file: Path | str | None,
) -> Profile:
    brought = None if task_file is None else tasks.load_file(task_file).name
    if isinstance(what, Task):
        name = brought or _known_as(what)
        values = {"name": name, **changes, "tasks": {name: TaskPlan()}}
        return Profile.model_validate(values)
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
    return Profile.model_validate(values)


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
