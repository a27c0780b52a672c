"""Every row of ``ci/INPUTS.md`` names a test that there is."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    line.removesuffix(" |").rpartition("| ")[2].strip("`")
    for line in (ROOT / "ci" / "INPUTS.md")
    .read_text(encoding="utf-8")
    .splitlines()
    if line.startswith("| ") and "::" in line
]


@cache
def source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_table_has_sixty_rows_at_least():
    assert len(ROWS) >= 60
    assert len({row for row in ROWS if "[" in row}) == sum(
        "[" in row for row in ROWS
    )


@pytest.mark.parametrize("row", sorted(set(ROWS)))
def test_a_row_names_a_test(row):
    path, _, name = row.partition("::")
    function, _, case = name.partition("[")

    assert re.search(rf"^def {function}\(", source(path), re.MULTILINE)
    assert f'"{case.removesuffix("]")}"' in source(path) or not case
