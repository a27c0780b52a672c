"""Gates on campaigns written down by hand: each opens where it should, and only there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from suite.planning.claims import claims_digest
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.report.sentences import Labels, gate_hint, gate_text
from suite.training.job import SCHEMA
from suite.verdicts.adequacy import gates
from suite.verdicts.case import cases
from suite.verdicts.judge import judge_campaign
from suite.verdicts.tuning_curve import tuning_curves
from tasks import Claim

DEEPER = Claim(
    "deeper", "", "accuracy", better="deep", worse="wide", margin=0.02
)
SPACE = {
    "lr": {"low": 1e-4, "high": 1e-1, "log": True},
    "dropout": {"low": 0.0, "high": 0.5, "log": False},
}
BLOCKS, TRIALS = 6, 4
TASK = {
    "arms": [
        {"name": "deep", "label": "Deep"},
        {"name": "wide", "label": "Wide"},
    ],
    "levels": [{"name": "all", "label": "", "x": None}],
    "measures": [
        {
            "name": "accuracy",
            "better": "higher",
            "percent": True,
            "label": "accuracy",
        }
    ],
    "claims": [{**vars(DEEPER), "levels": []}],
    "space": {"deep": SPACE, "wide": SPACE},
    "parameters_within": 0.01,
    "blocks": BLOCKS,
    "trials": TRIALS,
    "finals": 1,
}


def runs(kind="final", **columns):
    """A row per arm, block and (for trials) number; a column is one value, or a value
    per (arm, block, number).
    """
    rows = []
    for arm in ("deep", "wide"):
        for block in range(BLOCKS):
            for number in range(TRIALS if kind == "trial" else 1):
                row = {
                    "task": "depth",
                    "level": "all",
                    "arm": arm,
                    "block": block,
                    "kind": kind,
                    "number": number,
                }
                row |= {
                    "status": "finished",
                    "host": "here",
                    "device": "cpu",
                    "parameters": 1000,
                }
                row |= {
                    "key": f"{kind} {arm} {block} {number}",
                    "data.n_test": 1000,
                    "data.n_validation": 1000,
                }
                row |= {"validation.accuracy": 0.8, "test.accuracy": 0.8}
                for name, value in columns.items():
                    row[name.replace("__", ".")] = (
                        value(arm, block, number) if callable(value) else value
                    )
                rows.append(row)
    return pd.DataFrame(rows)


def curves(value, steps=20):
    """The validation curve of each final, ``value(arm, share of steps)``."""
    finals = runs()[["key", "task", "level", "arm", "block", "kind", "number"]]
    points = []
    for step in range(1, steps + 1):
        heights = [
            value(arm, step / steps) + 0.0001 * block
            for arm, block in zip(finals["arm"], finals["block"], strict=True)
        ]
        points.append(
            finals.assign(step=step, **{"validation.accuracy": heights})
        )
    return pd.concat(points, ignore_index=True)


def gate(name, *frames, claim=DEEPER, curve=None, **about):
    """The gate of that name for one claim, or None where it does not apply."""
    task = {**TASK, "claims": [{**vars(claim), "levels": []}], **about}
    curve = (
        pd.DataFrame({"task": [], "level": [], "arm": []})
        if curve is None
        else curve
    )
    record = pd.concat(frames or [runs()], ignore_index=True)
    campaign = Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(about_campaign(task, claim)),
        {},
        "0",
        record,
        curve,
    )
    (case,) = cases(campaign, "depth")
    return next((found for found in gates(case) if found.code == name), None)


def about_campaign(task, *claims):
    """campaign.json of a campaign with that one task."""
    return {
        "schema": SCHEMA,
        "id": "test",
        "name": "test",
        "profile": {"name": "test"},
        "claims_digest": claims_digest({"depth": claims}),
        "tasks": {"depth": task},
        "cells": [],
    }


def says(found, claim=DEEPER):
    """What a gate saw, in English."""
    about = about_campaign(TASK, claim)
    record = Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(about),
        {},
        "0",
        runs(),
        pd.DataFrame(),
    )
    (verdict,) = judge_campaign(record)
    return gate_text(found, verdict, Labels(record.manifest))


def test_a_sound_comparison_passes_every_gate():
    finals = runs(param__lr=lambda arm, block, _: 10 ** -(1.5 + block / 4))
    curve = curves(lambda arm, share: 0.8 if share > 0.4 else 0.5)
    names = (
        "failed-trials",
        "parameters",
        "range-edge",
        "still-improving",
        "tuning-budget",
        "moving-in-search",
        "too-easy",
    )
    found = [gate(name, finals, runs("trial"), curve=curve) for name in names]

    assert [(one.code, one.failed) for one in found] == [
        (name, False) for name in names
    ]


@pytest.mark.parametrize(
    ("chosen", "failed"),
    [
        (
            [0.09, 0.08, 0.095, 0.01, 0.01, 0.01],
            True,
        ),  # the highest tenth on the log scale begins at 0.05
        ([0.09, 0.08, 0.01, 0.01, 0.01, 0.01], False),
        (
            [0.09, 0.08, 0.01, 0.01, 0.00011, 0.00012],
            False,
        ),  # four edges, but not one end in half of the blocks
        ([0.00011, 0.00015, 0.00012, 0.01, 0.01, 0.01], True),
    ],
)
def test_the_best_learning_rate_at_one_end_in_half_of_the_blocks(
    chosen, failed
):
    finals = runs(
        param__lr=lambda arm, block, _: (
            chosen[block] if arm == "deep" else 0.01
        )
    )
    found = gate("range-edge", finals)

    assert found.failed == failed
    if failed:
        end = (
            "highest tenth of its range (near 0.1)"
            if chosen[0] > 0.01
            else "lowest tenth of its range (near 0.0001)"
        )
        # by chance: three or more of six, where one in ten lies there
        chance = f"{100 * stats.binom.sf(2, 6, 0.1):.2g} %"
        assert chance == "1.6 %"
        assert says(found) == (
            f"The best lr of Deep lay in the {end} in 3 of 6 blocks, which chance does "
            f"in {chance} of campaigns with 4 trials."
        )
        assert "Widen that range" in gate_hint(found)


def test_the_range_whose_edge_counts_is_that_of_the_arm_at_the_level():
    at_the_edge = runs(
        param__lr=lambda arm, *_: 0.09 if arm == "deep" else 0.01
    )
    wide = {**SPACE, "lr": {"low": 1e-4, "high": 10.0, "log": True}}

    assert gate("range-edge", at_the_edge).failed
    own = gate("range-edge", at_the_edge, space={"deep": wide, "wide": SPACE})
    assert not own.failed
    spaces = {"all": {"deep": wide, "wide": SPACE}}
    assert not gate("range-edge", at_the_edge, level_space=spaces).failed
    fixed = {"all": {"deep": {}, "wide": SPACE}}
    assert not gate("range-edge", at_the_edge, level_space=fixed).failed


def test_chance_is_what_the_trials_on_record_make_it():
    """With the default rate tried first, fewer of the others lie at the edge."""
    finals = runs(param__lr=lambda arm, block, _: 0.09 if block < 3 else 0.01)
    tried = [0.003, 0.09, 0.001, 0.02]  # one of four in the highest tenth
    trials = runs("trial", param__lr=lambda arm, block, number: tried[number])
    found = gate("range-edge", finals, trials)

    expected = stats.binom.sf(2, 6, 1 / 4)
    assert found.seen[0].values["percent_chance"] == pytest.approx(expected)


def judged_with_gates(ahead, at_edge, kind="difference"):
    """The verdict where ``ahead`` wins every block by some five points, and the best
    rate of ``at_edge`` lies at the end of its range.
    """

    def accuracy(arm, block, number):
        return 0.8 + (0.05 + 0.002 * block) * (arm == ahead)

    finals = runs(
        test__accuracy=accuracy,
        param__lr=lambda arm, block, _: 0.09 if arm == at_edge else 0.01,
    )
    claim = Claim("c", "", "accuracy", "deep", "wide", margin=0.02, kind=kind)
    record = Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(
            about_campaign(
                {**TASK, "claims": [{**vars(claim), "levels": []}]}, claim
            )
        ),
        {},
        "0",
        finals,
        pd.DataFrame({"task": [], "level": [], "arm": []}),
    )
    (found,) = judge_campaign(record)
    return found, record


@pytest.mark.parametrize(
    ("ahead", "at_edge", "kind", "verdict"),
    [
        (
            "deep",
            "deep",
            "difference",
            "supported",
        ),  # it could only be further ahead
        ("deep", "wide", "difference", "inconclusive"),  # it might catch up
        ("wide", "wide", "difference", "refuted"),
        ("wide", "deep", "difference", "inconclusive"),
        ("deep", "deep", "no_worse", "supported"),
        ("deep", "wide", "no_worse", "inconclusive"),
        ("wide", "wide", "no_worse", "refuted"),
        ("wide", "deep", "no_worse", "inconclusive"),
        ("deep", "deep", "equal", "inconclusive"),  # either might change it
        ("deep", "wide", "equal", "inconclusive"),
    ],
)
def test_an_edge_in_the_arm_that_is_ahead_is_no_objection(
    ahead, at_edge, kind, verdict
):
    found, record = judged_with_gates(ahead, at_edge, kind)
    edge = next(gate for gate in found.gates if gate.code == "range-edge")

    assert found.verdict == verdict
    assert edge.failed == (verdict == "inconclusive")
    text = gate_text(edge, found, Labels(record.manifest))
    assert ("could only strengthen the answer" in text) != edge.failed


@pytest.mark.parametrize(
    ("schedule", "asked"),
    [
        ("constant", True),
        ("plateau", True),
        ("cosine", False),
        ("linear", False),
    ],
)
def test_a_rate_that_falls_flattens_every_curve(schedule, asked):
    by_arm = {"deep": schedule, "wide": schedule}
    found = gate(
        "still-improving", curve=curves(rising), schedules={"all": by_arm}
    )

    assert (found.asked, found.failed) == (asked, asked)


def test_only_learning_rates_can_be_at_the_edge():
    assert gate("range-edge", runs(param__dropout=0.0)) is None


@pytest.mark.parametrize(("diverged", "failed"), [(4, False), (5, True)])
def test_more_than_a_fifth_of_an_arms_trials_failed(diverged, failed):
    def status(arm, block, number):
        return (
            "diverged"
            if arm == "deep" and TRIALS * block + number < diverged
            else "finished"
        )

    found = gate("failed-trials", runs("trial", status=status))  # of 24

    assert found.failed == failed
    if failed:
        assert (
            says(found)
            == "5 of the 24 tuning trials of Deep failed (5 diverged)."
        )


def test_lost_trials_are_not_the_arms_fault():
    status = lambda arm, block, number: "lost" if number == 0 else "finished"  # noqa: E731

    assert not gate("failed-trials", runs("trial", status=status)).failed


def rising(arm, share):
    return 0.5 + 0.3 * share


def catching_up(arm, share):
    return (
        0.8 if arm == "deep" else 0.6 + 0.1 * share
    )  # gains .025 on the other arm over the last quarter


def slowly(arm, share):
    return 0.6 + (0.02 if arm == "deep" else 0.018) * share


def long_done(arm, share):
    return min(0.8, 0.5 + 0.6 * share) if arm == "deep" else 0.7


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            rising,
            "kept improving to the end: by +7.5 points on validation over the last quarter of training",
        ),
        (
            catching_up,
            "The difference was still moving: over the last quarter of training it changed",
        ),
        (slowly, None),
        (long_done, None),
    ],
)
def test_what_still_improves_at_the_end_cannot_be_judged(value, told):
    rng = np.random.default_rng(0)
    found = gate(
        "still-improving",
        curve=curves(
            lambda arm, share: (
                value(arm, share) + 0.0005 * rng.standard_normal()
            )
        ),
    )

    assert found.failed == (told is not None)
    assert told is None or told in says(found)


def test_a_last_jump_of_one_block_is_not_a_trend():
    curve = curves(lambda arm, share: 0.8)
    last = (
        (curve["step"] == 20)
        & (curve["arm"] == "wide")
        & (curve["block"] == 0)
    )
    curve.loc[last, "validation.accuracy"] = 0.95

    assert not gate("still-improving", curve=curve).failed


def test_a_gap_that_moves_to_and_fro_is_not_moving():
    curve = curves(lambda arm, share: 0.8)
    jumps = np.where(
        curve["block"] < 3,
        (curve["arm"] == "deep") * 0.03,
        (curve["arm"] == "wide") * 0.055,
    )
    curve["validation.accuracy"] += np.where(
        curve["step"] == 20, jumps, 0.0
    )  # -.0125 on average, by chance

    assert not gate("still-improving", curve=curve).failed


def test_a_claim_about_a_fixed_budget_may_stop_early():
    claim = Claim(**{**vars(DEEPER), "fixed_budget": True})

    assert not gate(
        "still-improving", claim=claim, curve=curves(rising)
    ).failed


@pytest.mark.parametrize(
    "name",
    [
        "range-edge",
        "failed-trials",
        "still-improving",
        "tuning-budget",
        "moving-in-search",
        "parameters",
    ],
)
def test_a_gate_with_nothing_to_look_at_is_left_out(name):
    assert gate(name, runs().iloc[:0]) is None


@pytest.mark.parametrize(
    ("late_winner", "failed"),
    [
        (0.84, True),
        (0.805, False),
    ],  # ahead by 4 points, or by half a point, which may be chance
)
def test_another_winner_with_half_of_the_trials(late_winner, failed):
    def validation(arm, block, number):
        if arm == "wide":
            return 0.80
        return (0.77 if number < 2 else late_winner) + 0.001 * block

    found = gate(
        "tuning-budget", runs("trial", validation__accuracy=validation)
    )

    assert found.failed == failed
    if failed:
        assert (
            "is −2.8 points with 2 of 4 trials and +4.2 points with all"
            in says(found)
        )


def test_one_trial_has_no_half():
    assert gate("tuning-budget", runs("trial"), trials=1) is None


def test_trials_that_one_arm_needs_and_the_other_does_not_move_an_effect():
    """Of deep's four trials one is good: half of them, the first and one of three, have
    it in a third of all cases, and so .70 + .10 / 3 on average.
    """

    def validation(arm, block, number):
        good = number == 1 + block % 3
        return 0.75 if arm == "wide" else 0.70 + 0.10 * good

    found = gate(
        "moving-in-search", runs("trial", validation__accuracy=validation)
    )

    assert found.failed
    assert (
        "−1.7 points with 2 of 4 trials, on average over such halves, and +5.0 points"
        in says(found)
    )
    assert "a change of +6.7 points: 16 trials should be enough" in says(found)


def test_trials_that_both_arms_need_move_no_effect():
    def validation(arm, block, number):
        lead = 0.03 if arm == "deep" else 0.0
        return 0.70 + lead + 0.10 * (number == 1 + block % 3)

    found = gate(
        "moving-in-search", runs("trial", validation__accuracy=validation)
    )

    assert not found.failed


@pytest.mark.parametrize(("trials", "blocks"), [(1, 6), (4, 1)])
def test_halves_need_two_trials_and_what_moves_two_blocks(trials, blocks):
    frame = runs("trial")
    frame = frame[(frame["number"] < trials) & (frame["block"] < blocks)]

    assert gate("moving-in-search", frame, trials=trials) is None


@pytest.mark.parametrize(("count", "failed"), [(1010, False), (1011, True)])
def test_parameters_beyond_the_tolerance(count, failed):
    found = gate(
        "parameters",
        runs(parameters=lambda arm, *_: count if arm == "deep" else 1000),
    )

    assert found.failed == failed
    assert not failed or says(found) == (
        "Deep has 1,011 parameters and Wide 1,000: 1.1 % apart where 1 % are allowed."
    )


def test_unmatched_parameters_are_not_asked_for():
    assert gate("parameters", parameters_within=None) is None


def test_a_task_that_both_arms_solve_is_too_easy():
    easy = runs(validation__accuracy=0.996)  # 4 errors in 1,000
    half_easy = runs(
        validation__accuracy=lambda arm, *_: 0.996 if arm == "deep" else 0.99
    )

    assert (
        says(gate("too-easy", easy))
        == "Every arm is wrong on fewer than 5 of 1,000 examples."
    )
    assert not gate("too-easy", half_easy).failed


def test_a_margin_below_two_examples_cannot_be_seen():
    found = gate("too-easy", runs(data__n_test=80))

    assert (
        says(found)
        == "The margin of 2 points is less than 2 of the 80 test examples."
    )


def test_times_from_different_machines_are_not_compared():
    claim = Claim(
        "faster",
        "",
        "seconds_per_epoch",
        better="deep",
        worse="wide",
        margin=0.1,
        scale="log_ratio",
    )
    spread = runs(
        host=lambda arm, block, _: (
            "here" if arm == "deep" or block else "there"
        )
    )

    assert (
        says(gate("machines", spread, claim=claim), claim)
        == "The arms of 1 block ran on different machines or devices."
    )
    assert not gate("machines", claim=claim).failed
    assert (
        gate("range-edge", runs(param__lr=0.1), claim=claim) is None
    )  # no search would change the time


def test_gates_never_read_the_test():
    finals = runs(param__lr=0.01)
    sealed = finals.assign(**{"test.accuracy": np.nan})
    curve = curves(rising)
    names = (
        "failed-trials",
        "parameters",
        "range-edge",
        "still-improving",
        "tuning-budget",
        "moving-in-search",
        "too-easy",
    )
    for name in names:
        assert gate(name, finals, runs("trial"), curve=curve) == gate(
            name, sealed, runs("trial"), curve=curve
        )


def test_tuning_curves_read_the_first_trials_of_each_complete_study():
    value = {
        ("deep", 0): [0.5, 0.4, 0.7, 0.6],
        ("deep", 1): [0.7, 0.8, 0.1, 0.9],
    }
    frame = runs(
        "trial",
        **{
            "validation.accuracy": lambda arm, block, number: value.get(
                (arm, block), [0.5] * 4
            )[number]
        },
    )
    frame = frame[
        (frame["arm"] == "deep")
        & ((frame["block"] < 2) | (frame["number"] < 3))
    ]
    record = Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(about_campaign(TASK, DEEPER)),
        {},
        "0",
        frame.sample(frac=1),
        pd.DataFrame(),
    )
    (points,) = tuning_curves(record, "depth").values()

    assert [(point.trials, point.blocks) for point in points] == [
        (1, 2),
        (2, 2),
        (4, 2),
    ]
    assert [point.mean for point in points] == pytest.approx([0.6, 0.65, 0.8])
    assert points[-1].low == pytest.approx(
        stats.t.interval(0.95, 1, 0.8, stats.sem([0.7, 0.9]))[0]
    )
