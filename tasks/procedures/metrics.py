"""Measures that are functions of a model's outputs and the targets, by name.

``Classification(measures=("accuracy", "roc_auc"))`` and ``Regression(measures=...)``
take these names, or an ``OutputMeasure`` of your own. scikit-learn computes what it
has. Each has a value on any split: where a split lacks a class, the docstring says what
is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tasks.contract.checks import FieldChecks, brief
from tasks.contract.data import Shape
from tasks.contract.errors import UserError, unknown
from tasks.contract.procedure import Measure
from tasks.contract.text import Text
from tasks.procedures.losses import by_answer, cross_entropy

Array: TypeAlias = NDArray[Any]

BINS = 15  # of the calibration error, as in Guo et al. (2017)


@dataclass(frozen=True)
class OutputMeasure(Measure):
    """A measure that is a function of all outputs on a split and their targets::

    OutputMeasure("recall", "higher", worst=lambda shape: 0.0, of=recall)
    """

    of: Callable[[Tensor, Tensor], float] = field(kw_only=True)
    """``of(outputs, targets)``, both with the split's answers along the first
    dimension. It is not called where outputs are not finite: that run diverged.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        FieldChecks(self).function("of", "of the outputs and the targets")


MEASURES: dict[str, OutputMeasure] = {}


def register_measure(measure: OutputMeasure) -> OutputMeasure:
    """Register a measure by its name. UserError if the name is taken.

    A file that is loaded again may register the same measure again.
    """
    known = MEASURES.get(measure.name)
    if known is not None and _origin(known) != _origin(measure):
        raise UserError(
            f"There is a measure {measure.name!r} already: rename yours."
        )
    MEASURES[measure.name] = measure
    return measure


def _origin(measure: OutputMeasure) -> tuple[str, str]:
    return measure.of.__module__, measure.of.__qualname__


def measures_named(given: Iterable[str | Measure]) -> tuple[Measure, ...]:
    """The measures of those names, each once; a measure itself is passed through.

    Raises UserError for an unknown name, or where there is nothing to choose by.
    """
    alone = isinstance(given, str | Measure)
    if not alone and not isinstance(given, Iterable):
        raise UserError(
            f"measures={brief(given)}: give names of measures, or Measures, in a tuple."
        )
    listed = (given,) if isinstance(given, str | Measure) else tuple(given)
    if not listed:
        raise UserError(
            "measures=(): give one at least, such as 'accuracy'; the first chooses "
            "checkpoints and hyperparameters."
        )
    found = tuple(_measure_named(one) for one in listed)
    names = [measure.name for measure in found]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"measures has {name!r} twice: leave one out.")
    return found


def _measure_named(given: str | Measure) -> Measure:
    if isinstance(given, Measure):
        return given
    if not isinstance(given, str):
        raise UserError(
            f"measures: {brief(given)} is neither a name nor a Measure: a function "
            "needs a name, a direction and a worst value, as in OutputMeasure('recall',"
            " 'higher', worst=lambda shape: 0.0, of=recall)."
        )
    if given not in MEASURES:
        raise unknown("measure", given, MEASURES)
    return MEASURES[given]


def measure_outputs(
    measures: Sequence[Measure], outputs: Tensor, targets: Tensor
) -> dict[str, float]:
    """What each measure that is a function of outputs finds, by its name; NaN if some
    output is not finite.
    """
    own = [
        measure for measure in measures if isinstance(measure, OutputMeasure)
    ]
    if own and not outputs.isfinite().all():
        return {measure.name: math.nan for measure in own}
    return {measure.name: measure.of(outputs, targets) for measure in own}


# ------------------------------------------------------------------------------ classes


def probabilities(outputs: Tensor) -> Tensor:
    """Probabilities (answers, classes) as float64, of logits or of a sigmoid's."""
    if outputs.ndim == 1:  # a sigmoid is the softmax of 0 and the logit
        outputs = torch.stack([torch.zeros_like(outputs), outputs], dim=1)
    return outputs.double().softmax(1)


def decide(logits: Tensor) -> Tensor:
    """The answer, (examples,): the largest logit's class; with a sigmoid, class 1 only
    where it is *above* one half.
    """
    return (logits > 0).long() if logits.ndim == 1 else logits.argmax(1)


def accuracy(outputs: Tensor, targets: Tensor) -> float:
    """The share of right answers."""
    outputs, targets = by_answer(outputs, targets)
    # In double precision: a float32 counts whole numbers up to 2**24 only.
    return (decide(outputs) == targets).double().mean().item()


def balanced_accuracy(outputs: Tensor, targets: Tensor) -> float:
    """The mean, over the classes that the split has, of the share of each that is
    found.
    """
    from sklearn.metrics import recall_score

    found, right = _decisions(outputs, targets)
    # Classes that the split lacks would count as found by no one.
    classes = np.unique(right)
    return float(
        recall_score(
            right, found, labels=classes, average="macro", zero_division=0.0
        )
    )


def f1_macro(outputs: Tensor, targets: Tensor) -> float:
    """The mean F1 over the classes that occur among targets or answers."""
    from sklearn.metrics import f1_score

    found, right = _decisions(outputs, targets)
    return float(f1_score(right, found, average="macro", zero_division=0.0))


def roc_auc(outputs: Tensor, targets: Tensor) -> float:
    """The area under the ROC curve; with more than two classes the mean of each against
    the rest, over those that the split has.

    0.5, as guessing gets, where all targets are of one class: nothing can be ranked.
    """
    from sklearn.metrics import roc_auc_score

    outputs, targets = by_answer(outputs, targets)
    right = _numpy(targets)
    areas = []
    for label, scores in _scores_by_class(outputs).items():
        positive = right == label
        if positive.any() and not positive.all():
            areas.append(float(roc_auc_score(positive, scores)))
    return sum(areas) / len(areas) if areas else 0.5


def _scores_by_class(outputs: Tensor) -> dict[int, Array]:
    """Scores for one-vs-rest ranking, per class."""
    if outputs.ndim == 1:
        return {1: _numpy(outputs.double())}
    if outputs.shape[1] == 2:  # unlike probabilities, logits never round to 1
        return {1: _numpy((outputs[:, 1] - outputs[:, 0]).double())}
    return dict(enumerate(_numpy(probabilities(outputs)).T))


def ece(outputs: Tensor, targets: Tensor) -> float:
    """Expected calibration error: how far confidence is from accuracy, in 15 bins of
    equal width, weighted by the answers in each (Guo et al. 2017).
    """
    outputs, targets = by_answer(outputs, targets)
    confidence, _ = probabilities(outputs).max(1)
    right = (decide(outputs) == targets).double()
    # Bins are open below and closed above, as in the paper.
    bins = (confidence * BINS).ceil().long().clamp(1, BINS) - 1
    gaps = torch.zeros(BINS, dtype=torch.float64, device=outputs.device)
    gaps.index_add_(0, bins, confidence - right)
    return gaps.abs().sum().item() / len(targets)


def log_loss(outputs: Tensor, targets: Tensor) -> float:
    """Mean negative logarithm, in nats, of the probability of what is right."""
    # A sure answer has a loss that float32 rounds to 0.
    return cross_entropy(outputs.double(), targets).item()


def bits_per_character(outputs: Tensor, targets: Tensor) -> float:
    """The log loss in bits, where each class is a character."""
    return log_loss(outputs, targets) / math.log(2)


def brier(outputs: Tensor, targets: Tensor) -> float:
    """Mean squared distance of probabilities from what is right: of class 1 where there
    are two classes, else summed over classes.
    """
    from sklearn.metrics import brier_score_loss

    outputs, targets = by_answer(outputs, targets)
    found, right = _numpy(probabilities(outputs)), _numpy(targets)
    if found.shape[1] == 2:
        return float(
            brier_score_loss(right, found[:, 1], labels=[0, 1], pos_label=1)
        )
    return float(
        brier_score_loss(right, found, labels=np.arange(found.shape[1]))
    )


def _decisions(outputs: Tensor, targets: Tensor) -> tuple[Array, Array]:
    outputs, targets = by_answer(outputs, targets)
    return _numpy(decide(outputs)), _numpy(targets)


# ------------------------------------------------------------------------------ numbers


def mse(outputs: Tensor, targets: Tensor) -> float:
    """Mean squared error."""
    from sklearn.metrics import mean_squared_error

    return float(mean_squared_error(*_truth_and_answers(outputs, targets)))


def mae(outputs: Tensor, targets: Tensor) -> float:
    """Mean absolute error."""
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(*_truth_and_answers(outputs, targets)))


def r2(outputs: Tensor, targets: Tensor) -> float:
    """The share of the targets' variance that is explained.

    Where targets do not vary: 1 if all are met, else 0.
    """
    from sklearn.metrics import r2_score

    truth, answers = _truth_and_answers(outputs, targets)
    # one number does not vary, and scikit-learn has no value
    if len(truth) < 2:
        return float(np.array_equal(truth, answers))
    return float(r2_score(truth, answers))


def _truth_and_answers(
    outputs: Tensor, targets: Tensor
) -> tuple[Array, Array]:
    """Both as float64, (examples,) or (examples, numbers)."""
    truth = targets.double()
    return _numpy(truth), _numpy(outputs.double().reshape(truth.shape))


def _numpy(tensor: Tensor) -> Array:
    found: Array = tensor.numpy(force=True)
    return found


# ------------------------------------------------------- what a failed model counts as


def _zero(shape: Shape) -> float:
    return 0.0


def _half(shape: Shape) -> float:
    return 0.5


def _chance(shape: Shape) -> float:
    return 1 / max(shape.outputs, 2)


def _log_of_classes(shape: Shape) -> float:
    return math.log(max(shape.outputs, 2))


def _bits_of_classes(shape: Shape) -> float:
    return math.log2(max(shape.outputs, 2))


def _even_odds(shape: Shape) -> float:
    """The Brier score of even odds: squared distance 1/4, or 1 - 1/classes summed."""
    return 0.25 if shape.outputs <= 2 else 1 - 1 / shape.outputs


def _sure_and_wrong(shape: Shape) -> float:
    return 1.0


def _variance(shape: Shape) -> float:
    """The squared error of always answering with the training mean."""
    return 1.0 if shape.target_variance is None else shape.target_variance


def _deviation(shape: Shape) -> float:
    """The absolute error of always answering with the training mean."""
    return 1.0 if shape.target_deviation is None else shape.target_deviation


ACCURACY = register_measure(
    OutputMeasure(
        "accuracy",
        "higher",
        worst=_chance,
        label=Text("Accuracy", zh="准确率"),
        percent=True,
        of=accuracy,
    )
)
LOG_LOSS = register_measure(
    OutputMeasure(
        "loss",
        "lower",
        worst=_log_of_classes,
        label=Text("Log loss", zh="对数损失"),
        of=log_loss,
    )
)
MSE = register_measure(
    OutputMeasure(
        "mse",
        "lower",
        worst=_variance,
        label=Text("Mean squared error", zh="均方误差"),
        of=mse,
    )
)
MAE = register_measure(
    OutputMeasure(
        "mae",
        "lower",
        worst=_deviation,
        label=Text("Mean absolute error", zh="平均绝对误差"),
        of=mae,
    )
)
R2 = register_measure(
    OutputMeasure(
        "r2", "higher", worst=_zero, label=Text("R²", zh="决定系数 R²"), of=r2
    )
)
register_measure(
    OutputMeasure(
        "balanced_accuracy",
        "higher",
        worst=_chance,
        label=Text("Balanced accuracy", zh="平衡准确率"),
        percent=True,
        of=balanced_accuracy,
    )
)
register_measure(
    OutputMeasure(
        "roc_auc",
        "higher",
        worst=_half,
        label=Text("ROC AUC", zh="ROC 曲线下面积"),
        of=roc_auc,
    )
)
register_measure(
    OutputMeasure(
        "f1_macro",
        "higher",
        worst=_zero,
        label=Text("Macro F1", zh="宏平均 F1"),
        of=f1_macro,
    )
)
register_measure(
    OutputMeasure(
        "ece",
        "lower",
        worst=_sure_and_wrong,
        label=Text("Calibration error", zh="校准误差"),
        percent=True,
        of=ece,
    )
)
register_measure(
    OutputMeasure(
        "log_loss",
        "lower",
        worst=_log_of_classes,
        label=Text("Log loss", zh="对数损失"),
        unit="nats",
        of=log_loss,
    )
)
register_measure(
    OutputMeasure(
        "brier",
        "lower",
        worst=_even_odds,
        label=Text("Brier score", zh="Brier 分数"),
        of=brier,
    )
)
register_measure(
    OutputMeasure(
        "bits_per_character",
        "lower",
        worst=_bits_of_classes,
        label=Text("Bits per character", zh="每字符比特数"),
        unit="bits",
        of=bits_per_character,
    )
)
