"""Ctrl-C, SIGTERM, which Kubernetes and Slurm send, and SIGHUP, of a terminal that is
closed, stop a program in one way, and once.

Signals rarely come alone: ``timeout`` sends one to the program and one to its group, and
people press Ctrl-C again. What ends the program must not be interrupted by the second,
or child processes would be left behind.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

# Not all are known everywhere.
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNAL_EXIT_BASE = 128  # what a shell adds to a signal's number
# A signal within that many seconds of the first one repeats it.
REPEATED_WITHIN_S = 1.0
# Until a signal is raised again that a library may have swallowed; a little longer.
REMIND_AFTER_S = 1.2


class Stopped(KeyboardInterrupt):
    """Raised where a signal stops the program."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell says of a program that the signal ended: 130 for Ctrl-C."""
    number = getattr(interrupt, "number", signal.SIGINT)
    return SIGNAL_EXIT_BASE + int(number)


class StopHandler:
    """The handler of all stop signals: the first raises ``Stopped``, later ones do not.

    A Ctrl-C that comes a second or more after the first signal, while the program
    still ends, ends it at once. An exception can also be swallowed where it is raised,
    as in a destructor or in a library's bare ``except``: it is then raised again.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        """The first signal; None before."""

        self.is_acknowledged = False
        """Whether the user has been told that the program stops."""

        self._since = 0.0
        self._is_over = False
        self._is_reminder = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal, as Python calls it in the main thread."""
        if self.number is None:
            self.number, self._since = number, time.monotonic()
            # Not by ``threading``, whose locks the signal may have interrupted.
            _thread.start_new_thread(self._remind, ())
            raise Stopped(number)
        is_reminder, self._is_reminder = self._is_reminder, False
        if time.monotonic() - self._since < REPEATED_WITHIN_S:
            return
        if not self.is_acknowledged and not _is_of_a_stop(sys.exception()):
            raise Stopped(self.number)
        if number == signal.SIGINT and not is_reminder:
            _end_at_once(self.number)

    def end(self) -> None:
        """Remind of no signal any more."""
        self._is_over = True

    def _remind(self) -> None:
        """Signal again, at intervals until the program stops."""
        while True:
            time.sleep(REMIND_AFTER_S)
            is_known = self.is_acknowledged or _is_main_thread_stopping()
            if self._is_over or is_known:
                return
            self._is_reminder = True
            number = signal.Signals(self.number or signal.SIGINT)
            _thread.interrupt_main(number)


def _is_main_thread_stopping() -> bool:
    """Whether the main thread handles a ``Stopped``, as clean-up does."""
    main = threading.main_thread().ident or 0
    handled = sys._current_exceptions().get(main)
    # Python 3.11 has a tuple of type, value and traceback there.
    return _is_of_a_stop(handled[1] if isinstance(handled, tuple) else handled)


def _is_of_a_stop(error: BaseException | None) -> bool:
    """Whether an error is a ``Stopped``, or was raised while one was handled."""
    while error is not None:
        if isinstance(error, Stopped):
            return True
        error = error.__context__
    return False


def _end_at_once(number: int) -> None:
    """End this process without cleaning up. Servers and Ray end with it."""
    # Not by ``print``, which the signal may have interrupted.
    os.write(2, b"\nStopped at once; everything recorded is kept.\n")
    os._exit(SIGNAL_EXIT_BASE + number)


_active: StopHandler | None = None


def run_program(main: Callable[[], int | None]) -> NoReturn:
    """Run a whole program, from its imports on, and exit.

    A signal that nothing within it tells of ends it in one line, with the exit code
    that a shell gives it. Once it is done, a signal ends the process as any other.
    """
    with signals_as_ctrl_c(afterwards=signal.SIG_DFL) as stop:
        try:
            sys.exit(main())
        except BaseException as error:
            # Libraries turn an interruption into errors of their own, such as
            # an ImportError: the signal is what the user has to hear of.
            is_stopped = isinstance(error, KeyboardInterrupt) or stop.number
            if stop.is_acknowledged or not is_stopped:
                raise
            # The terminal may be gone: SIGHUP says so.
            with suppress(OSError):
                print("\nStopped.", file=sys.stderr)
            sys.exit(SIGNAL_EXIT_BASE + (stop.number or signal.SIGINT))


@contextmanager
def signals_as_ctrl_c(
    afterwards: signal.Handlers | None = None,
) -> Iterator[StopHandler]:
    """Stop signals raise ``Stopped``, a KeyboardInterrupt, once.

    Those that are ignored, as SIGHUP is under nohup, stay so. At the end the handlers
    from before are put back, or ``afterwards``, such as ``signal.SIG_DFL``. Within
    another such context this does nothing, so that what encloses a campaign decides how
    long signals are handled. Only the main thread can set a handler; elsewhere this
    does nothing either.
    """
    global _active
    # Python allows ``signal.signal`` in the main thread only; a notebook or a
    # server may call us from another.
    is_main = threading.current_thread() is threading.main_thread()
    if _active is not None or not is_main:
        yield _active or StopHandler()
        return
    _active = handler = StopHandler()
    before = _install(handler)
    try:
        yield handler
    finally:
        handler.end()
        for number, previous in before.items():
            signal.signal(
                number, previous if afterwards is None else afterwards
            )
        _active = None


def _install(handler: StopHandler) -> dict[signal.Signals, Any]:
    """Set the handler of each stop signal that is not ignored; returns the handlers
    from before.
    """
    before = {}
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        before[number] = signal.signal(number, handler)
    return before


def acknowledge() -> None:
    """Note that the user has been told: signals that follow change nothing."""
    if _active is not None:
        _active.is_acknowledged = True


def was_stopped() -> bool:
    """Whether a signal came that the user has not been told of."""
    return (
        _active is not None
        and _active.number is not None
        and not _active.is_acknowledged
    )
