"""Publishes a campaign's record to MLflow from a thread of its own.

Training never waits for MLflow. Publishing is idempotent by run key: what a store did
not take (because it was away) is published when it is back, or by the next
`bakeoff run`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from suite.errors import named_line
from suite.tracking.connection import hint
from suite.tracking.protocol import CLOSE_TIMEOUT_S, Item
from suite.tracking.writer import MlflowWriter

RETRY_PAUSES_S = (0.5, 2.0, 5.0)  # before each further attempt at one item
RECONNECT_INTERVAL_S = 30.0  # between attempts at a store that is away
# Niceness of the writing thread: below the driver (0), above runs (15 under
# Ray).
NICENESS = 10

log = logging.getLogger("bakeoff")


class Publisher:
    """A ``Tracker`` that writes runs and cells to an MLflow store.

    A store that does not answer is tried again every ``RECONNECT_INTERVAL_S``;
    ``error`` says what is wrong with it, and ``hint`` what to do about it.
    """

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        self.uri = uri
        self.results = results
        self.campaign = campaign
        self.error: str | None = None
        self.hint = ""
        self.published = 0
        self.seconds = 0.0  # CPU time of the writing thread
        self._queue: queue.Queue[Item | None] = queue.Queue()
        # Taken from the queue and not yet written: an item stays until the
        # store has taken it.
        self._pending: deque[Item] = deque()
        self._writer: MlflowWriter | None = None
        self._is_given_up = False
        self._thread = threading.Thread(
            target=self._work,
            name="mlflow-writer",
            # A store that hangs must not keep the program from ending.
            daemon=True,
        )
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Items that were put and not yet published."""
        return self._queue.qsize() + len(self._pending)

    def put(self, item: Item) -> None:
        """Publish a line of the record, or a finished cell, when its turn comes."""
        self._queue.put(item)

    def close(self, seconds: float = CLOSE_TIMEOUT_S) -> None:
        """Publish what is left, with a timeout in seconds.

        Gives up at once if the store is unreachable. Nothing is begun after that time:
        the campaign may have another publisher then.
        """
        # Ends the thread, once it has written all that came before.
        self._queue.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._is_given_up = True
            self.error = self.error or f"still writing after {seconds:g} s"

    def _work(self) -> None:
        """The thread's own work: write what is queued until None comes, and
        then once more. While the store is out of reach it is tried again at
        intervals.
        """
        _lower_priority()
        last_attempt = 0.0
        while (item := self._queue.get()) is not None:
            self._pending.append(item)
            waited = time.monotonic() - last_attempt
            if self.error is None or waited > RECONNECT_INTERVAL_S:
                self._write_pending()
                last_attempt = time.monotonic()
        self._write_pending(last=True)

    def _write_pending(self, last: bool = False) -> None:
        """Write all that waits, in order, and then the campaign's state.

        An error ends the attempt and is noted; what was not written waits on.
        The thread's processor time is added to ``seconds``.
        """
        started = time.thread_time()
        # A store that was just unreachable is tried once, without retries.
        pauses = RETRY_PAUSES_S if self.error is None else ()
        try:
            while self._pending and not self._is_given_up:
                self._write(self._pending[0], pauses)
                self._pending.popleft()
                self.published += 1
                pauses = RETRY_PAUSES_S
            if not self._pending:
                self._finish(last)
        except Exception as error:
            # Whatever the store does, no result is lost: the next run
            # publishes it.
            self._note(error)
        self.seconds += time.thread_time() - started

    def _finish(self, last: bool) -> None:
        """Write the campaign's state, once all its items are written."""
        if self._writer is not None:
            self._writer.write_state(last)
        self.error, self.hint = None, ""

    def _note(self, error: Exception) -> None:
        """Keep an error and a hint for it, and log it unless it is the one
        before.
        """
        message = named_line(error)
        # The same trouble every half minute would fill the log.
        if message != self.error:
            log.warning("MLflow did not take everything: %s", message)
        self.error, self.hint = message, hint(error, self.uri)

    def _write(self, item: Item, pauses: Iterable[float]) -> None:
        """Write one item, with a new attempt after each pause, in seconds.
        Raises what the last attempt raised.
        """
        for pause in (*pauses, None):
            try:
                if self._writer is None:
                    self._writer = MlflowWriter(
                        self.uri, self.results, self.campaign
                    )
                self._writer.write(item)
                return
            except Exception:
                # A new writer first asks what this one has written after all.
                self._writer = None
                if pause is None or self._is_given_up:
                    raise
                time.sleep(pause)


def _lower_priority() -> None:
    """Have the scheduler prefer other threads to this one."""
    # A courtesy: not every system lets a thread have a priority of its own.
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
