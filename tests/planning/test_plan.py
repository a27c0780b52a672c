"""Plans: which cells there are, and which are left out because nothing needs them."""

import pytest

from suite.cli.render.plan import skipped
from suite.planning.plan import Plan
from suite.planning.profile import Profile, load_profile
from suite.records.manifest import manifest_of


@pytest.fixture
def planned(tiny_file):
    """Plan three arms at two levels: one claim compares ``wide`` with ``narrow`` at
    both, another ``wide`` with ``third`` at ``many`` alone.
    """
    import tasks

    text = tiny_file.read_text(encoding="utf-8")
    text = text.replace(
        'Arm("wide", partial(build, 32), x=32))',
        'Arm("wide", partial(build, 32), x=32), Arm("third", partial(build, 8), x=8))',
    ).replace(
        "margin=0.02),)",
        'margin=0.02), Claim("third", "Wide beats the third.", "accuracy", "wide", '
        '"third", levels=("many",)))',
    )
    tiny_file.write_text(text, encoding="utf-8")
    name = tasks.load_file(tiny_file).name

    def plan(**changes):
        own = {"tasks": {name: changes}}
        return Plan(Profile.model_validate({"name": "p", "blocks": 2, **own}))

    return plan


def places(plan):
    return {(cell.level, cell.arm) for cell in plan.cells}


def test_a_cell_that_no_claim_reads_is_not_planned(planned):
    plan = planned(trials=3, finals=2)

    left = {(cell.level, cell.arm) for cell in plan.left_out("tiny")}

    assert left == {("few", "third")}
    assert ("few", "third") not in places(plan)
    assert len(plan.cells) == (2 * 3 - 1) * 2
    assert skipped(plan) == [
        {
            "task": "tiny",
            "arm": "third",
            "levels": ["few"],
            "runs": 2 * (3 + 2),
        }
    ]


def test_all_cells_runs_every_arm_at_every_level(planned):
    plan = planned(all_cells=True)

    assert plan.left_out("tiny") == []
    assert len(places(plan)) == 2 * 3


def test_the_cells_that_are_left_out_change_no_other(planned):
    some, all_of_them = planned(), planned(all_cells=True)

    assert set(some.cells) < set(all_of_them.cells)
    assert some.claims("tiny") == all_of_them.claims("tiny")


def test_an_arm_that_is_named_and_that_no_claim_reads_runs_at_every_level(
    planned,
):
    # without `wide` at hand no claim about `third` can be decided
    plan = planned(arms=["narrow", "wide", "third"], levels=["few"])

    assert places(plan) == {
        ("few", arm) for arm in ("narrow", "wide", "third")
    }


def test_a_task_whose_claims_cannot_be_decided_runs_everything(planned):
    plan = planned(arms=["narrow", "third"])

    assert plan.claims("tiny") == []
    assert len(places(plan)) == 2 * 2


def test_an_a_a_test_runs_where_its_arm_does(planned):
    plan = planned(aa_test=["third"])

    assert {level for level, arm in places(plan) if arm == "third_again"} == {
        "many"
    }


def test_further_blocks_have_no_cell_that_the_first_ones_lack(planned):
    plan = planned(interim_looks=[2, 4])
    later = {
        (cell.level, cell.arm) for cell in plan.all_cells if cell.block >= 2
    }

    assert later <= places(plan)


def test_a_manifest_names_the_arms_and_levels_that_run(planned):
    plan = planned(levels=["few", "many"])
    alone = planned(levels=["few"])

    assert set(manifest_of(plan).task("tiny").arm_names) == {
        "narrow",
        "wide",
        "third",
    }
    assert set(manifest_of(alone).task("tiny").arm_names) == {"narrow", "wide"}


@pytest.mark.parametrize("name", ["smoke", "standard", "full"])
def test_the_large_profiles_leave_nothing_out(name):
    plan = Plan(load_profile(name))

    assert not any(plan.left_out(task) for task in plan.tasks)


def test_quick_runs_only_what_its_claims_need():
    plan = Plan(load_profile("quick"))
    for task in plan.tasks:
        read = plan.deciding(plan.claims(task))
        run = {
            (cell.level, cell.arm) for cell in plan.cells if cell.task == task
        }

        assert run == read, task
