"""How many examples does learning need, and how many does the union bound ask for?

The lecture's example: a threshold tells two kinds apart. A training set is bad if, for
any of |H| thresholds, its error is off the true one by more than ε; Hoeffding's
inequality and the union bound say that this has probability 2|H| exp(-2Nε²) at most.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tasks import (
    Arm,
    Axis,
    Claim,
    Curve,
    Level,
    Measure,
    Outcome,
    Params,
    Picture,
    Task,
    Text,
)

TRAINING_SETS = 300  # of which the share of bad ones is found
THRESHOLDS, EPSILON = 10_000, 0.1  # |H| and ε of the lecture
LOWEST, HIGHEST = -4.0, 4.0  # threshold; both kinds are normal around ± CENTRE
CENTRE = 0.75
LEE = Text(
    "Hung-yi Lee, Machine Learning 2022, theory (Pokémon and Digimon)",
    zh="李宏毅，机器学习 2022，理论（宝可梦与数码宝贝）",
)
HOEFFDING = Text(
    "Hoeffding, Probability inequalities for sums of bounded random variables (1963)",
    zh="Hoeffding，Probability inequalities for sums of bounded random variables（1963）",
)
SOURCE = Text(
    "Simulated. Licence: none applies.", zh="模拟产生。许可证：不涉及。"
)
FIGURES = Text(
    "At most 2707, 0.91, 0.00004 with N = 100, 500, 1000; 610 examples for 0.1",
    zh="N = 100、500、1000 时至多 2707、0.91、0.00004；要降到 0.1 需 610 个样本",
)
BAD = Text("P(bad training set)", zh="训练集为坏的概率")
DRAWN_AT = range(50, 801, 50)  # examples of the picture
Floats = NDArray[np.float64]


def simulated(level: Level, params: Params, seed: int) -> Outcome:
    """The share of bad training sets, and its fall as examples grow."""
    rng = np.random.default_rng(seed)
    thresholds = np.linspace(LOWEST, HIGHEST, THRESHOLDS)

    def share(examples: int) -> float:
        return share_of_bad(thresholds, examples, TRAINING_SETS, rng)

    return Outcome(
        {"bad": share(level["examples"])}, lambda: [over_examples(share)]
    )


def share_of_bad(
    thresholds: Floats, examples: int, sets: int, rng: np.random.Generator
) -> float:
    """The share of training sets that are bad for any of the thresholds."""
    expected = true_error(thresholds)
    bad = 0
    for _ in range(sets):
        apart = np.abs(training_error(thresholds, examples, rng) - expected)
        bad += int(apart.max() > EPSILON)
    return bad / sets


def true_error(thresholds: Floats) -> Floats:
    """Of calling right what is above a threshold, and left what is not."""
    lefts = ndtr(-(thresholds + CENTRE))
    rights = ndtr(thresholds - CENTRE)
    error: Floats = (lefts + rights) / 2
    return error


def training_error(
    thresholds: Floats, examples: int, rng: np.random.Generator
) -> Floats:
    """Each threshold's error on a training set of its own draw."""
    is_right = rng.random(examples) < 0.5
    x = rng.normal(np.where(is_right, CENTRE, -CENTRE))
    lefts, rights = np.sort(x[~is_right]), np.sort(x[is_right])
    # By sorting once, rather than comparing each example with 10,000
    # thresholds.
    wrong = len(lefts) - np.searchsorted(lefts, thresholds, side="right")
    wrong = wrong + np.searchsorted(rights, thresholds, side="right")
    return wrong / examples


def bound(level: Level, params: Params, seed: int) -> Outcome:
    """Hoeffding's inequality for each threshold, and the union bound over all."""

    def most(examples: int) -> float:
        return 2 * THRESHOLDS * math.exp(-2 * examples * EPSILON**2)

    return Outcome(
        {"bad": most(level["examples"])}, lambda: [over_examples(most)]
    )


def over_examples(found: Callable[[int], float]) -> Picture:
    """P(bad) over the number of training examples, down to what can be simulated."""
    # A logarithmic axis has no place for 0.
    shares = [max(found(examples), 1 / TRAINING_SETS) for examples in DRAWN_AT]
    return Picture(
        "bad_over_examples",
        BAD,
        Axis(Text("Training examples", zh="训练样本数")),
        Axis(BAD, log=True),
        (Curve(DRAWN_AT, shares),),
    )


def at(examples: int) -> Level:
    """The level of that many training examples."""
    label = Text(f"{examples} examples", zh=f"{examples} 个样本")
    return Level(f"n_{examples}", {"examples": examples}, examples, label)


LEVELS = tuple(at(examples) for examples in (50, 100, 200, 300, 500))
BOTH: dict[str, Any] = {
    "better": "simulated",
    "worse": "bound",
    "reported": FIGURES,
}
CLAIMS = (
    Claim(
        "the_bound_holds",
        Text("The bound is never violated.", zh="这个上界从不被违反。"),
        "bad",
        kind="always",
        upper_bound=0.0,
        source=HOEFFDING,
        **BOTH,
    ),
    Claim(
        "the_bound_is_loose",
        Text(
            "With up to 500 examples the bound is always at least 0.5 too high.",
            zh="样本不超过 500 个时，这个上界总是至少高出 0.5。",
        ),
        "bad",
        kind="always",
        upper_bound=-0.5,
        source=LEE,
        **BOTH,
    ),
    Claim(
        "a_third_of_the_examples_is_enough",
        Text(
            "With 200 examples fewer than 10 % of training sets are bad; the bound "
            "asks for 610.",
            zh="有 200 个样本时，坏训练集不到 10 %；该上界却要求 610 个。",
        ),
        "bad",
        "simulated",
        kind="threshold",
        reference=0.1,
        levels=("n_200",),
        source=LEE,
        reported=FIGURES,
    ),
)
BOUND = Text("Bound 2|H| exp(−2Nε²)", zh="上界 2|H| exp(−2Nε²)")
TASK = Task(
    label=Text("Generalisation bound", zh="泛化上界"),
    question=Text(
        "Does the union bound ask for more examples than learning needs?",
        zh="联合上界所要求的样本是否多于学习所需？",
    ),
    topic=Text("Model selection", zh="模型选择"),
    arms=(
        Arm.function(
            "simulated", simulated, label=Text("Simulation", zh="模拟")
        ),
        Arm.function("bound", bound, label=BOUND, deterministic=True),
    ),
    levels=LEVELS,
    measures=(Measure("bad", "lower", label=BAD),),
    claims=CLAIMS,
    matched=Text("Thresholds, examples and ε", zh="阈值、样本数与 ε"),
    axis=Text("Training examples", zh="训练样本数"),
    why=Text(
        "Hoeffding's inequality bounds how far one model's training error may be "
        "off; the union bound adds this up over all models, as if their bad training "
        "sets never overlapped. Thresholds next to each other are bad on nearly the "
        "same sets, so the sum counts the same event many times. The bound is "
        "therefore valid, and asks for far more examples than are needed.",
        zh=(
            "Hoeffding 不等式限制了单个模型训练误差的偏离；联合上界把所有模型的概率相"
            "加，如同它们的坏训练集互不重叠。相邻阈值的坏训练集几乎相同，因此同一事件"
            "被重复计算多次。所以上界成立，但要求的样本远多于实际所需。"
        ),
    ),
    literature=(
        "Hoeffding, Probability inequalities for sums of bounded random variables "
        "(1963), doi:10.1080/01621459.1963.10500830",
    ),
    sources=(SOURCE, LEE, HOEFFDING),
)
