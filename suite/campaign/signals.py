"""SIGTERM, which Kubernetes and Slurm send, and SIGHUP, of a terminal that is closed,
stop a campaign like Ctrl-C.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = ("SIGTERM", "SIGHUP")  # the second is not known everywhere
SIGNAL_EXIT_BASE = 128  # what a shell adds to a signal's number


class Stopped(KeyboardInterrupt):
    """Raised where a signal other than Ctrl-C's stops the program."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell says of a program that the signal ended: 130 for Ctrl-C."""
    number = getattr(interrupt, "number", signal.SIGINT)
    return SIGNAL_EXIT_BASE + int(number)


@contextmanager
def signals_as_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does. Those that are
    ignored, as SIGHUP is under nohup, stay so. Only the main thread can set a handler;
    elsewhere this does nothing.
    """
    # Python allows ``signal.signal`` in the main thread only; a notebook or a
    # server may call us from another.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    before = {}
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
