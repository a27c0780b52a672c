"""``cell.parquet``: everything recorded of one finished cell, as one file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from suite.atomic import replace_file
from suite.errors import named_line
from suite.records.files import NOT_JSON
from suite.records.run_record import RunRecord, run_record
from suite.records.schema import check_schema
from suite.training.job import SCHEMA
from tasks import UserError

# Keys of the file's metadata. The runs are lines of the record without their
# curves, which are the table itself and compress well there.
RUNS_KEY = b"bakeoff.runs"
SCHEMA_KEY = b"bakeoff.schema"
COLUMNS = pa.schema(
    {
        "key": pa.string(),
        "kind": pa.string(),
        "number": pa.int32(),
        "step": pa.int64(),
        "metric": pa.string(),
        "value": pa.float64(),
    }
)
# Of a cell with 100 runs of 1,000 evaluations and 50 metrics.
MAX_ROWS = 5_000_000
# What pyarrow raises of a damaged file, and what follows from other contents.
UNREADABLE = (
    pa.ArrowException,
    *NOT_JSON,
    OSError,
    KeyError,
    TypeError,
)
MAGIC = b"PAR1"  # the first and the last four bytes of every Parquet file


def write_cell(path: Path, runs: Iterable[RunRecord]) -> None:
    """Write a finished cell, atomically.

    The table has a row per run, step and metric of a curve; all other recorded values
    of the runs are JSON in the file's metadata.
    """
    runs = list(runs)
    without_curves = [{**run, "curve": []} for run in runs]
    metadata = {
        SCHEMA_KEY: str(SCHEMA).encode(),
        # JSON keeps a float to the last bit, as the digest of results
        # requires.
        RUNS_KEY: json.dumps(without_curves, allow_nan=False).encode(),
    }
    table = pa.Table.from_pydict(
        _columns(runs), schema=COLUMNS.with_metadata(metadata)
    )
    with replace_file(path) as partial:
        pq.write_table(table, partial, compression="zstd")


def _columns(runs: Sequence[RunRecord]) -> dict[str, list[Any]]:
    """The values of runs, by column."""
    rows = list(_rows(runs))
    return {
        name: [row[place] for row in rows]
        for place, name in enumerate(COLUMNS.names)
    }


def _rows(runs: Sequence[RunRecord]) -> Iterator[tuple[Any, ...]]:
    """One row per run, step and metric of a curve, in the order of ``COLUMNS``."""
    for run in runs:
        for evaluation in run["curve"]:
            for metric, value in evaluation.items():
                if metric != "step":
                    yield (
                        run["key"],
                        run["kind"],
                        run["number"],
                        evaluation["step"],
                        metric,
                        value,
                    )


def is_cell(path: Path) -> bool:
    """Whether a finished cell's file exists and has Parquet's magic bytes at both ends."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    # Cheaper than parsing. A file that was cut off lacks the end; the length
    # leaves room for a footer between the two.
    return content[:4] == content[-4:] == MAGIC and len(content) > 3 * len(
        MAGIC
    )


def read_cell(path: Path) -> list[RunRecord]:
    """The runs that a cell.parquet was written from, equal to the last bit.

    Raises FileNotFoundError, and UserError if the file is damaged, if another version
    of Bakeoff wrote it, or if it has more rows than any cell.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        raise UserError(
            f"{path} is damaged ({named_line(error)}): `bakeoff run` writes and "
            "publishes it again from the record."
        ) from error


def _read(path: Path) -> list[RunRecord]:
    # Equal values take next to no space, whatever their number: a small file from
    # somebody else may fill the memory.
    rows = pq.read_metadata(path).num_rows
    if rows > MAX_ROWS:
        raise UserError(
            f"{path} has {rows:,} rows, and a cell at most {MAX_ROWS:,}: it is not read."
        )
    table = pq.read_table(path)
    metadata = table.schema.metadata or {}
    schema = metadata.get(SCHEMA_KEY, b"").decode()
    # Before anything else is read: another schema may have other columns.
    check_schema(int(schema) if schema.isdecimal() else None, path)
    curves: dict[str, dict[int, dict[str, Any]]] = {}
    for row in table.to_pylist():
        curve = curves.setdefault(row["key"], {})
        evaluation = curve.setdefault(row["step"], {"step": row["step"]})
        evaluation[row["metric"]] = row["value"]
    return [
        run_record(
            {**run, "curve": list(curves.get(run["key"], {}).values())},
            f"{path}, run {number}",
        )
        for number, run in enumerate(json.loads(metadata[RUNS_KEY]), start=1)
    ]
