"""The checks behind ``bakeoff check``: each passes what is sound and finds what it is
there to find.
"""

import dataclasses
from pathlib import Path

import pytest

import tasks
from suite.checks import location, runs, short_run
from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import CHECKS, register_check
from suite.checks.soundness import findings
from tasks import Arm, Claim, Float, Measure, Space, Task
from tasks.procedures.metrics import OutputMeasure
from tasks.procedures.supervised import Classification

BROKEN = {  # check: what to replace in the tiny task, and by what
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
    "hyperparameters are read": (
        "space=Space(",
        "space=Space(dropuot=Float(0, 1), ",
    ),
    "arms differ": ("partial(build, 32)", "partial(build, 2)"),
    "own code reads its hyperparameters": (
        "arms=(",
        'arms=(Arm.function("f", lambda *a: {"accuracy": 1.0, "loss": 1.0}), ',
    ),
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
def test_sound_tasks_pass_all_checks(tiny, name):
    failed = [
        finding for finding in findings(tasks.get(name)) if finding.ok is False
    ]

    assert failed == []


@pytest.mark.parametrize("what", BROKEN)
def test_each_check_finds_what_it_is_there_for(broken, what):
    task = broken(*BROKEN[what])

    with pytest.raises(CheckFailed) as caught:
        CHECKS[what].function(task)

    assert caught.value.hint


def test_a_misspelt_hyperparameter_gets_the_name_that_was_looked_for(broken):
    task = broken(
        "x=2)", "x=2, params={'wieght_decay': 0.1}, without=('weight_decay',))"
    )

    with pytest.raises(
        CheckFailed, match="'wieght_decay' that nothing reads"
    ) as caught:
        CHECKS["hyperparameters are read"].function(task)

    assert "did you mean 'weight_decay'?" in caught.value.hint


ARMS = 'Arm("narrow", partial(build, 2), x=2), Arm("wide", partial(build, 32), x=32)'
# What makes one of two arms with equal short runs another computation
REAL_DIFFERENCES = {
    "range": "space=Space(lr=Float(1e-3, 1e-1, log=True, default=1e-2))",
    "length": "recipe={'epochs': 8}",
    "patience": "recipe={'patience': 2}",
    "seeds": "seeds_of='narrow'",
    "schedule": "recipe={'schedule': lambda step, steps: 1 if step < 30 else 0.1}",
}


@pytest.mark.parametrize("change", REAL_DIFFERENCES.values())
def test_what_a_short_run_cannot_show_is_no_sameness(broken, change):
    # 32 updates at level "many", of which the last have another rate
    same = "partial(build, 2), recipe={'schedule': 'constant'}"
    if "schedule" not in change:
        same = "partial(build, 2)"
    task = broken(
        ARMS,
        f'Arm("narrow", {same}), Arm("wide", partial(build, 2), {change})',
    )
    with pytest.raises(NotApplicable):
        CHECKS["arms differ"].function(task)


def test_arms_may_be_the_same_where_that_is_the_claim(broken):
    task = broken(*BROKEN["arms differ"])
    equal = dataclasses.replace(task.claims[0], kind="equal")

    says = CHECKS["arms differ"].function(
        dataclasses.replace(task, claims=(equal,))
    )
    assert "narrow and wide are the same, as is claimed" in says


def test_arms_that_differ_at_one_level_are_different(broken):
    by_level = "lambda s, v, p: build(2 if v.name == 'few' else 4, s, v, p)"
    task = broken("partial(build, 32)", by_level)

    assert CHECKS["arms differ"].function(task) == "2 arms, with equal seeds"


def test_a_file_that_a_run_reads_is_named(broken, tmp_path, monkeypatch):
    # pytest's folders are below the one for temporary files, which are no data
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    weights = tmp_path / "weights.txt"
    weights.write_text("0.5")
    check = CHECKS["files are in the key"].function

    def read(level, params, seed):
        return {"score": float(weights.read_text())}

    with pytest.raises(
        CheckFailed, match=r"the function of f reads .*weights"
    ):
        check(of_functions(read, Space()))

    reads = f"    open({str(weights)!r}).close()\n    return nn.Sequential("
    with pytest.raises(CheckFailed, match=r"the build of narrow reads"):
        check(broken("    return nn.Sequential(", reads))


def test_a_file_that_is_written_or_of_the_system_is_none(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))

    def write(level, params, seed):
        (tmp_path / "log.txt").write_text("a line")
        return {"score": float(Path("/proc/uptime").read_text().split()[0])}

    assert CHECKS["files are in the key"].function(
        of_functions(write, Space())
    )


def of_functions(measure, space) -> Task:
    return Task(
        "Is it?",
        arms=(Arm.function("f", measure, space=space),),
        measures=(Measure("score", "higher"),),
    )


def test_a_function_may_read_some_names_at_some_points_alone():
    space = Space(a=Float(0, 1), b=Float(0, 1), c=Float(0, 1))
    reads = CHECKS["own code reads its hyperparameters"]

    def by_branch(level, params, seed):
        return {"score": params["b"] + params["c"] if params["a"] == 1 else 0}

    def all_by_name(level, params, seed):
        return {"score": sum({**params}.values())}

    assert reads.function(of_functions(by_branch, space)) == "a, b, c"
    assert reads.function(of_functions(all_by_name, space)) == "a, b, c"

    def misspelt(level, params, seed):
        return {"score": params["a"] + params.get("bb", 0) + params["c"]}

    with pytest.raises(CheckFailed, match="'b' that nothing reads") as caught:
        reads.function(of_functions(misspelt, space))
    assert "did you mean 'bb'?" in caught.value.hint


def test_an_own_loop_reads_its_hyperparameters():
    path = Path(tasks.__file__).parent / "examples" / "perceptron.py"
    task = tasks.load_file(path)
    reads = CHECKS["own code reads its hyperparameters"]
    assert reads.function(task) == "lr"

    more = Space(**task.space, momentun=Float(0, 1))
    with pytest.raises(CheckFailed, match="'momentun' that nothing reads"):
        reads.function(dataclasses.replace(task, space=more))


def test_guessing_is_asked_of_no_measure_that_ignores_answers(tiny):
    task = tasks.get(tiny)
    gap = OutputMeasure(
        "gap",
        "lower",
        worst=lambda shape: 1.0,
        of=lambda outputs, targets: 0.0,
    )
    procedure = Classification(measures=("accuracy", "loss", gap))
    arms = tuple(
        dataclasses.replace(arm, procedure=procedure) for arm in task.arms
    )

    guess = CHECKS["untrained models guess"]

    assert "loss" in guess.function(dataclasses.replace(task, arms=arms))


def test_functions_beside_models_share_no_batches(tiny):
    task = tasks.get(tiny)
    called = Arm.function("called", lambda level, params, seed: {})

    both = dataclasses.replace(task, arms=(*task.arms, called))

    shared = CHECKS["batches can be shared"]
    assert shared.function(both) == shared.function(task)


def test_an_arm_that_is_said_to_fail_in_optimisation_need_not_memorise(broken):
    task = broken(*BROKEN["tiny batches are learned"])
    says = [
        Claim(
            f"{arm.name}_fails",
            "It fails.",
            metric="diagnosed.optimisation",
            kind="always",
            better=arm.name,
            lower_bound=1.0,
            margin=0.1,
        )
        for arm in task.arms
    ]
    memorised = CHECKS["tiny batches are learned"]

    with pytest.raises(NotApplicable):
        memorised.function(dataclasses.replace(task, claims=tuple(says)))

    with pytest.raises(CheckFailed):
        memorised.function(dataclasses.replace(task, claims=tuple(says[:1])))


def test_matching_is_only_checked_where_it_is_claimed(tiny):
    with pytest.raises(NotApplicable, match="28 to 418 parameters"):
        CHECKS["arms match as they say"].function(tasks.get(tiny))


def test_an_official_test_set_must_be_one(broken):
    task = broken(
        "draw(100), draw(100))", 'draw(100), draw(100), population="official")'
    )

    with pytest.raises(CheckFailed, match="official test set differs"):
        CHECKS["blocks differ as they say"].function(task)


def test_one_error_in_the_task_is_told_once_with_its_line(broken):
    task = broken("    rng = torch", "    1 / 0\n    rng = torch")

    found = list(findings(task))

    assert len(found) == len(CHECKS)
    (failed,) = [finding for finding in found if finding.ok is False]
    assert "ZeroDivisionError" in failed.says
    assert "broken.py, line" in failed.hint
    others = {finding.says for finding in found if finding.ok is None}
    assert f'stopped by the same error as "{failed.what}"' in others


def test_an_error_inside_a_library_is_pointed_at_in_the_task_file(broken):
    task = broken("nn.Sequential(", "nn.Sequential(nn.Linear(7, 7), ")
    failed = [finding for finding in findings(task) if finding.ok is False]

    assert failed
    path = location.file_of(task)
    assert path.endswith("broken.py")
    assert all(path in finding.hint for finding in failed)


def test_fast_checks_train_nothing(tiny, monkeypatch):
    monkeypatch.setattr(short_run, "run_job", lambda job: 1 / 0)

    found = {
        finding.what: finding
        for finding in findings(tasks.get(tiny), fast=True)
    }

    assert all(finding.ok is not False for finding in found.values())
    assert set(found) == {
        name for name, check in CHECKS.items() if not check.trains
    }


def test_a_check_has_one_name_and_one_place():
    with pytest.raises(ValueError, match="already"):
        register_check("claims can be judged")(lambda task: "")


def test_a_file_that_hides_a_package_of_ours_is_named(tmp_path, monkeypatch):
    (tmp_path / "tasks.py").write_text("")
    monkeypatch.chdir(tmp_path)

    assert f"{tmp_path / 'tasks.py'} has the name" in runs._why_elsewhere()


def test_an_unknown_metric_gets_the_nearest_recorded_one(broken):
    task = broken('"accuracy", better', '"acuracy", better')

    finding = next(
        f for f in findings(task) if f.what == "claims can be judged"
    )

    assert finding.ok is False
    assert "did you mean 'accuracy'" in finding.says
