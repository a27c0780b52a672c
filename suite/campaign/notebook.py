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
LAUNCH_KEYS = frozenset(signature(launch).parameters) - {"plan", "results"}
COLUMNS = ("task", "claim", "verdict", "effect", "interval", "p_holm", "blocks")


class NotebookCampaign(Campaign):
    """A campaign whose notebook representation is the table of its verdicts."""

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row per claim: its verdict, effect, interval, p value and blocks."""
        judged = judge_campaign(self, provenance_of(self.manifest))
        rows = [{name: getattr(one, name) for name in COLUMNS} for one in judged]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def __repr__(self) -> str:
        done = (self.cells["state"] == "done").sum()
        return (
            f"Campaign {self.id}: {len(self.runs):,} runs, {done:,} of "
            f"{len(self.cells):,} cells done\n{self.verdicts.to_string(index=False)}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.id)}</p>{self.verdicts.to_html(index=False)}"


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
    for name in options:
        if name not in PROFILE_KEYS | LAUNCH_KEYS:
            raise unknown("option", name, PROFILE_KEYS | LAUNCH_KEYS)
    changes = {name: options.pop(name) for name in PROFILE_KEYS & options.keys()}
    profile = _profile(what, changes, task_file)
    plan = plan_of(profile, Path(results), new=new)
    launch(plan, Path(results), **options)
    found = Results(results).load(plan.id)
    return NotebookCampaign(
        **{field.name: getattr(found, field.name) for field in fields(found)}
    )


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
    slug = re.sub(r"[^a-z0-9]+", "_", (task.label or task.question).lower())
    name = task.name or slug.strip("_")[:40] or "task"
    if name in tasks.names() and tasks.source_of(name) is None:
        name = f"my_{name}"
    tasks.load_pickled(name, base64.b64encode(cloudpickle.dumps(task)).decode())
    return name
