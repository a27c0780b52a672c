"""The campaigns as pages see them: read and judged in one background thread, so that no
callback waits for either.

A page takes whatever is newest. The first look at a campaign reads its record at once
and gets the verdicts when they are ready; later looks never wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from dashboard.data.lru import LRUCache
from suite.records.results import Campaign, Results
from suite.records.status import is_running
from suite.tracking.mirror import Mirror
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")
PERIOD = 2.0  # seconds between looks at the files
WATCHED = 120.0  # seconds that a campaign is kept fresh after somebody looked at it
KEPT = 6  # campaigns in memory
RARELY = (
    5  # times as long as judging took passes before a running campaign is judged again
)
MLFLOW_URL = "http://127.0.0.1:5000"  # where `bakeoff mlflow` shows runs


@dataclass(frozen=True)
class Snapshot:
    """A campaign as it stood when read, and its verdicts; None while they are being
    worked out.

    ``verdicts_behind`` says that the verdicts are of an earlier revision than the
    campaign. ``trouble`` is what kept the newest state from being read, if anything
    did.
    """

    campaign: Campaign
    verdicts: tuple[ClaimVerdict, ...] | None
    read: float
    verdicts_behind: bool = False
    trouble: str = ""

    @property
    def etag(self) -> str:
        """A short text that differs whenever a page would look different."""
        count = "?" if self.verdicts is None else str(len(self.verdicts))
        behind = "-" if self.verdicts_behind else ""
        return (
            f"{self.campaign.revision}/{count}{behind}{self.state}{self.trouble[:40]}"
        )

    @property
    def state(self) -> str:
        """The campaign's own word, or "interrupted" where its driver is gone without
        one.
        """
        word = str(self.campaign.state.get("state", "unknown"))
        return (
            "interrupted"
            if word == "running" and not is_running(self.campaign.state)
            else word
        )

    @property
    def synthetic(self) -> bool:
        return bool(self.campaign.about.get("synthetic"))


class Snapshots:
    """The newest snapshot of each campaign that somebody looks at. Safe to share
    between threads.
    """

    def __init__(
        self,
        results: Results,
        mlflow_url: str = MLFLOW_URL,
        mirror: Mirror | None = None,
    ) -> None:
        self.results, self.mlflow_url, self.mirror = (
            results,
            mlflow_url.rstrip("/"),
            mirror,
        )
        self._held: dict[str, Snapshot] = {}
        self._asked: dict[str, float] = {}
        self.pages = LRUCache(64)  # as they were last made, by all that they depend on
        self._worked = LRUCache(256)
        self._wanted: dict[Hashable, Callable[[], Any]] = {}
        # counts what pages may wait for: work asked for and done, campaigns first held
        # and first judged
        self._turn = 0
        self._judged: dict[
            str, tuple[float, float]
        ] = {}  # when a campaign was last judged, and for how long
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._ready = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._ended = False

    def start(self) -> Snapshots:
        """Begin to read in the background; the thread ends with the process."""
        if self.mirror is not None:
            self.mirror.start()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._refresh_for_ever, name="bakeoff-refresher", daemon=True
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """End the background threads and wait for them."""
        if self.mirror is not None:
            self.mirror.stop()
        if self._thread is not None:
            self._ended = True
            self._news.set()
            self._thread.join()
            self._thread, self._ended = None, False

    def get(self, campaign: str | None = None) -> Snapshot:
        """The newest snapshot of the campaign of that id, or of the newest one.
        UserError where there is none.
        """
        found = self.results.resolve(campaign)
        with self._lock:
            self._asked[found] = time.monotonic()
            held = self._held.get(found)
        if held is None:
            held = self._keep(Snapshot(self.results.load(found), None, time.time()))
            self._news.set()
        return held

    def etag(self, campaign: str | None = None) -> str:
        """A short text that differs whenever a page would look different, the state of
        its server included.
        """
        away = self.mirror.etag if self.mirror else ""
        etag = self.get(campaign).etag
        with self._lock:
            turn = self._turn
        return f"{etag}{away}/{turn}"

    def compute_in_background(
        self, key: Hashable, work: Callable[[], Any], patience: float = 0.0
    ) -> Any:
        """What takes seconds to work out: at once where it is there, else None, and a
        page's etag changes with it.

        ``patience`` is for downloads, which cannot come anew: above 0 it is worked out
        here and now.
        """
        found = self._worked.get(key)
        if found is None and (patience > 0 or self._thread is None):
            found = work()
            self._worked.put(key, found)
        elif found is None:
            with self._lock:
                self._turn += key not in self._wanted
                self._wanted.setdefault(key, work)
            self._news.set()
        return found

    def judged(self, campaign: str | None = None, seconds: float = 60.0) -> Snapshot:
        """The same, once its verdicts are there, or after so many seconds."""
        found = self.get(campaign).campaign.id
        with self._ready:
            self._ready.wait_for(
                lambda: self._held[found].verdicts is not None, seconds
            )
            return self._held[found]

    def refresh(self) -> None:
        """Read and judge what has changed among the campaigns that are looked at."""
        now = time.monotonic()
        with self._lock:
            wanted = [
                name for name, asked in self._asked.items() if now - asked < WATCHED
            ]
            for name in sorted(self._held, key=lambda name: self._asked.get(name, 0.0))[
                :-KEPT
            ]:
                self._held.pop(name)
        for name in wanted:
            try:
                self._refresh(name)
            except (UserError, OSError) as error:
                with self._lock:
                    held = self._held.get(name)
                if held is not None and held.trouble != str(error):
                    self._keep(
                        Snapshot(
                            held.campaign,
                            held.verdicts,
                            held.read,
                            held.verdicts_behind,
                            str(error),
                        )
                    )

    def _work(self) -> None:
        """Work out what pages wait for."""
        with self._lock:
            wanted = list(self._wanted.items())
        for key, work in wanted:
            try:
                self._worked.put(key, work())
            finally:
                with self._lock:
                    self._wanted.pop(key, None)
                    self._turn += 1

    def _refresh(self, name: str) -> None:
        held = self._held.get(name)
        if (
            held is None
            or held.campaign.revision != self.results.revision(name)
            or held.trouble
        ):
            campaign = self.results.load(name)
            held = self._keep(
                Snapshot(
                    campaign,
                    held.verdicts if held else None,
                    time.time(),
                    held is not None,
                )
            )
        if held.verdicts is None or (held.verdicts_behind and self._may_judge(held)):
            begun = time.monotonic()
            self._keep(
                Snapshot(held.campaign, tuple(judge_campaign(held.campaign)), held.read)
            )
            self._judged[name] = begun, time.monotonic() - begun

    def _may_judge(self, held: Snapshot) -> bool:
        """Whether it is time to judge a growing campaign again: not for more than a
        fifth of the time.
        """
        begun, took = self._judged.get(held.campaign.id, (0.0, 0.0))
        return (
            held.campaign.state.get("state") != "running"
            or time.monotonic() - begun > took * RARELY
        )

    def _keep(self, snapshot: Snapshot) -> Snapshot:
        with self._ready:
            before = self._held.get(snapshot.campaign.id)
            self._turn += before is None or (before.verdicts is None) != (
                snapshot.verdicts is None
            )
            self._held[snapshot.campaign.id] = snapshot
            self._ready.notify_all()
        return snapshot

    def _refresh_for_ever(self) -> None:
        while not self._ended:
            self._news.wait(PERIOD)
            self._news.clear()
            try:
                self.refresh()
                self._work()
            except (
                Exception
            ):  # the next look may fare better, and pages go on with what is held
                log.exception("could not refresh")
