"""Checks of a task's models and losses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import register_check
from suite.report.formatting import counted
from suite.training.data_parallel import check_data_parallel
from suite.training.instantiate import build_model
from suite.training.loop import TrainingLoop
from suite.training.metrics import DIAGNOSED
from suite.training.own import training as new_training
from suite.training.seeds import run_seeds
from tasks import (
    Arm,
    FitOnce,
    Float,
    Level,
    Measure,
    Phase,
    Procedure,
    Recipe,
    Split,
    Splits,
    Task,
    TrainsItself,
    UserError,
)
from tasks.contract.recipe import FULL_LENGTH
from tasks.procedures.metrics import OutputMeasure

BATCH = 4  # examples that every model must be able to memorise
STEPS = 300  # in which it must do so
# The share of its objective that may be left then: the smallest of models must
# pass, and one that ignores its input must not.
MAX_LEFT = 0.5
# Where in the range of its learning rate a model is tried: it may succeed at
# any.
RATES = (0.5, 0.8, 1.0)
TWO_WORKERS = Recipe(steps=1, batch_size=0, world_size=2)
ROUNDING = 1e-3  # of a gradient's norm
FAILS = f"{DIAGNOSED}.optimisation"  # the metric of a claim


@register_check("arms match as they say", of_data=True)
def arms_are_matched(task: Task) -> str:
    """Arms have as many parameters as ``parameters_within`` of the task allows."""
    within = task.parameters_within
    every: list[int] = []
    for level in task.light:
        counts = _parameter_counts(task, level)
        if not counts:
            raise NotApplicable("no arm is trained step by step")
        if within is not None:
            _check_match(level, counts, within)
        every += counts.values()
    says = f"{min(every):,} to {max(every):,} parameters"
    if within is None:
        raise NotApplicable(f"{says}, and parameters_within is not given")
    return f"{says}, within {within:.1%} at each level"


def _parameter_counts(task: Task, level: Level) -> dict[str, int]:
    """Parameters of each arm that is trained step by step, by its name."""
    counts = {}
    for arm in task.arms:
        if not _is_fitted(task, arm):
            counts[arm.name] = _parameters(task, level, arm)
    return counts


def _check_match(
    level: Level, counts: Mapping[str, int], within: float
) -> None:
    smallest = min(counts, key=counts.__getitem__)
    largest = max(counts, key=counts.__getitem__)
    least, most = counts[smallest], counts[largest]
    apart = most / max(least, 1) - 1
    if apart > within:
        raise CheckFailed(
            f"at {level.name}, {largest} has {most:,} parameters and "
            f"{smallest} {least:,}: {apart:.1%} apart, where "
            f"parameters_within says {within:.1%}",
            "solve for widths that match, as tasks/models/mlp.py does",
        )


@register_check("untrained models guess", of_data=True)
def untrained_models_guess(task: Task) -> str:
    """Much better than chance is a leak; much worse, at the first level, a broken
    initialisation. Losses show it; accuracies vary too much.
    """
    seen = ""
    for level in task.light:
        splits = task.load(level, 0)
        for arm in task.arms:
            if not _is_fitted(task, arm):
                found = _first_losses(task, level, arm, splits)
                seen = seen or found
    if not seen:
        raise NotApplicable(
            "no loss is measured on an arm that is trained step by step"
        )
    return seen


def _first_losses(task: Task, level: Level, arm: Arm, splits: Splits) -> str:
    """An untrained model's losses and those of guessing; "" if no measure is a loss."""
    params = task.default_params(arm, level)
    training = _training(task, level, arm, splits, params, {"steps": 1})
    # The first evaluation is made before the first update.
    values = next(iter(training)).values
    seen = ""
    for measure in task.procedure_of(arm).measures:
        value = values[f"validation.{measure.name}"]
        guess = measure.worst(splits.shape)
        if measure.better == "higher" or measure.percent or guess <= 0:
            # No loss, but a share, or a difference around 0.
            continue
        model = _model(task, level, arm, splits)
        if _ignores_answers(measure, model, splits):
            continue
        # Another level may be about the start itself, as one with a saturated
        # softmax.
        most = 2 * guess + 0.1 if level is task.light[0] else math.inf
        # Below half of guessing an untrained model knows something: answers
        # leak into its inputs.
        if not 0.5 * guess <= value <= most:
            raise CheckFailed(
                f"{arm.name} at {level.name} starts at {measure.name} {value:.3g}; "
                f"guessing gives {guess:.3g}",
                "start the output layer small; if it is below guessing, look for "
                "answers among the inputs",
            )
        seen = (
            seen
            or f"{measure.name} {value:.3g} at the start, {guess:.3g} by guessing"
        )
    return seen


def _ignores_answers(
    measure: Measure, model: torch.nn.Module, splits: Splits
) -> bool:
    """Whether a measure of outputs stays the same under other answers, as does one that
    compares outputs with each other: guessing has no value of it.
    """
    if not isinstance(measure, OutputMeasure):
        return False
    x, y = splits.validation.x, splits.validation.y
    with torch.no_grad():
        outputs = model.eval()(x)
    return measure.of(outputs, y) == measure.of(outputs, y.roll(1, 0))


@register_check("tiny batches are learned", trains=True, of_data=True)
def tiny_batches_are_learned(task: Task) -> str:
    """Any model that can learn at all can memorise four examples; one of which a claim
    says that its optimisation fails need not.
    """
    level = task.light[0]
    splits = task.load(level, 0)
    few = splits.train.head(BATCH)
    tiny = replace(splits, train=few, validation=few)
    tried = 0
    for arm in task.arms:
        if _is_said_to_fail(task, level, arm):
            continue
        if not _has_one_objective(task, level, arm, tiny):
            continue
        tried += 1
        left = _least_left(task, level, arm, tiny)
        if left > MAX_LEFT:
            raise CheckFailed(
                f"{arm.name} still has {left:.0%} of its objective after {STEPS} steps "
                f"on {BATCH} examples",
                "look at its output, its loss, and the range of its learning rate",
            )
    if not tried:
        raise NotApplicable("no arm has a single objective that must fall")
    return f"{BATCH} examples, {counted(tried, 'arm')}"


@register_check("batches can be shared", of_data=True)
def batches_can_be_shared(task: Task) -> str:
    """What `world_size` rests on where an arm may have more than one: a batch's
    gradient is the mean over its shards.
    """
    level = task.light[0]
    splits = task.load(level, 0)
    batch, tried = splits.train.head(BATCH), 0
    for arm in task.arms:
        if not _is_shareable(task, level, arm, splits):
            continue
        tried += 1
        # In evaluation mode no unit is dropped, so that only the sharing
        # differs.
        model = _model(task, level, arm, splits).eval()
        for phase in _without_augmentation(task.procedure_of(arm)).phases(
            model
        ):
            apart = _distance_from_shards(phase, model, batch)
            # ``not <=`` and not ``>``, so that NaN fails, too.
            if not apart <= ROUNDING:
                raise CheckFailed(
                    f"{arm.name}: the gradient of {BATCH} examples is {apart:.1%} off "
                    "the mean over its shards",
                    "make the loss a mean over examples, each by itself, or leave out `mean=True`",
                )
    if not tried:
        raise NotApplicable(
            "no arm can have several workers: no loss is a mean over examples, "
            "each by itself"
        )
    return counted(tried, "arm")


def _distance_from_shards(
    phase: Phase,
    model: torch.nn.Module,
    batch: Split,
) -> float:
    """How far a batch's gradient is from the mean over its shards, as a share of its
    norm.
    """
    whole = _gradient(phase, model, batch)
    mean = torch.zeros_like(whole)
    for shard in _in_two(batch):
        weight = len(shard) / len(batch)
        mean += weight * _gradient(phase, model, shard)
    # A gradient of 0 would divide by zero.
    norm = whole.norm().clamp(min=1e-6)
    return float((mean - whole).norm() / norm)


def _has_one_objective(
    task: Task, level: Level, arm: Arm, splits: Splits
) -> bool:
    """Whether it has an objective that must fall; those of adversaries need not."""
    if _is_fitted(task, arm):
        return False
    if isinstance(task.procedure_of(arm), TrainsItself):
        return False
    if getattr(task.procedure_of(arm), "trains", ""):
        # The rest of it has learned in a stage before, and not here.
        return False
    model = _model(task, level, arm, splits)
    phases = task.procedure_of(arm).phases(model)
    return len(phases) == 1


def _is_said_to_fail(task: Task, level: Level, arm: Arm) -> bool:
    """Whether a claim says that the arm always fails in optimisation at this level."""
    return any(
        claim.metric == FAILS
        and claim.kind == "always"
        and claim.lower_bound == 1
        and claim.better == arm.name
        and (not claim.levels or level.name in claim.levels)
        for claim in task.claims
    )


def _without_augmentation(procedure: Procedure) -> Procedure:
    """The same procedure on batches as they are: shards would draw other changes, and
    four examples that change all the time are not memorised.
    """
    if not getattr(procedure, "augment", ()):
        return procedure
    plain: Any = procedure
    return replace(plain, augment=())  # type: ignore[no-any-return]


def _is_fitted(task: Task, arm: Arm) -> bool:
    """Whether it is not trained step by step, but called or fitted in one go."""
    if arm.measure is not None:
        return True
    return isinstance(task.procedure_of(arm), FitOnce)


def _model(
    task: Task, level: Level, arm: Arm, splits: Splits
) -> torch.nn.Module:
    params = task.default_params(arm, level)
    return build_model(arm, level, splits, params, seed=0)


def _parameters(task: Task, level: Level, arm: Arm) -> int:
    splits = task.load(level, 0)
    model = _model(task, level, arm, splits)
    return sum(parameter.numel() for parameter in model.parameters())


def _training(
    task: Task,
    level: Level,
    arm: Arm,
    splits: Splits,
    params: Mapping[str, Any],
    changes: Mapping[str, Any],
) -> TrainingLoop:
    changes = {**FULL_LENGTH, "evaluations": 2, **changes}
    recipe = task.recipe_of(level, arm).with_changes(changes)
    model = build_model(arm, level, splits, params, seed=0)
    seeds = run_seeds(0, task.name, level.name, 0, arm.name, "trial", 0)
    return new_training(
        _without_augmentation(task.procedure_of(arm)),
        model,
        splits.train,
        splits.validation,
        recipe,
        params,
        seeds,
    )


def _least_left(task: Task, level: Level, arm: Arm, tiny: Splits) -> float:
    """The share of its objective that the best learning rate leaves, or the first one
    that leaves little enough.
    """
    left = 1.0
    for share in RATES:
        left = min(left, _objective_left(task, level, arm, tiny, share))
        if left <= MAX_LEFT:
            break
    return left


def _objective_left(
    task: Task,
    level: Level,
    arm: Arm,
    tiny: Splits,
    share: float,
) -> float:
    """What share of the first step's objective is left at the end, with the rate at
    ``share`` of its range.
    """
    params = _memorising_params(task, level, arm, tiny, share)
    changes = {
        "steps": STEPS,
        "schedule": "constant",
        "warmup": 0.0,
        "restore_best": False,
        # All four examples in every step, so that the objective falls without
        # noise.
        "batch_size": 0,
    }
    training = _training(task, level, arm, tiny, params, changes)
    for _ in training:
        pass
    first = training.losses[0].item()
    # A mean, as momentum lets single losses jump.
    last = training.losses[-5:].mean().item()
    # ``not first > 0`` and not ``first <= 0``: the first may be NaN, too.
    if not first > 0 or math.isnan(last):
        return math.inf
    return last / first


def _memorising_params(
    task: Task,
    level: Level,
    arm: Arm,
    tiny: Splits,
    share: float,
) -> dict[str, Any]:
    """Hyperparameters to memorise with: no weight decay and no dropout where they may
    be 0, and rates at ``share`` of their ranges.
    """
    model = _model(task, level, arm, tiny)
    rates = {phase.rate for phase in task.procedure_of(arm).phases(model)}
    params = dict(task.default_params(arm, level))
    for name, range_ in task.space_of(arm, level).items():
        if not isinstance(range_, Float):
            continue
        params[name] = range_.low
        if name in rates:
            ratio = range_.high / range_.low
            # Ranges of rates are logarithmic: a half is their geometric
            # middle.
            params[name] = range_.low * ratio**share
    return params


def _is_shareable(task: Task, level: Level, arm: Arm, splits: Splits) -> bool:
    if arm.measure is not None:
        return False
    model = _model(task, level, arm, splits)
    try:
        check_data_parallel(task.procedure_of(arm), model, TWO_WORKERS)
    except UserError:
        return False
    return True


def _gradient(
    phase: Phase, model: torch.nn.Module, batch: Split
) -> torch.Tensor:
    """The gradient of a batch's loss, 1-D, without parameters that it leaves alone."""
    generator = torch.Generator().manual_seed(0)
    loss = phase.loss(model, batch, generator)
    learned = [p for p in model.parameters() if p.requires_grad]
    found = torch.autograd.grad(loss, learned, allow_unused=True)
    used = [gradient.flatten() for gradient in found if gradient is not None]
    return torch.cat(used)


def _in_two(batch: Split) -> tuple[Split, Split]:
    """One example, and the others."""

    others = Split(batch.x[1:], batch.y[1:], batch.metadata)
    return batch.head(1), others
