"""Translations of a task's labels and texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tasks import Arm, Claim, Level, Plot, Task, Text, text_of

FIELDS = ("label", "question", "topic", "matched", "axis", "arms_axis", "why")
CLAIM_FIELDS = ("says", "source", "reported")
PARTS = ("arms", "levels", "measures")  # each has a name and a label


class Translation(BaseModel):
    """The texts of one task in one language; labels and claims by name."""

    model_config = ConfigDict(frozen=True)

    label: str = ""
    """The task's heading."""

    question: str = ""
    """The question that the task asks."""

    topic: str = ""
    """The chapter that the task belongs to."""

    matched: str = ""
    """What is the same for all arms."""

    axis: str = ""
    """What the levels' x counts."""

    arms_axis: str = ""
    """What the arms' x counts."""

    why: str = ""
    """What explains the answers."""

    sources: tuple[str, ...] = ()
    """Where the task's claims are from."""

    arms: Mapping[str, str] = Field(default_factory=dict)
    """The labels of the arms, by name."""

    levels: Mapping[str, str] = Field(default_factory=dict)
    """The labels of the levels, by name."""

    measures: Mapping[str, str] = Field(default_factory=dict)
    """The labels of the measures, by name."""

    claims: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """The texts of each claim, by claim and field."""

    plots: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """The texts of each plot, by plot and field of its manifest."""


def translations_of(
    task: Task,
    arms: Iterable[Arm],
    levels: Iterable[Level],
    claims: Iterable[Claim],
    more_arms: Mapping[str, str],
) -> dict[str, Translation]:
    """The texts of a task's chosen arms, levels and claims, in each language that the
    task has besides English. ``more_arms`` has the labels of arms that an A/A test
    runs under a second name, by that name.
    """
    languages = sorted(
        {
            language
            for text in texts_of(task)
            # A plain str has English alone, and adds no language.
            if isinstance(text, Text)
            for language in text.translations
        }
    )
    labels = {
        "arms": {arm.name: arm.title for arm in arms} | dict(more_arms),
        "levels": {level.name: level.title for level in levels},
        "measures": {
            one.name: one.label or one.name for one in task.procedure.measures
        },
    }
    # Iterated once for each language, which an iterator would not survive.
    known = [*claims]
    return {
        language: _translation(language, task, labels, known)
        for language in languages
    }


def texts_of(task: Task) -> Iterator[str]:
    """All labels and texts of a task, as written in its file."""
    yield from (getattr(task, name) for name in FIELDS)
    yield from task.sources
    yield from (arm.label for arm in task.arms)
    yield from (level.label for level in task.levels)
    for arm in task.arms:
        yield from (one.label for one in task.procedure_of(arm).measures)
    for claim in task.claims:
        yield from (getattr(claim, name) for name in CLAIM_FIELDS)
    for plot in task.plots:
        yield from plot_texts(plot).values()


def plot_texts(plot: Plot) -> dict[str, str]:
    """The texts of a plot, by field of its manifest."""
    return {
        "title": plot.title,
        "says": plot.says,
        "x": plot.x.label,
        "y": plot.y.label if plot.y else "",
    }


def _translation(
    language: str,
    task: Task,
    labels: Mapping[str, Mapping[str, str]],
    claims: list[Claim],
) -> Translation:
    """The texts of a task in one language."""
    fields: dict[str, Any] = {
        name: text_of(getattr(task, name), language) for name in FIELDS
    }
    parts: dict[str, Any] = {
        part: {name: text_of(label, language) for name, label in known.items()}
        for part, known in labels.items()
    }
    return Translation(
        **fields,
        **parts,
        sources=tuple(text_of(source, language) for source in task.sources),
        claims={
            claim.name: {
                name: text_of(getattr(claim, name), language)
                for name in CLAIM_FIELDS
            }
            for claim in claims
        },
        plots={
            plot.name: {
                name: text_of(text, language)
                for name, text in plot_texts(plot).items()
            }
            for plot in task.plots
        },
    )
