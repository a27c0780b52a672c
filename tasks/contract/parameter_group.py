"""Parameters that learn at another rate, or decay otherwise, than the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tasks.contract.checks import FieldChecks


@dataclass(frozen=True)
class ParameterGroup:
    """The parameters of some names, with factors of their own.

    A recipe's ``groups`` are read in order: a parameter belongs to the first one whose
    pattern its name matches, and to none if it matches no pattern.
    """

    names: str
    """A pattern of names as ``model.named_parameters()`` gives them: ``"*.bias"``,
    ``"head.*"``, ``"body.0.weight"``. One that matches nothing is an error.
    """

    rate: float = 1.0
    """Multiplies the learning rate; 0 leaves the parameters as they are."""

    decay: float | None = None
    """Multiplies the weight decay; 0 leaves them out of it. None: as other parameters,
    of which gains and biases do not decay.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.text(
            "names", 'a pattern of parameters, such as "head.*"', empty=False
        )
        check.number("rate", 0, advice="what the rate is multiplied by")
        if self.decay is not None:
            advice = "what the weight decay is multiplied by"
            check.number("decay", 0, advice=advice)

    def matches(self, name: str) -> bool:
        """Whether a parameter of that name belongs to the group."""
        return fnmatchcase(name, self.names)


def group_of(
    name: str, groups: Iterable[ParameterGroup]
) -> ParameterGroup | None:
    """The first of the groups that a parameter belongs to; None if it belongs to none."""
    return next((group for group in groups if group.matches(name)), None)
