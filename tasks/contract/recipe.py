"""How long a model is trained, and by which optimiser and schedule."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from tasks.contract.checks import FieldChecks, brief, field_names, is_number
from tasks.contract.errors import UserError, unknown
from tasks.contract.parameter_group import ParameterGroup
from tasks.contract.registry import OPTIMIZERS, SCHEDULES
from tasks.contract.source import describe_callable
from tasks.contract.target import Target

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bf16"]

# what every factory may ask for, by name
FACTORY_ARGUMENTS = ("lr", "weight_decay")

# From the parameters, and perhaps hyperparameters by name
OptimizerFactory = Callable[..., "torch.optim.Optimizer"]


@dataclass(frozen=True)
class Recipe:
    """How long a run trains, and how: everything that is fixed rather than tuned.

    Give either ``steps`` or ``epochs``. Raises UserError for a value that cannot be.
    """

    steps: int | None = None
    """Length in updates."""

    epochs: float | None = None
    """Length in passes over the training examples."""

    batch_size: int = 64
    """Examples per update; 0 means the full batch."""

    optimizer: str | OptimizerFactory = "adamw"
    """The name of a registered optimiser, or a function that makes a
    ``torch.optim.Optimizer`` of the parameters. Such a function may take ``lr``,
    ``weight_decay`` and any other hyperparameter, too, by its name; the rate is set
    again before every update either way.
    """

    momentum: float = 0.9
    """Of sgd, momentum and nesterov: the share of the last step in the next one. With
    sgd, 0 switches it off.
    """

    nesterov: bool = False
    """Of sgd: look ahead as Nesterov's method does. ``optimizer="nesterov"`` always
    does.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    """Of adam and adamw: how slowly the means of the gradient and of its square
    forget. Hyperparameters ``beta1`` and ``beta2`` set one of them.
    """

    decay_norms_and_biases: bool = False
    """Whether weight decay also pulls at gains and biases, the parameters with fewer
    than two dimensions. Positions and embeddings count as weights.
    """

    groups: tuple[ParameterGroup, ...] = ()
    """Parameters that learn at another rate, or decay otherwise, by their names, as in
    ``(ParameterGroup("head.*", rate=10), ParameterGroup("*.bias", decay=0))``.
    """

    schedule: str | Callable[[int, int], float] = "cosine"
    """The name of a registered schedule, or a function ``(step, steps)`` that returns
    the share of the peak rate. Both count updates after the warm-up, steps from 1.
    """

    warmup: float = 0.0
    """The share of all updates during which the rate rises linearly to its peak."""

    milestones: tuple[float, ...] = (0.5, 0.75)
    """Of step: the shares of the updates after which the rate is multiplied by
    ``lr_gamma``.
    """

    lr_gamma: float = 0.1
    """Of step and plateau: what the rate is multiplied by."""

    max_lr_reductions: int = 2
    """Of plateau: how often the rate is lowered before the run ends. The declared
    length is then the longest that the run may take.
    """

    max_grad_norm: float | None = None
    """The largest Euclidean norm of the gradient; a longer one is scaled down."""

    ema_decay: float | None = None
    """How slowly an exponential moving average of the parameters forgets, such as 0.999
    an update. The average is then what is evaluated and handed on; it does not change
    how the model learns. None: there is none.
    """

    accumulate: int = 1
    """In how many parts the gradient of a batch is computed, one after the other, so
    that only one of them is in memory. The update is that of the whole batch, to
    rounding: the loss must be a mean over examples.
    """

    precision: Precision = "float32"
    """Of bf16, the operations that ``torch.autocast`` chooses are computed in bfloat16
    while training; parameters, updates and evaluations are in float32.
    """

    compile: bool = False
    """Have ``torch.compile`` compile the model. Where there is no compiler, a warning
    says so, and the model is trained as it is. Results agree to rounding.
    """

    patience: int | None = None
    """Evaluations without a new best on validation after which a run ends, or, with
    plateau, its rate is lowered. None: a run has its full length.
    """

    stop_when: tuple[str, float] | None = None
    """A measure and the value on the training examples at which a run ends, as in
    ``("accuracy", 0.995)``: trained until it fits. The declared length is then the
    longest that the run may take.
    """

    targets: tuple[Target, ...] = ()
    """Measures and values of which a run records how many updates it took to reach
    them, as in ``(("accuracy", 0.6),)``; ``updates_to`` names the metric.
    """

    restore_best: bool = True
    """Hand on the checkpoint that was best on validation rather than the last one."""

    evaluations: int = 20
    """How often a run is evaluated, evenly spaced, beside once before it begins."""

    world_size: int = 1
    """How many workers train the one model: each takes its part of every batch, which
    stays as large as it is.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        self._check_length(check)
        self._check_optimizer(check)
        self._check_groups(check)
        self._check_schedule(check)
        if self.max_grad_norm is not None:
            check.number(
                "max_grad_norm", above=0, advice="the largest gradient norm"
            )
        if self.ema_decay is not None:
            advice = "the share of the old average in the new one"
            check.number("ema_decay", 0, below=1, advice=advice)
        self._check_computation(check)
        if self.patience is not None:
            check.whole("patience", 1, "evaluations without an improvement")
        if self.stop_when is not None:
            self._check_stop(check)
        self._check_targets(check)
        check.flag("restore_best")
        check.whole("evaluations", 1, "evaluations in a run")

    def _check_computation(self, check: FieldChecks) -> None:
        check.whole("world_size", 1, "workers that train the model together")
        check.whole(
            "accumulate", 1, "parts in which a batch's gradient is computed"
        )
        if self.accumulate > 1 and self.world_size > 1:
            raise check.error(
                "accumulate",
                f"world_size={self.world_size} shares the batch already: use one of the "
                "two",
            )
        if 0 < self.batch_size < self.accumulate:
            raise check.error(
                "accumulate",
                f"a batch of {self.batch_size} has fewer examples: give each part one",
            )
        check.choice("precision", get_args(Precision))
        check.flag("compile")

    def _check_length(self, check: FieldChecks) -> None:
        if (self.steps is None) == (self.epochs is None):
            given = f"steps={brief(self.steps)}, epochs={brief(self.epochs)}"
            raise UserError(f"Recipe({given}): give one of the two.")
        if self.steps is not None:
            check.whole("steps", 1, "updates in a run")
        if self.epochs is not None:
            check.number(
                "epochs", above=0, advice="passes over the training examples"
            )
        check.whole(
            "batch_size", 0, "examples in a batch, or 0 for the full batch"
        )

    def _check_optimizer(self, check: FieldChecks) -> None:
        if callable(self.optimizer):
            try:
                needed = required_arguments(self.optimizer)
                factory_arguments(self.optimizer, needed)
            except ValueError as error:
                raise check.error(
                    "optimizer",
                    f"{error}; give a function of the parameters that may also take "
                    "lr, weight_decay and other hyperparameters",
                ) from error
        else:
            check.choice("optimizer", OPTIMIZERS.names())
        check.number(
            "momentum", 0, below=1, advice="the share of the last step"
        )
        check.flag("nesterov")
        check.flag("decay_norms_and_biases")
        looks_ahead = self.optimizer == "sgd" and self.nesterov
        if (
            self.optimizer in NEED_MOMENTUM or looks_ahead
        ) and not self.momentum:
            raise check.error(
                "momentum",
                f"{'nesterov' if looks_ahead else self.optimizer} needs one above 0, "
                "such as 0.9; plain gradient descent is sgd without nesterov",
            )
        check.items(
            "betas", object, "give two numbers of at least 0 and below 1"
        )
        self._check_betas(check)

    def _check_groups(self, check: FieldChecks) -> None:
        advice = 'give ParameterGroups in a tuple, as in (ParameterGroup("*.bias", decay=0),)'
        if isinstance(self.groups, list | tuple):
            # A profile, and a record, have them as tables.
            check.replace("groups", tuple(map(_as_group, self.groups)))
        check.items("groups", ParameterGroup, advice)
        if self.groups and callable(self.optimizer):
            raise check.error(
                "groups",
                "the function that makes the optimizer makes its groups, too: give "
                "them there, or name a registered optimizer",
            )

    def _check_betas(self, check: FieldChecks) -> None:
        if len(self.betas) != 2 or not all(
            isinstance(beta, int | float) and 0 <= beta < 1
            for beta in self.betas
        ):
            raise check.error(
                "betas", "give two numbers of at least 0 and below 1"
            )

    def _check_stop(self, check: FieldChecks) -> None:
        advice = 'give a measure and a number, as in ("accuracy", 0.995)'
        check.items("stop_when", object, advice)
        if not _is_measure_and_value(self.stop_when):
            raise check.error("stop_when", advice)

    def _check_targets(self, check: FieldChecks) -> None:
        advice = 'give measures and numbers, as in (("accuracy", 0.6),)'
        check.items("targets", list | tuple, advice)  # type: ignore[arg-type]
        check.replace(
            "targets", tuple(tuple(target) for target in self.targets)
        )
        if not all(_is_measure_and_value(target) for target in self.targets):
            raise check.error("targets", advice)

    def _check_schedule(self, check: FieldChecks) -> None:
        if not callable(self.schedule):
            check.choice("schedule", SCHEDULES.names())
        check.number("warmup", 0, most=1, advice="a share of all updates")
        check.items(
            "milestones", object, "give shares of the updates in a tuple"
        )
        if not all(
            isinstance(m, int | float) and 0 <= m <= 1 for m in self.milestones
        ):
            raise check.error(
                "milestones", "give shares of the updates, from 0 to 1"
            )
        check.number(
            "lr_gamma",
            above=0,
            most=1,
            advice="what the rate is multiplied by",
        )
        check.whole(
            "max_lr_reductions", 0, "times that a plateau lowers the rate"
        )
        if self.schedule == "plateau" and self.patience is None:
            raise check.error(
                "schedule",
                "give patience, too: the evaluations after which it lowers the rate",
            )

    def with_changes(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with some fields changed; giving steps drops epochs and the other
        way round.
        """
        for name in changes:
            if name not in RECIPE_FIELDS:
                raise unknown("recipe field", name, RECIPE_FIELDS)
        other = {"steps": "epochs", "epochs": "steps"}
        # A recipe has one length, so the new one takes the place of the other.
        dropped = {other[name]: None for name in other if name in changes}
        return dataclasses.replace(self, **{**dropped, **changes})

    def with_params(self, params: Mapping[str, Any]) -> Recipe:
        """The recipe of one run: fields that are among its hyperparameters have their
        values from there, and ``betas`` those of ``beta1`` and ``beta2``.
        """
        changes = {name: params[name] for name in params if name in TUNABLE}
        found = self.with_changes(changes) if changes else self
        # Looked up where they are used alone: one that nothing looks up is
        # found by `bakeoff check`.
        if not set(BETAS).isdisjoint(params) and found.has_betas:
            pairs = zip(BETAS, found.betas, strict=True)
            betas = tuple(params.get(name, beta) for name, beta in pairs)
            found = found.with_changes({"betas": betas})
        return found

    @property
    def has_betas(self) -> bool:
        """Whether its optimiser reads ``betas``."""
        return self.optimizer in READ_BY["betas"].rules

    def describe(self) -> dict[str, Any]:
        """The recipe as plain values that JSON can hold, for a run's key: functions,
        and optimisers and schedules from outside, with a hash of their source.
        """
        values = {name: getattr(self, name) for name in RECIPE_FIELDS}
        values["optimizer"] = self._described_optimizer()
        values["groups"] = [dataclasses.asdict(one) for one in self.groups]
        values["schedule"] = self._described_schedule()
        return values

    def _described_optimizer(self) -> Any:
        if callable(self.optimizer):
            return describe_callable(self.optimizer)
        # What the suite brings is in the key by the source of its modules
        # already.
        if OPTIMIZERS.is_built_in(self.optimizer):
            return self.optimizer
        made_by = OPTIMIZERS.get(self.optimizer)
        return {"name": self.optimizer, "rule": describe_callable(made_by)}

    def _described_schedule(self) -> Any:
        if callable(self.schedule):
            return describe_callable(self.schedule)
        if SCHEDULES.is_built_in(self.schedule):
            return self.schedule
        rule = SCHEDULES.get(self.schedule)
        return {"name": self.schedule, "rule": describe_callable(rule)}

    @property
    def optimizer_name(self) -> str:
        """The optimiser's name, or that of the function that makes it."""
        return _name_of(self.optimizer)

    @property
    def schedule_name(self) -> str:
        """The schedule's name, or that of the function."""
        return _name_of(self.schedule)

    def batch(self, examples: int) -> int:
        """Examples in one batch, when there are ``examples`` to learn from."""
        return min(self.batch_size or examples, examples)

    def updates(self, examples: int, length_factor: float = 1.0) -> int:
        """Updates in a run on ``examples`` examples, at ``length_factor`` times the
        declared length.
        """
        if self.steps is not None:
            return max(1, round(self.steps * length_factor))
        assert self.epochs is not None
        # Rounded up: the last batch of an epoch may be smaller.
        per_epoch = -(-examples // self.batch(examples))
        return max(1, round(self.epochs * length_factor * per_epoch))


NEED_MOMENTUM = ("momentum", "nesterov")
GROUP_FIELDS = field_names(ParameterGroup)
RECIPE_FIELDS = field_names(Recipe)
# Read where the suite makes the updates, and nowhere else
LOOP_ONLY = ("groups", "ema_decay", "accumulate", "precision", "compile")
# Equal budgets need equal lengths, and a run's workers are found before it is tuned
NOT_TUNABLE = (
    "steps",
    "epochs",
    "evaluations",
    "groups",
    "targets",
    "world_size",
)
TUNABLE = tuple(name for name in RECIPE_FIELDS if name not in NOT_TUNABLE)
BETAS = ("beta1", "beta2")  # hyperparameters that set one of the two


@dataclass(frozen=True)
class Readers:
    """Who reads a field of the recipe that not every rule does."""

    of: Literal["optimizer", "schedule"]
    """The field that names the rule."""

    rules: tuple[str, ...]
    """The built-in rules that read it."""


# Other fields are read whatever the rules are.
READ_BY: Mapping[str, Readers] = {
    "momentum": Readers("optimizer", ("sgd", "momentum", "nesterov")),
    "nesterov": Readers("optimizer", ("sgd",)),
    "betas": Readers("optimizer", ("adam", "adamw")),
    "milestones": Readers("schedule", ("step",)),
    "lr_gamma": Readers("schedule", ("step", "plateau")),
    "max_lr_reductions": Readers("schedule", ("plateau",)),
}
# Changes with which a run has its full length. A plateau needs some patience, so this
# one never runs out.
FULL_LENGTH: Mapping[str, Any] = {"patience": 1_000_000, "stop_when": None}


def _as_group(given: Any) -> Any:
    """A group from a table of its fields; anything else unchanged."""
    if not isinstance(given, Mapping):
        return given
    for name in given:
        if name not in GROUP_FIELDS:
            raise unknown("field of a parameter group", name, GROUP_FIELDS)
    return ParameterGroup(**{"names": "", **given})


def _is_measure_and_value(pair: Any) -> bool:
    return len(pair) == 2 and isinstance(pair[0], str) and is_number(pair[1])


def _name_of(given: Any) -> str:
    if isinstance(given, str):
        return given
    return getattr(given, "__name__", type(given).__name__)


def factory_arguments(
    factory: OptimizerFactory, params: Iterable[str] = ()
) -> tuple[str, ...]:
    """Which of ``lr``, ``weight_decay`` and the hyperparameters ``params`` a factory
    takes by name. ValueError if it cannot be called with the parameters and these.
    """
    signature = _signature(factory)
    arguments = _arguments(factory)
    offered = dict.fromkeys((*FACTORY_ARGUMENTS, *params))
    taken = tuple(name for name in offered if name in arguments)
    try:
        # An argument without a default that we cannot give would fail in every
        # run; here it fails where the task is made.
        signature.bind(None, **dict.fromkeys(taken))
    except TypeError as error:
        raise ValueError(str(error)) from error
    return taken


def required_arguments(factory: OptimizerFactory) -> tuple[str, ...]:
    """The arguments after the parameters that a factory has no default for."""
    arguments = _arguments(factory)
    return tuple(
        name for name, one in arguments.items() if one.default is one.empty
    )


def _arguments(factory: OptimizerFactory) -> dict[str, inspect.Parameter]:
    """What a factory can be given by name, without the parameters themselves."""
    others = list(_signature(factory).parameters.values())[1:]
    by_name = (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return {one.name: one for one in others if one.kind in by_name}


def _signature(factory: OptimizerFactory) -> inspect.Signature:
    try:
        return inspect.signature(factory)
    except (TypeError, ValueError) as error:
        raise ValueError(f"its arguments cannot be read ({error})") from error
