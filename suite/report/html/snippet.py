"""One claim as a piece of HTML for another page: verdict, sentence and chart.

It has no script, refers to nothing outside itself and brings its own colours.
"""

from __future__ import annotations

from markupsafe import Markup

from suite.records.results import Campaign
from suite.report.charts.build import block_chart
from suite.report.charts.svg import ALONE, css_name, draw_alone
from suite.report.html.environment import environment
from suite.report.labels import Labels, effect_unit
from suite.report.message_text import ANSWERS
from suite.report.messages import translate
from suite.report.sentences import directions, sentence
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import UNKNOWN, Provenance
from tasks import UserError, unknown


def snippet(
    campaign: Campaign,
    claim: str,
    provenance: Provenance = UNKNOWN,
    language: str = "en",
) -> str:
    """The claim ``TASK/CLAIM`` of a campaign as a ``<figure>``. UserError if the
    campaign has no such claim.
    """
    labels = Labels(campaign.manifest, language)
    verdict = _judged(campaign, claim, provenance)
    return (
        environment()
        .get_template("snippet.html.j2")
        .render(
            language=language,
            says=labels.claim(verdict),
            color=ALONE[css_name(verdict.verdict)],
            muted=ALONE["muted"],
            answer=translate(ANSWERS[verdict.verdict], language),
            sentence=sentence(verdict, labels),
            drawing=_drawing(verdict, labels),
            source=f"Bakeoff {campaign.id} · {claim}",
        )
    )


def _judged(
    campaign: Campaign, claim: str, provenance: Provenance
) -> ClaimVerdict:
    """The verdict of a campaign on one claim, given as ``TASK/CLAIM``.

    Raises UserError for another text, and for a task or a claim that the
    campaign does not have.
    """
    task, between, name = claim.partition("/")
    if not between:
        raise UserError(
            f"{claim!r} is not a claim's name: give TASK/CLAIM, as in "
            "deep_vs_wide/three_beat_one_mnist1d_15k."
        )
    # Raises for a task that the campaign does not have, before anything is
    # judged.
    campaign.manifest.task(task)
    verdicts = judge_campaign(campaign, provenance, [task])
    by_name = {one.claim: one for one in verdicts}
    if name not in by_name:
        raise unknown(f"claim of {task}", name, by_name)
    return by_name[name]


def _drawing(verdict: ClaimVerdict, labels: Labels) -> Markup | None:
    """Every block's difference; None before any block."""
    chart = block_chart(
        verdict,
        directions(verdict, labels),
        lambda level: labels.level(verdict.task, level),
        effect_unit(verdict, labels),
    )
    if chart is None:
        return None
    name = f"snippet-{verdict.task}-{verdict.claim}"
    return Markup(draw_alone(chart, name))
