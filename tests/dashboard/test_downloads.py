"""Files that pages link to: data, tables, the report, and what finals left to look at."""

import io
import json

import pandas as pd
import pytest
from dash._utils import to_json

from dashboard.rendering import render
from dashboard.server.downloads import artifact_path, to_csv
from suite.report.formatting import effect_and_interval
from suite.report.tables import escape_latex

TASK = "logistic_regression"


def test_data_behind_a_chart_come_as_files(client, finished):
    address = f"/data/curves/validation.{{}}?campaign={finished}&task={TASK}"
    csv, parquet, plain = (
        client.get(address.format(kind)) for kind in ("csv", "parquet", "json")
    )

    one, other = (
        pd.read_csv(io.BytesIO(csv.data)),
        pd.read_parquet(io.BytesIO(parquet.data)),
    )
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
    rows = pd.DataFrame(json.loads(plain.data))
    pd.testing.assert_frame_equal(one, rows, check_dtype=False)
    assert list(one.columns[:3]) == ["arm", "step", "epoch"]
    assert "attachment" in csv.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("kind", "begins"), [("md", "### "), ("tex", "% Campaign ")]
)
def test_verdicts_come_as_a_table_for_a_text_once_they_are_there(
    client, snapshots, finished, kind, begins
):
    held, address = (
        client.application.config["SNAPSHOTS"],
        f"/data/overview/verdicts.{kind}?campaign={finished}",
    )
    held._held.pop(finished, None)
    early = client.get(address)
    held.refresh()
    answer = client.get(address)

    assert early.status_code == 404
    assert answer.text.startswith(begins)
    assert (
        f"{finished}-overview-verdicts.{kind}"
        in answer.headers["Content-Disposition"]
    )
    for verdict in snapshots.get(finished).verdicts:
        assert verdict.says.split(":")[0].split("%")[0] in answer.text
        effect = effect_and_interval(verdict).split()[0].lstrip("−")
        assert (
            escape_latex(effect) if kind == "tex" else effect
        ) in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "/data/nowhere/x.csv",
        "/data/curves/nothing.csv",
        "/data/curves/validation.exe",
    ],
)
def test_data_that_are_not_there_are_not_found(client, address):
    assert client.get(address).status_code == 404


def test_text_that_a_spreadsheet_would_run_is_made_inert():
    told = to_csv(
        pd.DataFrame({"text": ["=1+1", "fine"], "number": [-1.5, 2.0]})
    ).decode()

    assert "'=1+1" in told
    assert "-1.5" in told  # a number may be negative


KEY = "a" * 64


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "campaign"
    (folder / "artifacts" / KEY).mkdir(parents=True)
    for name in ("grid.png", "page.html", "picture.svg", "table.json"):
        (folder / "artifacts" / KEY / name).write_bytes(b"x")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "artifacts" / KEY / "link.png").symlink_to(
        tmp_path / "secret.png"
    )
    return folder


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (KEY, "page.html"),
        (KEY, "picture.svg"),
        (KEY, "missing.png"),
        (KEY, "link.png"),
        (KEY, "../../../secret.png"),
        ("..", "secret.png"),
        ("A" * 64, "grid.png"),
    ],
)
def test_nothing_but_pictures_and_tables_of_finals_is_served(kept, key, name):
    assert artifact_path(kept, key, name) is None


def test_a_picture_of_a_final_is_served(kept):
    assert (
        artifact_path(kept, KEY, "grid.png")
        == (kept / "artifacts" / KEY / "grid.png").resolve()
    )


def test_files_of_the_record_come_sealed(client, snapshots, finished):
    campaign = snapshots.get(finished).campaign
    path = next((campaign.folder / "artifacts").rglob("*.png"))
    answer = client.get(
        f"/artifacts/{campaign.id}/{path.parent.name}/{path.name}"
    )

    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith(
        "default-src 'none'"
    )


def test_the_report_can_be_taken_from_the_page(client, snapshots, finished):
    answer = client.get(f"/report/{finished}.html")

    assert answer.text.lower().startswith("<!doctype html>")
    assert "attachment" in answer.headers["Content-Disposition"]
    page = json.loads(
        to_json(render(snapshots, "/", f"?campaign={finished}")[0])
    )
    assert f"'href': '/report/{finished}.html'" in str(page)
    assert client.get("/report/nothing-like-it.html").status_code == 404
