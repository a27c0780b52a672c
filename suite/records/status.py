"""The status of campaigns, read from small files next to their records, so it is fast
however long the records are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from suite.records.files import read_json
from suite.records.results import Results
from suite.records.state import is_running, read_state, state_word
from tasks import UserError


@dataclass(frozen=True)
class Standing:
    """How far a campaign is. ``name`` is its profile's; ``state`` is what
    ``state.json`` says, or "interrupted" if its driver died without writing a state.
    """

    id: str
    """The campaign's id."""

    name: str
    """The name of its profile."""

    tasks: tuple[str, ...]
    """The names of its tasks."""

    state: str
    """"running", "done", and so on."""

    created: float
    """When it began, in seconds since 1970."""

    updated: float
    """When its state was last written, in seconds since 1970."""

    done: int
    """How many runs have ended."""

    planned: int
    """How many runs are planned."""

    failed: Mapping[str, int]
    """How many runs ended with which other status than "finished"."""

    rate: float | None
    """Runs per second lately; None if it is unknown."""

    seconds_left: float | None
    """How long the rest will take; None if it is unknown."""

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON can write it."""
        return asdict(self)


def standings(results: Results) -> list[Standing]:
    """All campaigns of a results folder, newest first."""
    return [standing(results, campaign) for campaign in results.ids()]


def standing(results: Results, campaign: str) -> Standing:
    """The status of one campaign. Raises UserError if its files are damaged."""
    folder = results.root / campaign
    about = read_json(folder / "campaign.json")
    state = read_state(folder)
    try:
        return _standing(campaign, about, state)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / 'state.json'} or campaign.json is damaged ({error}): restore it "
            "from a copy, or start again with --new."
        ) from error


def _standing(
    campaign: str, about: Mapping[str, Any], state: Mapping[str, Any]
) -> Standing:
    """The status in the contents of both files."""
    running = is_running(state)
    seconds = float(state.get("updated", 0.0)) - float(
        state.get("started", 0.0)
    )
    return Standing(
        id=campaign,
        name=str(about.get("name", campaign)),
        tasks=tuple(about.get("tasks", ())),
        state=state_word(state, otherwise="prepared"),
        created=float(about.get("created", 0.0)),
        updated=float(state.get("updated", about.get("created", 0.0))),
        done=int(state.get("done", 0)),
        planned=int(state.get("planned", 0)),
        failed=dict(state.get("failed", {})),
        # Of runs that this driver trained: replayed ones took no time.
        rate=int(state.get("trained", 0)) / seconds
        if running and seconds > 0
        else None,
        seconds_left=state.get("seconds_left") if running else None,
    )
