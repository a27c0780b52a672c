"""A measure's own unit stands wherever its effects are written."""

import pytest

from dashboard.locale import Words
from dashboard.locale.numbers import measuring
from suite.report import sentences
from suite.report.effect_amounts import effect_alone
from suite.report.formatting import effect_and_interval
from suite.report.sentences import Labels
from suite.verdicts.judge import judge_campaign
from tasks import Claim

CLAIM = Claim("c", "", "code_length", better="gpt", worse="pairs", margin=0.1)
GPT = [2.0, 2.1, 1.9, 2.0, 2.05, 1.95]
PAIRS = [3.0, 3.1, 2.9, 3.05, 2.95, 3.0]
BITS = {"name": "code_length", "better": "lower", "unit": "bits"}


@pytest.fixture
def judged(written_campaign):
    def judge(**changes):
        rows = [
            {"arm": arm, "block": block, "test.code_length": value}
            for arm, values in (("gpt", GPT), ("pairs", PAIRS))
            for block, value in enumerate(values)
        ]
        measures = [BITS | changes]
        record = written_campaign(rows, [CLAIM], measures=measures)
        (verdict,) = judge_campaign(record)
        return verdict, record

    return judge


def test_effects_margins_and_sentences_have_the_unit_of_the_measure(judged):
    verdict, record = judged()
    said = sentences.sentence(verdict, Labels(record.manifest))
    shown = measuring(verdict, Words("en"))

    assert verdict.unit == "bits"
    assert effect_and_interval(verdict).startswith("+1 bits (")
    assert effect_alone(verdict, verdict.effect) == "+1 bits"
    assert "by 1 bits in" in said
    assert "more than the 0.1 bits that matter" in said
    assert shown.full(verdict.effect) == "+1 bits"
    assert shown.amount(verdict.margin) == "0.1 bits"


def test_a_measure_without_a_unit_has_none(judged):
    verdict, _ = judged(unit="")

    assert effect_and_interval(verdict).startswith("+1 (")
