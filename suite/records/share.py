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
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.records.files import free_space, replace_file
from suite.records.journal import FILE as RECORD
from suite.records.journal import Record, parse_line, read_lines, results_digest
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
# Limit against ZIP bombs: curves as JSON, which compress best, shrink to a tenth.
MAX_COMPRESSION_RATIO = 100
RATIO_EXEMPT_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20
# Raised by the libraries for a corrupt archive or corrupt contents
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
    manifest: Manifest
    lines: tuple[RunRecord, ...]
    hashes: Mapping[str, str]

    @property
    def bytes(self) -> int:
        with zipfile.ZipFile(self.path) as archive:
            return sum(entry.file_size for entry in archive.infolist())


@dataclass(frozen=True)
class Imported:
    """The result of an import: the campaign, and how many of its runs are new here."""

    id: str
    new: int
    runs: int
    cells_missing: int


# ------------------------------------------------------------------------------ export


def export_campaign(folder: Path, output: Path) -> int:
    """Write a campaign's folder as one file, atomically; returns its size in bytes.

    Exporting an unchanged folder again gives an identical file. Raises UserError if the
    folder has no campaign, or its record is damaged.
    """
    read_manifest(folder)
    keys = {line["key"] for line in read_lines(folder / RECORD)}
    paths = [folder / MANIFEST, *(path for path in [folder / RECORD] if path.exists())]
    paths += sorted(_run_files(folder, keys))
    names = [path.relative_to(folder).as_posix() for path in paths]
    hashes = {name: _hash(path) for name, path in zip(names, paths, strict=True)}
    index = {"format": FORMAT_VERSION, "schema": SCHEMA, "files": hashes}
    with (
        replace_file(output) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr(zipfile.ZipInfo(INDEX_FILE), json.dumps(index))
        for name, path in zip(names, paths, strict=True):
            archive.write(path, name)
    return output.stat().st_size


def _run_files(folder: Path, keys: set[str]) -> Iterator[Path]:
    for key in keys:
        artifacts = folder / "artifacts" / key
        if artifacts.is_dir():
            yield from (path for path in artifacts.iterdir() if path.is_file())
        checkpoint = folder / "checkpoints" / f"{key}.pt"
        if checkpoint.is_file():
            yield checkpoint


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ----------------------------------------------------------------------------- reading


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
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError) as error:
        raise _damaged(path, str(error)) from error
    except UNREADABLE as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _read(path: Path, archive: zipfile.ZipFile) -> Bundle:
    _check_entries(path, archive)
    index = json.loads(archive.read(INDEX_FILE))
    if not isinstance(index, dict) or index.get("format") != FORMAT_VERSION:
        raise UserError(
            f"{path} was exported by another version of Bakeoff: export it again with "
            "this one."
        )
    hashes = index["files"]
    if set(archive.namelist()) - {INDEX_FILE} != set(hashes):
        raise _damaged(path, "its list of files is not what it holds")
    for name, expected in hashes.items():
        if _hash_of_entry(archive, name) != expected:
            raise _damaged(path, f"{name} is not as it was exported")
    return _parse(path, archive, hashes)


def _check_entries(path: Path, archive: zipfile.ZipFile) -> None:
    """Check names and sizes before anything is extracted."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if INDEX_FILE not in names or MANIFEST not in names:
        raise UserError(
            f"{path} holds no campaign: give files that `bakeoff export` wrote."
        )
    for name in names:
        if name != INDEX_FILE and not ENTRY_NAME.fullmatch(name):
            raise UserError(f"{path} holds {name!r}, which no export does: refused.")
    if len(set(names)) < len(names):
        raise UserError(f"{path} holds a name twice, which no export does: refused.")
    size = sum(entry.file_size for entry in entries)
    if size > max(RATIO_EXEMPT_BYTES, MAX_COMPRESSION_RATIO * path.stat().st_size):
        raise UserError(
            f"{path} would unpack to {size >> 20:,} MiB, {MAX_COMPRESSION_RATIO} "
            "times its size and more, which no export does: refused."
        )


def _hash_of_entry(archive: zipfile.ZipFile, name: str) -> str:
    found = hashlib.sha256()
    for chunk in _chunks(archive, name):
        found.update(chunk)
    return found.hexdigest()


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """An entry's content. At most its declared size is read."""
    remaining = archive.getinfo(name).file_size
    with archive.open(name) as file:
        while chunk := file.read(min(CHUNK_BYTES, remaining + 1)):
            remaining -= len(chunk)
            if remaining < 0:
                raise zipfile.BadZipFile(f"{name} is larger than it says")
            yield chunk


def _parse(path: Path, archive: zipfile.ZipFile, hashes: Mapping[str, str]) -> Bundle:
    place = Path(f"{path}:{MANIFEST}")
    manifest = manifest_from(json.loads(archive.read(MANIFEST)), place)
    if not CAMPAIGN_ID.fullmatch(manifest.id):
        raise UserError(
            f"{path} has the id {manifest.id!r}, which is not a campaign's."
        )
    content = archive.read(RECORD) if RECORD in hashes else b""
    record = Path(f"{path}:{RECORD}")
    lines = tuple(
        parse_line(text, record, number)
        for number, text in enumerate(content.splitlines(keepends=True), start=1)
        if text.endswith(b"\n")
    )
    cells = {cell.place for cell in manifest.cells}
    for number, line in enumerate(lines, start=1):
        if not RUN_KEY.fullmatch(line["key"]) or _cell(line) not in cells:
            raise _damaged(path, f"line {number} of its record is of no planned cell")
    return Bundle(path, manifest, lines, hashes)


def _cell(line: RunRecord) -> tuple[str, str, str, int]:
    return line["task"], line["level"], line["arm"], line["block"]


def _damaged(path: Path, problem: str) -> UserError:
    return UserError(f"{path} is damaged ({problem}): export it, or copy it, again.")


# ------------------------------------------------------------------------------- merge


def import_bundles(bundles: Iterable[Bundle], results: Path) -> Imported:
    """Merge export files of one campaign into its folder, which may have runs already.

    Raises UserError if they belong to different campaigns or were made by different
    source code, if two have different results for one run, or if the disk is too full.
    """
    bundles = list(bundles)
    first = bundles[0]
    folder = results / first.manifest.id
    parts: list[tuple[str, Manifest, Iterable[RunRecord]]] = [
        (str(one.path), one.manifest, one.lines) for one in bundles
    ]
    if (folder / MANIFEST).exists():
        here = list(read_lines(folder / RECORD))
        parts.insert(0, (str(folder), read_manifest(folder), here))
    for name, manifest, _ in parts[1:]:
        _check_same(parts[0][0], parts[0][1], name, manifest)
    merged = _merge((name, lines) for name, _, lines in parts)
    if sum(bundle.bytes for bundle in bundles) > free_space(folder):
        raise UserError(f"The disk of {folder} has no room for what is imported.")
    known = dict(_by_key(parts[0][2])) if parts[0][0] == str(folder) else {}
    new = {key: line for key, line in merged.items() if known.get(key) != line}
    _write(folder, bundles, new)
    judged = {key for key, line in merged.items() if line["status"] in JUDGED}
    ended = {_cell(merged[key]) for key in judged if merged[key]["kind"] == "final"}
    missing = sum(cell.place not in ended for cell in first.manifest.cells)
    return Imported(first.manifest.id, len(new), len(judged), missing)


def _by_key(lines: Iterable[RunRecord]) -> Iterator[tuple[str, RunRecord]]:
    return ((line["key"], line) for line in lines)


def _check_same(
    first_name: str, first: Manifest, second_name: str, second: Manifest
) -> None:
    """Raise UserError unless both belong to one campaign: same id, and same inputs to
    the hash that the id is made from (sources, claims, profile).
    """
    for task in first.sources.keys() & second.sources.keys():
        if first.sources[task] != second.sources[task]:
            raise UserError(
                f"{first_name} and {second_name} ran task {task} with other sources "
                f"({first.sources[task][:16]} and {second.sources[task][:16]}): all "
                "shards need the same version of Bakeoff and of the task's file."
            )
    if first.claims_digest != second.claims_digest:
        raise UserError(
            f"{first_name} and {second_name} have other claims: they cannot be merged."
        )
    if first.id != second.id or first.profile != second.profile:
        raise UserError(
            f"{first_name} is of campaign {first.id} and {second_name} of {second.id}: "
            "import the files of one campaign at a time."
        )


def _merge(parts: Iterable[tuple[str, Iterable[RunRecord]]]) -> dict[str, RunRecord]:
    """The record's line of each run key. A line whose run was lost to its machine is
    replaced by one with a result of its own; two such results must be equal.
    """
    merged: dict[str, RunRecord] = {}
    origin: dict[str, str] = {}
    for name, lines in parts:
        for key, line in _by_key(lines):
            known = merged.get(key)
            if known is not None and known["status"] in JUDGED:
                if line["status"] in JUDGED and not _equal(known, line):
                    raise UserError(
                        f"Run {key[:12]} has other results in {name} than in "
                        f"{origin[key]}: one of them was changed, or ran on another "
                        "kind of machine. Import the one that you trust."
                    )
                continue
            merged[key], origin[key] = line, name
    return merged


def _equal(one: RunRecord, other: RunRecord) -> bool:
    return _cell(one) == _cell(other) and results_digest([one]) == results_digest(
        [other]
    )


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
    if target.exists():
        return
    with replace_file(target) as partial, partial.open("wb") as file:
        for chunk in _chunks(archive, name):
            file.write(chunk)


def about_import(found: Imported) -> dict[str, Any]:
    """The state file's content for an imported campaign."""
    state = "incomplete" if found.cells_missing else "done"
    return {"state": state, "planned": found.runs, "done": found.runs}
