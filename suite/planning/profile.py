"""A profile: which tasks, how many blocks, trials, steps and examples. Read from TOML,
every key checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import (
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

import tasks
from suite.planning.resolved import ResolvedTask
from suite.toml import parse_toml
from suite.training.resources import CheckedModel, Resources
from tasks import Claim, Task, UserError, unknown
from tasks.contract.errors import nearest
from tasks.contract.reading import check_read
from tasks.contract.recipe import RECIPE_FIELDS
from tasks.contract.universe import check_condition, check_kind, universe_name

AA_SUFFIX = "_again"  # suffix of the second name of an arm in an A/A test
FOLDER = Path(__file__).parent / "profiles"
# Far above what anybody has time for; what is planned must fit in memory.
MAX_BLOCKS = 10_000
MAX_RUNS = 1_000_000  # of one kind, in one cell
MAX_THREADS = 4_096
MAX_STACK = 256  # runs in one stack
# What ``interim_looks = true`` means; ci/SIMULATION.md has its error rates.
DEFAULT_LOOKS = (6, 10, 16)


def declared(looks: Any) -> Any:
    """``interim_looks`` may also be true or false."""
    if looks is True:
        return DEFAULT_LOOKS
    if looks is False:
        return ()
    return looks


def growing(looks: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """``interim_looks`` as it must be: numbers of blocks that grow, from 2."""
    # One block has no spread, so nothing can be said after it.
    if looks and (looks[0] < 2 or list(looks) != sorted(set(looks))):
        raise ValueError(
            "give growing numbers of blocks, from 2, such as [6, 10, 16]"
        )
    if looks and looks[-1] > MAX_BLOCKS:
        raise ValueError(f"give at most {MAX_BLOCKS} blocks")
    return looks


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
CLAIM_PATTERN = r"^[^/]+/[^/]+$"
# what a text of each pattern is, for whoever wrote another one
PATTERNS = {
    NAME_PATTERN: "give letters, digits, '_', '-' and '.', a letter or digit first",
    CLAIM_PATTERN: 'name a task and its claim, as in "deep_vs_wide/deep_wins"',
}

ValueT = TypeVar("ValueT")


class TaskPlan(CheckedModel):
    """A profile's overrides for one task; defaults come from the profile itself."""

    arms: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The arms to run, by name. Default: all."""

    levels: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The levels to run, by name. Default: all but the heavy ones."""

    blocks: int | None = Field(default=None, ge=1, le=MAX_BLOCKS)
    """As above; interim_looks of the profile then does not apply."""

    trials: int | None = Field(default=None, ge=1, le=MAX_RUNS)
    """As above."""

    finals: int | None = Field(default=None, ge=1, le=MAX_RUNS)
    """As above."""

    tuned: tuple[str, ...] | None = None
    """As above."""

    half_budget: bool | None = None
    """As above."""

    half_length: bool | None = None
    """As above."""

    interim_looks: tuple[int, ...] | None = None
    """As above."""

    all_cells: bool | None = None
    """As above."""

    length_factor: float | None = Field(default=None, gt=0)
    """As above."""

    examples: int | None = Field(default=None, ge=8)
    """As above."""

    recipe: dict[str, Any] = Field(default_factory=dict)
    """Changes to the task's recipe, such as {"batch_size" = 64}."""

    aa_test: tuple[str, ...] = ()
    """Arms that run a second time under another name, as an A/A test."""

    resources: Resources | None = None
    """As above."""

    time_limit: float | None = Field(default=None, gt=0)
    """As above."""

    _declare = field_validator("interim_looks", mode="before")(declared)
    _grow = field_validator("interim_looks")(growing)

    @field_validator("recipe")
    @classmethod
    def _known_fields(cls, recipe: dict[str, Any]) -> dict[str, Any]:
        """Refuse a name that is not a field of a recipe."""
        for name in recipe:
            if name not in RECIPE_FIELDS:
                raise ValueError(
                    f"{name!r} is unknown; {nearest(name, RECIPE_FIELDS)}"
                )
        return recipe


class Vary(CheckedModel):
    """A claim, and what it is conditional on: its universes are all combinations.

    The other keys are conditions, each with a list of values: fields of the recipe,
    factors of the level, hyperparameters (then fixed), and ``level``, the task's levels
    to start from (default: the claim's).
    """

    # What may be varied depends on the task, which is not imported yet: the
    # names of conditions are checked in ``levels_of``.
    model_config = ConfigDict(extra="allow")

    claim: str = Field(pattern=CLAIM_PATTERN)
    """The claim to vary, as "TASK/CLAIM"."""

    @model_validator(mode="after")
    def _lists(self) -> Vary:
        if not self.conditions:
            raise ValueError(
                "give something to vary, such as optimizer = ['sgd']"
            )
        for name, values in self.conditions.items():
            if not isinstance(values, list) or not values:
                raise ValueError(
                    f"{name}: give a list of values in square brackets"
                )
            if any(
                not isinstance(one, (bool, int, float, str)) for one in values
            ):
                raise ValueError(f"{name}: give numbers, texts, true or false")
        return self

    @property
    def task(self) -> str:
        """The name of the claim's task."""
        return self.claim.partition("/")[0]

    @property
    def claim_name(self) -> str:
        """The claim's name within its task."""
        return self.claim.partition("/")[2]

    @property
    def conditions(self) -> dict[str, list[Any]]:
        """The values of each condition."""
        return dict(self.model_extra or {})


class Profile(CheckedModel):
    """A whole profile: what runs, how often and for how long."""

    name: str = Field(pattern=NAME_PATTERN, max_length=64)
    """How campaigns of this profile are named. Default: the file's name."""

    title: str = ""
    """A few words for people."""

    root_seed: int = Field(default=0, ge=0)
    """The seed that all others are derived from."""

    blocks: int = Field(default=10, ge=1, le=MAX_BLOCKS)
    """Independent repetitions of the whole experiment, tuning included."""

    trials: int = Field(default=16, ge=1, le=MAX_RUNS)
    """Runs that tune each arm, in each block and level."""

    finals: int = Field(default=1, ge=1, le=MAX_RUNS)
    """Runs with the chosen hyperparameters and fresh seeds, whose mean is judged."""

    tuned: tuple[str, ...] | None = None
    """The hyperparameters to tune, such as ["lr"]; all others stay at their defaults.
    []: none is tuned, and no trials run. Default: all that tasks declare."""

    half_budget: bool = False
    """Also run a final with what half of the trials would have chosen: would half the
    tuning change the answer?"""

    half_length: bool = False
    """Also run a final with half of the updates: would half the training change the
    answer?"""

    interim_looks: tuple[int, ...] = ()
    """Numbers of blocks after which claims are looked at, such as [6, 10, 16], which
    true also means. Only open claims get more blocks. Takes the place of blocks."""

    all_cells: bool = False
    """Run every arm at every level, not only where a claim needs it: for charts over
    whole axes."""

    sampler: str = "qmc"
    """How trials are proposed. "qmc": the default point, then seven learning rates alone,
    then everything, all from one Sobol sequence. "tpe": the same up to trial 8, then
    what TPE learns from results. "gp": the same with a Gaussian process. "sobol" or
    "random": everything from the start."""

    pruner: str = ""
    """What ends unpromising trials early: "median", those worse than the median of their
    generation; "successive_halving", all but the best third. All trials of a generation
    are compared at once, so that results depend on no order. Default: none does."""

    pruning_rounds: tuple[float, ...] = (0.25, 0.5)
    """After which shares of their updates trials are pruned."""

    length_factor: float = Field(default=1.0, gt=0)
    """Multiplies the length of every recipe."""

    examples: int | None = Field(default=None, ge=8)
    """Limits the examples of every split. Default: no limit."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of the intervals, and of a task's claims together."""

    stack: int = Field(default=1, ge=1, le=MAX_STACK)
    """The most runs of one arm that a worker trains together, as one batched model, where
    that is faster and the arm allows it. A run's numbers depend on whether it is stacked,
    in the last digits, and not on how many are. 1: every run is trained alone."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where runs train; auto: on GPUs where there are some."""

    threads: int = Field(default=1, ge=1, le=MAX_THREADS)
    """CPU threads of a run."""

    time_limit: float | None = Field(default=None, gt=0)
    """Seconds after which a run is stopped. Default: never."""

    resources: Resources = Resources()
    """What each run asks of the cluster."""

    every_task: bool = False
    """Run all tasks, not only those with a table."""

    vary: tuple[Vary, ...] = ()
    """Claims to judge under other conditions: tables [[vary]], each with claim =
    "TASK/CLAIM" and lists such as optimizer = ["sgd", "adam"], which are combined."""

    tasks: dict[str, TaskPlan] = Field(default_factory=dict)
    """The tasks to run: one table [tasks.NAME] each, which may be empty."""

    _declare = field_validator("interim_looks", mode="before")(declared)
    _grow = field_validator("interim_looks")(growing)

    @field_validator("sampler")
    @classmethod
    def _known_sampler(cls, name: str) -> str:
        """Refuse a sampler that is not registered."""
        # Here, as it imports Optuna, and few profiles name one.
        from search.samplers import SAMPLERS

        if name not in SAMPLERS:
            raise ValueError(nearest(name, SAMPLERS.names()))
        return name

    @field_validator("pruner")
    @classmethod
    def _known_pruner(cls, name: str) -> str:
        """Refuse a pruner that is not registered."""
        if not name:
            return name
        from search.pruners import PRUNERS

        if name not in PRUNERS:
            raise ValueError(nearest(name, PRUNERS.names()))
        return name

    @field_validator("pruning_rounds")
    @classmethod
    def _rounds_in_order(cls, rounds: tuple[float, ...]) -> tuple[float, ...]:
        """Refuse rounds that are not increasing shares between 0 and 1."""
        inside = all(0 < share < 1 for share in rounds)
        if not rounds or not inside or list(rounds) != sorted(set(rounds)):
            raise ValueError(
                "give increasing shares of the updates between 0 and 1, such as "
                "[0.25, 0.5]"
            )
        return rounds

    @model_validator(mode="after")
    def _whole_budget_alone(self) -> Self:
        """Refuse what cannot be had where trials are pruned: half-budget finals, and
        stacks.
        """
        asks_for_half = self.half_budget or any(
            task.half_budget for task in self.tasks.values()
        )
        if self.pruner and asks_for_half:
            raise ValueError(
                f"pruner = {self.pruner!r} with half_budget = true: trials are pruned "
                "against each other, so half of them is another search; leave one out"
            )
        if self.pruner and self.stack > 1:
            raise ValueError(
                f"pruner = {self.pruner!r} with stack = {self.stack}: runs of a stack "
                "advance together to their end; leave one out"
            )
        return self

    def task_names(self) -> list[str]:
        """The tasks to run, if only for a claim's universes, in alphabetical order."""
        return sorted({*self.whole_tasks, *(one.task for one in self.vary)})

    @property
    def whole_tasks(self) -> set[str]:
        """The tasks that run with their own claims."""
        return {*self.tasks, *(tasks.names() if self.every_task else ())}

    def of(self, task: str) -> ResolvedTask:
        """The settings of one task: its own values, with the profile's as defaults."""
        given = self.tasks.get(task, TaskPlan())
        # Looks and a number of blocks exclude each other, and the task's own
        # wish goes first: ``blocks`` of a task switches the profile's looks
        # off.
        looks = given.interim_looks
        if looks is None:
            looks = self.interim_looks if given.blocks is None else ()
        return ResolvedTask(
            arms=given.arms,
            levels=given.levels,
            blocks=looks[-1] if looks else _first(given.blocks, self.blocks),
            interim_looks=looks,
            trials=_first(given.trials, self.trials),
            finals=_first(given.finals, self.finals),
            tuned=_first(given.tuned, self.tuned),
            half_budget=_first(given.half_budget, self.half_budget),
            all_cells=_first(given.all_cells, self.all_cells),
            half_length=_first(given.half_length, self.half_length),
            length_factor=_first(given.length_factor, self.length_factor),
            examples=_first(given.examples, self.examples),
            recipe=given.recipe,
            aa_test=given.aa_test,
            resources=_first(given.resources, self.resources),
            time_limit=_first(given.time_limit, self.time_limit),
        )


def _first(own: ValueT | None, default: ValueT) -> ValueT:
    """The task's own value if it has one, else the profile's default."""
    return default if own is None else own


def profile_names() -> list[str]:
    """The names of the built-in profiles."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_profile(name: str | Path, changes: Iterable[str] = ()) -> Profile:
    """The built-in profile of that name, or the one in that TOML file, with
    ``key=value`` changes applied.

    Raises UserError naming the key, the value and what is allowed.
    """
    profile, source = read_profile(name, changes)
    check_names(profile, source)
    return profile


def read_profile(
    name: str | Path, changes: Iterable[str] = ()
) -> tuple[Profile, str]:
    """The same without validating the task names, which would import the tasks; and the
    profile's origin.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = FOLDER / f"{name}.toml"
        if not path.exists():
            raise unknown(
                "profile",
                str(name),
                profile_names(),
                "A profile of your own is named by its .toml file.",
            )
    values, source = (
        _read(path),
        path.stem if path.parent == FOLDER else str(path),
    )
    values.setdefault("name", path.stem)
    for change in changes:
        _apply(values, change)
    return checked(values, source), source


def _read(path: Path) -> dict[str, Any]:
    """The values in a profile's TOML file."""
    try:
        # "utf-8-sig", as some editors on Windows begin a file with a byte
        # order mark.
        return parse_toml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UserError(
            f"No profile {path}: built in are {', '.join(profile_names())}."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Profile {path} cannot be read: {error}.") from error
    except ValueError as error:
        raise UserError(
            f"Profile {path} is not valid TOML: {error}."
        ) from error


def _apply(values: dict[str, Any], change: str) -> None:
    """``tasks.deep_vs_wide.trials=8`` changes one value; what is right of the sign is
    TOML, or else plain text.
    """
    key, sign, text = change.partition("=")
    if not sign or not key.strip():
        raise UserError(
            f"--set {change!r}: write key=value, for example --set blocks=10."
        )
    try:
        # TOML where it is, so that numbers, lists and booleans need no quotes;
        # a word, which is not TOML, is taken as text, since a shell has eaten
        # its quotes.
        value = parse_toml(f"value = {text}")["value"]
    except ValueError:
        value = text.strip()
    *path, last = (part.strip() for part in key.split("."))
    place = values
    for part in path:
        # Makes tables that are missing, so that --set can add a task.
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise UserError(
                f"--set {change!r}: {part!r} is a value and has no keys below it."
            )
    place[last] = value


def checked(values: dict[str, Any], source: str) -> Profile:
    """The profile, or a UserError that names the key that is wrong."""
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        raise UserError(
            f"Profile {source}: "
            + "\n".join(explained(item) for item in error.errors())
        ) from error


def explained(item: Any) -> str:
    """One problem as text: key, value, what is allowed."""
    *path, key = (str(part) for part in item["loc"])
    where = ".".join([*path, key])
    if item["type"] == "extra_forbidden":
        model: type[CheckedModel] = Profile
        if path[:1] == ["tasks"]:
            model = TaskPlan
        elif path[-1:] == ["resources"]:
            model = Resources
        return str(unknown("profile key", key, model.model_fields)) + (
            f" (in {'.'.join(path)})" if path else ""
        )
    if item["type"] == "missing":
        return f"{'.'.join(path)}: the key {key!r} is missing."
    allowed = _allowed(item)
    end = "" if allowed.endswith("?") else "."
    return f"{where} = {item['input']!r}: {allowed}{end}"


def _allowed(item: Any) -> str:
    """The allowed values, from pydantic's error."""
    limits = item.get("ctx") or {}
    # pydantic's own messages speak of types of Python; users write TOML.
    match item["type"].removesuffix("_type").removesuffix("_parsing"):
        case "int" | "int_from_float":
            return "give a whole number"
        case "float" | "finite_number":
            return "give a number"
        case "bool":
            return "give true or false"
        case "dict" | "model":
            return "give a table of keys and values"
        case "string":
            return "give a text in quotes"
        case "string_pattern_mismatch":
            return PATTERNS[limits["pattern"]]
        case "tuple":
            return "give a list in square brackets"
        case "greater_than_equal":
            return f"give at least {limits['ge']:g}"
        case "greater_than":
            return f"give more than {limits['gt']:g}"
        case "less_than_equal":
            return f"give at most {limits['le']:,}"
        case "less_than":
            return f"give less than {limits['lt']:g}"
    message = (
        item["msg"]
        .removeprefix("Value error, ")
        .replace("Input should be", "give")
    )
    return str(message[0].lower() + message[1:])


def check_names(profile: Profile, source: str) -> None:
    """Raise UserError if a profile names no task, or one, or an arm or a level of one,
    that does not exist.
    """
    names = profile.task_names()
    if not names:
        raise UserError(
            f"Profile {source} names no tasks: add a table such as "
            f"[tasks.{tasks.names()[0]}], or give --task or --task-file."
        )
    for name in names:
        task, plan = tasks.get(name), profile.of(name)
        for arm in (*(plan.arms or ()), *plan.aa_test):
            task.arm(arm)
        for level in plan.levels or ():
            task.level(level)
        task.recipe.with_changes(plan.recipe)
        where = f"Profile {source}: tasks.{name}.recipe"
        check_read(
            task, plan.recipe, task.levels, task.arms, where, plan.recipe
        )
        for field in plan.recipe:
            if field == "targets":
                raise UserError(
                    f"Profile {source}: tasks.{name}.recipe has targets, which claims "
                    "of the task count updates to: change them in the task's file."
                )
            # A hyperparameter takes the place of a field of the recipe, so
            # that this change would be ignored.
            if field in _hyperparameters(task):
                raise UserError(
                    f"Profile {source}: tasks.{name}.recipe has {field!r}, which the "
                    "task has in its space, as a hyperparameter: leave it out."
                )
    _check_tuned(profile)
    for vary in profile.vary:
        levels_of(vary, profile)


def _check_tuned(profile: Profile) -> None:
    """Raise UserError for a name in ``tuned`` that no task of it tunes."""
    known = {
        name: _hyperparameters(tasks.get(name))
        for name in profile.task_names()
    }
    for name, plan in profile.tasks.items():
        for one in plan.tuned or ():
            if one not in known[name]:
                raise unknown(
                    f"hyperparameter of task {name!r}", one, known[name]
                )
    everywhere = {one for names in known.values() for one in names}
    for one in profile.tuned or ():
        if one not in everywhere:
            raise unknown("hyperparameter of any task", one, everywhere)


def _hyperparameters(task: Task) -> set[str]:
    """The names of all that any arm of the task tunes at any level."""
    return {
        name
        for arm in task.arms
        for level in task.levels
        for name in task.space_of(arm, level)
    }


def levels_of(vary: Vary, profile: Profile) -> tuple[str, ...]:
    """The levels of a claim's universes. Raises UserError for a condition that cannot
    be varied, or a value that it cannot have.
    """
    task = tasks.get(vary.task)
    claim = _claim_of(task, vary.claim_name)
    check_kind(claim)
    conditions = dict(vary.conditions)
    first = claim.levels or [level.name for level in task.light]
    bases = conditions.pop("level", list(first))
    fixed = profile.of(vary.task).recipe
    for name in conditions:
        if name in fixed:
            raise UserError(
                f"Claim {vary.claim}: {name!r} is both varied and set in "
                f"tasks.{vary.task}.recipe: leave it out of one of them."
            )
    found = []
    for base in bases:
        for name in conditions:
            check_condition(task, claim, task.level(base), name)
        for values in product(*conditions.values()):
            chosen_values = dict(zip(conditions, values, strict=True))
            found.append(universe_name(base, chosen_values))
    for name in found:
        # Builds each recipe once, so that a value that it refuses is reported
        # now and not by a worker.
        for arm in claim.arms:
            task.recipe_of(task.level(name), task.arm(arm))
    universes = [task.level(name) for name in found]
    arms = [task.arm(arm) for arm in claim.arms]
    where = f"Claim {vary.claim}: vary"
    check_read(task, conditions, universes, arms, where, fixed)
    # A universe's name is made of its values: two alike would be one level,
    # planned twice.
    if len(found) > len(set(found)):
        raise UserError(
            f"Claim {vary.claim}: a value is given twice; leave one out."
        )
    return tuple(found)


def _claim_of(task: Task, name: str) -> Claim:
    """The task's claim of that name. Raises UserError if it has none."""
    known = {claim.name: claim for claim in task.claims}
    if name not in known:
        raise unknown(f"claim of task {task.name!r}", name, known)
    return known[name]


def chosen(
    task: Task, plan: ResolvedTask
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the arms and of the levels that a plan chooses from, in the task's
    order; heavy levels only by name.
    """
    arms = tuple(
        arm.name
        for arm in task.arms
        if plan.arms is None or arm.name in plan.arms
    )
    levels = (
        task.light
        if plan.levels is None
        else [level for level in task.levels if level.name in plan.levels]
    )
    return arms, tuple(level.name for level in levels)
