"""Seconds of alternatives that are timed in turn, in one process, and their ratios.

On a machine that does other work, seconds vary by half from minute to minute; ratios of
seconds that were taken side by side vary little.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import psutil

Step = Callable[[], object]


@dataclass
class Timed:
    """What one alternative took in each round: seconds a call."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def interleaved(
    steps: Mapping[str, Step], rounds: int, seconds: float = 0.05
) -> dict[str, Timed]:
    """Seconds a call of each alternative, by name, in ``rounds`` rounds; in each of them
    every alternative has about ``seconds``.
    """
    calls = {name: _calls_in(seconds, step) for name, step in steps.items()}
    found = {name: Timed() for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            cpu, wall = _time(step, calls[name])
            found[name].cpu.append(cpu)
            found[name].wall.append(wall)
    return found


def _calls_in(seconds: float, step: Step) -> int:
    _time(step, 2)  # caches filled
    cpu, _ = _time(step, 3)
    return max(1, round(seconds / max(cpu, 1e-7)))


def _time(step: Step, calls: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        step()
    cpu_after, wall_after = time.process_time(), time.perf_counter()
    return (cpu_after - cpu) / calls, (wall_after - wall) / calls


def ratios(found: Mapping[str, Timed], base: str) -> list[dict[str, Any]]:
    """A row for each alternative: microseconds of CPU and of the wall, medians, and how
    often those of ``base`` they are, as [least, median, most] over the rounds.
    """
    rows = []
    for name, timed in found.items():
        rows.append(
            {
                "name": name,
                "cpu_us": statistics.median(timed.cpu) * 1e6,
                "wall_us": statistics.median(timed.wall) * 1e6,
                "cpu_ratio": _spread(timed.cpu, found[base].cpu),
                "wall_ratio": _spread(timed.wall, found[base].wall),
            }
        )
    return rows


def _spread(ours: list[float], base: list[float]) -> list[float]:
    every = [one / other for one, other in zip(ours, base, strict=True)]
    return [min(every), statistics.median(every), max(every)]


def table(title: str, rows: list[dict[str, Any]]) -> str:
    """The rows of ``ratios`` in Markdown."""
    lines = [
        f"| {title} | CPU µs | ratio (least to most) | wall µs | ratio |",
        "|---|---:|---|---:|---|",
    ]
    for row in rows:
        cells = [row["name"]]
        for kind in ("cpu", "wall"):
            least, median, most = row[f"{kind}_ratio"]
            cells.append(f"{row[f'{kind}_us']:.0f}")
            cells.append(f"x{median:.2f} ({least:.2f} to {most:.2f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def machine(*distributions: str) -> dict[str, Any]:
    """The machine and the versions of what is compared."""
    versions = {}
    for name in distributions:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return {
        "machine": platform.platform(),
        "cores": psutil.cpu_count(),
        "load": psutil.getloadavg(),
        "python": platform.python_version(),
        **versions,
    }
