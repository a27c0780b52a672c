"""Updates to reach a target, from the recipe that names it to the verdict."""

from pathlib import Path
from typing import Any

import pytest

import tasks
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, check_names
from suite.records.results import Results
from suite.report import sentences
from suite.report.sentences import Labels
from suite.training.job import Job, Member, Result
from suite.training.metrics import metric_of
from suite.training.worker import run_job
from suite.verdicts.judge import judge_campaign
from tasks import Recipe, UserError, updates_to
from tasks.procedures.metrics import ACCURACY, LOG_LOSS

SEEDS = {
    "split": 1,
    "initialisation": 2,
    "order": 3,
    "dropout": 4,
    "evaluation": 5,
}
NEVER = 2.0  # an accuracy beyond 1


def run_of(*targets: Any, lr: float = 0.05) -> Result:
    """A run of the tiny task of 40 updates, evaluated after every second one."""
    params = {"lr": lr, "weight_decay": 0.0, "dropout": 0.0}
    member = Member("key", "final", 0, 0, params, SEEDS)
    recipe = {"steps": 40, "evaluations": 20, "targets": targets}
    return run_job(Job("tiny", "many", "wide", (member,), recipe=recipe))[0]


@pytest.mark.parametrize(
    ("name", "value", "is_there"),
    [
        ("accuracy", 0.6, lambda row: row["validation.accuracy"] >= 0.6),
        ("loss", 0.68, lambda row: row["validation.loss"] <= 0.68),
        ("train.accuracy", 0.7, lambda row: row["train.accuracy"] >= 0.7),
    ],
)
def test_a_run_records_the_first_evaluation_at_its_target(
    tiny, name, value, is_there
):
    result = run_of((name, value))

    steps = [row["step"] for row in result.curve if is_there(row)]
    assert 0 < steps[0] < 40
    assert result.metrics[updates_to(name, value)] == steps[0]
    assert result.metrics[f"reached.{name}.{value}"] == 1


def test_a_run_that_never_gets_there_counts_one_update_more_than_it_had(tiny):
    metrics = run_of(("accuracy", NEVER)).metrics

    assert metrics[updates_to("accuracy", NEVER)] == 41
    assert metrics["reached.accuracy.2.0"] == 0


def test_a_run_that_diverges_counts_all_updates_that_it_was_to_have(tiny):
    result = run_of(("loss", 0.1), lr=float("inf"))

    assert result.status == "diverged"
    assert result.metrics[updates_to("loss", 0.1)] == 41


def test_updates_to_a_target_are_a_metric_of_which_less_is_better():
    metric = metric_of(updates_to("train.loss", 1e-8), [ACCURACY, LOG_LOSS])

    assert metric is not None
    assert (metric.better, metric.unit, metric.is_share) == (
        "lower",
        "updates",
        False,
    )
    assert not metric.cost  # a better search gets there sooner
    assert metric_of(updates_to("recall", 0.5), [ACCURACY, LOG_LOSS]) is None
    assert metric_of("updates_to.accuracy.soon", [ACCURACY, LOG_LOSS]) is None


@pytest.mark.parametrize(
    "targets", ["accuracy", [("accuracy",)], [(0.5, "accuracy")]]
)
def test_targets_that_are_no_measures_and_numbers_are_refused(targets):
    with pytest.raises(UserError, match="give measures and numbers"):
        Recipe(steps=10, targets=targets)


def test_the_evaluation_before_the_first_update_does_not_count(tiny):
    assert run_of(("accuracy", 0.0)).metrics[updates_to("accuracy", 0.0)] == 2


def with_claim(
    tiny_file: Path,
    wanted: float,
    measure: str = "accuracy",
    value: float = 0.6,
) -> str:
    """The tiny task with a target, and a claim on how soon an accuracy is reached."""
    text = tiny_file.read_text(encoding="utf-8")
    recipe = f"evaluations=4, targets=(({measure!r}, {value}),)"
    text = text.replace("evaluations=4", recipe)
    text = text.replace("import Arm", "import updates_to, Arm")
    claim = f'updates_to("accuracy", {wanted}), scale="log_ratio"'
    path = tiny_file.with_name("soon.py")
    path.write_text(text.replace('"accuracy", better', f"{claim}, better"))
    return str(path)


def test_a_claim_on_a_target_that_its_recipe_lacks_is_refused(tiny_file):
    with pytest.raises(
        UserError, match=r"records no 'updates_to.accuracy.0.7'"
    ):
        tasks.load_file(with_claim(tiny_file, 0.7))


def test_a_target_that_is_no_measure_is_refused(tiny_file):
    with pytest.raises(UserError, match="acuracy"):
        tasks.load_file(with_claim(tiny_file, 0.6, "acuracy"))


def test_a_profile_cannot_take_a_target_from_the_claims_that_need_it(tiny):
    changed = TaskPlan(recipe={"targets": [["loss", 0.5]]})
    profile = Profile(name="mine", tasks={tiny: changed})

    with pytest.raises(UserError, match="change them in the task's file"):
        check_names(profile, "mine")


def test_a_verdict_says_how_many_finals_missed_the_target(
    tiny_file, run_inline, tmp_path
):
    tasks.load_file(with_claim(tiny_file, 0.54, value=0.54))
    plan = Plan(
        Profile(name="soon", blocks=2, trials=1, tasks={"soon": TaskPlan()})
    )
    run_inline(plan)

    campaign = Results(tmp_path / "results").load(plan.id)
    (verdict,) = judge_campaign(campaign)
    labels = Labels(campaign.manifest)
    finals = campaign.runs[campaign.runs["kind"] == "final"]
    missed = int((finals["reached.accuracy.0.54"] == 0).sum())
    assert 0 < missed < len(finals)
    assert labels.metric(verdict) == "updates to 54 % accuracy"
    assert any(
        note.startswith(
            f"{missed} of {len(finals)} finals did not reach the target"
        )
        for note in sentences.notes(verdict, labels)
    )
