"""Random streams: every seed is derived from one root and a path of names, and depends
on nothing else.

The seeds of split, batch order and evaluation do not depend on the arm, so that arms are
compared in pairs within a block. Those of tuner, initialisation and dropout depend on the
arm's *name*, so that one arm under two names (an A/A test) has independent runs; an arm
with ``seeds_of`` has those of the arm that it names.
"""

import hashlib

import numpy as np


def seed(root: int, *path: str | int) -> int:
    """A 63-bit seed for the stream at ``path`` below ``root``.

    Equal paths have equal seeds, and the streams of others are independent: the path's
    SHA-256 is the spawn key of a ``numpy.random.SeedSequence``.
    """
    # `repr` tells 1 from "1", and keeps the names of a path apart.
    digest = hashlib.sha256(repr(path).encode()).digest()
    words = np.frombuffer(digest, dtype=np.uint32)
    sequence = np.random.SeedSequence(
        entropy=root,
        spawn_key=tuple(int(word) for word in words),
    )
    (state,) = sequence.generate_state(1, np.uint64)
    # Never negative, even where a library takes signed 64-bit integers.
    return int(state >> np.uint64(1))


def run_seeds(
    root: int,
    task: str,
    level: str,
    block: int,
    arm: str,
    kind: str,
    number: int,
) -> dict[str, int]:
    """The seeds of one run, by stream: ``split``, ``order``, ``evaluation``,
    ``initialisation`` and ``dropout``.

    Trials and finals of a block share its split and how it is evaluated, and nothing
    else. A round takes the seeds of the trial whose beginning it is. A half-budget or
    half-length final takes the seeds of the final with its number: it differs from that
    in its hyperparameters or in its length alone.
    """
    shared = task, level, block
    own = task, level, block, arm
    if kind in ("half_budget", "half_length"):
        kind = "final"
    if kind == "round":
        kind = "trial"
    return {
        "split": seed(root, "split", *shared),
        "order": seed(root, "order", *shared, kind, number),
        "evaluation": seed(root, "evaluation", *shared),
        "initialisation": seed(root, "initialisation", *own, kind, number),
        "dropout": seed(root, "dropout", *own, kind, number),
    }


def tuner_seed(root: int, task: str, level: str, block: int, arm: str) -> int:
    """The seed of a cell's tuning study, 32 bits as Optuna's samplers want it."""
    return seed(root, "tuner", task, level, block, arm) & 0xFFFFFFFF
