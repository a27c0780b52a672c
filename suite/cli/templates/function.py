"""Do stratified points integrate better than independent ones? Say here what you
compare, and after whom.
"""

import numpy as np

from tasks import Arm, Claim, Level, Measure, Params, Task

TRUTH = np.e - 1  # the integral of exp from 0 to 1


def independent(level: Level, params: Params, seed: int) -> dict[str, float]:
    """A number for each of the task's measures, from a level, hyperparameters and a seed:
    nothing is trained.
    """
    points = np.random.default_rng(seed).random(level["points"])
    return {"error": float(abs(np.exp(points).mean() - TRUTH))}


def stratified(level: Level, params: Params, seed: int) -> dict[str, float]:
    """The same with one point in each of equally many intervals."""
    count = level["points"]
    within = np.random.default_rng(seed).random(count)
    points = (np.arange(count) + within) / count
    return {"error": float(abs(np.exp(points).mean() - TRUTH))}


TASK = Task(
    question="Do stratified points integrate better than independent ones?",
    arms=(
        Arm.function("independent", independent, label="Independent points"),
        Arm.function("stratified", stratified, label="Stratified points"),
    ),
    levels=(
        Level("few", {"points": 16}, x=16),
        Level("many", {"points": 256}, x=256),
    ),
    measures=(Measure("error", "lower", label="Error"),),
    claims=(
        Claim(
            "stratified_is_better",
            "With 16 points, stratified ones err less than independent ones.",
            metric="error",
            better="stratified",
            worse="independent",
            levels=("few",),
            # the smallest difference in the error that matters, fixed before the run
            margin=0.02,
        ),
    ),
    axis="Points",
)
