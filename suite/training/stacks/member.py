"""A run as a member of a stack."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from suite.training.evaluate import Evaluation, evaluation_steps, score
from suite.training.flat_parameters import FlatParameters
from suite.training.loop import TrainingLoop
from suite.training.rng import make_generator
from suite.training.stacks.batches import batches
from tasks import Phase, Split
from tasks.contract.schedule import learning_rate


class StackMember(TrainingLoop):
    """A training loop whose updates a stack makes.

    Everything else stays its own: model, order of batches, masks of dropout,
    evaluations, best checkpoint, early stopping, clock and state. So a run that was in
    a stack is resumed, measured and recorded as any other.
    """

    _source: Iterator[Split] | None = None
    _mean_loss = math.nan  # of the updates since the evaluation before

    @property
    def phase(self) -> Phase:
        """The only phase of a step."""
        phase: Phase
        (phase,) = self.learner.phases
        return phase

    @property
    def buffer(self) -> FlatParameters:
        """The parameters that are updated."""
        found: FlatParameters = self.learner.buffers[self.phase.prefix]
        return found

    @property
    def step(self) -> int:
        """Updates made so far."""
        return self._at.step

    @property
    def next_stop(self) -> int | None:
        """The step of the next evaluation; None where the run is over."""
        if self._at.over:
            return None
        for stop in evaluation_steps(self.steps, self.recipe.evaluations):
            if stop > self._at.step:
                return stop
        return None

    @property
    def fixed(self) -> dict[str, Tensor]:
        """The model's tensors that no update changes, by name."""
        learned = {id(parameter) for parameter in self.buffer.parameters}
        tensors = {
            **dict(self.model.named_parameters()),
            **dict(self.model.named_buffers()),
        }
        return {
            name: tensor.detach()
            for name, tensor in tensors.items()
            if id(tensor) not in learned
        }

    def next_batch(self) -> Split:
        """The batch of the next update."""
        if self._source is None:
            self._source = self._batches()
        return next(self._source)

    def advance_alone(self, stop: int) -> None:
        """Make the updates up to step ``stop`` as a run that is in no stack does."""
        if self._source is None:
            self._source = self._batches()
        self._mean_loss = self._train_until(stop, self._source)

    def _batches(self) -> Iterator[Split]:
        size = self.recipe.batch(len(self.train))
        if size >= len(self.train):
            return super()._batches()
        order = make_generator(self.seeds["order"])
        return batches(self.train, size, order, self.step)

    def rewind(self) -> None:
        """Begin again with the batch that follows the last update."""
        self._source = None

    @property
    def peak(self) -> float:
        """The peak of the learning rate, after what a plateau has lowered it by."""
        return float(self.params[self.phase.rate]) * self._at.lowered

    def schedule(self, stop: int) -> list[float]:
        """The share of the peak that the learning rate has at each update from here to
        step ``stop``.
        """
        return [
            learning_rate(step, self.steps, 1.0, self.recipe)
            for step in range(self.step + 1, stop + 1)
        ]

    def mask_generator(self) -> torch.Generator:
        """Draws what dropout would draw next."""
        generator = make_generator(0)
        (state,) = self._dropout.state_dict()
        generator.set_state(state)
        return generator

    def dropout_rates(self) -> list[float]:
        """The rates of the model's dropout layers, in their order."""
        return [
            module.p
            for module in self.model.modules()
            if type(module) is nn.Dropout
        ]

    def take(
        self,
        losses: Tensor,
        masks: torch.Generator,
        seconds: float,
        cpu_seconds: float,
    ) -> None:
        """Note that as many updates were made as there are ``losses``, in this member's
        share of the stack's seconds. The parameters are changed already.
        """
        begin = self._at.step
        self._at.step = begin + len(losses)
        self.losses[begin : self._at.step] = losses
        self._mean_loss = losses.mean().item()
        self._dropout.load_state_dict([masks.get_state()])
        self._clock.seconds += seconds
        self._clock.cpu_seconds += cpu_seconds

    @property
    def looked_at(self) -> tuple[Split, Split]:
        """What evaluations are on: some training examples, and validation."""
        return self._sample, self.validation

    def look(self, measured: Mapping[str, float] | None = None) -> Evaluation:
        """Evaluate the model as it is now, keep it if it is the best so far, and decide
        whether the run goes on.

        ``measured`` is what a stack has measured of it already.
        """
        if measured is None:
            found = self._evaluate(self._at.step, self._mean_loss)
        else:
            self.model.eval()  # as if it had been evaluated
            found = self._evaluation(measured)
        self.curve.append(found)
        # The untrained model is never kept.
        if self._at.step > 0:
            self._update_best_or_stop(found)
        return found

    def _evaluation(self, measured: Mapping[str, float]) -> Evaluation:
        """The evaluation that comes to these values, as ``_evaluate`` makes it."""
        step = self._at.step
        objective = {"train.objective": self._mean_loss} if step > 0 else {}
        values = {**objective, **measured}
        return Evaluation(
            step=step,
            epoch=step / self.updates_per_epoch,
            seconds=self._clock.seconds,
            cpu_seconds=self._clock.cpu_seconds,
            values=values,
            score=score(self.procedure, values),
        )

    def close(self) -> None:
        """Take the best checkpoint, once there is no further update."""
        if not self.recipe.restore_best:
            self.best = self.curve[-1]
        self.learner.restore_best()
        self.losses = self.losses[: self._at.step]
