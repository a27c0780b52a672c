"""Numbers against scipy, statsmodels and textbook tables."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from suite.verdicts import statistics

# Student's own data, "The probable error of a mean" (1908): hours of sleep gained by
# ten patients on two drugs.
FIRST_DRUG = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SECOND_DRUG = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
GAINED = SECOND_DRUG - FIRST_DRUG

numbers = st.floats(-100, 100, allow_nan=False)
samples = st.lists(numbers, min_size=2, max_size=12)


def test_students_sleep_data_give_the_published_test():
    found = statistics.estimate(GAINED)

    assert found.mean == pytest.approx(1.58)
    assert found.mean / found.standard_error == pytest.approx(4.0621, abs=5e-5)
    assert found.p() == pytest.approx(0.002833, abs=5e-7)
    assert found.interval(0.95) == pytest.approx((0.7001, 2.4599), abs=5e-5)


@given(samples, numbers)
def test_the_t_test_is_scipys(values, against):
    found = statistics.estimate(values)
    if not found.testable or found.std < 1e-6:
        return
    expected = stats.ttest_1samp(values, against)

    assert found.p(against) == pytest.approx(
        expected.pvalue, rel=1e-6, abs=1e-12
    )
    assert found.interval(0.9) == pytest.approx(
        tuple(expected.confidence_interval(0.9)), rel=1e-6, abs=1e-6
    )


def test_the_paired_test_is_scipys():
    assert statistics.estimate(GAINED).p() == pytest.approx(
        stats.ttest_rel(SECOND_DRUG, FIRST_DRUG).pvalue
    )


@pytest.mark.parametrize("margin", [0.5, 1.58, 2.0, 4.0])
def test_equivalence_is_statsmodels_tost(margin):
    expected, _, _ = DescrStatsW(GAINED).ttost_mean(-margin, margin)

    assert statistics.estimate(GAINED).p_equivalence(margin) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("claims", [1, 2, 5, 12])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_holm_is_statsmodels(claims, alpha):
    p_values = list(np.random.default_rng(claims).uniform(0, 0.3, claims) ** 2)
    rejected, adjusted, _, _ = multipletests(p_values, alpha, method="holm")

    assert statistics.holm_adjusted(p_values) == pytest.approx(list(adjusted))
    levels = statistics.holm_levels(p_values, alpha)
    assert [
        p < level for p, level in zip(p_values, levels, strict=True)
    ] == list(rejected)


def test_a_claim_that_cannot_be_tested_keeps_its_place_in_the_family():
    assert statistics.holm_levels(
        [0.001, math.nan, 0.02], 0.05
    ) == pytest.approx([0.05 / 3, 0.05, 0.025])
    assert statistics.holm_adjusted([0.01, math.nan])[0] == pytest.approx(0.02)
    assert math.isnan(statistics.holm_adjusted([0.01, math.nan])[1])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=2, max_size=8))
def test_the_sign_flip_test_is_scipys_exact_permutation_test(values):
    expected = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=np.inf
    )

    assert statistics.sign_flip(values) == pytest.approx(expected.pvalue)


def test_six_wins_of_six_reach_the_smallest_sign_flip_value():
    assert statistics.sign_flip([1, 2, 3, 4, 5, 6]) == pytest.approx(2 / 64)
    assert statistics.sign_flip(np.ones(40)) == pytest.approx(2 / 2**40)
    assert math.isnan(statistics.sign_flip(np.ones(41)))


def test_blocks_to_settle_are_the_planned_table():
    found = [
        statistics.blocks_to_settle(1, ratio)
        for ratio in (0.5, 0.75, 1, 1.5, 2)
    ]

    assert found == [55, 26, 16, 9, 6]


@given(st.floats(0.3, 3), st.floats(0, 0.02))
def test_blocks_to_settle_are_the_fewest_that_do(margin, test_train_ratio):
    def width(blocks):
        t = stats.t(blocks - 1)
        return (t.ppf(0.975) + t.ppf(0.95)) * math.sqrt(
            1 / blocks + test_train_ratio
        )

    found = statistics.blocks_to_settle(
        1, margin, test_train_ratio=test_train_ratio
    )

    if found is None:
        assert width(statistics.MAX_BLOCKS) > margin
    else:
        assert width(found) <= margin * (1 + 1e-12)
        assert found == 2 or width(found - 1) > margin * (1 - 1e-12)


def test_no_number_of_overlapping_blocks_is_enough_below_the_floor():
    assert statistics.blocks_to_settle(1, 1, test_train_ratio=0.25) is None


@pytest.mark.parametrize("claims", [1, 10])
@pytest.mark.parametrize("blocks", [6, 10, 20])
def test_the_smallest_effect_has_its_power(blocks, claims):
    effect = statistics.smallest_effect(blocks, claims)

    assert TTestPower().power(effect, blocks, 0.05 / claims) == pytest.approx(
        0.8, abs=1e-4
    )


def test_the_upper_bound_of_a_spread_covers_it_four_times_in_five():
    spreads = (
        np.random.default_rng(0)
        .standard_normal((20_000, 6))
        .std(axis=1, ddof=1)
    )
    covered = np.mean(
        [statistics.upper_std(spread, 6) >= 1 for spread in spreads]
    )

    assert covered == pytest.approx(0.8, abs=0.01)  # 3.5 Monte-Carlo errors


def test_slopes_are_least_squares():
    rng = np.random.default_rng(0)
    x, gaps = np.array([10.0, 40.0, 200.0]), rng.standard_normal((5, 3))
    intercept, slope = statistics.slopes(gaps, x)

    for block in range(5):
        expected = stats.linregress(np.log(x), gaps[block])
        assert (intercept[block], slope[block]) == pytest.approx(
            (expected.intercept, expected.slope)
        )


def test_the_crossovers_ends_are_where_the_t_test_turns():
    rng = np.random.default_rng(3)
    x = np.array([100.0, 1000.0, 10_000.0])
    gaps = 0.5 * np.log(x / 800) + 0.3 * rng.standard_normal((8, 3))
    found = statistics.crossover(gaps, x)
    intercept, slope = statistics.slopes(gaps, x)

    def p(at):
        return stats.ttest_1samp(intercept + slope * math.log(at), 0).pvalue

    assert found.state == "located"
    assert p(found.low) == pytest.approx(0.05)
    assert p(found.high) == pytest.approx(0.05)
    assert p(found.at) == pytest.approx(1)
    assert found.low < found.at < found.high


def test_a_crossover_is_told_only_where_there_is_one():
    x = np.array([100.0, 1000.0, 10_000.0])
    noise = 0.1 * np.random.default_rng(0).standard_normal((8, 3))

    assert statistics.crossover(noise, x).state == "not located"
    assert (
        statistics.crossover(np.log(x / 1e6) + noise, x).state
        == "beyond the range studied"
    )


def test_a_band_is_scipys_t_interval_at_each_step():
    values = np.random.default_rng(3).normal(size=(4, 5))  # (steps, blocks)
    values[1, 2:] = np.nan
    values[3, 1:] = np.nan
    count = np.isfinite(values).sum(1)
    spread = np.array(
        [
            row[np.isfinite(row)].std(ddof=1) if n > 1 else np.nan
            for row, n in zip(values, count, strict=True)
        ]
    )
    low, high = statistics.t_band(np.nanmean(values, 1), spread, count, 0.9)

    for step in range(3):
        row = values[step][np.isfinite(values[step])]
        theirs = stats.ttest_1samp(row, 0).confidence_interval(0.9)
        assert (low[step], high[step]) == pytest.approx(
            (theirs.low, theirs.high), rel=1e-12
        )
    assert np.isnan([low[3], high[3]]).all()


def test_an_interval_inside_its_bounds_is_not_changed():
    assert statistics.within_bounds(0.5, 0.1, 0.9, (0.0, 1.0)) == (0.1, 0.9)
    assert statistics.within_bounds(
        2.0, -9.0, 13.0, (-math.inf, math.inf)
    ) == (-9, 13)


@pytest.mark.parametrize(
    ("values", "bounds", "family"),
    [
        ([0.99, 0.97, 1.0, 0.8], (0.0, 1.0), sm.families.Binomial()),
        ([0.0, 0.01, 0.08, 0.0], (0.0, 1.0), sm.families.Binomial()),
        (
            [0.1, 0.2, 3.0],
            (0.0, math.inf),
            sm.families.Gamma(sm.families.links.Log()),
        ),
    ],
)
def test_a_bounded_interval_is_that_of_a_quasi_likelihood(
    values, bounds, family
):
    """The delta method at the mean is a generalised linear model with a constant alone,
    its dispersion by Pearson's statistic.
    """
    found = statistics.estimate(values)
    mean, plain = found.mean, found.interval(0.95)
    theirs = sm.GLM(values, np.ones(len(values)), family=family).fit(
        scale="X2", use_t=True
    )
    expected = family.link.inverse(theirs.conf_int(0.05)[0])

    assert plain[0] < bounds[0] or plain[1] > bounds[1]
    ours = statistics.within_bounds(mean, *plain, bounds)
    assert ours == pytest.approx(tuple(expected), rel=1e-6)


def test_a_bounded_difference_is_fishers_transformation():
    low, high = statistics.within_bounds(0.9, 0.7, 1.1, (-1.0, 1.0))
    half = 0.2 / (1 - 0.9**2)

    assert low == pytest.approx(math.tanh(math.atanh(0.9) - half))
    assert high == pytest.approx(math.tanh(math.atanh(0.9) + half))


def test_bounds_hold_point_by_point_and_cut_where_the_mean_is_on_one():
    low, high = statistics.within_bounds(
        [0.5, 1.0, 0.9], [0.4, 0.9, 0.7], [0.6, 1.1, 1.1], (0.0, 1.0)
    )

    assert (low[0], high[0]) == (0.4, 0.6)
    assert (low[1], high[1]) == (0.9, 1.0)
    assert 0 < low[2] < 0.7
    assert 0.9 < high[2] < 1


def test_a_band_without_an_interval_stays_without():
    low, high = statistics.within_bounds([0.5], [np.nan], [np.nan], (0.0, 1.0))

    assert np.isnan([low, high]).all()


def test_a_geometric_mean_has_the_t_interval_of_its_logarithms():
    values = [0.5, 1.0, 4.0, 9.0]
    theirs = stats.ttest_1samp(np.log(values), 0).confidence_interval(0.9)

    assert statistics.geometric(values, 0.9) == pytest.approx(
        (stats.gmean(values), math.exp(theirs.low), math.exp(theirs.high))
    )
    assert statistics.geometric([2.0])[0] == pytest.approx(2.0)
    assert np.isnan(statistics.geometric([2.0])[1:]).all()
