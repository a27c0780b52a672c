"""Which cells of a campaign are stacked: settled once, when the first one of an arm at a
level is due.

A run's key says whether it is stacked. So a campaign that is resumed, on whatever
machine, keeps to what its folder has, and never measures again.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from suite.atomic import replace_file
from suite.planning.plan import CellPlan, Plan
from suite.planning.resolved import deciding
from suite.planning.stacks import why_alone
from suite.records.files import read_json, replace_text
from suite.training.environment import processor
from suite.training.fingerprint import gain_hash
from suite.training.job import Job, Member, digest
from suite.training.seeds import run_seeds
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.gain import gain
from tasks import source_of
from tasks.data._fetch import cache_folder

FILE = "stacks.json"
# An update in a stack must take so many times less than alone, as measured to within a
# fifth. What measured as 1.6 to 1.9 came to 1.5 to 1.9 in campaigns.
LEAST_GAIN = 1.4
Place = tuple[str, str, str]  # task, level and the arm that is built


@dataclass(frozen=True)
class Choice:
    """Whether runs of an arm at a level are stacked."""

    stacked: bool
    """Whether they are."""

    why: str = ""
    """Why not, as in "an update has several phases"; empty if they are."""

    gain: float | None = None
    """How many times less an update takes in a stack; None where nobody has looked."""


class StackChoices:
    """The choices of a campaign, by place.

    ``measure`` is what compares a stack with runs alone: see ``gain``.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        measure: Callable[[Job], float] | None = None,
    ) -> None:
        self._plan = plan
        self._path = folder / FILE
        self._measure = measure or gain
        self._choices: dict[str, Choice] = {}
        self._device = "cpu"

    def settle(self, device: str) -> None:
        """Read what was chosen before, and choose what needs no measuring. Without
        stacks in the profile there is nothing to choose.
        """
        self._device = device
        if self._plan.profile.stack == 1:
            return
        known = read_json(self._path)
        for place in self._places():
            name = _name(place)
            found = self._without_measuring(place, device)
            if name in known:
                self._choices[name] = Choice(**known[name])
            elif found is not None:
                self._choices[name] = found
        self._write()

    def is_settled(self, cell: CellPlan) -> bool:
        """Whether ``has`` answers at once, without measuring for a second or two."""
        return (
            self._plan.profile.stack == 1
            or _name(_place(cell)) in self._choices
        )

    def has(self, cell: CellPlan) -> bool:
        """Whether the runs of a cell are stacked. If that has to be measured, it is
        written down at once: the keys of the runs say it.
        """
        if self._plan.profile.stack == 1:
            return False
        place = _place(cell)
        if not self.is_settled(cell):
            self._choices[_name(place)] = self._choose(place, self._device)
            self._write()
        return self._choices[_name(place)].stacked

    def chosen(self, device: str) -> dict[str, Choice]:
        """The choices by TASK/LEVEL/ARM: those that the campaign has, or those that it
        would make; empty without stacks in the profile.
        """
        if self._plan.profile.stack == 1:
            return {}
        known = read_json(self._path)
        found = {}
        for place in self._places():
            name = _name(place)
            if name in known:
                found[name] = Choice(**known[name])
            else:
                found[name] = self._choose(place, device)
        return found

    def _places(self) -> Iterable[Place]:
        return dict.fromkeys(map(_place, self._plan.all_cells))

    def _write(self) -> None:
        chosen = {name: asdict(one) for name, one in self._choices.items()}
        replace_text(self._path, json.dumps(chosen, indent=1))

    def _choose(self, place: Place, device: str) -> Choice:
        found = self._without_measuring(place, device)
        if found is not None:
            return found
        try:
            choice = self._measured(place)
        # A task's own code may do anything. As a run of its own it will fail
        # again, and be recorded.
        except (Exception, SystemExit) as error:
            return Choice(False, f"it failed in a stack ({error})")
        _Cache().add(self._identity(place), asdict(choice))
        return choice

    def _without_measuring(self, place: Place, device: str) -> Choice | None:
        """What is chosen without looking at the model, or was measured on this machine
        before; None if it has to be measured.
        """
        why = why_alone(self._plan, *place, device)
        if why:
            return Choice(False, why)
        known = _Cache().known.get(self._identity(place))
        if known is None:
            return None
        choice = Choice(**known)
        # Measured by another version, perhaps, that asked for another gain.
        return choice if choice.gain is None else _judged(choice.gain)

    def _measured(self, place: Place) -> Choice:
        try:
            found = self._measure(self._job(place))
        except CannotBeStacked as error:
            return Choice(False, str(error))
        return _judged(found)

    def _job(self, place: Place) -> Job:
        """As many runs as a stack may have, with default hyperparameters, of the first
        block.
        """
        task, level, arm = place
        found, of = self._plan.tasks[task], self._plan.of(task)
        params = found.default_params(found.arm(arm), found.level(level))
        members = []
        for number in range(self._plan.profile.stack):
            seeds = run_seeds(0, task, level, 0, arm, "trial", number)
            members.append(Member("", "trial", 0, number, params, seeds))
        return Job(
            task,
            level,
            arm,
            tuple(members),
            examples=of.examples,
            recipe=of.recipe,
            source=source_of(task),
        )

    def _identity(self, place: Place) -> str:
        """What a measured gain depends on, as a key of the cache."""
        task, level, arm = place
        of = self._plan.of(task)
        return digest(
            [
                self._plan.arm_sources[task][arm],
                level,
                arm,
                deciding(of),
                dict(of.recipe),
                self._plan.profile.stack,
                gain_hash(),
                processor(),
                platform.machine(),
                torch.__version__,
            ]
        )


class _Cache:
    """Measured choices of all campaigns, in the cache folder of this machine."""

    def __init__(self) -> None:
        self._path = cache_folder() / FILE
        self.known: dict[str, Any] = {}
        # One that cannot be read costs measuring again.
        with suppress(OSError, ValueError, RecursionError):
            self.known = json.loads(self._path.read_text(encoding="utf-8"))

    def add(self, key: str, choice: dict[str, Any]) -> None:
        """Keep a choice, if the disk allows it."""
        self.known[key] = choice
        with suppress(OSError), replace_file(self._path) as partial:
            partial.write_text(json.dumps(self.known), encoding="utf-8")


def _judged(gain: float) -> Choice:
    """What is chosen by a measured gain."""
    if gain < LEAST_GAIN:
        return Choice(False, "it gains too little", gain)
    return Choice(True, gain=gain)


def _place(cell: CellPlan) -> Place:
    return cell.task, cell.level, cell.builds


def _name(place: Place) -> str:
    return "/".join(place)
