"""Claims that are judged over several levels: on some of them, and power laws."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy import stats

from suite.report import sentences
from suite.report.formatting import effect_and_interval
from suite.report.sentences import Labels
from suite.verdicts import statistics
from suite.verdicts.family import judge_again
from suite.verdicts.judge import Sample, judge_campaign, judge_family
from suite.verdicts.kinds import check_claim
from tasks import Claim, Measure, UserError

ACCURACY = Measure("accuracy", "higher", lambda shape: 0.0, percent=True)
LOSS = Measure("loss", "lower")
PLACES = {"few": 100.0, "many": 1000.0}
DEEPER = Claim(
    "deeper", "", "accuracy", better="deep", worse="wide", margin=0.02
)
WIDE = [0.80, 0.82, 0.81, 0.79, 0.83, 0.80]
DEEP = [0.85, 0.86, 0.87, 0.84, 0.87, 0.86]


def changed(**values):
    return dataclasses.replace(DEEPER, **values)


@pytest.fixture(scope="session")
def at_levels(written_campaign):
    def build(claim, measure=ACCURACY, x=None, **values):
        """A campaign with one claim and its finals' values, by arm, level and block."""
        places = x or {}
        rows = [
            {
                "arm": arm,
                "level": level,
                "block": block,
                f"test.{measure.name}": one,
            }
            for arm, by_level in values.items()
            for level, found in by_level.items()
            for block, one in enumerate(found)
        ]
        levels = dict.fromkeys(row["level"] for row in rows)
        described = {
            name: getattr(measure, name)
            for name in ("name", "better", "percent")
        }
        return written_campaign(
            rows,
            [claim],
            levels=[
                {"name": level, "label": level, "x": places.get(level)}
                for level in levels
            ],
            measures=[described],
        )

    return build


# ------------------------------------------------------------------------ k of n levels


def some_levels(shifts, needed, seed=0):
    """A sample per level, of which ``needed`` must show an effect."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.01, (len(shifts), 8))
    return [
        Sample(
            shift + row, 0.01, level=f"level {number}", levels_needed=needed
        )
        for number, (shift, row) in enumerate(zip(shifts, noise, strict=True))
    ]


def worst_of_subsets(p_values, size):
    """The largest Bonferroni p-value over all subsets of a size: the definition."""
    subsets = itertools.combinations(p_values, size)
    return min(1, max(size * min(subset) for subset in subsets))


@pytest.mark.parametrize("needed", [1, 2, 3, 4])
def test_a_partial_conjunction_is_the_worst_intersection_hypothesis(needed):
    """Benjamini & Heller (2008): reject where every n - k + 1 alternatives' global null
    is rejected.
    """
    for seed in range(20):
        p = list(np.random.default_rng(seed).uniform(0, 0.2, 4))
        wanted = worst_of_subsets(p, len(p) - needed + 1)
        assert statistics.partial_conjunction(p, needed) == pytest.approx(
            wanted
        )


@pytest.mark.parametrize(
    "shifts", [(0.05, 0.05, 0.05, 0), (0.05, 0.01, 0, -0.05)]
)
@pytest.mark.parametrize("needed", [1, 2, 3, 4])
def test_wins_on_k_of_n_levels_is_scipys_t_test_at_the_kth_best(
    shifts, needed
):
    samples = some_levels(shifts, needed)
    (found,) = judge_family([samples])
    p = sorted(
        stats.ttest_1samp(one.values, 0, alternative="greater").pvalue
        for one in samples
    )
    of_claim = (len(shifts) - needed + 1) * p[needed - 1]

    if of_claim < 0.5:
        assert found.p_holm == pytest.approx(2 * of_claim)
    assert (found.verdict == "supported") == (2 * of_claim < 0.05)


@pytest.mark.parametrize(
    ("shifts", "needed", "answer"),
    [
        ((0.05, 0.05, 0.05, -0.05), 3, "supported"),
        ((0.05, 0.05, -0.05, -0.05), 3, "refuted"),
        ((0.05, 0.05, 0.05, -0.05), 4, "refuted"),
        ((0.05, -0.05, -0.05, -0.05), 1, "supported"),
        ((-0.05, -0.05, -0.05, -0.05), 1, "refuted"),
    ],
)
def test_how_many_levels_a_claim_needs_decides_it(shifts, needed, answer):
    (found,) = judge_family([some_levels(shifts, needed)])

    assert found.verdict == answer
    assert len(found.by_level) == len(shifts)


def test_too_few_levels_with_more_than_a_negligible_effect_are_no_difference():
    levels = [
        Sample(
            np.array([0.001, -0.001] * 4),
            0.01,
            level=str(number),
            levels_needed=2,
        )
        for number in range(3)
    ]
    (found,) = judge_family([levels])

    assert found.verdict == "no_difference"


def test_judging_some_levels_again_uses_the_same_error_rate():
    samples = some_levels((0.05, 0.05, 0.011, -0.01), 3)
    (found,) = judge_family([samples])
    again = judge_again(judge_again(found, samples), samples)

    assert (again.verdict, again.alpha) == (found.verdict, found.alpha)


def test_a_claim_on_some_levels_is_told_in_both_languages(at_levels):
    record = at_levels(
        changed(kind="partial_conjunction", at_least_levels=2),
        deep={"few": DEEP, "many": DEEP, "all": WIDE},
        wide={"few": WIDE, "many": WIDE, "all": DEEP},
    )
    (verdict,) = judge_campaign(record)
    english, chinese = (Labels(record.manifest, one) for one in ("en", "zh"))

    assert verdict.verdict == "supported"
    assert "the weakest of the 2 levels out of 3" in sentences.sentence(
        verdict, english
    )
    assert "3 个水平中的 2 个" in sentences.sentence(verdict, chinese)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"kind": "partial_conjunction"}, "at_least_levels=0.*1 or more"),
        (
            {
                "kind": "partial_conjunction",
                "levels": ("few", "many"),
                "at_least_levels": 3,
            },
            "it names 2",
        ),
        (
            {"at_least_levels": 2},
            "only a partial_conjunction has it, not difference",
        ),
    ],
)
def test_a_claim_on_some_levels_says_how_many(values, complaint):
    with pytest.raises(UserError, match=complaint):
        changed(**values)


def test_a_claim_on_more_levels_than_there_are_is_refused():
    claim = changed(kind="partial_conjunction", at_least_levels=3)
    with pytest.raises(UserError, match="but 2 can decide it"):
        check_claim(claim, PLACES, [ACCURACY])


# --------------------------------------------------------------------------- power laws

SIZES = {"small": 100.0, "middle": 1000.0, "large": 30000.0}
LAW = Claim(
    "law",
    "",
    "loss",
    better="net",
    kind="power_law",
    exponent=-0.3,
    margin=0.05,
)


@pytest.fixture(scope="session")
def along_sizes(at_levels):
    def build(law, claim=LAW, seed=0):
        """A campaign in which the loss is a function of the size, with noise of 2 %."""
        noise = np.random.default_rng(seed).normal(
            0, 0.02, (len(SIZES), len(WIDE))
        )
        net = {
            name: law(size) * np.exp(row)
            for (name, size), row in zip(SIZES.items(), noise, strict=True)
        }
        return at_levels(claim, LOSS, SIZES, net=net)

    return build


def test_an_exponent_is_scipys_regression_in_each_block(along_sizes):
    record = along_sizes(lambda size: 3 * size**-0.3)
    (verdict,) = judge_campaign(record)
    values = record.runs.pivot(
        index="block", columns="level", values="test.loss"
    )
    slopes = np.array(
        [
            stats.linregress(np.log(list(SIZES.values())), np.log(row)).slope
            for row in values[list(SIZES)].to_numpy()
        ]
    )

    assert verdict.effect == pytest.approx(slopes.mean() + 0.3)
    assert verdict.interval == pytest.approx(
        stats.t.interval(0.95, 5, slopes.mean() + 0.3, stats.sem(slopes))
    )


@pytest.mark.parametrize(
    ("law", "answer", "reason"),
    [
        (lambda size: 3 * size**-0.3, "supported", ""),
        (lambda size: 3 * size**-0.5, "refuted", ""),
        (lambda size: 3 * size**0.3, "refuted", ""),
        (lambda size: np.exp(-size / 10_000), "inconclusive", "gate"),
    ],
)
def test_a_power_law_is_decided_by_its_exponent_and_by_being_one(
    law, answer, reason, along_sizes
):
    (verdict,) = judge_campaign(along_sizes(law))

    assert (verdict.verdict, verdict.reason) == (answer, reason)


@pytest.mark.parametrize(
    ("exponent", "english", "chinese"),
    [
        (-0.3, "Yes: the loss of Net goes as", "次幂成正比"),
        (
            -0.5,
            "further than 0.05 from the −0.5 that is claimed",
            "相差超过 0.05",
        ),
    ],
)
def test_a_power_law_is_told_in_both_languages(
    exponent, english, chinese, along_sizes
):
    claim = dataclasses.replace(LAW, exponent=exponent)
    record = along_sizes(lambda size: 3 * size**-0.3, claim)
    (verdict,) = judge_campaign(record)
    told = [
        sentences.sentence(verdict, Labels(record.manifest, one))
        for one in ("en", "zh")
    ]

    assert english in told[0]
    assert "to the power −0.3" in told[0]
    assert chinese in told[1]
    assert effect_and_interval(verdict).startswith("−0.3")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"exponent": None}, "the power of x that the metric goes as"),
        ({"worse": "wide"}, "is about one arm"),
        ({"scale": "log_ratio"}, "takes logarithms by itself"),
        ({"at_least": 0.1}, "has an exponent and a margin"),
        ({"kind": "difference", "worse": "wide"}, "only a power_law has one"),
    ],
)
def test_a_power_law_has_an_arm_and_an_exponent(values, complaint):
    with pytest.raises(UserError, match=complaint):
        dataclasses.replace(LAW, **values)


def test_a_power_law_over_two_levels_is_refused():
    with pytest.raises(UserError, match="at least 3 levels"):
        check_claim(LAW, PLACES, [LOSS])
