"""Export a campaign to one file; merge such files into one campaign.

The file is a ZIP archive of the essential files of a campaign's folder: the plan
(``campaign.json``), the record (``runs.jsonl``), artifacts and checkpoints. Its first
entry, ``bakeoff.json``, is an index with the SHA-256 of each of them. Files come from
other people, so a file is validated completely before anything is extracted from it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.atomic import replace_file
from suite.records.files import artifacts_of, free_space, is_own_file
from suite.records.journal import FILE as RECORD
from suite.records.journal import (
    Record,
    parse_line,
    read_lines,
    results_digest,
)
from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import Manifest, manifest_from, read_manifest
from suite.records.run_record import RunRecord
from suite.training.job import JUDGED, SCHEMA
from tasks import UserError

INDEX_FILE = "bakeoff.json"
FORMAT_VERSION = 1
CAMPAIGN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")
ENTRY_NAME = re.compile(
    rf"{re.escape(MANIFEST)}|{re.escape(RECORD)}"
    r"|artifacts/[0-9a-f]{64}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,120}"
    r"|checkpoints/[0-9a-f]{64}\.pt"
)
RUN_KEY = re.compile(r"[0-9a-f]{64}")
# Limit against ZIP bombs: curves as JSON, which compress best, shrink to a
# tenth. A small archive may exceed it, as what it expands to harms nobody.
MAX_COMPRESSION_RATIO = 100
RATIO_EXEMPT_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20
# What zipfile, zlib and json raise on a corrupt archive or corrupt contents.
UNREADABLE = (
    AttributeError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    zlib.error,
)


@dataclass(frozen=True)
class Bundle:
    """A validated export file."""

    path: Path
    """The file itself."""

    manifest: Manifest
    """The manifest of its campaign."""

    records: tuple[RunRecord, ...]
    """The lines of its record, in the order in which they were written."""

    hashes: Mapping[str, str]
    """The SHA-256 of each file in it, by its path in the campaign's folder."""

    @property
    def bytes(self) -> int:
        """The size of all files in it, decompressed."""
        with zipfile.ZipFile(self.path) as archive:
            entries = archive.infolist()
            return sum(entry.file_size for entry in entries)


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    id: str
    """The campaign's id."""

    new: int
    """How many runs were not recorded here before."""

    runs: int
    """How many runs with a result the campaign has now."""

    cells_missing: int
    """How many planned cells have no final yet."""


# -- export


def export_campaign(folder: Path, output: Path) -> int:
    """Write a campaign's folder as one file, atomically; returns its size in bytes.

    Exporting an unchanged folder again gives an identical file. Raises UserError if the
    folder has no campaign, or its record is damaged.
    """
    read_manifest(folder)  # raises UserError if there is none
    keys = {record["key"] for record in read_lines(folder / RECORD)}
    paths = [*_main_files(folder), *sorted(_run_files(folder, keys))]
    files = {path.relative_to(folder).as_posix(): path for path in paths}
    hashes = {name: _hash(path) for name, path in files.items()}
    index = {"format": FORMAT_VERSION, "schema": SCHEMA, "files": hashes}
    with (
        replace_file(output) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr(_entry(INDEX_FILE), json.dumps(index))
        for name, path in files.items():
            with (
                path.open("rb") as source,
                archive.open(_entry(name, path), "w") as target,
            ):
                shutil.copyfileobj(source, target, CHUNK_BYTES)
    return output.stat().st_size


def _entry(name: str, path: Path | None = None) -> zipfile.ZipInfo:
    """An entry without time and owner, so that equal content gives equal bytes."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    if path is not None:
        # Stated first, so that zipfile uses ZIP64 for a large file.
        entry.file_size = path.stat().st_size
    return entry


def _main_files(folder: Path) -> Iterator[Path]:
    """The plan, and the record if anything has run."""
    yield folder / MANIFEST
    record = folder / RECORD
    if record.exists():
        yield record


def _run_files(folder: Path, keys: set[str]) -> Iterator[Path]:
    """The artifacts and checkpoints of the runs with these keys."""
    for key in keys:
        yield from filter(is_own_file, artifacts_of(folder, key))
        checkpoint = folder / "checkpoints" / f"{key}.pt"
        if is_own_file(checkpoint):
            yield checkpoint


def _hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- reading


def read_bundle(path: Path) -> Bundle:
    """Read and validate a file that ``export_campaign`` wrote.

    Raises UserError if it is not such a file, is damaged, contains what an export never
    contains (another path, an absurd size), or was written by another version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        OSError,
    ) as error:
        raise _damaged(path, str(error)) from error
    except UNREADABLE as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _read(path: Path, archive: zipfile.ZipFile) -> Bundle:
    """The bundle, once every check has passed."""
    _check_entries(path, archive)
    index = json.loads(archive.read(INDEX_FILE))
    if not isinstance(index, dict) or index.get("format") != FORMAT_VERSION:
        raise UserError(
            f"{path} was exported by another version of Bakeoff: export it again with "
            "this one."
        )
    hashes = index["files"]
    contents = set(archive.namelist()) - {INDEX_FILE}
    # A file that the index does not name would have no checksum.
    if contents != set(hashes):
        raise _damaged(path, "its index does not match its contents")
    for name, expected in hashes.items():
        if _hash_of_entry(archive, name) != expected:
            raise _damaged(path, f"the checksum of {name} does not match")
    return _parse(path, archive, hashes)


def _check_entries(path: Path, archive: zipfile.ZipFile) -> None:
    """Check names and sizes before anything is extracted."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if INDEX_FILE not in names or MANIFEST not in names:
        raise UserError(
            f"{path} is not a campaign export: give files that `bakeoff export` wrote."
        )
    for name in names:
        if name != INDEX_FILE and not ENTRY_NAME.fullmatch(name):
            raise _never_exported(path, f"contains {name!r}")
    # Which of two would be checked and which unpacked is up to the reader.
    if len(set(names)) < len(names):
        raise _never_exported(path, "contains a name twice")
    size = sum(entry.file_size for entry in entries)
    allowed = MAX_COMPRESSION_RATIO * path.stat().st_size
    if size > max(RATIO_EXEMPT_BYTES, allowed):
        mebibytes = size >> 20
        raise _never_exported(
            path,
            f"would decompress to {mebibytes:,} MiB, more than "
            f"{MAX_COMPRESSION_RATIO} times its size",
        )


def _never_exported(path: Path, finding: str) -> UserError:
    """The error for a file that may be an attack, and is not imported."""
    return UserError(
        f"{path} {finding}, which exports never do: it is not imported."
    )


def _hash_of_entry(archive: zipfile.ZipFile, name: str) -> str:
    """The SHA-256 of an entry's content."""
    found = hashlib.sha256()
    for chunk in _chunks(archive, name):
        found.update(chunk)
    return found.hexdigest()


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """An entry's content. At most its declared size is read."""
    remaining = archive.getinfo(name).file_size
    with archive.open(name) as file:
        # One byte more than is left is asked for, to see whether there is more
        # than the archive declared.
        while chunk := file.read(min(CHUNK_BYTES, remaining + 1)):
            remaining -= len(chunk)
            if remaining < 0:
                raise zipfile.BadZipFile(f"{name} is larger than declared")
            yield chunk


def _parse(
    path: Path, archive: zipfile.ZipFile, hashes: Mapping[str, str]
) -> Bundle:
    """The manifest and the record, whose lines must be of cells that were planned."""
    described = json.loads(archive.read(MANIFEST))
    manifest = manifest_from(described, Path(f"{path}:{MANIFEST}"))
    if not CAMPAIGN_ID.fullmatch(manifest.id):
        raise UserError(
            f"{path} has the id {manifest.id!r}, which is not a valid campaign id."
        )
    records = tuple(_parse_record(path, archive)) if RECORD in hashes else ()
    planned = {cell.place for cell in manifest.cells}
    for number, record in enumerate(records, start=1):
        if (
            not RUN_KEY.fullmatch(record["key"])
            or _cell(record) not in planned
        ):
            problem = (
                f"line {number} of its record is of a cell that is not planned"
            )
            raise _damaged(path, problem)
    return Bundle(path, manifest, records, hashes)


def _parse_record(path: Path, archive: zipfile.ZipFile) -> Iterator[RunRecord]:
    """The complete lines of the record; one without its line break was cut off."""
    lines = archive.read(RECORD).splitlines(keepends=True)
    for number, text in enumerate(lines, start=1):
        if text.endswith(b"\n"):
            yield parse_line(text, Path(f"{path}:{RECORD}"), number)


def _cell(record: RunRecord) -> tuple[str, str, str, int]:
    """Task, level, arm and block, which identify the cell of a run."""
    return record["task"], record["level"], record["arm"], record["block"]


def _damaged(path: Path, problem: str) -> UserError:
    """The error for a file that was cut off or changed."""
    return UserError(
        f"{path} is damaged ({problem}): export or copy it again."
    )


# -- merge


def import_bundles(bundles: Iterable[Bundle], results: Path) -> Imported:
    """Merge export files of one campaign into its folder, which may have runs already.

    Raises UserError if they belong to different campaigns or were made by different
    source code, if two have different results for one run, or if the disk is too full.
    """
    bundles = list(bundles)
    manifest = bundles[0].manifest
    folder = results / manifest.id
    sources = [*_existing(folder), *map(_source_of, bundles)]
    first = sources[0]
    for other in sources[1:]:
        _check_same(first, other)
    # Everything is checked before the first write, so that a bad file changes
    # nothing.
    merged = _merge(sources)
    size = sum(bundle.bytes for bundle in bundles)
    if size > free_space(folder):
        raise UserError(
            f"The disk of {folder} has no room for what is imported."
        )
    recorded = {
        record["key"]: record
        for one in _existing(folder)
        for record in one.records
    }
    new = {
        key: line for key, line in merged.items() if recorded.get(key) != line
    }
    _write(folder, bundles, new)
    completed = [
        record for record in merged.values() if record["status"] in JUDGED
    ]
    return Imported(
        id=manifest.id,
        new=len(new),
        runs=len(completed),
        cells_missing=_cells_missing(manifest, completed),
    )


@dataclass(frozen=True)
class _Source:
    """A file or a folder whose runs are merged; ``name`` is for messages."""

    name: str
    manifest: Manifest
    records: Sequence[RunRecord]


def _source_of(bundle: Bundle) -> _Source:
    """An export file as a source of runs."""
    return _Source(str(bundle.path), bundle.manifest, bundle.records)


def _existing(folder: Path) -> list[_Source]:
    """The campaign's own folder, if it exists."""
    if not (folder / MANIFEST).exists():
        return []
    records = list(read_lines(folder / RECORD))
    return [_Source(str(folder), read_manifest(folder), records)]


def _cells_missing(manifest: Manifest, completed: Iterable[RunRecord]) -> int:
    """How many planned cells have no final with a result."""
    finals = (record for record in completed if record["kind"] == "final")
    cells_with_final = {_cell(record) for record in finals}
    missing = [
        cell for cell in manifest.cells if cell.place not in cells_with_final
    ]
    return len(missing)


def _check_same(first: _Source, second: _Source) -> None:
    """Raise UserError unless both belong to one campaign: same id, and same inputs to
    the hash that the id is made from (sources, claims, profile).
    """
    one, other = first.manifest, second.manifest
    for task in one.sources.keys() & other.sources.keys():
        digests = one.sources[task], other.sources[task]
        if digests[0] != digests[1]:
            raise UserError(
                f"{first.name} and {second.name} ran task {task} with different "
                f"source code ({digests[0][:16]} and {digests[1][:16]}): all shards "
                "need the same version of Bakeoff and of the task's file."
            )
    if one.claims_digest != other.claims_digest:
        raise UserError(
            f"{first.name} and {second.name} have different claims: they cannot be "
            "merged."
        )
    if one.id != other.id or one.profile != other.profile:
        raise UserError(
            f"{first.name} is of campaign {one.id} and {second.name} of {other.id}: "
            "import the files of one campaign at a time."
        )


def _merge(sources: Iterable[_Source]) -> dict[str, RunRecord]:
    """The record's line of each run key. A line whose run was lost to its machine is
    replaced by one with a result of its own; two such results must be equal.
    """
    merged: dict[str, RunRecord] = {}
    origin: dict[str, str] = {}
    for source in sources:
        for record in source.records:
            key = record["key"]
            known = merged.get(key)
            # A run that one machine lost may have finished on another.
            if known is None or known["status"] not in JUDGED:
                merged[key] = record
                origin[key] = source.name
            elif record["status"] in JUDGED and not _equal(known, record):
                raise UserError(
                    f"Run {key[:12]} has different results in {source.name} and "
                    f"{origin[key]}: one of them was changed, or ran on another kind "
                    "of machine. Import the one that you trust."
                )
    return merged


def _equal(one: RunRecord, other: RunRecord) -> bool:
    """Whether two lines are of the same cell and have the same results."""
    # Times and hosts may differ: on machines of one kind the rest does not.
    same_results = results_digest([one]) == results_digest([other])
    return _cell(one) == _cell(other) and same_results


def _write(
    folder: Path, bundles: Iterable[Bundle], new: Mapping[str, RunRecord]
) -> None:
    """Write artifacts first, then the record, and the manifest if there is none."""
    with ExitStack() as stack:
        for bundle in bundles:
            archive = stack.enter_context(zipfile.ZipFile(bundle.path))
            for name in bundle.hashes:
                if name.startswith(("artifacts/", "checkpoints/")):
                    _unpack(archive, name, folder / name)
            if not (folder / MANIFEST).exists():
                _unpack(archive, MANIFEST, folder / MANIFEST)
    record = Record(folder)
    try:
        for line in new.values():
            record.append_line(line)
    finally:
        record.close()


def _unpack(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    """Extract one entry atomically, unless the file exists."""
    if target.exists():
        return
    with replace_file(target) as partial, partial.open("wb") as file:
        for chunk in _chunks(archive, name):
            file.write(chunk)


def about_import(found: Imported) -> dict[str, Any]:
    """The state file's content for an imported campaign."""
    state = "incomplete" if found.cells_missing else "done"
    return {"state": state, "planned": found.runs, "done": found.runs}
