"""Commands about tasks: tasks, describe, check, new task."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suite.cli.console import (
    command,
    out,
    print_json,
    report_findings,
    say,
    say_command,
)
from suite.cli.machine import one_thread
from suite.cli.options import BringOption, JsonOption
from suite.cli.resolve import task_of, task_or_claim
from tasks import UserError, unknown

if TYPE_CHECKING:
    from tasks import Arm, Level, Task

TEMPLATES = Path(__file__).parent / "templates"
# What can be compared, with the question that the template asks: the user's
# own replaces it wherever it stands.
QUESTIONS = {
    "models": "Does a wider network learn two interleaved spirals better?",
    "optimizers": "Does Adam learn to read digits better than plain SGD?",
    "losses": "Does squared error classify digits as well as the cross entropy?",
    "data": "Do twice as many examples read digits better?",
    "function": "Do stratified points integrate better than independent ones?",
}
MARGIN = 0.02  # of every template


def tasks(
    as_json: JsonOption = False,
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown",
            help="By topic of the lecture notes, as a table in Markdown.",
        ),
    ] = False,
) -> None:
    """List the tasks: comparisons that can be run."""
    import tasks as known
    from suite.cli.render import tasks

    if markdown and as_json:
        raise UserError(
            "--markdown and --json cannot both be given: choose one."
        )
    if markdown:
        from suite.report.topic_index import topic_table

        out().print(
            topic_table(), highlight=False, markup=False, soft_wrap=True
        )
        return
    found = [known.get(name) for name in known.names()]
    if as_json:
        print_json([_task_summary(task) for task in found])
        return
    out().print(tasks.task_list(found))
    say(
        f"\n`{command('describe', 'TASK')}` says more, "
        f"`{command('run', 'quick', '--task', 'TASK')}` runs one.",
        "dim",
    )


def _task_summary(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "question": task.question,
        "topic": task.topic,
        "matched": task.matched,
        "arms": [_place(arm) for arm in task.arms],
        "levels": [_place(level) for level in task.levels],
        "claims": [
            {"name": claim.name, "says": claim.says} for claim in task.claims
        ],
        "sources": list(task.sources),
    }


def _place(item: Arm | Level) -> dict[str, Any]:
    return {"name": item.name, "label": item.title, "x": item.x}


def describe(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TASK|CLAIM|profile",
            help="A task, a .py file with one, a claim, or the word profile.",
        ),
    ],
    task_file: BringOption = None,
) -> None:
    """Show what a task compares, what a claim states, or which keys a profile may
    have.
    """
    from suite.cli.render import tasks

    if name == "profile":
        from suite.cli.render.profile import profile_page

        out().print(profile_page())
        return
    for path in task_file or ():
        task_of(str(path))
    found = task_or_claim(name)
    if isinstance(found, tuple):
        out().print(tasks.claim_page(*found))
    else:
        out().print(tasks.task_page(found))


def new_task(
    name: Annotated[
        str, typer.Argument(help="The task's name; its file is NAME.py.")
    ],
    folder: Annotated[
        Path, typer.Option("--folder", help="Where to put it.")
    ] = Path(),
    compare: Annotated[
        str | None,
        typer.Option(help=f"What is compared: {', '.join(QUESTIONS)}."),
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="The question that the task answers.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="The smallest difference that matters."),
    ] = None,
) -> None:
    """Write a working task to start from. On a terminal it asks what no option says."""
    _check_new_name(name)
    if compare is None:
        compare = _ask(f"What is compared ({', '.join(QUESTIONS)})?", "models")
    if compare not in QUESTIONS:
        raise unknown("kind of comparison", compare, QUESTIONS)
    if question is None:
        question = _ask("Which question does it answer?", QUESTIONS[compare])
    if margin is None:
        given = _ask(
            "What is the smallest difference that matters?", f"{MARGIN}"
        )
        margin = _number(given)
    text = _fill_template(compare, question, margin)
    path = folder / f"{name}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # "x" refuses an existing file, even one that appeared just now.
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UserError(
            f"{path} exists already: choose another name, or move it away."
        ) from error
    say(f"{path} is written. Next:")
    say_command(command("check", path))
    say_command(command("run", "quick", "--task-file", path))


def is_interactive() -> bool:
    """Whether there is someone to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask(question: str, default: str) -> str:
    """The answer of whoever is at the terminal; the default where nobody is."""
    if not is_interactive():
        return default
    answer: str = typer.prompt(question, default=default)
    return answer.strip()


def _number(given: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise UserError(
            f"margin {given!r}: give a number above 0, such as 0.02."
        ) from None


def _fill_template(compare: str, question: str, margin: float) -> str:
    """The template's text with one's own question and margin."""
    if not (math.isfinite(margin) and margin > 0):
        raise UserError(
            f"margin {margin:g}: give a number above 0, such as 0.02."
        )
    # It is written into Python source between double quotes.
    if not question.strip() or any(one in question for one in '"\\\n'):
        raise UserError(
            f"question {question!r}: give one line without double quotes and "
            "backslashes."
        )
    text = (TEMPLATES / f"{compare}.py").read_text(encoding="utf-8")
    # The template's docstring begins with its question and goes on with
    # instructions, which the user's own question replaces together.
    docstring, quotes, code = text[3:].partition('"""')
    if question != QUESTIONS[compare]:
        docstring = f"{question.strip()}\n"
        code = code.replace(QUESTIONS[compare], question.strip())
    # ``repr`` gives the shortest text that reads as the same number.
    code = code.replace(f"margin={MARGIN}", f"margin={margin!r}")
    return f'"""{docstring}{quotes}{code}'


def _check_new_name(name: str) -> None:
    import tasks as known

    if not name.isidentifier() or name.startswith("_"):
        raise UserError(
            f"{name!r} cannot be a task's name: "
            "use letters, digits and _, such as my_task."
        )
    if name in known.names():
        raise UserError(
            f"There is a task {name!r} already: choose another name."
        )


def check(
    task: Annotated[
        str, typer.Argument(help="A task, or a .py file with one.")
    ],
    fast: Annotated[
        bool, typer.Option("--fast", help="Leave out the checks that train.")
    ] = False,
) -> None:
    """Check that a task is sound: seeded data, sealed test set, matched arms,
    repeatable runs.
    """
    from suite.checks.registry import CHECKS
    from suite.checks.soundness import findings

    chosen = task_of(task)
    one_thread()
    report_findings(
        findings(chosen, fast),
        max(map(len, CHECKS)),
        f"{chosen.name} passes the fast checks."
        if fast
        else f"{chosen.name} is sound.",
        f"{chosen.name} is not sound",
    )
