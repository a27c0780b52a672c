"""One run on several workers, a data-parallel group, with Ray Train."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suite.errors import one_line
from suite.training.job import Job, Result

TRAIN_ENVIRONMENT = {
    # Workers stay where the relative paths of data hold.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    # Polling interval in seconds; Ray's default is 2.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
    # One process less per run; what is lost is trained again anyway.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    "RAY_TRAIN_METRICS_ENABLED": "0",
}
# A worker may wait as long for its peers: Ray itself notices those that are
# gone.
PROCESS_GROUP_TIMEOUT_S = 7 * 24 * 3600


def run_data_parallel(job: Job, each: Mapping[str, float]) -> list[Result]:
    """Have ``job.world_size`` workers execute the job, each with these resources.

    This process only waits for them, and needs no resources. A failure of any worker is
    the run's. Raises PeerLost where a worker goes away: the run is lost.
    """
    os.environ.update(TRAIN_ENVIRONMENT)
    from ray import train

    # The folder stays empty, but Ray Train requires one.
    with tempfile.TemporaryDirectory(prefix="bakeoff-") as folder:
        trainer = _trainer(job, each, folder)
        try:
            finished: Any = trainer.fit()
        except train.WorkerGroupError as error:
            return [_failure(error)]
    return [finished.return_value]  # of rank zero


def _trainer(job: Job, each: Mapping[str, float], folder: str) -> Any:
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    gpus = each.get("GPU", 0)
    # NCCL wants a GPU for each worker; gloo also reduces for those that share
    # one.
    backend = "nccl" if gpus >= 1 else "gloo"
    return TorchTrainer(
        _run_rank,
        train_loop_config={"job": job},
        torch_config=TorchConfig(backend, timeout_s=PROCESS_GROUP_TIMEOUT_S),
        scaling_config=ScalingConfig(
            num_workers=job.world_size,
            use_gpu=gpus > 0,
            resources_per_worker=dict(each),
        ),
        run_config=RunConfig(storage_path=folder),
    )


def _run_rank(config: dict[str, Any]) -> Any:
    """A worker's Result, though Ray's types would have it be None."""
    from ray.experimental.internal_kv import _internal_kv_put
    from ray.train.torch import get_device
    from ray.util import get_current_placement_group

    from suite.training.worker import run_rank

    job: Job = config["job"]
    _internal_kv_put(
        placement_key(job), pickle.dumps(get_current_placement_group())
    )
    return run_rank(replace(job, device=str(get_device())))


def release_resources(job: Job) -> None:
    """Release the resources of a group whose leading process was killed.

    In every other case that process does so itself.
    """
    from ray.experimental.internal_kv import _internal_kv_get
    from ray.util import remove_placement_group

    held = _internal_kv_get(placement_key(job))
    if held:
        remove_placement_group(pickle.loads(held))


def placement_key(job: Job) -> str:
    """The key, in the cluster's own store, of the placement group that a run holds."""
    return f"bakeoff-group-{job.members[0].key}"


def _failure(error: Any) -> Result:
    """The result of the worker that failed first.

    Raises PeerLost where none failed by itself, since one went away.
    """
    from suite.training.data_parallel import PeerLost, RankFailed

    failures: Mapping[int, Exception] = error.worker_failures
    failed = [e.result for e in failures.values() if isinstance(e, RankFailed)]
    if failed:
        # When one worker fails, its peers fail after it: the first has the
        # cause.
        return min(failed, key=lambda result: result.ended)
    gone = [
        f"worker {rank}: {one_line(failure)}"
        for rank, failure in failures.items()
        if not isinstance(failure, PeerLost)
    ]
    cause = ", ".join(gone) or "the connection between its workers"
    raise PeerLost(f"a group lost {cause}")
