"""Runs that advance together come to what each comes to alone, to rounding, and to the
same bits in any company.
"""

import math
from dataclasses import dataclass, replace
from itertools import accumulate, count, pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training import checkpoint
from suite.training.checkpoint import Checkpointer
from suite.training.job import CheckpointPolicy, Job, Member, Result, timed
from suite.training.rng import batches as one_by_one
from suite.training.stacks import gain as gain_module
from suite.training.stacks.batch_norm import STATISTICS, TrackedBatchNorm
from suite.training.stacks.batches import batches as many_at_once
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.gain import gain
from suite.training.stacks.job import ready
from suite.training.stacks.member import StackMember
from suite.training.stacks.recorder import record
from suite.training.stacks.signature import structure
from suite.training.stacks.stack import Stack
from suite.training.worker import run_job
from tasks import Split

PARAMS = (
    {"lr": 0.02, "weight_decay": 0.01, "dropout": 0.2},
    {"lr": 0.005, "weight_decay": 0.0, "dropout": 0.5},
    {"lr": 0.1, "weight_decay": 0.1, "dropout": 0.1},
)


def member(number: int, params: dict[str, float], block: int) -> Member:
    seeds = {
        "split": block,
        "order": 10 + number,
        "initialisation": 20 + number,
        "dropout": 30 + number,
        "evaluation": 40 + block,
    }
    return Member(f"{number:064d}", "final", block, number, params, seeds)


def job(task: str, level: str, arm: str, **options) -> Job:
    """Five runs of two blocks and three sets of hyperparameters."""
    members = [
        member(number, PARAMS[number % 3], number % 2) for number in range(5)
    ]
    return Job(task, level, arm, tuple(members), stacked=True, **options)


MLP = ("deep_vs_wide", "mnist1d_15k", "depth_3")
JOBS = {
    "an MLP by AdamW": job(
        *MLP, recipe={"steps": 25, "evaluations": 2}, examples=250
    ),
    "an MLP by Adam, with a last batch that is smaller": job(
        *MLP,
        recipe={
            "optimizer": "adam",
            "epochs": 6,
            "batch_size": 32,
            "evaluations": 3,
            "max_grad_norm": 1.0,
            "decay_norms_and_biases": True,
        },
        examples=250,
    ),
    # Products of 43 by 10 numbers: every other one begins between two vectors.
    "an MLP of eight layers": job(
        "deep_vs_wide",
        "mnist1d_15k",
        "depth_8",
        recipe={"steps": 12, "evaluations": 2},
        examples=250,
    ),
    # It calls each of its dropout layers twice.
    "a vision transformer": job(
        "cnn_vs_attention",
        "mnist1d_500",
        "attention",
        recipe={"epochs": None, "steps": 4, "evaluations": 2},
        examples=120,
    ),
    "an MLP with batch normalisation": job(
        "deep_vs_wide",
        "mnist1d_15k",
        "depth_8_batch_norm",
        # By SGD: a bias before the norm has a gradient of 0, and Adam would
        # make full steps of what rounding leaves of it.
        recipe={
            "optimizer": "sgd",
            "steps": 6,
            "evaluations": 2,
            "batch_size": 50,
        },
        examples=100,
    ),
    "an MLP by Nesterov's momentum": job(
        *MLP,
        recipe={
            "optimizer": "nesterov",
            "steps": 20,
            "batch_size": 8,
            "evaluations": 3,
            "schedule": "constant",
        },
        examples=250,
    ),
    "small batches by SGD": job(
        "batch_size",
        "equal_epochs",
        "batch_32",
        recipe={"epochs": 3, "evaluations": 3, "momentum": 0.0},
        examples=70,
    ),
    "logistic regression of two classes": job(
        "logistic_regression",
        "breast_cancer",
        "gd",
        recipe={"steps": 15, "evaluations": 3},
    ),
    "logistic regression of ten classes": job(
        "logistic_regression",
        "mnist1d",
        "gd",
        recipe={"steps": 15, "evaluations": 3, "batch_size": 100},
        examples=250,
    ),
}


def params_of(job: Job) -> Job:
    """The job, with the hyperparameters that its arm has."""
    if job.task != "logistic_regression":
        return job
    members = [
        replace(one, params={"lr": 10 * one.params["lr"], "l2": 0.003})
        for one in job.members
    ]
    return replace(job, members=tuple(members))


def outcome(result: Result) -> tuple[Any, ...]:
    """All of a result that its key decides."""
    metrics = {
        name: value
        for name, value in result.metrics.items()
        if not timed(name)
    }
    curve = [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in result.curve
    ]
    return (
        result.status,
        metrics,
        curve,
        result.losses,
        result.best_step,
        result.checkpoint,
        result.artifacts,
        result.test_opened,
    )


@pytest.fixture(params=list(JOBS))
def stacked(request) -> Job:
    return params_of(JOBS[request.param])


def test_a_run_comes_to_what_it_comes_to_alone_and_to_one_result_in_any_stack(
    stacked,
):
    results = run_job(stacked)
    alone = run_job(replace(stacked, stacked=False))
    for one, other in zip(results, alone, strict=True):
        assert (one.status, one.best_step) == ("finished", other.best_step)
        for ours, theirs in zip(one.curve, other.curve, strict=True):
            for name in ours.keys() - {"seconds"}:
                assert ours[name] == pytest.approx(theirs[name], rel=1e-4)

    whole = {one.key: outcome(one) for one in results}
    for company in (slice(3, 4), slice(3, 0, -1)):
        members = stacked.members[company]
        for one in run_job(replace(stacked, members=members)):
            assert outcome(one) == whole[one.key]


def test_batches_are_those_of_any_other_run():
    train = Split(torch.arange(50.0), torch.arange(50))
    for size, skipped in ((7, 0), (7, 5), (7, 8), (3, 40), (1, 49)):
        ours, theirs = (
            read(train, size, torch.Generator().manual_seed(1), skipped)
            for read in (many_at_once, one_by_one)
        )
        for _ in range(2 * 50 // size):
            assert torch.equal(next(ours).x, next(theirs).x)


def with_looks(stacked: Job) -> tuple[Stack, list[StackMember]]:
    """The members of a job before their first update, and their stack."""
    loops = [ready(stacked, one)[1] for one in stacked.members]
    return Stack(loops[0]), loops


def test_evaluations_of_a_stack_come_to_what_each_comes_to_by_itself(stacked):
    stack, loops = with_looks(stacked)
    stack.advance(loops, 3)

    for measured, loop in zip(stack.measure(loops), loops, strict=True):
        alone = dict(loop.look().values)
        del alone["train.objective"]
        assert measured == pytest.approx(alone, rel=1e-4)


def test_one_with_measures_that_are_not_finite_measures_itself():
    stack, loops = with_looks(
        params_of(JOBS["logistic regression of two classes"])
    )
    loops[BAD].buffer.flat.fill_(math.nan)
    measured = stack.measure(loops)

    assert [one is None for one in measured] == [
        number == BAD for number in range(len(loops))
    ]
    assert loops[BAD].look(measured[BAD]).diverged


def test_an_evaluation_that_draws_is_left_to_each_member():
    draws = job("two_answers", "all", "mixture", examples=60)
    stack, loops = with_looks(draws)

    assert stack.measure(loops) == [None] * len(loops)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [(6, 3), (6, 3, 4)])
def test_a_layer_normalises_as_torch_does(shape, affine):
    torch.manual_seed(0)
    ours = TrackedBatchNorm(3, momentum=0.3, affine=affine)
    theirs = nn.BatchNorm1d(3, momentum=0.3, affine=affine)
    for x in 2 * torch.randn(2, *shape) + 1:
        torch.testing.assert_close(ours(x), theirs(x))
    ours.load_state_dict(
        {
            **theirs.state_dict(),
            **dict(zip(STATISTICS, ours.statistics(), strict=True)),
        }
    )

    for name, expected in theirs.named_buffers():
        torch.testing.assert_close(ours.get_buffer(name), expected)
    x = torch.randn(*shape)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_running_statistics_are_those_of_torch():
    """After three batches they are the same numbers, and each member has its own."""
    normalised = JOBS["an MLP with batch normalisation"]
    stack, loops = with_looks(normalised)
    _, others = with_looks(normalised)
    stack.advance(loops, 3)
    for loop, other in zip(loops, others, strict=True):
        other.advance_alone(3)
        buffers = dict(loop.model.named_buffers())
        for name, expected in other.model.named_buffers():
            torch.testing.assert_close(buffers[name], expected)

    first, second = (
        loop.model.get_buffer("2.running_var") for loop in loops[:2]
    )
    assert not torch.allclose(first, second)


# ---------------------------------------------------------------- members that end early

SMALL = job(
    *MLP,
    recipe={"steps": 12, "evaluations": 4, "batch_size": 16},
    examples=60,
)
OUTSIDE = torch.ones(2)
BAD = 2  # the number of the member that something happens to


def others(results: list[Result]) -> list[tuple[Any, ...]]:
    return [
        outcome(one) for number, one in enumerate(results) if number != BAD
    ]


def with_params(job: Job, **params: Any) -> Job:
    """The job, in which one member has other hyperparameters."""
    members = list(job.members)
    changed = {**members[BAD].params, **params}
    members[BAD] = replace(members[BAD], params=changed)
    return replace(job, members=tuple(members))


def test_one_that_diverges_leaves_the_others_alone():
    results = run_job(with_params(SMALL, lr=1e30))

    assert results[BAD].status == "diverged"
    assert others(results) == others(run_job(SMALL))


def test_one_of_another_structure_is_trained_beside_the_others():
    results = run_job(with_params(SMALL, dropout=0.0))

    assert results[BAD].status == "finished"
    assert others(results) == others(run_job(SMALL))


def test_early_stopping_is_each_members_own():
    results = run_job(
        replace(SMALL, recipe={**SMALL.recipe, "steps": 120, "patience": 1})
    )

    assert len({len(one.curve) for one in results}) > 1


@pytest.mark.parametrize("place", ["look", "advance"])
def test_one_that_fails_leaves_the_others_alone(place, monkeypatch):
    expected = others(run_job(SMALL))
    seeds = SMALL.members[BAD].seeds

    def look(self: StackMember, *measured: Any) -> Any:
        if self.seeds == seeds and self.step > 3:
            raise ArithmeticError("bad")
        return looked(self, *measured)

    def advance(self: Stack, members: Any, stop: int) -> None:
        if any(one.seeds == seeds for one in members):
            raise ArithmeticError("bad")
        advanced(self, members, stop)

    looked, advanced = StackMember.look, Stack._advance
    if place == "look":
        monkeypatch.setattr(StackMember, "look", look)
    else:
        monkeypatch.setattr(Stack, "_advance", advance)
    results = run_job(SMALL)

    assert results[BAD].status == "crashed"
    assert results[BAD].error == "ArithmeticError: bad"
    assert others(results) == expected


def test_a_stack_that_is_stopped_anywhere_resumes_with_the_same_bits(
    tmp_path, monkeypatch
):
    """Members are then at different steps: some have a later checkpoint."""

    class Stopped(BaseException):
        pass

    def save(self: Checkpointer, *what: Any) -> None:
        saved(self, *what)
        if next(calls) % 7 == 6:
            raise Stopped

    saved, calls = Checkpointer.save, count()
    monkeypatch.setattr(checkpoint, "SHARE", float("inf"))
    policy = CheckpointPolicy(str(tmp_path), 0.0)
    expected = [outcome(one) for one in run_job(SMALL)]
    monkeypatch.setattr(Checkpointer, "save", save)
    interruptions = 0
    while True:
        try:
            results = run_job(replace(SMALL, checkpoints=policy))
            break
        except Stopped:
            interruptions += 1

    assert interruptions > 1
    assert [outcome(one) for one in results] == expected


def test_runs_over_their_time_limit_say_how_far_they_got():
    results = run_job(replace(SMALL, time_limit=1e-9))

    for one in results:
        assert one.status == "timed_out"
        assert "limit of 1e-09 s after step 0" in str(one.error)


def test_a_run_takes_its_share_of_the_seconds():
    results = run_job(SMALL)
    spans = [(one.started, one.ended) for one in results]

    for (_, ended), (started, _) in pairwise(spans):
        assert started == ended
    assert all(one.metrics["cpu_seconds"] > 0 for one in results)


# ------------------------------------------------------------------- what can be stacked


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (nn.BatchNorm1d(3, momentum=None), "keeps statistics of batches"),
        (nn.InstanceNorm1d(3, track_running_stats=True), "keeps statistics"),
        (nn.Conv2d(1, 1, 3), "convolutions gain nothing"),
        (nn.GRU(1, 1), "vmap has no rule for its GRU"),
    ],
)
def test_a_model_that_cannot_be_stacked_says_why(model, why):
    with pytest.raises(CannotBeStacked, match=why):
        structure(model)


def test_models_differ_in_structure_where_code_would_run_differently():
    @dataclass(frozen=True)
    class Rule:
        numbers: list[int]

    class Scaled(nn.Module):
        def __init__(self, scale: Any) -> None:
            super().__init__()
            self.scale = scale

    assert structure(Scaled(1.0)) == structure(Scaled(1.0))
    assert structure(Scaled(1.0)) != structure(Scaled(2.0))
    one, other = Rule([1, 2]), Rule([1, 3])
    assert structure(Scaled(one)) == structure(Scaled(Rule([1, 2])))
    assert structure(Scaled(one)) != structure(Scaled(other))
    assert structure(nn.Linear(2, 3)) != structure(nn.Linear(2, 4))
    assert structure(nn.Dropout(0.1)) == structure(nn.Dropout(0.2))
    with pytest.raises(CannotBeStacked, match="may differ between runs"):
        structure(Scaled(Rule([torch.zeros(1)])))


def normalise_in_place(x: Tensor) -> tuple[Tensor]:
    data = x.clone().expand(3, 2)
    variance = x.clone()
    return (functional.batch_norm(data, x, variance, training=True),)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: (x * (2.0 if x.sum() > 0 else 1.0),), "reads a number"),
        (lambda x: (x * torch.rand(2),), "draws random numbers"),
        (lambda x: (x.add_(1.0),), "changes a tensor in place"),
        (lambda x: (x.view(2, 1).add_(1.0),), "changes a tensor in place"),
        (normalise_in_place, "changes a tensor in place"),
        (lambda x: (x * OUTSIDE,), "neither a parameter"),
        (lambda x: (x[x > 0],), "shapes that depend on numbers"),
    ],
)
def test_what_a_recording_could_not_repeat_is_refused(function, why):
    with pytest.raises(CannotBeStacked, match=why):
        record(function, [torch.ones(2)])


def test_an_arm_is_measured_against_runs_alone():
    assert gain(SMALL) > 0
    with pytest.raises(CannotBeStacked, match="random numbers of its own"):
        gain(job("overfitting", "all", "shift", examples=60))
    with pytest.raises(CannotBeStacked, match="several phases"):
        gain(job("two_answers", "all", "gan", examples=60))


def test_a_gain_does_not_hang_on_one_slow_update(monkeypatch):
    """Every interval takes a millisecond, but for the first update and for one round."""
    slow = {1: 1.0, 20: 1.0}
    seconds = [slow.get(call, 0.001) for call in range(200)]
    clock = accumulate(seconds)
    monkeypatch.setattr(gain_module, "_cpu_seconds", lambda: next(clock))

    assert gain(SMALL) == pytest.approx(len(SMALL.members))
