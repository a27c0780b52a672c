"""Downloads files that are too large to ship; verified at each use.

A file is looked for in the cache folder ``BAKEOFF_DATA`` (default: the platform's cache
folder), then at its URL. ``BAKEOFF_MIRROR``, a folder or an address laid out as ``<data
set>/<file>``, stands in for the address; files in a mirror folder are read where they
are, so neither needs to be writable.
"""

import gzip
import hashlib
import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pooch  # type: ignore[import-untyped]

from tasks.contract.errors import UserError


class Unavailable(UserError):
    """A file that is not here, cannot be fetched, or is not the file that was expected."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set, the address of the folder it is in, and the SHA-256 of its
    *uncompressed* content, or of the file itself where it is an archive of several.

    Some copies are recompressed (Debian's), so only the content is compared.
    """

    dataset: str
    name: str
    address: str
    sha256: str
    is_archive: bool = False


def cache_folder() -> Path:
    """Where fetched files are kept."""
    return Path(os.environ.get("BAKEOFF_DATA") or pooch.os_cache("bakeoff"))


def fetch(file: RemoteFile) -> bytes:
    """The file's verified content, uncompressed unless it is an archive. Raises
    Unavailable with the hint if it cannot be fetched.

    A file that is damaged in the cache is fetched again.
    """
    cached = cache_folder() / file.dataset / file.name
    if not cached.is_file():
        return _fetched(file, cached)
    try:
        return _verified(_read(cached, file), file, cached)
    except Unavailable as damaged:
        try:
            return _fetched(file, cached)
        # The first error names the file that is here and damaged, which the
        # user can delete.
        except Unavailable:
            raise damaged from None


def _fetched(file: RemoteFile, cached: Path) -> bytes:
    """The content from the mirror or the file's address, from where it is kept in the
    cache if that can be written.
    """
    mirror = os.environ.get("BAKEOFF_MIRROR", "")
    if mirror and "://" not in mirror:
        path = Path(mirror) / file.dataset / file.name
        # Read in place: a shared folder of data may be larger than a home
        # directory.
        return _verified(_read(path, file), file, path)
    url = (
        f"{mirror.rstrip('/')}/{file.dataset}/{file.name}"
        if mirror
        else f"{file.address}/{file.name}"
    )
    keep = _writable(cached.parent)
    # Beside its final place, so that the move is one step on one file system,
    # and other workers never see half a file.
    with tempfile.TemporaryDirectory(
        dir=cached.parent if keep else None
    ) as folder:
        path = _downloaded(url, Path(folder), file)
        content = _verified(_read(path, file), file, url)
        if keep:  # the cache only has verified files
            path.replace(cached)
    return content


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _downloaded(url: str, folder: Path, file: RemoteFile) -> Path:
    try:
        return Path(
            pooch.retrieve(url, known_hash=None, fname=file.name, path=folder)
        )
    # ValueError: pooch does not know the address's protocol
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        raise Unavailable(
            f"{file.name} cannot be fetched from {url} ({reason}). {_cure(file)}"
        ) from error


def _read(path: Path, file: RemoteFile) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be read ({error.strerror}). {_cure(file)}"
        ) from error


def _verified(content: bytes, file: RemoteFile, where: Path | str) -> bytes:
    """The content, if it is what was expected; uncompressed unless it is an archive."""
    compressed = content[:2] == b"\x1f\x8b" and not file.is_archive
    try:
        content = gzip.decompress(content) if compressed else content
    except (OSError, EOFError, zlib.error):
        raise Unavailable(
            f"{where} is damaged: it cannot be uncompressed. {_cure(file)}"
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise Unavailable(
            f"{where} is not the file expected: its content has SHA-256 {found}. {_cure(file)}"
        )
    return content


def _cure(file: RemoteFile) -> str:
    what = "it" if file.is_archive else "its uncompressed content"
    return (
        f"Put a copy at {cache_folder() / file.dataset / file.name} or set "
        "BAKEOFF_MIRROR to a folder or address that "
        f"has {file.dataset}/{file.name}; {what} must have SHA-256 {file.sha256}."
    )
