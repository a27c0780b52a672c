"""Checkpoints of long runs, written at evaluations, so that another worker can resume
the run from there.

One file a run, in a folder that its workers see and that the driver made: on nodes that
do not share it, lost runs start from scratch, as short ones do. The driver removes a
file once its run is recorded. A file is the SHA-256 of what follows, then tensors and
plain values in PyTorch's format, which is read without unpickling anything else; one
that is damaged or truncated is ignored.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from suite.training.job import CheckpointPolicy
from suite.training.loop import TrainingLoop

SHARE = 0.05  # maximum share of a run's time for writing checkpoints
SCHEMA = 1  # of a checkpoint; one of another is ignored
DIGEST_BYTES = 32  # of a SHA-256


class Checkpointer:
    """The checkpoint of one run, in its worker.

    Without a policy, or where its folder is not there, nothing is written or read.
    ``key`` is the run's: it names the file, and a file of another run is ignored.
    ``clock`` gives the seconds that this attempt has taken, where they are not simply
    those since now.
    """

    def __init__(
        self,
        checkpoints: CheckpointPolicy | None,
        key: str,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._key = key
        self._path: Path | None = None
        self._every = 0.0
        if checkpoints is not None:
            self._every = checkpoints.every
            folder = Path(checkpoints.folder)
            if folder.is_dir():
                self._path = folder / f"{key}.pt"
        self._pause = self._every  # until the next checkpoint is due
        # Monotonic: a wall clock that is set back would hold up checkpoints
        # and the time limit.
        now = time.monotonic()
        self._clock = clock or (lambda: time.monotonic() - now)
        self._kept = now
        self._before = 0.0  # seconds of earlier attempts

    @property
    def seconds(self) -> float:
        """Training time so far, over all attempts."""
        return self._before + self._clock()

    def resume(self, training: TrainingLoop) -> dict[str, bytes]:
        """The artifacts that an earlier attempt left, by file name, once the training
        is restored from its checkpoint; empty where there is none.

        In a group all workers do so at once, with what the first one finds.
        """
        # The first worker reads for all: the others may not see its folder.
        found = (
            training.group.broadcast_from_rank_zero(self._left)
            if training.group
            else self._left()
        )
        if found is None or (found["schema"], found["key"]) != (
            SCHEMA,
            self._key,
        ):
            return {}
        training.load_state_dict(found["training"])
        self._before = float(found["seconds"])
        artifacts = {}
        for name, content in found["artifacts"].items():
            artifacts[name] = content.numpy().tobytes()
        return artifacts

    def _left(self) -> dict[str, Any] | None:
        return _read(self._path) if self._path else None

    def save(
        self,
        training: TrainingLoop,
        artifacts: Mapping[str, bytes],
        now: bool = False,
    ) -> None:
        """After an evaluation: write the checkpoint if one is due, or ``now``.

        ``artifacts`` are contents of files by name; ``resume`` returns them. Writing
        takes at most ``SHARE`` of the run's time, so the pauses grow with the size of
        the model. A full disk is not an error: the run continues without a checkpoint.
        """
        began = time.monotonic()
        is_due = now or began - self._kept >= self._pause
        if self._path is None or not is_due:
            return
        as_tensors = {}
        for name, content in artifacts.items():
            as_tensors[name] = torch.frombuffer(
                bytearray(content), dtype=torch.uint8
            )
        checkpoint = {
            "schema": SCHEMA,
            "key": self._key,
            "seconds": self.seconds,
            "training": training.state_dict(),
            "artifacts": as_tensors,
        }
        with suppress(OSError):
            _write(self._path, checkpoint)
        # After a failure, too: a full disk is tried again once per pause.
        self._kept = time.monotonic()
        writing = self._kept - began
        self._pause = max(self._every, writing / SHARE)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    saved = buffer.getbuffer()
    checksum = hashlib.sha256(saved).digest()
    # A worker that is thought to be lost may still be writing its own.
    own = path.with_name(f"{path.stem}.{os.getpid()}.part")
    try:
        own.write_bytes(checksum + saved)
        # Whoever reads finds the old file or the new one, never half of one.
        os.replace(own, path)
    finally:
        own.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum = content[:DIGEST_BYTES]
    saved = content[DIGEST_BYTES:]
    if hashlib.sha256(saved).digest() != checksum:
        return None
    try:
        found: dict[str, Any] = torch.load(
            io.BytesIO(saved),
            map_location="cpu",
            weights_only=True,
        )
    except (RuntimeError, pickle.UnpicklingError):
        # The checksum holds: another version of PyTorch wrote it.
        return None
    return found


# ------------------------------------------------------------------- the driver's part


def prepare(folder: Path, recorded: Iterable[str]) -> None:
    """Create the folder, and remove the checkpoints of runs that are recorded.

    ``recorded`` are the keys of those runs. Raises OSError where the folder cannot be
    made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = set(recorded)
    for path in folder.iterdir():
        # A writer that was killed leaves KEY.PID.part.
        key, _, _ = path.name.partition(".")
        if key in done:
            path.unlink(missing_ok=True)


def drop(folder: Path, key: str) -> None:
    """Remove the file of a recorded run."""
    with suppress(OSError):
        (folder / f"{key}.pt").unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove the folder: every run is recorded."""
    shutil.rmtree(folder, ignore_errors=True)
