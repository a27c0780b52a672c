"""Write ci/WRONG_VALUES.md: for every field of a task's values, and every key of a
profile, one wrong value and the message it gets.

    python ci/wrong_values.py

The values are those that ``tests/tasks/test_nothing_silent.py`` tries; it also proves
that no field is missing.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from suite.planning.profile import explained
from tasks import UserError

ROOT = Path(__file__).parents[1]
TEST = ROOT / "tests" / "tasks" / "test_nothing_silent.py"
LONGEST = 60  # characters of a value
ADDRESS = re.compile(r" at 0x[0-9a-f]*")  # of a function in this process


def main() -> None:
    """Write the file."""
    spec = importlib.util.spec_from_file_location("nothing_silent", TEST)
    assert spec is not None
    assert spec.loader is not None
    tried = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tried)
    text = "\n".join(lines(tried)) + "\n"
    (ROOT / "ci" / "WRONG_VALUES.md").write_text(text, encoding="utf-8")


def lines(tried: ModuleType) -> Iterator[str]:
    """The file, line by line."""
    yield "# Wrong values, and the message that each gets"
    yield ""
    yield "Written by `python ci/wrong_values.py` from the values that"
    yield "`tests/tasks/test_nothing_silent.py` tries: one for every field of every"
    yield "value that a task is made of, and for every key of a profile."
    yield ""
    yield "| field | given | message |"
    yield "|---|---|---|"
    for kind, field, value, _ in tried.WRONG:
        try:
            kind(**{**tried.RIGHT[kind], field: value})
        except UserError as error:
            yield row(f"{kind.__name__}.{field}", value, str(error))
    for key, value, _ in tried.KEYS:
        try:
            tried.profile(**{key: value})
        except ValidationError as error:
            said = explained(error.errors()[0])
            yield row(f"profile: {key}", value, said)
        except UserError as error:
            yield row(f"profile: {key}", value, str(error))


def row(field: str, value: object, message: str) -> str:
    """One row; tensors and functions are named by their type."""
    given = repr(value)
    if "tensor(" in given or " at 0x" in given:
        given = f"another {type(value).__name__}"
    if len(given) > LONGEST:
        given = f"{given[:LONGEST]}..."
    said = " ".join(message.split()).replace("|", "\\|")
    said = ADDRESS.sub("", said)
    return f"| `{field}` | `{given}` | {said} |"


if __name__ == "__main__":
    main()
