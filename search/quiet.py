"""Optuna without its log lines."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import optuna


class _Verbosity:
    """Optuna's verbosity is global to all threads: the first to enter lowers it, and
    the last to leave restores it.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._verbosity = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._verbosity = optuna.logging.get_verbosity()
                optuna.logging.set_verbosity(optuna.logging.ERROR)
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                optuna.logging.set_verbosity(self._verbosity)


_VERBOSITY = _Verbosity()


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress Optuna's log lines and its warnings about experimental features, which
    are used on purpose.
    """
    with _VERBOSITY, warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
