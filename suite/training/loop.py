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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.data_parallel import DataParallelGroup
from suite.training.evaluate import (
    TRAIN_SAMPLE,
    Evaluation,
    evaluation_steps,
    sample_of,
)
from suite.training.learner import Learner
from suite.training.optimizer import learning_rate
from suite.training.rng import GlobalStream, batches, make_generator
from suite.training.seeds import seed
from tasks import ExpensiveEvaluation, FitOnce, Procedure, Recipe, Shape, Split, Splits


@dataclass
class LoopState:
    """Where a run is: updates done, whether that is all, evaluations since the
    best, and what plateaus left.
    """

    step: int = 0
    over: bool = False
    waited: int = 0
    lr_reductions_left: int = 0
    lowered: float = 1.0  # of the rate


class TrainingLoop:
    """One model from initialisation to its last step. Iterate to train; each evaluation
    yields a Evaluation.

    ``model`` must be built and on its device. Whoever iterates may log, stop, or look;
    afterwards ``learner`` holds the best checkpoint (the last one where the recipe
    keeps the last) and ``losses`` every step's training loss. ``state``, after an
    evaluation, is what another TrainingLoop of the same arguments needs to
    ``load_state_dict`` in its place. Where a ``group`` shares the training, all its
    workers iterate, and all see what the first one evaluates. ``seeds`` names the
    streams order, dropout and evaluation; ``params`` holds ``lr`` and may hold
    ``weight_decay``.
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
        self.procedure, self.model, self.recipe, self.params, self.seeds = (
            procedure,
            model,
            recipe,
            params,
            seeds,
        )
        self.train, self.validation = _channels_last(train), _channels_last(validation)
        self.device = train.x.device
        self.steps = recipe.updates(len(train), length_factor)
        self.group = group
        self.learner = Learner(model, tuple(procedure.phases(model)), recipe, group)
        self.losses = torch.full((self.steps,), math.nan, device=self.device)
        self.best: Evaluation | None = None
        self.curve: list[Evaluation] = []
        self._at = LoopState(
            lr_reductions_left=recipe.max_lr_reductions
            if recipe.schedule == "plateau"
            else 0
        )
        self._dropout = GlobalStream(seeds["dropout"], self.device)
        self._noise = make_generator(seeds["dropout"] ^ 1, self.device)
        self._clock = Clock(self.device)
        most = (
            procedure.train_sample
            if isinstance(procedure, ExpensiveEvaluation)
            else TRAIN_SAMPLE
        )
        self._sample = sample_of(self.train, min(most, len(train)), seeds["evaluation"])

    def __iter__(self) -> Iterator[Evaluation]:
        size = self.recipe.batch(len(self.train))
        skipped = self._at.step * sum(phase.repeats for phase in self.learner.phases)
        source = batches(self.train, size, make_generator(self.seeds["order"]), skipped)
        per_epoch = -(-len(self.train) // size)
        if not self.curve:
            self.curve.append(self._evaluate(0, per_epoch, math.nan))
            yield self.curve[-1]
        for stop in evaluation_steps(self.steps, self.recipe.evaluations):
            if self._at.over or stop <= self._at.step:
                continue
            self.model.train()
            begin = self._at.step
            # each worker draws for its own examples, anew after every evaluation:
            # nothing to remember
            if self.group:
                own = seed(self.seeds["dropout"], self.group.rank, begin)
                self._dropout, self._noise = (
                    GlobalStream(own, self.device),
                    make_generator(own ^ 1, self.device),
                )
            with self._clock.running(), self._dropout.running():
                for step in range(begin + 1, stop + 1):
                    self._step(step, source)
            self._at.step = stop
            if self.group:
                self.group.all_reduce(self.losses[begin:stop])
            self.curve.append(
                self._evaluate(stop, per_epoch, self.losses[begin:stop].mean().item())
            )
            self._update_best_or_stop(self.curve[-1])
            yield self.curve[-1]
        if not self.recipe.restore_best:
            self.best = self.curve[-1]
        self.learner.restore()
        self.losses = self.losses[: self._at.step]

    def _update_best_or_stop(self, progress: Evaluation) -> None:
        """CheckpointPolicy the best so far; where patience with the others runs out,
        lower the rate or end the training.
        """
        at, recipe = self._at, self.recipe
        if not progress.diverged and (
            self.best is None or progress.score < self.best.score
        ):
            self.best, at.waited = progress, 0
            if recipe.restore_best:
                self.learner.keep()
        else:
            at.waited += 1
        if progress.diverged:
            at.over = True
        elif recipe.patience is not None and at.waited >= recipe.patience:
            if at.lr_reductions_left == 0:
                at.over = True
            else:
                at.lowered, at.waited, at.lr_reductions_left = (
                    at.lowered * recipe.lr_gamma,
                    0,
                    at.lr_reductions_left - 1,
                )

    def state_dict(self) -> dict[str, Any]:
        """All that the rest of the training depends on, after any evaluation: tensors
        and plain values.
        """
        return {
            "at": asdict(self._at),
            "curve": [asdict(progress) for progress in self.curve],
            "best": None if self.best is None else self.curve.index(self.best),
            "losses": self.losses[: self._at.step],
            "seconds": [self._clock.seconds, self._clock.cpu_seconds],
            "dropout": self._dropout.state_dict(),
            "noise": self._noise.get_state(),
            "learner": self.learner.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up another's training where it was: what follows is the same to the last
        bit.
        """
        self._at = LoopState(**state["at"])
        self.curve = [
            Evaluation(**{**row, "score": tuple(row["score"])})
            for row in state["curve"]
        ]
        self.best = None if state["best"] is None else self.curve[state["best"]]
        self.losses[: self._at.step] = state["losses"]
        self._clock.seconds, self._clock.cpu_seconds = state["seconds"]
        self._dropout.load_state_dict(state["dropout"])
        self._noise.set_state(state["noise"])
        self.learner.load_state_dict(state["learner"])

    def _step(self, step: int, source: Iterator[Split]) -> None:
        weight_decay = float(self.params.get("weight_decay", 0.0))
        for phase in self.learner.phases:
            rate = (
                learning_rate(
                    step, self.steps, float(self.params[phase.rate]), self.recipe
                )
                * self._at.lowered
            )
            for _ in range(phase.repeats):
                loss = self.learner.step(
                    next(source), phase, rate, weight_decay, self._noise
                )
        self.losses[step - 1] = loss

    def _evaluate(self, step: int, per_epoch: int, mean_loss: float) -> Evaluation:
        if self.group is None:
            return self._evaluated(step, per_epoch, self._clock.cpu_seconds, mean_loss)
        cpu_seconds = torch.tensor(self._clock.cpu_seconds, device=self.device)
        self.group.all_reduce(cpu_seconds)
        return self.group.broadcast_from_rank_zero(
            lambda: self._evaluated(step, per_epoch, cpu_seconds.item(), mean_loss)
        )

    @torch.no_grad()
    def _evaluated(
        self, step: int, per_epoch: int, cpu_seconds: float, mean_loss: float
    ) -> Evaluation:
        self.model.eval()
        values = {} if step == 0 else {"train.objective": mean_loss}
        for name, split in (("train", self._sample), ("validation", self.validation)):
            seen = self.procedure.evaluate(
                self.model, split, make_generator(self.seeds["evaluation"], self.device)
            )
            values |= {f"{name}.{measure}": value for measure, value in seen.items()}
        score = tuple(
            -m.sign * values[f"validation.{m.name}"]
            for m in self.procedure.measures[:2]
        )
        return Evaluation(
            step, step / per_epoch, self._clock.seconds, cpu_seconds, values, score
        )

    def seconds_per_update(self, curve: list[Evaluation]) -> float:
        """Seconds a step takes once warm: the first stretch is left out where there is
        another.
        """
        first = curve[1] if len(curve) > 2 else curve[0]
        return (curve[-1].seconds - first.seconds) / (curve[-1].step - first.step)


class Clock:
    """Seconds spent between start and stop, on the wall and by this process; waits for
    the device at both ends.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds, self.cpu_seconds = device, 0.0, 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        self._wait()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self._wait()
        self.seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def fit_once(
    procedure: FitOnce,
    splits: Splits,
    shape: Shape,
    params: Mapping[str, Any],
    seeds: Mapping[str, int],
) -> tuple[nn.Module, Evaluation]:
    """A model fitted by a library in one call, and what it reached."""
    clock = Clock(torch.device("cpu"))
    with clock.running():
        model = procedure.fit(
            shape, params, splits.train, make_generator(seeds["initialisation"])
        )
    model.eval()
    values: dict[str, float] = {}
    sample = sample_of(
        splits.train, min(TRAIN_SAMPLE, len(splits.train)), seeds["evaluation"]
    )
    for name, split in (("train", sample), ("validation", splits.validation)):
        with torch.no_grad():
            seen = procedure.evaluate(model, split, make_generator(seeds["evaluation"]))
        values |= {f"{name}.{measure}": value for measure, value in seen.items()}
    score = tuple(
        -m.sign * values[f"validation.{m.name}"] for m in procedure.measures[:2]
    )
    return model, Evaluation(1, 1.0, clock.seconds, clock.cpu_seconds, values, score)


def losses_digest(losses: Tensor) -> str:
    """SHA-256 of the loss of every step, as little-endian float32."""
    return hashlib.sha256(
        losses.detach().float().cpu().numpy().astype("<f4").tobytes()
    ).hexdigest()


def _channels_last(split: Split) -> Split:
    if (
        split.x.ndim == 4
        and split.x.device.type == "cpu"
        and split.x.is_floating_point()
    ):
        return Split(
            split.x.contiguous(memory_format=torch.channels_last),
            split.y,
            split.metadata,
        )
    return split
