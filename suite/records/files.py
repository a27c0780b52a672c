"""Small files, read and written whole."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from tasks import UserError


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def free_space(folder: Path) -> int:
    """Bytes left on the disk that holds the folder, or would."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no file."""
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(
            f"{path} is damaged ({error}): restore it from a copy, or start again with --new."
        ) from error
    return value
