"""Runs made elsewhere, in a CSV file, as a campaign that can be judged."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.planning.claims import claims_digest
from suite.planning.profile import Profile
from suite.records.frames import curves_frame, runs_frame
from suite.records.manifest import (
    ArmManifest,
    CellManifest,
    ClaimManifest,
    LevelManifest,
    Manifest,
    MeasureManifest,
    TaskManifest,
)
from suite.records.results import Campaign
from suite.toml import parse_toml
from suite.training.job import SCHEMA, finite
from suite.verdicts.kinds import check_claim
from tasks import Claim, UserError, unknown
from tasks.contract.checks import brief, field_names, is_finite

PLACE = ("task", "level", "arm", "block")
NEEDED = ("arm", "block")
DEFAULTS = {"task": "results", "level": "all"}
DEFAULT_CONFIDENCE = 0.95
KEYS = ("claims", "metrics", "levels", "confidence")
METRIC_KEYS = ("better", "percent", "label")
LEVEL_KEYS = ("x",)


@dataclass(frozen=True)
class Row:
    """A line of the file: where it belongs, and its metrics."""

    task: str
    """The task it is of."""

    level: str
    """The level it is of."""

    arm: str
    """The arm it is of."""

    block: str
    """The name of the block, as the file has it."""

    metrics: Mapping[str, float]
    """Its values by column."""

    line: int
    """Where it stands in the file, from 1."""


def campaign_of(results: Path, claims: Path) -> Campaign:
    """The campaign that a CSV file of results and a TOML file of claims make.

    The columns of ``results`` are arm, block, metrics, and perhaps task and level;
    rows of one cell are averaged. Raises UserError that names file, line and column
    where something cannot be read.
    """
    rows = list(_read_rows(results))
    if not rows:
        raise UserError(f"{results} has no rows: give one per arm and block.")
    given = _read_toml(claims)
    _check_described(given, claims, rows)
    _check_shares(given, results, rows)
    found = _claims(given, claims, rows)
    manifest = _manifest(results, rows, found, given, claims)
    lines = list(_lines(rows))
    return Campaign(
        id=results.stem,
        folder=results.parent,
        manifest=manifest,
        state={"state": "done"},
        revision="",
        runs=runs_frame(lines),
        curves=curves_frame(()),
    )


# -------------------------------------------------------------------------------- rows


def _read_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV file. Raises UserError if a column or a number is wrong."""
    try:
        # spreadsheets begin a UTF-8 file with a byte order mark
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error
    reader = csv.DictReader(text.splitlines())
    try:
        yield from _checked_rows(path, reader)
    except csv.Error as error:
        # The line that could not be read is not counted.
        where = f"{path}, line {reader.line_num + 1}"
        raise UserError(f"{where}, cannot be read: {error}.") from error


def _checked_rows(path: Path, reader: csv.DictReader[str]) -> Iterator[Row]:
    """The same of a file that is open. Raises csv.Error where it is not CSV."""
    columns = list(reader.fieldnames or ())
    for name in NEEDED:
        if name not in columns:
            raise unknown(
                f"column of {path}, which needs {name}:", name, columns
            )
    if len(set(columns)) < len(columns):
        raise UserError(
            f"{path}, line 1, has two columns of one name: rename one."
        )
    metrics = [name for name in columns if name not in PLACE]
    if not metrics:
        raise UserError(
            f"{path} has no column beside {', '.join(columns)}: add a metric."
        )
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        # csv puts what is too much under None, and None for what is missing.
        if None in row or None in row.values():
            raise UserError(
                f"{where}: give {len(columns)} values, as the header has."
            )
        yield _row(row, metrics, where, reader.line_num)


def _row(
    row: Mapping[str, str], metrics: list[str], where: str, line: int
) -> Row:
    """One row, with its metrics as numbers. Raises UserError for an empty
    field, and for what is no finite number; ``where`` names the line.
    """
    where_it_belongs = {}
    for name in PLACE:
        value = row.get(name) or DEFAULTS.get(name, "")
        where_it_belongs[name] = value.strip()
    for name in NEEDED:
        if not where_it_belongs[name]:
            raise UserError(f"{where}, column {name}: is empty.")
    values = {}
    for name in metrics:
        values[name] = _number(row[name], f"{where}, column {name}")
    return Row(**where_it_belongs, metrics=values, line=line)


def _number(text: str, where: str) -> float:
    """The number in a field; ``where`` names the field in messages."""
    try:
        value = finite(float(text))
    except ValueError:
        value = None
    if value is None:
        raise UserError(f"{where}: {text!r} is not a finite number.")
    return value


def _lines(rows: list[Row]) -> Iterator[dict[str, Any]]:
    """The rows as lines of a record: finals, by number of block."""
    blocks = _blocks(rows)
    for number, row in enumerate(rows):
        metrics = {}
        for name, value in row.metrics.items():
            metrics[f"test.{name}"] = value
        yield {
            # no hash of anything, but as unique and as long as one
            "key": f"{number:064x}",
            "task": row.task,
            "level": row.level,
            "arm": row.arm,
            "block": blocks[row.block],
            "kind": "final",
            "number": 0,
            "params": {},
            "status": "finished",
            "metrics": metrics,
            "curve": [],
            "test_opened": True,
            "started": 0.0,
            "ended": 0.0,
            "worker": {},
        }


def _blocks(rows: list[Row]) -> dict[str, int]:
    """The number of each block by its name: from 0, in the order in which they
    are met.
    """
    names = dict.fromkeys(row.block for row in rows)
    return {name: number for number, name in enumerate(names)}


# ------------------------------------------------------------------------------ claims


def _read_toml(path: Path) -> dict[str, Any]:
    """The file of claims, checked key by key. Raises UserError if it cannot be
    read, or if a key or a value in it is not one that it can have.
    """
    try:
        given = parse_toml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error
    except ValueError as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    for key in given:
        if key not in KEYS:
            raise unknown(f"key in {path}", key, KEYS)
    for name, metric in _tables(given, "metrics", METRIC_KEYS, path):
        _check_metric(metric, f"{path}, metrics.{name}")
    for name, level in _tables(given, "levels", LEVEL_KEYS, path):
        if not is_finite(level.get("x", 0)):
            where = f"{path}, levels.{name}"
            raise _refused(where, "x", level["x"], "give a number")
    confidence = given.get("confidence", DEFAULT_CONFIDENCE)
    if not is_finite(confidence) or not 0.5 < confidence < 1:
        asked = "give a number between 0.5 and 1, such as 0.95"
        raise _refused(path, "confidence", confidence, asked)
    if not given.get("claims"):
        raise UserError(f"{path} has no claims: add a [[claims]] table.")
    if not _is_list_of_tables(given["claims"]):
        raise _refused(
            path, "claims", given["claims"], "write each as a [[claims]] table"
        )
    return given


def _tables(
    given: Mapping[str, Any], section: str, keys: tuple[str, ...], path: Path
) -> list[tuple[str, Mapping[str, Any]]]:
    """Names and tables of a section of the file, such as [metrics.accuracy]. Raises
    UserError for anything else in it, and for a key that is not among ``keys``.
    """
    tables = given.get(section, {})
    if not isinstance(tables, dict):
        asked = f"write a table [{section}.NAME] for each"
        raise _refused(path, section, tables, asked)
    for name, table in tables.items():
        if not isinstance(table, dict):
            asked = f"write a table [{section}.{name}]"
            raise _refused(path, f"{section}.{name}", table, asked)
        for key in table:
            if key not in keys:
                raise unknown(f"key in {path}, {section}.{name}", key, keys)
    return list(tables.items())


def _is_list_of_tables(value: Any) -> bool:
    """Whether it is what TOML makes of [[claims]] tables."""
    return isinstance(value, list) and all(
        isinstance(one, dict) for one in value
    )


def _check_metric(metric: Mapping[str, Any], where: str) -> None:
    """Raise UserError for a value that no metric can have."""
    better = metric.get("better", "higher")
    if better not in ("higher", "lower"):
        raise _refused(where, "better", better, 'give "higher" or "lower"')
    percent = metric.get("percent", False)
    if not isinstance(percent, bool):
        raise _refused(where, "percent", percent, "give true or false")
    label = metric.get("label", "")
    if not isinstance(label, str):
        raise _refused(where, "label", label, "give a text")


def _refused(where: object, key: str, value: Any, asked: str) -> UserError:
    """The error for a value of the file: where, what was given, and what is asked."""
    return UserError(f"{where}: {key} = {brief(value)}: {asked}.")


def _check_described(
    given: Mapping[str, Any], path: Path, rows: list[Row]
) -> None:
    """Raise UserError if a metric or a level is described that no row has: what is said
    of it would be ignored.
    """
    levels = dict.fromkeys(row.level for row in rows)
    for name in given.get("levels", {}):
        if name not in levels:
            raise unknown(f"level ({path}, levels)", name, levels)
    for name in given.get("metrics", {}):
        if name not in rows[0].metrics:
            raise unknown(f"metric ({path}, metrics)", name, rows[0].metrics)


def _check_shares(
    given: Mapping[str, Any], results: Path, rows: list[Row]
) -> None:
    """Raise UserError for a value beyond 1 of a metric that is said to be a share."""
    metrics = given.get("metrics", {})
    shares = [name for name in metrics if metrics[name].get("percent")]
    for row in rows:
        for name in shares:
            value = row.metrics[name]
            if abs(value) > 1:
                raise UserError(
                    f"{results}, line {row.line}, column {name}: {value:g}, and a "
                    "metric with percent = true is a share from 0 to 1: divide it by "
                    "100, or leave percent out."
                )


def _claims(
    given: Mapping[str, Any], path: Path, rows: list[Row]
) -> list[Claim]:
    """The claims of the file, about the arms and levels of the rows.

    Raises UserError, which names the claim by its number, for one that cannot
    be made, that names what no row has, or whose name another one has.
    """
    found: list[Claim] = []
    for number, values in enumerate(given["claims"], start=1):
        where = f"{path}, claim {number}"
        try:
            claim = Claim(**_claim_values(values, where))
        except (UserError, TypeError) as error:
            raise UserError(f"{where}: {error}") from error
        _check_names(claim, rows, where)
        if any(claim.name == other.name for other in found):
            raise UserError(
                f"{where}: another claim is called {claim.name!r}, too: rename one."
            )
        found.append(claim)
    return found


def _check_names(claim: Claim, rows: list[Row], where: str) -> None:
    """Raise UserError unless the rows have the claim's arms, levels and metric."""
    arms = dict.fromkeys(row.arm for row in rows)
    levels = dict.fromkeys(row.level for row in rows)
    for arm in claim.arms:
        if arm not in arms:
            raise unknown(f"arm ({where})", arm, arms)
    for level in claim.levels:
        if level not in levels:
            raise unknown(f"level ({where})", level, levels)
    if claim.metric not in rows[0].metrics:
        raise unknown(f"metric ({where})", claim.metric, rows[0].metrics)


def _claim_values(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of one claim by name, with lists as tuples. Raises UserError
    for a field that claims do not have.
    """
    names = field_names(Claim)
    for key in values:
        if key not in names:
            raise unknown("key", key, names)
    fields = {}
    for name, value in values.items():
        fields[name] = tuple(value) if isinstance(value, list) else value
    return fields


# ---------------------------------------------------------------------------- manifest


def _manifest(
    results: Path,
    rows: list[Row],
    claims: list[Claim],
    given: Mapping[str, Any],
    path: Path,
) -> Manifest:
    """The manifest of a campaign that would have given these rows."""
    tasks = {}
    for name in dict.fromkeys(row.task for row in rows):
        of_task = [row for row in rows if row.task == name]
        tasks[name] = _task(of_task, claims, given, path)
    profile = {
        "name": "elsewhere",
        "confidence": given.get("confidence", DEFAULT_CONFIDENCE),
    }
    tested = {name: task.tested for name, task in tasks.items()}
    return Manifest(
        schema=SCHEMA,
        id=results.stem,
        name=results.stem,
        profile=Profile.model_validate(profile),
        claims_digest=claims_digest(tested),
        tasks=tasks,
        cells=tuple(_cells(rows)),
    )


def _cells(rows: list[Row]) -> Iterator[CellManifest]:
    """The cells that the rows are of, each once and in the rows' order; blocks
    are numbered from 0.
    """
    blocks = _blocks(rows)
    cells = dict.fromkeys(
        (row.task, row.level, row.arm, blocks[row.block]) for row in rows
    )
    for task, level, arm, block in cells:
        yield CellManifest(task=task, level=level, arm=arm, block=block)


def _task(
    rows: list[Row], claims: list[Claim], given: Mapping[str, Any], path: Path
) -> TaskManifest:
    """The task that such a campaign would have run: arms, levels and metrics
    in the order of the file.

    ``rows`` are those of the task, ``given`` is the file of claims at
    ``path``. Raises UserError for a claim that cannot be judged on them.
    """
    levels = dict.fromkeys(row.level for row in rows)
    arms = dict.fromkeys(row.arm for row in rows)
    measures = tuple(_measure(name, given) for name in rows[0].metrics)
    x_of_levels = {name: _level_x(name, given) for name in levels}
    for claim in claims:
        try:
            check_claim(claim, x_of_levels, measures)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
    return TaskManifest(
        arms=tuple(ArmManifest(name=name) for name in arms),
        levels=tuple(
            LevelManifest(name=name, x=x) for name, x in x_of_levels.items()
        ),
        measures=measures,
        claims=tuple(ClaimManifest(claim=claim) for claim in claims),
        # as one trial and one final each: nothing is known of any tuning, so
        # that no gate on it applies
        blocks=len(_blocks(rows)),
        trials=1,
        finals=1,
    )


def _level_x(name: str, given: Mapping[str, Any]) -> float | None:
    """A level's place on the axis, as the file of claims gives it; None
    without one.
    """
    described = given.get("levels", {}).get(name, {})
    x: float | None = described.get("x")
    return x


def _measure(name: str, given: Mapping[str, Any]) -> MeasureManifest:
    """A metric as the file of claims describes it; higher is better by default."""
    described = given.get("metrics", {}).get(name, {})
    return MeasureManifest(name=name, **({"better": "higher"} | described))
