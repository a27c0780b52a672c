"""Checks whether a claim was pre-specified.

There are two checks. When a campaign begins, campaign.json keeps how many campaigns of
each claim there were, and whether an earlier one had already shown its results
(``with_history``). When it is judged, a ``Provenance`` has the task's file as of then,
so that an edited claim is noticed.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tasks
from suite.planning.claims import claims_digest
from suite.records.journal import FILE as RECORD
from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import ClaimManifest, Manifest, read_manifest
from suite.training.fingerprint import source_hash
from suite.verdicts.message import Message, message
from tasks import Claim, UserError
from tasks.contract.universe import base_of, is_universe, universe_claim

log = logging.getLogger(__name__)

# what others found, and what is expected: no part of a claim
COMMENTARY = frozenset({"source", "reported", "expected_sd"})
# a campaign of one block can settle nothing, so it is no attempt
MIN_BLOCKS = 2


# ------------------------------------------------------------------- when it is judged


@dataclass(frozen=True)
class Provenance:
    """What the files of a campaign's tasks say now: their claims, by task and name, and
    the hashes of their sources. A task that is not here cannot be asked.
    """

    claims: Mapping[str, Mapping[str, Claim]] = field(default_factory=dict)
    """The claims that tasks make now, by task and name."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of the tasks' source code now, by task."""

    def doubts(self, manifest: Manifest, task: str) -> dict[str, Message]:
        """Why claims of a campaign, by name, do not count as fixed before it; nothing
        for those that do.
        """
        recorded = manifest.task(task).tested
        # Whoever edits campaign.json by hand leaves the hash behind.
        if not _as_fixed(manifest):
            return {claim.name: message("note-tampered") for claim in recorded}
        if task not in self.claims:
            return {}
        found = {
            claim.name: _doubt(claim, self._now(task, claim))
            for claim in recorded
        }
        return {
            name: doubt for name, doubt in found.items() if doubt is not None
        }

    def _now(self, task: str, then: Claim) -> Claim | None:
        """What the claim says now; in its universe, if it has one."""
        known = self.claims[task]
        if then.name in known or not is_universe(then.name):
            return known.get(then.name)
        found = known.get(base_of(then.name))
        return universe_claim(found, then.levels[0]) if found else None

    def code_changed(self, manifest: Manifest, task: str) -> bool:
        """Whether the task's sources are others than at the time of the campaign."""
        then, now = manifest.sources.get(task), self.sources.get(task)
        # without a hash from then or now there is nothing to compare
        return None not in (then, now) and then != now


UNKNOWN = Provenance()


def provenance_of(manifest: Manifest) -> Provenance:
    """What the files of the campaign's tasks say today.

    It imports them, which takes a while and may fail: a task that is not here or does
    not import is left out, and whatever is known of the campaign's other tasks stays.
    """
    claims, sources = {}, {}
    for name in manifest.tasks:
        try:
            found = {claim.name: claim for claim in tasks.get(name).claims}
            sources[name] = source_hash(name)
        except UserError as error:
            log.info(
                "task %s cannot be compared with its campaign: %s", name, error
            )
        except Exception:  # a task's file is anybody's code
            log.warning("task %s does not import", name, exc_info=True)
        else:
            claims[name] = found
    return Provenance(claims, sources)


def _doubt(then: Claim, now: Claim | None) -> Message | None:
    """Why a claim may not be confirmatory: it was edited or removed since. None if it
    is unchanged.
    """
    if now is None:
        return message("note-gone")
    changes = tuple(
        message("change", name=name, then=repr(before), now=repr(after))
        for name, before, after in _differences(then, now)
    )
    return message("note-edited", changes=changes) if changes else None


def _as_fixed(manifest: Manifest) -> bool:
    """Whether the claims are those whose hash was taken when the campaign began."""
    recorded = {name: task.tested for name, task in manifest.tasks.items()}
    return claims_digest(recorded) == manifest.claims_digest


# ---------------------------------------------------------------------- when it begins


@dataclass(frozen=True)
class _Earlier:
    """A campaign of the same results folder, with the (task, level, arm) whose test set
    it has opened.
    """

    manifest: Manifest
    opened: frozenset[tuple[str, str, str]]

    def claims(self, task: str) -> tuple[Claim, ...]:
        """The claims that it tested of a task."""
        found = self.manifest.tasks.get(task)
        return found.tested if found else ()

    def has_seen(self, task: str, claim: Claim) -> bool:
        """Whether results that can decide the claim, at one of its levels, came out in
        this campaign.
        """
        found = self.manifest.tasks.get(task)
        if found is None or found.blocks < MIN_BLOCKS:
            return False
        return any(
            all((task, level, arm) in self.opened for arm in claim.arms)
            for level in claim.levels
        )


def with_history(manifest: Manifest, results: Path) -> Manifest:
    """The manifest with two more fields per claim.

    ``attempt`` is 1 for the first campaign of a claim (by its name) in the results
    folder that opened the test set of its arms; a campaign of one block does not count.
    ``known_from`` is the earlier campaign with the same seeds that opened the test set
    and had no such claim: this one was not pre-specified.
    """
    earlier = list(_earlier(manifest, results))
    told = {
        name: task.model_copy(
            update={
                "claims": tuple(
                    _history(manifest, name, one.claim, earlier)
                    for one in task.claims
                )
            }
        )
        for name, task in manifest.tasks.items()
    }
    return manifest.model_copy(update={"tasks": told})


def _history(
    manifest: Manifest, task: str, claim: Claim, earlier: list[_Earlier]
) -> ClaimManifest:
    """The claim with what was known when it was written."""
    attempts = [
        one
        for one in earlier
        if any(other.name == claim.name for other in one.claims(task))
        and one.has_seen(task, claim)
    ]
    known = _known_from(manifest, task, claim, earlier)
    return ClaimManifest(
        claim=claim, attempt=1 + len(attempts), known_from=known
    )


def _known_from(
    manifest: Manifest, task: str, claim: Claim, earlier: list[_Earlier]
) -> str:
    """The earlier campaign that opened the test sets of the same blocks; empty if none
    did.
    """
    for one in earlier:
        # Other seeds make other blocks, whose results were not known.
        same_blocks = one.manifest.root_seed == manifest.root_seed
        asked = any(_alike(claim, other) for other in one.claims(task))
        if same_blocks and not asked and one.has_seen(task, claim):
            return one.manifest.id
    return ""


# --------------------------------------------------------------------------- comparing


def _alike(claim: Claim, other: Claim) -> bool:
    """Whether two claims say the same, under whatever name and at whatever levels: a
    profile may leave some out.
    """
    at_any = dataclasses.replace(other, name=claim.name, levels=())
    return not any(_differences(claim, at_any))


def _differences(then: Claim, now: Claim) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of what differs; levels do not where now is none in
    particular.
    """
    before, after = _as_recorded(then), _as_recorded(now)
    for name in sorted(before.keys() - COMMENTARY):
        any_level = name == "levels" and not now.levels
        if before[name] != after[name] and not any_level:
            yield name, before[name], after[name]


def _as_recorded(claim: Claim) -> dict[str, Any]:
    """The claim's fields as campaign.json gives them back: tuples are lists there."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(claim)))
    return plain


# ----------------------------------------------------------------------------- reading


def _earlier(manifest: Manifest, results: Path) -> Iterator[_Earlier]:
    """Other campaigns in the results folder that ran the same tasks."""
    for path in sorted(results.glob(f"*/{MANIFEST}")):
        folder = path.parent
        if folder.name == manifest.id:
            continue
        # another version's, or damaged: nothing to learn
        with suppress(UserError):
            yield _Earlier(
                read_manifest(folder), frozenset(_opened(folder / RECORD))
            )


def _opened(record: Path) -> Iterator[tuple[str, str, str]]:
    """Task, level and arm of every recorded run that opened its test set."""
    if not record.exists():
        return
    with record.open("rb") as file:
        for text in file:
            if b'"test_opened":true' in text:  # most lines need no parsing
                # truncated or damaged: reported when that campaign is read
                with suppress(ValueError):
                    line = json.loads(text)
                    yield line["task"], line["level"], line["arm"]
