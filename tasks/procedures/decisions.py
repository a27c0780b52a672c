"""What two-class logits are worth as decisions: what a threshold costs, and how sure
they are.
"""

import math

from torch import Tensor

from tasks.contract.data import Shape
from tasks.contract.text import Text
from tasks.procedures.metrics import OutputMeasure

MISS = 10.0  # what a missed 1 costs; a false alarm costs 1


def cost(logits: Tensor, labels: Tensor, threshold: float) -> float:
    """The mean cost of answering 1 where its probability is above ``threshold``.

    ``logits`` and ``labels`` are (examples,).
    """
    # The threshold as a logit: no probability has to be computed or rounded.
    alarm = logits > math.log(threshold / (1 - threshold))
    missed = (~alarm & (labels == 1)).double().mean()
    false_alarms = (alarm & (labels == 0)).double().mean()
    return (MISS * missed + false_alarms).item()


def cost_saved(logits: Tensor, labels: Tensor) -> float:
    """By how much the threshold 1 / (1 + MISS) is cheaper than one half; 0 for more
    than two classes.

    An alarm costs 1 - p, silence MISS * p: with the true probability p, an alarm is the
    cheaper one above that threshold (Elkan, "The foundations of cost-sensitive
    learning", 2001).
    """
    if logits.ndim > 1:
        return 0.0
    return cost(logits, labels, 0.5) - cost(logits, labels, 1 / (1 + MISS))


def logit_size(logits: Tensor, labels: Tensor) -> float:
    """The mean distance of logits from 0, which grows with the length of a linear
    model's weights.
    """
    return logits.abs().double().mean().item()


def _nothing(shape: Shape) -> float:
    return 0.0


COST_SAVED = OutputMeasure(
    "cost_saved",
    "higher",
    worst=_nothing,
    label=Text("Cost saved", zh="节省的代价"),
    of=cost_saved,
)
LOGIT_SIZE = OutputMeasure(
    "logit_size",
    "higher",
    worst=_nothing,
    label=Text("Size of logits", zh="logit 的大小"),
    of=logit_size,
)
