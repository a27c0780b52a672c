"""A claim leads to the lines that make it, and to nothing but tasks' files."""

import pytest

import tasks
from dashboard.app import create_app
from dashboard.data.task_source import TaskSource, task_source
from dashboard.rendering import render
from suite.records.results import Results
from tasks.contract.universe import universe_name

FILE = """CLAIMS = (
    Claim(
        "first",
        says="One thing.",
    ),
    *(Claim(f"reaches_{level}", "x") for level in LEVELS),
    _always("second", 1),
)
"""
SOURCE = TaskSource("tasks/example.py", FILE)


@pytest.mark.parametrize(
    ("claim", "lines"),
    [
        ("first", (2, 5)),
        ("reaches_far", (6, 6)),
        ("second", (7, 7)),
        (
            universe_name("second", {"optimizer": "sgd"}),
            (7, 7),
        ),  # a universe has the lines of its claim
        ("One thing", None),
        ("third", None),
    ],
)
def test_a_claim_is_where_a_call_names_it(claim, lines):
    assert SOURCE.claim_lines(claim) == lines


def test_a_claim_named_in_full_comes_before_one_that_is_filled_in():
    text = 'Claim(f"{a}_x")\nClaim("a_x")\n'

    assert TaskSource("tasks/example.py", text).claim_lines("a_x") == (2, 2)


def test_nearly_all_claims_of_the_project_are_found():
    found = [
        task_source(name).claim_lines(claim.name) is not None
        for name in tasks.names()
        for claim in tasks.get(name).claims
    ]

    assert sum(found) >= 0.95 * len(found) > 0


@pytest.mark.parametrize(
    "task", ["../suite/errors", "__init__", "_registry", "contract", "a.b", ""]
)
def test_no_other_file_is_given_out(task, tmp_path):
    client = create_app(Results(tmp_path), refresh=False).server.test_client()

    assert task_source(task) is None
    answer = client.get(f"/source/{task}.py")
    is_page = answer.mimetype == "text/html"  # what a path with "/" leads to
    assert is_page or answer.status_code == 404


def test_the_whole_file_is_text_that_no_browser_runs(tmp_path):
    client = create_app(Results(tmp_path), refresh=False).server.test_client()

    answer = client.get("/source/batch_size.py")

    assert answer.mimetype == "text/plain"
    assert "TASK = Task(" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_claims_page_shows_its_code(snapshots, finished):
    claim = snapshots.get(finished).verdicts[0]
    search = f"?campaign={finished}&task={claim.task}&claim={claim.claim}"
    source = task_source(claim.task)
    first, last = source.claim_lines(claim.claim)

    page = str(render(snapshots, "/claim", search)[0])

    assert f"lines {first} to {last}" in page
    assert f'{claim.claim}"' in page
    assert f"/source/{claim.task}.py" in page
