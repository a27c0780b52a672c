"""A falsifiable statement, fixed before the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    pass


ClaimKind = Literal["difference", "equal", "contrast", "interaction", "threshold"]


@dataclass(frozen=True)
class Claim:
    """A falsifiable statement, fixed before the run and hashed into the campaign.

    ``better`` and ``worse`` name arms; the effect is always measured in the claim's
    direction, so that a positive one speaks for it. ``margin`` is the smallest
    difference that matters, in the metric's own unit (accuracy runs from 0 to 1).
    MachineCensus:

    * ``difference``: better beats worse at each level named (by at least ``at_least``,
      where that is given);
    * ``equal``: better and worse differ by less than the margin;
    * ``contrast``: the sum of ``weights[arm] * metric`` is above 0;
    * ``interaction``: the paired gap better - worse changes along the levels' ``x``:
      with ``scale="log_error"`` the log ratio of the errors per e-fold of x, with
      ``"points"`` the gap itself; positive means the gap grows in better's favour as x
      grows;
    * ``threshold``: better reaches ``reference`` (whose own error is ``reference_se``).

    ``metric`` is one of the procedure's measures (then the sealed test's value is
    meant) or any recorded measure, such as ``seconds_per_epoch``. ``reported`` is what
    the source reports, to stand beside ours. Claims with one ``matching_group`` ask the
    same under different matchings. ``fixed_budget`` says that the claim is about what
    just this much training buys, so that an arm still improving at its end is part of
    the answer rather than a flaw.
    """

    name: str
    says: str
    metric: str
    better: str = ""
    worse: str = ""
    levels: tuple[str, ...] = ()
    margin: float = 0.01
    kind: ClaimKind = "difference"
    at_least: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    scale: Literal["points", "log_error", "log_ratio"] = "points"
    reference: float | None = None
    reference_se: float = 0.0
    source: str = ""
    reported: str = ""
    matching_group: str = ""
    fixed_budget: bool = False

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms whose results decide the claim."""
        return tuple(self.weights) or tuple(
            arm for arm in (self.better, self.worse) if arm
        )
