"""Schema versions of results, and the versions of Bakeoff that read them."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from suite.training.job import SCHEMA
from tasks import UserError

READERS = {1: "0.1.0"}  # the last version that reads an older schema


def check_schema(found: object, place: Path | str) -> None:
    """Raise UserError unless ``found``, the schema that ``place`` states, is supported.

    The message names the version that reads the file. ``place`` is the file, and the
    line where that helps.
    """
    if found == SCHEMA:
        return
    ours = f"this is Bakeoff {importlib.metadata.version('bakeoff')}, which reads schema {SCHEMA}"
    if not isinstance(found, int):
        raise UserError(
            f"{place} is damaged, or not a file of Bakeoff's: it states no results schema "
            f"({ours}). Restore it from a copy, or run the campaign again."
        )
    if found in READERS:
        version = READERS[found]
        raise UserError(
            f"{place} was written by Bakeoff {version.rpartition('.')[0]} (results schema "
            f"{found}; {ours}): open it with version {version}, or run the campaign again."
        )
    raise UserError(
        f"{place} was written by another version of Bakeoff (results schema {found}; "
        f"{ours}): open it with that version, or run the campaign again."
    )
