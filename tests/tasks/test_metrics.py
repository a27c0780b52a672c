"""Measures by name: scikit-learn and closed forms as peers; splits that lack a class."""

import math

import numpy as np
import pytest
import sklearn.metrics as peer
import torch
from torch import nn

from tasks import Measure, Shape, Split, Splits, UserError, text_of
from tasks.procedures.losses import cross_entropy
from tasks.procedures.metrics import (
    MEASURES,
    OutputMeasure,
    measure_outputs,
    measures_named,
    probabilities,
    register_measure,
)
from tasks.procedures.supervised import Classification, Regression

CLASSES = [name for name in MEASURES if name not in ("mse", "mae", "r2")]
SHAPE = Shape((3,), 4, target_variance=2.0, target_deviation=1.0)


def draw(
    classes: int, examples: int = 200
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(classes)
    labels = torch.randint(classes, (examples,), generator=generator)
    logits = torch.randn(examples, classes, generator=generator)
    logits[torch.arange(examples), labels] += 1
    return logits, labels


def value(name: str, outputs: torch.Tensor, targets: torch.Tensor) -> float:
    return MEASURES[name].of(outputs, targets)


@pytest.mark.parametrize("classes", [2, 4])
def test_values_are_scikit_learns(classes):
    logits, labels = draw(classes)
    p, y, found = (
        probabilities(logits).numpy(),
        labels.numpy(),
        logits.argmax(1).numpy(),
    )
    area = peer.roc_auc_score(
        y, p[:, 1] if classes == 2 else p, multi_class="ovr"
    )
    brier = peer.brier_score_loss(y, p[:, 1] if classes == 2 else p)

    assert value("accuracy", logits, labels) == pytest.approx(
        peer.accuracy_score(y, found)
    )
    assert value("balanced_accuracy", logits, labels) == pytest.approx(
        peer.balanced_accuracy_score(y, found)
    )
    assert value("f1_macro", logits, labels) == pytest.approx(
        peer.f1_score(y, found, average="macro")
    )
    assert value("roc_auc", logits, labels) == pytest.approx(area)
    assert value("log_loss", logits, labels) == pytest.approx(
        peer.log_loss(y, p)
    )
    assert value("brier", logits, labels) == pytest.approx(brier)


def test_a_sigmoid_measures_as_two_classes_do():
    logits, labels = draw(2)
    z = logits[:, 1] - logits[:, 0]

    for name in CLASSES:
        assert value(name, z, labels) == pytest.approx(
            value(name, logits, labels), rel=1e-5
        )


def test_the_calibration_error_is_confidence_less_accuracy():
    """Of ten answers given with 0.8, six are right; the others are sure, and right."""
    logits = torch.tensor([[math.log(4.0), 0.0]] * 10 + [[100.0, 0.0]] * 10)
    labels = torch.tensor([0] * 6 + [1] * 4 + [0] * 10)

    assert value("ece", logits, labels) == pytest.approx(0.5 * 0.2, rel=1e-5)


def test_bits_per_character_of_an_even_guess_are_log2_of_the_alphabet():
    outputs, targets = (
        torch.zeros(3, 5, 32),
        torch.ones(3, 5, dtype=torch.long),
    )

    assert value("bits_per_character", outputs, targets) == pytest.approx(5.0)


def test_values_of_numbers_are_scikit_learns():
    generator = torch.Generator().manual_seed(0)
    outputs, targets = (
        torch.randn(50, 1, generator=generator) for _ in range(2)
    )
    truth, answers = targets.double().numpy(), outputs.double().numpy()

    found = measure_outputs(
        measures_named(["mse", "mae", "r2"]), outputs, targets.flatten()
    )

    assert found["mse"] == pytest.approx(
        peer.mean_squared_error(truth, answers)
    )
    assert found["mae"] == pytest.approx(
        peer.mean_absolute_error(truth, answers)
    )
    assert found["r2"] == pytest.approx(peer.r2_score(truth, answers))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("present", [(0,), (1,), (0, 1)])
def test_a_split_without_some_class_has_a_finite_value(name, classes, present):
    logits, labels = draw(classes)
    labels = torch.tensor(present)[labels % len(present)]

    assert math.isfinite(value(name, logits, labels))


def test_the_area_of_one_class_is_that_of_guessing():
    logits, _ = draw(2)

    assert value("roc_auc", logits, torch.zeros(200, dtype=torch.long)) == 0.5


def test_the_area_leaves_out_classes_that_a_split_lacks():
    logits, labels = draw(3)
    labels = labels % 2
    p = probabilities(logits).numpy()
    both = [
        peer.roc_auc_score(labels.numpy() == label, p[:, label])
        for label in (0, 1)
    ]

    assert value("roc_auc", logits, labels) == pytest.approx(np.mean(both))


def test_targets_that_do_not_vary_have_a_value():
    same = torch.ones(5)

    assert value("r2", same, same) == 1
    assert value("r2", same + 1, same) == 0
    assert value("r2", torch.ones(1), torch.zeros(1)) == 0


def test_outputs_that_are_not_finite_give_nan_rather_than_a_traceback():
    logits, labels = draw(2)
    logits[3] = math.nan

    found = measure_outputs(measures_named(CLASSES), logits, labels)

    assert all(math.isnan(number) for number in found.values())


@pytest.mark.parametrize("name", MEASURES)
def test_each_says_its_direction_worst_value_and_name_in_two_languages(name):
    measure = MEASURES[name]

    assert math.isfinite(measure.worst(SHAPE))
    assert text_of(measure.label, "zh") != text_of(measure.label, "en")


@pytest.mark.parametrize(
    "name", ["loss", "log_loss", "brier", "bits_per_character", "roc_auc"]
)
@pytest.mark.parametrize("classes", [2, 4])
def test_a_failed_model_counts_as_one_that_guesses(name, classes):
    _, labels = draw(classes)
    even = torch.zeros(len(labels), classes)

    assert MEASURES[name].worst(Shape((3,), classes)) == pytest.approx(
        value(name, even, labels)
    )


def test_a_failed_regression_counts_as_the_training_mean():
    y = torch.randn(100, generator=torch.Generator().manual_seed(5)) * 3 + 7
    split = Split(torch.zeros(100, 2), y)
    shape = Splits(split, split, split).shape
    mean = y.mean().expand(100)

    for measure in Regression().measures:
        assert measure.worst(shape) == pytest.approx(
            measure.of(mean, y), abs=1e-5
        )


# --------------------------------------------------------------------------- procedures


class Fixed(nn.Module):
    """Answers with what it was given, whatever is asked."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_a_procedure_measures_all_that_it_is_asked_for_in_one_pass():
    logits, labels = draw(4, 3000)
    split = Split(logits, labels)

    found = Classification(measures=("roc_auc", "accuracy", "ece")).evaluate(
        Fixed(), split, torch.Generator()
    )

    assert found["roc_auc"] == value("roc_auc", logits, labels)
    assert found["ece"] == value("ece", logits, labels)
    assert found["accuracy"] == pytest.approx(
        value("accuracy", logits, labels)
    )
    assert found["loss"] == pytest.approx(cross_entropy(logits, labels).item())


def test_a_measure_of_ones_own_is_a_function():
    def recall(outputs: torch.Tensor, targets: torch.Tensor) -> float:
        return 0.25

    mine = OutputMeasure(
        "recall", "higher", worst=lambda shape: 0.0, of=recall
    )
    logits, labels = draw(2)

    found = Classification(measures=("accuracy", mine)).evaluate(
        Fixed(), Split(logits, labels), torch.Generator()
    )

    assert found["recall"] == 0.25


def test_wrong_measures_are_refused():
    with pytest.raises(UserError, match="did you mean 'accuracy'"):
        Classification(measures=("acuracy",))
    with pytest.raises(UserError, match="twice"):
        Classification(measures=("ece", "ece"))
    with pytest.raises(UserError, match="one at least"):
        Classification(measures=())
    with pytest.raises(UserError, match="OutputMeasure"):
        Classification(measures=(peer.accuracy_score,))
    with pytest.raises(UserError, match="already"):
        register_measure(
            OutputMeasure(
                "ece", "higher", worst=lambda shape: 0.0, of=lambda z, y: 0.0
            )
        )
    with pytest.raises(UserError, match="percent=True"):
        Measure(
            "m", "higher", worst=lambda shape: 0.0, percent=True, unit="bits"
        )
