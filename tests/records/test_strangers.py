"""A results folder that somebody else made is shown, or refused in one message: it fills
no memory, is not waited for, and leads nowhere else.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from suite.records import files, journal
from suite.records.cell_file import COLUMNS, MAX_ROWS, read_cell
from suite.records.manifest import FILE as MANIFEST
from suite.records.mlflow_runs import MLFLOW_RUNS, read_mlflow_runs
from suite.records.results import Results
from tasks import UserError

RECORD = journal.FILE
STATE = "state.json"


@pytest.fixture
def folder(campaigns: Path, finished: str, tmp_path: Path) -> Path:
    """A campaign's folder, to be tampered with."""
    copy = tmp_path / "r" / finished
    shutil.copytree(campaigns / finished, copy)
    return copy


def load(folder: Path) -> None:
    Results(folder.parent).load(folder.name)


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def device(path: Path) -> None:
    """A link to what has no end."""
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


def hole(path: Path) -> None:
    """64 gigabytes that take no space."""
    with path.open("ab") as file:
        file.truncate(1 << 36)


@pytest.mark.parametrize("name", [RECORD, STATE, MLFLOW_RUNS])
@pytest.mark.parametrize("becomes", [pipe, device])
def test_what_is_no_file_is_refused(
    becomes: Callable[[Path], None], name, folder
):
    becomes(folder / name)
    read = read_mlflow_runs if name == MLFLOW_RUNS else load

    with pytest.raises(UserError, match=f"{name} is not a file"):
        read(folder)


@pytest.mark.parametrize("becomes", [pipe, device])
def test_a_manifest_that_is_no_file_is_of_no_campaign(
    becomes: Callable[[Path], None], folder
):
    becomes(folder / MANIFEST)

    assert Results(folder.parent).ids() == []


@pytest.mark.parametrize("name", [RECORD, STATE, MANIFEST])
def test_a_file_of_64_gigabytes_is_refused(name, folder, monkeypatch):
    monkeypatch.setattr(journal, "MAX_LINE_BYTES", 1 << 20)
    hole(folder / name)

    with pytest.raises(UserError, match=f"{name} is damaged .*more than"):
        load(folder)


def test_the_largest_file_is_larger_than_any_that_is_written():
    """A run of 100,000 evaluations; a manifest of 100,000 cells."""
    evaluation = len(
        '{"step":100000,"validation.cross_entropy":0.12345678901},'
    )
    cell = len('\n  {\n   "task": "", "level": "", "arm": "", "block": 0}')

    assert 5 * 100_000 * evaluation < journal.MAX_LINE_BYTES
    assert 100_000 * (cell + 3 * 120) < files.MAX_JSON_BYTES


def test_a_cell_file_of_equal_rows_fills_no_memory(tmp_path):
    """A few kilobytes that would become gigabytes."""
    path, rows = tmp_path / "cell.parquet", MAX_ROWS + 1
    columns = [
        pa.DictionaryArray.from_arrays(
            pa.nulls(rows, pa.int32()), pa.array([], type)
        )
        if type == pa.string()
        else pa.nulls(rows, type)
        for type in COLUMNS.types
    ]
    table = pa.Table.from_arrays(columns, names=COLUMNS.names)
    pq.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 1 << 20

    with pytest.raises(UserError, match="5,000,001 rows"):
        read_cell(path)
