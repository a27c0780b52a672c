"""The training loop: plain PyTorch, kept lean.

This file alone loops, times, schedules and checkpoints. Parameters and gradients live in one flat buffer per phase, so
that a step costs one fused optimiser call; data are tensors on the device, indexed by a permutation; nothing in a step
waits for the device; evaluating is outside the timed seconds.
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

from suite.parallel import Team
from suite.seeds import seed
from tasks import Dear, FitOnce, Phase, Procedure, Recipe, Shape, Split, Splits

TRAIN_SAMPLE = 1000  # training examples on which the training measures are taken
ADAM_EPSILON = 1e-8


@dataclass(frozen=True)
class Progress:
    """What an evaluation saw. ``score`` is the validation measure that chooses, lower is better, then its tie-break."""

    step: int
    epoch: float
    seconds: float
    cpu_seconds: float
    values: dict[str, float]
    score: tuple[float, ...]

    @property
    def diverged(self) -> bool:
        return not all(math.isfinite(value) for value in self.values.values())


# ------------------------------------------------------------------------------------------------------ learning


def learning_rate(step: int, steps: int, peak: float, recipe: Recipe) -> float:
    """The rate for update ``step`` (from 1) of ``steps``: linear warm-up to ``peak``, then the recipe's schedule."""
    warmup = round(recipe.warmup * steps)
    if step <= warmup:
        return peak * (step / warmup)
    done = (step - 1 - warmup) / max(1, steps - warmup)  # 0 at the first update after the warm-up
    if recipe.schedule == "cosine":
        return peak * 0.5 * (1 + math.cos(math.pi * done))
    if recipe.schedule == "step":
        return peak * recipe.decay ** sum(done >= milestone for milestone in recipe.milestones)
    return peak


class FlatParameters:
    """Parameters as views into one buffer, with their gradients in another and one fused update for all.

    The rules are torch.optim's: AdamW decays weights apart from the gradient (Loshchilov & Hutter 2019), SGD adds
    the decay to the gradient before the momentum.
    """

    def __init__(self, parameters: list[nn.Parameter], recipe: Recipe) -> None:
        self.parameters = parameters
        self.recipe = recipe
        device, dtype = parameters[0].device, parameters[0].dtype
        self.flat = torch.empty(sum(p.numel() for p in parameters), device=device, dtype=dtype)
        self.grad = torch.zeros_like(self.flat)
        self.first = torch.zeros_like(self.flat)
        self.second = torch.zeros_like(self.flat) if recipe.optimizer == "adamw" else torch.empty(0)
        self.count = torch.zeros((), device=device)  # updates so far, as the fused kernel wants it
        self.started = False
        start = 0
        for parameter in parameters:
            end = start + parameter.numel()
            with torch.no_grad():
                view = _laid_out(self.flat[start:end], parameter)
                view.copy_(parameter)
                parameter.data = view
            parameter.grad = _laid_out(self.grad[start:end], parameter)
            start = end

    @torch.no_grad()
    def update(self, rate: float, weight_decay: float) -> None:
        recipe = self.recipe
        if recipe.clip is not None:  # as torch.nn.utils.clip_grad_norm_, without reading the norm
            self.grad.mul_((recipe.clip / (self.grad.norm() + 1e-6)).clamp_(max=1.0))
        if recipe.optimizer == "adamw":
            self.count += 1
            torch._fused_adamw_(
                [self.flat],
                [self.grad],
                [self.first],
                [self.second],
                [],
                [self.count],
                lr=rate,
                beta1=recipe.betas[0],
                beta2=recipe.betas[1],
                weight_decay=weight_decay,
                eps=ADAM_EPSILON,
                amsgrad=False,
                maximize=False,
            )
        else:
            torch._fused_sgd_(
                [self.flat],
                [self.grad],
                [self.first] if recipe.momentum else [],
                lr=rate,
                momentum=recipe.momentum,
                weight_decay=weight_decay,
                dampening=0.0,
                nesterov=recipe.nesterov,
                maximize=False,
                is_first_step=not self.started,
            )
            self.started = True

    def tensors(self) -> list[Tensor]:
        """All that the next updates depend on, but for ``started``."""
        return [self.flat, self.first, self.second, self.count]


def _laid_out(piece: Tensor, like: Tensor) -> Tensor:
    """``piece`` viewed in the shape of ``like``; on CPU the weights of 2-D convolutions get channels-last strides."""
    if like.ndim == 4 and like.device.type == "cpu":
        out, within, height, width = like.shape
        return piece.view(out, height, width, within).permute(0, 3, 1, 2)
    return piece.view(like.shape)


class Learner:
    """A model with the buffers its phases update, and its best checkpoint so far.

    Where a ``team`` trains it, every worker of the team has the same model and takes its part of each batch.
    """

    def __init__(self, model: nn.Module, phases: tuple[Phase, ...], recipe: Recipe, team: Team | None = None) -> None:
        self.model = model
        self.phases = phases
        self.team = team
        self.buffers: dict[str, FlatParameters] = {}
        for phase in phases:
            if phase.prefix not in self.buffers:
                named = [p for name, p in model.named_parameters() if name.startswith(phase.prefix) and p.requires_grad]
                self.buffers[phase.prefix] = FlatParameters(named, recipe)
        if team:
            for buffer in self.buffers.values():
                buffer.flat.copy_(team.share(buffer.flat.cpu))
        self._best: list[Tensor] = []

    def step(self, batch: Split, phase: Phase, rate: float, weight_decay: float, noise: torch.Generator) -> Tensor:
        """Update the phase's parameters once and return the loss, a 0-d tensor left on its device.

        In a team it is what this worker's part adds to the loss.
        """
        buffer = self.buffers[phase.prefix]
        with _only(buffer, self.buffers):
            buffer.grad.zero_()
            if self.team:
                loss = self.team.backward(self.model, phase, batch, noise, buffer.grad)
            else:
                loss = phase.loss(self.model, batch, noise)
                loss.backward()
        buffer.update(rate, weight_decay)
        return loss.detach()

    def _state(self) -> list[Tensor]:
        return [buffer.flat for buffer in self.buffers.values()] + list(self.model.buffers())

    def keep(self) -> None:
        """Remember the present parameters and running statistics as the best."""
        self._best = [tensor.detach().clone() for tensor in self._state()]

    @torch.no_grad()
    def restore(self) -> None:
        """Go back to what was kept, if anything was."""
        for tensor, best in zip(self._state(), self._best, strict=bool(self._best)):
            tensor.copy_(best)

    def state(self) -> dict[str, Any]:
        """Model, optimiser and best checkpoint, as tensors and plain values."""
        return {
            "tensors": [tensor.detach() for tensor in self._all()],
            "started": [buffer.started for buffer in self.buffers.values()],
            "best": self._best,
        }

    @torch.no_grad()
    def go_on(self, state: Mapping[str, Any]) -> None:
        for tensor, before in zip(self._all(), state["tensors"], strict=True):
            tensor.copy_(before)
        for buffer, started in zip(self.buffers.values(), state["started"], strict=True):
            buffer.started = started
        self._best = [best.to(tensor.device) for best, tensor in zip(state["best"], self._state(), strict=False)]

    def _all(self) -> list[Tensor]:
        return [tensor for buffer in self.buffers.values() for tensor in buffer.tensors()] + list(self.model.buffers())


@contextmanager
def _only(buffer: FlatParameters, buffers: Mapping[str, FlatParameters]) -> Iterator[None]:
    """Gradients for the parameters of one buffer alone, where there are several."""
    others = [p for other in buffers.values() if other is not buffer for p in other.parameters]
    for parameter in others:
        parameter.requires_grad_(False)
    yield
    for parameter in others:
        parameter.requires_grad_(True)


# -------------------------------------------------------------------------------------------------------- streams


class GlobalStream:
    """The global random numbers that dropout draws: set while a training runs, and the caller's again in between."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        with self._forked():
            torch.manual_seed(seed)
            self._remember()

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._forked():
            torch.set_rng_state(self._cpu)
            if self.device.type == "cuda":
                torch.cuda.set_rng_state(self._cuda, self.device)
            yield
            self._remember()

    def state(self) -> list[Tensor]:
        return [self._cpu, self._cuda] if self.device.type == "cuda" else [self._cpu]

    def go_on(self, state: list[Tensor]) -> None:
        self._cpu, *cuda = state
        if cuda:
            (self._cuda,) = cuda

    def _forked(self) -> Any:
        return torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else [])

    def _remember(self) -> None:
        self._cpu = torch.get_rng_state()
        if self.device.type == "cuda":
            self._cuda = torch.cuda.get_rng_state(self.device)


def batches(train: Split, size: int, order: torch.Generator, skipped: int = 0) -> Iterator[Split]:
    """Batches without end: every pass in a new order, its last batch as small as it comes; not the first few."""
    if size >= len(train):
        while True:
            yield train
    passes, skipped = divmod(skipped, -(-len(train) // size))
    for _ in range(passes):
        torch.randperm(len(train), generator=order)
    while True:
        indices = torch.split(torch.randperm(len(train), generator=order).to(train.x.device), size)
        for index in indices[skipped:]:
            yield train.take(index)
        skipped = 0


def generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


# ------------------------------------------------------------------------------------------------------- the loop


@dataclass
class Position:
    """Where a training is: updates done, whether that is all, evaluations since the best, and what plateaus left."""

    step: int = 0
    over: bool = False
    waited: int = 0
    drops: int = 0
    lowered: float = 1.0  # of the rate


class Training:
    """One model from initialisation to its last step. Iterate to train; each evaluation yields a Progress.

    ``model`` must be built and on its device. Whoever iterates may log, stop, or look; afterwards ``learner`` holds
    the best checkpoint (the last one where the recipe keeps the last) and ``losses`` every step's training loss.
    ``state``, after an evaluation, is what another Training of the same arguments needs to ``go_on`` in its place.
    Where a ``team`` shares the training, all its workers iterate, and all see what the first one evaluates.
    ``seeds`` names the streams order, dropout and evaluation; ``settings`` holds ``lr`` and may hold
    ``weight_decay``.
    """

    def __init__(
        self,
        procedure: Procedure,
        model: nn.Module,
        train: Split,
        validation: Split,
        recipe: Recipe,
        settings: Mapping[str, Any],
        seeds: Mapping[str, int],
        effort: float = 1.0,
        team: Team | None = None,
    ) -> None:
        self.procedure, self.model, self.recipe, self.settings, self.seeds = procedure, model, recipe, settings, seeds
        self.train, self.validation = _channels_last(train), _channels_last(validation)
        self.device = train.x.device
        self.steps = recipe.updates(len(train), effort)
        self.team = team
        self.learner = Learner(model, tuple(procedure.phases(model)), recipe, team)
        self.losses = torch.full((self.steps,), math.nan, device=self.device)
        self.best: Progress | None = None
        self.curve: list[Progress] = []
        self._at = Position(drops=recipe.drops if recipe.schedule == "plateau" else 0)
        self._dropout = GlobalStream(seeds["dropout"], self.device)
        self._noise = generator(seeds["dropout"] ^ 1, self.device)
        self._clock = Clock(self.device)
        most = procedure.train_sample if isinstance(procedure, Dear) else TRAIN_SAMPLE
        self._sample = _sample(self.train, min(most, len(train)), seeds["evaluation"])

    def __iter__(self) -> Iterator[Progress]:
        size = self.recipe.batch(len(self.train))
        skipped = self._at.step * sum(phase.repeats for phase in self.learner.phases)
        source = batches(self.train, size, generator(self.seeds["order"]), skipped)
        per_epoch = -(-len(self.train) // size)
        if not self.curve:
            self.curve.append(self._look(0, per_epoch, math.nan))
            yield self.curve[-1]
        for stop in evaluation_steps(self.steps, self.recipe.evaluations):
            if self._at.over or stop <= self._at.step:
                continue
            self.model.train()
            begin = self._at.step
            if self.team:  # each worker draws for its own examples, anew after every evaluation: nothing to remember
                own = seed(self.seeds["dropout"], self.team.rank, begin)
                self._dropout, self._noise = GlobalStream(own, self.device), generator(own ^ 1, self.device)
            with self._clock.running(), self._dropout.running():
                for step in range(begin + 1, stop + 1):
                    self._step(step, source)
            self._at.step = stop
            if self.team:
                self.team.add_up(self.losses[begin:stop])
            self.curve.append(self._look(stop, per_epoch, self.losses[begin:stop].mean().item()))
            self._weigh(self.curve[-1])
            yield self.curve[-1]
        if not self.recipe.keep_best:
            self.best = self.curve[-1]
        self.learner.restore()
        self.losses = self.losses[: self._at.step]

    def _weigh(self, progress: Progress) -> None:
        """Keep the best so far; where patience with the others runs out, lower the rate or end the training."""
        at, recipe = self._at, self.recipe
        if not progress.diverged and (self.best is None or progress.score < self.best.score):
            self.best, at.waited = progress, 0
            if recipe.keep_best:
                self.learner.keep()
        else:
            at.waited += 1
        if progress.diverged:
            at.over = True
        elif recipe.patience is not None and at.waited >= recipe.patience:
            if at.drops == 0:
                at.over = True
            else:
                at.lowered, at.waited, at.drops = at.lowered * recipe.decay, 0, at.drops - 1

    def state(self) -> dict[str, Any]:
        """All that the rest of the training depends on, after any evaluation: tensors and plain values."""
        return {
            "at": asdict(self._at),
            "curve": [asdict(progress) for progress in self.curve],
            "best": None if self.best is None else self.curve.index(self.best),
            "losses": self.losses[: self._at.step],
            "seconds": [self._clock.seconds, self._clock.cpu_seconds],
            "dropout": self._dropout.state(),
            "noise": self._noise.get_state(),
            "learner": self.learner.state(),
        }

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Take up another's training where it was: what follows is the same to the last bit."""
        self._at = Position(**state["at"])
        self.curve = [Progress(**{**row, "score": tuple(row["score"])}) for row in state["curve"]]
        self.best = None if state["best"] is None else self.curve[state["best"]]
        self.losses[: self._at.step] = state["losses"]
        self._clock.seconds, self._clock.cpu_seconds = state["seconds"]
        self._dropout.go_on(state["dropout"])
        self._noise.set_state(state["noise"])
        self.learner.go_on(state["learner"])

    def _step(self, step: int, source: Iterator[Split]) -> None:
        weight_decay = float(self.settings.get("weight_decay", 0.0))
        for phase in self.learner.phases:
            rate = learning_rate(step, self.steps, float(self.settings[phase.rate]), self.recipe) * self._at.lowered
            for _ in range(phase.repeats):
                loss = self.learner.step(next(source), phase, rate, weight_decay, self._noise)
        self.losses[step - 1] = loss

    def _look(self, step: int, per_epoch: int, mean_loss: float) -> Progress:
        if self.team is None:
            return self._evaluated(step, per_epoch, self._clock.cpu_seconds, mean_loss)
        cpu_seconds = torch.tensor(self._clock.cpu_seconds, device=self.device)
        self.team.add_up(cpu_seconds)
        return self.team.share(lambda: self._evaluated(step, per_epoch, cpu_seconds.item(), mean_loss))

    @torch.no_grad()
    def _evaluated(self, step: int, per_epoch: int, cpu_seconds: float, mean_loss: float) -> Progress:
        self.model.eval()
        values = {} if step == 0 else {"train.objective": mean_loss}
        for name, split in (("train", self._sample), ("validation", self.validation)):
            seen = self.procedure.evaluate(self.model, split, generator(self.seeds["evaluation"], self.device))
            values |= {f"{name}.{measure}": value for measure, value in seen.items()}
        score = tuple(-m.sign * values[f"validation.{m.name}"] for m in self.procedure.measures[:2])
        return Progress(step, step / per_epoch, self._clock.seconds, cpu_seconds, values, score)

    def seconds_per_update(self, curve: list[Progress]) -> float:
        """Seconds a step takes once warm: the first stretch is left out where there is another."""
        first = curve[1] if len(curve) > 2 else curve[0]
        return (curve[-1].seconds - first.seconds) / (curve[-1].step - first.step)


class Clock:
    """Seconds spent between start and stop, on the wall and by this process; waits for the device at both ends."""

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


def evaluation_steps(steps: int, evaluations: int) -> list[int]:
    """At most ``evaluations`` steps, evenly spaced, the last one included."""
    count = min(steps, max(1, evaluations))
    return [round(steps * i / count) for i in range(1, count + 1)]


def fit_once(
    procedure: FitOnce, splits: Splits, shape: Shape, settings: Mapping[str, Any], seeds: Mapping[str, int]
) -> tuple[nn.Module, Progress]:
    """A model fitted by a library in one call, and what it reached."""
    clock = Clock(torch.device("cpu"))
    with clock.running():
        model = procedure.fit(shape, settings, splits.train, generator(seeds["initialisation"]))
    model.eval()
    values: dict[str, float] = {}
    sample = _sample(splits.train, min(TRAIN_SAMPLE, len(splits.train)), seeds["evaluation"])
    for name, split in (("train", sample), ("validation", splits.validation)):
        with torch.no_grad():
            seen = procedure.evaluate(model, split, generator(seeds["evaluation"]))
        values |= {f"{name}.{measure}": value for measure, value in seen.items()}
    score = tuple(-m.sign * values[f"validation.{m.name}"] for m in procedure.measures[:2])
    return model, Progress(1, 1.0, clock.seconds, clock.cpu_seconds, values, score)


def losses_digest(losses: Tensor) -> str:
    """SHA-256 of the loss of every step, as little-endian float32."""
    return hashlib.sha256(losses.detach().float().cpu().numpy().astype("<f4").tobytes()).hexdigest()


def _sample(train: Split, count: int, seed: int) -> Split:
    index = torch.randperm(len(train), generator=generator(seed))[:count].to(train.x.device)
    return train.take(index)


def _channels_last(split: Split) -> Split:
    if split.x.ndim == 4 and split.x.device.type == "cpu" and split.x.is_floating_point():
        return Split(split.x.contiguous(memory_format=torch.channels_last), split.y, split.facts)
    return split
