"""One run over several workers, with Ray Train."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suite.cluster.errors import first_line
from suite.training.job import Job, Result

GROUP_ENVIRONMENT = {  # how Ray Train leads one
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # workers stay where the data's relative paths hold
    # between looks at whether they are done: the default is 2
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
    # one process less a run; what is lost is trained again anyway
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    "RAY_TRAIN_METRICS_ENABLED": "0",
}
PROCESS_GROUP_TIMEOUT_S = (
    7 * 24 * 3600
)  # seconds a worker of a group waits for the others: Ray notices those that are gone


def lead_group(job: Job, each: Mapping[str, float]) -> list[Result]:
    """Have a group of workers do the job, each with these resources. This process only
    looks on, and needs none.

    A failure of any worker is the run's. Raises PeerLost where one goes away: the
    training is lost.
    """
    os.environ.update(GROUP_ENVIRONMENT)
    from ray import train
    from ray.train.torch import TorchConfig, TorchTrainer

    gpus = each.get("GPU", 0)
    # NCCL wants a GPU for each worker; gloo sums on behalf of those that share one
    backend = TorchConfig(
        "nccl" if gpus >= 1 else "gloo", timeout_s=PROCESS_GROUP_TIMEOUT_S
    )
    group = train.ScalingConfig(
        num_workers=job.world_size, use_gpu=gpus > 0, resources_per_worker=dict(each)
    )
    with tempfile.TemporaryDirectory(
        prefix="bakeoff-"
    ) as folder:  # nothing of ours goes there
        run = train.RunConfig(storage_path=folder)
        work = {"job": job}
        trainer = TorchTrainer(
            _run_rank,
            train_loop_config=work,
            torch_config=backend,
            scaling_config=group,
            run_config=run,
        )
        try:
            finished: Any = trainer.fit()
            return [finished.return_value]  # of the first worker
        except train.WorkerGroupError as error:
            return [_failure(error)]


def _run_rank(work: dict[str, Any]) -> Any:
    """A worker's Result, though Ray's types would have it be None."""
    from ray.experimental.internal_kv import _internal_kv_put
    from ray.train.torch import get_device
    from ray.util import get_current_placement_group

    from suite.training.worker import run_rank

    job: Job = work["job"]
    _internal_kv_put(held_by(job), pickle.dumps(get_current_placement_group()))
    return run_rank(replace(job, device=str(get_device())))


def held_by(job: Job) -> str:
    """Where, in the cluster's own store, a group's workers leave the placement group
    that they hold.
    """
    return f"bakeoff-group-{job.members[0].key}"


def _failure(error: Any) -> Result:
    """What the first worker that failed said of it. Raises where none said anything, as
    one went away.
    """
    from suite.training.data_parallel import PeerLost, RankFailed

    failures = error.worker_failures
    if told := [
        found.result for found in failures.values() if isinstance(found, RankFailed)
    ]:
        return min(told, key=lambda result: result.ended)
    gone = [
        f"worker {rank}: {first_line(found)}"
        for rank, found in failures.items()
        if not isinstance(found, PeerLost)
    ]
    raise PeerLost(
        "a group lost " + (", ".join(gone) or "the connection between its workers")
    )
