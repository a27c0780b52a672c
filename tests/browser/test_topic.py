"""A topic's page in class: led by arrow keys, asked before it is told."""

from playwright.sync_api import expect

TOPIC = "/topic?task=batch_size"


def test_arrow_keys_lead_a_presentation_and_escape_leaves_it(look, board):
    page = look(board).open(f"{TOPIC}&present=1", "Batch size")

    expect(page.locator("#nav")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.locator("main h1", has_text="Logistic regression").wait_for()
    page.keyboard.press("ArrowLeft")
    page.locator("main h1", has_text="Batch size").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("#nav")).to_be_visible()


def test_a_verdict_is_shown_once_it_is_predicted_and_predictions_are_counted(
    look, board
):
    page = look(board).open(f"{TOPIC}&quiz=1", "Batch size")
    verdicts = page.locator(".claims tbody tr .outcome")
    expect(verdicts.nth(0)).to_be_hidden()

    page.locator(".claims tbody tr").nth(0).get_by_label("It holds").click()

    expect(verdicts.nth(0)).to_be_visible()
    expect(verdicts.nth(1)).to_be_hidden()
    held = "Supported" in verdicts.nth(0).inner_text()
    counted = f"{int(held)} of 1 predictions came true."
    expect(page.locator("#quiz-score")).to_have_text(counted)


def test_the_number_of_blocks_redraws_the_chart_and_stays_in_the_address(
    look, board
):
    page = look(board).open(TOPIC, "Batch size")
    chart = page.locator("#once .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    expect(chart).to_contain_text("With 1 block,")

    page.locator("#once .mantine-SegmentedControl-root").get_by_text(
        "6", exact=True
    ).click()

    expect(chart).to_contain_text("With 6 blocks,")
    assert "n=6" in page.url
