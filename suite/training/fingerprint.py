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
LOOP = tuple(
    ROOT / "suite" / "training" / f"{name}.py"
    for name in (
        "data_parallel",
        "evaluate",
        "instantiate",
        "learner",
        "loop",
        "optimizer",
        "rng",
        "worker",
    )
)


def source_hash(task: str) -> str:
    """SHA-256 over the task's file, everything it imports below ``tasks/``, and the
    training loop.
    """
    given = tasks.source_of(task)
    if given is not None:
        own, imported = given[1], _imported_text(given[1])
    else:
        path = Path(tasks.module_of(task).__file__ or "")
        own = path.read_text(encoding="utf-8")
        imported = _imported_text(own)
    files = {
        path.relative_to(ROOT).as_posix(): _hash(path)
        for path in sorted({*_reached(imported), *LOOP})
    }
    return digest({"task": hashlib.sha256(own.encode()).hexdigest(), "files": files})


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
    found = hashlib.sha256(
        f"{splits.population} {splits.pool} {splits.classes}".encode()
    )
    test = (
        splits.sealed.resealed().open()
    )  # a throw-away seal: nothing is trained on seed 0 here
    for split in (splits.train, splits.validation, test):
        for tensor in (split.x, split.y):
            found.update(f"{tuple(tensor.shape)} {tensor.dtype}".encode())
            found.update(_bytes(tensor))
    return found.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return (
        tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
    )


@cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reached(start: frozenset[Path]) -> set[Path]:
    """All files below ``tasks/`` that can be reached by imports from ``start``."""
    seen: set[Path] = set()
    waiting = set(start)
    while waiting:
        path = waiting.pop()
        seen.add(path)
        waiting |= _imported_text(path.read_text(encoding="utf-8")) - seen
    return seen


@lru_cache(maxsize=1024)
def _imported_text(text: str) -> frozenset[Path]:
    """The files below ``tasks/`` that this source imports by itself; the package's own
    doors do not count.
    """
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules |= {
                node.module,
                *(f"{node.module}.{alias.name}" for alias in node.names),
            }
    found = {
        ROOT.joinpath(*name.split(".")).with_suffix(".py")
        for name in modules
        if name.startswith("tasks.")
    }
    return frozenset(path for path in found if path.is_file())
