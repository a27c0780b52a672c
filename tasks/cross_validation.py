"""Does N-fold cross-validation choose better models than one split?

Polynomials of degree 0 to 10 are fitted to a noisy sine. Each rule chooses a degree by
errors on examples held out; the polynomial of that degree, fitted to all examples, is
then compared with the best of all degrees.
"""

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.polynomial.legendre import legvander
from numpy.typing import NDArray

from tasks import Arm, Claim, Level, Measure, Params, Task, Text

DATA_SETS = 100  # over which a block's regret is averaged
DEGREES, NOISE, RIDGE = range(11), 0.5, 1e-3
GRID = np.linspace(-1, 1, 400)  # on which the true error is found
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021, general guide (N-fold cross-validation)",
    zh="李宏毅，机器学习 2021，机器学习任务攻略（N 折交叉验证）",
)
KOHAVI = Text(
    "Kohavi, A study of cross-validation and bootstrap for accuracy estimation and "
    "model selection (1995)",
    zh=(
        "Kohavi，A study of cross-validation and bootstrap for accuracy estimation and "
        "model selection（1995）"
    ),
)
SOURCE = Text(
    "Simulated. Licence: none applies.", zh="模拟产生。许可证：不涉及。"
)
Floats = NDArray[np.floating[Any]]


def regret(
    folds: int, used: int, level: Level, params: Params, seed: int
) -> dict[str, float]:
    """The log of the chosen polynomial's error over that of the best, on average."""
    rng = np.random.default_rng(seed)
    lost = [
        _lost(folds, used, level["examples"], rng) for _ in range(DATA_SETS)
    ]
    return {"regret": float(np.mean(lost))}


def _lost(
    folds: int, used: int, examples: int, rng: np.random.Generator
) -> float:
    x = rng.uniform(-1, 1, examples)
    y = truth(x) + NOISE * rng.normal(size=examples)
    powers = legvander(x, max(DEGREES))
    held_out = held_out_errors(powers, y, folds, used)
    on_grid = legvander(GRID, max(DEGREES))
    true = [
        _error(powers, y, on_grid, truth(GRID), degree) for degree in DEGREES
    ]
    # A ratio, because data sets differ in how well any degree can do.
    return math.log(true[int(np.argmin(held_out))] / min(true))


def truth(x: Floats) -> Floats:
    """What the polynomials are to find, at points ``x`` from -1 to 1."""
    return np.sin(3 * x)


def held_out_errors(
    powers: Floats, y: Floats, folds: int, used: int
) -> list[float]:
    """Each degree's mean squared error on ``used`` of the folds, fitted to all others."""
    fold = np.arange(len(y)) % folds
    errors = np.zeros(len(DEGREES))
    for number in range(used):
        out = fold == number
        fitted_on, tested_on = (powers[~out], y[~out]), (powers[out], y[out])
        errors += [
            _error(*fitted_on, *tested_on, degree) for degree in DEGREES
        ]
    return list(errors / used)


def _error(
    x: Floats, y: Floats, new_x: Floats, new_y: Floats, degree: int
) -> float:
    x, new_x = x[:, : degree + 1], new_x[:, : degree + 1]
    # A slight penalty: ten-odd examples do not determine a polynomial of
    # degree 10.
    gram = x.T @ x + RIDGE * np.eye(degree + 1)
    return float(
        np.mean((new_x @ np.linalg.solve(gram, x.T @ y) - new_y) ** 2)
    )


def rule(name: str, folds: int, used: int, english: str, chinese: str) -> Arm:
    """The arm of a rule that looks at ``used`` of the ``folds``."""
    label = Text(english, zh=chinese)
    return Arm.function(
        name, partial(regret, folds, used), label=label, x=used
    )


def at(examples: int) -> Level:
    """The level of that many examples to choose by and to learn from."""
    label = Text(f"{examples} examples", zh=f"{examples} 个样本")
    return Level(f"n_{examples}", {"examples": examples}, examples, label)


def claim(
    name: str, folds: str, kind: str, english: str, chinese: str
) -> Claim:
    """A claim about the regret against one split."""
    return Claim(
        name,
        Text(english, zh=chinese),
        "regret",
        folds,
        "one_split",
        kind=kind,
        margin=0.1,
        source=LEE if folds == "three_fold" else KOHAVI,
    )


CLAIMS = (
    claim(
        "three_folds_choose_no_worse",
        "three_fold",
        "no_worse",
        "Three folds choose no worse than one split of the same size.",
        "三折交叉验证的选择不差于同样大小的一次划分。",
    ),
    claim(
        "three_folds_choose_better",
        "three_fold",
        "difference",
        "Three folds choose better than one split of the same size.",
        "三折交叉验证的选择优于同样大小的一次划分。",
    ),
    claim(
        "ten_folds_choose_better",
        "ten_fold",
        "difference",
        "Ten folds choose better than one split.",
        "十折交叉验证的选择优于一次划分。",
    ),
)
TASK = Task(
    label=Text("Cross-validation", zh="交叉验证"),
    question=Text(
        "Does N-fold cross-validation choose better models than one split?",
        zh="N 折交叉验证选出的模型优于一次划分吗？",
    ),
    topic=Text("Model selection", zh="模型选择"),
    arms=(
        rule("one_split", 3, 1, "One split", "一次划分"),
        rule("three_fold", 3, 3, "Three folds", "三折"),
        rule("ten_fold", 10, 10, "Ten folds", "十折"),
    ),
    levels=(at(20), at(40)),
    measures=(
        Measure("regret", "lower", label=Text("Log regret", zh="对数遗憾")),
    ),
    claims=CLAIMS,
    matched=Text("Data sets and candidates", zh="数据集与候选模型"),
    axis=Text("Examples", zh="样本数"),
    arms_axis=Text("Fits per candidate", zh="每个候选的拟合次数"),
    why=Text(
        "An error on examples held out is itself a random number; with few of them "
        "the best-looking model is partly the luckiest. N folds use every example "
        "once for validation, so the average varies less than that of one split. The "
        "choice matters only where candidates lie further apart than that noise.",
        zh=(
            "留出样本上的误差本身是随机的；样本少时，看起来最好的模型部分是靠运气。N "
            "折使每个样本都验证一次，平均值的波动小于单次划分。只有候选模型的差距大于"
            "这种噪声时，选择方法才重要。"
        ),
    ),
    literature=(
        "Kohavi, A study of cross-validation and bootstrap for accuracy estimation "
        "and model selection (1995)",
    ),
    sources=(SOURCE, LEE, KOHAVI),
)
