"""Versions of Python and of the libraries that results may depend on."""

from __future__ import annotations

import importlib.metadata
import platform

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
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
