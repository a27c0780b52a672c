"""The table of topics in docs/ is the one that the tasks give."""

from pathlib import Path

from typer.testing import CliRunner

import tasks
from suite.cli.main import app
from suite.report.topic_index import HEAD, TOPICS, topic_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "topics.md"


def own_names():
    """The built-in tasks, without files that other tests have loaded."""
    return [name for name in tasks.names() if tasks.source_of(name) is None]


def test_every_task_is_about_a_topic_and_every_topic_has_a_task():
    listed = [name for _, names in TOPICS for name in names]

    assert sorted(listed) == own_names()
    assert all(names for _, names in TOPICS)


def test_a_row_says_what_a_task_asks_and_how_many_claims_it_makes():
    rows = topic_table().splitlines()[2:]

    assert len(rows) == len(own_names())
    task = tasks.get("momentum")
    (row,) = (row for row in rows if "`momentum`" in row)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "",
        "`momentum`",
        task.question,
        str(len(task.claims)),
        "`topics`",
    ]


def test_the_page_of_topics_has_this_table():
    assert topic_table() in PAGE.read_text(encoding="utf-8")


def test_the_command_prints_it():
    result = CliRunner().invoke(app, ["tasks", "--markdown"])

    assert result.exit_code == 0
    assert result.output.startswith(f"| {' | '.join(HEAD)} |")
    assert result.output.strip() == topic_table()
