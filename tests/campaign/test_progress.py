"""What is said of a campaign while it runs."""

import time

import pytest

from suite.campaign.progress import Tally
from suite.cli.progress import pace


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test sets."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_first_runs_are_said_to_be_running_and_for_how_long(clock):
    tally = Tally(planned=18)
    assert pace(tally) == "starting"
    tally.note_in_flight(workers=4, slots=2)  # two of them wait for a worker
    clock[0] += 180
    tally.note_in_flight(workers=4, slots=2)

    assert pace(tally) == "2 running for 3 min 00 s"


def test_once_runs_are_done_their_rate_is_said(clock):
    tally = Tally(planned=18)
    tally.begin()
    tally.note_in_flight(workers=2, slots=2)
    clock[0] += 60
    tally.trained = tally.done = 6

    assert tally.rate == pytest.approx(0.1)
    assert tally.seconds_left == pytest.approx(120)
    assert "running" not in pace(tally)


def test_what_the_start_waits_for_is_said(clock):
    words = "Ray, which did not start in 31 s (attempt 2)"

    assert pace(Tally(planned=18, waiting=words)) == f"waiting for {words} …"


def test_time_left_is_not_forecast_from_fewer_than_three_runs(clock):
    tally = Tally(planned=18)
    tally.begin()
    clock[0] += 10
    for trained, is_forecast in ((2, False), (3, True)):
        tally.trained = tally.done = trained
        assert (tally.seconds_left is not None) == is_forecast


def test_a_problem_is_told_once():
    tally = Tally(planned=1)
    tally.add_problem("no journal")
    tally.add_problem("no journal")

    assert tally.problems == ["no journal"]
