"""What a task is: one comparison, written down as a value.

A task says *what* is compared: the data, the arms, what is held equal, the settings that may be tuned, and the
claims, fixed before anything runs. How it is run, recorded and judged is the suite's business, so nothing here
knows of Ray, Optuna or MLflow.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from tasks._errors import UserError, unknown

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Settings = Mapping[str, Any]
Population = Literal["fresh", "resplit", "official"]


# ---------------------------------------------------------------------------------------------------------- data


@dataclass(frozen=True)
class Split:
    """Examples and their answers.

    ``x`` is (examples, ...) and ``y`` is (examples, ...), both on one device. ``facts`` is what a model or a
    measure must know beyond the tensors (a vocabulary, a fixed feature extractor); a task's splits share it.
    """

    x: Tensor
    y: Tensor
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.x)

    def take(self, index: Tensor) -> Split:
        """The examples at ``index``, a 1-D tensor of positions on the same device."""
        return Split(self.x.index_select(0, index), self.y.index_select(0, index), self.facts)

    def head(self, count: int) -> Split:
        return Split(self.x[:count], self.y[:count], self.facts)

    def to(self, device: torch.device | str) -> Split:
        return Split(self.x.to(device), self.y.to(device), self.facts)


class Sealed:
    """The test examples, which only a final may look at.

    ``len`` is free; ``open()`` hands the examples out and marks the seal as broken, and that goes on record.
    """

    def __init__(self, split: Split) -> None:
        self._split = split
        self.opened = False

    def __len__(self) -> int:
        return len(self._split)

    def open(self) -> Split:
        self.opened = True
        return self._split

    def resealed(self, change: Callable[[Split], Split] = lambda split: split) -> Sealed:
        """A new, unbroken seal on the same examples, or on what ``change`` makes of them."""
        return Sealed(change(self._split))


@dataclass(frozen=True)
class Shape:
    """What a model must fit: the shape of one example and the number of answers."""

    inputs: tuple[int, ...]
    outputs: int
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def features(self) -> int:
        """Numbers in one example, flattened."""
        return math.prod(self.inputs)


@dataclass(frozen=True)
class Splits:
    """Training, validation and sealed test examples of one block.

    ``population`` says what a verdict on such blocks speaks for: ``fresh`` (data generated anew for each block),
    ``resplit`` (blocks share one finite pool of ``pool`` examples) or ``official`` (one given test set).
    ``classes`` is found from integer labels where it is not given.
    """

    train: Split
    validation: Split
    test: Split | Sealed
    classes: int | None = None
    population: Population = "fresh"
    pool: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        test = self.test if isinstance(self.test, Sealed) else Sealed(self.test)
        for name in ("train", "validation"):
            split = getattr(self, name)
            object.__setattr__(self, name, dataclasses.replace(split, facts=self.facts))
        object.__setattr__(self, "test", test.resealed(lambda split: dataclasses.replace(split, facts=self.facts)))
        if self.classes is None:
            labels = self.train.y
            found = int(labels.max()) + 1 if not labels.is_floating_point() and labels.ndim == 1 else 1
            object.__setattr__(self, "classes", found)

    @property
    def sealed(self) -> Sealed:
        """The sealed test examples."""
        assert isinstance(self.test, Sealed)
        return self.test

    @property
    def shape(self) -> Shape:
        return Shape(tuple(self.train.x.shape[1:]), self.classes or 1, self.facts)

    @property
    def overlap(self) -> float:
        """How far blocks share data: n_test / (N - n_test) for re-splits of one pool, else 0.

        The Nadeau-Bengio correction adds it to 1 / blocks ("Inference for the generalization error", 2003).
        """
        if self.population != "resplit":
            return 0.0
        pool = self.pool or len(self.train) + len(self.validation) + len(self.sealed)
        return len(self.sealed) / (pool - len(self.sealed))

    def limited(self, examples: int | None) -> Splits:
        """At most ``examples`` training examples, and as many for validation and for the test."""
        if examples is None:
            return self
        return dataclasses.replace(
            self,
            train=self.train.head(examples),
            validation=self.validation.head(examples),
            test=self.sealed.resealed(lambda split: split.head(examples)),
        )

    def to(self, device: torch.device | str) -> Splits:
        return dataclasses.replace(
            self,
            train=self.train.to(device),
            validation=self.validation.to(device),
            test=self.sealed.resealed(lambda split: split.to(device)),
        )


# ------------------------------------------------------------------------------------------------------ settings


@dataclass(frozen=True)
class Range:
    """Real numbers from ``low`` to ``high``, evenly or (``log``) evenly in their logarithm."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UserError(f"Range({self.low}, {self.high}): low must be smaller than high, and both finite.")
        if self.log and self.low <= 0:
            raise UserError(f"Range({self.low}, {self.high}, log=True): a logarithmic range must start above 0.")


@dataclass(frozen=True)
class Whole:
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few values without an order."""

    values: tuple[str | int | float | bool, ...]


class Space(Mapping[str, "Range | Whole | Choice"]):
    """The settings that tuning may choose, by name: ``Space(lr=Range(1e-4, 1e-1, log=True), dropout=...)``."""

    def __init__(self, **settings: Range | Whole | Choice) -> None:
        self._settings = settings

    def __getitem__(self, name: str) -> Range | Whole | Choice:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def __repr__(self) -> str:
        return f"Space({', '.join(f'{name}={value!r}' for name, value in self.items())})"


Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["constant", "cosine", "step", "plateau"]


@dataclass(frozen=True)
class Recipe:
    """How long and by what rule a training learns: everything that is fixed rather than tuned.

    Give either ``steps`` (updates) or ``epochs`` (passes over the training examples). ``batch_size`` 0 means the
    full batch. ``warmup`` is a share of all steps; ``step`` decay multiplies the rate by ``decay`` at each share
    in ``milestones``; ``clip`` is the largest gradient norm; ``patience`` stops a training that has not improved
    for so many evaluations; ``keep_best`` hands on the best checkpoint on validation rather than the last one.
    ``plateau`` goes on until a training has converged: where patience runs out the rate is multiplied by ``decay``
    instead, ``drops`` times, before the training stops; the declared length is then the longest that it may take.

    ``workers`` train one model together: each takes its part of every batch, which stays as large as it is.
    """

    steps: int | None = None
    epochs: float | None = None
    batch_size: int = 64
    optimizer: Optimizer = "adamw"
    momentum: float = 0.9
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Schedule = "cosine"
    warmup: float = 0.0
    milestones: tuple[float, ...] = (0.5, 0.75)
    decay: float = 0.1
    drops: int = 2
    clip: float | None = None
    patience: int | None = None
    keep_best: bool = True
    evaluations: int = 20
    workers: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.workers, int) or self.workers < 1:
            raise UserError(f"Recipe(workers={self.workers!r}): give a whole number, 1 or more.")
        if (self.steps is None) == (self.epochs is None):
            raise UserError(f"Recipe(steps={self.steps}, epochs={self.epochs}): give one of the two.")

    def with_changes(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with some fields changed; giving steps drops epochs and the other way round."""
        for name in changes:
            if name not in RECIPE_FIELDS:
                raise unknown("recipe field", name, RECIPE_FIELDS)
        if "steps" in changes:
            changes = {"epochs": None, **changes}
        elif "epochs" in changes:
            changes = {"steps": None, **changes}
        return dataclasses.replace(self, **changes)

    def batch(self, examples: int) -> int:
        """Examples in one batch, when there are ``examples`` to learn from."""
        return min(self.batch_size or examples, examples)

    def updates(self, examples: int, effort: float = 1.0) -> int:
        """Updates in a training on ``examples`` examples, at ``effort`` times the declared length."""
        if self.steps is not None:
            return max(1, round(self.steps * effort))
        assert self.epochs is not None
        return max(1, round(self.epochs * effort * -(-examples // self.batch(examples))))


RECIPE_FIELDS = tuple(f.name for f in dataclasses.fields(Recipe))


# ----------------------------------------------------------------------------------------------------- procedures


@dataclass(frozen=True)
class Measure:
    """Something measured on a split: its name, direction, unit, and a finite value for a model that failed.

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
    """One kind of update: ``loss(model, batch, noise)`` is lowered over the parameters named ``prefix...``.

    Most procedures have one phase; an adversarial one has two. ``rate`` names the setting that holds its learning
    rate and ``repeats`` says how often it runs within one step (each time on a fresh batch). ``mean`` says that the
    loss is a mean over the batch's examples, each by itself, and perhaps something that no example changes: several
    workers may then share a batch.
    """

    loss: Loss
    prefix: str = ""
    rate: str = "lr"
    repeats: int = 1
    mean: bool = False


@runtime_checkable
class Procedure(Protocol):
    """How a model learns and is measured. Pure: it neither loops nor times nor saves anything.

    The first of ``measures`` is the one by which checkpoints and settings are chosen, on validation.
    """

    @property
    def measures(self) -> tuple[Measure, ...]: ...

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """The updates of one step, in order."""
        ...

    def evaluate(self, model: nn.Module, split: Split, noise: torch.Generator) -> dict[str, float]:
        """One finite or non-finite number per measure, with the model in evaluation mode and no gradients."""
        ...

    def evidence(self, model: nn.Module, split: Split, noise: torch.Generator) -> dict[str, bytes]:
        """Things to look at, by file name: pictures (``.png``), tables (``.json``). May be empty."""
        ...


@runtime_checkable
class Watched(Procedure, Protocol):
    """A procedure worth watching while it learns: a final also keeps what ``snapshot`` shows at some evaluations."""

    def snapshot(self, model: nn.Module, split: Split, noise: torch.Generator) -> dict[str, bytes]: ...


@runtime_checkable
class Counting(Procedure, Protocol):
    """A procedure with a unit of its own, such as tokens: a training also records how many it learns from a second."""

    @property
    def unit(self) -> str: ...

    def count(self, split: Split) -> int:
        """Units in one pass over the split."""
        ...


@runtime_checkable
class Dear(Procedure, Protocol):
    """A procedure whose evaluation is dear: of the training examples it is to see ``train_sample`` at most."""

    @property
    def train_sample(self) -> int: ...


@runtime_checkable
class FitOnce(Procedure, Protocol):
    """A procedure whose model is fitted in one call, by a library, rather than step by step."""

    def fit(self, shape: Shape, settings: Settings, train: Split, noise: torch.Generator) -> nn.Module: ...


# ---------------------------------------------------------------------------------------------------- comparison

Build: TypeAlias = "Callable[[Shape, Level, Settings], nn.Module]"


@dataclass(frozen=True)
class Arm:
    """One alternative under comparison.

    ``build(shape, level, settings)`` makes the untrained model. ``x`` is the arm's place where arms lie on an axis
    (a depth, a batch size). ``recipe``, ``space`` and ``procedure`` override the task's, field by field for the
    first two; settings named in ``without`` are not tuned for this arm.
    """

    name: str
    build: Build
    label: str = ""
    x: float | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    space: Space = field(default_factory=Space)
    without: tuple[str, ...] = ()
    procedure: Procedure | None = None

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True)
class Level:
    """One value of a task's sweep axis: ``factors`` are what differs, ``x`` its place on the axis if it is a number.

    ``recipe`` overrides fields of the task's recipe at this level (a matching rule such as equal steps). A ``heavy``
    one asks for a download, much memory or a GPU: only profiles that name it run it, and proofs pass it over.
    """

    name: str
    factors: Mapping[str, Any] = field(default_factory=dict)
    x: float | None = None
    label: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    heavy: bool = False

    def __getitem__(self, factor: str) -> Any:
        if factor not in self.factors:
            raise unknown(f"factor of level {self.name!r}", factor, self.factors)
        return self.factors[factor]

    @property
    def title(self) -> str:
        return self.label or self.name


ClaimKind = Literal["difference", "equal", "contrast", "interaction", "threshold"]


@dataclass(frozen=True)
class Claim:
    """A falsifiable statement, fixed before the run and hashed into the campaign.

    ``better`` and ``worse`` name arms; the effect is always measured in the claim's direction, so that a positive
    one speaks for it. ``margin`` is the smallest difference that matters, in the metric's own unit (accuracy runs
    from 0 to 1). Kinds:

    * ``difference``: better beats worse at each level named (by at least ``at_least``, where that is given);
    * ``equal``: better and worse differ by less than the margin;
    * ``contrast``: the sum of ``weights[arm] * metric`` is above 0;
    * ``interaction``: the paired gap better - worse changes along the levels' ``x``: with ``scale="log_error"`` the
      log ratio of the errors per e-fold of x, with ``"points"`` the gap itself; positive means the gap grows in
      better's favour as x grows;
    * ``threshold``: better reaches ``figure`` (whose own error is ``figure_error``).

    ``metric`` is one of the procedure's measures (then the sealed test's value is meant) or any recorded measure,
    such as ``seconds_per_epoch``. ``against`` is what the source reports, to stand beside ours. Claims with one
    ``group`` ask the same under different matchings. ``fixed_budget`` says that the claim is about what just this
    much training buys, so that an arm still improving at its end is part of the answer rather than a flaw.
    """

    name: str
    says: str
    metric: str
    better: str = ""
    worse: str = ""
    levels: tuple[str, ...] = ()
    margin: float = 0.01
    kind: ClaimKind = "difference"
    at_least: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    scale: Literal["points", "log_error", "log_ratio"] = "points"
    figure: float | None = None
    figure_error: float = 0.0
    source: str = ""
    against: str = ""
    group: str = ""
    fixed_budget: bool = False

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms whose results decide the claim."""
        return tuple(self.weights) or tuple(arm for arm in (self.better, self.worse) if arm)


@dataclass(frozen=True)
class Task:
    """One comparison: question, data, arms, what is matched, what may be tuned, and the claims.

    ``load_data(level, seed)`` returns the block's splits: a function of its arguments alone. ``matched`` says in
    words what is held equal; ``parameters_within`` is the relative tolerance on parameter counts across arms of a
    level that the suite asserts (``None``: they are not matched). ``axis`` and ``arms_axis`` name what the ``x`` of
    levels and of arms counts, for charts. ``name`` is set by whoever finds the task: the name of its file.
    """

    question: str
    load_data: Callable[[Level, int], Splits]
    arms: tuple[Arm, ...]
    procedure: Procedure
    recipe: Recipe
    space: Space
    claims: tuple[Claim, ...]
    levels: tuple[Level, ...] = (Level("all"),)
    topic: str = ""
    matched: str = ""
    axis: str = ""
    arms_axis: str = ""
    parameters_within: float | None = None
    sources: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        arms, levels = [arm.name for arm in self.arms], [level.name for level in self.levels]
        for kind, names in (("arm", arms), ("level", levels), ("claim", [claim.name for claim in self.claims])):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise UserError(
                    f"Task {self.name or self.question!r} has two {kind}s named {min(twice)!r}: rename one."
                )
        for claim in self.claims:
            for arm in claim.arms:
                if arm not in arms:
                    raise unknown(f"arm (claim {claim.name!r})", arm, arms)
            for level in claim.levels:
                if level not in levels:
                    raise unknown(f"level (claim {claim.name!r})", level, levels)

    def arm(self, name: str) -> Arm:
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise unknown(f"arm of task {self.name!r}", name, (arm.name for arm in self.arms))

    def level(self, name: str) -> Level:
        for level in self.levels:
            if level.name == name:
                return level
        raise unknown(f"level of task {self.name!r}", name, (level.name for level in self.levels))

    @property
    def light(self) -> tuple[Level, ...]:
        """The levels that any machine can run."""
        return tuple(level for level in self.levels if not level.heavy)

    def procedure_of(self, arm: Arm) -> Procedure:
        return arm.procedure or self.procedure

    def recipe_of(self, level: Level, arm: Arm) -> Recipe:
        """The task's recipe with the level's changes, then the arm's."""
        return self.recipe.with_changes(level.recipe).with_changes(arm.recipe)

    def space_of(self, arm: Arm) -> Space:
        """The task's space with the arm's changes and without what the arm does not tune."""
        merged = {**self.space, **arm.space}
        return Space(**{name: value for name, value in merged.items() if name not in arm.without})

    def measure(self, name: str) -> Measure | None:
        """The procedure's measure of that name, or None where the name is a recorded cost such as seconds."""
        return next((m for m in self.procedure.measures if m.name == name), None)
