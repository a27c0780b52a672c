"""How fast does the error of a numerical integral fall with the number of points?

Two power laws from theory: independent points err as n^-1/2, and one point in each of n
equal strata as n^-3/2, for a smooth function of one variable. Nothing is trained.
"""

import numpy as np

from tasks import Arm, Claim, Level, Measure, Params, Task

REPEATS = 200
TRUTH = np.e - 1  # the integral of exp from 0 to 1


def error(points: np.ndarray) -> dict[str, float]:
    """The root mean squared error over repeats; ``points`` is (repeats, n)."""
    found = np.exp(points).mean(axis=1)
    return {"error": float(np.sqrt(np.mean((found - TRUTH) ** 2)))}


def independent(level: Level, params: Params, seed: int) -> dict[str, float]:
    """The error of points drawn independently."""
    rng = np.random.default_rng(seed)
    return error(rng.random((REPEATS, int(level["points"]))))


def stratified(level: Level, params: Params, seed: int) -> dict[str, float]:
    """The error of one point in each of n equal parts."""
    rng, n = np.random.default_rng(seed), int(level["points"])
    return error((np.arange(n) + rng.random((REPEATS, n))) / n)


def power(arm: str, exponent: float) -> Claim:
    """That an arm's error falls with that power of n."""
    return Claim(
        f"{arm}_exponent",
        f"With {arm} points the error goes as n to the power {exponent:g}.",
        metric="error",
        better=arm,
        kind="power_law",
        exponent=exponent,
        margin=0.1,
        source="Owen, Monte Carlo theory, methods and examples (2013), chapters 2 and 8",
    )


TASK = Task(
    question="How fast does the error of an integral fall with the number of points?",
    arms=(
        Arm.function("independent", independent, label="Independent points"),
        Arm.function("stratified", stratified, label="Stratified points"),
    ),
    levels=tuple(
        Level(f"n{n}", {"points": n}, x=n, label=f"{n} points") for n in (8, 32, 128, 512)
    ),
    measures=(Measure("error", "lower", label="Error"),),
    claims=(power("independent", -0.5), power("stratified", -1.5)),
    axis="Number of points",
)
