"""Chooses the executor for a number of workers and an address."""

from __future__ import annotations

from suite.cluster.protocol import Executor
from tasks import UserError


def open_executor(
    address: str | None = None, workers: int | None = None
) -> Executor:
    """Ray's, which starts in the background, or (``workers=0``) this process.

    ``workers`` is the number of workers on this machine (default: one per core),
    ``address`` that of a running cluster. Raises UserError if both are given.
    """
    if workers == 0:
        return _this_process(address)
    from suite.cluster.ray_executor import RayExecutor

    return RayExecutor(address, workers)


def _this_process(address: str | None) -> Executor:
    if address is not None:
        raise UserError(
            f"--workers 0 runs everything in this process, and --address {address} "
            "on a cluster: leave one out."
        )
    # Only here: torch takes seconds to import, which Ray's start does not wait
    # for.
    import torch

    from suite.cluster.serial import SerialExecutor

    return SerialExecutor(gpus=torch.cuda.device_count())
