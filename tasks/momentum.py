"""What momentum buys: fewer updates in narrow valleys, and a way over a bump.

On a quadratic of condition number κ the best rates are known in closed form. Plain
gradient descent then shrinks the error by (κ-1)/(κ+1) an update, momentum by
(√κ-1)/(√κ+1) (Polyak, 1964): about √κ times fewer updates to the same error.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from tasks import (
    Arm,
    Axis,
    Claim,
    Level,
    Measure,
    Outcome,
    Params,
    Plot,
    Task,
    Text,
)
from tasks.models.surfaces import Array, random_quadratic
from tasks.procedures.descent import distances

GOAL = 1e-6  # of the starting distance
PLACE, WIDTH = 1.0, 0.15  # of the bump
BUMP_RATE = 0.01
Gradient = Callable[[Array], Array]
# gradient, start, rate, momentum
Problem = tuple[Gradient, Array, float, float]


def heavy_ball(
    gradient: Gradient, start: Array, rate: float, momentum: float, most: int
) -> Array:
    """The share of the distance to the minimum at 0 that is left at the start, and
    after each update: until it is GOAL, or after ``most`` updates.
    """
    point, step = start, np.zeros_like(start)
    squares = [start @ start]
    while squares[-1] > GOAL**2 * squares[0] and len(squares) <= most:
        step = momentum * step - rate * gradient(point)
        point = point + step
        squares.append(point @ point)
    return np.sqrt(np.array(squares) / squares[0])


def valley(
    has_momentum: bool, level: Level, rng: np.random.Generator
) -> Problem:
    """A random quadratic whose eigenvalues run from 1/κ to 1, and the best rate and
    momentum for it.
    """
    condition = level["condition"]
    surface = random_quadratic(condition, 20, rng)
    start = rng.normal(size=20)
    least = 1 / condition
    if not has_momentum:
        return surface.gradient, start, 2 / (1 + least), 0.0
    root = math.sqrt(least)
    momentum = ((1 - root) / (1 + root)) ** 2
    return surface.gradient, start, (2 / (1 + root)) ** 2, momentum


def bump(
    has_momentum: bool, level: Level, rng: np.random.Generator
) -> Problem:
    """½u² with a bump on the way down, from a start beyond it."""

    def gradient(u: Array) -> Array:
        away = (u - PLACE) / WIDTH
        # The derivative of u²/2 + height exp(-((u - 1) / 0.15)²). The bump is
        # so narrow that the minimum stays at 0.
        slope: Array = u - 2 * level["height"] / WIDTH * away * np.exp(
            -(away**2)
        )
        return slope

    # Far enough from the bump for momentum to have gathered speed there.
    start = rng.uniform(2.5, 3.5, size=1)
    return gradient, start, BUMP_RATE, 0.9 if has_momentum else 0.0


def measure(
    has_momentum: bool, level: Level, params: Params, seed: int
) -> Outcome:
    """After how many updates the minimum is reached, and whether it is at all."""
    make = valley if "condition" in level.factors else bump
    problem = make(has_momentum, level, np.random.default_rng(seed))
    shares = heavy_ball(*problem, most=level["updates"])
    arrives = bool(shares[-1] <= GOAL)
    updates = len(shares) - 1 if arrives else level["updates"] + 1
    values = {"updates": float(updates), "arrives": float(arrives)}
    return Outcome(values, lambda: [distances(shares)])


def arm(name: str, has_momentum: bool, en: str, zh: str) -> Arm:
    """The arm with momentum, or without."""
    return Arm.function(
        name, partial(measure, has_momentum), label=Text(en, zh=zh)
    )


def condition(value: int) -> Level:
    """The level of quadratics of that condition number."""
    factors = {"condition": value, "updates": 200_000}
    label = Text(f"Condition number {value:,}", zh=f"条件数 {value:,}")
    return Level(f"kappa_{value}", factors, value, label)


def hill(name: str, height: float, en: str, zh: str) -> Level:
    """The level of a bump of that height."""
    return Level(
        name, {"height": height, "updates": 5000}, label=Text(en, zh=zh)
    )


VALLEYS = tuple(condition(value) for value in (10, 100, 1000, 10_000))
POLYAK = Text(
    "Polyak, Some methods of speeding up the convergence of iteration methods (1964)",
    zh="Polyak，Some methods of speeding up the convergence of iteration methods（1964）",
)
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: batch and momentum",
    zh="李宏毅，机器学习 2021：批次与动量",
)
OVER = Text(
    "A ball that rolls on from a local minimum, up and over the hill behind it",
    zh="小球滚过局部最小值，越过其后的小山",
)


def crosses(
    name: str, who: str, level: str, does: bool, en: str, zh: str
) -> Claim:
    """That an arm always arrives at the minimum behind a bump, or never does."""
    return Claim(
        name,
        Text(en, zh=zh),
        "arrives",
        better=who,
        levels=(level,),
        kind="always",
        equal_to=float(does),
        source=LEE,
        reported=OVER,
    )


CLAIMS = (
    Claim(
        "gain_grows_with_the_condition",
        Text(
            "With momentum the number of updates grows more slowly with the condition "
            "number κ: the ratio grows at least like κ to the power of 0.4.",
            zh="使用动量时，更新次数随条件数 κ 增长得更慢：两者之比至少按 κ 的 0.4 次方增长。",
        ),
        "updates",
        better="momentum",
        worse="plain",
        levels=tuple(level.name for level in VALLEYS),
        kind="interaction",
        scale="log_ratio",
        at_least=0.4,
        margin=0.02,
        source=POLYAK,
        reported=Text(
            "The square root of κ: a power of 0.5", zh="κ 的平方根：0.5 次方"
        ),
    ),
    Claim(
        "fifty_times_fewer",
        Text(
            "At a condition number of 10,000 momentum needs at most a fiftieth of the "
            "updates.",
            zh="条件数为 10,000 时，使用动量所需的更新次数至多为五十分之一。",
        ),
        "updates",
        better="momentum",
        worse="plain",
        levels=("kappa_10000",),
        scale="log_ratio",
        at_least=math.log(50),
        margin=0.1,
        source=POLYAK,
        reported=Text("About √κ = 100 times fewer", zh="约少 √κ = 100 倍"),
    ),
    crosses(
        "descent_stops_at_a_bump",
        "plain",
        "low_bump",
        False,
        "Plain gradient descent stops before a low bump.",
        "普通梯度下降停在低矮的凸起之前。",
    ),
    crosses(
        "momentum_crosses_a_bump",
        "momentum",
        "low_bump",
        True,
        "Momentum carries it over.",
        "动量能使其越过。",
    ),
    crosses(
        "momentum_crosses_any_bump",
        "momentum",
        "high_bump",
        True,
        "Momentum carries it over a bump ten times as high, too.",
        "动量也能使其越过十倍高的凸起。",
    ),
)

TASK = Task(
    label=Text("Momentum", zh="动量"),
    question=Text(
        "Does momentum save updates, and carry descent over bumps?",
        zh="动量能减少更新次数，并越过凸起吗？",
    ),
    topic=Text("Optimisation", zh="优化"),
    arms=(
        arm("plain", False, "Gradient descent", "梯度下降"),
        arm("momentum", True, "With momentum", "使用动量"),
    ),
    levels=(
        *VALLEYS,
        hill("low_bump", 0.3, "A low bump", "低矮的凸起"),
        hill("high_bump", 3.0, "A bump ten times as high", "十倍高的凸起"),
    ),
    measures=(
        Measure(
            "updates",
            "lower",
            unit="updates",
            label=Text(
                "Updates to the minimum", zh="到达最小值所需的更新次数"
            ),
        ),
        Measure(
            "arrives",
            "higher",
            label=Text("Arrives at the minimum", zh="是否到达最小值"),
        ),
    ),
    claims=CLAIMS,
    matched=Text(
        "Surface and start; for bumps the rate, for valleys the best rate of each",
        zh="函数与起点；凸起用相同的学习率，山谷各用最优学习率",
    ),
    axis=Text("Condition number", zh="条件数"),
    why=Text(
        "Momentum averages past gradients: components that change sign across a "
        "narrow valley cancel, those along it add up. On a quadratic this replaces "
        "the condition number in the convergence rate by its square root. The same "
        "velocity can carry over a small bump, and just as well past a minimum.",
        zh=(
            "动量对过去的梯度求平均：在狭窄山谷中来回变号的分量相互抵消，沿谷方向的分"
            "量累加。在二次函数上，收敛速度中的条件数因此变为其平方根。同样的速度可以"
            "越过小丘，也可能越过极小值。"
        ),
    ),
    plots=(
        Plot(
            "updates",
            Text("Updates by condition number", zh="不同条件数下的更新次数"),
            "updates",
            Axis(Text("Condition number", zh="条件数"), log=True),
            y=Axis(
                Text("Updates to the minimum", zh="到达最小值的更新次数"),
                log=True,
            ),
            says=Text(
                "On axes of ratios a power is a straight line: of slope 1 without "
                "momentum, and of half with it.",
                zh="在对数坐标上，幂函数是直线：没有动量时斜率为 1，有动量时为一半。",
            ),
        ),
    ),
    literature=(
        "Polyak, Some methods of speeding up the convergence of iteration methods "
        "(1964), doi:10.1016/0041-5553(64)90137-5",
        "Goh, Why momentum really works (2017), doi:10.23915/distill.00006",
    ),
    sources=(
        Text(
            "Surfaces and starts are generated for each block. Licence: MIT, as this "
            "project.",
            zh="每个区组重新生成函数与起点。许可证：MIT，与本项目相同。",
        ),
    ),
)
