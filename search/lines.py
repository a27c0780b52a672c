"""Append-only files of lines."""

import os
from pathlib import Path


def cut_torn_line(path: Path) -> None:
    """Truncate a partial line that a crash left at the end of the file.

    A file whose last line is complete, and one that is not there, stay as they are.
    """
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        end = size
        while end > 0:
            # Read backwards in pieces: the file may be large, the torn line
            # seldom is.
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)
