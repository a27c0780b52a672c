"""The proofs behind ``bakeoff check``: each passes what is sound and finds what it is
there to find.
"""

import pytest

import tasks
from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.soundness import CHECKS, findings

BROKEN = {  # proof: what to replace in the tiny task, and by what
    "data depend on the seed alone": (
        "manual_seed(seed)",
        "manual_seed(torch.seed() % 1000)",
    ),
    "other random numbers left alone": (
        "    rng = torch",
        "    torch.rand(1)\n    rng = torch",
    ),
    "splits share no example": ("draw(100), draw(100)", "*[draw(100)] * 2"),
    "blocks differ as they say": ("manual_seed(seed)", "manual_seed(0)"),
    "arms match as they say": (
        'question="Does',
        'parameters_within=0.01, question="Does',
    ),
    "untrained models guess": ("nn.Sequential(", "nn.Sequential(Loud(), "),
    "tiny batches are learned": ("nn.Sequential(", "nn.Sequential(Deaf(), "),
    "batches can be shared": ("nn.Sequential(", "nn.Sequential(Int(), "),
    "claims can be judged": ("margin=0.02", "margin=0.002"),
    "same seed, same bits": ("nn.Sequential(", "nn.Sequential(Moody(), "),
    "same in another process": ("nn.Sequential(", "nn.Sequential(Local(), "),
}
LAYERS = """
import os

class Loud(nn.Module):
    def forward(self, x):
        return 1000 * x

class Deaf(nn.Module):
    def forward(self, x):
        return 0 * x

class Int(nn.Module):
    def forward(self, x):
        return x - x.mean(0)

CALLS = []

class Moody(nn.Module):
    def forward(self, x):
        CALLS.append(1)
        return x * (1 + 1e-4 * len(CALLS))

class Local(nn.Module):
    def forward(self, x):
        return x * (1 + 1e-4 * os.getpid())

def load_data("""


@pytest.fixture
def broken(tiny_file):
    """The tiny task with one thing in its file replaced."""

    def change(good: str, bad: str) -> tasks.Task:
        text = tiny_file.read_text(encoding="utf-8")
        assert good in text
        path = tiny_file.with_name("broken.py")
        path.write_text(
            text.replace(good, bad).replace("\ndef load_data(", LAYERS),
            encoding="utf-8",
        )
        return tasks.load_file(path)

    return change


@pytest.mark.parametrize("name", ["logistic_regression", "tiny"])
def test_sound_tasks_pass_all_proofs(tiny, name):
    failed = [finding for finding in findings(tasks.get(name)) if finding.ok is False]

    assert failed == []


@pytest.mark.parametrize("what", BROKEN)
def test_each_proof_finds_what_it_is_there_for(broken, what):
    task = broken(*BROKEN[what])

    with pytest.raises(CheckFailed) as caught:
        CHECKS[what](task)

    assert caught.value.hint


def test_matching_is_only_proved_where_it_is_claimed(tiny):
    with pytest.raises(NotApplicable, match="28 to 418 parameters"):
        CHECKS["arms match as they say"](tasks.get(tiny))


def test_an_official_test_set_must_be_one(broken):
    task = broken(
        "draw(100), draw(100))", 'draw(100), draw(100), population="official")'
    )

    with pytest.raises(CheckFailed, match="official test set differs"):
        CHECKS["blocks differ as they say"](task)


def test_a_task_that_raises_fails_the_proof_and_not_the_check(broken):
    task = broken("    rng = torch", "    1 / 0\n    rng = torch")

    found = {finding.what: finding for finding in findings(task)}

    assert len(found) == len(CHECKS)
    assert "ZeroDivisionError" in found["splits share no example"].says
    assert "broken.py, line" in found["splits share no example"].hint


def test_an_unknown_metric_gets_the_nearest_recorded_one(broken):
    task = broken('"accuracy", better', '"acuracy", better')

    finding = next(f for f in findings(task) if f.what == "claims can be judged")

    assert finding.ok is False
    assert "did you mean 'accuracy'" in finding.says
