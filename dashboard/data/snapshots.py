"""Snapshots of campaigns for pages, read and judged in one background thread, so that
no callback waits for either.

A page takes whatever is newest. The first look at a campaign reads its record at once
and gets the verdicts when they are ready; later looks never wait. A campaign that
cannot be read or judged says so on its own pages; the others do not notice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from cachetools import LRUCache

from suite.records.results import Campaign, Results
from suite.records.state import silent_since, state_word
from suite.tracking.mirror import Mirror
from suite.verdicts import preregistration
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import Provenance
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")
PERIOD = 2.0  # seconds between checks of the files
# seconds that a campaign is kept fresh after it was last viewed
WATCHED = 120.0
KEPT = 6  # campaigns in memory
PAGES = 64  # rendered pages in memory
# times as long as judging took that pass before a running campaign is judged again
RARELY = 5
MLFLOW_URL = "http://127.0.0.1:5000"  # where `bakeoff mlflow` shows runs


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a campaign, and its verdicts; None while they are being computed.

    ``verdicts_behind`` says that the verdicts are of an earlier revision than the
    campaign. ``trouble`` is what kept the newest state from being read, ``unjudged``
    what kept it from being judged, if anything did; ``lost`` is since when (in seconds
    since 1970), where its folder is gone.
    """

    campaign: Campaign
    verdicts: tuple[ClaimVerdict, ...] | None
    read: float
    verdicts_behind: bool = False
    trouble: str = ""
    unjudged: str = ""
    lost: float | None = None

    @property
    def etag(self) -> str:
        """A short text that differs whenever a page would look different."""
        # Counts and flags stand for contents: a snapshot of the same revision
        # differs only in how far judging it has come.
        count = "?" if self.verdicts is None else str(len(self.verdicts))
        behind = "-" if self.verdicts_behind else ""
        silent = "" if silent_since(self.campaign.state) is None else "!"
        return f"{self.campaign.revision}/{count}{behind}{self.state}{silent}{self.problem[:40]}"

    @property
    def state(self) -> str:
        """The state that the driver wrote, or "interrupted" if the driver died without
        writing one.
        """
        return state_word(self.campaign.state)

    @property
    def problem(self) -> str:
        """What is wrong with the campaign, in a sentence; "" if nothing is."""
        return self.trouble or self.unjudged

    @property
    def synthetic(self) -> bool:
        """Whether the campaign was made up, to try out pages."""
        return self.campaign.manifest.synthetic


class Unreadable(UserError):
    """A campaign that exists but cannot be shown; the message says why."""


class Snapshots:
    """The newest snapshot of each campaign that is being viewed. Safe to share between
    threads.
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
        self._pages: LRUCache[Hashable, Any] = LRUCache(PAGES)
        # Results of `compute_in_background`: small, but slow to find again.
        self._worked: LRUCache[Hashable, Any] = LRUCache(256)
        self._wanted: dict[Hashable, Callable[[], Any]] = {}
        # counts what pages may wait for: work asked for and done, campaigns first held
        # and first judged
        self._turn = 0
        # when a campaign was last judged, and for how long
        self._judged: dict[str, tuple[float, float]] = {}
        self._provenances: dict[str, Provenance] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()
        # The condition shares the lock, so a waiting page misses no snapshot.
        self._ready = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._ended = False

    def start(self) -> Snapshots:
        """Begin to read in the background; the thread ends with the process."""
        if self.mirror is not None:
            self.mirror.start()
        # Tests and short scripts read without a thread; `start` is called
        # once, by `create_app`, and a second call changes nothing.
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._refresh_for_ever,
                name="bakeoff-refresher",
                daemon=True,
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """End the background threads and wait for them."""
        if self.mirror is not None:
            self.mirror.stop()
        if self._thread is not None:
            self._ended = True
            # The thread may be asleep for up to PERIOD.
            self._news.set()
            self._thread.join()
            self._thread, self._ended = None, False

    def get(self, campaign: str | None = None) -> Snapshot:
        """The newest snapshot of the campaign of that id, or of the newest one: the
        last snapshot if its folder is gone.

        UserError if there is none, and if its record cannot be read.
        """
        try:
            found = self.results.resolve(campaign)
        except UserError:
            with self._lock:
                gone = self._held.get(campaign or "")
            if gone is None:
                raise
            return self._lose(gone)
        # The time is noted even where the snapshot is held: it is what keeps
        # the campaign among those that are refreshed.
        with self._lock:
            self._asked[found] = time.monotonic()
            held = self._held.get(found)
        # The first reader waits for the record, never for the verdicts. The
        # refresher is woken to judge it.
        if held is None:
            held = self._keep(Snapshot(self._load(found), None, time.time()))
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

    def page(self, depends_on: Hashable) -> Any:
        """The cached page for this key; None if there is none."""
        with self._lock:
            return self._pages.get(depends_on)

    def keep_page(self, depends_on: Hashable, page: Any) -> None:
        """Cache a page, until it is displaced by newer ones."""
        with self._lock:
            self._pages[depends_on] = page

    def compute_in_background(
        self, key: Hashable, work: Callable[[], Any], patience: float = 0.0
    ) -> Any:
        """The cached result of a slow computation, or None while it runs; the page's
        etag changes when it is done.

        ``patience`` is for downloads, which are not re-rendered: above 0 it is computed
        synchronously.
        """
        with self._lock:
            found = self._worked.get(key)
        if found is not None:
            return found
        # Without a thread nobody would ever compute it.
        if patience > 0 or self._thread is None:
            found = work()
            with self._lock:
                self._worked[key] = found
            return found
        with self._lock:
            # The turn is part of the etag. It changes when work is asked for
            # and again when it is done, so a page that waits is not taken for
            # one that has the result.
            self._turn += key not in self._wanted
            self._wanted.setdefault(key, work)
        self._news.set()
        return None

    def judged(
        self, campaign: str | None = None, seconds: float = 60.0
    ) -> Snapshot:
        """The same, once its verdicts are there, or after that many seconds."""
        found = self.get(campaign).campaign.id
        with self._ready:
            self._ready.wait_for(
                lambda: self._held[found].verdicts is not None, seconds
            )
            return self._held[found]

    def refresh(self) -> None:
        """Read and judge what has changed among the campaigns that are being viewed."""
        for name in self._watched():
            try:
                self._refresh(name)
            except UserError as error:
                with self._lock:
                    held = self._held.get(name)
                if held is not None and held.trouble != str(error):
                    self._keep(replace(held, trouble=str(error)))

    def _watched(self) -> list[str]:
        """The campaigns to keep fresh; those that were asked for least recently are
        dropped from memory, and not refreshed: that would read them again.
        """
        now = time.monotonic()
        with self._lock:
            # What is dropped here is read again when somebody asks for it.
            oldest = sorted(
                self._held, key=lambda name: self._asked.get(name, 0.0)
            )
            for name in oldest[:-KEPT]:
                self._held.pop(name)
                self._asked.pop(name, None)
            return [
                name
                for name, asked in self._asked.items()
                if now - asked < WATCHED
            ]

    def _refresh(self, name: str) -> None:
        held = self._held.get(name)
        revision = self.results.revision(name)
        if held is None or held.trouble or held.campaign.revision != revision:
            # Verdicts of the revision before are shown, marked as behind,
            # until judging has caught up: a claim page must not go blank at
            # every new run.
            verdicts = held.verdicts if held else None
            campaign = self._load(name)
            held = self._keep(
                Snapshot(campaign, verdicts, time.time(), held is not None)
            )
        if held.verdicts is None or (
            held.verdicts_behind and self._may_judge(held)
        ):
            self._judge(held)

    def _load(self, name: str) -> Campaign:
        """A campaign's record. Unreadable, whatever is wrong with it."""
        try:
            campaign = self.results.load(name)
            # The manifest is parsed when it is first read; a damaged one is to
            # be found here, not within a page.
            _ = campaign.manifest
        except UserError as error:
            raise Unreadable(str(error)) from error
        # Anything may be wrong with files from elsewhere. One damaged campaign
        # must not keep the others from being shown.
        except Exception as error:
            log.exception("campaign %s cannot be read", name)
            raise Unreadable(
                f"Campaign {name} cannot be read ({_said(error)}): a file in "
                f"{self.results.root / name} is damaged, or another version wrote it. "
                "Restore it from a copy; the server's log has the details."
            ) from error
        return campaign

    def _judge(self, held: Snapshot) -> None:
        """Judge a campaign; if that fails it has no verdicts, but a reason."""
        begun, name = time.monotonic(), held.campaign.id
        try:
            provenance = self.provenance_of(held.campaign)
            verdicts, unjudged = (
                tuple(judge_campaign(held.campaign, provenance)),
                "",
            )
        except Exception as error:
            log.exception("campaign %s cannot be judged", name)
            verdicts = ()
            unjudged = (
                f"Campaign {name} cannot be judged ({_said(error)}). Its runs and "
                "curves are shown; the server's log has the details."
            )
        self._keep(
            Snapshot(held.campaign, verdicts, held.read, unjudged=unjudged)
        )
        # Also after a failure, which would otherwise be repeated at every
        # refresh.
        self._judged[name] = begun, time.monotonic() - begun

    def provenance_of(self, campaign: Campaign) -> Provenance:
        """What the tasks' files say, read when a campaign is first judged and not again
        at each refresh, because it imports them.
        """
        if campaign.id not in self._provenances:
            self._provenances[campaign.id] = preregistration.provenance_of(
                campaign.manifest
            )
        return self._provenances[campaign.id]

    def _may_judge(self, held: Snapshot) -> bool:
        """Whether it is time to judge a growing campaign again: not for more than a
        fifth of the time.
        """
        # Judging takes seconds on large campaigns, in the same process as the
        # pages.
        begun, took = self._judged.get(held.campaign.id, (0.0, 0.0))
        growing = held.campaign.state.get("state") == "running"
        return not growing or time.monotonic() - begun > took * RARELY

    def _lose(self, held: Snapshot) -> Snapshot:
        """The last snapshot of a campaign whose folder is gone, marked as such."""
        if held.lost is not None:
            return held
        trouble = (
            f"{held.campaign.folder} is gone: this page shows what it held."
        )
        return self._keep(replace(held, trouble=trouble, lost=time.time()))

    def _keep(self, snapshot: Snapshot) -> Snapshot:
        with self._ready:
            # Only a first snapshot and first verdicts count as a turn: all
            # later ones have another revision, which is part of the etag
            # itself.
            before = self._held.get(snapshot.campaign.id)
            judged_before = before is not None and before.verdicts is not None
            first = before is None or judged_before != (
                snapshot.verdicts is not None
            )
            self._turn += first
            self._held[snapshot.campaign.id] = snapshot
            self._ready.notify_all()
        return snapshot

    def _work(self) -> None:
        """Compute pending results."""
        with self._lock:
            wanted = list(self._wanted.items())
        for key, work in wanted:
            try:
                found = work()
                with self._lock:
                    self._worked[key] = found
            except Exception:
                log.exception("could not compute %s", key)
            # Also after a failure: a page that waits must not wait for ever.
            finally:
                with self._lock:
                    self._wanted.pop(key, None)
                    self._turn += 1

    def _refresh_for_ever(self) -> None:
        while not self._ended:
            self._news.wait(PERIOD)
            # Cleared before the work, so that a wish that arrives meanwhile is
            # not lost.
            self._news.clear()
            try:
                self.refresh()
                self._work()
            except Exception:
                # the next refresh may succeed; pages show the last snapshot
                log.exception("could not refresh")


def _said(error: Exception) -> str:
    """``KeyError: 'metrics'``, one line."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text[:200]}"
