"""What is in a run's key: the modules that decide its result, and none besides."""

import ast

from suite.training import fingerprint
from suite.training.fingerprint import DECIDING, ROOT, _imported_by, _reached, _text

TRAINING = ROOT / "suite" / "training"
WATCHING = {
    "checkpoint",  # what it keeps, a test compares bit by bit
    "environment",
    "fingerprint",
    "job",  # its values are in the key themselves
    "resources",
    "seeds",  # so are the seeds
    "worker",
}


def test_every_module_of_training_is_in_the_key_or_known_not_to_decide():
    modules = {path.stem for path in TRAINING.glob("*.py")} - {"__init__"}

    assert modules == {*DECIDING, *WATCHING}
    assert not WATCHING & set(DECIDING)


def test_rules_of_the_contract_that_training_follows_are_in_the_key():
    start = set()
    for name in DECIDING:
        start |= _imported_by(_text(TRAINING / f"{name}.py"))
    reached = {path.name for path in _reached(start) if path.parent.name == "contract"}

    assert {"recipe.py", "schedule.py", "optimizer.py"} <= reached


def test_fingerprints_need_nothing_that_needs_them():
    imported = {
        node.module
        for node in ast.walk(ast.parse(_text(TRAINING / "fingerprint.py")))
        if isinstance(node, ast.ImportFrom)
    }

    assert "suite.training.environment" not in imported
    assert "suite.training.worker" not in imported
    assert fingerprint.source_hash("batch_size") != fingerprint.source_hash("gan")
