"""Commands about tasks: list them, say what one compares, write one, prove one sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suite.cli.console import out, prefix, print_json, report_findings
from suite.cli.machine import one_thread
from suite.cli.options import BringOption, JsonOption
from suite.cli.resolve import task_of, task_or_claim

if TYPE_CHECKING:
    from tasks import Task

TEMPLATE = Path(__file__).parent / "templates" / "task.py"


def tasks(as_json: JsonOption = False) -> None:
    """List the comparisons that can be run."""
    import tasks as known
    from suite.cli.render import tasks

    found = [known.get(name) for name in known.names()]
    if as_json:
        print_json([_task_summary(task) for task in found])
    else:
        out().print(tasks.task_list(found))
        out().print(
            "\n`bakeoff describe TASK` says more, `bakeoff run quick --task TASK` runs one.",
            style="dim",
        )


def _task_summary(task: Task) -> dict[str, Any]:
    arms = [{"name": arm.name, "label": arm.title, "x": arm.x} for arm in task.arms]
    levels = [
        {"name": level.name, "label": level.title, "x": level.x}
        for level in task.levels
    ]
    claims = [{"name": claim.name, "says": claim.says} for claim in task.claims]
    about = {
        "name": task.name,
        "question": task.question,
        "topic": task.topic,
        "matched": task.matched,
    }
    return {
        **about,
        "arms": arms,
        "levels": levels,
        "claims": claims,
        "sources": list(task.sources),
    }


def describe(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TASK|CLAIM", help="A task, a .py file with one, or a claim."
        ),
    ],
    task_file: BringOption = None,
) -> None:
    """Say what a task compares, or what a claim states."""
    from suite.cli.render import tasks

    for path in task_file or ():
        task_of(str(path))
    found = task_or_claim(name)
    out().print(
        tasks.claim_page(*found) if isinstance(found, tuple) else tasks.task_page(found)
    )


def new_task(
    name: Annotated[str, typer.Argument(help="The task's name; its file is NAME.py.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where to put it.")] = Path(),
) -> None:
    """Write a working task to start from: 60 lines that run as they are."""
    import tasks as known
    from tasks import UserError

    if not name.isidentifier() or name.startswith("_"):
        raise UserError(
            f"{name!r} cannot be a task's name: use letters, digits and _, such as my_task."
        )
    if name in known.names():
        raise UserError(f"There is a task {name!r} already: choose another name.")
    path = folder / f"{name}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise UserError(
            f"{path} exists already: choose another name, or move it away."
        ) from error
    out().print(f"{path} is written. Next:", highlight=False)
    for command in (f"check {path}", f"run quick --task-file {path}"):
        out().print(f"  {prefix()} {command}", highlight=False, soft_wrap=True)


def check(
    task: Annotated[str, typer.Argument(help="A task, or a .py file with one.")],
) -> None:
    """Prove a task sound: seeded data, sealed test, matched arms, repeatable runs."""
    from suite.checks.soundness import CHECKS, findings

    chosen = task_of(task)
    one_thread()
    report_findings(
        findings(chosen),
        max(map(len, CHECKS)),
        f"{chosen.name} is sound.",
        f"{chosen.name} is not sound",
    )
