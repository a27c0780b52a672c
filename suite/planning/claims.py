"""The hash that shows whether claims are still those fixed before the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter

from suite.training.job import digest
from tasks import Claim

_CLAIM = TypeAdapter(Claim)


def claims_digest(claims: Mapping[str, Iterable[Claim]]) -> str:
    """SHA-256 of every task's claims, 64 hexadecimal digits.

    A claim has the same digest before it is written to JSON and after it is read
    again: ``margin=1`` and ``margin=1.0`` count as equal.
    """
    return digest(
        {
            task: [_normalized(claim) for claim in found]
            for task, found in claims.items()
        }
    )


def _normalized(claim: Claim) -> dict[str, object]:
    """The claim's fields, each of the type that ``Claim`` declares."""
    return dataclasses.asdict(
        # A round through pydantic turns 1 into 1.0 and lists into tuples, as
        # reading the claim from JSON does.
        _CLAIM.validate_python(dataclasses.asdict(claim))
    )
