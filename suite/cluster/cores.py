"""How many runs this machine can have at once."""

import os


def cores() -> int:
    """CPU cores that this process may use, which a scheduler may have limited."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS does not say
