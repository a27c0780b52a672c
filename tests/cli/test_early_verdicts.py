"""The verdict on a claim is printed when its last run is in, while others still run."""

from dataclasses import replace

import pytest

import tasks
from suite.campaign.progress import Tally
from suite.cli.early_verdicts import EarlyVerdicts, early_verdicts
from suite.planning.plan import Plan, Shard
from suite.planning.profile import Profile

A_CLAIM_PER_LEVEL = """
from dataclasses import replace
claims = [replace(TASK.claims[0], name=name, levels=(name,)) for name in ("few", "many")]
TASK = replace(TASK, claims=tuple(claims))
"""


@pytest.fixture
def two_claims(tiny_source, tmp_path) -> Plan:
    """The tiny task with a claim on each of its two levels."""
    (tmp_path / "two.py").write_text(tiny_source + A_CLAIM_PER_LEVEL)
    tasks.load_file(tmp_path / "two.py")
    values = {"name": "two", "blocks": 2, "trials": 1}
    return Plan(Profile.model_validate({**values, "tasks": {"two": {}}}))


def watched(plan: Plan, run_inline, tmp_path) -> list[tuple[str, int]]:
    """Each line that is printed of a campaign, and how many runs were done by then."""
    printed: list[tuple[str, int]] = []
    done = 0
    early = EarlyVerdicts(
        plan, tmp_path / "results", lambda text: printed.append((text, done))
    )

    def watch(tally: Tally) -> None:
        nonlocal done
        done = tally.done
        early.take(tally)
        early.judge_due()

    run_inline(plan, watch=watch)
    return printed


def test_a_claim_is_judged_once_all_of_its_own_runs_are_in(
    two_claims, run_inline, tmp_path
):
    printed = watched(two_claims, run_inline, tmp_path)
    again = watched(two_claims, run_inline, tmp_path)

    (first, done), (second, all_done) = printed
    assert first.startswith("1 of 2 claims: ")
    assert second.startswith("2 of 2 claims: ")
    assert ": two: A wider network is better. " in first
    assert first.endswith(", 2 blocks")
    assert done < all_done == two_claims.runs
    # what was known before is in the verdicts that follow at the end
    assert again == []


def test_claims_that_were_known_before_are_counted(
    two_claims, run_inline, tmp_path
):
    """So a resumed campaign does not begin with "1 of 2" once more."""
    run_inline(two_claims)
    said: list[str] = []
    early = EarlyVerdicts(two_claims, tmp_path / "results", said.append)
    few = [one.place for one in two_claims.cells if one.level == "few"]
    many = [one.place for one in two_claims.cells if one.level == "many"]
    for trained, done in ((0, few), (1, few + many)):
        tally = Tally(planned=1, trained=trained)
        tally.cells_done = done
        early.take(tally)
        early.judge_due()

    (line,) = said
    assert line.startswith("2 of 2 claims: ")


def test_a_shard_has_no_verdicts(tiny_plan, run_inline, tmp_path):
    shard = replace(tiny_plan, shard=Shard(1, 2))

    assert watched(shard, run_inline, tmp_path) == []


def test_a_record_that_cannot_be_judged_stops_no_campaign(tiny_plan, tmp_path):
    said: list[str] = []
    tally = Tally(planned=1, trained=1)
    tally.cells_done = [cell.place for cell in tiny_plan.cells]

    with early_verdicts(tiny_plan, tmp_path / "nothing", said.append) as early:
        early.take(tally)

    assert said == []
