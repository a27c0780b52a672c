"""Kinds of claim, scales, metrics and gates: what each asks of a claim, and how one more
is registered from outside.
"""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

import tasks.contract.claim
from suite.planning.claims import claims_digest
from suite.records.manifest import Manifest
from suite.report import sentences
from suite.report.charts.build import block_chart
from suite.report.formatting import effect_and_interval
from suite.report.messages import VERDICTS, Catalogue
from suite.report.sentences import Labels, gate_hint, gate_name
from suite.training import metrics
from suite.training.metrics import (
    Metric,
    metric_of,
    recorded_metric,
    register_metric,
)
from suite.verdicts import adequacy, kinds, scales, statistics
from suite.verdicts.adequacy import register_gate
from suite.verdicts.gate import Gate
from suite.verdicts.judge import Sample, judge, judge_campaign, judge_family
from suite.verdicts.kinds import check_claim, register_kind
from suite.verdicts.kinds.base import ClaimKind
from suite.verdicts.message import message
from suite.verdicts.scales import scale_of
from tasks import Claim, Measure, UserError

ACCURACY = Measure("accuracy", "higher", lambda shape: 0.0, percent=True)
PLACES = {"few": 100.0, "many": 1000.0}
DEEPER = Claim(
    "deeper", "", "accuracy", better="deep", worse="wide", margin=0.02
)
WIDE = [0.80, 0.82, 0.81, 0.79, 0.83, 0.80]
DEEP = [0.85, 0.86, 0.87, 0.84, 0.87, 0.86]


@pytest.fixture(scope="session")
def campaign(written_campaign):
    def build(claim, column="test.accuracy", measure=ACCURACY, **values):
        """A campaign with one claim and its finals' values, by arm and block."""
        rows = [
            {"arm": arm, "block": block, column: value}
            for arm, found in values.items()
            for block, value in enumerate(found)
        ]
        return written_campaign(rows, [claim], measures=[described(measure)])

    return build


def described(measure):
    """A measure as campaign.json has it."""
    return {
        name: getattr(measure, name) for name in ("name", "better", "percent")
    }


def changed(**values):
    return dataclasses.replace(DEEPER, **values)


def contrast(**weights):
    return changed(better="", worse="", kind="contrast", weights=weights)


# ----------------------------------------------------------------- what a claim lacks


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        (changed(metric="acuracy"), "did you mean 'accuracy'"),
        (contrast(deep=1.0, wide=1.0), "and one a weight below"),
        (
            changed(kind="interaction", levels=("few",)),
            "at least two levels a different x",
        ),
        (
            changed(metric="tokens_per_second", scale="log_error"),
            "not a share",
        ),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused_before_anything_runs(
    claim, complaint
):
    with pytest.raises(UserError, match=complaint):
        check_claim(claim, PLACES, [ACCURACY])


@pytest.mark.parametrize(
    "claim",
    [
        DEEPER,
        changed(kind="equal"),
        changed(kind="interaction", scale="log_error"),
        changed(kind="threshold", worse="", reference=0.9),
        contrast(deep=1.0, wide=-1.0),
        changed(metric="train.accuracy"),
        changed(metric="seconds_per_epoch", scale="log_ratio"),
    ],
)
def test_a_claim_that_has_all_is_not(claim):
    check_claim(claim, PLACES, [ACCURACY])


# ----------------------------------------------------------------------------- metrics


def test_the_gap_between_training_and_test_is_a_metric_of_every_measure():
    gap = metric_of("gap.accuracy", [ACCURACY])

    assert (gap.column, gap.better, gap.unit) == (
        "gap.accuracy",
        "lower",
        "share",
    )
    assert metric_of("gap.recall", [ACCURACY]) is None


@pytest.mark.parametrize("name", ["f1.macro", "huber.delta1.3"])
def test_a_metric_may_have_a_dot_in_its_name(name, campaign):
    measure = Measure(name, "lower", lambda shape: 0.0)
    of_test, of_train = (
        metric_of(one, [measure]) for one in (name, f"train.{name}")
    )

    assert (of_test.column, of_train.column) == (
        f"test.{name}",
        f"train.{name}",
    )
    assert of_test.validation == of_train.validation == f"validation.{name}"
    assert of_test.better == "lower"

    claim = Claim("dotted", "", name, better="wide", worse="deep", margin=0.02)
    (verdict,) = judge_campaign(
        campaign(claim, f"test.{name}", measure, deep=DEEP, wide=WIDE)
    )

    assert (verdict.verdict, verdict.blocks) == ("supported", 6)


@pytest.mark.parametrize(
    ("name", "better", "deterministic", "cost"),
    [
        ("seconds", "lower", False, True),
        ("cpu_seconds", "lower", False, True),
        ("steps", "lower", True, True),
        ("parameters", "lower", True, True),
        ("seconds_to_target", "lower", False, False),
        ("tokens_per_second", "higher", False, True),
    ],
)
def test_what_every_run_records_is_registered(
    name, better, deterministic, cost
):
    found = recorded_metric(name)

    assert (found.better, found.deterministic, found.cost) == (
        better,
        deterministic,
        cost,
    )


def test_nothing_is_guessed_from_a_name():
    assert recorded_metric("seconds_of_regret") is None
    assert metric_of("seconds_of_regret", [ACCURACY]) is None


# ------------------------------------------------------------------------------ scales


@pytest.mark.parametrize("name", scales.SCALES)
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_more_is_better_on_every_scale(name, better):
    measure = Measure("share", better, lambda shape: 0.0, percent=True)
    metric = metric_of("share", [measure])
    low, high = scale_of(name).transform(np.array([0.6, 0.7]), metric, 100.0)

    assert (high > low) == (better == "higher")


def test_a_logarithmic_scale_gives_the_factor_back():
    metric = recorded_metric("seconds")
    scale = scale_of("log_ratio")
    slow, fast = scale.transform(np.array([6.0, 2.0]), metric, math.nan)

    assert scale.back(fast - slow) == pytest.approx(3.0)


def test_nothing_right_of_n_examples_is_half_an_example():
    metric = metric_of("accuracy", [ACCURACY])
    scale = scale_of("log_ratio")
    none, half = scale.transform(np.array([0.0, 0.5]), metric, 100.0)

    assert scale.back(half - none) == pytest.approx(0.5 / 0.005)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_value_without_a_ratio_is_told_and_not_waited_for(value, campaign):
    loss = Measure("loss", "lower", lambda shape: 0.0)
    claim = Claim(
        "smaller",
        "",
        "loss",
        better="wide",
        worse="deep",
        margin=0.1,
        scale="log_ratio",
    )
    values = {"deep": DEEP, "wide": [value, *WIDE[1:]]}
    (verdict,) = judge_campaign(campaign(claim, "test.loss", loss, **values))

    assert verdict.verdict == "inconclusive"
    told = message("note-no-logarithm", blocks=5, due=6, count=1)
    assert told in verdict.notes


# --------------------------------------------------------------- one more from outside


class Best(ClaimKind):
    """``better`` is ahead of the best other arm, in the mean: an example."""

    name = "best"


@pytest.fixture
def registries(monkeypatch):
    """Registrations last as long as the test."""
    for module, name in (
        (kinds.base, "KINDS"),
        (adequacy, "GATES"),
        (metrics, "METRICS"),
    ):
        monkeypatch.setattr(module, name, dict(getattr(module, name)))
    known = set(tasks.contract.claim.KINDS)
    monkeypatch.setattr(kinds.base, "names_of_kinds", known)
    monkeypatch.setattr(tasks.contract.claim, "KINDS", known)


GATE_TEXTS = {
    "en": """
gate-grid = The grid was burning coal
gate-grid-passed = The grid was clean
gate-grid-fine = No coal was burnt.
gate-grid-hint = Run it again on a windy day.
seen-coal = { $blocks } blocks ran on coal
""",
    "zh": """
gate-grid = 电网在烧煤
gate-grid-passed = 电网清洁
gate-grid-fine = 没有烧煤。
gate-grid-hint = 请在有风的日子重新运行。
seen-coal = { $blocks } 个区组用煤电运行
""",
}


@pytest.fixture
def messages(monkeypatch):
    """The report's messages; what is added lasts as long as the test."""
    catalogue = Catalogue(VERDICTS.folder)
    monkeypatch.setattr(VERDICTS, "__dict__", vars(catalogue))
    return VERDICTS


def test_a_kind_a_metric_and_a_gate_can_be_added_from_outside(
    registries, messages, campaign
):
    register_kind(Best())
    register_metric(
        Metric("carbon", "grams of carbon", "g", "lower", cost=True)
    )
    messages.add(GATE_TEXTS)

    @register_gate("grid")
    def grid(case):
        seen = message("seen-coal", blocks=6)
        return Gate("grid", case.metric.name == "carbon", (seen,))

    claim = Claim("c", "", "carbon", better="wide", worse="deep", kind="best")
    record = campaign(claim, "carbon", deep=DEEP, wide=WIDE)
    check_claim(claim, {"all": None}, [ACCURACY])
    (verdict,) = judge_campaign(record)
    labels = Labels(record.manifest)

    assert verdict.effect == pytest.approx(np.mean(DEEP) - np.mean(WIDE))
    assert (verdict.verdict, verdict.would_be) == ("inconclusive", "supported")
    assert "grams of carbon" in labels.metric(verdict)
    (gate,) = verdict.failed_gates
    assert gate_name(gate) == "The grid was burning coal"
    assert gate_name(gate, "zh") == "电网在烧煤"
    assert gate_hint(gate) == "Run it again on a windy day."
    assert sentences.sentence(verdict, labels).startswith(
        "This comparison cannot be judged as it stands. 6 blocks ran on coal"
    )


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"en": "gate-a = A"}, "give them in en and zh"),
        ({"en": "gate-a = A", "zh": "gate-b = 乙"}, "'gate-a' is given in en"),
        ({"en": "gate-a", "zh": "gate-a = 甲"}, "not in Fluent's format"),
        ({"en": "comma = ;", "zh": "comma = ；"}, "a message 'comma' already"),
    ],
)
def test_messages_that_a_language_lacks_are_refused(messages, texts, problem):
    with pytest.raises(UserError, match=problem):
        messages.add(texts)


def test_messages_may_be_added_again(messages):
    messages.add(GATE_TEXTS)
    messages.add(GATE_TEXTS)  # as a file that is loaded twice does

    assert messages.text("gate-grid-fine", "zh") == "没有烧煤。"


# ------------------------------------------------------------------------- side labels


def test_a_contrast_has_arms_on_both_sides(campaign):
    claim = Claim(
        "midway",
        "",
        "accuracy",
        kind="contrast",
        weights={"deep": 1.0, "mid": -0.5, "wide": -0.5},
        margin=0.01,
    )
    record = campaign(claim, deep=DEEP, wide=WIDE, mid=WIDE)
    (verdict,) = judge_campaign(record)
    english, chinese = (Labels(record.manifest, one) for one in ("en", "zh"))

    named = [sentences.side(verdict, one, english) for one in verdict.sides]
    assert named == ["Deep", "Mid and Wide"]
    named = [sentences.side(verdict, one, chinese) for one in verdict.sides]
    assert named == ["Deep", "Mid与Wide"]
    assert sentences.directions(verdict, english) == (
        "Mid and Wide ahead",
        "Deep ahead",
    )


def test_a_threshold_has_the_published_figure_on_the_other_side(campaign):
    claim = changed(kind="threshold", worse="", reference=0.8)
    record = campaign(claim, deep=DEEP)
    (verdict,) = judge_campaign(record)

    named = [
        sentences.side(verdict, one, Labels(record.manifest))
        for one in verdict.sides
    ]
    assert named == ["Deep", "the published 80.0"]


# ---------------------------------------------------------------------------- no worse

CLOSE = np.array([-0.004, 0.003, -0.012, 0.001, -0.009, -0.002])
FAR = np.array([-0.06, -0.05, -0.07, -0.04, -0.06, -0.05])


def no_worse(**values):
    return changed(kind="no_worse", margin=0.02, **values)


@pytest.mark.parametrize("d", [CLOSE, FAR, CLOSE - 0.016])
def test_no_worse_is_a_one_sided_test_against_the_margin(d):
    better = stats.ttest_1samp(d, -0.02, alternative="greater").pvalue
    worse = stats.ttest_1samp(d, -0.02, alternative="less").pvalue
    found = judge(d, 0.02, hypothesis="no_worse")

    assert found.p_equivalence_holm == pytest.approx(better)
    assert found.p_holm == pytest.approx(min(1, 2 * worse))
    assert (found.verdict == "supported") == (better < 0.05)
    assert (found.verdict == "refuted") == (worse < 0.025)


def test_no_worse_than_a_figure_adds_that_figures_own_error():
    error = math.hypot(np.std(CLOSE, ddof=1) / math.sqrt(6), 0.03)
    p = stats.t.sf((CLOSE.mean() + 0.02) / error, 5)
    found = judge(CLOSE, 0.02, hypothesis="no_worse", reference_se=0.03)

    assert found.p_equivalence_holm == pytest.approx(p)
    assert (found.verdict, found.blocks_to_settle) == ("inconclusive", None)


def test_being_better_never_speaks_against_no_worse():
    assert judge(-FAR, 0.02, hypothesis="no_worse").verdict == "supported"


def test_blocks_to_settle_no_worse_are_the_first_that_would():
    d = CLOSE - 0.013
    found = judge(d, 0.02, hypothesis="no_worse")
    needed = found.blocks_to_settle
    error = np.std(d, ddof=1) / np.sqrt(np.array([needed - 1, needed]))
    p = stats.t.sf(
        (d.mean() + 0.02) / error, np.array([needed - 2, needed - 1])
    )

    assert found.verdict == "inconclusive"
    assert p[0] >= 0.05 > p[1]


@pytest.mark.parametrize(
    ("ahead", "answer", "says"),
    [
        (
            CLOSE,
            "supported",
            "Yes, no worse: Wide was ahead of Deep by 0.4 points",
        ),
        (FAR, "refuted", "No: Wide was ahead of Deep by 5.5 points"),
    ],
)
def test_no_worse_is_told_of_arms_in_both_languages(
    ahead, answer, says, campaign
):
    claim = no_worse()
    record = campaign(claim, deep=np.array(WIDE) + ahead, wide=WIDE)
    (verdict,) = judge_campaign(record)
    english, chinese = (Labels(record.manifest, one) for one in ("en", "zh"))

    assert verdict.verdict == answer
    assert sentences.sentence(verdict, english).startswith(says)
    assert "2 points" in sentences.sentence(verdict, english)
    assert "2 个百分点" in sentences.sentence(verdict, chinese)


def test_no_worse_than_a_published_figure_names_it(campaign):
    claim = no_worse(worse="", reference=0.81)
    record = campaign(claim, deep=WIDE)
    (verdict,) = judge_campaign(record)
    labels = Labels(record.manifest)

    assert verdict.verdict == "supported"
    assert "the published 81.0" in sentences.sentence(verdict, labels)
    assert sentences.directions(verdict, labels) == (
        "short of the published 81.0",
        "beyond the published 81.0",
    )


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"at_least": 0.1}, "its margin: leave it out"),
        ({"reference": 0.8}, "there is a reference to compare with"),
        ({"worse": ""}, "name the arm to compare 'deep' with"),
        ({"reference_se": 0.1}, "there is no reference"),
    ],
)
def test_no_worse_has_one_thing_to_compare_with(values, complaint):
    with pytest.raises(UserError, match=complaint):
        no_worse(**values)


# ------------------------------------------------------------ no spread, and no chance


@pytest.fixture(scope="session")
def judged(campaign):
    def build(claim, examples=1000, measure=ACCURACY, **values):
        record = campaign(claim, f"test.{measure.name}", measure, **values)
        record.runs["data.n_test"] = examples
        (verdict,) = judge_campaign(record)
        return verdict

    return build


@pytest.mark.parametrize(
    ("deep", "wide", "answer"),
    [
        (0.0, 0.0, "no_difference"),
        (1.0, 0.0, "supported"),
        (0.0, 1.0, "refuted"),
    ],
)
def test_equal_shares_in_all_blocks_are_an_answer(deep, wide, answer, judged):
    verdict = judged(DEEPER, deep=[deep] * 6, wide=[wide] * 6)

    assert (verdict.verdict, verdict.reason) == (answer, "")


def test_a_share_is_not_taken_to_vary_by_less_than_one_example(judged):
    verdict = judged(DEEPER, deep=[1.0] * 6, wide=[1.0] * 6)
    half = stats.t.ppf(0.975, 5) * 0.001 / math.sqrt(6)

    assert verdict.interval == pytest.approx((-half, half))


@pytest.mark.parametrize("spread", [0.002, 0.03])
def test_a_share_that_varies_by_more_is_tested_as_ever(spread):
    d = spread * np.array([1.0, -1, 1, 1, -1, 1]) + 0.02
    plain, floored = judge(d, 0.02), judge(d, 0.02, resolution=0.001)

    assert (
        floored.interval
        == plain.interval
        == pytest.approx(stats.t.interval(0.95, 5, d.mean(), stats.sem(d)))
    )


def test_equal_times_stay_open_because_their_resolution_is_unknown(campaign):
    claim = changed(metric="seconds", margin=0.1)
    (verdict,) = judge_campaign(
        campaign(claim, "seconds", deep=[1.0] * 6, wide=[1.0] * 6)
    )

    assert (verdict.verdict, verdict.reason) == ("inconclusive", "no_spread")


def test_a_slope_is_as_fine_as_its_gaps():
    x = [100.0, 300.0, 1000.0]
    rng = np.random.default_rng(0)
    noise = 0.001 * rng.standard_normal((200_000, 3))

    assert kinds.kind_of("interaction").resolution(0.001, x) == pytest.approx(
        statistics.slopes(noise, x)[1].std(), rel=0.01
    )


def test_errors_on_a_log_scale_are_as_fine_as_one_example_more():
    metric = metric_of("accuracy", [ACCURACY])
    values = np.array([[0.9, 0.8]])
    one_more = math.log(21 / 20)  # errors of 100

    found = scale_of("log_error").resolution(values, metric, 100.0)
    assert found == pytest.approx(one_more)


@pytest.mark.parametrize(
    ("deep", "answer"),
    [
        ([100.0] * 6, "no_difference"),
        ([99.0] * 6, "supported"),
        ([101.0] * 6, "refuted"),
        ([101.0, 99, 99, 99, 99, 99], "inconclusive"),
    ],
)
def test_parameters_are_compared_and_not_tested(deep, answer, campaign):
    claim = changed(metric="parameters", margin=0.5)
    record = campaign(claim, "parameters", deep=deep, wide=[100.0] * 6)
    (verdict,) = judge_campaign(record)

    assert verdict.verdict == answer
    assert verdict.gates == ()
    assert math.isnan(verdict.p)


def test_facts_take_no_part_in_holms_procedure():
    d = np.array(DEEP) - WIDE
    fact = Sample(np.ones(6), 0.02, "always")
    alone, (beside, _) = judge(d, 0.02), judge_family([Sample(d, 0.02), fact])

    assert beside.p_holm == alone.p_holm
    assert beside.adjusted_interval == alone.adjusted_interval


# ------------------------------------------------------------------------------ always


def always(**values):
    return changed(kind="always", worse="", **values)


@pytest.mark.parametrize(
    ("bounds", "worst", "answer"),
    [
        ({"lower_bound": 0.83}, 0.01, "supported"),
        ({"lower_bound": 0.85}, -0.01, "refuted"),
        ({"upper_bound": 0.87}, 0.0, "supported"),
        ({"upper_bound": 0.86}, -0.01, "refuted"),
        ({"upper_bound": 0.86, "tolerance": 0.02}, 0.01, "supported"),
        ({"lower_bound": 0.8, "upper_bound": 0.9}, 0.03, "supported"),
        ({"equal_to": 0.86, "tolerance": 0.025}, 0.005, "supported"),
        ({"equal_to": 0.86, "tolerance": 0.01}, -0.01, "refuted"),
    ],
)
def test_always_is_decided_by_the_worst_instance(
    bounds, worst, answer, judged
):
    verdict = judged(always(**bounds), deep=DEEP)

    assert verdict.verdict == answer
    assert verdict.effect == pytest.approx(worst, abs=1e-12)


def test_always_may_compare_two_arms_whatever_the_metrics_direction(judged):
    loss = Measure("loss", "lower", lambda shape: 1.0)
    claim = changed(kind="always", metric="loss", lower_bound=0.0)

    assert (
        judged(claim, measure=loss, deep=DEEP, wide=WIDE).verdict
        == "supported"
    )
    assert (
        judged(claim, measure=loss, deep=WIDE, wide=DEEP).verdict == "refuted"
    )


def test_one_counterexample_at_one_level_refutes_always():
    few = Sample([1.0, 2.0], 1.0, "always", level="few")
    many = Sample([1.0, -0.5], 1.0, "always", level="many")
    (verdict,) = judge_family([(few, many)])

    assert (verdict.verdict, verdict.level, verdict.effect) == (
        "refuted",
        "many",
        -0.5,
    )


@pytest.mark.parametrize(
    ("bounds", "english", "chinese"),
    [
        (
            {"lower_bound": 0.83},
            "Yes, in all 6 instances the accuracy of Deep is at least 83 %; the worst "
            "instance was 1 % inside that. Were there exceptions by chance, they would "
            "be at most 50 % of instances.",
            "成立，全部 6 个实例均如此",
        ),
        (
            {"equal_to": 0.86, "tolerance": 0.01},
            "No, 4 of 6 instances are counterexamples to this: the accuracy of Deep is "
            "equal to 86 % within 1 %; the largest deviation was 2 %.",
            "不成立，6 个实例中有 4 个反例",
        ),
    ],
)
def test_always_tells_the_worst_instance_and_how_often_it_could_fail(
    bounds, english, chinese, campaign
):
    record = campaign(always(**bounds), deep=DEEP)
    (verdict,) = judge_campaign(record)
    labels = [Labels(record.manifest, one) for one in ("en", "zh")]

    assert sentences.sentence(verdict, labels[0]) == english
    assert sentences.sentence(verdict, labels[1]).startswith(chinese)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"kind": "always", "worse": ""}, "say what the metric keeps to"),
        ({"upper_bound": 1.0}, "only always has bounds"),
        ({"tolerance": 0.1}, "only always has bounds"),
        (
            {"kind": "always", "lower_bound": 2.0, "upper_bound": 1.0},
            "lies above upper_bound",
        ),
        (
            {"kind": "always", "lower_bound": 2.0, "equal_to": 1.0},
            "a bound on both sides",
        ),
        (
            {"kind": "always", "lower_bound": 2.0, "at_least": 1.0},
            "has lower_bound for that",
        ),
        ({"kind": "always", "lower_bound": "2"}, "give a number"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(values, complaint):
    with pytest.raises(UserError, match=complaint):
        changed(**values)


def test_arms_without_chance_are_compared_once_and_say_so(campaign):
    record = campaign(DEEPER, deep=[0.9], wide=[0.8])
    task = record.manifest.task("depth")
    arms = tuple(arm.model_copy(update={"once": True}) for arm in task.arms)
    once = task.model_copy(update={"arms": arms})
    manifest = record.manifest.model_copy(update={"tasks": {"depth": once}})
    (verdict,) = judge_campaign(dataclasses.replace(record, manifest=manifest))

    assert (verdict.verdict, verdict.label) == ("supported", "confirmatory")
    assert verdict.instances == 1
    assert sentences.sentence(verdict, Labels(manifest)).startswith(
        "Yes: Deep was ahead of Wide by 10.0 points in accuracy (with no chance in it)."
    )


# ------------------------------------------------------------- contrasts of (arm, level)

GAIN = {"deep@many": 1, "deep@few": -1, "wide@many": -1, "wide@few": 1}
NOISE = np.array([0.004, -0.003, 0.002, -0.004, 0.003, -0.002])


@pytest.fixture(scope="session")
def over_cells(written_campaign):
    def build(claim):
        """A campaign at two levels: at ``many`` deep gains 0.10 and wide 0.03."""
        wide = np.array(WIDE)
        values = {
            ("deep", "few"): wide,
            ("wide", "few"): wide,
            ("deep", "many"): wide + 0.10 + NOISE,
            ("wide", "many"): wide + 0.03,
        }
        rows = [
            {"arm": arm, "level": level, "block": block, "test.accuracy": one}
            for (arm, level), found in values.items()
            for block, one in enumerate(found)
        ]
        return written_campaign(
            rows,
            [claim],
            levels=[{"name": name, "label": name} for name in PLACES],
            measures=[described(ACCURACY)],
        )

    return build


def test_a_contrast_of_cells_is_one_weighted_sum_per_block(over_cells):
    (verdict,) = judge_campaign(over_cells(contrast(**GAIN)))
    d = 0.07 + NOISE

    assert verdict.verdict == "supported"
    assert verdict.interval == pytest.approx(
        stats.t.interval(0.95, 5, d.mean(), stats.sem(d))
    )
    assert verdict.levels == ("many", "few")


def test_a_contrast_of_cells_names_them(over_cells):
    record = over_cells(contrast(**{"deep@many": 1, "wide@few": -1}))
    (verdict,) = judge_campaign(record)
    labels = [Labels(record.manifest, one) for one in ("en", "zh")]

    named = [sentences.side(verdict, one, labels[0]) for one in verdict.sides]
    assert named == ["Deep at many", "Wide at few"]
    assert sentences.sentence(verdict, labels[0]).startswith(
        "Yes: Deep at many was ahead of Wide at few by 10.0 points in accuracy"
    )
    assert "Deep（many）" in sentences.sentence(verdict, labels[1])


def test_cells_may_be_pairs_and_survive_being_written_down():
    by_pair = {tuple(key.split("@")): weight for key, weight in GAIN.items()}
    claim = changed(better="", worse="", kind="contrast", weights=by_pair)

    assert claim == contrast(**GAIN)
    assert dataclasses.replace(claim, levels=("few", "many")) == claim
    assert claim.arms == ("deep", "wide")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (
            {"weights": {"deep@many": 1, "wide": -1}},
            "name a level with each arm",
        ),
        ({"weights": GAIN, "levels": ("few",)}, "the weights name many, few"),
    ],
)
def test_cells_that_make_no_contrast_are_refused(values, complaint):
    with pytest.raises(UserError, match=complaint):
        changed(better="", worse="", kind="contrast", **values)


# ------------------------------------------------------------------ the printed interval


def test_what_is_printed_first_is_the_interval_that_decides(campaign):
    noise = np.array([0.02, -0.02, 0.03, -0.01, 0.0, -0.02])
    claims = [
        changed(name=f"claim_{number}", margin=0.01) for number in range(8)
    ]
    record = campaign(DEEPER, deep=np.array(WIDE) + 0.02 + noise, wide=WIDE)
    about = record.manifest.model_dump(mode="json")
    about["tasks"]["depth"]["claims"] = [
        dataclasses.asdict(one) for one in claims
    ]
    about["claims_digest"] = claims_digest({"depth": claims})
    record = dataclasses.replace(
        record, manifest=Manifest.model_validate(about)
    )
    verdict = judge_campaign(record)[0]
    low, high = verdict.adjusted_interval

    assert verdict.verdict == "inconclusive"
    assert verdict.interval[0] > low
    assert effect_and_interval(verdict) == (
        f"+2.0 points (−{-100 * low:.1f} to +{100 * high:.1f}; "
        f"unadjusted −{-100 * verdict.interval[0]:.1f} to "
        f"+{100 * verdict.interval[1]:.1f})"
    )


def test_one_interval_is_printed_where_both_are_the_same(campaign):
    record = campaign(DEEPER, deep=DEEP, wide=WIDE)
    (verdict,) = judge_campaign(record)

    assert "unadjusted" not in effect_and_interval(verdict)


@pytest.mark.parametrize(
    ("claim", "ends"),
    [
        (changed(kind="threshold", worse="", reference=0.9), "to +10.0"),
        (changed(kind="no_worse", worse="", reference=0.9), "to +10.0"),
    ],
)
def test_no_interval_is_shown_beyond_what_is_possible(claim, ends, campaign):
    record = campaign(claim, deep=[1.0, 1.0, 0.5, 1.0, 1.0, 1.0])
    (verdict,) = judge_campaign(record)

    assert verdict.deciding_interval[1] > 0.1  # as Student's t has it
    assert ends in effect_and_interval(verdict)
    assert "10.0" in sentences.sentence(verdict, Labels(record.manifest))
    (row,) = block_chart(verdict).rows
    assert row.adjusted[1] == pytest.approx(10.0)


def test_a_difference_of_shares_is_at_most_one(campaign):
    record = campaign(DEEPER, deep=[1.0, 1, 1, 1, 0, 1], wide=[0.0] * 6)
    (verdict,) = judge_campaign(record)

    assert verdict.deciding_interval[1] > 1
    assert "to +100.0" in effect_and_interval(verdict)
    (row,) = block_chart(verdict).rows
    assert row.adjusted[1] == pytest.approx(100.0)


def test_a_weighted_sum_of_shares_is_drawn_as_far_as_it_is_written(campaign):
    claim = contrast(deep=2.0, wide=-2.0)
    record = campaign(claim, deep=[1.0, 1, 1, 1, 0, 1], wide=[0.0] * 6)
    (verdict,) = judge_campaign(record)

    low, high = verdict.deciding_interval
    assert high > 2
    (row,) = block_chart(verdict).rows
    assert row.adjusted == pytest.approx((100 * low, 100 * high))
