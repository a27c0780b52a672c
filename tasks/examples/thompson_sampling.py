"""Does Thompson sampling regret less than epsilon-greedy, tuned with equal effort?

After Chapelle & Li, "An empirical evaluation of Thompson sampling" (2011), figure 1.
Nothing is trained: each arm of the comparison is a function.
"""

import numpy as np

from tasks import Arm, Claim, Float, Level, Measure, Params, Space, Task

BANDITS, DRAWS = 20, 300


def thompson(wins: np.ndarray, losses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every rate, drawn from its posterior."""
    return np.asarray(rng.beta(wins + 1, losses + 1))


def mean(wins: np.ndarray, losses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The posterior mean of every rate."""
    return np.asarray((wins + 1) / (wins + losses + 2))


def regret(level: Level, params: Params, seed: int) -> dict[str, float]:
    """The expected reward that is missed in a few bandits, the same for both arms."""
    bandits = np.random.default_rng(seed).uniform(size=(BANDITS, level["arms"]))
    rng = np.random.default_rng((seed, 1))
    score = thompson if params["epsilon"] == 0 else mean
    missed = 0.0
    for rates in bandits:
        wins, losses = np.zeros(len(rates)), np.zeros(len(rates))
        for _ in range(DRAWS):
            explore = rng.random() < params["epsilon"]
            arm = rng.integers(len(rates)) if explore else score(wins, losses, rng).argmax()
            reward = rng.random() < rates[arm]
            wins[arm] += reward
            losses[arm] += not reward
            missed += rates.max() - rates[arm]
    return {"regret": float(missed / BANDITS)}


LESS = "Thompson sampling regrets less than tuned epsilon-greedy."
TASK = Task(
    question="Does Thompson sampling regret less than epsilon-greedy?",
    arms=(
        Arm.function("thompson", regret, label="Thompson sampling", params={"epsilon": 0.0}),
        Arm.function(
            "greedy",
            regret,
            label="Epsilon-greedy",
            space=Space(epsilon=Float(0.001, 0.5, log=True)),
        ),
    ),
    levels=(Level("ten_arms", {"arms": 10}, label="10 arms"),),
    measures=(Measure("regret", "lower", label="regret after 300 draws"),),
    claims=(Claim("less_regret", LESS, "regret", "thompson", "greedy", margin=1.0),),
)
