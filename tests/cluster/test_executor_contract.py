"""What every executor has to do, whatever it executes jobs with.

A further one joins by a line in ``EXECUTORS``. Ray runs on two workers of this machine.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

import tasks
from suite.campaign.cell import Cell
from suite.cluster.protocol import Executor, JobOutcome
from suite.cluster.ray_executor import RayExecutor
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.training.job import Job
from suite.training.resources import Resources
from tasks import UserError

EXECUTORS = ("serial", "fake", "ray")
LOSING = ("fake", "ray")  # this process cannot be lost, but with the test
PATIENCE_S = 240.0  # for a job to come back on a busy machine
ONE_CPU = Resources()


@pytest.fixture(scope="module")
def ray_executor() -> Iterator[RayExecutor]:
    with closing(RayExecutor(workers=2)) as executor:
        yield executor


@pytest.fixture
def executor(request, fake_executor) -> Iterator[Executor]:
    if request.param == "ray":
        shared: RayExecutor = request.getfixturevalue("ray_executor")
        yield shared
        shared.cancel()
        return
    with closing(
        {"serial": SerialExecutor, "fake": fake_executor}[request.param]()
    ) as own:
        yield own


every_executor = pytest.mark.parametrize("executor", EXECUTORS, indirect=True)


@pytest.fixture
def jobs(tiny_file) -> Callable[..., list[Job]]:
    """The first jobs of a campaign of the tiny task, with a change to its file."""

    def make(name: str = "tiny", old: str = "", new: str = "") -> list[Job]:
        path = tiny_file.with_name(f"{name}.py")
        path.write_text(tiny_file.read_text().replace(old, new, 1))
        tasks.load_file(path)
        profile = {"name": name, "blocks": 1, "trials": 3, "tasks": {name: {}}}
        plan = Plan(Profile.model_validate(profile))
        cell = Cell(plan, plan.cells[0], "cpu")
        return [cell.job(member) for member in cell.ask()]

    return make


def collect(executor: Executor, number: int) -> list[JobOutcome]:
    """The next outcomes. Fails where they do not come."""
    outcomes: list[JobOutcome] = []
    until = time.monotonic() + PATIENCE_S
    while len(outcomes) < number:
        assert time.monotonic() < until, (
            f"{len(outcomes)} of {number} jobs came back"
        )
        outcomes += executor.wait(1.0)
    return outcomes


def keys_of(things: list[Any]) -> set[str]:
    return {thing.members[0].key for thing in things}


@every_executor
class TestExecutorContract:
    def test_every_job_comes_back_once_with_a_result_per_member(
        self, executor, jobs
    ):
        sent = jobs()
        for job in sent:
            executor.submit(job, ONE_CPU)
        assert executor.in_flight == len(sent) == 3
        outcomes = collect(executor, len(sent))

        assert executor.in_flight == 0
        assert keys_of([outcome.job for outcome in outcomes]) == keys_of(sent)
        for outcome in outcomes:
            assert outcome.lost is None
            assert not outcome.out_of_memory
            (result,) = outcome.results
            assert result.key == outcome.job.members[0].key
            assert result.status == "finished"

    def test_results_do_not_depend_on_the_executor(self, executor, jobs):
        first, *_ = jobs()
        executor.submit(first, ONE_CPU)
        (outcome,) = collect(executor, 1)
        here = SerialExecutor()
        here.submit(first, ONE_CPU)
        (expected,) = here.wait(0)

        assert outcome.results[0].losses == expected.results[0].losses

    def test_waiting_for_nothing_returns_at_once(self, executor):
        assert executor.slots(ONE_CPU) >= 1  # it has started
        began = time.monotonic()

        assert executor.wait(60.0) == []
        assert time.monotonic() - began < 10.0

    def test_cancel_forgets_what_is_in_flight_and_takes_further_jobs(
        self, executor, jobs
    ):
        first, second, third = jobs()
        executor.submit(first, ONE_CPU)
        executor.submit(second, ONE_CPU)
        executor.cancel()
        assert executor.in_flight == 0
        assert executor.wait(0.0) == []
        executor.submit(third, ONE_CPU)
        (outcome,) = collect(executor, 1)

        assert outcome.job == third

    def test_what_a_task_raises_is_a_status_and_the_next_job_executes(
        self, executor, jobs
    ):
        broken, *_ = jobs(
            "broken",
            "    return nn.Sequential(",
            "    raise OSError('no model')\n    (",
        )
        sound, *_ = jobs()
        executor.submit(broken, ONE_CPU)
        executor.submit(sound, ONE_CPU)
        outcomes = {one.job.task: one for one in collect(executor, 2)}

        assert outcomes["broken"].lost is None
        assert outcomes["broken"].results[0].status == "crashed"
        assert "no model" in str(outcomes["broken"].results[0].error)
        assert outcomes["tiny"].results[0].status == "finished"

    def test_an_exclusive_job_comes_back_like_any_other(self, executor, jobs):
        first, second, _ = jobs()
        executor.submit(first, ONE_CPU, exclusive=True)
        executor.submit(second, ONE_CPU)

        assert keys_of([one.job for one in collect(executor, 2)]) == keys_of(
            [first, second]
        )

    def test_what_can_be_met_waits_for_nothing(self, executor):
        assert executor.check(ONE_CPU) is None
        assert executor.waiting is None
        assert not executor.starting
        assert executor.prefetch >= 0

    @pytest.mark.parametrize(
        ("need", "world_size"),
        [(ONE_CPU, 64), (Resources(gpus=64), 1)],
        ids=["workers", "GPUs"],
    )
    def test_what_can_never_be_met_is_refused(
        self, executor, need, world_size
    ):
        with pytest.raises(UserError):
            executor.check(need, world_size)

    def test_a_gpu_is_reported_where_runs_may_ask_for_one(self, executor):
        if not executor.has_gpu():
            with pytest.raises(UserError, match="GPU"):
                executor.check(Resources(gpus=1))

    def test_warming_up_puts_nothing_in_flight(self, executor):
        executor.warm(ONE_CPU, "cpu")

        assert executor.in_flight == 0


@pytest.mark.parametrize("executor", LOSING, indirect=True)
def test_a_lost_job_comes_back_without_results_and_may_be_submitted_again(
    executor, jobs, tmp_path
):
    """On Ray its worker ends, with this job and not with another process's."""
    marker = tmp_path / "alive"
    exits = (
        f"    import os\n    if os.getpid() != {os.getpid()} and not "
        f"os.path.exists({str(marker)!r}):\n        os._exit(1)\n"
    )
    job, *_ = jobs(
        "deadly",
        "    return nn.Sequential(",
        exits + "    return nn.Sequential(",
    )
    if not isinstance(executor, RayExecutor):
        executor.lose = 1
    executor.submit(job, ONE_CPU)
    (lost,) = collect(executor, 1)
    marker.touch()
    executor.submit(job, ONE_CPU)
    (found,) = collect(executor, 1)

    assert lost.job == found.job == job
    assert lost.results == []
    assert lost.lost
    assert found.results[0].status == "finished"


@pytest.mark.parametrize("name", ["serial", "fake"])
def test_close_may_be_called_again(name, fake_executor, jobs):
    """For Ray, test_ray_executor does so in a process of its own."""
    executor = {"serial": SerialExecutor, "fake": fake_executor}[name]()
    executor.submit(jobs()[0], ONE_CPU)
    executor.close()
    executor.close()

    assert executor.in_flight == 0


def test_this_process_keeps_the_order_of_submission_unless_it_is_to_shuffle(
    jobs,
):
    def order(**options: Any) -> list[str]:
        executor = SerialExecutor(slots=3, **options)
        for job in sent:
            executor.submit(job, ONE_CPU)
        return [one.job.members[0].key for one in collect(executor, len(sent))]

    sent = jobs()
    keys = [job.members[0].key for job in sent]

    assert order() == keys
    assert order(shuffle=1) == order(shuffle=1)
    assert any(order(shuffle=seed) != keys for seed in range(5))


def test_a_first_job_is_shown_by_its_place(jobs):
    from suite.cluster.ray_executor import _name_of

    assert _name_of(jobs()[0]) == "tiny/few/narrow block 0 trial"
