"""The README's pictures of the dashboard, taken from a finished campaign:

    $ CHROMIUM=/usr/bin/chromium python ci/screenshots.py --results results

They are written to dashboard/screenshots/. Without --claim it is the newest campaign's
first supported claim. ``--every FOLDER`` takes every page instead, whole, on a desktop
and a telephone, on light and dark, in English and Chinese, to be looked at.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from dashboard.app import create_app
from dashboard.locale import LANGUAGES
from dashboard.pages import PAGES
from dashboard.serve import in_background
from suite.records.results import Results

FOLDER = Path(__file__).resolve().parents[1] / "dashboard" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu"]
PATIENCE_MS = 120_000
SIZES = ((1440, 900), (390, 844))  # pixels
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
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
    whole: bool = False
    opens: str = ""  # a selector of what is opened first


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options = _options()
    with _served(Results(options.results)) as (address, campaign, claim):
        task, _, name = (options.claim or claim).partition("/")
        about = {"campaign": campaign, "task": task, "claim": name}
        pictures = _readme(about)
        if options.every:
            pictures = list(_every(about))
        folder = options.every or FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_chromium(), args=FLAGS
            )
            for picture in pictures:
                _take(browser, address, picture, folder)
            browser.close()
        if not options.every:
            for picture in pictures:
                _shrink(folder / f"{picture.name}.png")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--claim", help="the claim to show, as TASK/CLAIM")
    parser.add_argument(
        "--every", type=Path, metavar="FOLDER", help="every page, to there"
    )
    return parser.parse_args()


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        raise SystemExit("No Chromium: name yours in CHROMIUM.")
    return found


def _readme(about: dict[str, str]) -> list[Picture]:
    """The three pictures of the README."""
    of_task = {name: about[name] for name in ("campaign", "task")}
    question = f"#question-{about['task']} summary"
    overview = f"/?campaign={about['campaign']}"
    claim = f"/claim?{urlencode(about)}"
    topic = f"/topic?{urlencode(of_task)}"
    return [
        # One question is open, so that the forest plot is seen.
        Picture("overview", overview, "light", 1440, 900, opens=question),
        Picture("claim", claim, "light", 1440, 1000),
        Picture("topic", topic, "light", 1440, 1000),
    ]


def _every(about: dict[str, str]) -> Iterator[Picture]:
    """Each page in each scheme, size and language."""
    for page, scheme, size, language in product(
        PAGES, SCHEMES, SIZES, LANGUAGES
    ):
        query = {**about, "lang": language}
        # Without a claim, which arms and curves would be shown for.
        if page.PATH != "/claim":
            query.pop("claim")
        name = page.PATH.strip("/") or "overview"
        yield Picture(
            f"{name}-{size[0]}-{scheme}-{language}",
            f"{page.PATH}?{urlencode(query)}",
            scheme,
            *size,
            whole=True,
        )


@contextmanager
def _served(results: Results) -> Iterator[tuple[str, str, str]]:
    """The dashboard's address, the newest campaign, and its first supported claim."""
    app = create_app(results)
    with in_background(app) as address:
        snapshots = app.server.config["SNAPSHOTS"]
        judged = snapshots.judged(seconds=PATIENCE_MS / 1000)
        supported = (
            f"{one.task}/{one.claim}"
            for one in judged.verdicts or ()
            if one.verdict == "supported"
        )
        yield address, judged.campaign.id, next(supported, "")


def _take(
    browser: Browser, address: str, picture: Picture, folder: Path
) -> None:
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
    if picture.opens:
        page.locator(picture.opens).first.click()
    path = folder / f"{picture.name}.png"
    page.screenshot(path=path, full_page=picture.whole)
    print(path)
    page.close()


def _shrink(path: Path) -> None:
    """Keep 256 colours: no difference to be seen, and a third of the bytes."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
