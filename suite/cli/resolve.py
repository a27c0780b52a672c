"""Resolves arguments to profiles, tasks and claims.

Task files are loaded on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.planning.profile import Profile
    from tasks import Claim, Task


def profile_of(
    name: str,
    changes: Sequence[str] | None,
    only: Sequence[str] | None,
    files: Sequence[Path] | None,
) -> Profile:
    """The profile with the tasks that it is to run.

    Tasks named with ``--task`` are run alone, with those of task files. A task file
    replaces a built-in profile's tasks, and is added to those of the user's own
    profile.
    """
    import tasks as known
    from suite.planning.profile import check_names, profile_names, read_profile

    brought = [task_of(str(path)).name for path in files or ()]
    named = [known.get(task).name for task in only or ()]
    profile, source = read_profile(name, changes or ())
    # A built-in profile brings tasks that nobody asked for; the user's own
    # profile names what it wants.
    if named or (brought and name in profile_names()):
        profile = _restricted(profile, [*brought, *named])
    elif brought:
        profile = _extended(profile, brought)
    # Last, as tasks of files count as known by now.
    check_names(profile, source)
    return profile


def _restricted(profile: Profile, names: Sequence[str]) -> Profile:
    """The profile with these tasks and no others."""
    from suite.planning.profile import TaskPlan

    plans = {task: profile.tasks.get(task, TaskPlan()) for task in names}
    # ``every_task`` would add all others again.
    return profile.model_copy(update={"tasks": plans, "every_task": False})


def _extended(profile: Profile, names: Sequence[str]) -> Profile:
    """The profile with these tasks as well."""
    from suite.planning.profile import TaskPlan

    added = {task: TaskPlan() for task in names if task not in profile.tasks}
    return profile.model_copy(update={"tasks": {**profile.tasks, **added}})


def check_early(
    name: str,
    changes: Sequence[str] | None,
    only: Sequence[str] | None = None,
    files: Sequence[Path] | None = None,
) -> None:
    """Raise UserError for what is plainly wrong with a profile and its tasks, before
    slow imports.
    """
    import tasks as known
    from suite.planning.profile import read_profile

    read_profile(name, changes or ())
    # A task of that name may be in one of the files, which are not loaded yet.
    if files:
        return
    for task in only or ():
        if task not in known.names():
            known.get(task)


def task_of(name: str) -> Task:
    """A task by its name or its file."""
    import tasks as known

    if name.endswith(".py"):
        return known.load_file(name)
    # A file without ".py" would be reported as an unknown task.
    if name not in known.names() and Path(name).exists():
        raise known.UserError(
            f"{name} is not a task file: give a Python file, whose name ends in .py."
        )
    return known.get(name)


def task_or_claim(name: str) -> Task | tuple[Task, Claim]:
    """A task by its name or its file, or a claim (with its task) by ``claim`` or
    ``task/claim``.
    """
    import tasks as known

    if name.endswith(".py") or name in known.names():
        return task_of(name)
    task_name, _, claim_name = name.rpartition("/")
    task_names = [task_name] if task_name else known.names()
    searched = [known.get(one) for one in task_names]
    found = [
        (task, claim)
        for task in searched
        for claim in task.claims
        if claim.name == claim_name
    ]
    if len(found) == 1:
        return found[0]
    if found:
        full_names = ", ".join(
            f"{task.name}/{claim_name}" for task, _ in found
        )
        raise known.UserError(
            f"Several tasks have a claim {claim_name!r}: give one of {full_names}."
        )
    names = [claim.name for task in searched for claim in task.claims]
    if task_name:
        raise known.unknown("claim", claim_name, names)
    raise known.unknown("task or claim", name, [*names, *known.names()])
