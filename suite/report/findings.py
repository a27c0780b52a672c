"""Findings over several campaigns in plain words, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from suite.report.effect_amounts import amount_text, signed_number
from suite.report.formatting import amounts, probability
from suite.report.messages import translate
from suite.report.sentences import Labels
from suite.verdicts.findings import Attempt, Finding

OWN_VERSIONS = ("python", "torch")  # those that pages have room for


def claim_text(finding: Finding, language: str = "en") -> str:
    """The claim, and the level it is judged at where it has several."""
    verdict, labels = finding.newest.verdict, labels_of(finding, language)
    says = labels.claim(verdict)
    # Where there is one level, the claim's own words imply it.
    several = len(verdict.levels) > 1 or len(verdict.order) > 2
    if not several or not finding.level:
        return says
    level = labels.level(finding.task, finding.level)
    return translate("findings-at-level", language, claim=says, level=level)


def labels_of(finding: Finding, language: str) -> Labels:
    """The names of arms and levels, as the newest campaign has them."""
    return Labels(finding.newest.campaign.manifest, language)


def effect_text(attempt: Attempt, language: str = "en") -> str:
    """An attempt's effect with its plain interval, in the claim's unit."""
    return amount_text(
        attempt.verdict, attempt.effect, attempt.interval, language
    )


def left_out_text(attempt: Attempt, language: str = "en") -> str:
    """Why an attempt is not pooled; "" if it is."""
    if not attempt.left_out:
        return ""
    code = f"findings-{attempt.left_out.replace('_', '-')}"
    return translate(code, language)


def together(finding: Finding, language: str = "en") -> str:
    """What the campaigns come to together, and whether they agree."""
    pooled, newest = finding.pooled, finding.newest
    if pooled is None:
        count = len(finding.counted)
        code = "findings-nothing-to-pool" if count else "findings-none-counts"
        return translate(code, language)
    written = amounts(newest.verdict)
    low, high = (
        signed_number(newest.verdict, end) for end in pooled.prediction
    )
    # A standard deviation is not an effect, and a promise is not part of it.
    tau = replace(written, promised=0.0).amount(pooled.tau)
    values = {
        "effect": amount_text(
            newest.verdict, pooled.effect, pooled.interval, language
        ),
        "count": pooled.campaigns,
        "p": probability(pooled.p_same),
        "share": f"{100 * pooled.i_squared:.0f}",
        "tau": tau.replace(" points", "").replace(" point", ""),
        "low": low,
        "high": high,
    }
    code = "findings-differ" if pooled.differ else "findings-agree"
    return translate(code, language, **values)


def conditions_text(finding: Finding, language: str = "en") -> str:
    """The conditions in which this finding differs from others of its claim."""
    parts = [
        translate(
            "findings-condition",
            language,
            name=translate(f"condition-{name.replace('_', '-')}", language),
            value=finding.settings[name]
            or translate("findings-default", language),
        )
        for name in finding.differing
    ]
    return translate("semicolon", language).join(parts)


# -- JSON


def findings_as_json(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings as plain values. Effects are on the claim's scale, less what it
    promises; numbers that are not finite become None.
    """
    return [_finding_as_json(one) for one in found]


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    """One finding with all of its attempts."""
    pooled = finding.pooled
    return {
        "task": finding.task,
        "claim": finding.claim,
        "level": finding.level,
        "says": finding.newest.verdict.says,
        "margin": finding.newest.verdict.margin,
        "scale": finding.newest.verdict.scale,
        "settings": dict(finding.settings),
        "attempts": [_attempt_as_json(one) for one in finding.attempts],
        "pooled": None
        if pooled is None
        else {
            "effect": pooled.effect,
            "interval": list(pooled.interval),
            "prediction": list(pooled.prediction),
            "tau": pooled.tau,
            "i_squared": pooled.i_squared,
            "p_same": pooled.p_same,
            "differ": pooled.differ,
            "campaigns": pooled.campaigns,
        },
        "sentence": together(finding),
    }


def _attempt_as_json(attempt: Attempt) -> dict[str, Any]:
    """What one campaign found, and under what conditions."""
    manifest = attempt.campaign.manifest
    return {
        "campaign": attempt.campaign.id,
        "created": manifest.created,
        "root_seed": manifest.root_seed,
        "verdict": attempt.verdict.verdict,
        "failed_gates": [gate.code for gate in attempt.verdict.failed_gates],
        "effect": attempt.effect,
        "interval": list(attempt.interval),
        "blocks": attempt.blocks,
        "hardware": list(attempt.hardware),
        "versions": dict(attempt.versions),
        "counted": not attempt.left_out,
        "left_out": attempt.left_out,
    }
