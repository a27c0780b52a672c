"""A task: one comparison, as an immutable value.

A task says *what* is compared: the data, the arms, what is held equal, the
hyperparameters that may be tuned, and the claims, fixed before anything runs. How it is
run, recorded and judged is up to the suite, so nothing here depends on Ray, Optuna or
MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, TypeAlias

from tasks.contract.checks import (
    FieldChecks,
    brief,
    is_number,
    no_two_alike,
    plain,
)
from tasks.contract.claim import Claim
from tasks.contract.data import Shape, Split, Splits
from tasks.contract.errors import UserError, nearest, unknown
from tasks.contract.picture import Outcome
from tasks.contract.plot import ARMS, UPDATES, Plot
from tasks.contract.procedure import (
    FitOnce,
    Measure,
    Procedure,
    check_procedure,
    measured,
    no_worst,
)
from tasks.contract.reading import check_fields_are_read
from tasks.contract.recipe import (
    BETAS,
    NOT_TUNABLE,
    RECIPE_FIELDS,
    TUNABLE,
    Recipe,
)
from tasks.contract.space import (
    Categorical,
    Hyperparameter,
    Params,
    Space,
    check_hyperparameter_name,
    is_value,
)
from tasks.contract.stage import Stage
from tasks.contract.target import check_target
from tasks.contract.universe import is_universe, universe_level

if TYPE_CHECKING:
    from torch import nn

Build: TypeAlias = "Callable[[Shape, Level, Params], nn.Module]"
MeasureFunction: TypeAlias = (
    "Callable[[Level, Params, int], Mapping[str, float] | Outcome]"
)
TrainingData: TypeAlias = "Callable[[Split, Level, int], Split]"


NO_PROCEDURE = measured(())


def no_data(level: Level, seed: int) -> Splits:
    """Raises UserError: the ``load_data`` of a task that has no data."""
    raise UserError("This task has no data: all of its arms are functions.")


def nothing_to_build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Raises UserError: the ``build`` of an arm that is a function."""
    raise UserError("This arm is a function, which builds no model.")


@dataclass(frozen=True)
class Arm:
    """One alternative under comparison.

    Raises UserError for a value that cannot be.
    """

    name: str
    """Letters, digits, ``_``, ``-`` and ``.``; unique in its task."""

    build: Build | None = None
    """``build(shape, level, hyperparameters)`` makes the untrained model. An arm that a
    library fits, as ``Library`` does, needs none.
    """

    label: str = ""
    """What people call it; the name where it is empty."""

    x: float | None = None
    """Its place where arms lie on an axis: a depth, a batch size."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the recipe that differ from the task's and from the level's."""

    space: Space = field(default_factory=Space)
    """Hyperparameters of its own, or with ranges and defaults of their own, beside the
    task's.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    """Hyperparameters with one value, such as ``{"lr": 0.1}``: they are not tuned, and
    every run of this arm has them.
    """

    without: tuple[str, ...] = ()
    """Hyperparameters of the task that this arm does not have at all."""

    procedure: Procedure | None = None
    """How this arm learns and is measured, where that is not the task's procedure."""

    training_data: TrainingData | None = None
    """``training_data(train, level, seed)`` returns what this arm learns from in place
    of the block's training examples: fewer, more, noisy or synthetic ones. Validation
    and test examples are those of all arms. ``seed`` is the one that ``load_data`` got.
    """

    before: Stage | None = None
    """Training on other data that comes first, such as pre-training."""

    measure: MeasureFunction | None = None
    """What takes the place of a model that learns: see ``Arm.function``."""

    deterministic: bool = False
    """Of a function: its seed changes nothing. With nothing to tune it then runs once
    per level, and its value stands for all blocks.
    """

    grid: tuple[Mapping[str, Any], ...] = ()
    """The points to try in place of a search, such as ``({"lr": 0.1}, {"lr": 0.01})``:
    as many trials as there are points, whatever the profile says. All other
    hyperparameters keep their defaults.
    """

    seeds_of: str = ""
    """The arm whose seeds the runs of this one get, so that both train the very same
    networks where they learn alike, and differ in what is evaluated alone. Empty:
    seeds of its own.
    """

    @classmethod
    def function(
        cls,
        name: str,
        measure: MeasureFunction,
        *,
        label: str = "",
        x: float | None = None,
        space: Space | None = None,
        params: Mapping[str, Any] | None = None,
        without: tuple[str, ...] = (),
        deterministic: bool = False,
        grid: tuple[Mapping[str, Any], ...] = (),
    ) -> Arm:
        """An arm that trains nothing: ``measure(level, params, seed)`` returns a number
        for each of the task's measures, by name; or an ``Outcome`` with these numbers
        and pictures.

        ``seed`` is a whole number from 0 to 2**63 - 1. A block's arms get the same
        ones, so that what they draw from them first (a bandit's arms, a start) is
        compared on equal terms; trials and finals get different ones.
        """
        return cls(
            name,
            nothing_to_build,
            label,
            x,
            space=Space() if space is None else space,
            params=params or {},
            without=without,
            measure=measure,
            deterministic=deterministic,
            grid=grid,
        )

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.name()
        if self.build is not None:
            check.function("build", "of shape, level and hyperparameters")
        if self.training_data is not None:
            check.function(
                "training_data", "of training examples, level and seed"
            )
        if self.before is not None:
            check.instance(
                "before", Stage, "give a Stage of other training data"
            )
        check.flag("deterministic")
        check.text("seeds_of")
        self._check_measure(check)
        _check_place(check)
        _check_hyperparameters(check, self.space, self.params)
        check.names("without")
        self._check_grid(check)
        for name in self.without:
            if name in self.params:
                raise check.error(
                    "without",
                    f"{name!r} has a value in the arm's params, too; leave it out of "
                    "one of the two",
                )
            if name in self.space:
                raise check.error(
                    "without",
                    f"{name!r} is in the arm's own space, too; leave it out of "
                    "`without`: an arm's own range takes the place of the task's",
                )
        if self.procedure is not None:
            check_procedure(check)

    def _check_grid(self, check: FieldChecks) -> None:
        advice = (
            "give points in a tuple, each with the same names: ({'lr': 0.1},)"
        )
        check.items("grid", Mapping, advice)
        points = [
            {name: plain(value) for name, value in one.items()}
            for one in self.grid
        ]
        check.replace("grid", tuple(points))
        if not points:
            return
        names = set(points[0])
        for name in names:
            check_hyperparameter_name("grid", name)
        if not names or any(set(point) != names for point in points):
            raise check.error("grid", advice)
        values = [value for point in points for value in point.values()]
        if not all(map(is_value, values)):
            raise check.error(
                "grid", "values are texts, finite numbers, True or False"
            )
        for number, point in enumerate(points):
            if point in points[:number]:
                raise check.error("grid", f"{brief(point)} is there twice")
        for field_name in ("space", "params", "without", "recipe"):
            both = sorted(names.intersection(getattr(self, field_name)))
            if both:
                raise check.error(
                    "grid",
                    f"{both[0]!r} is in {field_name}, too: name it once",
                )

    def _check_measure(self, check: FieldChecks) -> None:
        if self.measure is not None:
            check.function("measure", "of level, hyperparameters and seed")
            if self.training_data is not None:
                raise check.error(
                    "training_data", "a function learns from no data"
                )
            if self.before is not None:
                raise check.error("before", "a function is not trained")
            if self.seeds_of:
                raise check.error(
                    "seeds_of",
                    "a block's functions get the same seeds anyway: leave it out",
                )
            if self.recipe or self.procedure is not None:
                raise check.error(
                    "measure",
                    "a function has no recipe and no procedure: leave them out",
                )
        elif self.deterministic:
            raise check.error(
                "deterministic",
                "only an Arm.function can be: a model learns by chance",
            )

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name


@dataclass(frozen=True)
class Level:
    """One value of a task's sweep axis.

    Raises UserError for a value that cannot be.
    """

    name: str
    """Letters, digits, ``_``, ``-`` and ``.``; unique in its task."""

    factors: Mapping[str, Any] = field(default_factory=dict)
    """What differs between levels, by name: ``level["examples"]`` reads one."""

    x: float | None = None
    """Its place on the task's axis, if that is a number."""

    label: str = ""
    """What people call it; the name where it is empty."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the recipe that differ at this level (a matching rule such as equal
    steps).
    """

    space: Space = field(default_factory=Space)
    """Hyperparameters with ranges of their own at this level; arms may change them."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Hyperparameters that have one value at this level and are not tuned; arms may
    change them.
    """

    heavy: bool = False
    """It asks for a download, much memory or a GPU: only profiles that name it run it,
    and checks pass it over.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.name()
        check.mapping("factors", "give what differs by name")
        _check_place(check)
        _check_hyperparameters(check, self.space, self.params)
        check.flag("heavy")

    def __getitem__(self, factor: str) -> Any:
        if factor not in self.factors:
            raise unknown(
                f"factor of level {self.name!r}", factor, self.factors
            )
        return self.factors[factor]

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name


def _check_place(check: FieldChecks) -> None:
    """What arms and levels have in common: label, x and changes of the recipe."""
    check.text("label")
    if check.given("x"):
        check.number("x", advice="the place on the axis")
    check.mapping(
        "recipe", "give fields of the recipe by name, as in {'steps': 500}"
    )
    check.known("recipe", RECIPE_FIELDS)


def _check_hyperparameters(
    check: FieldChecks,
    space: Space,
    params: Mapping[str, Any],
) -> None:
    """What arms and levels have in common: their space and their params."""
    check.instance("space", Space, "give a Space of hyperparameters")
    check.mapping("params", "give values by name, as in {'lr': 0.1}")
    fixed = {name: plain(value) for name, value in params.items()}
    check.replace("params", fixed)
    for name, value in fixed.items():
        check_hyperparameter_name("params", name)
        if name in RECIPE_FIELDS:
            advice = (
                f"a field of the recipe: give recipe={{{name!r}: {value!r}}}"
            )
            raise check.error("params", f"{name!r} is {advice}")
        if name in space:
            raise check.error(
                "params",
                f"{name!r} cannot be both fixed and tuned: take it out of the space, "
                "or out of params",
            )
        if not is_value(value):
            raise check.error(
                "params",
                f"{name!r} cannot be {brief(value)}: give a text, a finite number, "
                "True or False",
            )


@dataclass(frozen=True)
class Task:
    """One comparison: question, data, arms, what is matched, what may be tuned, and the
    claims.

    All that people read may be a ``Text``, in several languages. Raises UserError if
    its parts do not fit each other.
    """

    question: str
    """What is asked, as a sentence."""

    load_data: Callable[[Level, int], Splits] = no_data
    """``load_data(level, seed)`` returns a block's splits: a function of its arguments
    alone. Left out where all arms are functions.
    """

    arms: tuple[Arm, ...] = ()
    """The alternatives, at least one."""

    procedure: Procedure = NO_PROCEDURE
    """How models learn and are measured, where an arm has no procedure of its own. Made
    from ``measures`` where all arms are functions.
    """

    recipe: Recipe = field(default_factory=lambda: Recipe(steps=1))
    """How long and by what rule they learn; levels and then arms may change fields."""

    space: Space = field(default_factory=Space)
    """The hyperparameters that are tuned; levels and arms may change or leave out some.
    One that has the name of a recipe's field, such as ``momentum``, sets that field.
    """

    claims: tuple[Claim, ...] = ()
    """What is said of the arms, fixed before the run."""

    levels: tuple[Level, ...] = (Level("all"),)
    """The values of the sweep axis, at least one."""

    topic: str = ""
    """What tasks are listed under."""

    matched: str = ""
    """What is held equal between arms, in words."""

    axis: str = ""
    """What the ``x`` of levels counts, for charts."""

    arms_axis: str = ""
    """What the ``x`` of arms counts, for charts."""

    parameters_within: float | None = None
    """The relative tolerance on the numbers of parameters of a level's arms, which is
    checked; None: they are not matched.
    """

    why: str = ""
    """What explains the answers, in a few sentences."""

    literature: tuple[str, ...] = ()
    """What to read: author, title and year, then ``doi:10...`` where it has one."""

    plots: tuple[Plot, ...] = ()
    """What to draw of the recorded runs."""

    sources: tuple[str, ...] = ()
    """Where the data come from."""

    label: str = ""
    """The task's heading; its name where there is none."""

    name: str = ""
    """The name of the task's file, set by whoever finds it."""

    measures: tuple[Measure, ...] = ()
    """What the arms return where all of them are functions; a procedure names its
    own.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        if self.name:
            check.name()
        check.text("question", "what is asked", empty=False)
        for name in ("topic", "matched", "axis", "arms_axis", "why", "label"):
            check.text(name)
        check.function("load_data", "of a level and a seed")
        check.items("arms", Arm, "give one Arm at least, in a tuple", least=1)
        check.items(
            "levels", Level, "give one Level at least, in a tuple", least=1
        )
        check.items("claims", Claim, "give each Claim, in a tuple")
        check.items("plots", Plot, "give each Plot, in a tuple")
        check.items("literature", str, "give texts in a tuple")
        check.items("sources", str, "give texts in a tuple")
        check.instance(
            "recipe", Recipe, "give a Recipe, such as Recipe(steps=500)"
        )
        check.instance("space", Space, "give a Space of hyperparameters")
        if check.given("parameters_within"):
            check.number("parameters_within", 0, advice="a relative tolerance")
        self._check_measures(check)
        check_procedure(check)
        self._check_names()
        self._check_arms()
        check_fields_are_read(self)
        for claim in self.claims:
            self._check_claim(claim)
        for plot in self.plots:
            self._check_plot(plot)

    @property
    def _who(self) -> str:
        return f"Task {self.name or self.question!r}"

    def _check_measures(self, check: FieldChecks) -> None:
        """Functions need measures; models need data, a procedure and worst values."""
        check.items("measures", Measure, "give each Measure, in a tuple")
        if not self.has_data or self.measures:
            self._check_functions(check)
            return
        # By identity: arms usually share one procedure, which need be looked
        # at once.
        for procedure in {
            id(p): p for p in map(self.procedure_of, self.arms)
        }.values():
            for measure in getattr(procedure, "measures", ()):
                if measure.worst is no_worst:
                    raise UserError(
                        f"{self._who}: models may fail, so give measure "
                        f"{measure.name!r} a worst value, such as "
                        "worst=lambda shape: 0.0."
                    )

    def _check_functions(self, check: FieldChecks) -> None:
        trained = [arm.name for arm in self.arms if arm.measure is None]
        if trained:
            missing = "measures are" if self.measures else "load_data is"
            raise check.error(
                "measures" if self.measures else "load_data",
                f"{missing} for tasks whose arms are functions, and {trained[0]!r} "
                "builds a model: "
                + (
                    "name them in the procedure"
                    if self.measures
                    else "give it"
                ),
            )
        if self.procedure is NO_PROCEDURE or isinstance(
            self.procedure, type(NO_PROCEDURE)
        ):
            if not self.measures:
                raise check.error(
                    "measures",
                    "name what the functions return, as in "
                    "measures=(Measure('regret', 'lower'),)",
                )
            # Later readers ask the procedure for its measures, whatever the
            # arms are.
            check.replace("procedure", measured(self.measures))

    def load(self, level: Level, seed: int) -> Splits:
        """What ``load_data`` returns. Raises UserError if that is no Splits."""
        found = self.load_data(level, seed)
        if not isinstance(found, Splits):
            raise UserError(
                f"{self._who}: load_data returned {brief(found)}, of type "
                f"{type(found).__name__}: return Splits(train, validation, test)."
            )
        return found

    @property
    def has_data(self) -> bool:
        """Whether there are data, as there are where any arm learns."""
        return self.load_data is not no_data

    def runs_once(self, arm: Arm) -> bool:
        """Whether one run per level is all there is to an arm: nothing is tuned, and
        no seed changes what comes out.
        """
        return arm.deterministic and not any(
            self.space_of(arm, level) for level in self.levels
        )

    def has_length(self, arm: Arm) -> bool:
        """Whether an arm learns by updates, so that it can be trained for fewer."""
        return not isinstance(self.procedure_of(arm), FitOnce)

    def _check_names(self) -> None:
        for kind, parts in (
            ("arm", self.arms),
            ("level", self.levels),
            ("claim", self.claims),
            ("plot", self.plots),
            ("measure", self.procedure.measures),
        ):
            no_two_alike(self._who, kind, [part.name for part in parts])

    def _check_arms(self) -> None:
        shared = dict.fromkeys(self.space)
        for level in self.levels:
            shared |= dict.fromkeys([*level.space, *level.params])
        for arm in self.arms:
            for name in arm.without:
                if name not in shared:
                    raise unknown(
                        f"hyperparameter (arm {arm.name!r}, without)",
                        name,
                        shared,
                    )
            for name in [*shared, *arm.space, *(arm.grid or ({},))[0]]:
                if name in NOT_TUNABLE:
                    raise UserError(
                        f"{self._who}: the space of arm {arm.name!r} has {name!r}, a "
                        "field of the recipe, which is fixed rather than tuned: set it "
                        "in the recipe, one arm for each value."
                    )
            self._check_build(arm)
            self._check_seeds_of(arm)
            for level in self.levels:
                self._check_conditions(level, arm)
                recipe = self._check_recipe(level, arm)
                self._check_recipe_fields(level, arm, recipe)
                self._check_fit(level, arm)
                self._check_before(arm, recipe)

    def _check_conditions(self, level: Level, arm: Arm) -> None:
        """What a hyperparameter depends on is a choice of the same arm that can be made."""
        space = self.space_of(arm, level)
        self._check_no_circle(space, arm)
        for name, tuned in space.items():
            for parent, value in tuned.when.items():
                who = f"{self._who}: {name!r} of arm {arm.name!r} depends on {parent!r}"
                if parent not in space or parent == name:
                    others = [one for one in space if one != name]
                    raise UserError(f"{who}; {nearest(parent, others)}.")
                choice = space[parent]
                if not isinstance(choice, Categorical):
                    raise UserError(f"{who}, a range: make it a Categorical.")
                if value not in choice.values:
                    raise UserError(
                        f"{who} = {value!r}, which is none of {brief(choice.values)}."
                    )

    def _check_no_circle(self, space: Space, arm: Arm) -> None:
        """Conditions that lead back to where they began can never hold."""
        conditions = {name: set(tuned.when) for name, tuned in space.items()}
        try:
            TopologicalSorter(conditions).prepare()
        except CycleError as error:
            circle = error.args[1]
            if len(set(circle)) == 1:  # has a message of its own
                return
            raise UserError(
                f"{self._who}: hyperparameters of arm {arm.name!r} depend on each "
                f"other in a circle ({' <- '.join(circle)}), so none of them could "
                "ever be chosen: take one `when` out."
            ) from None

    def _check_recipe_fields(
        self, level: Level, arm: Arm, recipe: Recipe
    ) -> None:
        """A field of the recipe that is tuned can have all values of its range."""
        for name, tuned in self.space_of(arm, level).items():
            if name not in (*TUNABLE, *BETAS):
                continue
            # Limits of the recipe are intervals, so both ends stand for all in
            # between.
            for value in tuned.extremes:
                try:
                    recipe.with_params({name: value})
                except UserError as error:
                    raise UserError(
                        f"{self._who}: {name!r} is tuned for arm {arm.name!r}, but "
                        f"{error}"
                    ) from error

    def _check_before(self, arm: Arm, recipe: Recipe) -> None:
        """A stage needs an arm that learns by updates, in one worker."""
        if arm.before is None:
            return
        if not self.has_length(arm):
            raise UserError(
                f"Arm {arm.name!r}: before: it is fitted in one call, by a library, and "
                "so not trained in stages."
            )
        if recipe.world_size > 1:
            raise UserError(
                f"Arm {arm.name!r}: before: world_size={recipe.world_size} workers "
                "cannot train in stages: leave it at 1."
            )
        try:
            arm.before.recipes(recipe, examples=1)
        except UserError as error:
            raise UserError(f"Arm {arm.name!r}: before: {error}") from error

    def _check_build(self, arm: Arm) -> None:
        if arm.build is None and not isinstance(
            self.procedure_of(arm), FitOnce
        ):
            raise UserError(
                f"Arm({arm.name!r}): give build, a function of shape, level and "
                "hyperparameters that makes the untrained model; only an arm whose "
                "procedure fits it in one call, as Library does, needs none."
            )

    def _check_seeds_of(self, arm: Arm) -> None:
        """Seeds are those of another arm that learns, and has seeds of its own."""
        if not arm.seeds_of:
            return
        donors = [
            other.name
            for other in self.arms
            if other.name != arm.name
            and other.measure is None
            and not other.seeds_of
        ]
        if arm.seeds_of not in donors:
            raise unknown(
                f"arm with seeds of its own (arm {arm.name!r}, seeds_of)",
                arm.seeds_of,
                donors,
            )

    def _check_fit(self, level: Level, arm: Arm) -> None:
        """A procedure may say which hyperparameters it takes, by ``check_params``."""
        check_params = getattr(self.procedure_of(arm), "check_params", None)
        if check_params is None:
            return
        names = [*self.space_of(arm, level), *self.fixed_params(arm, level)]
        try:
            check_params(names)
        except UserError as error:
            raise UserError(f"Arm {arm.name!r}: {error}") from error

    def _check_recipe(self, level: Level, arm: Arm) -> Recipe:
        try:
            recipe = self.recipe_of(level, arm)
            self._check_targets(recipe, arm)
            return recipe
        except UserError as error:
            raise UserError(
                f"Arm {arm.name!r} at level {level.name!r}: {error}"
            ) from error

    def _check_targets(self, recipe: Recipe, arm: Arm) -> None:
        """A target is a value of one of the procedure's measures."""
        names = [measure.name for measure in self.procedure_of(arm).measures]
        known = [*names, *(f"train.{name}" for name in names)]
        for name, _ in recipe.targets:
            if name not in known:
                raise unknown("measure (targets)", name, known)

    def _check_claim(self, claim: Claim) -> None:
        for name in claim.arms:
            if name not in (arm.name for arm in self.arms):
                raise unknown(
                    f"arm (claim {claim.name!r})",
                    name,
                    (arm.name for arm in self.arms),
                )
        for name in claim.levels:
            if name not in (level.name for level in self.levels):
                raise unknown(
                    f"level (claim {claim.name!r})",
                    name,
                    (level.name for level in self.levels),
                )
        if claim.kind == "interaction":
            self._check_axis(claim)
        self._check_share(claim)
        self._check_target(claim)

    def _check_target(self, claim: Claim) -> None:
        """Updates to a target are recorded where the recipe has that target."""
        for level in self.levels:
            if claim.levels and level.name not in claim.levels:
                continue
            for arm in map(self.arm, claim.arms):
                if arm.measure is None:
                    targets = self.recipe_of(level, arm).targets
                    check_target(
                        claim.metric, targets, f"Claim {claim.name!r}"
                    )

    def _check_plot(self, plot: Plot) -> None:
        who = f"plot {plot.name!r}"
        for kind, names, known in (
            ("arm", plot.arms, [arm.name for arm in self.arms]),
            ("level", plot.levels, [level.name for level in self.levels]),
        ):
            for name in names:
                if name not in known:
                    raise unknown(f"{kind} ({who})", name, known)
        if plot.along == ARMS:
            drawn = [
                a for a in self.arms if a.name in (plot.arms or (a.name,))
            ]
            if all(arm.x is None for arm in drawn):
                raise UserError(
                    f"{self._who}: {who} lies along the arms, and none of them has a "
                    "place: give them Arm(x=...)."
                )
            return
        placed = self._placed(plot.along)
        if not (placed or plot.along == UPDATES or self._tunes(plot.along)):
            raise UserError(
                f"{self._who}: {who} lies along {plot.along or 'x'!r}, which no level "
                "has as a number, and no arm tunes: name a factor, a hyperparameter, "
                f"{UPDATES!r} or {ARMS!r}."
            )
        if plot.by and not (placed and self._placed(plot.by)):
            raise UserError(
                f"{self._who}: {who} is a map by {plot.by!r}, so levels need numbers "
                "for that and for what lies along x."
            )

    def _placed(self, name: str) -> bool:
        """Whether any level has a number of this name."""
        places = [self.place_of(level, name) for level in self.levels]
        return any(place is not None for place in places)

    def _tunes(self, name: str) -> bool:
        """Whether any arm tunes a hyperparameter of this name."""
        return any(
            name in self.space_of(arm, level)
            for arm in self.arms
            for level in self.levels
        )

    def place_of(self, level: Level, name: str) -> float | None:
        """The number that a level has as a factor, a fixed hyperparameter or a field of
        its recipe; its ``x`` where the name is empty. None if it has none.
        """
        value: Any = level.x
        if name:
            values = {**level.recipe, **level.params, **level.factors}
            value = plain(values.get(name))
        return float(value) if is_number(value) else None

    def _check_axis(self, claim: Claim) -> None:
        """An interaction is a slope over the logarithm of the levels' x."""
        chosen = [
            v
            for v in self.levels
            if not claim.levels or v.name in claim.levels
        ]
        places = {level.x for level in chosen}
        if len(places) < 2 or any(x is None or x <= 0 for x in places):
            given = ", ".join(f"{level.name}: {level.x}" for level in chosen)
            raise UserError(
                f"Claim {claim.name!r} is an interaction over levels whose x are "
                f"{given}: give at least two levels a different x above 0."
            )

    def _check_share(self, claim: Claim) -> None:
        """No difference of shares is larger than 1."""
        measure = self.measure(claim.metric)
        if measure is None or not measure.percent or claim.scale != "points":
            return
        values = {"margin": claim.margin, "at_least": claim.at_least}
        # A slope over many levels may be larger than any single difference.
        if claim.kind == "interaction":
            values = {}
        if claim.reference is not None:
            values["reference"] = claim.reference
        for name, value in values.items():
            if abs(value) > 1:
                raise UserError(
                    f"Claim({claim.name!r}, {name}={value:g}): {claim.metric} is a "
                    f"share from 0 to 1: {value:g} points are {value / 100:g}."
                )

    def arm(self, name: str) -> Arm:
        """The arm of that name. UserError, with the nearest name, if there is
        none.
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise unknown(
            f"arm of task {self.name!r}", name, (arm.name for arm in self.arms)
        )

    def level(self, name: str) -> Level:
        """The level of that name, which may be that of a universe."""
        for level in self.levels:
            if level.name == name:
                return level
        if is_universe(name):
            return universe_level(self, name)
        raise unknown(
            f"level of task {self.name!r}",
            name,
            (level.name for level in self.levels),
        )

    @property
    def light(self) -> tuple[Level, ...]:
        """The levels that are not ``heavy``."""
        return tuple(level for level in self.levels if not level.heavy)

    def procedure_of(self, arm: Arm) -> Procedure:
        """How an arm learns and is measured: its own way, or the task's."""
        return arm.procedure or self.procedure

    def recipe_of(self, level: Level, arm: Arm) -> Recipe:
        """The task's recipe with the level's changes, then the arm's."""
        lengths = ("steps", "epochs")
        changes = dict(level.recipe)
        # An arm's length takes the place of the level's, even where one counts
        # steps and the other epochs.
        if any(name in arm.recipe for name in lengths):
            for name in lengths:
                changes.pop(name, None)
        return self.recipe.with_changes({**changes, **arm.recipe})

    def space_of(self, arm: Arm, level: Level | None = None) -> Space:
        """What is tuned for an arm: the task's space with the level's changes, then the
        arm's; what either of them fixes is left out.
        """
        if arm.grid:
            return Space.of_points(arm.grid)
        return Space(**self._hyperparameters(arm, level)[0])

    def fixed_params(
        self, arm: Arm, level: Level | None = None
    ) -> dict[str, Any]:
        """The hyperparameters that have one value in all runs of an arm at a level."""
        tuned, fixed = self._hyperparameters(arm, level)
        if not arm.grid:
            return fixed
        at_default = Space(**tuned).default_point | fixed
        # All points of a grid name the same hyperparameters.
        tried = arm.grid[0]
        return {
            name: value
            for name, value in at_default.items()
            if name not in tried
        }

    def default_params(
        self, arm: Arm, level: Level | None = None
    ) -> dict[str, Any]:
        """One value for every hyperparameter of an arm at a level: those fixed, and the
        defaults of those tuned.
        """
        default_point = self.space_of(arm, level).default_point
        return default_point | self.fixed_params(arm, level)

    def _hyperparameters(
        self, arm: Arm, level: Level | None
    ) -> tuple[dict[str, Hyperparameter], dict[str, Any]]:
        """Those tuned and those fixed; an arm takes precedence over a level."""
        tuned: dict[str, Hyperparameter] = dict(self.space)
        fixed: dict[str, Any] = {}
        # In this order, so that the arm has the last word; what one of them
        # fixes the other may tune, and the other way round.
        for part in (level, arm):
            if part is None:
                continue
            for name, hyperparameter in part.space.items():
                tuned[name] = hyperparameter
                fixed.pop(name, None)
            for name, value in part.params.items():
                fixed[name] = value
                tuned.pop(name, None)
        for name in arm.without:
            tuned.pop(name, None)
            fixed.pop(name, None)
        # A condition that a fixed value contradicts can never hold.
        there = {
            name: hyperparameter
            for name, hyperparameter in tuned.items()
            if all(
                parent not in fixed or fixed[parent] == value
                for parent, value in hyperparameter.when.items()
            )
        }
        return {
            name: _without_fixed(one, fixed) for name, one in there.items()
        }, fixed

    def measure(self, name: str) -> Measure | None:
        """The procedure's measure of that name, or None if the name is a recorded cost
        such as seconds.
        """
        return next(
            (m for m in self.procedure.measures if m.name == name), None
        )


def _without_fixed(
    tuned: Hyperparameter, fixed: Mapping[str, Any]
) -> Hyperparameter:
    """The hyperparameter without the conditions that fixed values have decided."""
    left = {
        name: value for name, value in tuned.when.items() if name not in fixed
    }
    return tuned if left == tuned.when else replace(tuned, when=left)
