"""Splits rows into training, validation and test: a function of the seed and the rows
alone.

Rows are ranked by a hash of the seed and their content, so the result depends neither
on the order of a file nor on global random state, and equal rows are always in the same
part.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tasks.contract.data import Population, Split, Splits
from tasks.contract.errors import UserError


class Parts(NamedTuple):
    """Row numbers of each part, 1-D integer tensors, in an order that the seed shuffles
    too.
    """

    train: Tensor
    validation: Tensor
    test: Tensor


def split_rows(
    identities: Sequence[bytes], seed: int, *, test: float, validation: float
) -> Parts:
    """Parts with the given shares of the distinct identities; the rest is for training.

    Raises UserError if a share leaves a part that must not be empty without rows.
    """
    key = seed.to_bytes(8, "little")
    ranked = sorted(
        # Distinct rows: equal ones would otherwise be able to lie in two
        # parts.
        set(identities),
        key=lambda identity: hashlib.blake2b(
            identity, key=key, digest_size=16
        ).digest(),
    )
    place = {identity: rank for rank, identity in enumerate(ranked)}
    sealed = round(test * len(ranked))
    held = sealed + round(validation * len(ranked))
    if not (sealed > 0 or test == 0) or not sealed < held < len(ranked):
        raise UserError(
            f"Shares test={test} and validation={validation} of {len(ranked)} rows "
            "leave a part empty: "
            "give shares above 0 that sum to less than 1."
        )
    places = torch.tensor([place[identity] for identity in identities])
    # Equal rows keep the order of the file.
    order = torch.argsort(places, stable=True)
    bounds = torch.tensor([sealed, held])
    test_end, validation_end = torch.searchsorted(
        places[order], bounds
    ).tolist()
    return Parts(
        train=order[validation_end:],
        validation=order[test_end:validation_end],
        test=order[:test_end],
    )


def contents(rows: NDArray[np.generic]) -> list[bytes]:
    """What identifies each row: its bytes."""
    return [row.tobytes() for row in rows]


def resplit(
    x: NDArray[np.generic],
    y: NDArray[np.generic],
    seed: int,
    *,
    test: float,
    validation: float,
    classes: int,
    per_feature: bool = False,
) -> Splits:
    """Splits of one finite pool of rows, which each seed divides in another way, so that
    blocks share rows. ``x`` is (rows, ...), ``y`` the (rows,) labels.
    """
    parts = split_rows(contents(x), seed, test=test, validation=validation)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y).long()
    splits = [Split(inputs[rows].float(), labels[rows]) for rows in parts]
    return normalised(
        *splits,
        classes=classes,
        population="resplit",
        pool=len(x),
        per_feature=per_feature,
    )


def hold_out(
    train: tuple[NDArray[np.generic], NDArray[np.generic]],
    test: tuple[NDArray[np.generic], NDArray[np.generic]],
    seed: int,
    *,
    validation: float,
    classes: int,
) -> Splits:
    """Given training rows, a share of them held out for validation, and the official
    test set.
    """
    parts = split_rows(
        contents(train[0]), seed, test=0.0, validation=validation
    )
    inputs, labels = (
        torch.from_numpy(train[0]),
        torch.from_numpy(train[1]).long(),
    )
    learned, held = (
        Split(inputs[rows].float(), labels[rows])
        for rows in (parts.train, parts.validation)
    )
    sealed = Split(
        torch.from_numpy(test[0]).float(), torch.from_numpy(test[1]).long()
    )
    return normalised(
        learned, held, sealed, classes=classes, population="official"
    )


def normalised(
    train: Split,
    validation: Split,
    test: Split,
    *,
    classes: int,
    population: Population,
    pool: int | None = None,
    per_feature: bool = False,
) -> Splits:
    """All splits, standardised by the mean and the standard deviation of the training
    part, of each feature or of all together.
    """
    mean = train.x.mean(0) if per_feature else train.x.mean()
    # Without Bessel's correction, as scikit-learn's StandardScaler does it.
    deviation = (
        train.x.std(0, correction=0)
        if per_feature
        else train.x.std(correction=0)
    )
    # a constant feature stays 0
    deviation = torch.where(deviation > 0, deviation, 1.0)

    def scaled(split: Split) -> Split:
        return Split((split.x - mean) / deviation, split.y)

    return Splits(
        scaled(train),
        scaled(validation),
        scaled(test),
        classes=classes,
        population=population,
        pool=pool,
    )
