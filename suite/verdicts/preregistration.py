"""Was a claim fixed beforehand? How many campaigns it had, whether its results were
known, whether it was edited since.

What came before is written into campaign.json when a campaign begins; what was edited
since is seen when it is read.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tasks
from suite.records.files import read_json
from suite.records.journal import FILE
from suite.training.fingerprint import source_hash
from suite.training.job import SCHEMA, digest
from tasks import UserError

COMMENTARY = frozenset(
    {"source", "reported"}
)  # what others found: no part of what a claim says
HISTORY = frozenset(
    {"attempt", "exploratory"}
)  # what campaign.json keeps beside a claim's own fields
FEWEST = 2  # blocks; a campaign of one can settle nothing, so it is no attempt

About = Mapping[str, Any]


@dataclass(frozen=True)
class _Earlier:
    """A campaign of the same results folder, with the (task, level, arm) whose test set
    it has opened.
    """

    about: About
    opened: frozenset[tuple[str, str, str]]

    def claims(self, task: str) -> list[About]:
        found: list[About] = self.about["tasks"].get(task, {}).get("claims", [])
        return found

    def has_seen(self, task: str, claim: About) -> bool:
        """Whether results that can decide the claim, at one of its levels, came out in
        this campaign.
        """
        blocks = int(self.about["tasks"].get(task, {}).get("blocks") or 0)
        return blocks >= FEWEST and any(
            all((task, level, arm) in self.opened for arm in _arms(claim))
            for level in claim["levels"]
        )


def with_history(about: About, results: Path) -> dict[str, Any]:
    """What campaign.json is to say, with two facts beside each claim.

    ``attempt`` is 1 for the first campaign of a claim (by its name) in the results
    folder that opened the test set of its arms; a campaign of one block does not count.
    ``exploratory`` says why the claim was not fixed beforehand: an earlier campaign
    with the same seeds opened the test set and had no such claim. Else it is "".
    """
    earlier = list(_earlier(about, results))
    told = {
        name: {
            **task,
            "claims": [
                {**claim, **_history(about, name, claim, earlier)}
                for claim in task["claims"]
            ],
        }
        for name, task in about["tasks"].items()
    }
    return {**about, "tasks": told}


def edited_since(about: About, task: str) -> dict[str, str]:
    """Why claims of a campaign, by name, do not count as fixed before it; "" where
    nothing speaks against it.
    """
    claims = about["tasks"][task]["claims"]
    if not _as_fixed(about):
        return {
            claim[
                "name"
            ]: "the claims in campaign.json are not those fixed before the run"
            for claim in claims
        }
    try:
        today = {
            claim.name: dataclasses.asdict(claim) for claim in tasks.get(task).claims
        }
    except UserError:
        return {
            claim["name"]: "" for claim in claims
        }  # a task that is not here cannot be asked
    return {claim["name"]: _edited(claim, today.get(claim["name"])) for claim in claims}


def _edited(claim: About, today: About | None) -> str:
    if today is None:
        return "the task no longer makes this claim"
    changes = [
        f"{name} was {then!r} and is {now!r}"
        for name, then, now in _differences(claim, _plain(today))
    ]
    return f"edited since this campaign: {', '.join(changes)}" if changes else ""


def code_changed(about: About, task: str) -> bool:
    """Whether the sources that the task runs are others than at the time of the
    campaign.
    """
    then = about.get("sources", {}).get(task)
    try:
        return then is not None and source_hash(task) != then
    except UserError:
        return False


# --------------------------------------------------------------------------- comparing


def _history(
    about: About, task: str, claim: About, earlier: list[_Earlier]
) -> dict[str, Any]:
    attempts = [
        one
        for one in earlier
        if any(other["name"] == claim["name"] for other in one.claims(task))
        and one.has_seen(task, claim)
    ]
    return {
        "attempt": 1 + len(attempts),
        "exploratory": _known(about, task, claim, earlier),
    }


def _known(about: About, task: str, claim: About, earlier: list[_Earlier]) -> str:
    for one in earlier:
        same_blocks = one.about.get("root_seed") == about["root_seed"]
        if (
            same_blocks
            and one.has_seen(task, claim)
            and not any(_alike(claim, other) for other in one.claims(task))
        ):
            return (
                f"campaign {one.about['id']} had opened the test set of the same blocks when this claim was written: "
                "run it with another `root_seed`"
            )
    return ""


def _alike(claim: About, other: About) -> bool:
    """Whether two claims say the same, at whatever levels: a profile may leave some
    out.
    """
    return not any(
        True
        for name, *_ in _differences(claim, {**other, "levels": ()})
        if name != "name"
    )


def _differences(then: About, now: About) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of what differs; levels do not where now is none in
    particular.
    """
    for name in sorted((then.keys() & now.keys()) - COMMENTARY - HISTORY):
        if _plain(then[name]) != _plain(now[name]) and not (
            name == "levels" and not now[name]
        ):
            yield name, then[name], now[name]


def _as_fixed(about: About) -> bool:
    """Whether the claims are those whose hash was taken when the campaign began."""
    if "claims_digest" not in about:
        return True
    own = {
        name: [
            {key: value for key, value in claim.items() if key not in HISTORY}
            for claim in task["claims"]
        ]
        for name, task in about["tasks"].items()
    }
    return bool(digest(own) == about["claims_digest"])


def _plain(value: Any) -> Any:
    """The value as it comes back from JSON."""
    return json.loads(json.dumps(value))


def _arms(claim: About) -> list[str]:
    return list(claim["weights"]) or [
        arm for arm in (claim["better"], claim["worse"]) if arm
    ]


# ----------------------------------------------------------------------------- reading


def _earlier(about: About, results: Path) -> Iterator[_Earlier]:
    for path in sorted(results.glob("*/campaign.json")):
        other = read_json(path)
        if path.parent.name != about["id"] and other.get("schema") == SCHEMA:
            yield _Earlier(other, frozenset(_opened(path.with_name(FILE))))


def _opened(record: Path) -> Iterator[tuple[str, str, str]]:
    """Task, level and arm of every run on record that looked at its test set."""
    if not record.exists():
        return
    with record.open("rb") as file:
        for text in file:
            if b'"test_opened":true' in text:  # most lines need no parsing
                with suppress(
                    ValueError
                ):  # torn, or damaged: whoever reads that campaign will hear of it
                    line = json.loads(text)
                    yield line["task"], line["level"], line["arm"]
