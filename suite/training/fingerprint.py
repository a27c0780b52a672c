"""What decides a run's result, as hashes: the sources it runs and the data it
sees.

Not the commit: a change to a page or to another task must not make finished runs
stale.
"""

import ast
import hashlib
from functools import cache, lru_cache
from pathlib import Path

import torch
from torch import Tensor

import tasks
from suite.training.instantiate import load_splits
from suite.training.job import digest
from tasks import Splits

ROOT = Path(__file__).resolve().parents[2]
DECIDING = (
    "data_parallel",
    "evaluate",
    "flat_parameters",
    "function",
    "instantiate",
    "learner",
    "loop",
    "optimizer",
    "rng",
    "run",
)
"""The modules of ``suite.training`` that decide a run's result. The others start and
watch runs, keep their checkpoints, or say where they took place.
"""


def source_hash(task: str) -> str:
    """SHA-256 over the task's file, the modules that decide how a run goes, and
    everything that these import below ``tasks/``.
    """
    own = _own_text(task)
    training = [ROOT / "suite" / "training" / f"{name}.py" for name in DECIDING]
    start = set(_imported_by(own))
    for path in training:
        start |= _imported_by(_text(path))
    files = {
        path.relative_to(ROOT).as_posix(): _hash(path)
        for path in sorted({*_reached(start), *training})
    }
    return digest({"task": hashlib.sha256(own.encode()).hexdigest(), "files": files})


def _own_text(task: str) -> str:
    given = tasks.source_of(task)
    if given is not None:
        return given[1]
    return _text(Path(tasks.module_of(task).__file__ or ""))


def data_hash(task: str, level: str, examples: int | None = None) -> str:
    """SHA-256 over the splits that seed 0 gives: it changes when the data or the way of
    splitting them does.
    """
    return _data_hash(task, tasks.source_of(task), level, examples)


@lru_cache(maxsize=256)
def _data_hash(
    task: str, source: tuple[str, str] | None, level: str, examples: int | None
) -> str:
    return _splits_hash(load_splits(task, level, 0, examples))


def _splits_hash(splits: Splits) -> str:
    about = f"{splits.population} {splits.pool} {splits.classes}"
    found = hashlib.sha256(about.encode())
    # A seal of its own is broken: nothing is trained on seed 0 here.
    test = splits.sealed.resealed().open()
    for split in (splits.train, splits.validation, test):
        for tensor in (split.x, split.y):
            found.update(f"{tuple(tensor.shape)} {tensor.dtype}".encode())
            found.update(_bytes(tensor))
    return found.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().flatten()
    return flat.view(torch.uint8).numpy().tobytes()


@cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _reached(start: set[Path]) -> set[Path]:
    """All files below ``tasks/`` that can be reached by imports from ``start``."""
    seen: set[Path] = set()
    waiting = set(start)
    while waiting:
        path = waiting.pop()
        seen.add(path)
        waiting |= _imported_by(_text(path)) - seen
    return seen


@lru_cache(maxsize=1024)
def _imported_by(text: str) -> frozenset[Path]:
    """The files below ``tasks/`` that this source imports by itself; what only a
    package's ``__init__`` imports does not count.
    """
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    paths = [
        ROOT.joinpath(*name.split(".")).with_suffix(".py")
        for name in modules
        if name.startswith("tasks.")
    ]
    return frozenset(path for path in paths if path.is_file())
