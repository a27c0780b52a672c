"""A page of documentation on one task, in Markdown: the question, what is claimed and
by whom, and what a recorded campaign found.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from suite.records.manifest import TaskManifest
from suite.records.results import Campaign
from suite.report import answers
from suite.report.charts.build import block_chart
from suite.report.charts.pictures import picture_chart
from suite.report.charts.svg import draw_alone
from suite.report.effect_amounts import deciding_effect
from suite.report.formatting import blocks_in
from suite.report.gates import gate_hint, gate_text
from suite.report.labels import Labels, directions, effect_unit
from suite.report.messages import translate
from suite.report.pictures import level_with_most, pictures_of
from suite.report.plots import plots_of
from suite.report.sentences import answer, notes, population, sentence
from suite.report.tables import escape_markdown as escaped
from suite.verdicts.claim_verdict import ClaimVerdict

# Options that say where something ran or was kept, which nobody repeats.
LOCAL = ("--results", "--workers", "--tracking", "--address")
MOST_NAMED = 3  # claims whose texts a limit names; of more it gives the number
VERSIONS = ("python", "torch", "scikit-learn")  # those that a page names


def topic_page(
    campaign: Campaign,
    task: str,
    verdicts: Sequence[ClaimVerdict],
    language: str = "en",
    pictures: Sequence[str] = (),
) -> str:
    """The page as Markdown. ``verdicts`` are those of the task in this campaign,
    ``pictures`` are the paths of its pictures, as the page refers to them.
    """
    labels = Labels(campaign.manifest, language)
    parts = [
        _head(task, verdicts, labels, pictures),
        _claims(task, verdicts, labels),
        _results(task, verdicts, labels),
        _why(task, labels),
        _limits(task, verdicts, labels),
        _literature(task, labels),
        _campaign(campaign, task, labels),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def topic_pictures(
    campaign: Campaign,
    task: str,
    verdicts: Sequence[ClaimVerdict],
    language: str = "en",
) -> list[str]:
    """What a teacher would draw, as SVG files: the task's plots, and what runs recorded
    of themselves at the level where they recorded most. Where there is neither, every block's
    difference for the first claim that has blocks.
    """
    labels = Labels(campaign.manifest, language)
    level = level_with_most(campaign, task, _headline_level(verdicts))
    found = [(one, "") for one in plots_of(campaign, task, language)]
    for one in pictures_of(campaign, task, level, language=language):
        found.append((one, level))
    if not found:
        drawn = _block_picture(verdicts, labels)
        return [drawn] if drawn else []
    drawings = []
    for number, (picture, at_level) in enumerate(found):
        chart = picture_chart(picture, task, labels, at_level, legend=True)
        drawings.append(draw_alone(chart, f"topic-{task}-{number}"))
    return drawings


def _headline_level(verdicts: Sequence[ClaimVerdict]) -> str:
    """The name of the level that the first claim is about; empty without a
    claim.
    """
    if not verdicts:
        return ""
    # The level that decided, or the last one before any did.
    return verdicts[0].level_shown


def _block_picture(
    verdicts: Sequence[ClaimVerdict], labels: Labels
) -> str | None:
    """Every block's difference for the first claim that has blocks; None if none
    has.
    """
    for verdict in verdicts:
        chart = block_chart(
            verdict,
            directions(verdict, labels),
            lambda level, task=verdict.task: labels.level(task, level),  # type: ignore[misc]
            effect_unit(verdict, labels),
        )
        if chart is not None:
            says = labels.claim(verdict)
            return draw_alone(
                replace(chart, title=says), f"topic-{verdict.task}"
            )
    return None


def _about(task: str, labels: Labels) -> TaskManifest:
    """What the manifest says of the task, in the page's language."""
    return labels.manifest.task(task).in_language(labels.language)


def _heading(name: str, labels: Labels) -> str:
    """A heading of second rank."""
    return f"## {translate(f'topic-{name}', labels.language)}"


def _head(
    task: str,
    verdicts: Sequence[ClaimVerdict],
    labels: Labels,
    pictures: Sequence[str],
) -> str:
    """The title, the question, the answer, and the pictures."""
    about = _about(task, labels)
    title = about.label or task.replace("_", " ").capitalize()
    found = escaped(answers.answer(verdicts, labels))
    lines = [
        f"# {escaped(title)}",
        escaped(about.question),
        f"**{found}**",
    ]
    for path in pictures:
        lines.append(f"![{found}]({path})")
    return "\n\n".join(lines)


def _claims(
    task: str, verdicts: Sequence[ClaimVerdict], labels: Labels
) -> str:
    """A list of what is claimed, and beneath each claim by whom, and what they
    report.
    """
    lines = [_heading("claims", labels), ""]
    for verdict in verdicts:
        says = labels.claim(verdict)
        lines.append(f"* {escaped(says)}")
        for field in ("source", "reported"):
            text = labels.claim(verdict, field)
            if text:
                name = translate(
                    f"topic-{field}", labels.language, text=escaped(text)
                )
                lines.append(f"  {name}")
    return "\n".join(lines)


def _results(
    task: str, verdicts: Sequence[ClaimVerdict], labels: Labels
) -> str:
    """A table of the verdicts, and a sentence on each."""
    language = labels.language
    names = ("topic-claim", "topic-verdict", "topic-effect", "findings-blocks")
    titles = [translate(name, language) for name in names]
    rows = [titles, ["---", "---", "---:", "---:"]]
    for verdict in verdicts:
        cells = (
            labels.claim(verdict),
            answer(verdict.verdict, language),
            deciding_effect(verdict, language),
            blocks_in(verdict).partition(" block")[0],
        )
        rows.append([escaped(cell) for cell in cells])
    table = [f"| {' | '.join(row)} |" for row in rows]
    sentences = []
    for verdict in verdicts:
        says = escaped(sentence(verdict, labels))
        sentences.append(f"* {says}")
    parts = [
        _heading("results", labels),
        "\n".join(table),
        "\n".join(sentences),
    ]
    return "\n\n".join(parts)


def _why(task: str, labels: Labels) -> str:
    """What explains the answers; empty where the task does not say."""
    why = _about(task, labels).why
    if not why:
        return ""
    return f"{_heading('why', labels)}\n\n{escaped(why)}"


def _literature(task: str, labels: Labels) -> str:
    """What to read, with links."""
    works = labels.manifest.task(task).literature
    if not works:
        return ""
    lines = [f"* {_linked(escaped(work))}" for work in works]
    return "\n".join([_heading("literature", labels), "", *lines])


def _linked(work: str) -> str:
    """A work of the literature as Markdown, with its DOI as a link; the work
    as it is if it names none.
    """
    text, doi = split_doi(work)
    if not doi:
        return text
    return f"{text} [doi:{doi}]({doi_link(doi)})"


def split_doi(work: str) -> tuple[str, str]:
    """A work of the literature and its DOI, "" if it names none."""
    text, _, doi = work.partition(" doi:")
    return text.rstrip(" ,;"), doi.strip(" .")


def doi_link(doi: str) -> str:
    """The web address of a DOI."""
    return f"https://doi.org/{quote(doi, safe='/')}"


def _limits(
    task: str, verdicts: Sequence[ClaimVerdict], labels: Labels
) -> str:
    """The limits under their heading; empty if there are none."""
    limits = limits_of(task, verdicts, labels)
    if not limits:
        return ""
    lines = [f"* {escaped(text)}" for text in limits]
    return "\n".join([_heading("limits", labels), "", *lines])


def limits_of(
    task: str, verdicts: Sequence[ClaimVerdict], labels: Labels
) -> list[str]:
    """What was held equal, whom the answers speak for, and what stands against them, in
    sentences. What all claims have in common is said once; of the rest each sentence
    names its claims.
    """
    said = []
    matched = _about(task, labels).matched
    if matched:
        said.append(translate("topic-matched", labels.language, text=matched))
    claims_of: dict[str, list[str]] = {}
    for verdict in verdicts:
        claim = labels.claim(verdict)
        for text in dict.fromkeys(_reservations(verdict, labels)):
            claims_of.setdefault(text, []).append(claim)
    for text, claims in claims_of.items():
        if text:
            said.append(_limit(text, claims, len(verdicts), labels.language))
    return said


def _limit(
    text: str, claims: Sequence[str], planned: int, language: str
) -> str:
    """A limit of these claims out of so many, with the few that it is about."""
    if len(claims) == planned:
        return text
    if len(claims) > MOST_NAMED:
        return translate(
            "topic-limit-of-many",
            language,
            text=text,
            count=len(claims),
            of=planned,
        )
    named = translate("topic-claims-between", language).join(claims)
    return translate("topic-limit-of", language, text=text, claims=named)


def _reservations(verdict: ClaimVerdict, labels: Labels) -> Iterator[str]:
    """The population, what failed gates found, and further notes."""
    yield population(verdict, labels)
    for gate in verdict.failed_gates:
        hint = gate_hint(gate, labels.language)
        yield f"{gate_text(gate, verdict, labels)} {hint}"
    yield from notes(verdict, labels)


def _campaign(campaign: Campaign, task: str, labels: Labels) -> str:
    """What it takes to find the campaign, and to repeat it."""
    manifest, language = campaign.manifest, labels.language
    about = manifest.task(task)
    values = {
        "id": f"`{campaign.id}`",
        "day": _day(manifest.created),
        "seed": str(manifest.root_seed),
        "blocks": str(about.blocks),
        "trials": str(about.trials),
        "machines": escaped(", ".join(_machines(campaign, task))),
        "versions": ", ".join(_versions(manifest.versions)),
        "command": f"`{_command(manifest.command)}`",
    }
    lines = []
    for name, value in values.items():
        # Between the marks of code there may be nothing.
        if value.strip("`"):
            line = translate(f"topic-{name}", language, value=value)
            lines.append(f"* {line}")
    return "\n".join([_heading("campaign", labels), "", *lines])


def _versions(known: Mapping[str, str]) -> list[str]:
    """Name and version of each of ``VERSIONS`` that is known: ``torch 2.9``."""
    return [f"{name} {known[name]}" for name in VERSIONS if name in known]


def _command(given: Sequence[str]) -> str:
    """What was typed, without what only says where it ran and what kept it:
    ``bakeoff run topics``; empty if that was not recorded.
    """
    words = iter(given[1:])
    kept = []
    for word in words:
        name, _, value = word.partition("=")
        if name not in LOCAL:
            kept.append(word)
        # ``--results DIR``: its value is the next word, unlike in
        # ``--results=DIR``.
        elif not value:
            next(words, None)
    return shlex.join(["bakeoff", *kept]) if kept else ""


def _day(created: float) -> str:
    """A date in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(created)) if created else ""


def _machines(campaign: Campaign, task: str) -> list[str]:
    """The kinds of machines that trained the task's arms, in alphabetical
    order; none before any was recorded.
    """
    runs = campaign.runs
    if "hardware" not in runs:
        return []
    mine = runs[runs["task"] == task]["hardware"].dropna()
    return sorted(map(str, mine.unique()))
