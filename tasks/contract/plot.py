"""Pictures of what a campaign recorded: what a teacher would draw of a task's runs.

A task declares them, and they are drawn on its topic's page, in the report and in the
documentation. What a single run shows of itself is a ``Picture``.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.contract.checks import FieldChecks
from tasks.contract.picture import Axis

UPDATES = "updates"
ARMS = "arms"


@dataclass(frozen=True)
class Plot:
    """A metric over something that differs between levels, trials or updates, with a
    line per arm; over the arms' own ``x``, with a line per level; or over two things, as
    a map per arm.

    Each block is a point, and lines are means over blocks. Raises UserError for a value
    that cannot be.
    """

    name: str
    """Letters, digits, ``_``, ``-`` and ``.``; unique in its task."""

    title: str
    """What is shown."""

    metric: str
    """A measure, or another metric that finals record, such as what ``updates_to``
    names. Of trials and over updates it is the measure on validation.
    """

    x: Axis
    """What lies from left to right."""

    along: str = ""
    """What ``x`` shows: a factor or a fixed hyperparameter of the levels; or a
    hyperparameter that is tuned, whose trials are then drawn; or ``"updates"``, for
    learning curves. Where it is empty, it is the levels' own ``x``.
    """

    y: Axis | None = None
    """What lies from below to above; the metric where it is left out."""

    by: str = ""
    """A second factor or fixed hyperparameter of the levels: then there is a map for
    each arm, whose ``y`` shows it and whose squares show the metric.
    """

    arms: tuple[str, ...] = ()
    """The arms to draw, by name; empty for all that run."""

    levels: tuple[str, ...] = ()
    """The levels to draw, by name; empty for all that run and have a place."""

    says: str = ""
    """What there is to see, in a sentence."""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.name()
        check.text("title", "what is shown", empty=False)
        check.text("metric", "a measure's name", empty=False)
        advice = "give an Axis, such as Axis('Learning rate', log=True)"
        check.instance("x", Axis, advice)
        if self.y is not None:
            check.instance("y", Axis, advice)
        for name in ("along", "by", "says"):
            check.text(name)
        for name in ("arms", "levels"):
            check.names(name)
        if self.by and self.by == self.along:
            raise check.error("by", "that lies along x already")
        if self.by and self.along == UPDATES:
            raise check.error("by", "learning curves are no map: leave it out")
        if self.by and self.along == ARMS:
            raise check.error("by", "a map shows one arm: leave it out")
        if self.by and self.y is None:
            raise check.error("y", f"a map has {self.by!r} there: name it")
