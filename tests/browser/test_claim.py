"""A claim page in a browser: all of it is shown, and its links lead where they say."""

import pytest
from playwright.sync_api import expect

from suite.records.results import Results

TASK = "logistic_regression"


@pytest.fixture(scope="module")
def troubled(synthetic, tmp_path_factory):
    """A campaign many of whose trials failed, so that gates fail."""
    root = tmp_path_factory.mktemp("troubled")
    size = {"blocks": 6, "trials": 3, "finals": 1, "tasks": (TASK,)}
    synthetic.write_campaign(root, synthetic.Size(**size, failures=0.5))
    return Results(root)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_failed_gate_shows_what_to_do(look, serve, troubled, language):
    page = look(serve(troubled)).open(f"/claim?task={TASK}&lang={language}")
    failed = page.locator(".gate-list .failed")

    expect(failed.locator("p .label").first).to_be_visible()
    expect(failed.locator("code").first).to_contain_text("bakeoff retry")
