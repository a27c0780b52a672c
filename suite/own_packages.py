"""Makes this distribution's packages take precedence over others of the same name.

``tasks`` and ``suite`` are common names, and both Python (``python -m``, notebooks) and
Ray's workers look into the working directory first. A folder ``tasks/`` or a file
``tasks.py`` there, as Celery and Invoke have, would shadow them.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tasks", "search", "suite", "dashboard")


class OwnPackagesFirst(MetaPathFinder):
    """Finds our top-level packages next to this one, before ``sys.path``."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname not in PACKAGES:
            return None
        return PathFinder.find_spec(fullname, [str(ROOT)])

    # `importlib.invalidate_caches()` calls it on every finder, and this one is
    # a class, of which the inherited method would need an instance.
    @classmethod
    def invalidate_caches(cls) -> None:
        """Nothing: there is no cache of its own."""


def prefer_own_packages() -> None:
    """Have our packages found first from now on.

    Raises ImportError where one of another origin has been imported already.
    """
    for name in PACKAGES:
        module = sys.modules.get(name)
        if module is not None and not is_ours(module):
            raise ImportError(
                f"{path_of(module)} was imported as {name!r}, which is the name of a "
                "package of Bakeoff's: import suite first, or rename yours."
            )
    if OwnPackagesFirst not in sys.meta_path:
        sys.meta_path.insert(0, OwnPackagesFirst)


def foreign_packages(folder: Path) -> list[Path]:
    """Files and folders there that Python could import under our packages' names."""
    if folder.resolve() == ROOT:
        return []
    files = [folder / f"{name}.py" for name in PACKAGES]
    folders = [folder / name for name in PACKAGES]
    return [path for path in files if path.is_file()] + [
        path for path in folders if path.is_dir()
    ]


def is_ours(module: ModuleType) -> bool:
    """Whether a top-level module is next to this package."""
    return path_of(module).resolve().parent == ROOT


def path_of(module: ModuleType) -> Path:
    """The folder of a package, or the file of a module."""
    folders = list(getattr(module, "__path__", ()))
    return Path(folders[0] if folders else module.__file__ or "?")
