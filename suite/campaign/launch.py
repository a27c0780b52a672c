"""Launch a plan: set up executor, record, tracker and driver.

Entry point of the command line, and of notebooks through ``suite.campaign.notebook``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from pathlib import Path

from suite.campaign.campaign_dir import check_folder
from suite.campaign.driver import Driver
from suite.campaign.progress import Tally
from suite.campaign.signals import signals_as_ctrl_c
from suite.cluster.choose import open_executor
from suite.cluster.protocol import Executor
from suite.errors import without_passwords
from suite.planning.plan import Plan
from suite.records.files import read_json
from suite.tracking.protocol import CLOSE_TIMEOUT_S, Tracker
from suite.tracking.registry import open_tracker
from tasks import UserError

# For publishing what is left where an error, such as a full disk, ends a campaign.
FAILED_CLOSE_TIMEOUT_S = 2.0


def launch(
    plan: Plan,
    results: Path,
    *,
    address: str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    tracking_uri: str | None = None,
    retry: bool = False,
    watch: Callable[[Tally], None] = lambda tally: None,
    notify: Callable[[str], None] = lambda text: None,
) -> Tally:
    """Train what the plan's campaign lacks, and publish it to MLflow.

    ``workers`` is the number of Ray workers on this machine (default: one per core; 0:
    run in this process), ``address`` that of a running cluster. ``executor`` takes the
    place of both, and is closed by the caller. ``tracking_uri`` is an MLflow store (or
    the address of another registered tracker); None means the store in the results
    folder, "none" none at all. ``watch`` is called with the tally about once a second,
    ``notify`` with each message for the user. Raises UserError and, on Ctrl-C, SIGTERM
    or SIGHUP, KeyboardInterrupt; everything recorded is kept.
    """
    check_folder(results / plan.id)
    with _logged(results / plan.id), signals_as_ctrl_c():
        tracker = open_tracker(tracking_uri, results, plan.id)
        close_timeout = CLOSE_TIMEOUT_S
        try:
            with _executor(executor, address, workers) as chosen:
                tally = Driver(
                    plan, results, chosen, tracker, watch, retry
                ).run()
        except UserError:
            # The user is to hear of it now: all that is recorded is published
            # by the command that resumes.
            close_timeout = FAILED_CLOSE_TIMEOUT_S
            raise
        finally:
            # A run takes about 40 ms to write: fewer are done within a second.
            if tracker.waiting > 20 and close_timeout > FAILED_CLOSE_TIMEOUT_S:
                notify(f"writing the last {tracker.waiting} runs to MLflow …")
            tracker.close(close_timeout)
        tally.published = not tracker.error
        for problem in (*tally.problems, *_unpublished(tracker, tracking_uri)):
            notify(problem)
    return tally


def _unpublished(tracker: Tracker, uri: str | None) -> Iterator[str]:
    """The message for the user if the tracker did not store everything."""
    if tracker.error:
        where = f"at {without_passwords(uri)} " if uri else ""
        todo = tracker.hint or "the same command publishes the rest."
        yield (
            f"MLflow {where}did not take everything ({tracker.error}). "
            f"Nothing is lost: {todo}"
        )


def _executor(
    given: Executor | None,
    address: str | None,
    workers: int | None,
) -> AbstractContextManager[Executor]:
    """The caller's executor, or a new one that is closed at the end."""
    if given is not None:
        return nullcontext(given)
    return closing(open_executor(address, workers))


class _Log(logging.FileHandler):
    """A log handler for a disk that may be full: what cannot be written is dropped
    without an error.
    """

    def handleError(self, record: logging.LogRecord) -> None:
        pass

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """Keep the campaign's log in its folder."""
    handler = _Log(folder / "log.txt", encoding="utf-8")
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    logger = logging.getLogger("bakeoff")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    # To the file alone: a line on the terminal would tear the progress bar.
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()


def request_stop(folder: Path) -> bool:
    """Ask the driver of that campaign to stop, wherever it runs.

    The request is a file in the folder, which the driver looks for. False if no driver
    runs.
    """
    if read_json(folder / "state.json").get("state") != "running":
        return False
    # Not a signal, since the driver may run on another machine that shares the
    # folder.
    (folder / "cancel").touch()
    return True
