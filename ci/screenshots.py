"""The README's pictures of the dashboard, taken from a finished campaign:

    $ CHROMIUM=/usr/bin/chromium python ci/screenshots.py --results results

They are written to dashboard/screenshots/. Without --claim it is the newest campaign's
first supported claim.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from dashboard.app import create_app
from dashboard.serve import warm
from suite.records.results import Results

FOLDER = Path(__file__).resolve().parents[1] / "dashboard" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu"]
PATIENCE_MS = 120_000
PAINTED = """() => [...document.querySelectorAll('.graph')].every((graph) =>
    graph.querySelector('.main-svg .trace, .main-svg text')
    && graph.querySelector('.js-plotly-plot').layout.font)"""


@dataclass(frozen=True)
class Picture:
    """A page to take a picture of, by its file's name."""

    name: str
    path: str
    scheme: Literal["light", "dark"]
    width: int
    height: int


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options = _options()
    results = Results(options.results)
    with _served(results) as (address, campaign, claim):
        chosen = options.claim or claim
        task, _, name = chosen.partition("/")
        about = {"campaign": campaign, "task": task, "claim": name}
        pictures = [
            Picture(
                "overview-light", f"/?campaign={campaign}", "light", 1280, 740
            ),
            Picture(
                "claim-dark", f"/claim?{urlencode(about)}", "dark", 1440, 1130
            ),
        ]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_chromium(), args=FLAGS
            )
            for picture in pictures:
                _take(browser, address, picture)
            browser.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--claim", help="the claim to show, as TASK/CLAIM")
    return parser.parse_args()


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        raise SystemExit("No Chromium: name yours in CHROMIUM.")
    return found


@contextmanager
def _served(results: Results) -> Iterator[tuple[str, str, str]]:
    """The dashboard's address, the newest campaign, and its first supported claim."""
    app = create_app(results)
    warm(app)
    snapshots = app.server.config["SNAPSHOTS"]
    judged = snapshots.judged(seconds=PATIENCE_MS / 1000)
    supported = (
        f"{one.task}/{one.claim}"
        for one in judged.verdicts or ()
        if one.verdict == "supported"
    )
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.port}"
        yield address, judged.campaign.id, next(supported, "")
    finally:
        server.shutdown()
        snapshots.stop()


def _take(browser: Browser, address: str, picture: Picture) -> None:
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",
    )
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address + picture.path)
    page.locator("main h1").first.wait_for()
    while not page.evaluate(PAINTED):
        page.wait_for_timeout(100)
    path = FOLDER / f"{picture.name}.png"
    page.screenshot(path=path)
    print(path)
    page.close()


if __name__ == "__main__":
    main()
