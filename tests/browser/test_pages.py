"""Every page as people meet it: readable in both themes and on a telephone, with no
fault that axe-core knows.
"""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dashboard.pages import PAGES

PATHS = [page.PATH for page in PAGES]
QUERY = "?task=logistic_regression"


def faults(page):
    """What axe-core finds wrong, with the elements that are."""
    found = Axe().run(page).response["violations"]
    return [
        (rule["id"], [node["html"][:160] for node in rule["nodes"][:3]])
        for rule in found
    ]


def test_axe_finds_nothing_on_any_page(look, board):
    viewer = look(board)
    found = {}
    for path in PATHS:
        page = viewer.open(path + (QUERY if path != "/" else ""))
        if path == "/runs":
            page.locator(".ag-row").first.wait_for()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found[path, scheme] = faults(page)

    assert {where: wrong for where, wrong in found.items() if wrong} == {}


def test_tables_take_the_colours_of_the_theme(look, board):
    page = look(board, scheme="dark").open("/runs")
    page.locator(".ag-row").first.wait_for()

    expect(page.locator(".ag-root-wrapper")).to_have_css(
        "background-color", "rgb(27, 30, 36)"
    )  # the surface of cards


def test_no_page_is_wider_than_its_window(look, board):
    viewer = look(board, width=375, height=812)
    for path in PATHS:
        page = viewer.open(path + (QUERY if path != "/" else ""))
        for width in (375, 1440):
            page.set_viewport_size({"width": width, "height": 812})
            found = page.evaluate("document.documentElement.scrollWidth")

            assert found <= width, (path, width)
        page.set_viewport_size({"width": 375, "height": 812})


def test_the_menu_of_a_telephone_opens_and_closes(look, board):
    page = look(board, width=390, height=844).open("/")
    burger, nav = page.locator("#burger"), page.locator("#nav")

    expect(burger).to_have_attribute("aria-expanded", "false")
    expect(nav).to_be_hidden()
    burger.click()
    nav.get_by_role("link", name="Learning curves").click()
    page.locator("main h1", has_text="Learning curves").wait_for()
    expect(nav).to_be_hidden()
    expect(burger).to_have_attribute("aria-expanded", "false")


def test_hidden_columns_stay_hidden_and_come_back_together(look, board):
    viewer = look(board)
    visible = (
        "dash_ag_grid.getApi('runs-grid')?.getColumn('level').isVisible()"
    )
    page = viewer.open("/runs", "Runs")
    page.locator(".ag-row").first.wait_for()
    page.locator(".columns summary").click()
    page.get_by_role("checkbox", name="Level", exact=True).uncheck()
    viewer.until(f"{visible} === false")

    viewer.open("/runs?kind=final", "Runs")
    viewer.until(f"{visible} === false")
    page.locator(".columns summary").click()
    box = page.get_by_role("checkbox", name="Level", exact=True)
    expect(box).not_to_be_checked()
    page.get_by_role("button", name="All columns").click()
    expect(box).to_be_checked()
    viewer.until(f"{visible} === true")


def test_a_chart_is_enlarged_by_keyboard_and_escape_leads_back(look, board):
    page = look(board).open("/curves", "Learning curves")
    button = page.get_by_role("button", name="Enlarge").first
    button.focus()
    page.keyboard.press("Enter")
    large = page.locator("dialog .js-plotly-plot")
    expect(large.locator(".main-svg .trace").first).to_be_attached()
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_curves_speak_in_sentences_where_the_pointer_is(look, board):
    page = look(board).open("/curves?task=batch_size")
    place = page.locator(".graph .nsewdrag").first.bounding_box()
    page.mouse.move(
        place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    )
    said = page.locator(".graph .hoverlayer").first

    expect(said).to_contain_text(re.compile(r"After [\d,.]+ epochs"))
    expect(said).to_contain_text(
        re.compile(r"[\d.]+% \(95 % interval [\d.]+% to [\d.]+%, 6 blocks\)")
    )


def test_the_table_of_runs_is_printed_as_its_reader_sees_it(look, board):
    page = look(board).open("/runs?kind=final", "Runs")
    page.locator(".ag-row").first.wait_for()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = page.locator(".on-paper")

    expect(page.locator(".ag-root-wrapper")).to_be_hidden()
    expect(paper.locator("th").first).to_have_text("Task")
    expect(paper.locator("tbody tr").first).to_contain_text("Final")
    expect(paper.locator("p")).to_contain_text("the files have them all")
    width, room = page.evaluate(
        "['.on-paper table', '.on-paper'].map("
        "(one) => document.querySelector(one).offsetWidth)"
    )
    assert width <= room
    assert not re.search("[0-9a-f]{32}", paper.inner_text())  # a key in full
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(paper).to_have_count(0)


def test_one_chart_becomes_a_pdf_of_its_own(look, board):
    page = look(board).open("/curves?task=batch_size")
    page.evaluate("window.print = () => {}")
    pages = re.compile(rb"/Type\s*/Page\b")
    whole = pages.findall(page.pdf())
    chart = page.locator("main .chart").first
    chart.get_by_text("PDF", exact=True).click()
    alone = pages.findall(page.pdf())

    assert len(whole) > len(alone) == 1
    assert "Batch size" in chart.get_attribute("data-of")
    expect(page.locator(".alone")).to_have_count(0)  # once it is printed
