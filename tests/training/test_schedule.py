"""Schedules equal those of torch.optim.lr_scheduler, also behind a warm-up."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch.optim import SGD, lr_scheduler

from suite.training.loop import LoopState, TrainingLoop
from tasks import Position, Recipe, UserError, register_schedule
from tasks.contract.registry import SCHEDULES
from tasks.contract.schedule import BUILT_IN, learning_rate

STEPS = 40
PEAK = 0.3

PEERS: dict[str, Callable[[SGD], lr_scheduler.LRScheduler]] = {
    "constant": lambda o: lr_scheduler.ConstantLR(o, 1.0),
    "linear": lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, STEPS),
    "step": lambda o: lr_scheduler.MultiStepLR(
        o, [STEPS // 2, STEPS * 3 // 4], 0.1
    ),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(
        o, PEAK, total_steps=STEPS, cycle_momentum=False
    ),
    "noam": lambda o: lr_scheduler.LambdaLR(
        o, lambda step: (step + 1) ** -0.5
    ),
}


def rates_of_torch(name: str) -> list[float]:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], PEAK)
    schedule = PEERS[name](optimizer)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def rates(recipe: Recipe, steps: int) -> list[float]:
    return [
        learning_rate(step, steps, PEAK, recipe)
        for step in range(1, steps + 1)
    ]


@pytest.mark.parametrize("name", PEERS)
def test_rates_equal_those_of_torch(name):
    ours = rates(Recipe(steps=STEPS, schedule=name), STEPS)

    assert ours == pytest.approx(rates_of_torch(name), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in PEERS if name != "noam"])
def test_a_schedule_begins_after_a_linear_warm_up(name):
    ours = rates(
        Recipe(steps=STEPS + 10, schedule=name, warmup=0.2), STEPS + 10
    )

    assert ours[:10] == pytest.approx(
        [PEAK * step / 10 for step in range(1, 11)]
    )
    assert ours[10:] == pytest.approx(
        rates_of_torch(name), rel=1e-9, abs=1e-12
    )


def test_noam_is_the_rate_of_attention_is_all_you_need():
    """min(step^-0.5, step * warmup^-1.5), scaled so that its peak is ours."""
    ours = rates(Recipe(steps=50, schedule="noam", warmup=0.2), 50)
    paper = [min(step**-0.5, step * 10**-1.5) for step in range(1, 51)]

    assert ours == pytest.approx([PEAK * rate * 10**0.5 for rate in paper])


def test_a_plateau_lowers_the_rate_when_torch_does():
    scores = [5, 4, 4, 4.5, 3, 3, 3, 3, 3, 2, 2.5, 2.4]
    recipe = Recipe(
        steps=1, schedule="plateau", patience=2, max_lr_reductions=9
    )
    loop = TrainingLoop.__new__(TrainingLoop)
    loop.recipe, loop._at = recipe, LoopState(lr_reductions_left=9)
    optimizer = SGD([torch.zeros(1, requires_grad=True)], 1.0)
    peer = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.1, patience=1, threshold=0.0
    )
    best, ours, theirs = float("inf"), [], []
    for score in scores:
        if score < best:
            best, loop._at.waited = score, 0
        else:
            loop._at.waited += 1
            loop._lower_rate_or_stop()
        ours.append(loop._at.lowered)
        peer.step(score)
        theirs.append(optimizer.param_groups[0]["lr"])

    assert ours == pytest.approx(theirs)
    assert len(set(ours)) > 2


def test_every_schedule_is_compared_with_torch():
    assert {rule.__name__ for rule in BUILT_IN} == {*PEERS, "plateau"}
    assert all(SCHEDULES.is_built_in(rule.__name__) for rule in BUILT_IN)


@pytest.mark.parametrize("name", sorted(rule.__name__ for rule in BUILT_IN))
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_short_runs_have_rates_from_0_to_the_peak(name, steps):
    recipe = Recipe(steps=steps, schedule=name, patience=1)

    assert all(0 < rate <= PEAK for rate in rates(recipe, steps))


def test_a_schedule_from_outside_is_named_as_ours_are(monkeypatch):
    def halves(at: Position, recipe: Recipe) -> float:
        return 0.5**at.step

    monkeypatch.setattr(SCHEDULES, "_known", dict(SCHEDULES._known))
    register_schedule("halves", halves)
    found = rates(Recipe(steps=3, schedule="halves"), 3)

    assert found == pytest.approx([PEAK / 2, PEAK / 4, PEAK / 8])
    assert (
        Recipe(steps=3, schedule="halves").describe()["schedule"]["name"]
        == "halves"
    )


def test_a_function_is_a_schedule():
    recipe = Recipe(
        steps=10, warmup=0.2, schedule=lambda step, steps: step / steps
    )
    found = rates(recipe, 10)

    assert found[2:] == pytest.approx(
        [PEAK * step / 8 for step in range(1, 9)]
    )
    assert all(a < b for a, b in pairwise(found[2:]))


def test_a_schedule_that_nobody_knows_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="did you mean 'one_cycle'"):
        Recipe(steps=1, schedule="onecycle")
