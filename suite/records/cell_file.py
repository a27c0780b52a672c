"""``cell.parquet``: everything recorded of one finished cell, as one file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from suite.records.schema import check_schema
from suite.training.job import SCHEMA

# of cell.parquet's metadata: the record's lines without their curves
RUNS = b"bakeoff.runs"
SCHEMA_KEY = b"bakeoff.schema"


def write_cell(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write a finished cell: a row per (training, step, metric), the runs' other
    values in the metadata.
    """
    lines = list(lines)
    columns: dict[str, list[Any]] = {
        "key": [],
        "kind": [],
        "number": [],
        "step": [],
        "metric": [],
        "value": [],
    }
    for line in lines:
        for row in line["curve"]:
            for metric, value in row.items():
                if metric != "step":
                    for name, cell in zip(
                        columns,
                        (
                            line["key"],
                            line["kind"],
                            line["number"],
                            row["step"],
                            metric,
                            value,
                        ),
                        strict=True,
                    ):
                        columns[name].append(cell)
    types = [
        pa.string(),
        pa.string(),
        pa.int32(),
        pa.int64(),
        pa.string(),
        pa.float64(),
    ]
    table = pa.table(
        [pa.array(c, t) for c, t in zip(columns.values(), types, strict=True)],
        names=list(columns),
    )
    about = [{**line, "curve": []} for line in lines]
    metadata = {
        SCHEMA_KEY: str(SCHEMA).encode(),
        RUNS: json.dumps(about, allow_nan=False).encode(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(
        path.name + ".part"
    )  # whole or not at all: what is there is not written again
    pq.write_table(
        table.replace_schema_metadata(metadata), temporary, compression="zstd"
    )
    os.replace(temporary, path)


def is_cell(path: Path) -> bool:
    """Whether a finished cell's file is there, and whole as far as its two ends tell."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    return content[:4] == content[-4:] == b"PAR1" and len(content) > 12


def read_cell(path: Path) -> list[dict[str, Any]]:
    """The record's lines that a cell.parquet was written from, equal to the last bit."""
    table = pq.read_table(path)
    metadata = table.schema.metadata or {}
    stated = metadata.get(SCHEMA_KEY, b"").decode()
    check_schema(int(stated) if stated.isdecimal() else None, path)
    lines: list[dict[str, Any]] = json.loads(metadata[RUNS])
    curves: dict[str, dict[int, dict[str, Any]]] = {}
    for row in table.to_pylist():
        curves.setdefault(row["key"], {}).setdefault(
            row["step"], {"step": row["step"]}
        )[row["metric"]] = row["value"]
    for line in lines:
        line["curve"] = list(curves.get(line["key"], {}).values())
    return lines
