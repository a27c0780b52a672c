"""The one door to MLflow: publishes the record, in one thread, in batches, off the
critical path.

Experiment ``bakeoff/<task>``; a parent run per cell, a child run per training.
Publishing is idempotent by key. What cannot be published now (a server that is away) is
published when it is back, or by the next `bakeoff run`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from suite.tracking.connection import first_line
from suite.tracking.protocol import Item
from suite.tracking.writer import MlflowWriter

RETRIES = (0.5, 2.0, 5.0)  # seconds before another attempt
AGAIN = 30.0  # seconds until a store that was away is knocked at again
# after the driver, before runs (Ray runs them at 15): what waits is written alone
# at the end
NICENESS = 10


class Publisher:
    """A thread that writes runs and cells to MLflow as they are put.

    A store that does not take them is knocked at again from time to time; ``error``
    says what is wrong with it, while something is.
    """

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        self.uri, self.results, self.campaign = uri, results, campaign
        self.error: str | None = None
        self.published = 0
        self.seconds = 0.0
        self._queue: queue.Queue[Item | None] = queue.Queue()
        self._held: deque[Item] = (
            deque()
        )  # what the store has not taken yet, in its order
        self._store: MlflowWriter | None = None
        self._thread = threading.Thread(
            target=self._work, name="mlflow-writer", daemon=True
        )
        self._thread.start()

    def put(self, item: Item) -> None:
        """Publish a line of the record, or a finished cell, when its turn comes."""
        self._queue.put(item)

    @property
    def waiting(self) -> int:
        return self._queue.qsize() + len(self._held)

    def close(self, seconds: float = 600.0) -> None:
        """Publish what is left; give up after so many seconds, or at once where the
        store is away.
        """
        self._queue.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.error = self.error or f"still writing after {seconds:g} s"

    def _work(self) -> None:
        _give_way()
        knocked = 0.0
        while (item := self._queue.get()) is not None:
            self._held.append(item)
            if not self.error or time.monotonic() - knocked > AGAIN:
                self._write_held()
                knocked = time.monotonic()
        self._write_held(last=True)

    def _write_held(self, last: bool = False) -> None:
        begun = time.thread_time()
        pauses = () if self.error else RETRIES  # one that was away is asked once
        try:
            while self._held:
                self._write(self._held[0], pauses)
                self._held.popleft()
                self.published += 1
                pauses = RETRIES
            if self._store is not None:
                self._store.tell_state(last)
            self.error = None
        except Exception as error:  # whatever the store does, no result is lost by it: the next run publishes it
            self.error = first_line(error)
        self.seconds += time.thread_time() - begun

    def _write(self, item: Item, pauses: Iterable[float]) -> None:
        for pause in (*pauses, None):
            try:
                self._store = self._store or MlflowWriter(
                    self.uri, self.results, self.campaign
                )
                self._store.write(item)
                return
            except Exception:
                # the next attempt looks first what this one has written after all
                self._store = None
                if pause is None:
                    raise
                time.sleep(pause)


def _give_way() -> None:
    with contextlib.suppress(
        OSError, AttributeError
    ):  # a courtesy: not every system lets a thread have its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
