"""``python -m suite`` is ``bakeoff``."""

from suite.campaign.signals import run_program


def main() -> None:
    """The console script. A signal ends it in one line, even while it is imported."""
    run_program(_command_line)


def _command_line() -> None:
    from suite.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
