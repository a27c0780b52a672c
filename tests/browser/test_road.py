"""From "what did we find?" to the blocks behind it and their MLflow runs; then live
state, language, theme, links.
"""

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from suite.records.results import Results

# of the first chart, or of the first of its panels
X_TITLE = ".graph [class^='x'][class$='title']"
TASK = "logistic_regression"


def test_two_clicks_lead_from_the_findings_to_the_blocks_and_to_a_run(
    look, board
):
    viewer = look(board)
    page = viewer.open("/", "Overview")
    claim = page.locator(".forest-group a").first
    said = claim.inner_text()
    claim.click()
    viewer.stands(said)

    expect(page).to_have_url(re.compile(re.escape(f"{board}/claim?")))
    expect(page.locator(".graph .main-svg .trace")).not_to_have_count(0)
    blocks = page.locator("#blocks tbody tr")
    expect(blocks).to_have_count(6)
    run = blocks.first.locator("a").first
    assert re.fullmatch(
        r"http://127\.0\.0\.1:5000/#/experiments/\d+/runs/[0-9a-f]{32}",
        run.get_attribute("href"),
    )
    assert run.get_attribute("rel") == "noopener noreferrer"


def test_the_overview_needs_no_plotly(look, board):
    viewer = look(board)
    scripts = []
    viewer.page.on(
        "request",
        lambda asked: (
            scripts.append(asked.url)
            if asked.resource_type == "script"
            else None
        ),
    )
    viewer.open("/")
    prefetch = viewer.page.locator("link[rel=prefetch][href*=plotly]")
    expect(prefetch).to_have_count(1)  # while the reader reads

    assert scripts
    assert not [url for url in scripts if "plotly" in url and "min.js" in url]


def test_back_and_forward_go_through_pages_and_choices(look, board):
    viewer = look(board)
    page = viewer.open("/")
    page.locator("#nav").get_by_role("link", name="Learning curves").click()
    viewer.stands("Learning curves")
    page.go_back()
    viewer.stands("Overview")
    page.go_forward()
    viewer.stands("Learning curves")


def test_a_growing_campaign_shows_itself_without_reloading(
    look, serve, synthetic, tmp_path
):
    size = synthetic.Size(
        blocks=2, trials=3, finals=1, tasks=(TASK,), done=0.5
    )
    campaign = synthetic.write_campaign(tmp_path, size)
    viewer = look(serve(Results(tmp_path)))
    page = viewer.open("/")
    page.evaluate("window.stayed = true")
    expect(page.locator(".progress")).to_contain_text("72 of 144")
    synthetic.append(tmp_path, campaign, size, 16)
    expect(page.locator(".progress")).to_contain_text("88 of 144")
    synthetic.append(tmp_path, campaign, size, 56)
    expect(page.locator(".progress")).to_have_count(0)
    expect(page.locator(".forest .mean").first).to_be_visible(timeout=30_000)

    assert page.evaluate("window.stayed")


def test_chinese_reaches_every_corner_and_stays(look, board):
    viewer = look(board)
    page = viewer.open("/")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("main h1")).to_have_text("总览")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator("#nav").get_by_role("link", name="学习曲线").click()
    viewer.stands("学习曲线")

    expect(page).to_have_url(re.compile("lang=zh"))
    page.reload()
    viewer.stands("学习曲线")


def test_the_theme_follows_the_system_can_be_changed_and_stays(look, board):
    viewer = look(board, scheme="dark")
    page = viewer.open(f"/curves?task={TASK}")

    chart = page.locator(".graph .main-svg").first

    expect(chart).to_have_css("background-color", "rgb(27, 30, 36)")
    page.locator("#scheme").click()
    expect(chart).to_have_css("background-color", "rgb(255, 255, 255)")
    page.reload()
    viewer.stands()
    expect(chart).to_have_css("background-color", "rgb(255, 255, 255)")


def test_view_options_need_no_request_and_stay_in_the_address(look, board):
    viewer = look(board)
    page = viewer.open(f"/curves?task={TASK}")
    asked = []
    page.on(
        "request",
        lambda request: (
            asked.append(request.post_data or "")
            if "_dash" in request.url
            else None
        ),
    )
    page.get_by_text("Epochs", exact=True).click()
    expect(page.locator(X_TITLE).first).to_have_text("Epochs")

    causes = [
        body.rpartition("changedPropIds")[2] for body in asked
    ]  # the page's own, too: it looks for news
    assert [cause for cause in causes if "option" in cause] == []
    expect(page).to_have_url(re.compile("x=epoch"))
    again = look(board)
    shown = again.open(page.url.removeprefix(board))
    expect(shown.locator(X_TITLE).first).to_have_text("Epochs")


def test_a_choice_stands_while_the_page_comes_anew(
    look, serve, synthetic, tmp_path
):
    size = synthetic.Size(
        blocks=2, trials=3, finals=1, tasks=(TASK,), done=0.5
    )
    campaign = synthetic.write_campaign(tmp_path, size)
    page = look(serve(Results(tmp_path))).open(f"/curves?task={TASK}")
    told = page.locator("#about .live")
    before = told.inner_text()
    held = []

    def hold(route):
        held.append(route) if _asks_anew(route.request) else route.continue_()

    page.route("**/_dash-update-component", hold)
    with page.expect_request(
        _asks_anew, timeout=60_000
    ):  # from the address as it is
        synthetic.append(tmp_path, campaign, size, 16)
    page.get_by_text("Epochs", exact=True).click()
    expect(page).to_have_url(re.compile("x=epoch"))
    page.unroute("**/_dash-update-component")
    for route in held:
        route.continue_()
    expect(told).not_to_have_text(before)
    # A choice of the browser's is no reason to replace the page as a whole,
    # which would wait for the reader.
    expect(page.locator("#held")).to_be_hidden()

    expect(page.get_by_role("radio", name="Epochs")).to_be_checked()
    expect(page.locator(X_TITLE).first).to_have_text("Epochs")
    expect(page).to_have_url(re.compile("x=epoch"))


def _asks_anew(request):
    return (
        "news.data"
        in (request.post_data or "").rpartition("changedPropIds")[2]
    )


def test_a_choice_goes_into_the_address(look, board):
    viewer = look(board)
    page = viewer.open(f"/curves?task={TASK}")
    page.get_by_role("textbox", name="Task").click()
    page.get_by_role("option", name="Batch size").click()
    page.wait_for_url(re.compile("task=batch_size"))
    viewer.stands()
    chart = page.locator(".graph").first
    expect(chart).to_contain_text(
        "Epochs"
    )  # of which all batch sizes have as many
    page.get_by_text("Updates", exact=True).click()
    expect(chart).to_contain_text("Updates")
    expect(page).to_have_url(re.compile("x=step"))
    page.locator(".mantine-SegmentedControl-label").get_by_text(
        "Epochs", exact=True
    ).click()
    expect(chart).to_contain_text("Epochs")
    expect(page).not_to_have_url(re.compile("x="))


def test_pictures_are_followed_through_training(look, board):
    page = look(board).open(f"/samples?task={TASK}")
    pictures = page.locator(".sample").first.locator("[data-step]:visible")
    expect(pictures).to_have_attribute("data-step", "1000")
    page.get_by_role("slider").press("ArrowLeft")
    expect(pictures).to_have_attribute("data-step", "500")
    expect(page).to_have_url(re.compile("step=500"))
    page.reload()
    expect(pictures).to_have_attribute("data-step", "500")
    page.get_by_role("button", name="Play, step by step").click()
    expect(pictures).to_have_attribute("data-step", "1000")


def test_the_address_can_be_copied(look, board):
    viewer = look(board)
    page = viewer.open(f"/curves?task={TASK}&x=seconds")
    page.context.grant_permissions(
        ["clipboard-read", "clipboard-write"], origin=board
    )
    page.bring_to_front()
    page.get_by_role("button", name="Copy link").click()

    viewer.until(
        "navigator.clipboard.readText().then((text) => text === location.href && text.includes('x=seconds'))"
    )


def test_what_a_chart_shows_can_be_taken_away(look, board):
    viewer = look(board)
    page = viewer.open(f"/curves?task={TASK}")
    chart = page.locator(".chart").first
    files = {}
    for kind in ("CSV", "Parquet", "SVG", "PNG"):
        with page.expect_download() as saved:
            chart.locator(".files").get_by_text(kind, exact=True).click()
        files[kind] = Path(saved.value.path()).read_bytes()

    rows = list(csv.DictReader(io.StringIO(files["CSV"].decode())))
    frame = pd.read_parquet(io.BytesIO(files["Parquet"]))
    assert len(rows) == len(frame) > 0
    assert files["SVG"].startswith(b"<svg")
    assert b"Logistic regression" in files["SVG"]  # what it is of
    assert files["PNG"].startswith(b"\x89PNG")
    chart.locator("summary").click()
    chart.locator(".ag-row").first.wait_for()


def test_the_verdicts_can_be_taken_away_for_a_text(look, board):
    page = look(board).open("/")
    for kind, begins in (("Markdown", "### "), ("LaTeX", "% Campaign ")):
        with page.expect_download() as saved:
            page.locator("#forest .files").get_by_text(
                kind, exact=True
            ).click()
        assert (
            Path(saved.value.path())
            .read_text(encoding="utf-8")
            .startswith(begins)
        )


def test_the_keyboard_alone_leads_to_a_claim(look, board):
    viewer = look(board)
    page = viewer.open("/")
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    expect(page.locator("#skip")).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.forest-row')"):
            break
    said = page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Enter")
    viewer.stands(said)

    expect(page).to_have_url(re.compile("/claim[?]"))


@pytest.mark.parametrize(
    "name",
    [
        "?task=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "?campaign=..%2F..%2Fetc",
    ],
)
def test_an_address_with_tricks_in_it_is_only_text(look, board, name):
    viewer = look(board)
    viewer.page.on(
        "dialog",
        lambda dialog: viewer.errors.append(f"a dialog: {dialog.message}"),
    )
    page = viewer.open("/curves" + name)
    page.locator("main .empty").wait_for()

    expect(page.locator("main img")).to_have_count(0)


def test_hostile_samples_stay_text(look, board):
    viewer = look(board)
    viewer.page.on(
        "dialog",
        lambda dialog: viewer.errors.append(f"a dialog: {dialog.message}"),
    )
    page = viewer.open(f"/samples?task={TASK}")
    expect(
        page.get_by_text("<img src=x onerror=alert(1)>").first
    ).to_be_visible()

    expect(page.locator("img[src='x']")).to_have_count(0)
    expect(page.locator("a[href^='javascript']")).to_have_count(0)


def test_without_a_campaign_the_first_command_is_shown(look, serve, tmp_path):
    page = look(serve(Results(tmp_path))).open("/claim", "No campaign yet")

    expect(page.locator("main")).to_contain_text("bakeoff run quick")


@pytest.mark.parametrize("width", [1440, 390])
def test_three_clicks_lead_from_a_question_to_why_and_to_a_run(
    look, board, width
):
    viewer = look(board, width=width)
    page = viewer.open("/", "Overview")
    question = page.locator(".question").first
    expect(question.locator(".answer")).to_be_visible()

    page.locator(".to-topic").first.click()
    expect(page.locator("main .why")).to_be_visible()

    page.locator(".claims td a").first.click()
    viewer.stands()
    expect(page.locator(".outcome.big")).to_be_visible()

    # The third click opens the run, without another page between.
    run = page.locator("#blocks tbody tr").first.locator("a").first
    run.scroll_into_view_if_needed()
    expect(run).to_be_visible()
    assert "/#/experiments/" in run.get_attribute("href")
