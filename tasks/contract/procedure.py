"""How a model learns and is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
from tasks.contract.data import Shape, Split
from tasks.contract.space import Params


@dataclass(frozen=True)
class Measure:
    """Something measured on a split: its name, direction, unit, and a finite value for
    a model that failed.

    ``worst`` takes the data's shape, because guessing depends on the number of classes.
    """

    name: str
    better: Literal["higher", "lower"]
    worst: Callable[[Shape], float]
    label: str = ""
    percent: bool = False

    @property
    def sign(self) -> int:
        return 1 if self.better == "higher" else -1


Loss: TypeAlias = "Callable[[nn.Module, Split, torch.Generator], Tensor]"


@dataclass(frozen=True)
class Phase:
    """One kind of update: ``loss(model, batch, generator)`` is lowered over the
    parameters named ``prefix...``.

    Most procedures have one phase; an adversarial one has two. ``rate`` names the
    hyperparameter that holds its learning rate and ``repeats`` says how often it runs
    within one step (each time on a fresh batch). ``mean`` says that the loss is a mean
    over the batch's examples, each by itself, and perhaps something that no example
    changes: several workers may then share a batch.
    """

    loss: Loss
    prefix: str = ""
    rate: str = "lr"
    repeats: int = 1
    mean: bool = False


@runtime_checkable
class Procedure(Protocol):
    """How a model learns and is measured. Pure: it neither loops nor times nor saves
    anything.

    The first of ``measures`` is the one by which checkpoints and hyperparameters are
    chosen, on validation.
    """

    @property
    def measures(self) -> tuple[Measure, ...]: ...

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """The updates of one step, in order."""
        ...

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """One finite or non-finite number per measure, with the model in evaluation
        mode and no gradients.
        """
        ...

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """Things to look at, by file name: pictures (``.png``), tables (``.json``). May
        be empty.
        """
        ...


@runtime_checkable
class HasSnapshots(Procedure, Protocol):
    """A procedure worth watching while it learns: a final also keeps what ``snapshot``
    shows at some evaluations.
    """

    def snapshot(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]: ...


@runtime_checkable
class HasThroughput(Procedure, Protocol):
    """A procedure with a unit of its own, such as tokens: a run also records how
    many it learns from a second.
    """

    @property
    def unit(self) -> str: ...

    def count(self, split: Split) -> int:
        """Units in one pass over the split."""
        ...


@runtime_checkable
class ExpensiveEvaluation(Procedure, Protocol):
    """A procedure whose evaluation is dear: of the training examples it is to see
    ``train_sample`` at most.
    """

    @property
    def train_sample(self) -> int: ...


@runtime_checkable
class FitOnce(Procedure, Protocol):
    """A procedure whose model is fitted in one call, by a library, rather than step by
    step.
    """

    def fit(
        self, shape: Shape, params: Params, train: Split, generator: torch.Generator
    ) -> nn.Module: ...
