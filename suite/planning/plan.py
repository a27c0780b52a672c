"""From a profile to its cells: what will be trained, under which id. Trains nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import product
from typing import Any

import tasks
from suite.planning.claims import claims_digest
from suite.planning.profile import AA_SUFFIX, Profile, chosen, levels_of
from suite.planning.resolved import ResolvedTask
from suite.training.fingerprint import arm_hash, level_values, source_hash
from suite.training.job import SCHEMA, digest
from tasks import Claim, Recipe, Space, Task, UserError
from tasks.contract.universe import universe_claim

Place = tuple[str, str]  # a level and an arm of one task, in all blocks


@dataclass(frozen=True)
class CellPlan:
    """A planned cell: task x level x arm x block. ``builds`` is the arm it builds,
    where that has another name.
    """

    task: str
    """The name of the task."""

    level: str
    """The name of the level."""

    arm: str
    """The name of the arm."""

    block: int
    """The number of the block, from 0."""

    builds: str
    """The arm that is built; another name than ``arm`` in an A/A test."""

    @property
    def place(self) -> tuple[str, str, str, int]:
        """Task, level, arm and block, which identify the cell."""
        return self.task, self.level, self.arm, self.block


@dataclass(frozen=True)
class Shard:
    """One of ``count`` parts of a campaign, which are run separately: every count-th
    block, from ``number``, which counts from 1.
    """

    number: int
    """Which part this is, from 1."""

    count: int
    """How many parts there are."""

    def __contains__(self, block: object) -> bool:
        """Whether a block, by its number from 0, runs in this shard."""
        # By turns and not in ranges, so that shards differ by one block at
        # most.
        return isinstance(block, int) and block % self.count == self.number - 1


def shard_of(text: str) -> Shard:
    """The shard in a text such as ``2/5``. Raises UserError for any other."""
    number, _, count = text.partition("/")
    are_numbers = number.isdecimal() and count.isdecimal()
    if not are_numbers or not 1 <= int(number) <= int(count):
        raise UserError(
            f"--shard {text!r}: write which one of how many, from 1/5 to 5/5 for five."
        )
    return Shard(int(number), int(count))


@dataclass(frozen=True)
class Plan:
    """The plan of a profile: the tasks it runs, restricted to the arms and levels it
    names, and all cells.
    """

    profile: Profile
    """The profile that is planned."""

    nonce: int = 0
    """Gives the same profile another campaign id."""

    shard: Shard | None = None
    """The part of the blocks that runs here; None for all."""

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks that the profile names."""
        return {name: tasks.get(name) for name in self.profile.task_names()}

    @cached_property
    def sources(self) -> dict[str, str]:
        """Hash of the sources each task runs."""
        return {name: source_hash(name) for name in self.tasks}

    @cached_property
    def arm_sources(self) -> dict[str, dict[str, str]]:
        """By task and arm, the hash of the code and values that decide its runs."""
        hashes = {}
        for name, task in self.tasks.items():
            arms, _ = chosen(task, self.of(name))
            hashes[name] = {arm: arm_hash(name, arm) for arm in arms}
        return hashes

    def of(self, task: str) -> ResolvedTask:
        """A task of the profile, with its defaults applied."""
        return self.profile.of(task)

    def recipe(self, task: str, level: str, arm: str) -> Recipe:
        """The recipe of this arm at this level, with the profile's changes."""
        found = self.tasks[task]
        recipe = found.recipe_of(found.level(level), found.arm(arm))
        return recipe.with_changes(self.of(task).recipe)

    @cached_property
    def cells(self) -> tuple[CellPlan, ...]:
        """The cells of this shard that are certain to run, block by block, so that
        whole blocks are finished first.
        """
        if self.shard is None:
            return self.planned_cells
        return tuple(
            cell for cell in self.planned_cells if cell.block in self.shard
        )

    @cached_property
    def planned_cells(self) -> tuple[CellPlan, ...]:
        """The cells of all shards together."""
        found: list[CellPlan] = []
        for name in self.tasks:
            found += self._first_cells(name)
        # Sorting is stable: within a block the order is that of tasks, levels
        # and arms.
        return tuple(sorted(found, key=lambda cell: cell.block))

    def _first_cells(
        self, name: str, places: Iterable[Place] | None = None
    ) -> Iterator[CellPlan]:
        """The cells that are certain to run, by level and arm, then by block.

        At ``places`` alone, or at all that run. An arm of an A/A test follows
        under its second name, with as many cells again.
        """
        again = self.of(name).aa_test
        if places is None:
            places = self.places(name)
        for level, arm in places:
            builds = {arm: arm}
            # Under its second name the arm gets seeds and a tuning study of
            # its own, so that comparing it with itself shows the noise of the
            # whole procedure.
            if arm in again:
                builds[arm + AA_SUFFIX] = arm
            blocks = self.of(name).first_blocks
            if self.runs_once(name, arm):
                blocks = 1
            for named, built in builds.items():
                for block in range(blocks):
                    yield CellPlan(name, level, named, block, built)

    def places(self, name: str) -> list[Place]:
        """The levels and arms of a task that run, in the task's order.

        Those that its claims are judged on; all of them where the profile asks for
        ``all_cells``, or where no claim can be decided. An arm or a level that the
        profile names, or runs as an A/A test, runs whole if no claim reads it anywhere.
        """
        found = self._own_places(name)
        for claim in self.universes(name):
            found += product(claim.levels, claim.arms)
        # A dict keeps the order, a set would not.
        return list(dict.fromkeys(found))

    def _own_places(self, name: str) -> list[Place]:
        """The places of the task's own claims, in the task's order: none if it
        runs for universes alone.
        """
        if name not in self.profile.whole_tasks:
            return []
        everywhere = self._every_place(name)
        claims, of = self.own_claims(name), self.of(name)
        # A task whose claims need arms or levels that were left out still
        # runs: someone chose what is left in order to look at it.
        if of.all_cells or not claims:
            return everywhere
        read = self.deciding(claims)
        named_arms = {*(of.arms or ()), *of.aa_test}
        # Whoever names an arm wants to see it, though no claim reads it.
        unread_arms = named_arms - {arm for _, arm in read}
        unread_levels = {*(of.levels or ())} - {level for level, _ in read}
        found = []
        for level, arm in everywhere:
            is_wanted = arm in unread_arms or level in unread_levels
            if is_wanted or (level, arm) in read:
                found.append((level, arm))
        return found

    def left_out(self, name: str) -> list[CellPlan]:
        """The cells that do not run, as no claim reads them."""
        if name not in self.profile.whole_tasks:
            return []
        run = set(self.places(name))
        left = [place for place in self._every_place(name) if place not in run]
        return list(self._first_cells(name, left))

    def _every_place(self, name: str) -> list[Place]:
        """Every level and arm that the profile chose, whether or not a claim
        reads them: level by level.
        """
        arms, levels = chosen(self.tasks[name], self.of(name))
        return list(product(levels, arms))

    def runs_once(self, task: str, arm: str) -> bool:
        """Whether one run per level counts for all blocks: see ``Task.runs_once``."""
        found = self.tasks[task]
        return found.runs_once(found.arm(arm))

    def space(self, task: str, level: str, arm: str) -> Space:
        """What is tuned for this arm at this level: what the task declares, as far as
        the profile's ``tuned`` has it.
        """
        found, tuned = self.tasks[task], self.of(task).tuned
        space = found.space_of(found.arm(arm), found.level(level))
        if tuned is None:
            return space
        # Before restricting, or the dependence would be gone from what is
        # checked.
        _check_tuned(space, tuned)
        return space.only(tuned)

    def fixed_params(self, task: str, level: str, arm: str) -> dict[str, Any]:
        """The hyperparameters that are not tuned, with the values that the task fixes,
        or else with their defaults.
        """
        found = self.tasks[task]
        params = found.default_params(found.arm(arm), found.level(level))
        tuned = self.space(task, level, arm)
        return {
            name: value for name, value in params.items() if name not in tuned
        }

    def trials(self, task: str, level: str, arm: str) -> int:
        """Runs that tune an arm in a cell; none if there is nothing to tune."""
        space = self.space(task, level, arm)
        if space.points:
            return len(space.points)
        return self.of(task).trials if space else 0

    def half_budget_trials(self, task: str, level: str, arm: str) -> int:
        """The number of trials in half the budget; 0 without half-budget finals, and for
        a fixed grid, of which half is another comparison.
        """
        space = self.space(task, level, arm)
        is_searched = space and not space.points
        return self.of(task).half_budget_trials if is_searched else 0

    def finals(self, task: str, arm: str) -> int:
        """The number of finals in a cell; one if all would give the same result."""
        return 1 if self.runs_once(task, arm) else self.of(task).finals

    def half_length(self, task: str, arm: str) -> bool:
        """Whether an arm has a half-length final in a cell: it must learn by updates."""
        found = self.tasks[task]
        return self.of(task).half_length and found.has_length(found.arm(arm))

    def further_cells(
        self, name: str, blocks: range, places: Iterable[Place]
    ) -> list[CellPlan]:
        """The cells of some later blocks, for these (level, arm) alone, as
        ``interim_looks`` asks for them.

        The second name of an A/A test is left out: it is compared once, over the blocks
        that are certain to run.
        """
        wanted = set(places)
        repeated = []
        for level, arm in self.places(name):
            if (level, arm) in wanted and not self.runs_once(name, arm):
                repeated.append((level, arm))
        cells = []
        for block in blocks:
            for level, arm in repeated:
                cells.append(CellPlan(name, level, arm, block, arm))
        return cells

    def claims(self, name: str) -> list[Claim]:
        """The claims that are judged: the task's own, and those in universes."""
        # A task that stands only in ``vary`` is judged in its universes alone.
        own = self.own_claims(name) if name in self.profile.whole_tasks else []
        return [*own, *self.universes(name)]

    def universes(self, name: str) -> list[Claim]:
        """The claims of a task that the profile varies, one for each universe."""
        return self._universes.get(name, [])

    @cached_property
    def _universes(self) -> dict[str, list[Claim]]:
        """The claims in universes by task, in the profile's order; a task that
        is not varied is missing.
        """
        found: dict[str, list[Claim]] = {}
        for vary in self.profile.vary:
            claims = self.tasks[vary.task].claims
            known = {claim.name: claim for claim in claims}
            claim = known[vary.claim_name]
            levels = levels_of(vary, self.profile)
            of_task = found.setdefault(vary.task, [])
            of_task += [universe_claim(claim, level) for level in levels]
        return found

    def own_claims(self, name: str) -> list[Claim]:
        """The task's claims that the chosen arms and levels can decide; a claim over
        all levels means those chosen.
        """
        arms, levels = chosen(self.tasks[name], self.of(name))
        found = []
        # A claim that lacks an arm or a level is left out and not cut down: on
        # fewer levels it would be another claim than the one that was fixed
        # before the run.
        for claim in self.tasks[name].claims:
            wanted = claim.levels or levels
            if set(claim.arms) <= set(arms) and set(wanted) <= set(levels):
                found.append(dataclasses.replace(claim, levels=tuple(wanted)))
        return found

    @property
    def runs(self) -> int:
        """How many runs there are at least, if none fails."""
        return sum(self.runs_of(cell) for cell in self.cells)

    def runs_of(self, cell: CellPlan) -> int:
        """Trials and finals of a cell, without its half-budget final."""
        trials = self.trials(cell.task, cell.level, cell.builds)
        finals = self.finals(cell.task, cell.builds)
        return trials + finals + self.half_length(cell.task, cell.builds)

    @cached_property
    def all_cells(self) -> tuple[CellPlan, ...]:
        """All cells there are if no claim is decided before its last look: ``cells``,
        and those that may follow.
        """
        later: list[CellPlan] = []
        for name in self.tasks:
            later += self._later_cells(name)
        return (*self.cells, *later)

    @property
    def max_runs(self) -> int:
        """How many runs there are at most: nothing decided early, and half of the
        tuning choosing otherwise.
        """
        total = 0
        for cell in self.all_cells:
            total += self.runs_of(cell)
            if self.half_budget_trials(cell.task, cell.level, cell.builds):
                total += 1
        return total

    def _later_cells(self, name: str) -> list[CellPlan]:
        """All cells beyond the first look that any claim of the task may ask
        for; none without looks.
        """
        # Without looks the range is empty, and nothing follows.
        looks = self.of(name).interim_looks or (0,)
        blocks = range(looks[0], looks[-1])
        places = self.deciding(self.claims(name))
        return self.further_cells(name, blocks, places)

    def deciding(self, claims: Iterable[Claim]) -> set[Place]:
        """The places, as (level, arm), that claims of a task are judged on."""
        found: set[Place] = set()
        for claim in claims:
            found |= set(product(claim.levels, claim.arms))
        return found

    @cached_property
    def claims_digest(self) -> str:
        """The SHA-256 of all claims, which shows whether one was edited later."""
        return claims_digest({name: self.claims(name) for name in self.tasks})

    @property
    def _declared(self) -> dict[str, Any]:
        """What tasks declare beside the code, by ``TASK/LEVEL/ARM``: the
        recipe, the search space, the fixed hyperparameters, and what the level
        passes on.
        """
        declared: dict[str, Any] = {}
        for cell in self.planned_cells:
            built = cell.task, cell.level, cell.builds
            name = "/".join(built)
            if name not in declared:
                declared[name] = [
                    self.recipe(*built).describe(),
                    repr(self.space(*built)),
                    repr(self.fixed_params(*built)),
                    level_values(cell.task, cell.level),
                ]
        return declared

    @cached_property
    def id(self) -> str:
        """The campaign's id: the profile's name and a hash of all that was decided
        before the run.
        """
        # Code counts by what the arms reach, not by the commit: a change
        # elsewhere in the repository resumes the same campaign.
        decided = [
            self.profile.model_dump(
                mode="json", exclude=self._left_at_default
            ),
            self.claims_digest,
            self.arm_sources,
            self._declared,
            version("torch"),
            self.nonce,
            SCHEMA,
        ]
        return f"{self.profile.name}-{digest(decided)[:8]}"

    @property
    def _left_at_default(self) -> set[str]:
        """Keys of the profile that came later than the first campaigns, and that leave
        all as it was: without them those campaigns keep their ids.
        """
        return {"stack"} if self.profile.stack == 1 else set()


def _check_tuned(space: Space, tuned: Container[str]) -> None:
    """Raise UserError if one hyperparameter is tuned without one that depends on it, or
    that it depends on.
    """
    for name, hyperparameter in space.items():
        for parent in hyperparameter.when:
            # A conditional hyperparameter exists only for some values of its
            # parent. If one of the two were fixed, it would be unclear for
            # what the other is tuned.
            if (name in tuned) != (parent in tuned):
                raise UserError(
                    f"tuned: {name!r} depends on {parent!r}, so name both or neither."
                )
