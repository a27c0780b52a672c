"""Campaigns rebuilt from a real MLflow store alone, kept while it is away, and shown."""

from pathlib import Path

import pandas as pd
import pytest

from dashboard.data.snapshots import Snapshots
from dashboard.rendering import render
from suite.cli import servers
from suite.errors import without_passwords
from suite.records.results import Results
from suite.tracking import reader, sqlite
from suite.tracking.mirror import Mirror, slug
from tasks import UserError

PLACE = ["key", "step"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found: Path = tmp_path_factory.mktemp("published")
    return found


@pytest.fixture
def published(folder: Path, tiny_plan, run_inline) -> Path:
    """The results of a campaign that was published to the store beside it, once for all
    tests.
    """
    if not (folder / sqlite.STORE).exists():
        run_inline(tiny_plan, folder, tracking_uri=None)
    return folder


def same(mine: pd.DataFrame, theirs: pd.DataFrame, by: list[str]) -> None:
    kept = [name for name in theirs if not theirs[name].isna().all()]
    left, right = (
        frame[kept].sort_values(by, ignore_index=True)
        for frame in (mine, theirs)
    )
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_a_campaign_comes_back_from_the_store_alone(published, tmp_path):
    mirror = Mirror(sqlite.default_uri(published), tmp_path / "elsewhere")
    before = mirror.etag
    assert (mirror.refresh(), mirror.trouble) == (8, "")
    assert mirror.etag != before  # no longer being fetched
    here, there = mirror.results.load(), Results(published).load()

    same(here.runs, there.runs, ["key"])
    same(here.curves, there.curves, PLACE)
    assert here.manifest == there.manifest
    assert here.state["state"] == "done"
    assert here.mlflow_runs == there.mlflow_runs
    assert len(here.mlflow_runs) == 32
    revision = mirror.results.revision(here.id)
    assert mirror.refresh() == 0  # finished cells are fetched once
    assert mirror.results.revision(here.id) == revision


def test_what_was_fetched_is_shown_while_the_server_is_away(
    published, tmp_path, monkeypatch
):
    uri = sqlite.default_uri(published)
    Mirror(uri, tmp_path / "elsewhere").refresh()
    monkeypatch.setattr(reader, "mlflow_client", lambda uri: 1 / 0)
    mirror = Mirror(
        uri, tmp_path / "elsewhere"
    )  # another start, and the server is gone
    mirror.refresh()
    held = Snapshots(mirror.results, mirror=mirror)
    page = render(held, "/", "")

    assert mirror.trouble.startswith("ZeroDivisionError")
    assert mirror.fetched is not None
    assert "MLflow cannot be reached" in str(page[2])
    assert len(held.get().campaign.runs) == 32
    assert held.etag() != held.get().etag  # so that open pages come to say so


def test_a_campaign_of_an_older_version_is_kept_without_its_cells(
    published, tmp_path, monkeypatch
):
    fetch = reader.MlflowReader.fetch

    def older(self, run, name, folder):
        path = fetch(self, run, name, folder)
        if name == "campaign.json":
            path.write_text(
                '{"schema": 1, "tasks": {"tiny": {}}}', encoding="utf-8"
            )
        return path

    monkeypatch.setattr(reader.MlflowReader, "fetch", older)
    mirror = Mirror(sqlite.default_uri(published), tmp_path / "elsewhere")

    assert (mirror.refresh(), mirror.trouble) == (0, "")
    (campaign,) = mirror.results.ids()
    with pytest.raises(UserError, match=r"open it with version 0\.1\.0"):
        mirror.results.load(campaign)


def test_a_damaged_cell_costs_no_other_cell_its_place(
    published, tmp_path, monkeypatch, caplog
):
    fetch, damaged = reader.MlflowReader.fetch, []

    def damages(self, run, name, folder):
        path = fetch(self, run, name, folder)
        if name == "cell.parquet" and damaged in ([], [run]):
            damaged[:] = [run]
            path.write_bytes(path.read_bytes()[:-20])
        return path

    monkeypatch.setattr(reader.MlflowReader, "fetch", damages)
    mirror = Mirror(sqlite.default_uri(published), tmp_path / "elsewhere")

    assert (mirror.refresh(), mirror.trouble) == (7, "")
    assert len(mirror.results.load().runs) == 7 * 4
    assert mirror.refresh() == 0  # asked for again, and told once
    (told,) = (text for text in caplog.messages if "is left out" in text)
    assert damaged[0] in told
    assert "cell.parquet is damaged" in told
    monkeypatch.undo()
    assert mirror.refresh() == 1


@pytest.mark.parametrize("name", ["..", ".", "a/b", "x' or 'a' = 'a", ""])
def test_an_id_that_is_none_of_ours_makes_no_folder(
    name, published, tmp_path, monkeypatch
):
    """Nor does it keep the others from being shown."""
    known = reader.MlflowReader.campaigns
    strange = reader.PublishedCampaign(name, "run", {})
    monkeypatch.setattr(
        reader.MlflowReader, "campaigns", lambda self: [strange, *known(self)]
    )
    mirror = Mirror(sqlite.default_uri(published), tmp_path)

    assert (mirror.refresh(), mirror.trouble) == (8, "")
    (made,) = (path for path in mirror.folder.iterdir() if path.is_dir())
    assert made.name == Results(published).load().id
    assert [path.name for path in mirror.folder.parent.iterdir()] == [
        mirror.folder.name
    ]


def test_a_server_that_was_never_seen_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "mlflow_client", lambda uri: 1 / 0)
    mirror = Mirror("http://ada:secret@127.0.0.1:9", tmp_path)
    mirror.refresh()
    page = str(render(Snapshots(mirror.results, mirror=mirror), "/", "")[0])

    assert "http://127.0.0.1:9 does not answer" in page
    assert "secret" not in page


def test_folders_of_servers_differ_and_tell_no_password():
    assert slug("http://a.example:5000") != slug("http://a.example:5001")
    assert "secret" not in slug("http://ada:secret@a.example/x")
    assert (
        without_passwords("http://ada:secret@a.example:5/x")
        == "http://a.example:5/x"
    )


@pytest.mark.slow
def test_a_real_server_takes_a_campaign_and_hands_it_over(
    tiny_plan, run_inline, tmp_path
):
    """Runs and artifacts go through the server alone, both ways; then it goes away."""
    port, store = servers.free_port(5600), sqlite.default_uri(tmp_path)
    call = [
        "mlflow",
        "server",
        "--backend-store-uri",
        store,
        "--artifacts-destination",
        str(tmp_path / "artifacts"),
    ]
    call += ["--host", servers.HOST, "--port", str(port), "--workers", "1"]
    with servers._served(
        call, f"http://{servers.HOST}:{port}", tmp_path / "mlflow.log"
    ) as server:
        assert server.answers("/health", 120), server.log.read_text()
        run_inline(tiny_plan, tmp_path / "theirs", tracking_uri=server.url)
        mirror = Mirror(server.url, tmp_path / "elsewhere")
        mirror.refresh()
        assert mirror.trouble == ""
        same(
            mirror.results.load().runs,
            Results(tmp_path / "theirs").load().runs,
            ["key"],
        )
    mirror.refresh()

    assert mirror.trouble
    assert len(mirror.results.load().runs) == 32


def test_cells_that_are_not_done_are_followed_and_then_made_whole(
    tiny_plan, fake_executor, run_inline, tmp_path
):
    uri = sqlite.default_uri(tmp_path / "theirs")
    mirror = Mirror(uri, tmp_path / "elsewhere")

    with pytest.raises(KeyboardInterrupt):
        run_inline(
            tiny_plan,
            tmp_path / "theirs",
            tracking_uri=None,
            executor=fake_executor(interrupt_after=10),
        )
    mirror.refresh()
    assert mirror.trouble == ""
    here, there = mirror.results.load(), Results(tmp_path / "theirs").load()
    same(here.runs, there.runs, ["key"])
    assert here.mlflow_runs == there.mlflow_runs
    assert set(here.cells["state"]) > {"queued"}
    assert len(here.curves) < len(
        there.curves
    )  # those of running cells come with the whole cell
    revision = mirror.results.revision(here.id)
    mirror.refresh()
    assert (
        mirror.results.revision(here.id) == revision
    )  # nothing is told twice

    run_inline(tiny_plan, tmp_path / "theirs", tracking_uri=None)
    mirror.refresh()
    here, there = mirror.results.load(), Results(tmp_path / "theirs").load()
    same(here.runs, there.runs, ["key"])
    same(here.curves, there.curves, PLACE)
