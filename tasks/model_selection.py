"""Is the score by which the best of many models was chosen too good to be true?

All models guess here, as on a leaderboard where nobody has learned anything: what the
best of k shows on the public examples beyond 1/2 comes from having been chosen.
"""

import math
from functools import partial
from typing import Any

import numpy as np
from scipy.special import bdtr

from tasks import (
    Arm,
    Axis,
    Claim,
    Level,
    Measure,
    Params,
    Plot,
    Task,
    Text,
)

COMPETITIONS = 400  # over which a block's optimism is averaged
PRIVATE = 10_000  # examples that nobody chose by
GUESSING = 0.5
LEE = Text(
    "Hung-yi Lee, Machine Learning 2022, validation",
    zh="李宏毅，机器学习 2022，验证集",
)
LUGOSI = Text(
    "Boucheron, Lugosi & Massart, Concentration inequalities (2013), section 2.5",
    zh="Boucheron、Lugosi 与 Massart，Concentration inequalities（2013），2.5 节",
)
SOURCE = Text(
    "Simulated. Licence: none applies.", zh="模拟产生。许可证：不涉及。"
)


def simulated(
    best: bool, level: Level, params: Params, seed: int
) -> dict[str, float]:
    """Public less private score, of the best of k models or of the first one."""
    examples, models = level["examples"], level["models"]
    rng = np.random.default_rng(seed)
    public = rng.binomial(examples, GUESSING, size=(COMPETITIONS, models))
    # All guess alike, so the first stands for any that was not chosen.
    chosen = public.max(axis=1) if best else public[:, 0]
    # on examples that it was not chosen by, any of them guesses again
    private = rng.binomial(PRIVATE, GUESSING, size=COMPETITIONS)
    return {"optimism": float(np.mean(chosen / examples - private / PRIVATE))}


def exact(level: Level, params: Params, seed: int) -> dict[str, float]:
    """The expected maximum of k binomial counts: the sum of P(maximum > count)."""
    examples, models = level["examples"], level["models"]
    # The mean of a count is the sum of its chances to be more than 0, 1, 2 and
    # so on; the best of k is at most j where all of them are.
    below = bdtr(np.arange(examples), examples, GUESSING) ** models
    return {"optimism": float((1 - below).sum()) / examples - GUESSING}


def bound(level: Level, params: Params, seed: int) -> dict[str, float]:
    """By how much, on average, the maximum of k scores may exceed their mean: each is
    sub-Gaussian with a variance of 1 / 4n.
    """
    return {
        "optimism": math.sqrt(
            math.log(level["models"]) / (2 * level["examples"])
        )
    }


def competition(models: int, examples: int) -> Level:
    """The level of so many guessing models and public examples."""
    label = Text(
        f"{models:,} models, {examples} public examples",
        zh=f"{models:,} 个模型，{examples} 个公开样本",
    )
    factors = {"models": models, "examples": examples}
    return Level(f"best_of_{models}_on_{examples}", factors, models, label)


def claim(name: str, english: str, chinese: str, **fields: Any) -> Claim:
    """A claim about optimism."""
    return Claim(name, Text(english, zh=chinese), "optimism", **fields)


LEVELS = tuple(competition(models, 100) for models in (10, 100, 1000, 10_000))
MORE_EXAMPLES = competition(1000, 400)
BEST_AND_ANY = {"better": "any", "worse": "best", "source": LEE}
ON_100 = tuple(level.name for level in LEVELS)
CLAIMS = (
    claim(
        "choosing_is_optimistic",
        "The score by which the best of k models was chosen is at least 5 points more "
        "optimistic than that of a model which was not chosen.",
        "选出 k 个模型中最好者的分数，比未经选择的模型的分数至少虚高 5 个百分点。",
        levels=ON_100,
        at_least=0.05,
        **BEST_AND_ANY,
    ),
    claim(
        "more_models_more_optimism",
        "The more models there are to choose from, the more optimistic it is.",
        "可选的模型越多，虚高越多。",
        kind="interaction",
        levels=ON_100,
        at_least=0.01,
        margin=0.005,
        **BEST_AND_ANY,
    ),
    claim(
        "optimism_is_as_expected",
        "On average it is that of the largest of k binomial scores.",
        "平均而言，它等于 k 个二项分布分数中最大者的虚高。",
        kind="equal",
        better="best",
        worse="exact",
        margin=0.005,
        source=LUGOSI,
    ),
    claim(
        "never_beyond_the_bound",
        "With k models and n examples its mean never exceeds √(ln k / 2n).",
        "k 个模型、n 个样本时，其平均值从不超过 √(ln k / 2n)。",
        kind="always",
        better="best",
        worse="bound",
        upper_bound=0.0,
        source=LUGOSI,
    ),
    claim(
        "grows_as_the_bound",
        "It grows as √(ln k / 2n), which is at most 1.5 times as much.",
        "它按 √(ln k / 2n) 增长，后者至多是它的 1.5 倍。",
        kind="no_worse",
        scale="log_ratio",
        better="bound",
        worse="best",
        margin=math.log(1.5),
        source=LUGOSI,
    ),
)
OPTIMISM = Measure(
    "optimism", "lower", label=Text("Optimism", zh="虚高"), percent=True
)
ANY, BEST = (
    Text("Any of them", zh="任意一个"),
    Text("Best of k", zh="k 个中最好的"),
)
BOUND = Text("Bound √(ln k / 2n)", zh="上界 √(ln k / 2n)")
MAXIMUM = Text("Binomial maximum", zh="二项分布的最大值")
TASK = Task(
    label=Text("Model selection", zh="模型选择"),
    question=Text(
        "Is the score by which the best of many models was chosen too good to be true?",
        zh="从众多模型中选出最好的那个，选它时的分数是否虚高？",
    ),
    topic=Text("Model selection", zh="模型选择"),
    arms=(
        Arm.function("best", partial(simulated, True), label=BEST),
        Arm.function("any", partial(simulated, False), label=ANY),
        Arm.function("exact", exact, label=MAXIMUM, deterministic=True),
        Arm.function("bound", bound, label=BOUND, deterministic=True),
    ),
    levels=(*LEVELS, MORE_EXAMPLES),
    measures=(OPTIMISM,),
    claims=CLAIMS,
    matched=Text("Models, examples, competitions", zh="模型、样本、竞赛次数"),
    axis=Text("Models", zh="模型数"),
    plots=(
        Plot(
            "optimism",
            Text("Optimism by number of models", zh="不同模型数下的虚高"),
            "optimism",
            Axis(Text("Models", zh="模型数"), log=True),
            levels=ON_100,
            says=Text(
                "With 100 public examples. The best of k grows as the root of ln k, "
                "below its bound; a model that was not chosen stays at 0.",
                zh="公开样本为 100 个。k 个中最好者的虚高按 √(ln k) 增长，且低于上界；"
                "未经选择的模型保持为 0。",
            ),
        ),
    ),
    why=Text(
        "Each public score is the true one plus noise; the best of many is the one "
        "with the luckiest noise. The expected maximum grows with the square root of "
        "the logarithm of the number of models, and shrinks with that of the "
        "examples. A private set that chose nothing has no such bias.",
        zh=(
            "每个公开分数等于真实水平加噪声；众多模型中最好的那个是噪声最幸运的。最大"
            "值的期望随模型数的对数的平方根增长，随样本数的平方根减小。没有用来选择的"
            "私有集合没有这种偏差。"
        ),
    ),
    literature=(
        "Boucheron, Lugosi & Massart, Concentration inequalities (2013), "
        "doi:10.1093/acprof:oso/9780199535255.001.0001",
    ),
    sources=(SOURCE, LEE, LUGOSI),
)
