"""A run that is stopped at any of its evaluations and goes on elsewhere comes to
the same, bit for bit.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suite.training import checkpoint
from suite.training.checkpoint import Checkpointer
from suite.training.job import CheckpointPolicy, Job, Member, Result, timed
from suite.training.worker import run_job

SEEDS = {
    "split": 0,
    "order": 1,
    "initialisation": 2,
    "dropout": 3,
    "evaluation": 4,
}
KEY = "0" * 64


def job(
    task: str, level: str, arm: str, params: dict[str, Any], **options: Any
) -> Job:
    return Job(
        task,
        level,
        arm,
        (Member(KEY, "final", 0, 0, params, SEEDS),),
        **options,
    )


ADAMW = {"lr": 0.01, "weight_decay": 0.01, "dropout": 0.2}
JOBS = {
    "two players, noise, and pictures on the way": job(
        "two_answers",
        "all",
        "gan",
        ADAMW,
        recipe={"steps": 12, "evaluations": 5},
        examples=300,
    ),
    "sequences with dropout": job(
        "translation",
        "numbers",
        "transformer",
        ADAMW,
        recipe={"steps": 8, "evaluations": 4},
        examples=50,
    ),
    "patience and plateaus": job(
        "cnn_vs_attention",
        "mnist1d_500",
        "cnn",
        {**ADAMW, "lr": 1.0},
        recipe={"epochs": 40, "patience": 1},
        examples=70,
    ),
    "momentum, the full batch, and the last model": job(
        "logistic_regression",
        "breast_cancer",
        "gd",
        {"lr": 0.1, "l2": 0.003},
        recipe={"steps": 10, "evaluations": 4},
    ),
    "small batches by momentum": job(
        "batch_size",
        "equal_epochs",
        "batch_32",
        ADAMW,
        recipe={"epochs": 3, "evaluations": 5},
        examples=70,
    ),
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch) -> None:
    """Write at every evaluation, however long writing takes."""
    monkeypatch.setattr(checkpoint, "SHARE", float("inf"))


class Stopped(BaseException):
    pass


def stopped_at_its_next_evaluation(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> Result | None:
    """What came of it, or None where it was stopped."""

    def keep(self: Checkpointer, *what: Any, **how: Any) -> None:
        kept(self, *what, **how)
        raise Stopped

    kept = Checkpointer.save
    with monkeypatch.context() as patched:
        patched.setattr(Checkpointer, "save", keep)
        try:
            (result,) = run_job(job)
        except Stopped:
            return None
    return result


def lasting(result: Result) -> dict[str, Any]:
    """All but times and places."""
    return {
        **{
            name: getattr(result, name)
            for name in (
                "status",
                "best_step",
                "losses",
                "parameters",
                "error",
            )
        },
        "metrics": {
            name: value
            for name, value in result.metrics.items()
            if not timed(name)
        },
        "curve": [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in result.curve
        ],
        "files": {**result.artifacts, "model": result.checkpoint},
    }


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_a_run_stopped_at_every_evaluation_comes_to_the_same(
    job, tmp_path, monkeypatch
):
    (undisturbed,) = run_job(job)
    assert undisturbed.status == "finished", undisturbed.error
    kept = replace(job, checkpoints=CheckpointPolicy(str(tmp_path), 0.0))
    stops = 0
    while (
        result := stopped_at_its_next_evaluation(kept, monkeypatch)
    ) is None:
        stops += 1

    assert stops == len(undisturbed.curve) > 3
    assert lasting(result) == lasting(undisturbed)
    assert result.worker["resumed"] == undisturbed.curve[-1]["step"]
    seconds = [row["seconds"] for row in result.curve]
    assert seconds == sorted(seconds)
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.pt"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-100],
        lambda whole: whole[:200] + b"?" + whole[201:],
        lambda whole: b"",
    ],
    ids=["torn", "a flipped byte", "empty"],
)
def test_a_damaged_file_is_as_good_as_none(damage, tmp_path, monkeypatch):
    given = JOBS["small batches by momentum"]
    (undisturbed,) = run_job(given)
    kept = replace(given, checkpoints=CheckpointPolicy(str(tmp_path), 0.0))
    for _ in range(3):
        assert stopped_at_its_next_evaluation(kept, monkeypatch) is None
    path = tmp_path / f"{KEY}.pt"
    path.write_bytes(damage(path.read_bytes()))
    (result,) = run_job(kept)

    assert "resumed" not in result.worker
    assert lasting(result) == lasting(undisturbed)


def test_a_file_that_would_run_code_is_not_unpickled(tmp_path):
    import hashlib
    import io

    import torch

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    buffer = io.BytesIO()
    torch.save({"key": KEY, "training": Evil()}, buffer)
    (tmp_path / f"{KEY}.pt").write_bytes(
        hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue()
    )
    (result,) = run_job(
        replace(
            JOBS["small batches by momentum"],
            checkpoints=CheckpointPolicy(str(tmp_path), 60.0),
        )
    )

    assert result.status == "finished"
    assert not (tmp_path / "ran").exists()


def test_short_runs_leave_nothing_and_a_place_that_is_not_there_stops_none(
    tmp_path,
):
    for folder in (tmp_path, tmp_path / "on another node"):
        (result,) = run_job(
            replace(
                JOBS["small batches by momentum"],
                checkpoints=CheckpointPolicy(str(folder), 60.0),
            )
        )
        assert result.status == "finished"
    assert not list(tmp_path.iterdir())


def test_a_limit_counts_what_others_spent_on_the_run(tmp_path, monkeypatch):
    given = replace(
        JOBS["small batches by momentum"],
        checkpoints=CheckpointPolicy(str(tmp_path), 0.0),
    )
    assert stopped_at_its_next_evaluation(given, monkeypatch) is None
    monkeypatch.setattr(Checkpointer, "seconds", 1e6)
    assert stopped_at_its_next_evaluation(given, monkeypatch) is None
    monkeypatch.undo()
    (result,) = run_job(replace(given, time_limit=1e5))

    assert result.status == "timed_out"
