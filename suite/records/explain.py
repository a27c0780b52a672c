"""Why a run is what it is: what it came to, and what sets it apart from the
nearest other one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suite.records.journal import FILE, read_lines
from suite.records.manifest import Manifest, read_manifest
from suite.records.results import Results
from tasks import UserError

NOTHING = "-"
Facts = dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """A run on record: its line, its campaign, and all that may have decided its
    key, flat and by name.
    """

    campaign: str
    line: Mapping[str, Any]
    facts: Facts

    @property
    def key(self) -> str:
        return str(self.line["key"])

    @property
    def place(self) -> tuple[Any, ...]:
        return tuple(self.line[name] for name in ("task", "level", "arm", "block"))


@dataclass(frozen=True)
class Explanation:
    """A run, the campaigns it is recorded in, and what differs (name, here, there)
    from the nearest other one.
    """

    training: Recorded
    campaigns: tuple[str, ...]
    nearest: Recorded | None
    differences: tuple[tuple[str, Any, Any], ...]


def explain(results: Results, key: str) -> Explanation:
    """The training whose key begins so, in any campaign of the folder. UserError where
    there is none, or several.
    """
    runs = list(_recorded(results))
    if not runs:
        raise UserError(
            f"No training on record in {results.root}/: start a campaign with `bakeoff run quick`."
        )
    found = [training for training in runs if training.key.startswith(key.lower())]
    keys = sorted({training.key for training in found})
    if not keys:
        raise UserError(
            f"No training with a key that begins with {key!r} among {len(runs):,} on record in {results.root}/: "
            "the dashboard's table of runs and MLflow's tag bakeoff.key have the keys."
        )
    if len(keys) > 1:
        shown = ", ".join(k[:16] for k in keys[:4])
        raise UserError(
            f"{len(keys)} runs have keys that begin with {key!r} ({shown} …): give more digits."
        )
    this = found[-1]  # the newest attempt
    others = [
        other
        for other in runs
        if other.key != this.key and other.line["task"] == this.line["task"]
    ]
    nearest = min(others, key=lambda other: _distance(this, other), default=None)
    return Explanation(
        this,
        tuple(dict.fromkeys(training.campaign for training in found)),
        nearest,
        tuple(differences(this.facts, nearest.facts)) if nearest else (),
    )


def differences(here: Facts, there: Facts) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of every fact that is not the same."""
    for name in sorted({*here, *there}):
        mine, other = here.get(name, NOTHING), there.get(name, NOTHING)
        if mine != other:
            yield name, mine, other


def _distance(this: Recorded, other: Recorded) -> tuple[bool, int, bool, bool]:
    """RunColumns of the same cell first, then by the number of facts that differ, then
    of the same kind.
    """
    differing = sum(1 for _ in differences(this.facts, other.facts))
    return (
        this.place != other.place,
        differing,
        this.line["kind"] != other.line["kind"],
        other.campaign != this.campaign,
    )


def _recorded(results: Results) -> Iterator[Recorded]:
    """All runs of all campaigns, those of the oldest campaign first."""
    for campaign in reversed(results.readable_ids()):
        manifest = read_manifest(results.root / campaign)
        for line in read_lines(results.root / campaign / FILE):
            yield Recorded(campaign, line, _facts(manifest, line))


def _facts(manifest: Manifest, line: Mapping[str, Any]) -> Facts:
    """All that may have decided the run's key, by name."""
    plan = manifest.profile.of(line["task"])
    worker = line.get("worker") or {}
    facts = {
        name: line[name] for name in ("task", "level", "arm", "block", "kind", "number")
    }
    facts |= {f"param {name}": value for name, value in line["params"].items()}
    facts |= {f"seed {name}": value for name, value in line["seeds"].items()}
    facts |= {"length_factor": plan.length_factor, "examples": plan.examples}
    facts |= {f"recipe {name}": value for name, value in plan.recipe.items()}
    facts |= {f"data {name}": value for name, value in (line.get("data") or {}).items()}
    facts |= {
        "sources": manifest.sources.get(line["task"], NOTHING)[:12],
        "root seed": manifest.root_seed,
        "parameters": line.get("parameters"),
        "torch": worker.get("torch", manifest.versions.get("torch", NOTHING)),
        "device": worker.get("device", NOTHING),
        "threads": worker.get("threads", NOTHING),
    }
    return facts
