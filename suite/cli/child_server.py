"""``python -m suite.cli.child_server MODULE WORDS``: that module as a program, for as
long as the process lives that started it.

The parent holds the other end of our standard input. However the parent ends, by
SIGKILL too, that end is closed, and this process ends with its children.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run the module. This process must lead a process group of its own."""
    # A daemon, since it must not keep the program from ending.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, *words = sys.argv[1:]
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    # Nobody writes anything: this returns once the parent has ended.
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
