"""The doctor finds what is wrong and says how to mend it; that all is well where it is,
test_cli shows.
"""

import pytest

from suite.checks import doctor
from suite.checks.finding import Finding
from suite.records.journal import FILE
from tasks import UserError


@pytest.fixture(autouse=True)
def no_ray(monkeypatch):
    monkeypatch.setattr(
        doctor, "_ray", lambda address: Finding("Ray", True, "not asked here")
    )


def found(results, **options):
    return {
        finding.what: finding for finding in doctor.examine(results, **options)
    }


def test_a_results_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")

    finding = found(tmp_path / "file" / "results")["results folder"]

    assert finding.ok is False
    assert "--results" in finding.hint


def test_a_damaged_record(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "campaign.json").write_text("{}")
    (tmp_path / "one" / FILE).write_text("{half a line\n")

    finding = found(tmp_path)["records"]

    assert finding.ok is False
    assert "line 1, is damaged" in finding.says


def test_a_mirror_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("BAKEOFF_MIRROR", str(tmp_path / "gone"))

    finding = found(tmp_path)["data"]

    assert finding.ok is False
    assert "BAKEOFF_MIRROR" in finding.says


def test_a_cache_with_files(tmp_path, monkeypatch):
    monkeypatch.delenv("BAKEOFF_MIRROR", raising=False)
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "images.gz").write_bytes(b"")

    assert found(tmp_path)["data"].says.endswith("1 file")


def test_a_disk_without_room(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "free_space", lambda folder: 1000)

    finding = found(tmp_path)["disk"]

    assert finding.ok is False
    assert "make room" in finding.hint


def test_a_library_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "versions", lambda: {"torch": "2.13.0"})

    finding = found(tmp_path)["libraries"]

    assert finding.ok is False
    assert "ray, optuna, mlflow" in finding.says


def test_a_gpu_that_torch_does_not_see(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(doctor, "_sees_gpu", lambda: True)

    finding = found(tmp_path)["torch"]

    assert finding.ok is False
    assert "TORCH=cuda" in finding.hint


def test_a_store_that_is_no_store(tmp_path):
    (tmp_path / "mlflow.db").write_text(
        "this is no database, and long enough to be read as one. " * 40
    )

    finding = found(tmp_path)["MLflow"]

    assert finding.ok is False
    assert "does not open" in finding.says


def test_a_tracking_server_that_is_away(tmp_path):
    finding = found(tmp_path, store="http://127.0.0.1:9")["MLflow"]

    assert finding.ok is False
    assert "http://127.0.0.1:9" in finding.says


def test_a_cluster_that_cannot_be_joined_is_one_finding_of_many(
    tmp_path, monkeypatch
):
    def refuse(address):
        raise UserError(
            f"No Ray cluster at {address}: start one with `ray start --head`."
        )

    monkeypatch.setattr(doctor, "_ray", refuse)

    every = found(tmp_path, address="10.0.0.1:6379")

    assert every["Ray"].ok is False
    assert "ray start --head" in every["Ray"].says
    assert every["Python"].ok


def test_a_look_that_fails_unexpectedly_hides_none_of_the_others(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(doctor, "_threads", lambda: 1 / 0)

    every = found(tmp_path)

    assert "ZeroDivisionError" in every["threads"].says
    assert every["disk"].ok
