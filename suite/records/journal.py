"""The record of a campaign: one fsynced line per training, written before anything else
happens to the result.

It is what resumption reads and what MLflow is published from, so a killed driver loses
at most what was in flight. Pictures, samples and checkpoints are files beside it,
written before their line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from io import FileIO
from pathlib import Path
from typing import Any

from search.lines import cut_torn_line
from suite.records.schema import check_schema
from suite.training.job import SCHEMA, Job, Member, Result, digest, timed
from tasks import UserError

FILE = "runs.jsonl"
Line = Mapping[str, Any]


def line_of(job: Job, member: Member, result: Result) -> dict[str, Any]:
    """What goes on record of one run: what it was, then what came of it."""
    came = {
        f.name: getattr(result, f.name)
        for f in fields(result)
        if f.name not in ("artifacts", "checkpoint", "key")
    }
    return {
        "schema": SCHEMA,
        "key": member.key,
        "task": job.task,
        "level": job.level,
        "arm": job.arm,
        "block": member.block,
        "kind": member.kind,
        "number": member.number,
        "params": dict(member.params),
        "seeds": dict(member.seeds),
        **came,
        "artifacts": sorted(result.artifacts),
    }


class Record:
    """The append-only journal of one campaign's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        cut_torn_line(self.path)
        self._file = self.path.open(
            "ab", buffering=0
        )  # what a full disk refuses must not be written later on

    def append(self, job: Job, member: Member, result: Result) -> dict[str, Any]:
        """Put a run on record, durably, and return its line. Raises OSError where
        the disk will not take it.
        """
        for name, content in result.artifacts.items():
            _write(self.folder / "artifacts" / member.key / name, content)
        if result.checkpoint is not None:
            _write(self.folder / "checkpoints" / f"{member.key}.pt", result.checkpoint)
        line = line_of(job, member, result)
        self.append_line(line)
        return line

    def append_line(self, line: Line) -> None:
        """Put an existing line on record, as when a campaign is recovered or imported."""
        start = self._file.tell()
        left = memoryview(
            json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        )
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.close()
            self._file = _reopened(self.path, start)  # half a line must not stay
            raise

    def close(self) -> None:
        self._file.close()

    def lines(self) -> Iterator[dict[str, Any]]:
        """All lines so far, oldest first."""
        return read_lines(self.path)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a record. Raises UserError on another schema, or on a line
    that is damaged in the middle.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.endswith(b"\n"):
                return  # still being written, or torn by a crash
            yield parse_line(text, path, number)


def parse_line(text: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        line: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise UserError(
            f"{path}, line {number}, is damaged ({error}): delete that line, and `bakeoff run` trains it again."
        ) from error
    if line.get("schema") != SCHEMA:
        check_schema(line.get("schema"), f"{path}, line {number},")
    return line


def _reopened(path: Path, length: int) -> FileIO:
    with path.open("rb+") as file:
        file.truncate(length)
    return path.open("ab", buffering=0)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def results_digest(lines: Iterable[Mapping[str, Any]]) -> str:
    """A hash over everything that must not depend on workers, order or interruptions;
    times and hosts are left out.
    """
    kept = {}
    for line in lines:
        metrics = {
            name: value for name, value in line["metrics"].items() if not timed(name)
        }
        curve = [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in line["curve"]
        ]
        same = {
            name: line[name]
            for name in (
                "params",
                "seeds",
                "status",
                "losses",
                "best_step",
                "parameters",
            )
        }
        kept[line["key"]] = {
            **same,
            "metrics": metrics,
            "curve": curve,
            "artifacts": line["artifacts"],
        }
    return digest(kept)
