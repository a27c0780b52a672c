"""Where one arrives: at the part that an address names, and on the way back where one
was.
"""

from playwright.sync_api import expect

TASK = "logistic_regression"
TOP = "document.getElementById('blocks').getBoundingClientRect().top"


def at_the_blocks(viewer):
    """The table of blocks begins just below the header, or the page ends with it."""
    end = "innerHeight + scrollY >= document.documentElement.scrollHeight - 2"
    viewer.until(
        f"document.getElementById('blocks') && ((0 < {TOP} && {TOP} < 160) || {end})"
    )
    viewer.until(f"0 < {TOP} && {TOP} < innerHeight")


def test_a_link_to_the_blocks_of_a_claim_scrolls_to_them(look, board):
    viewer = look(board)
    page = viewer.open("/")
    page.locator("a.amount").first.click()
    viewer.stands()

    at_the_blocks(viewer)


def test_an_address_of_the_blocks_scrolls_to_them(look, board):
    viewer = look(board)
    viewer.open(f"/claim?task={TASK}#blocks")

    at_the_blocks(viewer)


def test_the_way_back_leads_to_where_one_was(look, board):
    viewer = look(board)
    page = viewer.open("/")
    link = page.locator(".forest-row .says a").last
    link.scroll_into_view_if_needed()
    viewer.until("scrollY > 300")
    page.wait_for_timeout(300)
    before = page.evaluate("scrollY")
    link.click()
    viewer.stands()
    viewer.until("scrollY === 0")
    page.go_back()
    viewer.stands("Overview")

    viewer.until(f"Math.abs(scrollY - {before}) < 3")
    page.go_forward()
    viewer.stands()
    viewer.until("scrollY === 0")


def test_whoever_scrolls_is_not_pulled_back(look, board):
    viewer = look(board)
    page = viewer.open(f"/claim?task={TASK}#blocks")
    at_the_blocks(viewer)
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -10_000)
    viewer.until("scrollY === 0")
    page.wait_for_timeout(500)

    assert page.evaluate("scrollY") == 0


def test_whoever_scrolls_before_the_page_is_complete_stays_there(look, board):
    viewer = look(board)
    # Once there is a document, and before the page's own scripts are run
    viewer.page.add_init_script(
        """document.addEventListener("DOMContentLoaded", () => {
            const tall = document.createElement("div");
            tall.style.height = "4000px";
            document.documentElement.append(tall);
            document.documentElement.style.overflowAnchor = "none";
            scrollTo(0, 200);
        })"""
    )
    viewer.page.goto(viewer.base + "/")
    viewer.stands("Overview")
    viewer.page.wait_for_timeout(300)

    assert viewer.page.evaluate("scrollY") == 200


def test_a_choice_leaves_the_reader_where_they_are(look, board):
    viewer = look(board)
    page = viewer.open(f"/curves?task={TASK}")
    viewer.scroll(120)
    page.wait_for_timeout(300)
    page.get_by_role("textbox", name="Task").click()
    page.get_by_role("option", name="Batch size").click()
    viewer.until("location.search.includes('batch_size')")
    viewer.stands()

    expect(page.locator(".graph").first).to_contain_text("Epochs")
    viewer.until("Math.abs(scrollY - 120) < 40")
