"""One run on two workers, joined by gloo: what one worker learns, up to rounding,
and failures that end both.
"""

import multiprocessing
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

import tasks
from suite.campaign.cell import Cell
from suite.cluster.ray_executor import RayExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.journal import FILE, read_lines
from suite.records.results import Results
from suite.training import checkpoint, failures, worker
from suite.training.checkpoint import Checkpointer
from suite.training.data_parallel import (
    DataParallelGroup,
    PeerLost,
    RankFailed,
    check_data_parallel,
)
from suite.training.job import CheckpointPolicy, Job, Member, Result, timed
from suite.training.loop import TrainingLoop
from suite.training.resources import Resources
from suite.training.rng import batches, make_generator
from suite.training.worker import run_job, run_rank
from tasks import Phase, Procedure, Recipe, Shape, Split, UserError
from tasks.models.mlp import mlp
from tasks.procedures.fit_once import ScikitLogisticRegression
from tasks.procedures.sequence_to_sequence import Translation
from tasks.procedures.supervised import Classification

SEEDS = {
    "order": 1,
    "dropout": 2,
    "evaluation": 3,
    "split": 4,
    "initialisation": 5,
}
RECIPES = {
    "adamw": Recipe(steps=40, batch_size=32, max_grad_norm=0.2),
    "sgd": Recipe(
        steps=40, batch_size=33, optimizer="sgd", nesterov=True, warmup=0.2
    ),
    "full batch": Recipe(steps=10, batch_size=0),
    "a last batch of one example": Recipe(epochs=3, batch_size=32),
    "plateaus": Recipe(
        steps=200,
        batch_size=32,
        schedule="plateau",
        patience=1,
        evaluations=40,
    ),
    "diverging": Recipe(
        steps=200, optimizer="sgd", schedule="constant", evaluations=20
    ),
}


@dataclass(frozen=True)
class Learned:
    losses: Tensor  # (steps,)
    evaluated: list[int]  # the steps
    parameters: Tensor


def examples(count: int, seed: int) -> Split:
    rng = make_generator(seed)
    x = torch.randn(count, 6, generator=rng)
    return Split(
        x, (x[:, :3] + 0.3 * torch.randn(count, 3, generator=rng)).argmax(1)
    )


def weights(model: nn.Module) -> Tensor:
    return (
        sum((p.square().sum() for p in model.parameters()), torch.zeros(()))
        * 1e-3
    )


def learn(case: str, group: DataParallelGroup | None = None) -> Learned:
    model = network()
    params = {"lr": 1e9 if case == "diverging" else 0.02, "weight_decay": 0.01}
    train, validation = (
        examples(97, seed=0),
        examples(100, seed=1),
    )  # 97 = 3 x 32 + 1
    procedure = Classification(penalty=weights)
    training = TrainingLoop(
        procedure,
        model,
        train,
        validation,
        RECIPES[case],
        params,
        SEEDS,
        group=group,
    )
    evaluated = [progress.step for progress in training]
    return Learned(training.losses, evaluated, flat(model))


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))


def flat(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


class Tossing(Classification):
    """One unit that is dropped or doubled: the loss is the mean over two examples, one
    for each worker.
    """

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        return (
            Phase(
                lambda model, batch, generator: model(batch.x).mean(),
                mean=True,
            ),
        )

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        return {"accuracy": 0.0, "loss": 0.0}


def toss(group: DataParallelGroup) -> list[float]:
    model, data = (
        nn.Sequential(nn.Linear(1, 1, bias=False), nn.Dropout(0.5)),
        Split(torch.ones(2, 1), torch.zeros(2)),
    )
    nn.init.ones_(model[0].weight)  # type: ignore[arg-type]
    training = TrainingLoop(
        Tossing(),
        model,
        data,
        data,
        Recipe(steps=60, batch_size=2),
        {"lr": 0.0},
        SEEDS,
        group=group,
    )
    list(training)
    return [float(loss) for loss in training.losses]


@dataclass(frozen=True)
class Seen:
    """What one of the two workers saw."""

    learned: dict[str, Learned]
    tossed: tuple[list[float], list[float]]
    result: Result
    stopped: tuple[Result, Result]
    failure: RankFailed | PeerLost


def take_part(rank: int, store: Path, job: Job) -> Seen:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        f"file://{store}",
        timedelta(minutes=5),
        world_size=2,
        rank=rank,
    )
    learned = {case: learn(case, DataParallelGroup()) for case in RECIPES}
    tossed = toss(DataParallelGroup()), toss(DataParallelGroup())
    result, dropping = run_rank(job), with_dropout(job)
    stopped = (
        run_rank(dropping),
        stopping(
            replace(
                dropping, checkpoints=CheckpointPolicy(str(store.parent), 0.0)
            )
        ),
    )
    try:
        run_rank(failing(job) if rank == 1 else job)
    except (RankFailed, PeerLost) as error:
        failure = error
    dist.destroy_process_group()
    return Seen(learned, tossed, result, stopped, failure)


def with_dropout(job: Job) -> Job:
    (member,) = job.members
    return replace(
        job,
        members=(replace(member, params={**member.params, "dropout": 0.3}),),
    )


class Stopped(BaseException):
    pass


def stopping(job: Job) -> Result:
    """The same job, ended at each evaluation, and gone on with each time."""
    kept = Checkpointer.save

    def keep(
        self: Checkpointer,
        training: TrainingLoop,
        artifacts: Mapping[str, bytes],
        now: bool = False,
    ) -> None:
        kept(self, training, artifacts, now)
        raise Stopped

    with (
        patch.object(Checkpointer, "save", keep),
        patch.object(checkpoint, "SHARE", float("inf")),
    ):
        while True:
            with suppress(Stopped):
                return run_rank(job)


def failing(job: Job) -> Job:
    """The same job where there is too little memory for the model."""
    path, text = job.source or ("", "")
    return replace(
        job,
        source=(
            path,
            text.replace(
                "def build(",
                "def build(*args):\n    raise MemoryError\n\n\ndef _(",
            ),
        ),
    )


@pytest.fixture(scope="module")
def job(tiny_source: str, tmp_path_factory: pytest.TempPathFactory) -> Job:
    path = tmp_path_factory.mktemp("task") / "tiny.py"
    params = {"lr": 0.01, "weight_decay": 1e-4, "dropout": 0.0}
    member = Member("0" * 64, "final", 0, 0, params, SEEDS)
    return Job(
        "tiny",
        "few",
        "wide",
        (member,),
        source=(str(path), tiny_source),
        world_size=2,
    )


@pytest.fixture(scope="module")
def pair(job: Job, tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    store = tmp_path_factory.mktemp("pair") / "store"
    with ProcessPoolExecutor(
        2, multiprocessing.get_context("spawn")
    ) as workers:
        return list(workers.map(take_part, (0, 1), (store, store), (job, job)))


@pytest.mark.parametrize("case", RECIPES)
def test_two_workers_learn_what_one_does(pair, case):
    alone, (first, second) = learn(case), (seen.learned[case] for seen in pair)

    torch.testing.assert_close(
        first.losses, alone.losses, rtol=1e-4, atol=1e-6, equal_nan=True
    )
    torch.testing.assert_close(
        first.parameters,
        alone.parameters,
        rtol=1e-3,
        atol=1e-5,
        equal_nan=True,
    )
    assert first.evaluated == second.evaluated == alone.evaluated
    assert torch.equal(
        first.parameters.nan_to_num(), second.parameters.nan_to_num()
    )


def test_each_worker_drops_units_of_its_own_and_the_same_ones_again(pair):
    tossed, again = pair[0].tossed

    assert set(tossed) == {
        0.0,
        1.0,
        2.0,
    }  # 1: one worker dropped the unit, and the other one did not
    assert tossed == again == pair[1].tossed[0]


def test_a_job_comes_to_the_same_and_the_first_worker_alone_opens_the_test_set(
    pair, job
):
    first, second = (seen.result for seen in pair)
    (alone,) = run_job(job)

    assert (first.status, first.test_opened, second.test_opened) == (
        "finished",
        True,
        False,
    )
    assert first.worker["world_size"] == 2
    for name, value in alone.metrics.items():
        assert timed(name) or first.metrics[name] == pytest.approx(
            value, abs=1e-3
        ), name


def test_a_group_that_is_stopped_at_every_evaluation_comes_to_the_same(pair):
    undisturbed, resumed = pair[0].stopped

    assert resumed.worker["resumed"] == undisturbed.curve[-1]["step"]
    assert resumed.losses == undisturbed.losses
    assert resumed.checkpoint == undisturbed.checkpoint
    assert resumed.best_step == undisturbed.best_step


def test_a_worker_that_fails_says_why_and_the_other_one_only_that_it_is_alone(
    pair,
):
    first, second = (seen.failure for seen in pair)

    assert isinstance(first, PeerLost)
    assert isinstance(second, RankFailed)
    assert second.result.status == "out_of_memory"


def test_a_worker_that_hangs_is_not_waited_for_beyond_the_limit(
    job, monkeypatch
):
    monkeypatch.setattr(failures, "HANGING_FACTOR", 1.0)
    monkeypatch.setattr(failures, "HANGING_SECONDS", 0.0)
    monkeypatch.setattr(worker, "DataParallelGroup", lambda: None)
    monkeypatch.setattr(worker, "_run_member", lambda *args: time.sleep(600))

    with pytest.raises(
        RankFailed,
        match=re.escape(
            "timed_out: longer than the limit of 0.1 s, and hanging"
        ),
    ):
        run_rank(replace(job, time_limit=0.1))


@pytest.mark.parametrize(
    ("procedure", "changes", "norm", "problem"),
    [
        (
            Translation(),
            {},
            "none",
            "Translation: a batch can be shared where the loss is a mean over its examples",
        ),
        (
            ScikitLogisticRegression(),
            {},
            "none",
            "ScikitLogisticRegression: a batch can be shared where",
        ),
        (
            Classification(),
            {},
            "batch",
            "world_size = 4 and BatchNorm1d: it looks at the whole batch",
        ),
        (
            Classification(),
            {"batch_size": 2},
            "none",
            "batch_size = 2 cannot be shared by world_size = 4",
        ),
        (Classification(), {}, "layer", None),
    ],
)
def test_what_cannot_be_shared_is_refused(
    procedure: Procedure, changes, norm, problem
):
    recipe, model = (
        Recipe(steps=1, world_size=4).with_changes(changes),
        mlp(Shape((3,), 2), (4,), norm=norm),
    )
    with (
        pytest.raises(UserError, match=re.escape(problem))
        if problem
        else nullcontext()
    ):
        check_data_parallel(procedure, model, recipe)


def plan_of(tiny: str, **recipe: object) -> Plan:
    plan = {"levels": ["few"], "recipe": recipe}
    return Plan(
        Profile.model_validate(
            {"name": "shared", "blocks": 1, "trials": 1, "tasks": {tiny: plan}}
        )
    )


def test_workers_are_part_of_the_key(tiny):
    keys = [
        Cell(plan, plan.cells[0], "cpu").ask()[0].key
        for plan in (plan_of(tiny), plan_of(tiny, world_size=2))
    ]

    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        (
            {"world_size": 2},
            "A run on 2 workers needs Ray, and --workers 0 runs everything in this process: give 1 or more workers.",
        ),
        (
            {"world_size": 40},
            "tiny/few/narrow: batch_size = 32 cannot be shared by world_size = 40: give each an example",
        ),
        (
            {"world_size": 0},
            "Recipe(world_size=0): give a whole number, 1 or more",
        ),
        (
            {"world_size": "two"},
            "Recipe(world_size='two'): give a whole number, 1 or more",
        ),
    ],
    ids=str,
)
def test_a_campaign_that_cannot_share_stops_before_it_trains(
    tiny, run_inline, recipe, problem
):
    with pytest.raises(UserError, match=re.escape(problem)):
        run_inline(plan_of(tiny, **recipe))


@pytest.mark.parametrize("shuffle", range(3))
def test_a_group_starts_where_there_is_room_and_no_prefetched_job_takes_it(
    tiny_source, fake_executor, run_inline, tmp_path, shuffle
):
    path = tmp_path / "mixed.py"
    path.write_text(
        tiny_source.replace(
            "partial(build, 32), x=32",
            'partial(build, 32), x=32, recipe={"world_size": 2}',
        )
    )
    tasks.load_file(path)
    plan = Plan(
        Profile.model_validate(
            {"name": "mixed", "blocks": 3, "trials": 3, "tasks": {"mixed": {}}}
        )
    )
    executor = fake_executor(slots=3, shuffle=shuffle, groups=True)
    run_inline(plan, executor=executor)

    assert executor.trained == plan.runs
    assert {sizes for sizes in executor.group_sizes if 2 in sizes} == {
        (2,),
        (1, 2),
    }


# ------------------------------------------------------------------------- on real Ray

HANG = """    import os, time
    if os.path.exists({marker!r}):
        os.replace({marker!r}, {marker!r} + ".seen")
        time.sleep(3600)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_group_finds_what_one_worker_finds_and_gets_the_room_of_one_that_was_cancelled(
    tiny_source, run_inline, tmp_path
):
    """The tiny task without dropout, its wide arm on two workers, of which a cluster of
    two CPUs has no more.
    """
    path, marker = tmp_path / "shared.py", tmp_path / "marker"
    text = tiny_source.replace(
        'nn.Dropout(params["dropout"])', "nn.Dropout(0.0)"
    )
    text = text.replace(
        "    return nn.Sequential(",
        HANG.format(marker=str(marker)) + "    return nn.Sequential(",
    )
    path.write_text(
        text.replace(
            "partial(build, 32), x=32",
            'partial(build, 32), x=32, recipe={"world_size": 2}',
        )
    )
    tasks.load_file(path)
    alone, shared = plan_of("shared", world_size=1), plan_of("shared")
    run_inline(alone, tmp_path)
    with closing(RayExecutor(workers=2)) as workers:
        workers.check(Resources(), world_size=2)
        marker.touch()
        cell = Cell(
            shared,
            next(cell for cell in shared.cells if cell.arm == "wide"),
            "cpu",
        )
        workers.submit(cell.job(cell.ask()[0]), Resources())
        while marker.exists():
            assert not workers.wait(0.2)
        workers.cancel()
        run_inline(shared, tmp_path, executor=workers)

    one, two = (
        Results(tmp_path).load(plan.id).runs.set_index(["arm", "kind"])
        for plan in (alone, shared)
    )
    assert set(two["status"]) == {"finished"}
    assert len(two) == len(one) == 4
    for metric in ("train.loss", "validation.loss", "test.loss"):
        pd.testing.assert_series_equal(
            one[metric].sort_index(), two[metric].sort_index(), rtol=1e-4
        )
    lines = read_lines(tmp_path / shared.id / FILE)
    assert {(line["arm"], line["worker"]["world_size"]) for line in lines} == {
        ("narrow", 1),
        ("wide", 2),
    }


def by_ddp(rank: int, store: Path) -> tuple[Tensor, Tensor]:
    """The parameters after 40 updates, by torch's own way to share batches and by ours."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        f"file://{store}",
        timedelta(minutes=5),
        world_size=2,
        rank=rank,
    )
    ours, theirs, data = (
        network(),
        network(),
        examples(96, seed=0),
    )  # even batches: DDP takes the mean of means
    recipe = Recipe(
        steps=40,
        batch_size=32,
        decay_norms_and_biases=True,
        schedule="constant",
        restore_best=False,
    )
    params = {"lr": 0.02, "weight_decay": 0.01}
    list(
        TrainingLoop(
            Classification(),
            ours,
            data,
            data,
            recipe,
            params,
            SEEDS,
            group=DataParallelGroup(),
        )
    )
    shared, source = (
        DistributedDataParallel(theirs),
        batches(data, 32, make_generator(SEEDS["order"])),
    )
    optimizer = torch.optim.AdamW(
        shared.parameters(), lr=0.02, weight_decay=0.01
    )
    for _ in range(40):
        part = DataParallelGroup().shard(next(source))
        optimizer.zero_grad()
        functional.cross_entropy(shared(part.x), part.y).backward()
        optimizer.step()
    dist.destroy_process_group()
    return flat(ours), flat(theirs)


@pytest.mark.slow
def test_two_workers_learn_what_they_do_by_torch(tmp_path):
    with ProcessPoolExecutor(
        2, multiprocessing.get_context("spawn")
    ) as workers:
        (ours, theirs), _ = workers.map(
            by_ddp, (0, 1), [tmp_path / "store"] * 2
        )

    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
