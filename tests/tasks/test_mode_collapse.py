"""Points around eight centres: shares against brute force and closed forms."""

import math

import pytest
import torch
from torch import Tensor, nn

from suite.training.loop import TrainingLoop
from tasks import Level
from tasks.contract.data import Split
from tasks.mode_collapse import CENTRES, STD, TASK, load_data
from tasks.models.adversarial import Generator, planar
from tasks.procedures.ring import DRAWS, RingGame, shares

LEVEL = Level("all", {})


class Placed(nn.Module):
    """Puts points at the centres named, in turn."""

    def __init__(self, centres: Tensor, named: list[int]) -> None:
        super().__init__()
        self.centres = centres
        self.named = torch.tensor(named)

    def forward(self, z: Tensor) -> Tensor:
        chosen = self.named[torch.arange(len(z)) % len(self.named)]
        return self.centres[chosen]


def measured(named: list[int], moved: float = 0.0) -> dict[str, float]:
    train = load_data(LEVEL, 0).train
    centres = torch.tensor(train.metadata["centres"]) + moved
    generator = Generator(Placed(centres, named), latent=1)
    return RingGame(TASK.procedure.game).evaluate(  # type: ignore[attr-defined]
        generator, train, torch.Generator().manual_seed(0)
    )


def test_shares_are_those_of_brute_force():
    rng = torch.Generator().manual_seed(1)
    made = torch.rand(300, 2, generator=rng)
    centres = torch.rand(5, 2, generator=rng)
    found = [0] * 5
    for point in made.tolist():
        distances = [math.dist(point, centre) for centre in centres.tolist()]
        nearest = min(range(5), key=distances.__getitem__)
        found[nearest] += distances[nearest] <= 0.1

    assert shares(made, centres, 0.1).tolist() == pytest.approx(
        [count / 300 for count in found]
    )


@pytest.mark.parametrize("found", [1, 4, 8])
def test_centres_that_are_left_out_are_misplaced_probability(found):
    values = measured(list(range(found)))

    assert values["modes"] == found
    assert values["good"] == pytest.approx(1)
    assert values["missed"] == pytest.approx(
        1 - found / CENTRES, abs=2 / DRAWS
    )


def test_points_that_are_near_no_centre_are_neither_good_nor_placed():
    assert measured(list(range(CENTRES)), moved=4 * STD) == {
        "missed": 1.0,
        "modes": 0.0,
        "good": 0.0,
    }


def test_data_are_even_around_the_centres_with_the_declared_spread():
    train = load_data(LEVEL, 3).train
    centres = torch.tensor(train.metadata["centres"])
    away = train.x - centres[train.y]
    counts = torch.bincount(train.y, minlength=CENTRES)
    error = math.sqrt(len(train) * (1 / 8) * (7 / 8))

    assert away.std().item() == pytest.approx(STD, rel=0.05)
    assert (counts - len(train) / CENTRES).abs().max() < 4 * error
    # of a normal distribution in the plane, 1 - exp(-9 / 2) lies within 3 deviations
    good = shares(train.x, centres, 3 * STD).sum().item()
    assert good == pytest.approx(1 - math.exp(-4.5), abs=0.01)


def test_both_arms_learn_the_same_way_and_are_judged_by_other_parameters():
    splits = load_data(LEVEL, 0)
    validation = Split(
        splits.validation.x, splits.validation.y, splits.validation.metadata
    )
    losses, values = [], []
    for arm in TASK.arms:
        torch.manual_seed(0)
        recipe = TASK.recipe.with_changes(
            {**arm.recipe, "steps": 8, "evaluations": 1}
        )
        loop = TrainingLoop(
            TASK.procedure,
            planar(8, 2),
            splits.train,
            validation,
            recipe,
            {"lr": 0.01},
            {"order": 1, "dropout": 2, "evaluation": 3},
        )
        list(loop)
        losses.append(loop.losses)
        values.append(next(loop.model.parameters()).clone())

    assert torch.equal(*losses)
    assert not torch.equal(*values)
