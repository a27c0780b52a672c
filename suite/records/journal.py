"""The record of a campaign: one fsynced line per run, written before anything else
happens to the result.

It is what resumption reads and what MLflow is published from, so a killed driver loses
at most what was in flight. Images, samples and checkpoints are files beside it, written
before their line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from search.lines import cut_torn_line
from suite.records.files import NOT_JSON, check_plain, replace_bytes
from suite.records.run_record import RunRecord, run_record
from suite.training.job import SCHEMA, Job, Member, Result, digest, timed
from tasks import UserError

FILE = "runs.jsonl"
# A run with a curve of 100,000 evaluations takes a fifth of that. A file from somebody
# else may be one line of any length: holes take no space in it.
MAX_LINE_BYTES = 64 << 20


def line_of(job: Job, member: Member, result: Result) -> RunRecord:
    """The record of one run: its inputs, then its results."""
    return RunRecord(
        schema=SCHEMA,
        key=member.key,
        task=job.task,
        level=job.level,
        arm=job.arm,
        block=member.block,
        kind=member.kind,
        number=member.number,
        params=dict(member.params),
        seeds=dict(member.seeds),
        status=result.status,
        metrics=result.metrics,
        curve=result.curve,
        best_step=result.best_step,
        losses=result.losses,
        parameters=result.parameters,
        data=result.data,
        test_opened=result.test_opened,
        error=result.error,
        traceback=result.traceback,
        started=result.started,
        ended=result.ended,
        worker=result.worker,
        artifacts=sorted(result.artifacts),
        cell=member.cell,
    )


class Record:
    """The append-only journal of one campaign's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        # A driver that was killed while writing left half a line, to which the
        # next one would be joined.
        cut_torn_line(self.path)
        # Without a buffer: one that a full disk refused would be written
        # later, in the middle of another line.
        self._file = self.path.open("ab", buffering=0)

    def append(self, job: Job, member: Member, result: Result) -> RunRecord:
        """Append a run to the record, flushed to disk, and return its line. Raises
        OSError if the disk is full or fails.
        """
        # Files before the line: whoever sees the line may rely on them.
        for name, content in result.artifacts.items():
            replace_bytes(
                self.folder / "artifacts" / member.key / name, content
            )
        if result.checkpoint is not None:
            replace_bytes(
                self.folder / "checkpoints" / f"{member.key}.pt",
                result.checkpoint,
            )
        line = line_of(job, member, result)
        self.append_line(line)
        return line

    def append_line(self, line: RunRecord) -> None:
        """Append an existing line, as when a campaign is recovered or imported."""
        start = self._file.tell()
        left = memoryview(
            # NaN and Infinity are not JSON: they fail here, not in a reader.
            json.dumps(line, separators=(",", ":"), allow_nan=False).encode()
            + b"\n"
        )
        try:
            while left:
                # A write without a buffer may take less than it was given.
                left = left[self._file.write(left) :]
            # To the disk and not only to the kernel: the line must outlive a
            # power cut, as the run is not trained again once it is told.
            os.fsync(self._file.fileno())
        except OSError:
            self._file.close()
            # Without the partial line, so that the record can be appended to
            # once there is room again.
            self._file = _reopened(self.path, start)
            raise

    def close(self) -> None:
        """Close the file; later lines cannot be appended."""
        self._file.close()

    def lines(self) -> Iterator[RunRecord]:
        """All lines so far, oldest first."""
        return read_lines(self.path)


def read_lines(path: Path) -> Iterator[RunRecord]:
    """The complete lines of a record. Raises UserError on another schema, or on a line
    that is damaged in the middle.
    """
    if not path.exists():
        return
    check_plain(path)
    with path.open("rb") as file:
        for number, text in enumerate(whole_lines(file, path), start=1):
            yield parse_line(text, path, number)


def whole_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines from where the file is, but for one at the end without its line break:
    it is still being written, or a crash truncated it.

    Raises UserError for a line longer than any run's.
    """
    while (text := file.readline(MAX_LINE_BYTES)).endswith(b"\n"):
        yield text
    if len(text) == MAX_LINE_BYTES:
        raise UserError(
            f"{path} is damaged (a line has more than {MAX_LINE_BYTES:,} bytes): "
            "restore it from a copy, or start again with --new."
        )


def parse_line(text: bytes, path: Path, number: int) -> RunRecord:
    """The run in one line of a record. Raises UserError as ``read_lines`` does."""
    place = f"{path}, line {number}"
    try:
        # Python's parser accepts NaN and Infinity, which JSON does not have.
        line = json.loads(text, parse_constant=_refuse)
    except NOT_JSON as error:
        raise UserError(
            f"{place}, is damaged ({error}): delete that line, and `bakeoff run` trains it again."
        ) from error
    return run_record(line, place)


def _refuse(constant: str) -> None:
    """Raise ValueError: the record is written without NaN and Infinity."""
    raise ValueError(f"{constant} is not a number of JSON")


def _reopened(path: Path, length: int) -> FileIO:
    """The file, cut to a length and ready to be appended to."""
    with path.open("rb+") as file:
        file.truncate(length)
    return path.open("ab", buffering=0)


def results_digest(lines: Iterable[RunRecord]) -> str:
    """A hash over everything that must not depend on workers, order or interruptions;
    times and hosts are left out.
    """
    return digest({line["key"]: _result_of(line) for line in lines})


def _result_of(line: RunRecord) -> dict[str, Any]:
    """The fields of a line that another machine would record alike."""
    metrics = {
        name: value
        for name, value in line["metrics"].items()
        if not timed(name)
    }
    curve = [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in line["curve"]
    ]
    return {
        "params": line["params"],
        "seeds": line["seeds"],
        "status": line["status"],
        "losses": line["losses"],
        "best_step": line["best_step"],
        "parameters": line["parameters"],
        "metrics": metrics,
        "curve": curve,
        "artifacts": line["artifacts"],
    }
