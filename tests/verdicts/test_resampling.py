"""What fewer blocks could have found: draws that agree with theory."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from suite.verdicts.resampling import draws_of


def test_draws_are_all_ways_to_draw_with_replacement():
    values = [0.3, -0.1, 0.7, 0.25]
    found = draws_of(values, 3)
    means = [sum(drawn) / 3 for drawn in itertools.product(values, repeat=3)]

    assert found.exact
    assert found.weights.sum() == pytest.approx(1)
    assert found.means @ found.weights == pytest.approx(np.mean(means))
    variance = found.means**2 @ found.weights - np.mean(means) ** 2
    assert variance == pytest.approx(np.var(means))
    opposite = np.mean(np.array(means) < 0)
    assert found.share_opposite(1.0) == pytest.approx(opposite)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 10])
def test_two_values_give_a_binomial_share_and_ties_count_half(count):
    # of 6 blocks two are -1 and four are +1: a mean is below 0 with more -1 than +1
    values = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0]
    losses = binom(count, 1 / 3)
    below = losses.sf(count / 2)
    tie = losses.pmf(count / 2) if count % 2 == 0 else 0.0

    found = draws_of(values, count).share_opposite(2 / 3)

    assert found == pytest.approx(below + tie / 2)


def test_one_run_is_wrong_as_often_as_blocks_are():
    assert draws_of([0.5, 0.4, -0.1, 0.6], 1).share_opposite(0.35) == 0.25


def test_many_blocks_are_drawn_at_random_and_come_close():
    values = [1.0] * 12 + [-1.0] * 8
    found = draws_of(values, 11)

    assert not found.exact
    expected = binom(11, 0.4).sf(5.5)
    error = math.sqrt(expected * (1 - expected) / len(found.means))
    assert found.share_opposite(0.2) == pytest.approx(expected, abs=5 * error)
    assert found.share_opposite(0.2) == draws_of(values, 11).share_opposite(
        0.2
    )


def test_another_line_than_zero_decides_which_side_is_which():
    assert (
        draws_of([1.0, 2.0, 4.0], 1).share_opposite(7 / 3, zero=1.5) == 1 / 3
    )
    assert math.isnan(draws_of([1.0, 3.0], 1).share_opposite(2.0, zero=2.0))


@pytest.mark.parametrize(("values", "count"), [([], 1), ([1.0], 0)])
def test_nothing_cannot_be_drawn(values, count):
    with pytest.raises(ValueError, match="cannot be drawn"):
        draws_of(values, count)
