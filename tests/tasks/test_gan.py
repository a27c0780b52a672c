"""Games, the measures of what they make, and the toy with two answers: each against
theory or a peer.
"""

import copy
import io
import itertools
import json
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import torch
from PIL import Image
from torch import Tensor, distributions, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import tasks
from suite.training.instantiate import build_model
from suite.training.job import Job, Member
from suite.training.loop import TrainingLoop
from suite.training.rng import make_generator
from suite.training.worker import run_job
from tasks import Shape, Split, Splits, UserError
from tasks.gan import DECAY
from tasks.models.adversarial import (
    Adversaries,
    convolutional,
    judging,
    mixture,
)
from tasks.models.fixed_classifier import FixedClassifier
from tasks.procedures.adversarial import (
    HINGE,
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    WASSERSTEIN,
    Adversarial,
    Game,
    gradient_penalty,
)
from tasks.procedures.answers import ranked_probability_score
from tasks.procedures.averaged import with_own_statistics
from tasks.procedures.drawing import picture_grid
from tasks.procedures.pictures import (
    Pictures,
    evenness,
    figures,
    frechet_distance,
    kernel_distance,
    neighbourhoods,
)

GAMES = {
    "minimax": MINIMAX,
    "non_saturating": NON_SATURATING,
    "least_squares": LEAST_SQUARES,
    "wgan_gp": WASSERSTEIN,
    "hinge": HINGE,
}
SEEDS = {
    "split": 0,
    "order": 0,
    "evaluation": 0,
    "initialisation": 0,
    "dropout": 0,
}
FIXED = {"lr": 3e-3, "weight_decay": 1e-3, "dropout": 0.0}
REAL = torch.tensor(
    [0.6, 0.3, 0.1, 0.0]
)  # p and q over four values, for the best discriminator
MADE = torch.tensor([0.1, 0.4, 0.5, 0.0])


# -------------------------------------------------------------------- Fréchet distance


def exact(
    examples: int,
    features: int,
    mean: float | Tensor = 0.0,
    deviation: float = 1.0,
    seed: int = 0,
) -> Tensor:
    """A sample whose own mean and covariance are exactly the given mean and deviation^2
    times the identity.
    """
    x = torch.randn(
        examples, features, generator=make_generator(seed), dtype=torch.float64
    )
    x = x - x.mean(0)
    whitened = (
        x
        @ torch.linalg.inv(
            torch.linalg.cholesky(x.T.cov().reshape(features, features))
        ).T
    )
    found: Tensor = deviation * whitened + mean
    return found


def test_frechet_distance_of_a_shift_is_its_squared_length():
    shift = torch.tensor([3.0, 4.0, 0.0], dtype=torch.float64)

    assert frechet_distance(
        exact(100, 3), exact(80, 3, shift, seed=1)
    ).item() == pytest.approx(25)


def test_frechet_distance_of_twice_the_deviation_is_the_dimension():
    assert frechet_distance(
        exact(100, 7), exact(100, 7, deviation=2.0, seed=1)
    ).item() == pytest.approx(7)


def test_frechet_distance_in_one_dimension_adds_squared_differences_of_mean_and_deviation():
    assert frechet_distance(
        exact(50, 1), exact(50, 1, mean=2.0, deviation=3.0, seed=1)
    ).item() == pytest.approx(8)


@pytest.mark.parametrize(
    "examples", [200, 20]
)  # 20 examples leave a covariance of 30 features without full rank
def test_frechet_distance_equals_the_one_with_scipys_matrix_root(examples):
    stream = make_generator(0)
    mix = torch.randn(30, 30, generator=stream)
    real, made = (
        torch.randn(examples, 30, generator=stream) @ mix,
        torch.randn(examples, 30, generator=stream).relu(),
    )

    nearly_zero = 1e-9 * np.eye(30)  # scipy's root needs full rank
    first, second = (
        np.cov(x.double().numpy(), rowvar=False) + nearly_zero
        for x in (real, made)
    )
    shift = (
        (real.double().mean(0) - made.double().mean(0)).square().sum().item()
    )
    peer = shift + np.trace(
        first + second - 2 * scipy.linalg.sqrtm(first @ second).real
    )

    assert frechet_distance(real, made).item() == pytest.approx(peer, rel=1e-4)
    assert frechet_distance(made, real).item() == pytest.approx(
        frechet_distance(real, made).item()
    )


def test_frechet_distance_of_equal_distributions_is_biased_by_one_over_the_count():
    def between(examples: int) -> float:
        stream = make_generator(examples)
        pairs = [
            torch.randn(2, examples, 64, generator=stream) for _ in range(8)
        ]
        return sum(frechet_distance(*pair).item() for pair in pairs) / len(
            pairs
        )

    assert between(500) / between(2000) == pytest.approx(4, rel=0.15)


# ------------------------------------------------ precision, recall, coverage, classes


def test_the_kernel_distance_is_its_definition():
    generator = make_generator(0)
    real = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    made = torch.randn(5, 3, generator=generator, dtype=torch.float64)

    def kernel(one: Tensor, other: Tensor) -> float:
        return (float(one @ other) / 3 + 1) ** 3

    def among(x: Tensor) -> float:
        pairs = itertools.permutations(x, 2)
        return sum(itertools.starmap(kernel, pairs)) / (len(x) * (len(x) - 1))

    across = sum(itertools.starmap(kernel, itertools.product(real, made))) / 20
    assert kernel_distance(real, made).item() == pytest.approx(
        among(real) + among(made) - 2 * across
    )


def test_the_kernel_distance_of_equal_distributions_is_0_on_average_however_few():
    generator = make_generator(0)
    found = [
        kernel_distance(
            torch.randn(20, 4, generator=generator),
            torch.randn(30, 4, generator=generator),
        ).item()
        for _ in range(400)
    ]

    mean, std = np.mean(found), np.std(found, ddof=1)
    assert abs(mean) < 3 * std / 20  # three standard errors
    assert min(found) < 0


def test_equal_sets_have_no_distance_and_all_of_precision_recall_and_coverage():
    x = torch.randn(60, 5, generator=make_generator(0))

    assert [value.item() for value in neighbourhoods(x, x)] == [1, 1, 1]
    assert frechet_distance(x, x).item() == pytest.approx(
        0, abs=1e-9
    )  # so what is learnt by heart looks perfect


def test_distant_sets_have_none():
    x = torch.randn(60, 5, generator=make_generator(0))

    assert [value.item() for value in neighbourhoods(x, x + 1000)] == [0, 0, 0]


def test_coverage_of_the_same_distribution_is_what_counting_says():
    """1 - prod (N - i) / (2N - i) for i = 1 ... k: none of the made ones is among the k
    nearest (Naeem et al. 2020).
    """
    count, k = 200, 3
    expected = 1 - math.prod(
        (count - i) / (2 * count - i) for i in range(1, k + 1)
    )
    stream = make_generator(0)

    found = [
        neighbourhoods(*torch.randn(2, count, 4, generator=stream), k)[
            2
        ].item()
        for _ in range(40)
    ]

    assert sum(found) / len(found) == pytest.approx(expected, abs=0.01)


def test_one_good_example_made_over_and_over_is_precise_but_covers_little():
    real = torch.randn(200, 5, generator=make_generator(0))
    made = real.mean(0).expand(200, 5)

    precision, recall, coverage = (
        value.item() for value in neighbourhoods(real, made)
    )

    assert precision == 1
    assert recall <= 1 / 200
    assert coverage < 0.2


def test_one_outlier_among_real_examples_feigns_precision_but_no_coverage():
    real = torch.cat(
        [
            torch.randn(200, 5, generator=make_generator(0)),
            torch.full((1, 5), 100.0),
        ]
    )
    made = torch.full((200, 5), 50.0)

    precision, _, coverage = (
        value.item() for value in neighbourhoods(real, made)
    )

    assert precision == 1
    assert coverage <= 1 / 201


def test_evenness_is_one_for_equal_shares_and_zero_for_one_class():
    assert evenness(torch.full((10,), 0.1)).item() == pytest.approx(1)
    assert evenness(torch.eye(10)[3]).item() == 0
    assert evenness(
        torch.tensor([0.5, 0.5, 0.0, 0.0])
    ).item() == pytest.approx(0.5)


# --------------------------------------------------------------------------- the games


def best_answers(game: Game, p: Tensor, q: Tensor) -> tuple[Tensor, float]:
    """The answers to each value, (values,), that lower the discriminator's loss most,
    and that loss.
    """
    answers = torch.zeros(len(p), dtype=torch.float64, requires_grad=True)
    counts = [(1000 * share).round().long() for share in (p, q)]
    real, made = (
        torch.arange(len(p)).repeat_interleave(count) for count in counts
    )
    optimizer = torch.optim.LBFGS(
        [answers],
        max_iter=200,
        tolerance_grad=1e-12,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = game.discriminator(answers[real], answers[made])
        value.backward()
        return value

    optimizer.step(loss)
    return answers.detach(), loss().item()


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    def divergence(a: Tensor, b: Tensor) -> float:
        return float(torch.special.xlogy(a, a / b).nan_to_num(0).sum())

    return divergence(p, (p + q) / 2) / 2 + divergence(q, (p + q) / 2) / 2


@pytest.mark.parametrize("game", [MINIMAX, NON_SATURATING])
def test_the_best_discriminator_says_p_over_p_plus_q(game):
    answers, loss = best_answers(game, REAL, MADE)

    assert answers.sigmoid()[:3].tolist() == pytest.approx(
        (REAL / (REAL + MADE))[:3].tolist(), abs=1e-5
    )
    assert loss == pytest.approx(
        2 * math.log(2) - 2 * jensen_shannon(REAL, MADE), abs=1e-6
    )


def test_with_least_squares_the_best_discriminator_says_so_without_a_sigmoid():
    answers, _ = best_answers(LEAST_SQUARES, REAL, MADE)

    assert answers[:3].tolist() == pytest.approx(
        (REAL / (REAL + MADE))[:3].tolist(), abs=1e-6
    )


def test_with_hinges_no_answer_beats_the_sign_of_p_minus_q():
    """The loss at D = sign(p - q) is sum p(1 - D)+ + q(1 + D)+ = 2 sum min(p, q), and
    nothing lies below.
    """
    sign = torch.sign(REAL - MADE).double()
    counts = [(1000 * share).round().long() for share in (REAL, MADE)]
    real, made = (torch.arange(4).repeat_interleave(count) for count in counts)
    least = 2 * torch.minimum(REAL, MADE).sum().item()

    assert HINGE.discriminator(sign[real], sign[made]).item() == pytest.approx(
        least
    )
    for other in torch.randn(
        200, 4, generator=make_generator(0), dtype=torch.float64
    ):
        assert (
            HINGE.discriminator(other[real], other[made]).item()
            >= least - 1e-12
        )


def test_apart_is_apart_however_far_for_jensen_shannon_but_not_for_wasserstein():
    apart = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert jensen_shannon(*apart) == pytest.approx(math.log(2))
    sure = torch.tensor(50.0)
    assert MINIMAX.discriminator(sure, -sure).item() == pytest.approx(
        0, abs=1e-9
    )  # 2 ln 2 - 2 JSD

    for distance in (
        0.5,
        2.0,
        10.0,
    ):  # all real examples at 0, all made ones at `distance`: W1 is the distance
        real, made = torch.zeros(8, 1), torch.full((8, 1), distance)
        assert WASSERSTEIN.discriminator(-real, -made).item() == pytest.approx(
            -distance
        )
        assert gradient_penalty(
            lambda x: -x.sum(1), real, made, make_generator(0)
        ).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_every_generator_gains_from_higher_answers(name):
    answers = torch.linspace(-3, 0.9, 20, requires_grad=True)
    (slope,) = torch.autograd.grad(GAMES[name].generator(answers), answers)

    assert (slope < 0).all()


def test_the_minimax_generator_learns_nothing_from_a_sure_discriminator_and_the_other_one_does():
    """Slopes -s(a) and -s(-a) for the answer a: at a = -20 next to 0, and next to -1."""
    answer = torch.tensor([-20.0], requires_grad=True)
    (flat,) = torch.autograd.grad(MINIMAX.generator(answer), answer)
    (steep,) = torch.autograd.grad(NON_SATURATING.generator(answer), answer)

    assert flat.item() == pytest.approx(-1 / (1 + math.exp(20)), rel=1e-4)
    assert steep.item() == pytest.approx(-1, abs=1e-6)


# -------------------------------------------------------------------- gradient penalty


def test_a_linear_critics_penalty_is_that_of_the_length_of_its_weights():
    stream = make_generator(0)
    weights = torch.randn(6, generator=stream, requires_grad=True)
    real, made = torch.randn(2, 32, 2, 3, generator=stream)

    penalty = gradient_penalty(
        lambda x: x.flatten(1) @ weights, real, made, stream
    )
    (slope,) = torch.autograd.grad(penalty, weights)

    length = weights.detach().norm()
    assert penalty.item() == pytest.approx((length.item() - 1) ** 2, rel=1e-5)
    assert torch.allclose(
        slope, 2 * (length - 1) * weights.detach() / length, atol=1e-5
    )


def test_no_discriminator_is_steeper_than_the_product_of_its_layers_largest_singular_values():
    torch.manual_seed(0)
    discriminator = judging(Shape((1,), 1), width=16)
    layers = [
        layer for layer in discriminator.net if isinstance(layer, nn.Linear)
    ]
    bound = math.prod(
        torch.linalg.matrix_norm(layer.weight, 2).item() for layer in layers
    )
    x = torch.randn(500, 2, requires_grad=True)

    (slopes,) = torch.autograd.grad(discriminator(x).sum(), x)

    assert 0 < slopes.norm(dim=1).max().item() <= bound * (1 + 1e-5)


# ------------------------------------------------------------------------------ models


@pytest.mark.parametrize(("side", "channels"), [(16, 16), (28, 32)])
def test_generator_and_discriminator_are_mirrors_of_nearly_equal_size(
    side, channels
):
    model = convolutional(Shape((1, side, side), 10), channels, latent=32)
    made, judged = (
        sum(p.numel() for p in part.parameters())
        for part in (model.generator, model.discriminator)
    )

    assert abs(made / judged - 1) < 0.02
    pictures = model(torch.randn(3, 32))
    assert pictures.shape == (3, 1, side, side)
    assert pictures.abs().max() <= 1
    assert model.discriminator(pictures).shape == (3,)


def test_odd_pictures_get_a_clear_error():
    with pytest.raises(UserError, match=r"8x10.*multiple of 4"):
        convolutional(Shape((1, 8, 10), 10), channels=4, latent=8)


@pytest.mark.parametrize("name", GAMES)
def test_each_player_moves_only_itself(name):
    procedure = Adversarial(GAMES[name])
    torch.manual_seed(0)
    model = convolutional(Shape((1, 8, 8), 2), channels=4, latent=8)
    batch = Split(torch.rand(16, 1, 8, 8) * 2 - 1, torch.zeros(16).long())
    train, sides = Split(batch.x, batch.y), ("generator", "discriminator")

    for phase in procedure.phases(model):
        assert phase.prefix in sides
        model.zero_grad()
        parts = {
            side: [
                p for n, p in model.named_parameters() if n.startswith(side)
            ]
            for side in sides
        }
        other = parts[sides[1 - sides.index(phase.prefix)]]
        for parameter in other:
            parameter.requires_grad_(False)
        phase.loss(model, train, make_generator(0)).backward()
        assert all(
            p.grad is not None and p.grad.isfinite().all()
            for p in parts[phase.prefix][:-1]
        )
        assert all(p.grad is None for p in other)
        for parameter in other:
            parameter.requires_grad_(True)


# -------------------------------------------------------------------- the picture task


@pytest.fixture(scope="module")
def pictures() -> Splits:
    task = tasks.get("gan")
    return task.load_data(task.level("mnist5k"), 0)


def test_the_fixed_classifier_knows_digits_and_disturbs_no_random_numbers(
    pictures,
):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    seen = pictures.metadata["classifier"](pictures.validation.x)

    assert torch.equal(torch.get_rng_state(), before)
    assert (
        seen.probabilities.argmax(1) == pictures.validation.y
    ).double().mean() > 0.94
    assert seen.features.shape == (len(pictures.validation), 64)
    assert pictures.metadata["classifier"](pictures.train.x).features.var(
        0
    ).mean().item() == pytest.approx(1, rel=1e-3)


def test_the_fixed_classifier_depends_on_its_seed_and_pictures_alone(
    monkeypatch,
):
    monkeypatch.setattr("tasks.models.fixed_classifier.UPDATES", 20)
    x = torch.rand(64, 1, 8, 8, generator=make_generator(0))
    train = Split(x, (x.mean((1, 2, 3)) > 0.5).long())
    one, two, other = (
        FixedClassifier(train, 2, seed)(x).probabilities for seed in (3, 3, 4)
    )

    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_real_pictures_are_near_and_blank_ones_far(pictures):
    task = tasks.get("gan")
    seen = pictures.metadata["classifier"](pictures.validation.x[:500])
    again = pictures.metadata["classifier"](pictures.metadata["reference"])
    worst = {
        measure.name: measure.worst(pictures.shape)
        for measure in task.procedure.measures
    }

    assert frechet_distance(seen.features, again.features).item() < 2
    assert worst["frechet"] > 30
    assert all(math.isfinite(value) for value in worst.values())


def test_all_arms_start_alike_and_equally_large(pictures):
    task = tasks.get("gan")
    models = [
        build_model(arm, task.levels[0], pictures, FIXED, seed=0)
        for arm in task.arms
    ]

    assert (
        len({sum(p.numel() for p in model.parameters()) for model in models})
        == 1
    )
    assert all(
        torch.equal(
            models[0].generator.net[0].weight, model.generator.net[0].weight
        )
        for model in models
    )


def test_real_pictures_have_hardly_an_excess_and_blank_ones_all(pictures):
    validation = pictures.validation
    blank = torch.full_like(validation.x[:1], -1.0).expand(2000, -1, -1, -1)

    real = figures(validation, pictures.train.x[:1500])
    nothing = figures(validation, blank)

    assert real["frechet_excess"] < 0.3 * real["frechet"]
    assert nothing["frechet_excess"] > 0.95 * nothing["frechet"]
    assert abs(real["kernel_distance"]) < 0.02 * nothing["kernel_distance"]


def test_a_short_game_already_gets_closer_to_digits(pictures):
    task = tasks.get("gan")
    arm, level = task.arm("non_saturating"), task.levels[0]
    procedure, model = (
        task.procedure_of(arm),
        build_model(arm, level, pictures, FIXED, seed=0),
    )
    recipe = task.recipe_of(level, arm).with_changes(
        {"steps": 120, "evaluations": 1}
    )

    curve = list(
        TrainingLoop(
            procedure,
            model,
            pictures.train,
            pictures.validation,
            recipe,
            FIXED,
            SEEDS,
        )
    )

    before, after = (
        progress.values["validation.frechet"]
        for progress in (curve[0], curve[-1])
    )
    assert after < before / 3
    shown = procedure.artifacts(
        model.eval(), pictures.validation, make_generator(0)
    )
    assert Image.open(io.BytesIO(shown["samples.png"])).size == (
        510,
        510,
    )  # 10 x (16 pixels + 1 between) x 3
    assert Image.open(io.BytesIO(shown["by-class.png"])).size == (510, 510)
    classes = json.loads(shown["classes.json"])
    assert len(classes["rows"]) == 10
    assert sum(row[1] for row in classes["rows"]) == pytest.approx(1, abs=0.01)
    measured = json.loads(shown["measures.json"])
    assert [len(row) for row in measured["rows"]] == [
        len(measured["columns"])
    ] * len(procedure.measures)
    again = procedure.snapshot(model, pictures.validation, make_generator(0))
    assert (
        again["samples.png"] == shown["samples.png"]
    )  # the same noise, so the same pictures


def short_game(pictures: Splits, name: str) -> TrainingLoop:
    """Six updates of an arm, from one initialisation, judged by few images."""
    task = tasks.get("gan")
    few = {"samples": 50, "generated": 100}
    validation = pictures.validation.head(50)
    validation = replace(validation, metadata={**validation.metadata, **few})
    train = replace(pictures.train, metadata=validation.metadata)
    arm, level = task.arm(name), task.levels[0]
    changes = {"steps": 6, "evaluations": 1, "restore_best": False}
    return TrainingLoop(
        task.procedure_of(arm),
        build_model(arm, level, pictures, FIXED, seed=0),
        train,
        validation,
        task.recipe_of(level, arm).with_changes(changes),
        FIXED,
        SEEDS,
    )


def test_the_averaged_arm_is_torchs_average_of_the_plain_arms_very_networks(
    pictures,
):
    plain = short_game(pictures, "non_saturating")
    averaged = short_game(pictures, "non_saturating_averaged")
    generator = plain.model.generator
    peer = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(DECAY))
    buffer = plain.learner.buffers["generator"]
    update = buffer.update

    def update_both(lr: float) -> None:
        update(lr)
        peer.update_parameters(generator)

    buffer.update = update_both
    list(plain)
    list(averaged)

    assert torch.equal(plain.losses, averaged.losses)
    assert peer.n_averaged == 6
    for ours, theirs in zip(
        averaged.model.generator.parameters(),
        peer.module.parameters(),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_an_averaged_generators_batch_norm_has_the_moments_of_its_own_inputs(
    pictures,
):
    model = short_game(pictures, "non_saturating_averaged").model
    split, before = pictures.validation, copy.deepcopy(model.state_dict())
    with torch.no_grad():
        model.generator.net[0].weight.mul_(3)  # as if averaged: new moments
    stream = make_generator(5)
    state = stream.get_state()

    network = with_own_statistics(model, split, stream)

    assert torch.equal(stream.get_state(), state)
    norm = network.net[2]
    # other noise of the same number: equal to the error of a sample
    inputs = network.net[:2](network.noise(20_000, split.x, stream))
    sixth = norm.running_var.sqrt().mean().item() / 6
    assert (norm.running_mean - inputs.mean((0, 2, 3))).abs().max() < sixth
    ratio = norm.running_var / inputs.var((0, 2, 3))
    assert (ratio.log().abs() < 0.1).all()
    assert not network.training
    for name, value in model.generator.named_buffers():
        assert torch.equal(value, before[f"generator.{name}"])


def test_a_diverged_game_is_a_result(pictures):
    model = convolutional(pictures.shape, channels=16, latent=32)
    with torch.no_grad():
        model.generator.net[0].weight.fill_(math.nan)

    seen = Pictures(MINIMAX).evaluate(
        model.eval(), pictures.validation, make_generator(0)
    )

    assert set(seen) == {
        measure.name for measure in Pictures(MINIMAX).measures
    }
    assert all(math.isnan(value) for value in seen.values())


def test_a_grid_leaves_places_empty_that_have_no_picture():
    pictures = torch.stack(
        [torch.full((1, 2, 2), value) for value in (-1.0, 1.0, math.nan)]
    )

    sheet = np.asarray(
        Image.open(
            io.BytesIO(picture_grid(pictures, columns=2, scale=1, gap=0))
        )
    )

    assert sheet.tolist() == [[0, 0, 255, 255]] * 2 + [[96, 96, 96, 96]] * 2


@pytest.mark.parametrize("name", ["gan", "two_answers"])
def test_procedures_pickle(name):
    task = tasks.get(name)
    for arm in task.arms:
        assert pickle.loads(
            pickle.dumps(task.procedure_of(arm))
        ) == task.procedure_of(arm)


# ------------------------------------------------------------------------- two answers


def test_the_ranked_probability_score_of_one_answer_is_its_distance():
    answers = torch.tensor([[3.0, 3.0, 3.0], [-1.0, -1.0, -1.0]])

    assert ranked_probability_score(
        answers, torch.tensor([1.0, -1.5])
    ).item() == pytest.approx((2 + 0.5) / 2)


def test_the_ranked_probability_score_equals_its_definition():
    stream = make_generator(0)
    answers, truth = (
        torch.randn(5, 7, generator=stream),
        torch.randn(5, generator=stream),
    )
    pairs = (answers[:, :, None] - answers[:, None, :]).abs().sum((1, 2)) / (
        7 * 6
    )
    expected = ((answers - truth[:, None]).abs().mean(1) - pairs / 2).mean()

    assert ranked_probability_score(answers, truth).item() == pytest.approx(
        expected.item(), rel=1e-5
    )


def test_either_right_answer_scores_better_than_their_mean():
    """For answers -1 and 1: the mean scores 1, either at random 1 - 1/2."""
    stream = make_generator(0)
    truth, answers = (
        torch.randint(2, size, generator=stream) * 2.0 - 1
        for size in ((4000,), (4000, 32))
    )

    assert ranked_probability_score(
        torch.zeros(4000, 32), truth
    ).item() == pytest.approx(1)
    assert ranked_probability_score(answers, truth).item() == pytest.approx(
        0.5, abs=0.02
    )


def test_the_worst_is_what_always_answering_zero_comes_to():
    task = tasks.get("two_answers")
    splits = task.load_data(task.levels[0], 0)
    y = splits.train.y.flatten()
    worst = {
        measure.name: measure.worst(splits.shape)
        for measure in task.procedure.measures
    }

    assert worst["squared_error"] == pytest.approx(
        y.square().mean().item(), rel=0.05
    )
    assert worst["crps"] == pytest.approx(
        ranked_probability_score(torch.zeros(len(y), 2), y).item(), rel=0.05
    )


def toy(
    arm: str, params: dict[str, float], length_factor: float
) -> dict[str, float]:
    member = Member("key", "final", 0, 0, params, SEEDS)
    (result,) = run_job(
        Job("two_answers", "all", arm, (member,), length_factor=length_factor)
    )
    assert result.status == "finished", result.error
    assert any(
        name.startswith("step-") and name.endswith("answers.png")
        for name in result.artifacts
    )
    return result.metrics


@pytest.mark.parametrize("arm", ["regressor", "noisy_regressor"])
def test_regression_gives_the_mean_which_is_neither_answer(arm):
    found = toy(arm, {"lr": 3e-3, "weight_decay": 1e-3}, length_factor=0.2)

    assert found["test.on_a_mode"] < 0.01
    assert found["test.both"] == 0
    assert found["test.squared_error"] == pytest.approx(
        1.01, abs=0.05
    )  # Var(y | x)


def test_a_gan_gives_one_of_the_two_answers_and_each_of_them():
    found = toy("gan", {"lr": 3e-3, "weight_decay": 1e-3}, length_factor=0.4)

    assert found["test.on_a_mode"] >= 0.8
    assert found["test.both"] >= 0.8
    assert found["test.squared_error"] == pytest.approx(
        2.02, abs=0.3
    )  # twice Var(y | x)


def test_a_mixture_gives_one_of_the_two_answers_and_each_of_them():
    found = toy(
        "mixture", {"lr": 3e-3, "weight_decay": 1e-3}, length_factor=0.2
    )

    assert found["test.on_a_mode"] >= 0.9
    assert found["test.both"] >= 0.9
    assert found["test.squared_error"] == pytest.approx(2.02, abs=0.3)


def test_a_mixtures_density_is_torchs():
    torch.manual_seed(0)
    model = mixture(Shape((1,), 1), 8, components=3)
    question, answer = torch.randn(20, 1), torch.randn(20, 1)
    log_weights, means, stds = model.components(question)
    theirs = distributions.MixtureSameFamily(
        distributions.Categorical(logits=log_weights),
        distributions.Normal(means, stds),
    )

    mine = model.log_density(question, answer)

    torch.testing.assert_close(mine, theirs.log_prob(answer[:, 0]))


def test_a_mixtures_answers_have_the_moments_of_its_components():
    torch.manual_seed(0)
    model = mixture(Shape((1,), 1), 8, components=3)
    question = torch.full((200_000, 1), 0.3)

    answers = model(
        model.noise(len(question), question, make_generator(0)), question
    )

    log_weights, means, stds = (x[0] for x in model.components(question[:1]))
    mean = (log_weights.exp() * means).sum()
    square = (log_weights.exp() * (means.square() + stds.square())).sum()
    assert answers.mean().item() == pytest.approx(mean.item(), abs=0.01)
    assert answers.square().mean().item() == pytest.approx(
        square.item(), abs=0.02
    )


def test_the_toys_adversaries_share_the_regressors_network():
    task = tasks.get("two_answers")
    splits = task.load_data(task.levels[0], 0)
    params = {"lr": 1e-3, "weight_decay": 0.0}
    game = build_model(task.arm("gan"), task.levels[0], splits, params, seed=0)
    alone = build_model(
        task.arm("noisy_regressor"), task.levels[0], splits, params, seed=0
    )

    assert isinstance(game, Adversaries)
    assert [p.shape for p in game.generator.parameters()] == [
        p.shape for p in alone.parameters()
    ]
