"""One line of ``runs.jsonl``: the record of a run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast, get_args

from suite.records.schema import check_schema
from suite.training.job import STATUSES, Kind, Status
from tasks import UserError


class RunRecord(TypedDict):
    """A run's inputs, then its results.

    ``Member`` and ``Result`` of ``suite.training.job`` say what the values mean.
    ``artifacts`` are names of files in the folder ``artifacts/<key>``. Keys that only a
    newer version knows are kept as they are.
    """

    schema: int
    key: str
    task: str
    level: str
    arm: str
    block: int
    kind: Kind
    number: int
    params: dict[str, Any]
    seeds: dict[str, int]
    status: Status
    metrics: dict[str, float]
    curve: list[dict[str, float | None]]
    best_step: int | None
    losses: str | None
    parameters: int | None
    data: dict[str, Any]
    test_opened: bool
    error: str | None
    traceback: str | None
    started: float
    ended: float
    worker: dict[str, Any]
    artifacts: list[str]
    cell: NotRequired[str]  # the first records of 0.2.0 are without


Types = tuple[type, ...]
NUMBER: Types = (int, float)
NONE = type(None)
MISSING = object()
# Not with pydantic, for speed: a record has tens of thousands of lines, and is
# read at every start.
TYPES: Mapping[str, Types] = {
    "key": (str,),
    "task": (str,),
    "level": (str,),
    "arm": (str,),
    "block": (int,),
    "kind": (str,),
    "number": (int,),
    "params": (dict,),
    "seeds": (dict,),
    "status": (str,),
    "metrics": (dict,),
    "curve": (list,),
    "best_step": (int, NONE),
    "losses": (str, NONE),
    "parameters": (int, NONE),
    "data": (dict,),
    "test_opened": (bool,),
    "error": (str, NONE),
    "traceback": (str, NONE),
    "started": NUMBER,
    "ended": NUMBER,
    "worker": (dict,),
    "artifacts": (list,),
}
# A key and an artifact's name become paths, and a record may come from
# somebody else: without slashes, and not beginning with a dot, they lead to no
# other folder.
FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}")
WHOLE = ("block", "number", "best_step", "parameters")
PLAIN = {str, int, float, bool, NONE}
VALUES: Mapping[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "status": STATUSES,
}
WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    NONE: "null",
}


def run_record(line: Any, place: str) -> RunRecord:
    """The value of a line, checked. ``place`` says which line of which file it is.

    Raises UserError that names the key where one is missing or has a value of another
    type, and as ``check_schema`` does.
    """
    if not isinstance(line, dict):
        raise _damaged(place, "it is not an object")
    check_schema(line.get("schema"), f"{place},")
    for key, types in TYPES.items():
        # ``type`` and not ``isinstance``: a bool is an int in Python, not in
        # JSON.
        if type(line.get(key, MISSING)) not in types:
            raise _damaged(place, _type_problem(line, key))
    for key, known in VALUES.items():
        if line[key] not in known:
            raise _damaged(
                place,
                f"its {key} is {line[key]!r} and not one of {', '.join(known)}",
            )
    if type(line.get("cell", "")) is not str:
        raise _damaged(place, f"its cell is {line['cell']!r} and not a text")
    for name in (line["key"], *line["artifacts"]):
        if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
            raise _damaged(place, f"{name!r} is not a valid file name")
    for name in WHOLE:
        # pandas holds them in 64 bits, and would fail far from here.
        if line[name] is not None and not 0 <= line[name] < 2**63:
            raise _damaged(
                place, f"its {name} is not a whole number of 64 bits"
            )
    for name in ("started", "ended"):
        if not _is_finite(line[name]):
            raise _damaged(place, f"its {name} is not a finite number")
    for name, value in line["metrics"].items():
        # Metrics become columns beside the fields, so one would hide the
        # other.
        if name in TYPES:
            raise _damaged(place, f"it has a metric of the name {name!r}")
        if not _is_finite(value):
            raise _damaged(
                place, f"its metrics.{name} is {value!r} and not a number"
            )
    for name in ("params", "data", "worker"):
        # They become cells of a table.
        if not {type(value) for value in line[name].values()} <= PLAIN:
            raise _damaged(
                place, f"a value of its {name} is an object or a list"
            )
    if not _has_steps(line["curve"]):
        raise _damaged(
            place, "its curve has a row without a whole number of steps"
        )
    return cast(RunRecord, line)


def _is_finite(value: Any) -> bool:
    """Whether it is a number that a float can hold."""
    try:
        # A whole number beyond the range of floats raises OverflowError here.
        return type(value) in NUMBER and math.isfinite(value)
    except OverflowError:
        return False


def _has_steps(curve: list[Any]) -> bool:
    """Whether every row of a curve has a step."""
    try:
        steps = [row["step"] for row in curve]
    except (KeyError, TypeError):
        return False
    if not {type(step) for step in steps} <= {int}:
        return False
    return not steps or (min(steps) >= 0 and max(steps) < 2**63)


def _type_problem(line: Mapping[str, Any], key: str) -> str:
    """What is wrong with the type of a field."""
    if key not in line:
        return f"it has no {key!r}"
    wanted = " or ".join(WORDS[one] for one in TYPES[key] if one is not NONE)
    return f"its {key} is {line[key]!r} and not {wanted}"


def _damaged(place: str, problem: str) -> UserError:
    """The error for a line of a record that cannot be read."""
    return UserError(
        f"{place}, is damaged ({problem}): delete that line, "
        "and `bakeoff run` trains it again."
    )
