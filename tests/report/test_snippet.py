"""A claim goes into another page as HTML that is whole by itself."""

from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from suite.cli.main import app
from suite.report.formatting import amounts
from suite.report.html.snippet import snippet
from suite.report.labels import Labels, effect_unit
from suite.verdicts.judge import judge_campaign
from tasks import UserError


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_snippet_is_one_element_that_refers_to_nothing(
    snapshots, finished, language
):
    recorded = snapshots.get(finished).campaign
    task = next(iter(recorded.manifest.tasks))
    claim = recorded.manifest.task(task).tested[0].name
    text = snippet(recorded, f"{task}/{claim}", language=language)
    figure = ElementTree.fromstring(text)

    assert figure.tag == "figure"
    assert figure.get("lang") == language
    assert "<svg" in text
    assert "var(" not in text
    assert "<script" not in text
    assert "url(http" not in text


@pytest.mark.parametrize(
    ("name", "says"),
    [("alone", "TASK/CLAIM"), ("logistic_regression/none", "claim")],
)
def test_an_unknown_claim_is_told(snapshots, finished, name, says):
    with pytest.raises(UserError, match=says):
        snippet(snapshots.get(finished).campaign, name)


def test_the_language_of_a_whole_report_is_no_choice():
    found = CliRunner().invoke(app, ["report", "--language", "zh"])

    assert found.exit_code == 2
    assert "--snippet" in found.output


@pytest.mark.parametrize(
    ("language", "unit"), [("en", "points"), ("zh", "个百分点")]
)
def test_an_axis_of_shares_is_in_points_in_the_readers_language(
    snapshots, finished, language, unit
):
    recorded = snapshots.get(finished).campaign
    labels = Labels(recorded.manifest, language)
    shares = [
        verdict
        for verdict in judge_campaign(recorded)
        if amounts(verdict).percent and not amounts(verdict).slope
    ]

    assert shares
    assert {effect_unit(verdict, labels) for verdict in shares} == {unit}
