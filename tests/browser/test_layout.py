"""What fits: long names on a telephone, graphs before they are painted, and paper."""

import json
import re

import pytest
from playwright.sync_api import expect

from dashboard.pages import PAGES
from suite.records.results import Results

TASK, MANY_ARMS = "logistic_regression", "overfitting"
LONG = "a_very_long_name_of_an_arm_that_nobody_could_possibly_break_up"


@pytest.fixture(scope="module")
def long_names(synthetic, tmp_path_factory):
    """A campaign with more than twelve arms whose names have sixty characters and no
    space in them.
    """
    root = tmp_path_factory.mktemp("long")
    size = synthetic.Size(blocks=3, trials=3, finals=1, tasks=(MANY_ARMS,))
    path = root / synthetic.write_campaign(root, size) / "campaign.json"
    about = json.loads(path.read_text())
    arms = about["tasks"][MANY_ARMS]["arms"]
    assert len(arms) >= 12
    for number, arm in enumerate(arms):
        arm["label"] = f"{LONG[:58]}{number:02}"
    path.write_text(json.dumps(about))
    return Results(root)


def test_names_of_sixty_characters_fit_a_telephone(look, serve, long_names):
    viewer = look(serve(long_names), width=375, height=812)
    wide = {}
    for page in PAGES:
        shown = viewer.open(f"{page.PATH}?task={MANY_ARMS}")
        wide[page.PATH] = shown.evaluate(
            "document.documentElement.scrollWidth"
        )

    assert {path: width for path, width in wide.items() if width > 375} == {}


def test_the_squares_of_cells_stay_in_sight_beside_a_long_name(
    look, serve, long_names
):
    page = look(serve(long_names), width=375, height=812).open("/")
    square = page.locator(".matrix .cell").first
    square.scroll_into_view_if_needed()

    assert square.bounding_box()["x"] < 375


def test_titles_of_axes_fit_the_narrowest_telephone(look, board):
    page = look(board, width=320, height=640).open(f"/arms?task={TASK}")
    boxes = [one.bounding_box() for one in page.locator(".xtitle").all()]

    assert boxes
    assert all(box["x"] >= 0 for box in boxes)
    assert all(box["x"] + box["width"] <= 320 for box in boxes)


def test_names_at_the_ends_of_lines_are_as_readable_as_text(look, board):
    page = look(board, scheme="dark").open(f"/curves?task={TASK}")
    colors = page.evaluate(
        "[...document.querySelectorAll('.annotation-text')]"
        ".map((text) => getComputedStyle(text).fill)"
    )

    assert set(colors) == {"rgb(232, 234, 237)"}


def test_a_graph_has_its_height_before_plotly_is_there(look, board):
    viewer = look(board)
    viewer.page.route(re.compile("plotly"), lambda route: None)
    viewer.page.goto(f"{board}/claim?task={TASK}")
    graph = viewer.page.locator(".graph").first
    graph.wait_for()

    assert graph.bounding_box()["height"] >= 240
    viewer.page.unroute_all(behavior="ignoreErrors")


def test_marks_are_printed_and_what_is_of_no_use_on_paper_is_not(look, board):
    page = look(board).open("/")
    page.emulate_media(media="print")

    for mark in (
        ".forest .deciding",
        ".forest .mean",
        ".swatch",
        ".cell",
        ".verdict",
    ):
        expect(page.locator(mark).first).to_have_css(
            "print-color-adjust", "exact"
        )
    for useless in (".skip", "header", "#nav", ".files"):
        expect(page.locator(useless).first).to_be_hidden()


def test_a_page_on_a_dark_screen_is_printed_light(look, board):
    page = look(board, scheme="dark").open("/claim?task=logistic_regression")
    white, ink = "rgb(255, 255, 255)", "rgb(31, 35, 41)"
    chart = page.locator(".graph .main-svg").first

    page.emulate_media(media="print", color_scheme="dark")

    expect(page.locator("body")).to_have_css("background-color", white)
    expect(page.locator("main .card").first).to_have_css(
        "background-color", white
    )
    expect(page.locator("main h1")).to_have_css("color", ink)

    # The browser draws charts again for paper, and for the screen afterwards.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(chart).to_have_css("background-color", white)
    expect(chart).to_have_attribute("width", "680")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(chart).not_to_have_css("background-color", white)
    expect(chart).not_to_have_attribute("width", "680")


def test_a_report_shows_every_effect_without_scrolling(look, board, results):
    page = look(board).page
    campaign = results.ids()[0]
    report = page.context.request.get(f"{board}/report/{campaign}.html")
    page.set_content(report.text())
    table = page.locator(".summary .wide")

    assert page.locator(".summary td:nth-child(4)").count() > 1
    for width in (375, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        beyond = table.evaluate("(one) => one.scrollWidth - one.clientWidth")

        assert beyond <= 0, width
