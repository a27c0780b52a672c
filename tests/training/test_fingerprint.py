"""What is in a run's key: the code that it reaches and the data that it sees, and none
besides.
"""

import ast
import sys

import numpy as np
import pytest
import torch

import tasks
from suite.campaign.plans import plan_of
from suite.planning.identity import cell_identity
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.training import fingerprint
from suite.training.fingerprint import DECIDING, ROOT, STACKED, _code
from suite.training.reach import Reach, _is_data
from tasks import UserError

TRAINING = ROOT / "suite" / "training"
WATCHING = {
    "advice",  # texts of errors
    "checkpoint",  # what it keeps, a test compares bit by bit
    "environment",
    "failures",  # which status a run ends with that has no result
    "fingerprint",
    "metrics",  # names, labels and directions
    "job",  # its values are in the key themselves
    "reach",
    "resources",
    "seeds",  # so are the seeds
    "worker",
}
# of suite.training.stacks: which runs are stacked, and with which others
GROUPING = {"errors", "gain", "signature", "support"}
HELPER = '''
"""Models."""

from torch import nn

WIDTH = 8
UNUSED = 3


def net(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, outputs))
'''
OWN = '''
"""A task with a helper module beside it."""

import numpy as np
import torch

import own_models
from tasks import Arm, Claim, Float, Recipe, Space, Split, Splits, Task
from tasks.procedures.supervised import Classification

EXAMPLES = 32
TITLE = "a title"


def draw(rng):
    x = torch.randn(EXAMPLES, 4, generator=rng)
    return Split(x, (x[:, 0] > 0).long())


def load_data(level, seed):
    rng = torch.Generator().manual_seed(seed)
    known = {"table": np.arange(3.0)}
    return Splits(draw(rng), draw(rng), draw(rng), metadata=known)


def small(shape, level, params):
    """Docstring."""
    return own_models.net(shape.features, shape.outputs)


def other(shape, level, params):
    return torch.nn.Linear(shape.features, shape.outputs)


TASK = Task(
    question="Does it?",
    load_data=load_data,
    arms=(Arm("small", small), Arm("linear", lambda shape, level, params: other(shape, level, params))),
    procedure=Classification(),
    recipe=Recipe(steps=4),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
    claims=(Claim("better", "It is better.", "accuracy", "small", "linear", margin=0.1),),
)
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes the task and its helper module with changes; returns its arms' identities."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def identities(before="", after="", helper=("", "")):
        sys.modules.pop("own_models", None)
        (tmp_path / "own_models.py").write_text(HELPER.replace(*helper))
        path = tmp_path / "own.py"
        assert before in OWN
        assert helper[0] in HELPER
        path.write_text(OWN.replace(before, after) if before else OWN)
        tasks.load_file(path)
        plan = plan_for("own")
        first = {cell.arm: cell for cell in plan.cells}
        return {
            arm: cell_identity(plan, cell, "cpu")
            for arm, cell in first.items()
        }

    yield identities
    sys.modules.pop("own_models", None)


def plan_for(task):
    profile = {
        "name": "tiny",
        "blocks": 2,
        "trials": 2,
        "all_cells": True,
        "tasks": {task: TaskPlan()},
    }
    return Plan(Profile.model_validate(profile))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('    """Docstring."""', '    """Another."""  # and a comment'),
        ("def small", "# a comment\n\n\ndef small"),
        ("margin=0.1", "margin=0.2"),
        ("It is better.", "It is far better."),
        ('TITLE = "a title"', 'TITLE = "another title"'),
        # no function's `params` is this one
        (
            'TITLE = "a title"',
            'TITLE = [params for params in "another title"]',
        ),
        (
            '    arms=(Arm("small", small)',
            '    arms=(Arm("new", other), Arm("small", small)',
        ),
        ('Arm("small", small)', 'Arm("small", small, label="A small one")'),
    ],
    ids=[
        "docstring",
        "comment",
        "margin",
        "claim",
        "unused",
        "comprehension",
        "new arm",
        "label",
    ],
)
def test_what_decides_nothing_is_not_in_the_key(own, before, after):
    then, now = own(), own(before, after)

    assert {arm: now[arm] for arm in then} == then


def test_a_function_is_in_the_key_of_the_arms_that_reach_it(own):
    then = own()
    now = own(
        "torch.nn.Linear(shape.features", "torch.nn.Linear(1 * shape.features"
    )

    assert now["small"] == then["small"]
    assert now["linear"] != then["linear"]  # through a lambda


def test_a_helper_module_beside_the_task_is_in_the_key(own):
    then, now = own(), own(helper=("WIDTH = 8", "WIDTH = 4"))

    assert now["small"] != then["small"]
    assert now["linear"] == then["linear"]


def test_of_a_helper_module_only_what_is_reached_counts(own):
    then, now = own(), own(helper=("UNUSED = 3", "UNUSED = 4  # why"))

    assert now == then


@pytest.mark.parametrize(
    "read",
    [
        "int(pathlib.Path(__file__).with_name('width.csv').read_text()[2:])",
        "int(TABLE['w'][0])",
    ],
    ids=["number", "table"],
)
def test_what_a_module_reads_from_a_file_is_in_the_key(own, tmp_path, read):
    table = "pd.read_csv(pathlib.Path(__file__).with_name('width.csv'))"
    lines = (
        f"import pathlib\nimport pandas as pd\nTABLE = {table}\nWIDTH = {read}"
    )

    def with_width(width):
        (tmp_path / "width.csv").write_text(f"w\n{width}\n")
        return own(helper=("WIDTH = 8", lines))

    then, again, now = with_width(8), with_width(8), with_width(4)

    assert again == then
    assert now["small"] != then["small"]
    assert now["linear"] == then["linear"]


def test_where_a_file_lies_is_not_in_the_key(tmp_path):
    assert not _is_data(str(tmp_path))
    assert not _is_data({"folder": tmp_path})
    assert _is_data({"text": "a corpus", "rows": [np.arange(3), 1.5]})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("EXAMPLES = 32", "EXAMPLES = 33"),
        ("np.arange(3.0)", "np.arange(1.0, 4.0)"),
        ("Classification()", 'Classification("focal")'),
    ],
    ids=["data", "metadata", "procedure"],
)
def test_data_and_procedure_are_in_every_key(own, before, after):
    then, now = own(), own(before, after)

    assert now["small"] != then["small"]
    assert now["linear"] != then["linear"]


def test_what_has_no_content_to_hash_is_refused(own):
    with pytest.raises(UserError, match=r"metadata holds a lock"):
        own("np.arange(3.0)", '__import__("threading").Lock()')


def test_a_changed_margin_trains_nothing_again(own, run_inline, tmp_path):
    own()
    results = tmp_path / "results"
    first = plan_of(plan_for("own").profile, results)
    assert run_inline(first, results).trained == first.runs
    own("margin=0.1", "margin=0.2")
    second = plan_of(plan_for("own").profile, results)
    assert second.id != first.id
    assert run_inline(second, results).trained == 0
    own(
        '    arms=(Arm("small", small)',
        '    arms=(Arm("new", other), Arm("small", small)',
    )
    third = plan_of(plan_for("own").profile, results)
    assert run_inline(third, results).trained == third.runs // 3


def test_another_search_space_or_recipe_is_another_campaign(own):
    ids = set()
    for change in (
        (),
        ("lr=Float(1e-3, 1e-1", "lr=Float(1e-3, 1e-2"),
        ("steps=4", "steps=5"),
    ):
        own(*change)
        ids.add(plan_for("own").id)

    assert len(ids) == 3


def test_a_memory_mapped_file_is_hashed_by_its_content(tmp_path):
    def described(content):
        path = tmp_path / "tokens.bin"
        np.array(content, dtype=np.int32).tofile(path)
        return Reach().describe(
            {"tokens": np.memmap(path, dtype=np.int32)}, "x"
        )

    assert described([1, 2, 3]) == described([1, 2, 3])
    assert described([1, 2, 3]) != described([1, 2, 4])


def test_values_are_told_apart_by_content_and_type():
    values = [
        0,
        0.0,
        "0",
        None,
        (0,),
        [0],
        {0},
        {"a": 0},
        b"0",
        torch.zeros(1),
    ]
    described = [repr(Reach().describe(value, "x")) for value in values]
    assert len(set(described)) == len(values)


def test_every_module_of_training_is_in_the_key_or_known_not_to_decide():
    modules = {path.stem for path in TRAINING.glob("*.py")} - {"__init__"}

    assert modules == {*DECIDING, *WATCHING}
    assert not WATCHING & set(DECIDING)

    stacks = {path.stem for path in (TRAINING / "stacks").glob("*.py")}
    assert stacks - {"__init__"} == {*STACKED, *GROUPING}


def test_rules_of_the_contract_that_training_follows_are_in_the_key():
    modules = {place.partition(":")[0] for place in _code("batch_size")}

    assert {
        "tasks.contract.schedule",
        "tasks.procedures.supervised",
    } <= modules
    assert "suite.training.loop" in modules
    assert "tasks.contract.claim" not in modules


def test_fingerprints_need_nothing_that_needs_them():
    imported = {
        node.module
        for name in ("fingerprint", "reach")
        for node in ast.walk(ast.parse((TRAINING / f"{name}.py").read_text()))
        if isinstance(node, ast.ImportFrom)
    }

    assert "suite.training.environment" not in imported
    assert "suite.training.worker" not in imported
    assert fingerprint.source_hash("batch_size") != fingerprint.source_hash(
        "gan"
    )
