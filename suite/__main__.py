"""``python -m suite`` is ``bakeoff``."""

import sys

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def main() -> None:
    """The console script. Ctrl-C ends it in one line, even while it is imported."""
    try:
        from suite.cli.main import main as command_line

        command_line()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
