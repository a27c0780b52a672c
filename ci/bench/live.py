"""What does a live page do to its reader? A synthetic campaign grows by a run a second
under the pages of a claim and of the overview, in a real browser.

Counts what is remounted although it did not change, and looks at memory, and at what
the reader opened, zoomed and focused. Prints a table in Markdown.

    python ci/bench/live.py [--minutes 30]
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil
import synthetic
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard import shell
from dashboard.app import create_app
from dashboard.serve import in_background
from suite.records.journal import FILE
from suite.records.results import Results

FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
TASK = "logistic_regression"
SIZE = synthetic.Size(
    blocks=6, trials=40, finals=1, tasks=(TASK, "batch_size"), done=0.45
)
MB = 1e6
# Elements that are taken away and put back with the same content: no reader
# should pay for those. Charts count as painted when plotly has drawn them.
WATCH = """() => {
  window.remounted = 0; window.replaced = 0; window.painted = 0; window.specs = 0;
  new MutationObserver((records) => {
    for (const record of records) {
      const gone = [...record.removedNodes].filter((node) => node.nodeType === 1 && !node.closest('.js-plotly-plot'));
      const come = new Set([...record.addedNodes].filter((node) => node.nodeType === 1).map((node) => node.outerHTML));
      if (record.target.closest?.('.js-plotly-plot')) continue;
      window.replaced += gone.length;
      window.remounted += gone.filter((node) => come.has(node.outerHTML)).length;
    }
  }).observe(document.getElementById('main'), { childList: true, subtree: true });
  for (const box of document.querySelectorAll('.js-plotly-plot')) box.on('plotly_afterplot', () => { window.painted += 1; });
}"""
COUNTS = "[window.remounted, window.replaced, window.painted]"
SHOWN = "window.dash_component_api.getLayout('shown').props.data.etag"
RANGE = "document.querySelector('.js-plotly-plot').layout.xaxis.range"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=2.0)
    seconds = 60 * parser.parse_args().minutes
    shell.POLL = 1000  # four times as often as readers' browsers look
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        campaign = synthetic.write_campaign(folder, SIZE)
        app = create_app(Results(folder))
        with in_background(app) as address, sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(
                executable_path=path, args=FLAGS
            )
            print("| what | claim | overview |\n|---|---|---|")
            watched = Watched(browser, address)
            for _ in grown(folder / campaign, seconds):
                watched.look()
            for row in watched.rows():
                print(f"| {' | '.join(row)} |", flush=True)
            browser.close()


def grown(folder: Path, seconds: float) -> Iterator[int]:
    """Put a run on the record every second, and give back how many there are."""
    lines = list(synthetic._lines(synthetic.plan_for(SIZE), SIZE))
    with (folder / FILE).open("a+", encoding="utf-8") as file:
        file.seek(0)
        there = sum(1 for _ in file)
        begun = time.monotonic()
        while there < len(lines) and time.monotonic() - begun < seconds:
            file.write(json.dumps(lines[there], separators=(",", ":")) + "\n")
            file.flush()
            there += 1
            synthetic._write_state(folder, lines[:there], len(lines))
            yield there
            time.sleep(1.0)


class Reader:
    """A page whose reader has opened, zoomed and focused something."""

    def __init__(self, browser: Browser, address: str, path: str) -> None:
        self.errors: list[str] = []
        self.states = 0
        self.page: Page = browser.new_page(
            viewport={"width": 1440, "height": 900}
        )
        self.page.set_default_timeout(120_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.errors.append(said.text) if said.type == "error" else None
            ),
        )
        self.page.goto(address + path)
        self.page.locator("main h1").first.wait_for()
        self.page.wait_for_timeout(10_000)  # charts and verdicts
        self.tools = self.page.context.new_cdp_session(self.page)
        self.tools.send("Performance.enable")
        self.page.evaluate(WATCH)
        self._etag = self.page.evaluate(SHOWN)
        self.heaps = [self.heap()]

    def heap(self) -> float:
        """Megabytes of JavaScript after everything unused is collected."""
        self.tools.send("HeapProfiler.collectGarbage")
        metrics = self.tools.send("Performance.getMetrics")["metrics"]
        found = {one["name"]: one["value"] for one in metrics}
        return float(found["JSHeapUsedSize"]) / MB

    def look(self) -> None:
        """Count a state of the campaign that has come since the last look."""
        etag = self.page.evaluate(SHOWN)
        self.states += etag != self._etag
        self._etag = etag


class Watched:
    """Both pages, and the memory of the server."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.claim = Reader(browser, address, f"/claim?task={TASK}")
        self.overview = Reader(browser, address, "/")
        self.readers = (self.claim, self.overview)
        self.looks = 0
        claim = self.claim.page
        claim.locator("details summary", has_text="table").first.click()
        claim.locator(".ag-row").first.wait_for()
        claim.locator(".ag-header-cell").first.click()  # sorts
        self.zoom = _zoom(claim)
        claim.get_by_role("link", name="Learning curves").last.focus()
        self.overview.page.get_by_role("textbox", name="Search").focus()
        self.memory = [self._rss()]

    def _rss(self) -> float:
        return psutil.Process().memory_info().rss / MB

    def look(self) -> None:
        """Once a second; memory once a minute."""
        self.looks += 1
        for reader in self.readers:
            reader.look()
            if self.looks % 60 == 0:
                reader.heaps.append(reader.heap())
        if self.looks % 60 == 0:
            self.memory.append(self._rss())

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """The table."""
        counts = [reader.page.evaluate(COUNTS) for reader in self.readers]

        def row(what: str, values: list[str]) -> tuple[str, str, str]:
            return what, values[0], values[-1]

        yield row("runs recorded", [f"{self.looks:,}"])
        yield row("states shown", [f"{one.states:,}" for one in self.readers])
        for place, what in enumerate(
            ("remounted although equal", "elements replaced", "charts drawn")
        ):
            yield row(what, [f"{one[place]:,}" for one in counts])
        heaps = [_course(reader.heaps) for reader in self.readers]
        yield row("JavaScript heap, MB, after each sixth", heaps)
        yield row(
            "server's memory, MB, after each sixth", [_course(self.memory)]
        )
        yield row(
            "console errors", [f"{len(one.errors)}" for one in self.readers]
        )
        yield row("kept", [self._claim_kept(), self._overview_kept()])

    def _claim_kept(self) -> str:
        page = self.claim.page
        held = {
            "zoom": page.evaluate(RANGE) == self.zoom,
            "details": page.locator(".ag-row").first.is_visible(),
            "sort": page.locator("[aria-sort=ascending]").count() > 0,
            "focus": "Learning curves"
            in page.evaluate("document.activeElement.innerText"),
        }
        return ", ".join(
            name if kept else f"not {name}" for name, kept in held.items()
        )

    def _overview_kept(self) -> str:
        focused = self.overview.page.evaluate("document.activeElement.tagName")
        return "focus" if focused == "INPUT" else "not focus"


def _zoom(page: Page) -> list[float]:
    """Zoom in on the middle of the first chart; its range then."""
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.4 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(1000)
    found: list[float] = page.evaluate(RANGE)
    return found


def _course(values: list[float]) -> str:
    """Seven of the values, from the first to the last."""
    places = {round(part * (len(values) - 1) / 6) for part in range(7)}
    return " ".join(f"{values[place]:.0f}" for place in sorted(places))


if __name__ == "__main__":
    main()
