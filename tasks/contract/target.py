"""Targets: values of a measure, and how many updates a run takes to reach them."""

from __future__ import annotations

from tasks.contract.errors import UserError

UPDATES_TO = "updates_to"
REACHED = "reached"
# a measure, perhaps on a named split, and the value
Target = tuple[str, float]


def updates_to(measure: str, value: float) -> str:
    """The name of the metric that a recipe with ``targets=((measure, value),)``
    records: the updates after which an evaluation first finds ``measure`` at ``value``
    or better. The evaluation before the first update does not count, so that ratios of
    such numbers exist.

    ``measure`` is one of the procedure's, on validation; ``train.accuracy`` is the one
    on the training examples. A run that never gets there counts one update more than
    its declared length.
    """
    return f"{UPDATES_TO}.{measure}.{_written(value)}"


def reached(measure: str, value: float) -> str:
    """The name under which a run records whether it reached the target: 1 or 0."""
    return f"{REACHED}.{measure}.{_written(value)}"


def column_reached(metric: str) -> str:
    """The name of ``reached`` for the target whose updates a metric counts; "" if it
    counts something else.
    """
    head, _, target = metric.partition(".")
    return f"{REACHED}.{target}" if head == UPDATES_TO else ""


def target_of(metric: str, measure: str) -> float | None:
    """The value whose reach by ``measure`` a metric of this name counts; None if it
    counts something else.
    """
    head = f"{UPDATES_TO}.{measure}."
    if not metric.startswith(head):
        return None
    try:
        return float(metric.removeprefix(head))
    except ValueError:
        return None


def check_target(metric: str, targets: tuple[Target, ...], who: str) -> None:
    """UserError where a metric of this name would not be recorded: it counts updates to
    a target, and the recipe has another.
    """
    if not metric.startswith(f"{UPDATES_TO}."):
        return
    names = [updates_to(*target) for target in targets]
    if metric not in names:
        known = (
            f"it records {', '.join(names)}" if names else "it has no targets"
        )
        raise UserError(
            f"{who}: the recipe records no {metric!r} ({known}): give the recipe "
            "targets=((measure, value),), and the claim metric=updates_to(measure, "
            "value) with the same two."
        )


def _written(value: float) -> str:
    """The number as part of a name: no sign but a minus, and exact."""
    # repr gives back the same float when it is read; trackers refuse a plus
    # sign in names.
    return repr(float(value)).replace("e+", "e")
