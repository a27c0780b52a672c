"""Tables: a CSV file or a DataFrame with numbers, categories and gaps, as splits::

    TASK = Task(load_data=table(Path(__file__).with_name("churn.csv"), target="churn"))

Which rows learn, choose and are sealed is a function of the seed and of the rows.
Everything that is estimated comes from the training rows alone: what gaps are filled
with, and what numbers are shifted and scaled by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Split, Splits
from tasks.contract.errors import UserError, nearest
from tasks.data._split import Parts, split_rows

Numbers = NDArray[np.float64]
Kind = Literal["auto", "classification", "regression"]

FEW = 20  # distinct whole numbers of a target that are still classes
MOST_CATEGORIES = 50  # of one column
NUMBERS_AT_LEAST = 0.9  # the share of numbers from which a text is a mistake


@dataclass(frozen=True, eq=False)
class Table:
    """A table whose ``target`` is to be predicted; called with a level and a seed, it
    returns a block's splits. It is read when it is first called.

    Inputs are (rows, features): numbers with the training median in their gaps,
    standardised, and a column of 0 and 1 for each category, all 0 in a gap or where
    the training rows lack the category. ``metadata`` has ``features``, ``labels`` (the
    classes) or ``target_mean`` and ``target_std``.

    Raises UserError, with file, column and row, for what cannot be used.
    """

    source: Any
    """The path of a CSV file with a header, or a DataFrame. A path is taken from where
    the run is, so give ``Path(__file__).with_name("file.csv")``.
    """

    target: str
    """The column to predict. Texts, booleans and up to 20 distinct whole numbers are
    classes; other numbers are standardised by the training rows.
    """

    kind: Kind = "auto"
    """Whether the target is classes or numbers, where that is not to be found out."""

    test: float = 0.2
    """The share of distinct rows that is sealed."""

    validation: float = 0.2
    """The share of distinct rows to choose by."""

    drop: Sequence[str] = ()
    """Columns to leave out, such as a name or a number of the row."""

    categories: Sequence[str] = ()
    """Columns of numbers that are categories, such as a postcode."""

    read: Mapping[str, Any] = field(default_factory=dict)
    """What pandas is to know of the file, such as ``{"sep": ";"}``."""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        if not isinstance(self.source, str | Path | pd.DataFrame):
            raise check.error(
                "source", "give a CSV file's path or a DataFrame"
            )
        check.text("target", "a column's name", empty=False)
        check.choice("kind", ("auto", "classification", "regression"))
        check.number("test", above=0, below=1, advice="a share of the rows")
        check.number(
            "validation", above=0, below=1, advice="a share of the rows"
        )
        check.names("drop")
        check.names("categories")
        check.mapping("read", "give arguments of pandas.read_csv by name")

    def __call__(self, level: Any, seed: int) -> Splits:
        columns = self._columns()
        parts = split_rows(
            columns.identities,
            seed,
            test=self.test,
            validation=self.validation,
        )
        inputs, names = columns.inputs(parts)
        x = torch.from_numpy(inputs.astype(np.float32))
        y, about = columns.targets(parts)
        train, validation, test = (Split(x[rows], y[rows]) for rows in parts)
        return Splits(
            train,
            validation,
            test,
            classes=len(columns.labels) or 1,
            population="resplit",
            pool=len(x),
            metadata={"features": names, **about},
        )

    def _columns(self) -> Columns:
        if isinstance(self.source, pd.DataFrame):
            return _understood(self, self.source, "The table")
        path = Path(self.source)
        try:
            state = path.stat()
        except OSError as error:
            raise UserError(
                f"{path} cannot be read ({error.strerror}): give the path of a CSV "
                'file, as in Path(__file__).with_name("file.csv").'
            ) from error
        # The time and the size are part of the cache's key.
        return _read(self, path, state.st_mtime_ns, state.st_size)


def table(source: Any, target: str, **options: Any) -> Table:
    """The splits of a CSV file or a DataFrame, as a task's ``load_data``: see
    ``Table``.
    """
    return Table(source, target, **options)


@dataclass(frozen=True)
class Columns:
    """A table that has been checked; nothing in it is estimated yet."""

    numbers: dict[str, Numbers]
    """By column, (rows,); gaps are NaN."""

    categories: dict[str, NDArray[np.int64]]
    """By column, (rows,): places in ``known``; gaps are -1."""

    known: dict[str, list[str]]
    """The categories of each column, sorted."""

    target: NDArray[Any]
    """(rows,): places in ``labels``, or numbers."""

    labels: list[str]
    """The classes, sorted; empty where the target is a number."""

    identities: list[bytes]
    """What tells rows apart: all but the target."""

    def inputs(self, parts: Parts) -> tuple[Numbers, list[str]]:
        """(rows, features), and the features' names."""
        train = parts.train.numpy()
        found, names = [], []
        for name, values in self.numbers.items():
            found.append(_standardised(_filled(values, train), train)[:, None])
            names.append(name)
        for name, codes in self.categories.items():
            places = np.arange(len(self.known[name]))
            # A category that no training row has gets zeros, as its weight
            # would stay as random as it was drawn.
            shown = np.isin(places, codes[train])
            found.append((codes[:, None] == places) & shown)
            names += [f"{name}={value}" for value in self.known[name]]
        return np.hstack(found).astype(np.float64), names

    def targets(self, parts: Parts) -> tuple[torch.Tensor, dict[str, Any]]:
        """Labels, or standardised numbers, and what metadata say of them."""
        if self.labels:
            return torch.from_numpy(self.target).long(), {
                "labels": self.labels
            }
        learned = self.target[parts.train.numpy()]
        # A target that is constant among the training rows stays 0.
        mean, std = float(learned.mean()), float(learned.std()) or 1.0
        scaled = torch.from_numpy((self.target - mean) / std).float()
        return scaled, {"target_mean": mean, "target_std": std}


def _filled(values: Numbers, train: NDArray[np.int64]) -> Numbers:
    """With the training rows' median in the gaps, or 0 where they have no number."""
    learned = values[train]
    present = learned[~np.isnan(learned)]
    median = float(np.median(present)) if len(present) else 0.0
    filled: Numbers = np.where(np.isnan(values), median, values)
    return filled


def _standardised(values: Numbers, train: NDArray[np.int64]) -> Numbers:
    mean, std = values[train].mean(), values[train].std()
    scaled: Numbers = (values - mean) / (std if std > 0 else 1.0)
    return scaled


# ---------------------------------------------------------------------- reading a table


@lru_cache(maxsize=8)
def _read(table: Table, path: Path, modified: int, size: int) -> Columns:
    """The file's columns; it is read again once its time or size has changed."""
    try:
        frame = pd.read_csv(path, **table.read)
    # pandas' errors are among them
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read as CSV ({error}): give read={{...}} what "
            "pandas.read_csv must know, such as the separator."
        ) from error
    return _understood(table, frame, str(path))


def _understood(table: Table, frame: pd.DataFrame, where: str) -> Columns:
    frame = frame.reset_index(drop=True)
    frame.columns = [str(name) for name in frame.columns]
    for name in (table.target, *table.drop, *table.categories):
        if name not in frame:
            raise UserError(
                f"{where} has no column {name!r}: {nearest(name, frame.columns)}."
            )
    if len(frame) < 3:
        raise UserError(f"{where} has {len(frame)} rows: give three at least.")
    target, labels = _target(table, frame[table.target], where)
    rest = frame.drop(columns=[table.target, *table.drop])
    if rest.empty:
        raise UserError(
            f"{where} has no column beside {table.target!r}: give one."
        )
    numbers, codes, known = {}, {}, {}
    for name in map(str, rest):
        values = _numbers(table, rest[name], where)
        if values is not None:
            numbers[name] = values
        else:
            codes[name], known[name] = _categories(table, rest[name], where)
    return Columns(numbers, codes, known, target, labels, _identities(rest))


def _identities(frame: pd.DataFrame) -> list[bytes]:
    rows = frame.astype(object).itertuples(index=False)
    # Joined by a separator that no table has, so that ("a", "bc") is not
    # ("ab", "c").
    return ["\x1f".join(map(str, row)).encode() for row in rows]


def _numbers(table: Table, column: pd.Series, where: str) -> Numbers | None:
    """The column as numbers, NaN in its gaps; None if it has categories."""
    if column.isna().all():
        raise UserError(
            f"{where}, column {column.name!r}: it is empty; drop=({column.name!r},) "
            "leaves it out."
        )
    if column.name in table.categories:
        return None
    if not pd.api.types.is_numeric_dtype(column):
        _no_mistaken_text(column, where)
        return None
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise _wrong(
            where, column, row, "is not finite: give a number, or a gap"
        )
    return values


def _no_mistaken_text(column: pd.Series, where: str) -> None:
    """A column that is numbers nearly everywhere has a mistake where it is not."""
    given = column.dropna()
    is_number = pd.to_numeric(given, errors="coerce").notna()
    if NUMBERS_AT_LEAST <= is_number.mean() < 1:
        row = int(given.index[~is_number][0])
        advice = (
            "is not a number, though most of the column are: correct it, leave it empty, "
            f"or give categories=({column.name!r},)"
        )
        raise _wrong(where, column, row, advice)


def _categories(
    table: Table, column: pd.Series, where: str
) -> tuple[NDArray[np.int64], list[str]]:
    texts = column.dropna().astype(str)
    known = sorted(texts.unique())
    if len(known) > MOST_CATEGORIES:
        raise UserError(
            f"{where}, column {column.name!r}: {len(known)} categories in "
            f"{len(column)} rows, where {MOST_CATEGORIES} are the most; "
            f"drop=({column.name!r},) leaves it out."
        )
    return _places(column, known), known


def _places(column: pd.Series, known: list[str]) -> NDArray[np.int64]:
    """Each value's place in ``known``, -1 in gaps."""
    place = {value: number for number, value in enumerate(known)}
    filled = column.astype(object).where(column.notna(), None)
    codes = [-1 if value is None else place[str(value)] for value in filled]
    return np.array(codes, dtype=np.int64)


def _target(
    table: Table, column: pd.Series, where: str
) -> tuple[NDArray[Any], list[str]]:
    """Labels' places and the labels, or numbers and none."""
    if column.isna().any():
        row = int(column.isna().to_numpy().argmax())
        raise _wrong(
            where, column, row, "is the target and missing: remove the row"
        )
    if _has_classes(table, column):
        labels = _sorted_labels(column)
        if len(labels) < 2:
            raise UserError(
                f"{where}, column {column.name!r}: every row has {labels[0]!r}; there "
                "is nothing to predict."
            )
        return _places(column, labels), labels
    if not pd.api.types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce")
        row = int(numbers.isna().to_numpy().argmax())
        raise _wrong(
            where, column, row, "is not a number, as kind='regression' needs"
        )
    values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row = int((~np.isfinite(values)).argmax())
        raise _wrong(where, column, row, "is not finite: give a number")
    return values, []


def _has_classes(table: Table, column: pd.Series) -> bool:
    if table.kind != "auto":
        return table.kind == "classification"
    if pd.api.types.is_bool_dtype(column):
        return True
    if not pd.api.types.is_numeric_dtype(column):
        return True
    whole = pd.api.types.is_integer_dtype(column)
    return bool(whole and column.nunique() <= FEW)


def _sorted_labels(column: pd.Series) -> list[str]:
    """The classes as texts: numbers in their own order, anything else by its text."""
    values = column.unique().tolist()
    numeric = pd.api.types.is_numeric_dtype(column)
    return [
        str(value) for value in sorted(values, key=None if numeric else str)
    ]


def _wrong(where: str, column: pd.Series, row: int, advice: str) -> UserError:
    """The error for one value; rows are counted from 1, without the header."""
    value = column.iloc[row]
    given = "" if pd.isna(value) else f" {str(value)!r}"
    return UserError(
        f"{where}, column {column.name!r}, row {row + 1}:{given} {advice}."
    )
