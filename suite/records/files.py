"""Small files, read and written atomically."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from suite.atomic import replace_file
from tasks import UserError

# What ``json.loads`` raises: of a text that is not JSON, and of one nested too
# deeply.
NOT_JSON = (ValueError, RecursionError)

# A folder from somebody else may have a file of any size: holes take no space in it.
# A campaign of 100,000 cells has a manifest of 10 MB.
MAX_JSON_BYTES = 256 << 20


def replace_text(path: Path, text: str) -> None:
    """Write a text atomically."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Write bytes atomically."""
    with replace_file(path) as partial:
        partial.write_bytes(content)


def is_own_file(path: Path) -> bool:
    """Whether it is a file and no link, whose target may lie anywhere."""
    # A results folder may come from somebody else. A link in it could make us
    # read, copy or export any file of this machine.
    return path.is_file() and not path.is_symlink()


def artifacts_of(campaign: Path, key: str) -> list[Path]:
    """The artifacts of a run in a campaign's folder, sorted by name, without links."""
    folder = campaign / "artifacts" / key
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.is_symlink())


def free_space(folder: Path) -> int:
    """Free bytes on the disk of the folder, which need not exist."""
    # Asked before the folder is made, as in `bakeoff import`.
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_plain(path: Path) -> None:
    """Raise UserError for something that is there and no file, such as a pipe or a
    device: reading it could last, or go on, for ever.
    """
    if path.exists() and not path.is_file():
        raise UserError(
            f"{path} is not a file: a results folder has nothing else there."
        )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is no file. Raises UserError if the
    file holds no JSON, or no object, or is larger than any that is written here.
    """
    check_plain(path)
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise _damaged(path, f"it has more than {MAX_JSON_BYTES:,} bytes")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NOT_JSON as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(value, dict):
        raise _damaged(path, "it is not an object")
    return value


def _damaged(path: Path, problem: str) -> UserError:
    """The error for a file that cannot be read."""
    return UserError(
        f"{path} is damaged ({problem}): restore it from a copy, or start again with "
        "--new."
    )
