"""Launch a profile: set up executor, record, tracker and driver.

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
from dataclasses import replace
from pathlib import Path

from suite.campaign.campaign_dir import check_folder
from suite.campaign.driver import Driver
from suite.campaign.progress import Tally
from suite.campaign.signals import signals_as_ctrl_c
from suite.cluster.choose import open_executor
from suite.cluster.protocol import Executor
from suite.errors import without_passwords
from suite.planning.plan import Plan, Shard
from suite.planning.profile import Profile
from suite.records.files import read_json
from suite.records.manifest import FILE as MANIFEST
from suite.records.results import Campaign
from suite.tracking.protocol import Tracker
from suite.tracking.registry import open_tracker
from suite.training.metrics import known_metric
from suite.verdicts.kinds import check_claim
from tasks import UserError


def plan_of(
    profile: Profile,
    results: Path,
    new: bool = False,
    shard: Shard | None = None,
) -> Plan:
    """The plan to run: that of the newest campaign of this profile in the folder, or
    (``new``) of yet another; of ``shard`` alone where one is given.

    Raises UserError if a claim could not be judged, and if shards would need each
    other's results.
    """
    plan = following = Plan(profile)
    # The nonce is part of the id: counting on until there is no folder finds
    # the newest.
    while (results / following.id / MANIFEST).exists():
        plan, following = following, Plan(profile, following.nonce + 1)
    _check_claims(plan)
    _check_shard(plan, shard)
    wanted = following if new else plan
    # Without a shard the plan itself is returned: ``replace`` makes a new one,
    # which would hash all sources again.
    return wanted if shard is None else replace(wanted, shard=shard)


def _check_shard(plan: Plan, shard: Shard | None) -> None:
    """Raise UserError for a shard without a block, and where interim looks need the
    results of all shards.
    """
    if shard is None:
        return
    if not any(cell.block in shard for cell in plan.planned_cells):
        blocks = max(plan.of(name).blocks for name in plan.tasks)
        raise UserError(
            f"--shard {shard.number}/{shard.count}: no block is left for it, as there "
            f"are {blocks}: make {blocks} shards at most."
        )
    for name in plan.tasks:
        if plan.of(name).interim_looks:
            raise UserError(
                f"Task {name} has interim looks, which need the results of all shards: "
                "set a number of blocks, as in --set interim_looks=false --set "
                "blocks=10."
            )


def _check_claims(plan: Plan) -> None:
    """Raise UserError if a claim could not be judged, or a plot be drawn: before the
    first run rather than after the last.
    """
    for name, task in plan.tasks.items():
        for claim in plan.claims(name):
            positions = {level: task.level(level).x for level in claim.levels}
            check_claim(claim, positions, task.procedure.measures)
        for plot in task.plots:
            who = f"metric (plot {plot.name!r})"
            known_metric(plot.metric, task.procedure.measures, who)


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
        try:
            with _executor(executor, address, workers) as chosen:
                tally = Driver(
                    plan, results, chosen, tracker, watch, retry
                ).run()
        finally:
            # A run takes about 40 ms to write: fewer are done within a second.
            if tracker.waiting > 20:
                notify(f"writing the last {tracker.waiting} runs to MLflow …")
            tracker.close()
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


def resumed(plan: Plan, campaign: Campaign) -> Plan:
    """The plan under the id of an existing campaign. Raises UserError if today's
    sources give another.
    """
    mine = replace(plan, nonce=campaign.manifest.nonce)
    if mine.id != campaign.id:
        files = ", ".join(campaign.manifest.task_files.values())
        theirs = f", of {files} too" if files else ""
        raise UserError(
            f"Campaign {campaign.id} was run with other sources or claims than are here "
            f"now (they give {mine.id}): go back to those sources{theirs} to resume it, "
            "or start a new campaign with `bakeoff run`."
        )
    return mine
