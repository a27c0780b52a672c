"""Versions of Python and of the libraries that results may depend on."""

from __future__ import annotations

import importlib.metadata
import platform
import tomllib
from pathlib import Path

LIBRARIES = (
    "torch",
    "ray",
    "optuna",
    "mlflow",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "mlxtend",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that results may depend on."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def own_version() -> str:
    """Bakeoff's version, from what is installed, or from a clone's pyproject.toml."""
    try:
        return importlib.metadata.version("bakeoff")
    except importlib.metadata.PackageNotFoundError:
        # `python -m suite` also runs from a clone that was never installed, as
        # on the nodes of a Ray cluster with ``working_dir``.
        path = Path(__file__).parents[2] / "pyproject.toml"
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        return str(project["version"])
