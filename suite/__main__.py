"""``python -m suite`` is ``bakeoff``."""

from suite.cli.main import main

if __name__ == "__main__":
    main()
