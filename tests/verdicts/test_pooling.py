"""The summary over campaigns: against statsmodels and scipy, and by simulation."""

import math

import numpy as np
import pytest
from scipy.stats import f_oneway
from statsmodels.stats.meta_analysis import combine_effects

from suite.verdicts.pooling import pool
from suite.verdicts.statistics import estimate

UNEQUAL = (
    0.0,
    1.0,
    3.0,
    0.5,
)  # true effects, in standard deviations of a block


def drawn(effects, seed=0, fewest=6):
    """Blocks of one campaign per true effect, each with one block more."""
    rng = np.random.default_rng(seed)
    return [
        rng.normal(effect, 1, fewest + n) for n, effect in enumerate(effects)
    ]


def common_variance(campaigns):
    squares = sum(((x - x.mean()) ** 2).sum() for x in campaigns)
    return squares / sum(len(x) - 1 for x in campaigns)


@pytest.mark.parametrize("effects", [UNEQUAL, (0.0, 2.0), (1.0, 1.0, 4.0)])
def test_effect_tau_and_interval_are_those_of_statsmodels(effects):
    campaigns = drawn(effects)
    means = np.array([x.mean() for x in campaigns])
    blocks = np.array([len(x) for x in campaigns])
    peer = combine_effects(
        means, common_variance(campaigns) / blocks, method_re="pm", use_t=True
    )
    found = pool([estimate(x) for x in campaigns])

    low, high = peer.conf_int(use_t=True)[3]  # Hartung & Knapp
    assert peer.tau2 > 0
    assert found.effect == pytest.approx(peer.mean_effect_re, abs=1e-6)
    assert found.tau**2 == pytest.approx(peer.tau2, abs=1e-4)
    assert found.interval == pytest.approx((low, high), abs=1e-4)
    assert found.i_squared == pytest.approx(peer.i2)


@pytest.mark.parametrize("effects", [UNEQUAL, (0.3, 0.3, 0.3)])
def test_whether_campaigns_differ_is_a_one_way_analysis_of_variance(effects):
    campaigns = drawn(effects)
    found = pool([estimate(x) for x in campaigns])

    assert found.p_same == pytest.approx(f_oneway(*campaigns).pvalue)
    assert found.differ == (f_oneway(*campaigns).pvalue < 0.05)


def test_campaigns_that_agree_too_well_do_not_shrink_the_interval_to_nothing():
    blocks = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    found = pool([estimate(blocks + 5) for _ in range(3)])
    low, high = found.interval
    known = blocks.std(ddof=1) / math.sqrt(18)

    assert found.tau == 0
    assert high - low > 2 * 1.96 * known


def test_what_campaigns_share_is_not_averaged_away():
    campaigns = [estimate(x) for x in drawn((1.0,) * 8)]
    alone, shared = pool(campaigns), pool(campaigns, shared_variance=1.0)

    assert alone.p_same == shared.p_same
    assert shared.interval[1] - shared.interval[0] > 2 * 1.96
    assert alone.interval[1] - alone.interval[0] < 1.96


@pytest.mark.parametrize(
    "campaigns", [[], [[1.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]]
)
def test_one_campaign_or_none_that_varies_has_no_summary(campaigns):
    assert pool([estimate(x) for x in campaigns]) is None


@pytest.mark.parametrize("tau", [0.0, 1.0])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_pooled_interval_covers_as_often_as_it_says(count, tau):
    rng = np.random.default_rng(count)
    covered, experiments = 0, 400
    for _ in range(experiments):
        true = rng.normal(0, tau, count)
        found = pool([estimate(rng.normal(effect, 1, 6)) for effect in true])
        covered += found.interval[0] <= 0 <= found.interval[1]

    # three standard errors below 95 %
    assert covered / experiments > 0.95 - 3 * math.sqrt(
        0.95 * 0.05 / experiments
    )
