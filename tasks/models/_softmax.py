"""Softmax over short rows, as attention to few tokens has them."""

from torch import Tensor

# numbers that a CPU handles at once: torch takes shorter rows number by number, 2.5
# times slower
SHORT = 16


def softmax(scores: Tensor) -> Tensor:
    """Shares that sum to 1 over the last dimension."""
    if scores.shape[-1] >= SHORT or scores.device.type != "cpu":
        return scores.softmax(-1)
    return (
        scores.movedim(-1, 0).contiguous().softmax(0).movedim(0, -1)
    )  # rows side by side
