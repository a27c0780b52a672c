"""How a model is trained and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Protocol,
    TypeAlias,
    runtime_checkable,
)

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Shape, Split
from tasks.contract.errors import UserError
from tasks.contract.space import Params

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from tasks.contract.recipe import Recipe


# How the names of metrics begin that are made from a measure.
RESERVED_PREFIXES = (
    "train.",
    "validation.",
    "test.",
    "gap.",
    "diagnosed.",
    "updates_to.",
    "reached.",
)


def no_worst(shape: Shape) -> float:
    """Raises UserError: the value of a failed run where its measure names none."""
    raise UserError(
        "A measure is not finite, and has no value that a failure counts as: give its "
        "Measure one, as in Measure('regret', 'lower', worst=lambda shape: 100.0)."
    )


@dataclass(frozen=True)
class Measure:
    """Something measured on a split: its name, its direction and its unit.

    Raises UserError for a value that cannot be.
    """

    name: str
    """Letters, digits, ``_``, ``-`` and ``.``, as trackers accept them."""

    better: Literal["higher", "lower"]
    """Which values are the better ones."""

    worst: Callable[[Shape], float] = no_worst
    """The finite value that a failed model counts as, such as what guessing gets: a
    function of the data's shape, because that depends on the number of classes. Arms
    that are functions may do without it: where one then returns a number that is not
    finite, the run counts as crashed.
    """

    label: str = ""
    """What people call it; the name where it is empty."""

    percent: bool = False
    """It is a share of examples, from 0 to 1, and shown as a percentage."""

    unit: str = ""
    """What it is counted in, such as ``bits``; empty for a bare number or a share."""

    resolution: float | None = None
    """The smallest difference that it can show. None: one example of a share, and
    unknown of anything else.
    """

    exact: bool = False
    """No chance enters it, as in a closed form: arms are compared rather than tested,
    and one block is enough.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.name()
        for prefix in RESERVED_PREFIXES:
            if self.name.startswith(prefix):
                raise check.error(
                    "name",
                    f"names with {prefix!r} are of what the suite derives from a "
                    "measure, as in train.accuracy: give another one",
                )
        check.choice("better", ("higher", "lower"))
        check.function(
            "worst",
            "such as `lambda shape: 0.0`: the value that a failed model counts as",
        )
        check.text("label")
        check.flag("percent")
        check.text("unit", "what it is counted in, such as bits")
        if self.percent and self.unit:
            raise check.error(
                "unit", "leave it out: percent=True says it already"
            )
        check.flag("exact")
        if self.resolution is not None:
            check.number(
                "resolution", 0, advice="the smallest difference it can show"
            )

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.better == "higher" else -1


def measured(measures: tuple[Measure, ...]) -> Procedure:
    """The procedure of a task all of whose arms are functions: nothing learns, and
    ``measures`` are what the functions return.
    """
    return _Measured(measures)


Loss: TypeAlias = "Callable[[nn.Module, Split, torch.Generator], Tensor]"


@dataclass(frozen=True)
class Phase:
    """One kind of update. Most procedures have one; an adversarial one has two."""

    loss: Loss
    """``loss(model, batch, generator)``, a 0-d tensor, is lowered."""

    prefix: str = ""
    """Only the parameters whose names begin with it are updated."""

    rate: str = "lr"
    """The hyperparameter that holds the learning rate."""

    repeats: int = 1
    """How often the phase runs within one step, each time on a fresh batch."""

    mean: bool = False
    """The loss is a mean over the batch's examples, each by itself, and perhaps
    something that no example changes: several workers may then share a batch.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.function("loss", "of the model, a batch and a generator")
        check.text("prefix")
        check.text(
            "rate", "the hyperparameter that holds the rate", empty=False
        )
        check.whole("repeats", 1, "times that the phase runs within one step")
        check.flag("mean")


@runtime_checkable
class Procedure(Protocol):
    """How a model learns and is measured. Pure: it neither loops nor times nor saves
    anything.

    The first of ``measures`` is the one by which checkpoints and hyperparameters are
    chosen, on validation.
    """

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured on a split; the first one chooses."""
        ...

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """The updates of one step, in order."""
        ...

    def evaluate(
        self,
        model: nn.Module,
        split: Split,
        generator: torch.Generator,
    ) -> dict[str, float]:
        """One number per measure, by its name, with the model in evaluation mode and
        no gradients.

        A NumPy scalar or a 0-d tensor will do. A non-finite number means that the run
        diverged.
        """
        ...

    def artifacts(
        self,
        model: nn.Module,
        split: Split,
        generator: torch.Generator,
    ) -> dict[str, bytes]:
        """Artifacts by file name: images (``.png``), tables (``.json``). May be empty."""
        ...


def check_procedure(check: FieldChecks) -> None:
    """Raise UserError if the field ``procedure`` lacks what a procedure has."""
    missing = check.missing(
        "procedure", ("measures", "phases", "evaluate", "artifacts")
    )
    if missing:
        raise check.error("procedure", f"it has no {' and no '.join(missing)}")


@dataclass(frozen=True)
class _Measured:
    measures: tuple[Measure, ...]

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        return ()

    def evaluate(
        self,
        model: nn.Module,
        split: Split,
        generator: torch.Generator,
    ) -> dict[str, float]:
        raise UserError("Nothing is trained here: all arms are functions.")

    def artifacts(
        self,
        model: nn.Module,
        split: Split,
        generator: torch.Generator,
    ) -> dict[str, bytes]:
        return {}


@runtime_checkable
class HasSnapshots(Procedure, Protocol):
    """A procedure with artifacts during training: a final also stores what ``snapshot``
    returns at some evaluations.
    """

    def snapshot(
        self,
        model: nn.Module,
        split: Split,
        generator: torch.Generator,
    ) -> dict[str, bytes]:
        """Artifacts by file name, as ``artifacts`` returns them."""
        ...


@runtime_checkable
class HasThroughput(Procedure, Protocol):
    """A procedure with a unit of its own, such as tokens: a run also records how many
    of them it learns from in a second.
    """

    @property
    def unit(self) -> str:
        """The unit's name, as in ``tokens``: the metric is ``tokens_per_second``."""
        ...

    def count(self, split: Split) -> int:
        """Units in one pass over the split."""
        ...


@runtime_checkable
class ExpensiveEvaluation(Procedure, Protocol):
    """A procedure that takes long to evaluate: it sees ``train_sample`` of the training
    examples at most.
    """

    @property
    def train_sample(self) -> int:
        """The most training examples that an evaluation sees."""
        ...


@runtime_checkable
class FitOnce(Procedure, Protocol):
    """A procedure whose model is fitted in one call, by a library, rather than step by
    step.
    """

    def fit(
        self,
        shape: Shape,
        params: Params,
        train: Split,
        generator: torch.Generator,
    ) -> nn.Module:
        """The fitted model. All randomness comes from ``generator``."""
        ...


class OwnRun(Protocol):
    """One run of a procedure that trains by itself: what it learns from, and what keeps
    its curve, its best checkpoint and its limits.
    """

    model: nn.Module
    """The untrained model of the arm, or that of a checkpoint. What it has learned must
    be in its ``state_dict``.
    """

    train: Split
    """The training examples."""

    params: Params
    """The hyperparameters of the run."""

    recipe: Recipe
    """The recipe of the run, with what is tuned of it."""

    steps: int
    """The last step, by the recipe; what a step is, is up to the procedure."""

    @property
    def begin(self) -> int:
        """The step that is reached already: 0 unless the run is resumed."""
        ...

    @property
    def generator(self) -> torch.Generator:
        """Where randomness comes from, on the device of the examples."""
        ...

    def batches(self) -> Iterator[Split]:
        """Batches of the recipe's size, shuffled each epoch, one a step, without end.
        They begin after step ``begin``.
        """
        ...

    def lr(self, step: int, name: str = "lr") -> float:
        """The learning rate ``name`` at that step, by the recipe's schedule."""
        ...

    def remember(self, **objects: Any) -> None:
        """Have objects that the training depends on in checkpoints, such as
        optimisers, by their ``state_dict`` of tensors and plain values; restore them
        where the run is resumed.
        """
        ...

    def due(self, step: int) -> bool:
        """Whether the recipe wants an evaluation after this step."""
        ...

    def evaluate(self, step: int) -> bool:
        """Measure the model after this step, note it in the curve, keep it if it is the
        best so far, check the time. False where the run is over: then return.
        """
        ...


@runtime_checkable
class TrainsItself(Procedure, Protocol):
    """A procedure that makes its own updates, and has the curve, gates, checkpoints and
    limits of any other.
    """

    def train(self, run: OwnRun) -> None:
        """Change ``run.model`` until ``run.evaluate`` says that the run is over."""
        ...
