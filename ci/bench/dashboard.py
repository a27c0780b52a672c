"""How quick is the dashboard on 10,000 runs? A real browser and eight viewers at
once, beside MLflow's own pages.

The store is synthetic (ci/bench/synthetic.py); the same runs are put into an
MLflow store, table by table, so that MLflow's comparison of runs can be timed on the
same machine in the same minutes. Prints a table in Markdown.

    python ci/bench/dashboard.py [--runs 10000] [--store FOLDER] [--no-peer]
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import synthetic
from playwright.sync_api import Browser, Page, Request, sync_playwright

from suite.cli import servers
from suite.records.journal import FILE
from suite.records.mlflow_runs import read_mlflow_runs
from suite.records.results import Results
from suite.tracking import sqlite

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
PAGES = (
    "/",
    "/claim",
    "/curves",
    "/sweep",
    "/arms",
    "/search",
    "/samples",
    "/cluster",
    "/compare",
    "/runs",
)
VIEWERS, COMPARED = 8, 60
PATIENCE = 120_000.0  # milliseconds
PAINTED = "[...document.querySelectorAll('.graph')].every((one) => one.querySelector('.js-plotly-plot')?.layout?.font)"
JUDGED = "document.querySelector('.forest .mean')"
STANDS = f"document.querySelector('main h1') && {PAINTED}"
Row = tuple[str, str, str]  # what, measured, goal


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument(
        "--store", type=Path, help="a synthetic store that is there already"
    )
    parser.add_argument(
        "--no-peer", action="store_true", help="leave MLflow out"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or Path(folder)
        if not list(store.glob("*/campaign.json")):
            call = [
                sys.executable,
                str(ROOT / "ci/bench/synthetic.py"),
                str(store),
                "--runs",
                str(given.runs),
            ]
            subprocess.run(call, check=True)
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM") or next(
                filter(None, map(shutil.which, NAMES)), None
            )
            browser = playwright.chromium.launch(
                executable_path=path, args=FLAGS
            )
            print("| what | measured | goal |\n|---|---|---|")
            for row in chain(
                measured(store, browser),
                () if given.no_peer else peer(store, browser),
            ):
                print(f"| {' | '.join(row)} |", flush=True)
            browser.close()


def measured(store: Path, browser: Browser) -> Iterator[Row]:
    """The dashboard's figures, one by one."""
    runs = len(Results(store).load().runs)
    yield (
        "machine: what a busy loop gets of a core",
        f"{100 * _share():.0f} %",
        "",
    )
    begun = time.perf_counter()
    with servers.dashboard(store, servers.free_port(8400), 5000) as server:
        assert server.answers("/healthz", 300), server.log.read_text()
        yield (
            f"start until it answers, {runs:,} runs read",
            seconds(time.perf_counter() - begun),
            "",
        )
        with _page(browser) as page:
            page.goto(server.url)
            _until(page, JUDGED)
        yield (
            "start until verdicts are judged and shown",
            seconds(time.perf_counter() - begun),
            "",
        )
        size, cold = _first_visit(browser, server.url)
        yield "overview, cold browser", seconds(cold), "≤ 2.5 s"
        yield "first transfer, overview", megabytes(size), "≤ 2.5 MB"
        with _page(browser) as page:
            page.goto(server.url)
            warm = [
                _timed(lambda: (page.goto(server.url), _until(page, JUDGED)))
                for _ in range(5)
            ]
            yield (
                "overview, warm browser (median of 5)",
                seconds(statistics.median(warm)),
                "≤ 1 s",
            )
            calls, spent = _calls(page, server.url, server.process.pid)
            taken, first, whole = zip(
                *_view_options(page, server.url), strict=True
            )
            shown = f"{statistics.median(taken):.0f} ms, {max(taken):.0f} ms"
            yield (
                f"view option, median and worst of {len(taken)}",
                shown,
                "≤ 300 ms",
            )
            shown = f"{statistics.median(first):.0f} ms, {statistics.median(whole):.0f} ms"
            yield (
                "the same, CPU of the page until the chart in view has changed, and all have",
                shown,
                "",
            )
            shown = ", ".join(
                f"{path} {milliseconds(used)}" for path, used in spent.items()
            )
            yield (
                "server's CPU for a first visit, with what it works out in the background",
                shown,
                "",
            )
        alone, _ = _replay(calls * 5, 1)
        yield (
            f"page callback p95, one viewer, {len(calls)} pages",
            milliseconds(_p95(alone)),
            "≤ 150 ms",
        )
        together, errors = _replay(calls * VIEWERS, VIEWERS)
        shown = f"{1000 * statistics.median(together):.0f} ms, {milliseconds(_p95(together))}"
        yield (
            f"page callback p50 and p95, {VIEWERS} viewers at once",
            shown,
            "",
        )
        yield (
            f"errors in {len(together)} answers to {VIEWERS} viewers",
            f"{errors}",
            "0",
        )
        yield (
            "server's memory now and at most",
            _memory(server.process.pid),
            "",
        )
    yield (
        "machine: what a busy loop gets of a core, afterwards",
        f"{100 * _share():.0f} %",
        "",
    )


def peer(store: Path, browser: Browser) -> Iterator[Row]:
    """MLflow's own comparison of finals on the same runs, and ours of the same
    arms.
    """
    campaign = Results(store).load()
    finals = campaign.finals[
        campaign.finals["task"] == campaign.finals["task"].iloc[0]
    ].head(COMPARED)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), campaign.folder, list(campaign.manifest.tasks))
        runs = read_mlflow_runs(Path(folder))
        ids = json.dumps([runs[key].run for key in finals["key"]])
        home = json.dumps([runs[finals["key"].iloc[0]].experiment])
        address = (
            f"/#/compare-runs?runs={quote(ids)}&experiments={quote(home)}"
        )
        with servers.mlflow(Path(folder), servers.free_port(5700)) as server:
            assert server.answers("/health", 180), server.log.read_text()
            shown = "document.querySelector('.js-plotly-plot .main-svg')"
            size, cold = _first_visit(browser, server.url + address, shown)
            with _page(browser) as page:
                page.goto(server.url + address)
                _until(page, shown)
                warm = [
                    _timed(lambda: (page.reload(), _until(page, shown)))
                    for _ in range(3)
                ]
            memory = _memory(server.process.pid)
    yield (
        f"MLflow: comparison of {len(finals)} runs, cold browser",
        seconds(cold),
        "",
    )
    yield (
        "MLflow: the same, warm (median of 3)",
        seconds(statistics.median(warm)),
        "",
    )
    yield "MLflow: first transfer", megabytes(size), ""
    yield "MLflow: server's memory now and at most", memory, ""


def fill(folder: Path, campaign: Path, tasks: Sequence[str]) -> None:
    """Put a campaign's runs into an MLflow store in ``folder``, by rows: its
    client would take an hour.
    """
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=sqlite.default_uri(folder))
    homes = {
        task: client.create_experiment(f"bakeoff/{task}") for task in tasks
    }
    synthetic.publish(campaign, folder, homes)
    runs = read_mlflow_runs(folder)
    with (
        closing(sqlite3.connect(folder / sqlite.STORE)) as base,
        (campaign / FILE).open(encoding="utf-8") as file,
    ):
        for line in map(json.loads, file):
            run = runs[line["key"]].run
            start, end = int(line["started"] * 1000), int(line["ended"] * 1000)
            where = f"{folder.as_uri()}/{run}/artifacts"
            status = "FINISHED" if line["status"] == "finished" else "FAILED"
            base.execute(
                "insert into runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
                " artifact_uri, experiment_id) values (?, ?, 'UNKNOWN', 'synthetic', ?, ?, ?, 'active', ?, ?)",
                (
                    run,
                    f"{line['kind']} {line['number']}",
                    status,
                    start,
                    end,
                    where,
                    homes[line["task"]],
                ),
            )
            tags = {
                name: str(line[name])
                for name in (
                    "task",
                    "level",
                    "arm",
                    "block",
                    "kind",
                    "status",
                    "key",
                )
            }
            base.executemany(
                "insert into tags values (?, ?, ?)",
                [(f"bakeoff.{n}", v, run) for n, v in tags.items()],
            )
            params = [
                (name, str(value), run)
                for name, value in line["params"].items()
            ]
            base.executemany("insert into params values (?, ?, ?)", params)
            rows = [
                (name, value, start + row["step"], run, row["step"], 0)
                for row in line["curve"]
                for name, value in row.items()
                if name not in ("step", "epoch", "seconds")
            ]
            rows += [
                (name, value, end, run, 0, 0)
                for name, value in line["metrics"].items()
                if "." not in name or name.startswith("test.")
            ]
            base.executemany(
                "insert into metrics values (?, ?, ?, ?, ?, ?)", rows
            )
            latest = {
                row[0]: (row[0], row[1], row[2], row[4], 0, run)
                for row in rows
            }
            base.executemany(
                "insert into latest_metrics values (?, ?, ?, ?, ?, ?)",
                latest.values(),
            )
        base.commit()


# --------------------------------------------------------------------------- measuring


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.set_default_navigation_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def _until(page: Page, holds: str) -> None:
    give_up = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(f"!!({holds})"):
        if time.monotonic() > give_up:
            raise TimeoutError(f"{page.url}: never came true: {holds}")
        page.wait_for_timeout(20)


def _timed(what: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def _first_visit(
    browser: Browser, address: str, holds: str = JUDGED
) -> tuple[int, float]:
    """Bytes transferred and seconds until it is rendered, in a browser with an empty
    cache.
    """
    requests: list[Request] = []
    with _page(browser) as page:
        page.on("requestfinished", lambda one: requests.append(one))
        taken = _timed(lambda: (page.goto(address), _until(page, holds)))
        whole = sum(
            request.sizes()["responseBodySize"] for request in list(requests)
        )
    return whole, taken


def _calls(
    page: Page, base: str, pid: int
) -> tuple[list[tuple[str, bytes]], dict[str, float]]:
    """What the browser asks of the server as it goes through all pages, and the
    server's CPU seconds for each.
    """
    calls: list[tuple[str, bytes]] = []
    spent: dict[str, float] = {}

    def note(request: Any) -> None:
        body = request.post_data_buffer
        if (
            "_dash-update-component" in request.url
            and body
            and b"main.children" in body
        ):
            calls.append((request.url, body))

    page.on("request", note)
    for path in PAGES:
        before = _cpu(pid)
        page.goto(base + path)
        _until(page, STANDS)
        spent[path] = _cpu(pid) - before
    return calls, spent


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _view_options(page: Page, base: str) -> list[tuple[float, float, float]]:
    """Milliseconds from a click on a view option until the first chart is repainted;
    the page's CPU in these, and until all charts are.
    """
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def used() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return next(
            1000 * float(one["value"])
            for one in metrics
            if one["name"] == "TaskDuration"
        )

    page.goto(base + "/curves")
    _until(page, STANDS)
    page.wait_for_timeout(1000)
    found = []
    for text in ("Seconds", "Examples", "Updates", "Epochs") * 3:
        before = used()
        taken = float(
            page.evaluate(
                """text => new Promise((done) => {
                  const plot = document.querySelector('.graph .js-plotly-plot'), begun = performance.now();
                  plot.once('plotly_afterplot', () => done(performance.now() - begun));
                  const labels = [...document.querySelectorAll('.mantine-SegmentedControl-label')];
                  labels.find((label) => label.innerText === text).click();
                })""",
                text,
            )
        )
        first = used() - before
        page.wait_for_timeout(2000)
        found.append((taken, first, used() - before))
    return found


def _replay(
    calls: Sequence[tuple[str, bytes]], viewers: int
) -> tuple[list[float], int]:
    """Seconds of each answer, and how many were errors."""

    def ask(call: tuple[str, bytes]) -> tuple[float, bool]:
        request = urllib.request.Request(
            call[0],
            call[1],
            {"Content-Type": "application/json", "Accept-Encoding": "gzip"},
        )
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
                fine = answer.status == 200
        except OSError:
            fine = False
        return time.perf_counter() - begun, fine

    with ThreadPoolExecutor(viewers) as crew:
        found = list(crew.map(ask, calls))
    return [taken for taken, _ in found], sum(not fine for _, fine in found)


def _share() -> float:
    """How much of a core is to be had here now: on a busy machine all seconds are to be
    read with it.
    """
    begun, used = time.perf_counter(), time.thread_time()
    while time.perf_counter() - begun < 5:
        sum(range(10_000))
    return (time.thread_time() - used) / (time.perf_counter() - begun)


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _memory(pid: int) -> str:
    """Resident memory of a process and those it started."""
    now = peak = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = dict(
                row.split(":", 1)
                for row in path.read_text().splitlines()
                if ":" in row
            )
        except OSError:
            continue
        if pid in (int(path.parent.name), int(text["PPid"])):
            now += int(text.get("VmRSS", "0 kB").split()[0])
            peak += int(text.get("VmHWM", "0 kB").split()[0])
    return f"{now / 1000:.0f} MB, {peak / 1000:.0f} MB"


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def milliseconds(value: float) -> str:
    return f"{1000 * value:.0f} ms"


def megabytes(value: float) -> str:
    return f"{value / 1e6:.2f} MB"


if __name__ == "__main__":
    main()
