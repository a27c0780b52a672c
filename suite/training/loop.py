"""The training loop: plain PyTorch, kept lean.

This file alone loops, times, schedules and checkpoints. Parameters and gradients live
in one flat buffer per phase, so that a step costs one fused optimiser call; data are
tensors on the device, indexed by a permutation; nothing in a step waits for the device;
evaluating is outside the timed seconds.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.data_parallel import DataParallelGroup
from suite.training.evaluate import (
    Evaluation,
    evaluation_steps,
    measure_both,
    score,
    training_sample,
)
from suite.training.learner import Learner
from suite.training.rng import GlobalStream, batches, make_generator
from suite.training.seeds import seed
from tasks import (
    FitOnce,
    Measure,
    Phase,
    Procedure,
    Recipe,
    Shape,
    Split,
    Splits,
    unknown,
)
from tasks.contract.schedule import learning_rate


@dataclass
class LoopState:
    """A run's position."""

    step: int = 0
    """Updates made so far."""

    over: bool = False
    """It ends here, whatever its declared length."""

    waited: int = 0
    """Evaluations since the best one, or since the rate was lowered."""

    lr_reductions_left: int = 0
    """How often a plateau may still lower the rate."""

    lowered: float = 1.0
    """What plateaus have multiplied the rate by."""


class TrainingLoop:
    """One model from initialisation to its last step. Iterate to train; each evaluation
    yields an Evaluation.

    ``model`` must be built and on its device. ``params`` holds ``lr`` (or what the
    procedure's phases name instead) and may hold ``weight_decay`` and fields of the
    recipe; ``seeds`` has the streams ``order``, ``dropout`` and ``evaluation``.

    Whoever iterates may log, stop, or look. Afterwards the model is the best checkpoint
    (the last one where the recipe keeps that), ``curve`` has all evaluations, ``best``
    the chosen one, and ``losses``, (steps,), the loss of every step.

    After an evaluation, ``state_dict`` is what another loop of the same arguments needs
    to resume in its place. Where a ``group`` shares the run, all its workers iterate, and
    all see what the first one evaluates.
    """

    def __init__(
        self,
        procedure: Procedure,
        model: nn.Module,
        train: Split,
        validation: Split,
        recipe: Recipe,
        params: Mapping[str, Any],
        seeds: Mapping[str, int],
        length_factor: float = 1.0,
        group: DataParallelGroup | None = None,
    ) -> None:
        self.procedure = procedure
        self.model = model
        self.train = _channels_last(train)
        self.validation = _channels_last(validation)
        # A space may tune fields of the recipe, such as the momentum.
        recipe = recipe.with_params(params)
        self.recipe = recipe
        self.params = params
        self.seeds = seeds
        self.group = group
        self.device = train.device

        phases = tuple(procedure.phases(model))
        self.learner = self._new_learner(phases)
        self.steps = recipe.updates(len(train), length_factor)
        # On the device: reading each loss as a number would stall every step.
        self.losses = torch.full((self.steps,), math.nan, device=self.device)
        self.best: Evaluation | None = None
        self.curve: list[Evaluation] = []

        reductions = (
            recipe.max_lr_reductions if recipe.schedule == "plateau" else 0
        )
        self._at = LoopState(lr_reductions_left=reductions)
        self._dropout = GlobalStream(seeds["dropout"], self.device)
        # For losses that draw numbers. Flipping a bit gives another seed, so
        # that they do not draw those of dropout.
        self._noise = make_generator(seeds["dropout"] ^ 1, self.device)
        self._clock = Clock(self.device)
        self._sample = training_sample(
            procedure, self.train, seeds["evaluation"]
        )

    def _new_learner(self, phases: tuple[Phase, ...]) -> Any:
        return Learner(
            self.model, phases, self.recipe, self.params, self.group
        )

    @property
    def updates_per_epoch(self) -> int:
        """Batches in one pass over the training examples."""
        examples = len(self.train)
        return math.ceil(examples / self.recipe.batch(examples))

    def __iter__(self) -> Iterator[Evaluation]:
        source = self._batches()
        # The untrained model begins the curve, and is never kept as the best.
        # A run that is resumed has its curve already.
        if not self.curve:
            self.curve.append(self._evaluate(0, math.nan))
            yield self.curve[-1]
        for stop in evaluation_steps(self.steps, self.recipe.evaluations):
            if self._at.over or stop <= self._at.step:
                continue
            mean_loss = self._train_until(stop, source)
            # Within, so that a checkpoint that is kept as the best is the
            # average that was measured, not the parameters behind it.
            with self.learner.averaged():
                self.curve.append(self._evaluate(stop, mean_loss))
                self._update_best_or_stop(self.curve[-1])
                yield self.curve[-1]
        if not self.recipe.restore_best:
            self.best = self.curve[-1]
        # In this order: the best checkpoint, where one is kept, replaces the
        # average that the last step left.
        self.learner.show_average()
        self.learner.restore_best()
        self.losses = self.losses[: self._at.step]

    def run(
        self, watch: Callable[[Evaluation], None], share: float = 1.0
    ) -> None:
        """Train to the end, or to the first evaluation after that ``share`` of the
        updates, and call ``watch`` after each evaluation.

        Of a beginning alone, the model is left as it is, and ``best`` is the best so
        far.
        """
        for found in self:
            watch(found)
            if self.reaches(found, share):
                break
        if self.best is None or not self.recipe.restore_best:
            self.best = self.curve[-1]

    def reaches(self, found: Evaluation, share: float) -> bool:
        """Whether training up to that share of the updates ends with an evaluation."""
        return share < 1 and found.step >= share * self.steps

    def _batches(self) -> Iterator[Split]:
        """The remaining batches."""
        size = self.recipe.batch(len(self.train))
        order = make_generator(self.seeds["order"])
        skipped = self._at.step * self.learner.batches_per_step
        source = batches(self.train, size, order, skipped)
        return source if self.train.in_memory else map(_channels_last, source)

    def _train_until(self, stop: int, source: Iterator[Split]) -> float:
        """Train up to step ``stop`` and return the mean loss on the way."""
        begin = self._at.step
        self.model.train()
        if self.group:
            self._draw_for_own_examples(self.group.rank, begin)
        with self._clock.running(), self._dropout.running():
            for step in range(begin + 1, stop + 1):
                self._step(step, source)
        self._at.step = stop
        # Each worker noted its share of every loss, so their sum is the loss.
        if self.group:
            self.group.all_reduce(self.losses[begin:stop])
        # one number a stretch is all that training reads from the device
        return self.losses[begin:stop].mean().item()

    def _draw_for_own_examples(self, rank: int, begin: int) -> None:
        """Seed this worker's own random streams.

        They are reseeded after every evaluation, so that a checkpoint, which the first
        worker writes, need not contain those of all.
        """
        # by step, too: a run that resumes here draws the same
        own = seed(self.seeds["dropout"], rank, begin)
        self._dropout = GlobalStream(own, self.device)
        self._noise = make_generator(own ^ 1, self.device)

    def _step(self, step: int, source: Iterator[Split]) -> None:
        for phase in self.learner.phases:
            peak = float(self.params[phase.rate])
            scheduled = learning_rate(step, self.steps, peak, self.recipe)
            lr = scheduled * self._at.lowered
            for _ in range(phase.repeats):
                batch = next(source)
                loss = self.learner.step(batch, phase, lr, self._noise)
        self.losses[step - 1] = loss  # of several phases, the last one's

    def _update_best_or_stop(self, found: Evaluation) -> None:
        """Store the best so far; when the patience is exhausted, lower the rate or end
        the run.
        """
        at = self._at
        # A parameter that is not finite stays so; further updates are wasted.
        at.over = found.diverged or self._fits(found)
        if found.diverged:
            at.waited += 1
        # Strictly better, so that of equal evaluations the earliest is kept.
        elif self.best is None or found.score < self.best.score:
            at.waited = 0
            self.best = found
            if self.recipe.restore_best:
                self.learner.keep_best()
        else:
            at.waited += 1
            self._lower_rate_or_stop()

    def _fits(self, found: Evaluation) -> bool:
        """Whether the recipe's ``stop_when`` is met on the training examples."""
        if self.recipe.stop_when is None:
            return False
        name, wanted = self.recipe.stop_when
        measure = _measure_named(self.procedure, name)
        ahead_by = found.values[f"train.{name}"] - wanted
        return measure.sign * ahead_by >= 0

    def _lower_rate_or_stop(self) -> None:
        at, patience = self._at, self.recipe.patience
        if patience is None or at.waited < patience:
            return
        if at.lr_reductions_left == 0:
            at.over = True
            return
        at.lowered *= self.recipe.lr_gamma
        at.lr_reductions_left -= 1
        at.waited = 0

    def _evaluate(self, step: int, mean_loss: float) -> Evaluation:
        # In a group the first worker measures for all, so that all take the
        # same decision to continue; one that stopped would be waited for.
        if self.group is None:
            return self._evaluate_here(
                step, self._clock.cpu_seconds, mean_loss
            )
        cpu_seconds = torch.tensor(self._clock.cpu_seconds, device=self.device)
        self.group.all_reduce(cpu_seconds)
        return self.group.broadcast_from_rank_zero(
            lambda: self._evaluate_here(step, cpu_seconds.item(), mean_loss)
        )

    def _evaluate_here(
        self,
        step: int,
        cpu_seconds: float,
        mean_loss: float | None,
    ) -> Evaluation:
        self.model.eval()
        values = {}
        if step > 0 and mean_loss is not None:
            values["train.objective"] = mean_loss
        values |= measure_both(
            self.procedure,
            self.model,
            self._sample,
            self.validation,
            self.seeds["evaluation"],
        )
        return Evaluation(
            step=step,
            epoch=step / self.updates_per_epoch,
            seconds=self._clock.seconds,
            cpu_seconds=cpu_seconds,
            values=values,
            score=score(self.procedure, values),
        )

    def state_dict(self) -> dict[str, Any]:
        """The state that the rest of the run depends on, after any evaluation: tensors
        and plain values.
        """
        return {
            "at": asdict(self._at),
            "curve": [asdict(found) for found in self.curve],
            "best": None if self.best is None else self.curve.index(self.best),
            "losses": self.losses[: self._at.step],
            "seconds": [self._clock.seconds, self._clock.cpu_seconds],
            "dropout": self._dropout.state_dict(),
            "noise": self._noise.get_state(),
            "learner": self.learner.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume a run from another worker's checkpoint.

        ``state`` is what ``state_dict`` returned in a loop of the same arguments; the
        run then ends with the same bits as one that was not interrupted.
        """
        self._at = LoopState(**state["at"])
        self.curve = []
        for row in state["curve"]:
            score = tuple(row["score"])
            self.curve.append(Evaluation(**{**row, "score": score}))
        best = state["best"]
        self.best = None if best is None else self.curve[best]
        self.losses[: self._at.step] = state["losses"]
        self._clock.seconds, self._clock.cpu_seconds = state["seconds"]
        self._dropout.load_state_dict(state["dropout"])
        self._noise.set_state(state["noise"])
        self.learner.load_state_dict(state["learner"])

    def seconds_per_update(self) -> float:
        """Seconds a step takes once warm: the time up to the first evaluation is left
        out where there is a second one.
        """
        curve = self.curve
        # The first steps also compile, allocate and fill caches.
        first = curve[1] if len(curve) > 2 else curve[0]
        last = curve[-1]
        return (last.seconds - first.seconds) / (last.step - first.step)


class Clock:
    """Seconds spent inside ``running``, on the wall and by this process; waits for the
    device at both ends.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """What happens inside is timed."""
        # A GPU's work is queued: evaluations would pay for the last steps.
        self._wait_for_device()
        wall = time.perf_counter()
        cpu = time.process_time()
        yield
        self._wait_for_device()
        self.seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu

    def _wait_for_device(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def fit_once(
    procedure: FitOnce,
    splits: Splits,
    shape: Shape,
    params: Mapping[str, Any],
    seeds: Mapping[str, int],
) -> tuple[nn.Module, Evaluation]:
    """A model fitted by a library in one call, on the CPU, and what it reached.

    The one evaluation counts as step 1 and epoch 1; its seconds are those of the call.
    ``seeds`` has the streams ``initialisation`` and ``evaluation``.
    """
    clock = Clock(torch.device("cpu"))
    generator = make_generator(seeds["initialisation"])
    with clock.running():
        model = procedure.fit(shape, params, splits.train, generator)
    model.eval()
    sample = training_sample(procedure, splits.train, seeds["evaluation"])
    values = measure_both(
        procedure,
        model,
        sample,
        splits.validation,
        seeds["evaluation"],
    )
    found = Evaluation(
        step=1,
        epoch=1.0,
        seconds=clock.seconds,
        cpu_seconds=clock.cpu_seconds,
        values=values,
        score=score(procedure, values),
    )
    return model, found


def _measure_named(procedure: Procedure, name: str) -> Measure:
    for measure in procedure.measures:
        if measure.name == name:
            return measure
    known = (measure.name for measure in procedure.measures)
    raise unknown("measure (stop_when)", name, known)


def losses_digest(losses: Tensor) -> str:
    """SHA-256 of the loss of every step, (steps,), as little-endian float32."""
    numbers = losses.detach().float().cpu().numpy()
    # with a fixed byte order, so that all machines agree on the digest
    return hashlib.sha256(numbers.astype("<f4").tobytes()).hexdigest()


def _channels_last(split: Split) -> Split:
    """Images on the CPU in the layout that its convolutions are fastest with."""
    if not split.in_memory:
        return split
    x = split.x
    if x.ndim == 4 and x.device.type == "cpu" and x.is_floating_point():
        x = x.contiguous(memory_format=torch.channels_last)
        return Split(x, split.y, split.metadata)
    return split
