"""Procedures that train by themselves: curves, best checkpoints, resuming and limits are
those of every run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from suite.training.loop import TrainingLoop
from suite.training.own import training
from tasks import OwnRun, Recipe, Split, UserError
from tasks.procedures.supervised import Classification

SEEDS = {"order": 3, "dropout": 4, "evaluation": 5}


@dataclass(frozen=True)
class ByHand(Classification):
    """What the suite does with sgd and momentum, written as a user would."""

    def train(self, run: OwnRun) -> None:
        sgd = torch.optim.SGD(run.model.parameters(), lr=1.0, momentum=0.9)
        run.remember(sgd=sgd)
        for step, batch in enumerate(run.batches(), run.begin + 1):
            sgd.param_groups[0]["lr"] = run.lr(step)
            sgd.zero_grad()
            nn.functional.cross_entropy(run.model(batch.x), batch.y).backward()
            sgd.step()
            if run.due(step) and not run.evaluate(step):
                return


@dataclass(frozen=True)
class Does(Classification):
    """What a test says."""

    what: Callable[[OwnRun], Any] = lambda run: None

    def train(self, run: OwnRun) -> None:
        self.what(run)


def data() -> tuple[Split, Split]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 4, generator=generator)
    y = (x.sum(1) + torch.randn(300, generator=generator) > 0).long()
    return Split(x[:200], y[:200]), Split(x[200:], y[200:])


def loop_of(procedure: Any, lr: float = 0.1, **recipe: Any) -> TrainingLoop:
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2)
    )
    given = {
        "steps": 40,
        "batch_size": 32,
        "optimizer": "sgd",
        "evaluations": 8,
    }
    return training(
        procedure,
        model,
        *data(),
        Recipe(**{**given, **recipe}),
        {"lr": lr},
        SEEDS,
    )


def validation_losses(loop: TrainingLoop) -> list[float]:
    return [found.values["validation.loss"] for found in loop.curve]


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"schedule": "plateau", "patience": 1},
        {"patience": 2},
        {"warmup": 0.5},
    ],
    ids=str,
)
def test_a_loop_by_hand_has_the_curve_of_the_suites_own(recipe):
    by_hand, built_in = (
        loop_of(ByHand(), **recipe),
        loop_of(Classification(), **recipe),
    )
    for loop in (by_hand, built_in):
        loop.run(lambda found: None)

    assert validation_losses(by_hand) == pytest.approx(
        validation_losses(built_in)
    )
    assert [found.step for found in by_hand.curve] == [
        found.step for found in built_in.curve
    ]
    assert by_hand.best
    assert built_in.best
    assert by_hand.best.step == built_in.best.step
    for ours, theirs in zip(
        by_hand.model.parameters(), built_in.model.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


class Stopped(Exception):
    """A worker is lost."""


@pytest.mark.parametrize("after", [0, 15, 35, 40])
def test_a_resumed_loop_by_hand_ends_with_the_same_bits(after):
    whole = loop_of(ByHand())
    whole.run(lambda found: None)
    begun, kept = loop_of(ByHand()), []

    def stop(found: Any) -> None:
        if found.step == after:
            kept.append(begun.state_dict())
            raise Stopped

    with pytest.raises(Stopped):
        begun.run(stop)
    resumed = loop_of(ByHand())
    resumed.load_state_dict(kept[0])
    resumed.run(lambda found: None)

    assert validation_losses(resumed) == validation_losses(whole)
    for ours, theirs in zip(
        resumed.model.parameters(), whole.model.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


def twice(run: OwnRun) -> None:
    run.evaluate(5)
    run.evaluate(5)


def after_the_end(run: OwnRun) -> None:
    run.evaluate(40)
    run.evaluate(41)


def after_it_stopped(run: OwnRun) -> None:
    for step in range(1, 41):
        run.evaluate(step)


@pytest.mark.parametrize(
    ("what", "recipe", "says"),
    [
        (lambda run: None, {}, "returned after step 0 of 40"),
        (lambda run: run.evaluate(0), {}, "give a step after 0"),
        (twice, {}, "give a step after 5"),
        (after_the_end, {}, "40 at most"),
        (after_it_stopped, {"patience": 1}, "the run is over"),
        (lambda run: None, {"ema_decay": 0.9}, "nothing reads it"),
    ],
)
def test_a_misuse_is_an_error_that_says_what_would_work(what, recipe, says):
    with pytest.raises(UserError, match=says):
        loop_of(Does(what=what), **recipe).run(lambda found: None)


def test_a_model_that_is_no_longer_finite_ends_the_run_as_diverged():
    def diverge(run: OwnRun) -> None:
        with torch.no_grad():
            for parameter in run.model.parameters():
                parameter.fill_(torch.nan)
        assert not run.evaluate(5)

    loop = loop_of(Does(what=diverge))
    loop.run(lambda found: None)

    assert loop.curve[-1].diverged


def test_seconds_are_those_of_training_without_evaluations():
    loop = loop_of(ByHand())
    loop.run(lambda found: None)

    seconds = [found.cpu_seconds for found in loop.curve]
    assert seconds[0] == 0
    assert seconds == sorted(seconds)
    assert loop.seconds_per_update() > 0
