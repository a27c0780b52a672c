"""A real Chromium looks at the real dashboard, and asks no other host. ``make test``
names it in CHROMIUM.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

from dashboard.app import create_app
from dashboard.serve import in_background
from suite.records.results import Results

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# milliseconds: the machine may be busy, and plotly's first compile takes seconds
PATIENCE = 120_000.0
# A test may have taken the page's storage away.
FORGET = "try { localStorage.clear() } catch (error) { }"
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if path is None:
        pytest.skip(
            "no Chromium: `make test` brings one; else name yours in CHROMIUM"
        )
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> BrowserContext:
    """One for all tests, so that plotly is fetched and compiled once."""
    found = browser.new_context(reduced_motion="reduce")
    found.set_default_timeout(PATIENCE)
    return found


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves results for as long as the test runs; gives back the address."""
    with ExitStack() as servers:
        yield lambda results, **options: servers.enter_context(
            in_background(create_app(results, **options))
        )


@pytest.fixture(scope="session")
def results(
    synthetic: Any, tmp_path_factory: pytest.TempPathFactory
) -> Results:
    """A finished campaign, the newest, and one that seems to be running."""
    root = tmp_path_factory.mktemp("results")
    size = {
        "blocks": 6,
        "trials": 3,
        "finals": 1,
        "tasks": ("logistic_regression", "batch_size"),
    }
    synthetic.write_campaign(root, synthetic.Size(**size, seed=1, done=0.6))
    newest = synthetic.write_campaign(root, synthetic.Size(**size))
    synthetic.publish(root / newest)
    return Results(root)


@pytest.fixture(scope="session")
def board(results: Results) -> Iterator[str]:
    """The address of a dashboard that all tests share; its campaign does not change."""
    with in_background(create_app(results)) as address:
        yield address


@dataclass
class Viewer:
    """A page of the browser with what it asked for and what went wrong on it."""

    page: Page
    base: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on(
            "request", lambda request: self.requests.append(request.url)
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.errors.append(said.text) if said.type == "error" else None
            ),
        )

    def open(self, path: str, title: str = "") -> Page:
        """Go to a page and wait until it stands."""
        self.page.goto(self.base + path)
        return self.stands(title)

    def stands(self, title: str = "") -> Page:
        """Wait for the page's heading, and for its charts to be painted."""
        self.page.locator("main h1", has_text=title).first.wait_for()
        self.until(
            "[...document.querySelectorAll('.graph')].every((g) => g.querySelector('.main-svg .trace, .main-svg text')"
            # an empty chart stands there until it is painted
            " && g.querySelector('.js-plotly-plot').layout.font)"
        )
        return self.page

    def until(self, holds: str) -> None:
        """Wait until a JavaScript expression holds. (Playwright's own waiting is
        refused by our security policy.)
        """
        give_up = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(holds):
            assert time.monotonic() < give_up, f"never came true: {holds}"
            self.page.wait_for_timeout(50)

    def scroll(self, y: int) -> None:
        """Scroll to so many pixels below the top, once the page is as tall."""
        self.until(f"(scrollTo(0, {y}), scrollY) === {y}")

    def foreign(self) -> list[str]:
        """Addresses asked for that are not this server's."""
        own = urlsplit(self.base).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in ("data", "blob")
            and urlsplit(url).netloc != own
        ]


Look = Callable[..., Viewer]


@pytest.fixture
def look(context: BrowserContext, serve: Serve) -> Iterator[Look]:
    """Opens viewers; afterwards nothing may have gone wrong on them, and no other host
    been asked.
    """
    # It asks for ``serve`` so that servers end after the viewers: a page that polls
    # one that has ended would note an error.
    viewers: list[Viewer] = []

    def new(
        base: str,
        width: int = 1440,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
    ) -> Viewer:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        viewers.append(Viewer(page, base))
        return viewers[-1]

    yield new
    for viewer in viewers:
        viewer.page.evaluate(FORGET)
        viewer.page.close()
    assert [viewer.errors for viewer in viewers if viewer.errors] == []
    assert [viewer.foreign() for viewer in viewers if viewer.foreign()] == []
