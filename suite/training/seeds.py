"""Random streams: every seed is derived from one root and a path of names, and depends
on nothing else.

Split, batch order and evaluation do not know the arm, so that arms of a block are
compared in pairs; tuner, initialisation and dropout know the arm's *name*, so that the
same arm under two names is a real comparison.
"""

import hashlib

import numpy as np


def seed(root: int, *path: str | int) -> int:
    """A 63-bit seed for the stream at ``path`` below ``root``; equal paths, equal
    seeds; others are independent.
    """
    words = np.frombuffer(hashlib.sha256(repr(path).encode()).digest(), dtype=np.uint32)
    state = np.random.SeedSequence(
        entropy=root, spawn_key=tuple(int(word) for word in words)
    )
    return int(state.generate_state(1, np.uint64)[0] >> np.uint64(1))


def run_seeds(
    root: int,
    task: str,
    level: str,
    block: int,
    arm: str,
    kind: str,
    number: int,
) -> dict[str, int]:
    """The seeds of one run. Trials and finals of a block share its split, and
    nothing else.

    A half-budget or half-length final takes the seeds of the final with its number: it
    differs from that in its hyperparameters or in its length alone.
    """
    shared, own = (task, level, block), (task, level, block, arm)
    kind = "final" if kind in ("half_budget", "half_length") else kind
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
