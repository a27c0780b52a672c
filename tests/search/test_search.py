"""The search proposes what it should, in any order of events, and says truthfully how
well it went.
"""

import json
import math
import random
import subprocess
import sys
import warnings
from contextlib import ExitStack
from itertools import combinations, product
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc
from werkzeug.test import Client

from search import budget, inspect
from search.quiet import quiet
from search.ranges import describe, edges, position, restore
from search.samplers import (
    RATE_ALONE,
    SAMPLERS,
    QuasiRandom,
    StudyPlan,
    register_sampler,
)
from search.space import distributions
from search.study import Journal, Study
from tasks import Categorical, Float, Int, Space, UserError

RATES = Space(
    lr=Float(1e-4, 1e-1, log=True),
    wd=Float(1e-6, 1e-2, log=True),
    dropout=Float(0, 0.5),
)
MIXED = Space(
    lr=Float(1e-4, 1e-1, log=True),
    dropout=Float(0, 0.5),
    layers=Int(1, 4),
    norm=Categorical(("none", "batch")),
)
DEFAULTS = Space(
    dropout=Float(0, 0.5, default=0.1),
    lr=Float(1e-4, 1e-1, log=True, default=3e-3),
    layers=Int(1, 4, default=3),
    norm=Categorical(("none", "batch"), default="batch"),
)
NAMES = ("qmc", "sobol", "tpe", "random")


def surface(at):
    """A bowl in log lr and dropout with its lowest point, 0, inside both ranges."""
    return (math.log10(at["lr"]) + 2.5) ** 2 + (at["dropout"] - 0.2) ** 2


def run_through(study, value=surface, order=None):
    """Ask and tell until done, each generation told in an order of ``order``'s
    choosing.
    """
    proposals = []
    while generation := study.ask():
        proposals += generation
        for proposal in (
            order.sample(generation, len(generation)) if order else generation
        ):
            study.tell(proposal.number, value(proposal.params))
    return proposals


# ----------------------------------------------------------------- quasi-random points


def test_every_trial_is_a_point_of_one_scrambled_sobol_sequence():
    points = qmc.Sobol(4, scramble=True, seed=7).random(16)

    study = Study(MIXED, seed=7, trials=16, sampler="sobol")
    asked = [p.params for p in study.ask()]

    assert [at["lr"] for at in asked] == pytest.approx(
        [1e-4 * 1000**u for u in points[:, 0]], rel=1e-12
    )
    assert [at["dropout"] for at in asked] == pytest.approx(
        [0.5 * u for u in points[:, 1]], rel=1e-12
    )
    assert [at["layers"] for at in asked] == [
        1 + int(4 * u) for u in points[:, 2]
    ]
    assert [at["norm"] for at in asked] == [
        ("none", "batch")[int(2 * u)] for u in points[:, 3]
    ]


def test_points_are_spread_as_a_sobol_sequence_is_and_random_ones_are_not():
    def discrepancy(seed):
        asked = Study(RATES, seed=seed, trials=16, sampler="sobol").ask()
        return qmc.discrepancy(
            np.array(
                [
                    [position(RATES[name], p.params[name]) for name in RATES]
                    for p in asked
                ]
            )
        )

    ours = np.mean([discrepancy(seed) for seed in range(30)])
    plain = np.mean(
        [
            qmc.discrepancy(np.random.default_rng(seed).random((16, 3)))
            for seed in range(300)
        ]
    )

    assert ours < 0.014  # .010 is usual for scrambled Sobol points
    assert plain > 0.035  # and .042 for independent ones


def test_seeds_change_the_points():
    first, other = (Study(RATES, seed=seed, trials=4).ask() for seed in (0, 1))

    assert first[0] == other[0]  # the default point
    assert all(
        a.params != b.params for a, b in zip(first[1:], other[1:], strict=True)
    )


# ------------------------------------------------------- the rate first, then everything


def others_of(space, params):
    return {name: params[name] for name in space if name not in space.rates}


@pytest.mark.parametrize("sampler", ["qmc", "tpe"])
def test_the_first_trial_is_the_default_point(sampler):
    first, *_ = Study(DEFAULTS, seed=5, trials=6, sampler=sampler).ask()

    assert first.params == {
        "lr": 3e-3,
        "dropout": 0.1,
        "layers": 3,
        "norm": "batch",
    }


def test_without_defaults_the_first_trial_is_the_middle_of_the_ranges():
    first, *_ = Study(MIXED, seed=5, trials=6).ask()

    assert first.params == {
        "lr": pytest.approx(math.sqrt(1e-4 * 1e-1)),
        "dropout": 0.25,
        "layers": 2,
        "norm": "none",
    }


def test_the_rate_varies_alone_before_everything_does():
    asked = [p.params for p in Study(DEFAULTS, seed=5, trials=24).ask()]
    default = others_of(DEFAULTS, DEFAULTS.default_point)

    assert all(others_of(DEFAULTS, at) == default for at in asked[:8])
    assert len({at["lr"] for at in asked}) == 24
    assert all(at["dropout"] != 0.1 for at in asked[8:])
    assert {at["norm"] for at in asked[8:]} == {"none", "batch"}
    assert {at["layers"] for at in asked[8:]} == {1, 2, 3, 4}


def test_the_rates_of_all_later_trials_are_points_of_one_sobol_sequence():
    """Any 2, 4, 8, 16 of them in a row have one in each 2nd, 4th, 8th, 16th of it."""
    asked = [p.params["lr"] for p in Study(DEFAULTS, seed=5, trials=17).ask()]
    places = [position(DEFAULTS["lr"], lr) for lr in asked[1:]]

    for count in (2, 4, 8, 16):
        assert {int(count * at) for at in places[:count]} == set(range(count))


def test_several_rates_vary_together_and_a_space_without_one_by_its_first():
    rates = Space(
        wd=Float(0, 1), lr_generator=Float(0, 1), critic_lr=Float(0, 1)
    )
    penalty = Space(l2=Float(0, 1), dropout=Float(0, 1))

    assert rates.rates == ("lr_generator", "critic_lr")
    assert penalty.rates == ("l2",)
    assert Space().rates == ()
    two = [p.params for p in Study(rates, seed=0, trials=4).ask()]
    assert [at["wd"] for at in two] == [0.5] * 4
    assert len({at["lr_generator"] for at in two}) == 4
    assert len({at["critic_lr"] for at in two}) == 4


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    trials=st.integers(2, 24),
    space=st.sampled_from([RATES, MIXED, DEFAULTS, Space(l2=Float(0, 1))]),
)
def test_the_first_half_of_a_study_is_the_study_with_half_the_trials(
    seed, trials, space
):
    whole = Study(space, seed=seed, trials=trials).ask()
    half = Study(space, seed=seed, trials=trials // 2).ask()

    assert whole[: trials // 2] == half


def test_a_smaller_budget_is_the_beginning_of_a_larger_one():
    small, large = (
        run_through(Study(RATES, seed=3, trials=trials)) for trials in (5, 16)
    )

    assert small == large[:5]


def test_settings_are_plain_values_that_json_keeps():
    for proposal in Study(MIXED, seed=0, trials=8).ask():
        assert [type(value) for value in proposal.params.values()] == [
            float,
            float,
            int,
            str,
        ]
        assert json.loads(json.dumps(proposal.params)) == proposal.params


# ------------------------------------------------------------------------- generations


def test_qmc_is_one_generation_handed_out_once():
    study = Study(RATES, seed=0, trials=6)

    assert [p.number for p in study.ask()] == [0, 1, 2, 3, 4, 5]
    assert study.ask() == []
    for number in range(5):
        study.tell(number, 1.0)
    assert (study.ask(), study.done, study.trials_told) == ([], False, 5)
    study.tell(5, 1.0)
    assert (study.ask(), study.done, study.trials_told) == ([], True, 6)


def test_tpe_starts_with_eight_points_of_the_same_sequence_then_asks_in_fours():
    study, quasi = (
        Study(RATES, seed=5, trials=14, sampler="tpe"),
        Study(RATES, seed=5, trials=14),
    )
    sizes, first = [], []
    while generation := study.ask():
        first = first or generation
        sizes.append(len(generation))
        for proposal in generation:
            assert study.ask() == []  # while one is out, nothing new
            study.tell(proposal.number, surface(proposal.params))

    assert sizes == [8, 4, 2]
    assert first == quasi.ask()[:8]


def test_generations_left_are_those_without_all_of_their_results():
    """Ten trials of TPE: eight, then two."""
    study = Study(RATES, seed=0, trials=10, sampler="tpe")
    counts = [study.generations_left]
    while asked := study.ask():
        counts.append(study.generations_left)
        for trial in asked:
            study.tell(trial.number, 1.0)
        counts.append(study.generations_left)

    assert counts == [2, 2, 1, 1, 0]
    assert Study(RATES, seed=0, trials=0).generations_left == 0


def test_tpe_with_a_small_budget_is_quasi_random():
    assert (
        run_through(Study(RATES, seed=1, trials=5, sampler="tpe"))
        == Study(RATES, seed=1, trials=5).ask()
    )


def test_tpe_learns_from_results():
    def late_trials(sampler):
        runs = [
            run_through(Study(RATES, seed=seed, trials=32, sampler=sampler))
            for seed in range(5)
        ]
        return np.mean(
            [surface(p.params) for proposals in runs for p in proposals[16:]]
        )

    assert late_trials("tpe") < 0.5 * late_trials("qmc")


def test_a_gaussian_process_learns_from_results_in_any_order():
    # Once, as it takes seconds where other samplers take milliseconds.
    first, again = (
        run_through(Study(RATES, seed=0, trials=16, sampler="gp"), order=order)
        for order in (None, random.Random(1))
    )
    late = [surface(one.params) for one in first[12:]]

    assert first == again
    assert np.mean(late) < np.mean([surface(p.params) for p in first[:8]])


@pytest.mark.parametrize("sampler", NAMES)
@settings(max_examples=10, deadline=None)
@given(order=st.randoms(use_true_random=False), cut=st.integers(0, 20))
def test_proposals_do_not_depend_on_the_order_of_results_nor_on_a_crash(
    sampler, order, cut
):
    def fresh():
        return Study(MIXED, seed=11, trials=20, sampler=sampler, root_seed=2)

    undisturbed = run_through(fresh())
    record = {
        p.number: surface(p.params) for p in order.sample(undisturbed, cut)
    }  # what a crash left recorded

    study, proposals = fresh(), []
    while generation := study.ask():
        proposals += generation
        for p in generation:  # replay first, as the driver does
            if p.number in record:
                study.tell(p.number, record[p.number])
        missing = [p for p in generation if p.number not in record]
        for p in order.sample(missing, len(missing)):
            study.tell(p.number, surface(p.params))

    assert proposals == undisturbed
    assert study.best() == min(undisturbed, key=lambda p: surface(p.params))


def proposed_by_both():
    return [
        [
            p.params
            for p in run_through(
                Study(MIXED, seed=4, trials=13, sampler=sampler)
            )
        ]
        for sampler in NAMES
    ]


def test_studies_repeat_in_a_fresh_process():
    code = "from test_search import *; print(json.dumps(proposed_by_both()))"

    fresh = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(fresh.stdout) == proposed_by_both()


def test_the_root_seed_changes_what_tpe_draws_and_nothing_before():
    first, other = (
        run_through(
            Study(RATES, seed=0, trials=12, sampler="tpe", root_seed=root)
        )
        for root in (0, 1)
    )

    assert first[:8] == other[:8]
    assert all(
        a.params != b.params for a, b in zip(first[8:], other[8:], strict=True)
    )


@pytest.mark.parametrize("sampler", NAMES)
def test_a_study_without_trials_is_done_before_it_begins(sampler):
    study = Study(Space(), seed=0, trials=0, sampler=sampler)

    assert study.done
    assert study.ask() == []


# ----------------------------------------------------------------------- best and told


def test_random_trials_are_independent_of_how_many_there_are_and_of_each_other():
    few, many = (
        Study(RATES, seed=3, trials=trials, sampler="random").ask()
        for trials in (4, 200)
    )
    others = Study(RATES, seed=4, trials=4, sampler="random").ask()
    places = [
        [position(RATES[name], proposal.params[name]) for proposal in many]
        for name in RATES
    ]

    assert few == many[:4] != others
    # 200 uniform numbers: the standard error of their mean is 0.02
    assert all(abs(np.mean(found) - 0.5) < 0.1 for found in places)


class InPairs(QuasiRandom):
    """A sampler from outside: as ours, but two trials at a time."""

    def generation_size(self, start: int) -> int:
        return min(2, self.plan.trials - start)


def test_a_sampler_from_outside_is_named_as_ours_are(monkeypatch):
    monkeypatch.setattr(SAMPLERS, "_known", dict(SAMPLERS._known))
    register_sampler("pairs", InPairs)

    assert len(Study(RATES, seed=0, trials=5, sampler="pairs").ask()) == 2
    plan = StudyPlan(Space(), 5, 0)
    assert plan.seed_of(0) != plan.seed_of(1)


def test_an_unknown_sampler_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="did you mean 'random'"):
        Study(RATES, seed=0, trials=5, sampler="randm")


def test_the_lowest_value_wins_and_the_earlier_of_equals():
    study = Study(RATES, seed=0, trials=6)
    asked = study.ask()
    for number, value in (
        (5, 0.5),
        (3, 1.0),
        (1, 1.0),
        (0, 3.0),
        (2, 2.0),
        (4, 0.5),
    ):
        study.tell(number, value)

    assert study.best() == asked[4]
    assert study.best(among=4) == asked[1]
    assert study.best(among=1) == asked[0]


def test_a_failed_trial_counts_with_its_worst_value():
    study = Study(RATES, seed=0, trials=2)
    study.ask()
    study.tell(0, 2.3, failed=True)
    study.tell(1, 0.4)

    assert study.done
    assert study.best().number == 1


@pytest.mark.parametrize(
    ("number", "value", "says"),
    [
        (4, 1.0, "Trial 4 was not asked yet: 4 of 4 were"),
        (-1, 1.0, "Trial -1 was not asked yet"),
        (0, 1.0, "Trial 0 was told already, with the value 0.25"),
        (
            1,
            math.nan,
            "Trial 1 has the value nan: tell a failed one with a finite worst value",
        ),
        (1, math.inf, "Trial 1 has the value inf"),
    ],
)
def test_what_cannot_be_told_is_refused(number, value, says):
    study = Study(RATES, seed=0, trials=4)
    study.ask()
    study.tell(0, 0.25)

    with pytest.raises(ValueError, match=says):
        study.tell(number, value)
    assert study.trials_told == 1


def test_nothing_is_best_before_anything_was_told():
    study = Study(RATES, seed=0, trials=4)
    study.ask()
    study.tell(3, 1.0)

    with pytest.raises(ValueError, match="has no best trial"):
        study.best(among=2)


@pytest.mark.parametrize(
    "wrong", [{"trials": -1}, {"trials": 4, "generation": 0}]
)
def test_a_study_cannot_have_less_than_no_trials(wrong):
    with pytest.raises(ValueError, match="give at least 0 trials"):
        Study(RATES, seed=0, **wrong)


# ------------------------------------------------------------------------------- space


def test_a_space_becomes_optuna_distributions_in_its_order():
    space = Space(
        lr=Float(1e-4, 1, log=True),
        layers=Int(1, 8, log=True),
        norm=Categorical(("none", "batch")),
    )

    assert distributions(space) == {
        "lr": optuna.distributions.FloatDistribution(1e-4, 1, log=True),
        "layers": optuna.distributions.IntDistribution(1, 8, log=True),
        "norm": optuna.distributions.CategoricalDistribution(
            ("none", "batch")
        ),
    }
    assert list(distributions(space)) == ["lr", "layers", "norm"]


def test_a_described_space_can_be_restored():
    described = json.loads(json.dumps(describe(MIXED)))

    assert dict(restore(described)) == dict(MIXED)
    assert dict(restore(describe(DEFAULTS))) == dict(DEFAULTS)
    assert described["lr"] == {"low": 1e-4, "high": 1e-1, "log": True}


@pytest.mark.parametrize(
    ("hyperparameter", "value", "where"),
    [
        (Float(0, 0.5), 0.1, 0.2),
        (Float(1e-4, 1e-1, log=True), 1e-3, 1 / 3),
        (Float(1e-4, 1e-1, log=True), 1e-1, 1),
        (Int(1, 5), 2, 0.25),
        (Int(1, 16, log=True), 4, 0.5),
        (Int(3, 3), 3, 0.5),
    ],
)
def test_places_lie_on_the_ranges_own_scale(hyperparameter, value, where):
    assert position(hyperparameter, value) == pytest.approx(where)


# ------------------------------------------------------------------------------ export


def journal(path):
    return optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(path))
    )


def finished(name="campaign/task/level/arm/0", trials=5, **options):
    study = Study(MIXED, seed=0, trials=trials, name=name, **options)
    for p in study.ask():
        value = surface(p.params)
        study.tell(
            p.number,
            value,
            failed=p.number == 3,
            curve=[(10, value + 1), (20, value)],
            key=f"key{p.number}",
        )
    return study


def export(study, path):
    Journal(path).add(study)


def test_an_exported_study_is_what_optuna_reads(tmp_path):
    study, path = finished(), tmp_path / "new" / "optuna.journal"

    export(study, path)

    read = optuna.load_study(study_name=study.name, storage=journal(path))
    assert [trial.params for trial in read.trials] == [
        trial.params for trial in study.frozen()
    ]
    assert [trial.value for trial in read.trials] == [
        surface(trial.params) for trial in study.frozen()
    ]
    assert read.best_trial.number == study.best().number
    assert read.trials[3].user_attrs == {"status": "failed", "key": "key3"}
    assert read.trials[0].user_attrs["status"] == "finished"
    assert list(read.trials[0].intermediate_values) == [10, 20]
    assert read.user_attrs == {"sampler": "qmc"}


def test_optuna_dashboard_opens_an_export(tmp_path):
    from optuna_dashboard import wsgi

    export(finished(), tmp_path / "optuna.journal")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's own
        page = Client(wsgi(journal(tmp_path / "optuna.journal")))
        studies = page.get("/api/studies").json["study_summaries"]
        trials = page.get(f"/api/studies/{studies[0]['study_id']}").json[
            "trials"
        ]

    assert [study["study_name"] for study in studies] == [
        "campaign/task/level/arm/0"
    ]
    assert len(trials) == 5


def test_exporting_again_changes_nothing(tmp_path):
    path = tmp_path / "optuna.journal"
    export(finished("a"), path)
    export(finished("b"), path)
    written = path.read_bytes()

    open_journal = Journal(path)
    open_journal.add(finished("b"))
    open_journal.add(finished("a"))

    assert path.read_bytes() == written


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_an_export_that_was_cut_short_is_written_again(tmp_path, kept):
    path = tmp_path / "optuna.journal"
    export(finished("whole"), path)
    before = path.stat().st_size
    export(finished("cut"), path)
    written = path.read_bytes()
    path.write_bytes(written[: before + int(kept * (len(written) - before))])

    export(finished("cut"), path)

    names = optuna.get_all_study_names(journal(path))
    assert names == ["whole", "cut"]
    assert all(
        len(optuna.load_study(study_name=name, storage=journal(path)).trials)
        == 5
        for name in names
    )


def test_only_a_finished_study_is_exported(tmp_path):
    study = Study(RATES, seed=0, trials=4, name="open")
    study.ask()

    with pytest.raises(
        ValueError,
        match="'open' has 0 of 4 trials: only a finished one is exported",
    ):
        export(study, tmp_path / "optuna.journal")


def test_a_file_that_is_no_journal_is_named_and_left_alone(tmp_path):
    path = tmp_path / "optuna.journal"
    path.write_text("some notes\nof mine\n")

    with pytest.raises(
        UserError,
        match=r"optuna\.journal is not an Optuna journal .*: move it away",
    ):
        export(finished(), path)
    assert path.read_text() == "some notes\nof mine\n"


def test_optuna_stays_quiet_and_keeps_its_own_settings(tmp_path, capfd):
    verbosity = optuna.logging.get_verbosity()

    # any warning would be an error
    export(finished(), tmp_path / "optuna.journal")

    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == verbosity


# -------------------------------------------------------------------------- inspection


def test_history_is_the_best_so_far():
    assert budget.history([3, 4, 1, 2]) == [3, 3, 1, 1]
    assert budget.history([0.3, 0.4, 0.1, 0.5], better="higher") == [
        0.3,
        0.4,
        0.4,
        0.5,
    ]
    assert budget.history([]) == []


def test_the_budget_curve_is_mean_and_t_interval_at_powers_of_two_and_the_full_budget():
    blocks = [[5, 3, 4, 4, 1, 1], [7, 7, 2, 2, 2, 0], [6, 5, 6, 6, 6, 2]]

    curve = budget.budget_curve(blocks)

    assert [(point.trials, point.mean, point.blocks) for point in curve] == [
        (1, 6, 3),
        (2, 5, 3),
        (4, 10 / 3, 3),
        (6, 1, 3),
    ]
    # best at one trial: 5, 7, 6, so s = 1 and half = t(.975, 2) / sqrt(3) with t(.975,
    # 2) = 4.302653 (any t table)
    assert curve[0].high - 6 == pytest.approx(
        4.302653 / math.sqrt(3), rel=1e-6
    )
    assert 6 - curve[0].low == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_the_budget_curve_of_one_block_has_no_interval_and_unequal_blocks_end_with_the_shortest():
    (point,) = budget.budget_curve([[2.0]])
    assert (point.mean, math.isnan(point.low), math.isnan(point.high)) == (
        2.0,
        True,
        True,
    )
    assert [
        p.trials for p in budget.budget_curve([[1, 2, 3, 4, 5], [1, 2, 3]])
    ] == [
        1,
        2,
        3,
    ]
    assert budget.budget_curve([]) == []


def test_importance_finds_the_setting_that_matters():
    blocks = []
    for block in range(4):
        asked = [p.params for p in Study(MIXED, seed=block, trials=16).ask()]
        blocks.append(
            (asked, [10 * block + math.log(at["lr"]) for at in asked])
        )  # blocks differ in difficulty

    shares = inspect.importance(MIXED, blocks)

    assert next(iter(shares)) == "lr"
    assert shares["lr"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)
    assert shares == inspect.importance(MIXED, blocks)


def test_importance_does_not_depend_on_the_size_of_a_worst_value():
    asked = [p.params for p in Study(MIXED, seed=0, trials=16).ask()]
    diverged = [at["lr"] > 0.02 for at in asked]

    little, large = (
        inspect.importance(
            MIXED,
            [
                (
                    asked,
                    [
                        worst if bad else surface(at)
                        for at, bad in zip(asked, diverged, strict=True)
                    ],
                )
            ],
        )
        for worst in (100, 1e9)
    )

    assert little == large


def test_importance_is_silent_where_there_is_nothing_to_tell():
    asked = [p.params for p in Study(RATES, seed=0, trials=16).ask()]

    assert inspect.importance(RATES, []) == {}
    assert inspect.importance(Space(), [([{}] * 16, range(16))]) == {}
    assert inspect.importance(RATES, [(asked[:4], range(4))]) == {}
    assert inspect.importance(RATES, [(asked, [1.0] * 16)]) == {}


def test_edges_count_the_blocks_at_one_end_on_the_ranges_scale():
    chosen = [
        {"lr": lr, "dropout": d, "layers": 2, "norm": "batch"}
        for lr, d in ((0.09, 0.0), (0.06, 0.5), (0.08, 0.2), (0.001, 0.3))
    ]

    top, *rest = edges(MIXED, chosen)

    assert (
        top.hyperparameter,
        top.end,
        top.bound,
        top.near_bound,
        top.blocks,
        top.at_boundary,
    ) == (
        "lr",
        "high",
        0.1,
        3,
        4,
        True,
    )
    assert {edge.hyperparameter: edge.at_boundary for edge in rest} == {
        "dropout": False,
        "layers": False,
    }


def test_one_block_crowds_no_edge():
    assert not any(
        edge.at_boundary
        for edge in edges(RATES, [{"lr": 0.1, "wd": 1e-2, "dropout": 0.5}])
    )
    assert edges(RATES, []) == []


def test_two_threads_are_quiet_together_and_leave_the_verbosity_as_it_was():
    """A cell is filed while the driver asks for others: whoever came first may well
    leave first.
    """
    before = optuna.logging.get_verbosity()
    first, second = ExitStack(), ExitStack()
    first.enter_context(quiet())
    second.enter_context(quiet())
    first.close()
    assert optuna.logging.get_verbosity() == optuna.logging.ERROR
    second.close()
    assert optuna.logging.get_verbosity() == before


# ------------------------------------------------------------- some of the trials


def smaller_studies(sampler, trials, budget_of):
    """All studies of a smaller budget: the first stages whole, some of the next."""
    left, parts = budget_of, []
    for stage in budget.stages(sampler, trials):
        drawn = min(left, len(stage))
        left -= drawn
        parts.append(list(combinations(stage, drawn)))
    for picked in product(*parts):
        yield [number for part in picked for number in part]


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("sampler", ["sobol", "qmc", "tpe"])
@pytest.mark.parametrize(
    ("trials", "few"), [(2, 1), (3, 1), (4, 2), (8, 4), (10, 5), (10, 9)]
)
def test_chances_are_those_of_all_smaller_studies_there_are(
    sampler, trials, few, better
):
    values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3][:trials]  # with equal ones
    sign = 1 if better == "lower" else -1
    best = [
        min(study, key=lambda number: (sign * values[number], number))
        for study in smaller_studies(sampler, trials, few)
    ]

    chances = budget.chances_of_best(values, few, sampler, better)

    assert chances == pytest.approx(
        [best.count(number) / len(best) for number in range(trials)]
    )


def test_only_the_default_point_and_what_follows_it_have_stages():
    assert budget.stages("random", 4) == [range(4)]
    assert budget.stages("qmc", 10) == [range(1), range(1, 8), range(8, 10)]
    assert budget.STAGE_ENDS["qmc"] == (1, RATE_ALONE)
    assert budget.stages("mine", 3) == [range(1), range(1, 2), range(2, 3)]
