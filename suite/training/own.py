"""Training by a procedure's own hand, with the curve, checkpoints and limits that all
runs have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.data_parallel import DataParallelGroup
from suite.training.evaluate import Evaluation, evaluation_steps
from suite.training.loop import TrainingLoop
from tasks import Phase, Procedure, Recipe, Split, TrainsItself, UserError
from tasks.contract.recipe import LOOP_ONLY
from tasks.contract.schedule import learning_rate


def training(
    procedure: Procedure,
    model: nn.Module,
    train: Split,
    validation: Split,
    recipe: Recipe,
    params: Mapping[str, Any],
    seeds: Mapping[str, int],
    length_factor: float = 1.0,
    group: DataParallelGroup | None = None,
) -> TrainingLoop:
    """The loop that trains by this procedure: see ``TrainingLoop``."""
    own = isinstance(procedure, TrainsItself)
    kind = OwnTraining if own else TrainingLoop
    return kind(
        procedure,
        model,
        train,
        validation,
        recipe,
        params,
        seeds,
        length_factor,
        group,
    )


class OwnTraining(TrainingLoop):
    """What ``TrainsItself.train`` gets: see ``tasks.OwnRun``.

    Raises UserError for fields of the recipe that only the suite's own updates read.
    """

    learner: WholeModel

    def _new_learner(self, phases: tuple[Phase, ...]) -> Any:
        # Defaults count as not given. Whatever else nothing reads is an error,
        # since a claim could rest on it.
        plain = Recipe(steps=1)
        for name in LOOP_ONLY:
            if getattr(self.recipe, name) != getattr(plain, name):
                raise UserError(
                    f"Recipe({name}={getattr(self.recipe, name)!r}): "
                    f"{type(self.procedure).__name__} trains by itself, where nothing "
                    "reads it: leave it out for this arm."
                )
        return WholeModel(self.model)

    @property
    def begin(self) -> int:
        """The step that was reached before, which is 0 unless the run is resumed."""
        return self._at.step

    @property
    def generator(self) -> torch.Generator:
        """For randomness, on the device; its state is in checkpoints."""
        return self._noise

    def batches(self) -> Iterator[Split]:
        """Batches in the order of the run, from the step after ``begin`` on."""
        return self._batches()

    def due(self, step: int) -> bool:
        """Whether the recipe wants the model evaluated after this step."""
        return step in evaluation_steps(self.steps, self.recipe.evaluations)

    def lr(self, step: int, name: str = "lr") -> float:
        """The rate of that step, by the recipe's schedule."""
        peak = float(self.params[name])
        return (
            learning_rate(step, self.steps, peak, self.recipe)
            * self._at.lowered
        )

    def remember(self, **objects: Any) -> None:
        """Have what else the training depends on in checkpoints: objects with
        ``state_dict`` and ``load_state_dict``, such as optimisers. They are restored
        here where the run is resumed.
        """
        self.learner.remember(objects)

    def evaluate(self, step: int) -> bool:
        """Measure the model after ``step`` updates, note it in the curve, keep it if it
        is the best. False where the run is over: then return.

        Raises UserError for a step that is not after the last one, or too late.
        """
        self._check_step(step)
        # Measuring is not timed, and draws no numbers of the training.
        self._pause()
        self._at.step = step
        self.curve.append(self._evaluate(step, math.nan))
        self._update_best_or_stop(self.curve[-1])
        self._watch(self.curve[-1])
        self.model.train()
        self._go_on()
        return not self._at.over and step < self.steps

    def _check_step(self, step: int) -> None:
        if self._at.over:
            raise UserError(
                f"run.evaluate({step}): the run is over, as evaluate said: return from "
                "train when it returns False."
            )
        if not self._at.step < step <= self.steps:
            raise UserError(
                f"run.evaluate({step}): give a step after {self._at.step}, and "
                f"{self.steps} at most."
            )

    def run(
        self, watch: Callable[[Evaluation], None], share: float = 1.0
    ) -> None:
        """Have the procedure train to the end, and call ``watch`` after each of its
        evaluations.

        Raises UserError if it returns before the run is over.
        """
        # A procedure's own loop cannot be left in the middle, so that its
        # trials are never pruned.
        assert share == 1.0
        self._watch = watch
        if not self.curve:
            self.curve.append(self._evaluate(0, math.nan))
            watch(self.curve[-1])
        is_left = not self._at.over and self._at.step < self.steps
        if is_left:
            self._train_by_itself()
        if not self.recipe.restore_best:
            self.best = self.curve[-1]
        self.learner.restore_best()

    def _train_by_itself(self) -> None:
        procedure = self.procedure
        assert isinstance(procedure, TrainsItself)
        self.model.train()
        self._go_on()
        try:
            procedure.train(self)
        finally:
            self._pause()
        if not self._at.over and self._at.step < self.steps:
            raise UserError(
                f"{type(procedure).__name__}.train returned after step {self._at.step} "
                f"of {self.steps}: call run.evaluate(step) until it returns False."
            )

    def __iter__(self) -> Iterator[Evaluation]:
        # The procedure holds the loop, which cannot be left in the middle:
        # evaluations come when all is over.
        self.run(lambda found: None)
        yield from self.curve

    def _evaluate_here(
        self, step: int, cpu_seconds: float, mean_loss: float | None
    ) -> Evaluation:
        # The suite sees none of the losses, so there is no mean to record.
        return super()._evaluate_here(step, cpu_seconds, None)

    def _go_on(self) -> None:
        self._inside = ExitStack()
        self._inside.enter_context(self._clock.running())
        self._inside.enter_context(self._dropout.running())

    def _pause(self) -> None:
        self._inside.close()


class WholeModel:
    """A model that something else updates, and its best state so far: all that its
    ``state_dict`` has, and objects that are to be remembered with it.
    """

    batches_per_step = 1

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self._best: dict[str, Tensor] = {}
        self._objects: dict[str, Any] = {}
        self._found: Mapping[str, Any] = {}

    def remember(self, objects: Mapping[str, Any]) -> None:
        """Restore these objects, and have them in ``state_dict``."""
        for name, one in objects.items():
            self._objects[name] = one
            # A checkpoint is loaded before `train` has made these objects, so
            # their states wait in `_found`.
            if name in self._found:
                one.load_state_dict(self._found[name])

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Nothing: parameters are not averaged."""
        yield

    def keep_best(self) -> None:
        """Store the current state as the best."""
        self._best = self._copied()

    def restore_best(self) -> None:
        """Restore the best state, if there is one."""
        if self._best:
            self.model.load_state_dict(self._best)

    def _copied(self) -> dict[str, Tensor]:
        state = self.model.state_dict()
        return {
            name: tensor.detach().clone() for name, tensor in state.items()
        }

    def state_dict(self) -> dict[str, Any]:
        """The model, its best state and the objects, as tensors and plain values."""
        objects = {
            name: one.state_dict() for name, one in self._objects.items()
        }
        return {
            "model": self._copied(),
            "best": self._best,
            "objects": objects,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self.model.load_state_dict(state["model"])
        self._best = state["best"]
        self._found = state["objects"]
