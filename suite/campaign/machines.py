"""Whether all runs of a campaign come from machines of one kind.

Only then is a run reproducible to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

# What a worker reports of itself and the last bits of a result may depend on.
COMPARED = ("device", "hardware", "threads", "torch", "numpy", "python")


class MachineCensus:
    """The machines that trained so far, from the records of their runs."""

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {
            name: Counter() for name in COMPARED
        }

    def add(self, worker: Mapping[str, Any]) -> bool:
        """Count a run's worker; returns whether it differs from all others in
        something.
        """
        told = {name: str(worker[name]) for name in COMPARED if name in worker}
        # Compared before this worker is counted, or it would always be known.
        new = any(
            self._seen[name] and value not in self._seen[name]
            for name, value in told.items()
        )
        for name, value in told.items():
            self._seen[name][value] += 1
        return new

    @property
    def differences(self) -> str:
        """What differs, and in how many runs: "torch 2.13.0 (30), 2.12.1 (2)"; empty if
        nothing does.
        """
        found = {
            name: seen.most_common()
            for name, seen in self._seen.items()
            if len(seen) > 1
        }
        return "; ".join(
            f"{name} "
            + ", ".join(f"{value} ({count:,})" for value, count in seen)
            for name, seen in found.items()
        )
