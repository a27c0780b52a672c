"""The input of a page: the campaign, the URL's query, and the messages in the reader's
language.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from dashboard.data.snapshots import Snapshot, Snapshots
from dashboard.locale import LANGUAGES, Words
from dashboard.theme import arm_looks
from suite.records.manifest import Manifest, TaskManifest
from suite.records.results import Campaign
from suite.records.translation import CLAIM_FIELDS
from suite.report.charts.looks import Look
from suite.report.sentences import Labels
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.kinds import ABOVE, pair_of_arms
from suite.verdicts.universes import Multiverse, multiverses
from tasks import Claim, unknown
from tasks.contract.universe import is_universe

LONGEST = 200  # maximum characters of a URL parameter's value
ACRONYMS = {
    name.lower(): name
    for name in ("CNN", "GAN", "MLP", "MNIST", "RNN", "SGD", "VAE")
}
# what an error message calls a URL parameter, by its name in the address
MEANT = {
    "with": "campaign",
    "other": "arm",
    "x": "axis",
    "band": "spread",
    "smooth": "smoothing",
}
STICKY = ("campaign", "lang")  # what goes along from page to page
CAME_FROM = "from"  # in an address: the campaign that was shown before


def read_query(search: str | None) -> dict[str, str]:
    """The values in ``?name=value&...``, the last of each name, cut to a maximum
    length.
    """
    # Whoever reaches the server may send any query: its length, the number of
    # parameters and the length of each are bounded before anything uses them.
    pairs = parse_qsl((search or "").lstrip("?")[:4000], max_num_fields=None)
    return {name[:40]: value[:LONGEST] for name, value in pairs[:40]}


def carried_over(
    query: Mapping[str, str], manifest: Manifest
) -> dict[str, str]:
    """A URL's parameters, without names that were kept from another campaign and that
    this one does not have.
    """
    kept = dict(query)
    # Only a reader who changed the campaign meant the old one's names; in any
    # other address an unknown name is an error, which is told.
    if kept.pop(CAME_FROM, None) is None:
        return kept
    names = _names(manifest, kept.get("task", ""))
    return {
        name: value
        for name, value in kept.items()
        if name not in names or value in names[name]
    }


def _names(manifest: Manifest, task: str) -> dict[str, list[str]]:
    """What may be chosen of a task: nothing where the campaign does not have it."""
    found = manifest.tasks.get(task)
    return {
        "task": list(manifest.tasks),
        "level": found.level_names if found else [],
        "arm": found.arm_names if found else [],
        "other": found.arm_names if found else [],
        "measure": [one.name for one in found.measures] if found else [],
        "claim": [one.name for one in found.tested] if found else [],
    }


def language_of(query: Mapping[str, str]) -> str:
    """The language that the URL asks for, English unless it is a known one."""
    return query["lang"] if query.get("lang") in LANGUAGES else "en"


@dataclass(frozen=True)
class View:
    """One request of a page."""

    snapshots: Snapshots
    snapshot: Snapshot
    query: Mapping[str, str]
    words: Words
    path: str = "/"

    @property
    def campaign(self) -> Campaign:
        """The campaign that is shown."""
        return self.snapshot.campaign

    @cached_property
    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """Each task's part of campaign.json, by name, labels in the reader's language
        where it has them.
        """
        return {
            name: self._task_in_language(name, task)
            for name, task in self.campaign.manifest.tasks.items()
        }

    def _task_in_language(
        self, name: str, task: TaskManifest
    ) -> Mapping[str, Any]:
        language = self.words.language
        values = task.in_language(language).model_dump(mode="json")
        for level in values["levels"]:
            level["label"] = self.labels.level(name, level["name"])
        for claim in values["claims"]:
            for field in CLAIM_FIELDS:
                text = task.claim_text(claim["name"], field, language)
                claim[field] = text or claim[field]
        return values

    @cached_property
    def labels(self) -> Labels:
        """What sentences call the campaign's arms, levels and axes."""
        return Labels(self.campaign.manifest, self.words.language)

    def title(self, task: str) -> str:
        """A task's name as a heading."""
        return str(self.tasks[task]["label"]) or task_title(task)

    @cached_property
    def verdicts(self) -> tuple[ClaimVerdict, ...]:
        """The campaign's verdicts, in the reader's language."""
        return self.in_language(self.snapshot)

    @cached_property
    def own_verdicts(self) -> tuple[ClaimVerdict, ...]:
        """Those of the tasks' own claims, without the universes of varied ones."""
        return tuple(
            one for one in self.verdicts if not is_universe(one.claim)
        )

    @cached_property
    def multiverses(self) -> list[Multiverse]:
        """The claims that the campaign varies, each with its universes."""
        return multiverses(self.verdicts)

    def at_task(self, task: str) -> View:
        """The same view of another task."""
        return dataclasses.replace(self, query={**self.query, "task": task})

    def in_language(self, snapshot: Snapshot) -> tuple[ClaimVerdict, ...]:
        """A campaign's verdicts with what its tasks say of their claims in the reader's
        language, where they have it.
        """
        return tuple(
            self._in_language(snapshot.campaign, verdict)
            for verdict in snapshot.verdicts or ()
        )

    def _in_language(
        self, campaign: Campaign, verdict: ClaimVerdict
    ) -> ClaimVerdict:
        labels = Labels(campaign.manifest, self.words.language)
        return dataclasses.replace(
            verdict,
            says=labels.claim(verdict),
            source=labels.claim(verdict, "source"),
            reported=labels.claim(verdict, "reported"),
            metric_label=labels.metric(verdict),
        )

    @property
    def judging(self) -> bool:
        """Whether the verdicts are still being computed."""
        return self.snapshot.verdicts is None

    def link(self, path: str, **values: str | None) -> str:
        """The URL of a page that keeps campaign and language."""
        kept = {
            name: self.query[name] for name in STICKY if name in self.query
        }
        given = {
            name: value for name, value in {**kept, **values}.items() if value
        }
        return path + (f"?{urlencode(given)}" if given else "")

    @cached_property
    def place(self) -> dict[str, str]:
        """The URL parameters that the navigation keeps: campaign, language, task and
        level. A claim's level is the first that decides it.
        """
        # A level's name says nothing without its task.
        kept = (*STICKY, "task", "level") if "task" in self.query else STICKY
        found = {name: self.query[name] for name in kept if name in self.query}
        verdict = self.verdict_of(
            found.get("task", ""), self.query.get("claim", "")
        )
        if verdict is not None and "level" not in found:
            found["level"] = verdict.levels[0]
        return found

    def data_link(self, chart: str, kind: str) -> str:
        """The URL of a chart's data as a file: csv or parquet."""
        # The file must be of the campaign that is shown, even if the address
        # leaves it to be the newest, which may be another by the time of the
        # download.
        given = {**self.query, "campaign": self.campaign.id}
        return f"/data{self.path.rstrip('/') or '/overview'}/{chart}.{kind}?{urlencode(given)}"

    def chosen(
        self, name: str, known: Iterable[str], default: str | None = None
    ) -> str:
        """The value of the URL parameter ``name``, or the default (else the first).
        UserError if unknown.
        """
        values = list(known)
        given = self.query.get(name)
        if given is None or given == "":
            return (
                default if default in values else (values[0] if values else "")
            )
        if given not in values:
            # Never a silent default: a mistyped address would show something
            # else than it says.
            raise unknown(MEANT.get(name, name), given, filter(None, values))
        return given

    @cached_property
    def task(self) -> str:
        """The task that the page is about."""
        return self.chosen("task", self.tasks)

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What campaign.json says of the task, labels in the reader's
        language.
        """
        return self.tasks[self.task]

    @cached_property
    def level(self) -> str:
        """The level that the page is about."""
        return self.chosen(
            "level", [level["name"] for level in self.about["levels"]]
        )

    def arm_label(self, task: str, arm: str) -> str:
        """The arm's name as people read it."""
        return label_of(self.tasks[task]["arms"], arm)

    def look(self, task: str, arm: str) -> Look:
        """The arm's colour and pattern in every chart."""
        arms = self.tasks[task]["arms"]
        place = [one["name"] for one in arms].index(arm)
        return arm_looks(arms)[place]

    def level_label(self, task: str, level: str) -> str:
        """The level's name as people read it, or that of the pair of arms that stands
        for a level in a ranking.
        """
        pair = pair_of_arms(level)
        if pair is not None:
            return ABOVE.join(self.arm_label(task, arm) for arm in pair)
        return label_of(self.tasks[task]["levels"], level)

    def run_link(self, key: str) -> str | None:
        """The URL of a run's MLflow run; None if it is not published."""
        run = self.campaign.mlflow_runs.get(key)
        return (
            f"{self.snapshots.mlflow_url}/#/experiments/{quote(run.experiment)}/runs/{quote(run.run)}"
            if run
            else None
        )

    def compare_link(self, keys: Iterable[str]) -> str | None:
        """The URL of MLflow's comparison of runs; None if fewer than two are published."""
        runs = [
            self.campaign.mlflow_runs[key]
            for key in keys
            if key in self.campaign.mlflow_runs
        ]
        if len(runs) < 2:
            return None
        asked = {
            "runs": json.dumps([run.run for run in runs]),
            "experiments": json.dumps(sorted({r.experiment for r in runs})),
        }
        return f"{self.snapshots.mlflow_url}/#/compare-runs?{urlencode(asked)}"

    def claim_of(self, task: str, claim: str) -> Claim:
        """A claim as it was fixed before the run."""
        tested = self.campaign.manifest.task(task).tested
        known = {one.name: one for one in tested}
        if claim not in known:
            raise unknown("claim", claim, known)
        return known[claim]

    def verdict_of(self, task: str, claim: str) -> ClaimVerdict | None:
        """The verdict on a claim; None if it is not judged yet, or unknown."""
        return next(
            (v for v in self.verdicts if (v.task, v.claim) == (task, claim)),
            None,
        )


def view_of(snapshots: Snapshots, path: str, search: str | None) -> View:
    """The view of the page at that URL. UserError if the URL names an unknown campaign,
    or there is none.
    """
    query = read_query(search)
    snapshot = snapshots.get(query.get("campaign") or None)
    known = carried_over(query, snapshot.campaign.manifest)
    return View(snapshots, snapshot, known, Words(language_of(query)), path)


def label_of(items: Iterable[Mapping[str, Any]], name: str) -> str:
    """The label of the item of that name; the name itself where it has none."""
    return next(
        (
            str(item.get("label") or name)
            for item in items
            if item["name"] == name
        ),
        name,
    )


def task_title(name: str) -> str:
    """A task's name as a heading: ``deep_vs_wide`` is "Deep vs wide",
    ``cnn_vs_attention`` "CNN vs attention".
    """
    return capital(
        " ".join(ACRONYMS.get(word, word) for word in name.split("_") if word)
    )


def capital(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]
