"""A page that grows leaves its reader alone: what is open stays open, through twenty
revisions.
"""

import json

import pytest
from playwright.sync_api import expect

from suite.records.results import Results

TASK = "logistic_regression"
REVISIONS = 20
SHOWN = "window.dash_component_api.getLayout('shown').props.data.etag"

RANGE = "document.querySelector('.js-plotly-plot').layout.xaxis.range"
# Sends the first chart again, with an axis that more blocks would have moved.
MOVED = """(() => {
    const chart = document.querySelector('.js-plotly-plot').closest('[id*=chart]');
    const id = { type: 'spec', name: JSON.parse(chart.id).name };
    const spec = structuredClone(window.dash_component_api.getLayout(id).props.data);
    spec.layout.xaxis.range = spec.layout.xaxis.range.map((end) => 2 * end);
    window.painted = 0;
    document.querySelector('.js-plotly-plot').on('plotly_afterplot', () => { window.painted += 1; });
    window.dash_clientside.set_props(id, { data: spec });
})()"""


@pytest.fixture
def quick(monkeypatch):
    """Looks for what is new several times a second."""
    monkeypatch.setattr("dashboard.shell.POLL", 250)
    monkeypatch.setattr("dashboard.data.snapshots.PERIOD", 0.1)


@pytest.fixture
def growing(quick, serve, look, synthetic, tmp_path):
    """A running campaign in a viewer, and what puts so many revisions on it."""
    size = synthetic.Size(
        blocks=6, trials=3, finals=1, tasks=(TASK,), done=0.8
    )
    campaign = synthetic.write_campaign(tmp_path, size)
    viewer = look(serve(Results(tmp_path)))

    def grow(revisions=REVISIONS):
        for _ in range(revisions):
            before = viewer.page.evaluate(SHOWN)
            assert synthetic.append(tmp_path, campaign, size, 1) > 0
            viewer.until(f"{SHOWN} !== {before!r}")

    return viewer, grow


def test_a_claim_page_keeps_details_zoom_focus_and_scroll(growing):
    viewer, grow = growing
    page = _open_claim(viewer)
    page.locator("details summary", has_text="View as table").first.click()
    page.locator(".ag-row").first.wait_for()
    zoom = _drag_to_zoom(page)
    page.get_by_role("link", name="Learning curves").last.focus()
    viewer.scroll(200)
    page.evaluate("window.stayed = document.querySelector('.js-plotly-plot')")
    grow()
    page.evaluate(MOVED)
    viewer.until("window.painted > 0")

    assert page.evaluate(
        "document.querySelector('.js-plotly-plot') === window.stayed"
    )
    assert page.evaluate(RANGE) == zoom
    expect(page.locator(".ag-row").first).to_be_visible()
    assert "Learning curves" in page.evaluate(
        "document.activeElement.innerText"
    )
    assert page.evaluate("scrollY") == 200
    page.get_by_role("button", name="Show everything again").first.click()
    viewer.until(f"JSON.stringify({RANGE}) !== {json.dumps(json.dumps(zoom))}")


def test_a_problem_comes_and_goes_without_remounting_the_page(
    growing, tmp_path
):
    viewer, _ = growing
    page = _open_claim(viewer)
    page.locator(".js-plotly-plot").first.wait_for()
    page.evaluate("window.stayed = document.querySelector('.js-plotly-plot')")
    (state,) = tmp_path.glob("*/state.json")
    sound = state.read_text()
    problem = page.locator("#problem")
    expect(problem).to_be_hidden()
    state.write_text("{")
    expect(problem).to_contain_text("state.json is damaged")
    state.write_text(sound)
    expect(problem).to_be_hidden()

    assert page.evaluate(
        "document.querySelector('.js-plotly-plot') === window.stayed"
    )


def _open_claim(viewer):
    """The page of the task's first claim, once it has its verdict."""
    page = viewer.open(f"/claim?task={TASK}")
    expect(page.locator("h1")).not_to_have_text("Claim")
    return page


def _drag_to_zoom(page):
    """Zoom in on the middle of the first chart, as readers do; its range then."""
    whole = page.evaluate(RANGE)
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.4 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(600)
    zoomed = page.evaluate(RANGE)
    assert zoomed != whole
    return zoomed


def test_the_overview_keeps_an_open_menu_focus_and_scroll(growing):
    viewer, grow = growing
    page = viewer.open("/")
    page.locator(".forest .mean").first.wait_for()
    done = page.locator(".progress .pieces span").first
    before = done.inner_text()
    viewer.scroll(200)
    page.get_by_role("textbox", name="Campaign").click()
    option = page.get_by_role("option").first
    expect(option).to_be_visible()
    grow()

    expect(option).to_be_visible()
    expect(page.get_by_role("textbox", name="Campaign")).to_be_focused()
    assert page.evaluate("scrollY") == 200
    assert done.inner_text() != before
    viewer.until("/^[0-9]+ % · /.test(document.title)")


def test_updates_can_be_paused(growing, synthetic):
    viewer, grow = growing
    page = viewer.open("/")
    pause = page.locator("#pause")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(600)
    before = page.evaluate(SHOWN)
    with pytest.raises(AssertionError, match="never came true"):
        _soon(viewer, grow)
    assert page.evaluate(SHOWN) == before
    pause.click()
    viewer.until(f"{SHOWN} !== {before!r}")


def _soon(viewer, grow):
    """One revision, given a second and a half to show itself."""
    patience = viewer.until

    def until(holds):
        viewer.page.wait_for_timeout(1500)
        assert viewer.page.evaluate(holds), f"never came true: {holds}"

    viewer.until = until
    try:
        grow(1)
    finally:
        viewer.until = patience


def test_a_page_that_comes_anew_waits_for_a_busy_reader(
    quick, serve, look, synthetic, tmp_path
):
    size = synthetic.Size(
        blocks=2, trials=3, finals=1, tasks=(TASK,), done=0.0
    )
    campaign = synthetic.write_campaign(tmp_path, size)
    page = look(serve(Results(tmp_path))).open(f"/curves?task={TASK}")
    held = page.locator("#held")
    page.get_by_role("textbox", name="Task").click()
    synthetic.append(tmp_path, campaign, size, 40)
    expect(held).to_have_text("40 new results · show")
    expect(page.locator(".graph")).to_have_count(0)

    held.click()
    expect(page.locator(".graph").first).to_be_visible()
    expect(held).to_be_hidden()
