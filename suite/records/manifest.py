"""``campaign.json``: the manifest of a campaign, written before its first run.

The manifest holds all that readers need of the plan, so that verdicts, reports and
the dashboard work where the tasks themselves cannot be imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_serializer,
    model_validator,
)

from search.ranges import describe, restore
from suite.planning.profile import AA_SUFFIX, Profile
from suite.planning.resolved import ResolvedTask
from suite.records.files import read_json, replace_text
from suite.records.schema import check_schema
from suite.records.translation import (
    FIELDS,
    PARTS,
    Translation,
    translations_of,
)
from suite.training.job import SCHEMA
from tasks import (
    Arm,
    Claim,
    Level,
    Measure,
    Plot,
    Space,
    Task,
    Text,
    UserError,
    source_of,
    text_of,
    unknown,
)
from tasks.contract.plot import ARMS, UPDATES
from tasks.contract.universe import is_universe

# Only for annotations: reading a manifest must not import what plans need.
if TYPE_CHECKING:
    from suite.planning.plan import CellPlan, Plan

FILE = "campaign.json"
CLAIM_FIELDS = frozenset(field.name for field in dataclasses.fields(Claim))


class _Manifest(BaseModel):
    """A part of the file. Fields that only a newer version knows are kept as they
    are: no field changes what another one means.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        arbitrary_types_allowed=True,
        populate_by_name=True,
    )


class _Named(_Manifest):
    """Something with a name and a display label."""

    name: str
    """The name in code, records and commands."""

    label: str = ""
    """The name for people, in English."""

    @model_validator(mode="before")
    @classmethod
    def _label_is_the_name_where_there_is_none(cls, values: Any) -> Any:
        """Fill in a label that is missing."""
        if isinstance(values, Mapping) and not values.get("label"):
            return {**values, "label": values.get("name")}
        return values


NamedT = TypeVar("NamedT", bound=_Named)


class ArmManifest(_Named):
    """An arm of a task."""

    x: int | float | None = None
    """Its position on the arms' axis; None without one."""

    once: bool = False
    """Whether its one run per level counts for all blocks, since it is deterministic.
    """

    has_length: bool = True
    """Whether its runs are made of updates, of which there can be fewer."""

    own_training_data: bool = False
    """Whether it does not learn from the block's training examples."""


class LevelManifest(_Named):
    """A level of a task."""

    x: int | float | None = None
    """Its position on the levels' axis; None without one."""


class MeasureManifest(_Named):
    """A measure of the task's procedure, and which direction is better."""

    better: Literal["higher", "lower"]
    """Whether the higher or the lower value is better."""

    percent: bool = False
    """Whether it is a share of 1, which is shown in percent."""

    unit: str = ""
    """What it is counted in, such as bits; empty if it has no unit."""

    resolution: float | None = None
    """The finest difference that it can show; None if it depends on the examples."""

    exact: bool = False
    """Whether no chance enters it."""


class ClaimManifest(_Manifest):
    """A claim as it was preregistered, and what was known at that time.

    ``attempt`` is 1 for the first campaign of the results folder that tests the claim.
    ``known_from`` is the earlier campaign whose results were known when the claim was
    written, and empty if none was. In the file these two stand among the claim's own
    fields.
    """

    claim: Claim
    """The claim as it was fixed before the campaign."""

    attempt: int = 1
    """1 for the first campaign of the results folder that tests the claim."""

    known_from: str = ""
    """The earlier campaign whose results were known; empty if none was."""

    @model_validator(mode="before")
    @classmethod
    def _separate_the_claim(cls, values: Any) -> Any:
        """Split one object of the file into the claim and its history."""
        if not isinstance(values, Mapping) or "claim" in values:
            return values
        own = {
            name: value
            for name, value in values.items()
            if name in CLAIM_FIELDS
        }
        history = {
            name: value
            for name, value in values.items()
            if name in cls.model_fields
        }
        unread = sorted(values.keys() - own.keys() - history.keys())
        if unread:  # it may change what the claim says
            raise ValueError(
                f"claims have no field {unread[0]!r} in this version"
            )
        return {"claim": own, **history}

    @model_serializer
    def _as_one_object(self) -> dict[str, Any]:
        """Join the claim and its history to the one object that the file has."""
        return {
            **dataclasses.asdict(self.claim),
            "attempt": self.attempt,
            "known_from": self.known_from,
        }


class PlotManifest(_Manifest):
    """What is drawn of a task's runs: see ``tasks.Plot``.

    ``over`` says what lies along x: what differs between ``levels``, the ``arms``' own
    places, a hyperparameter of ``trials``, or the ``updates`` of finals. ``places`` are
    the numbers of each level along x and, in a map, along y.
    """

    name: str
    """The name of the plot."""

    title: str
    """What is shown."""

    says: str = ""
    """What there is to see; empty if nothing is said."""

    metric: str
    """A measure, or another metric that runs record."""

    over: Literal["levels", "arms", "trials", "updates"]
    """What lies along x."""

    hyperparameter: str = ""
    """The one that trials differ by; empty if x is something else."""

    x: str
    """The title of the axis from left to right."""

    x_log: bool = False
    """Whether that axis is logarithmic."""

    y: str = ""
    """The title of the axis from below to above; empty if it is the metric."""

    y_log: bool = False
    """Whether that axis is logarithmic."""

    places: Mapping[str, tuple[float | None, float | None]] = Field(
        default_factory=dict
    )
    """The numbers of each drawn level along x and along y; None where it has none."""

    is_map: bool = False
    """Whether ``y`` is something that levels have, and squares show the metric."""

    arms: tuple[str, ...] = ()
    """The arms to draw, in the task's order."""


def _space_from(described: Any) -> Space:
    """A search space from its plain values."""
    if isinstance(described, Space):
        return described
    try:
        return restore(described)
    except (AttributeError, KeyError, TypeError, UserError) as error:
        raise ValueError(f"is not a valid search space ({error})") from error


DescribedSpace = Annotated[
    Space,
    BeforeValidator(_space_from),
    PlainSerializer(describe, return_type=dict[str, Any]),
]


class TaskManifest(_Manifest):
    """One task of a campaign: the arms and levels that run, and the claims on them.

    ``aa_test`` maps the second name of an arm that runs twice to its first. ``looks``
    are the numbers of blocks after which claims are judged (interim looks); ``blocks``
    is the last of them where there are any. ``half_budget_trials`` is 0 where no
    half-budget finals are run, ``half_length`` says whether half-length ones are. Texts
    are English; ``translations`` has them by other languages. ``label`` is the task's
    heading. ``space`` has what is tuned for each arm, and ``level_space`` the same by
    level and arm, for levels that change it. ``schedules`` names the learning rate's
    schedule by level and arm.
    """

    label: str = ""
    """The task's heading."""

    question: str = ""
    """The question that the task asks."""

    topic: str = ""
    """The chapter that the task belongs to."""

    matched: str = ""
    """What is the same for all arms."""

    axis: str = ""
    """What the levels' x counts; empty without an axis."""

    arms_axis: str = ""
    """What the arms' x counts; empty without an axis."""

    why: str = ""
    """What explains the answers, in a few sentences; empty where the task says none."""

    literature: tuple[str, ...] = ()
    """What to read, with ``doi:10...`` where a work has one."""

    plots: tuple[PlotManifest, ...] = ()
    """What is drawn of its runs."""

    parameters_within: float | None = None
    """By what share the arms' parameter counts may differ; None if at will."""

    sources: tuple[str, ...] = ()
    """Where the task's claims are from."""

    arms: tuple[ArmManifest, ...]
    """The arms that run."""

    aa_test: Mapping[str, str] = Field(default_factory=dict)
    """The second name of each arm that runs twice, with its first."""

    levels: tuple[LevelManifest, ...]
    """The levels that run."""

    measures: tuple[MeasureManifest, ...] = Field(min_length=1)
    """The measures of its procedures; tuning chooses by the first."""

    space: Mapping[str, DescribedSpace] = Field(default_factory=dict)
    """What is tuned for each arm."""

    level_space: Mapping[str, Mapping[str, DescribedSpace]] = Field(
        default_factory=dict
    )
    """The same by level and arm, for levels that change it."""

    claims: tuple[ClaimManifest, ...] = ()
    """The claims, with their history."""

    blocks: int
    """How many blocks run at most."""

    looks: tuple[int, ...] = ()
    """The numbers of blocks after which claims are judged (interim looks)."""

    trials: int
    """How many trials tune each arm in each cell."""

    finals: int
    """How many finals each cell has."""

    half_budget_trials: int = 0
    """How many trials are half of the budget; 0 without half-budget finals."""

    half_length: bool = False
    """Whether half-length finals are run."""

    schedules: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """The name of the learning rate's schedule, by level and arm."""

    length_factor: float = 1.0
    """By how much the profile multiplies the length of training."""

    translations: Mapping[str, Translation] = Field(default_factory=dict)
    """The texts in other languages than English."""

    def in_language(self, language: str) -> TaskManifest:
        """The same task with its labels and questions in that language, and in English
        where it has none. Claims stay as they were fixed; see ``claim_text``.
        """
        if language not in self.translations:
            return self
        texts = self.translations[language]
        changes: dict[str, Any] = {
            name: getattr(texts, name) or getattr(self, name)
            for name in (*FIELDS, "sources")
        }
        for part in PARTS:
            labels = getattr(texts, part)
            changes[part] = tuple(
                one.model_copy(
                    update={"label": labels.get(one.name) or one.label}
                )
                for one in getattr(self, part)
            )
        changes["plots"] = tuple(
            one.model_copy(update=texts.plots.get(one.name, {}))
            for one in self.plots
        )
        return self.model_copy(update=changes)

    def claim_text(self, name: str, field: str, language: str) -> str:
        """A claim's ``says``, ``source`` or ``reported`` in that language; "" if it has
        none.
        """
        if language not in self.translations:
            return ""
        return self.translations[language].claims.get(name, {}).get(field, "")

    @property
    def primary(self) -> MeasureManifest:
        """The measure that tuning and early stopping choose by."""
        return self.measures[0]

    @property
    def arm_names(self) -> list[str]:
        """The names of the arms, in the task's order."""
        return [arm.name for arm in self.arms]

    @property
    def level_names(self) -> list[str]:
        """The names of the levels, in the task's order."""
        return [level.name for level in self.levels]

    @property
    def own_levels(self) -> list[LevelManifest]:
        """The task's own levels, without those of universes."""
        return [one for one in self.levels if not is_universe(one.name)]

    @property
    def tested(self) -> tuple[Claim, ...]:
        """The claims without their history."""
        return tuple(one.claim for one in self.claims)

    def arm(self, name: str) -> ArmManifest:
        """An arm by its name."""
        return _find("arm", name, self.arms)

    def level(self, name: str) -> LevelManifest:
        """A level by its name."""
        return _find("level", name, self.levels)

    def measure(self, name: str) -> MeasureManifest | None:
        """The measure of that name, or None if the name is a recorded cost."""
        return next((one for one in self.measures if one.name == name), None)

    def runs_once(self, arm: str) -> bool:
        """Whether one run per level of this arm counts for all blocks."""
        return any(one.name == arm and one.once for one in self.arms)

    def trials_of(self, arm: str, level: str) -> int:
        """Runs that tune an arm in a cell; none if there is nothing to tune."""
        space = self.space_of(arm, level)
        if space.points:
            return len(space.points)
        return self.trials if space else 0

    def finals_of(self, arm: str) -> int:
        """The number of finals of an arm in a cell; one if all would give the same
        result.
        """
        return 1 if self.runs_once(arm) else self.finals

    def schedule_of(self, arm: str, level: str) -> str | None:
        """The name of the schedule that an arm's rate follows at a level; None if it is
        not recorded, or if the arm is not trained by gradient updates.
        """
        by_arm = self.schedules.get(level, {})
        return by_arm.get(self.aa_test.get(arm, arm))

    def half_length_of(self, arm: str) -> bool:
        """Whether there is a half-length final of an arm in a cell."""
        return self.half_length and self.arm(arm).has_length

    def space_of(self, arm: str, level: str = "") -> Space:
        """What is tuned for an arm at a level, under either name if it runs twice."""
        spaces = self.level_space.get(level, self.space)
        # An A/A test's second name has no space of its own.
        return spaces.get(self.aa_test.get(arm, arm), Space())


def _find(kind: str, name: str, items: Iterable[NamedT]) -> NamedT:
    """The item with a name. Raises KeyError if there is none."""
    known = {item.name: item for item in items}
    if name not in known:
        raise unknown(kind, name, known)
    return known[name]


class CellManifest(_Manifest):
    """One planned cell: task x level x arm x block."""

    task: str
    """The name of the task."""

    level: str
    """The name of the level."""

    arm: str
    """The name of the arm."""

    block: int
    """The number of the block, from 0."""

    @property
    def place(self) -> tuple[str, str, str, int]:
        """Task, level, arm and block, which identify the cell."""
        return self.task, self.level, self.arm, self.block


class Manifest(_Manifest):
    """A whole campaign.

    ``sources`` are hashes of the sources of each task, ``versions`` those of Python
    and the libraries, ``created`` is in seconds since 1970. ``task_files`` are the
    paths that tasks in files of the user's own came from. ``claims_digest`` is
    ``claims_digest`` of the claims as the plan had them. ``synthetic`` marks a
    campaign whose numbers were made up for a demonstration.
    """

    schema_version: int = Field(alias="schema")
    """The version of the file's format."""

    id: str
    """The campaign's id, which is the name of its folder."""

    name: str
    """The name of the profile."""

    nonce: int = 0
    """Counts campaigns of one profile that were started with ``--new``."""

    root_seed: int = 0
    """The seed that all others are derived from."""

    profile: Profile
    """The profile, with all defaults."""

    claims_digest: str
    """The SHA-256 of the claims as the plan had them."""

    sources: Mapping[str, str] = Field(default_factory=dict)
    """The SHA-256 of the source code of each task."""

    tasks: Mapping[str, TaskManifest]
    """The tasks that run."""

    task_files: Mapping[str, str] = Field(default_factory=dict)
    """The files that tasks of the user's own came from."""

    cells: tuple[CellManifest, ...]
    """The planned cells."""

    created: float = 0.0
    """When it was written, in seconds since 1970."""

    versions: Mapping[str, str] = Field(default_factory=dict)
    """The versions of Python and libraries."""

    command: tuple[str, ...] = ()
    """The command that began the campaign."""

    synthetic: bool = False
    """Whether its numbers were made up for a demonstration."""

    @model_validator(mode="after")
    def _cells_are_of_its_tasks(self) -> Manifest:
        """Refuse a cell of a task, a level or an arm that the campaign does not have."""
        known = {
            (name, level.name, arm.name)
            for name, task in self.tasks.items()
            for level in task.levels
            for arm in task.arms
        }
        for cell in self.cells:
            if (cell.task, cell.level, cell.arm) not in known:
                raise ValueError(
                    f"a cell is of no task, level and arm: {cell.place}"
                )
        return self

    @property
    def title(self) -> str:
        """The profile's title, or its name where it has none."""
        return self.profile.title or self.name

    def task(self, name: str) -> TaskManifest:
        """What is said of a task. Raises KeyError if the campaign has no such task."""
        if name not in self.tasks:
            raise unknown("task", name, self.tasks)
        return self.tasks[name]

    def with_cells(self, cells: Iterable[CellPlan]) -> Manifest:
        """The same campaign with further cells; those it has already are left out."""
        known = set(self.cells)
        asked = [cell_manifest(cell) for cell in cells]
        # A resumed campaign takes its interim looks again, and asks for the
        # same cells.
        new = [cell for cell in dict.fromkeys(asked) if cell not in known]
        return self.model_copy(update={"cells": (*self.cells, *new)})

    def to_json(self) -> str:
        """The text of campaign.json."""
        return self.model_dump_json(by_alias=True, indent=1)


# -- files


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a campaign's folder.

    Raises UserError if there is none, if it is damaged, and if a version of Bakeoff
    with another schema wrote it.
    """
    path = folder / FILE
    try:
        stat = path.stat()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): name another campaign, "
            "or restore the file from a copy."
        ) from error
    return _read_manifest(path, stat.st_size, stat.st_mtime_ns)


# Size and time only make the cache's key: a file that was replaced is read
# again.
@lru_cache(maxsize=64)
def _read_manifest(path: Path, size: int, changed: int) -> Manifest:
    """The manifest in a file of that size and age; cached, as files rarely change."""
    return manifest_from(read_json(path), path)


def manifest_from(values: Mapping[str, Any], path: Path) -> Manifest:
    """The manifest in an object read from ``path``. Raises UserError as
    ``read_manifest`` does.
    """
    # First, as an older file would only seem damaged to the models below.
    check_schema(values.get("schema"), path)
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        raise UserError(
            f"{path} is damaged, or a newer version wrote it ({_first_problem(error)}): "
            "restore it from a copy, update Bakeoff, or start again with --new."
        ) from error


def _first_problem(error: ValidationError) -> str:
    """The first problem that pydantic found, with the field it is in."""
    found = error.errors()[0]
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {found['msg'].removeprefix('Value error, ')}"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write campaign.json atomically."""
    replace_text(folder / FILE, manifest.to_json())


# -- plans


def manifest_of(plan: Plan) -> Manifest:
    """The manifest of a plan."""
    return Manifest(
        schema=SCHEMA,
        id=plan.id,
        name=plan.profile.name,
        nonce=plan.nonce,
        root_seed=plan.profile.root_seed,
        profile=plan.profile,
        claims_digest=plan.claims_digest,
        sources=plan.sources,
        tasks={name: _task_manifest(plan, name) for name in plan.tasks},
        task_files=task_files(plan),
        cells=tuple(cell_manifest(cell) for cell in plan.planned_cells),
    )


def task_files(plan: Plan) -> dict[str, str]:
    """The paths of the plan's tasks that are files of the user's own, by name."""
    sources = {name: source_of(name) for name in plan.tasks}
    return {
        name: found[0] for name, found in sources.items() if found is not None
    }


def cell_manifest(cell: CellPlan) -> CellManifest:
    """What the manifest says of a planned cell."""
    return CellManifest(
        task=cell.task, level=cell.level, arm=cell.arm, block=cell.block
    )


def plot_manifest(
    task: Task, plot: Plot, levels: Iterable[Level], arms: Iterable[Arm]
) -> PlotManifest:
    """What the manifest says of a plot, of the levels and arms that run."""
    along, is_map = plot.along, bool(plot.by)
    # A plot that names no levels shows all.
    drawn = [one for one in levels if one.name in (plot.levels or (one.name,))]
    places = {
        level.name: (
            task.place_of(level, along),
            task.place_of(level, plot.by) if is_map else None,
        )
        for level in drawn
    }
    # Without a number of that name at any level it is a hyperparameter.
    over: Literal["levels", "arms", "trials", "updates"] = "trials"
    if along == UPDATES:
        over = "updates"
    elif along == ARMS:
        over = "arms"
    elif any(x is not None for x, _ in places.values()):
        over = "levels"
    return PlotManifest(
        name=plot.name,
        title=plot.title,
        says=plot.says,
        metric=plot.metric,
        over=over,
        hyperparameter=along if over == "trials" else "",
        x=plot.x.label,
        x_log=plot.x.log,
        y=plot.y.label if plot.y else "",
        y_log=plot.y.log if plot.y else False,
        places=places,
        is_map=is_map,
        arms=tuple(
            arm.name for arm in arms if arm.name in (plot.arms or (arm.name,))
        ),
    )


def _tuned(space: Space, of: ResolvedTask) -> Space:
    """The part of a space that the profile tunes."""
    return space if of.tuned is None else space.only(of.tuned)


def _task_manifest(plan: Plan, name: str) -> TaskManifest:
    """What the manifest says of one task of a plan."""
    task, of = plan.tasks[name], plan.of(name)
    places = plan.places(name)
    level_names = dict.fromkeys(level for level, _ in places)
    arm_names = {arm for _, arm in places}
    arms = [arm for arm in task.arms if arm.name in arm_names]
    # The task's own levels in its order, then those of universes, which the
    # task does not list.
    own = [level.name for level in task.levels if level.name in level_names]
    levels = [task.level(name) for name in dict.fromkeys([*own, *level_names])]
    claims = plan.claims(name)
    again = _labels_again(task, of)
    arm_manifests = [_arm_manifest(task, arm) for arm in arms]
    measures = task.procedure.measures
    return TaskManifest(
        label=task.label,
        question=task.question,
        topic=task.topic,
        matched=task.matched,
        axis=task.axis,
        arms_axis=task.arms_axis,
        why=task.why,
        literature=task.literature,
        parameters_within=task.parameters_within,
        sources=task.sources,
        arms=(*arm_manifests, *_second_arms(task, of.aa_test, again)),
        aa_test={arm + AA_SUFFIX: arm for arm in of.aa_test},
        levels=tuple(_level_manifest(level) for level in levels),
        measures=tuple(_measure_manifest(measure) for measure in measures),
        space={arm.name: _tuned(task.space_of(arm), of) for arm in arms},
        level_space=_level_spaces(plan, name, levels, arms),
        claims=tuple(ClaimManifest(claim=claim) for claim in claims),
        plots=tuple(
            plot_manifest(task, plot, levels, arms) for plot in task.plots
        ),
        blocks=of.blocks,
        looks=of.interim_looks,
        trials=of.trials,
        finals=of.finals,
        half_budget_trials=of.half_budget_trials,
        half_length=of.half_length,
        schedules=_schedules(plan, name, levels, arms),
        length_factor=of.length_factor,
        translations=translations_of(task, arms, levels, claims, again),
    )


def _arm_manifest(task: Task, arm: Arm) -> ArmManifest:
    """What the manifest says of an arm under its own name."""
    return ArmManifest(
        name=arm.name,
        label=arm.title,
        x=arm.x,
        once=task.runs_once(arm),
        has_length=task.has_length(arm),
        own_training_data=arm.training_data is not None,
    )


def _second_arms(
    task: Task, names: Iterable[str], labels: Mapping[str, Text]
) -> list[ArmManifest]:
    """The arms of A/A tests, each under its second name, without a place on
    the arms' axis. ``labels`` are by second name.
    """
    found = []
    for name in names:
        arm = task.arm(name)
        second_name = name + AA_SUFFIX
        again = ArmManifest(
            name=second_name,
            label=labels[second_name],
            once=task.runs_once(arm),
            has_length=task.has_length(arm),
            own_training_data=arm.training_data is not None,
        )
        found.append(again)
    return found


def _level_manifest(level: Level) -> LevelManifest:
    """What the manifest says of a level."""
    return LevelManifest(name=level.name, label=level.title, x=level.x)


def _measure_manifest(measure: Measure) -> MeasureManifest:
    """What the manifest says of a measure."""
    return MeasureManifest(
        name=measure.name,
        better=measure.better,
        percent=measure.percent,
        unit=measure.unit,
        label=measure.label,
        resolution=measure.resolution,
        exact=measure.exact,
    )


def _level_spaces(
    plan: Plan, task: str, levels: Iterable[Level], arms: Iterable[Arm]
) -> dict[str, dict[str, Space]]:
    """What is tuned, by level and arm, at the levels that change the space: in
    most tasks none does.
    """
    spaces = {}
    for level in levels:
        if level.space or level.params:
            spaces[level.name] = {
                arm.name: plan.space(task, level.name, arm.name)
                for arm in arms
            }
    return spaces


def _schedules(
    plan: Plan, task: str, levels: Iterable[Level], arms: Iterable[Arm]
) -> dict[str, dict[str, str]]:
    """The names of learning rate schedules, by level and arm; an arm that does
    not learn by updates has none.
    """
    learning = [arm for arm in arms if plan.tasks[task].has_length(arm)]
    schedules = {}
    for level in levels:
        schedules[level.name] = {
            arm.name: plan.recipe(task, level.name, arm.name).schedule_name
            for arm in learning
        }
    return schedules


def _labels_again(task: Task, of: ResolvedTask) -> dict[str, Text]:
    """The labels of the arms of A/A tests, by their second names."""
    labels = {}
    for name in of.aa_test:
        labels[name + AA_SUFFIX] = _again(task.arm(name).title)
    return labels


def _again(title: str) -> Text:
    """The label of an arm under its second name, for an A/A test."""
    return Text(f"{title} (again)", zh=f"{text_of(title, 'zh')}（重复）")
