"""What a comparison cost: all runs of each arm, and what they took."""

import pytest

from dashboard.data.view import view_of
from dashboard.pages import sweep


@pytest.fixture
def view(snapshots, finished):
    return view_of(snapshots, "/sweep", f"?campaign={finished}")


def test_the_costs_of_the_arms_add_up_to_those_of_all_runs(view):
    runs = view.campaign.runs
    of_task = runs[runs["task"] == view.task]

    costs = sweep.frames(view)["costs"]

    assert costs["runs"].sum() == len(of_task)
    assert costs["cpu_seconds"].sum() == pytest.approx(
        of_task["cpu_seconds"].sum()
    )
    trials = of_task[of_task["kind"] == "trial"]
    assert costs["runs"].sum() > len(trials) > 0


def test_a_time_that_nobody_told_is_a_dash_and_a_short_one_has_two_figures():
    nothing = sweep._cost_cells(float("nan"), 3, 0.0)

    assert nothing == ("–", "–", "–")
    assert sweep._cost_cells(1.5, 4, 3.0) == ("1.5 s", "50.0 %", "0.38 s")
    assert sweep._cost_cells(90.0, 2, 90.0)[0] == "1 min 30 s"
