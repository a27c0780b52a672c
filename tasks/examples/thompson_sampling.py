"""Does Thompson sampling regret less than epsilon-greedy, tuned with equal effort?

After Chapelle & Li, "An empirical evaluation of Thompson sampling" (2011), figure 1.
Nothing is trained: each arm of the comparison is a function.
"""

from collections.abc import Callable

import numpy as np

from tasks import Arm, Claim, Float, Level, Measure, Params, Space, Task

BANDITS, DRAWS = 20, 300
Choose = Callable[[np.ndarray, np.ndarray, np.random.Generator], int]


def mean_regret(level: Level, seed: int, choose: Choose) -> dict[str, float]:
    """The expected reward that ``choose(wins, losses, rng)`` misses, over a few bandits.

    They are the same for both arms of the comparison, because the seed is.
    """
    bandits = np.random.default_rng(seed).uniform(
        size=(BANDITS, level["arms"])
    )
    rng = np.random.default_rng((seed, 1))
    return {
        "regret": float(
            np.mean([regret(rates, choose, rng) for rates in bandits])
        )
    }


def regret(
    rates: np.ndarray, choose: Choose, rng: np.random.Generator
) -> float:
    """The expected reward that is missed on a bandit of these rates."""
    wins, losses = np.zeros(len(rates)), np.zeros(len(rates))
    missed = 0.0
    for _ in range(DRAWS):
        arm = choose(wins, losses, rng)
        reward = rng.random() < rates[arm]
        wins[arm] += reward
        losses[arm] += not reward
        missed += rates.max() - rates[arm]
    return missed


def thompson(level: Level, params: Params, seed: int) -> dict[str, float]:
    """The arm whose rate, drawn from its posterior, is highest."""
    return mean_regret(
        level,
        seed,
        lambda wins, losses, rng: int(rng.beta(wins + 1, losses + 1).argmax()),
    )


def epsilon_greedy(
    level: Level, params: Params, seed: int
) -> dict[str, float]:
    """The arm of the highest mean, or with probability ``epsilon`` any."""

    def choose(
        wins: np.ndarray, losses: np.ndarray, rng: np.random.Generator
    ) -> int:
        if rng.random() < params["epsilon"]:
            return int(rng.integers(len(wins)))
        return int(((wins + 1) / (wins + losses + 2)).argmax())

    return mean_regret(level, seed, choose)


TASK = Task(
    question="Does Thompson sampling regret less than epsilon-greedy?",
    arms=(
        Arm.function("thompson", thompson, label="Thompson sampling"),
        Arm.function(
            "epsilon_greedy",
            epsilon_greedy,
            label="Epsilon-greedy",
            space=Space(epsilon=Float(0.001, 0.5, log=True)),
        ),
    ),
    levels=(Level("ten_arms", {"arms": 10}, label="10 arms"),),
    measures=(Measure("regret", "lower", label="regret after 300 draws"),),
    claims=(
        Claim(
            name="thompson_regrets_less",
            says="Thompson sampling regrets less than tuned epsilon-greedy",
            metric="regret",
            better="thompson",
            worse="epsilon_greedy",
            margin=1.0,
            source="Chapelle & Li (2011)",
        ),
    ),
)
