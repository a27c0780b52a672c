"""Our packages are found before others of the same name."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from suite.own_packages import (
    PACKAGES,
    foreign_packages,
    prefer_own_packages,
)

ROOT = Path(__file__).resolve().parents[1]


def python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a tasks.py and a search package of somebody else's."""
    (tmp_path / "tasks.py").write_text("raise RuntimeError('foreign')")
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "__init__.py").write_text(
        "raise RuntimeError('foreign')"
    )
    return tmp_path


@pytest.mark.parametrize(
    "call",
    [
        ("-m", "suite", "--version"),
        ("-c", "from suite import run; import tasks, search.space"),
    ],
    ids=["command", "notebook"],
)
def test_the_working_directory_hides_none_of_our_packages(call, project):
    done = python(*call, cwd=project)

    assert done.returncode == 0, done.stderr


def test_python_can_be_asked_to_look_for_new_modules():
    prefer_own_packages()

    importlib.invalidate_caches()


def test_a_foreign_package_that_was_imported_before_is_named(project):
    (project / "tasks.py").write_text("")
    done = python("-c", "import tasks, suite", cwd=project)

    assert (
        f"ImportError: {project / 'tasks.py'} was imported as 'tasks'"
        in done.stderr
    )


def test_foreign_packages_are_found_in_a_folder_and_not_in_our_own(project):
    assert {path.name for path in foreign_packages(project)} == {
        "tasks.py",
        "search",
    }
    assert foreign_packages(ROOT) == []
    assert all((ROOT / name / "__init__.py").is_file() for name in PACKAGES)
