"""Which learning rates let gradient descent converge, how fast, and where does it end?

On a quadratic everything is known: after t updates with rate η the error is
(I - ηH)ᵗ times that of the start, which vanishes if and only if η < 2/λmax. The
lecture's regression of b and w is such a quadratic, and a hard one.
"""

import math
from collections.abc import Callable
from functools import partial

from tasks import Arm, Claim, Level, Measure, Task, Text
from tasks.models.surfaces import Array
from tasks.procedures.descent import (
    adagrad,
    closed_form,
    gradient_descent,
    measure,
)

QUADRATICS = ("kappa_10", "kappa_1000", "regression")
LECTURE = Text(
    "Hung-yi Lee, Machine Learning 2021: gradient descent, learning rates",
    zh="李宏毅，机器学习 2021：梯度下降与学习率",
)
NESTEROV = Text(
    "Nesterov, Introductory lectures on convex optimization (2004), section 1.2",
    zh="Nesterov，Introductory lectures on convex optimization（2004），1.2 节",
)
CLAIMS = (
    Claim(
        "converges_below",
        Text(
            "On every quadratic, gradient descent with a rate 1 % below 2/λmax comes "
            "nearer to the minimum.",
            zh="在每个二次函数上，学习率比 2/λmax 低 1 % 的梯度下降都会靠近最小值。",
        ),
        metric="log_distance",
        kind="always",
        better="below",
        levels=QUADRATICS,
        upper_bound=0.0,
        source=NESTEROV,
    ),
    Claim(
        "diverges_above",
        Text(
            "With a rate 1 % above 2/λmax it diverges on every one: the distance grows "
            "more than a millionfold.",
            zh="学习率比 2/λmax 高 1 % 时，它在每个二次函数上都发散：距离增长超过一百万倍。",
        ),
        metric="log_distance",
        kind="always",
        better="above",
        levels=QUADRATICS,
        # The steepest part of the error grows by 2 % an update: 700 updates
        # make it a million times as large.
        lower_bound=6.0,
        source=NESTEROV,
        reported=Text(
            "For the regression a slide calls a rate of 0.01 oscillating; with the "
            "summed squared error 2/λmax is 1.1e-6",
            zh="幻灯片说回归中学习率 0.01 会振荡；而对平方误差之和，2/λmax 为 1.1e-6",
        ),
    ),
    Claim(
        "error_has_a_closed_form",
        Text(
            "Its error is (I - ηH)ᵗ times that of the start, to 8 digits.",
            zh="它的误差是起点误差乘以 (I - ηH)ᵗ，精确到 8 位数字。",
        ),
        metric="log_distance",
        kind="always",
        better="below",
        worse="closed_form",
        levels=QUADRATICS,
        equal_to=0.0,
        # The metric is a decimal logarithm: a relative error of 1e-8 in the
        # distance is that much there.
        tolerance=1e-8 / math.log(10),
        source=NESTEROV,
    ),
    Claim(
        "convex_ends_agree",
        Text(
            "On a convex surface it ends with one loss from every start, to a millionth.",
            zh="在凸函数上，从任何起点出发，最终损失都相同（相差不到百万分之一）。",
        ),
        metric="spread",
        kind="always",
        better="half",
        # The regression is convex, too, but its end is not reached (see
        # the_regression_stalls).
        levels=("kappa_10", "kappa_1000"),
        upper_bound=1e-6,
        source=LECTURE,
    ),
    Claim(
        "valleys_ends_differ",
        Text(
            "On a surface with two valleys the final loss depends on the start.",
            zh="在有两个谷的函数上，最终损失取决于起点。",
        ),
        metric="spread",
        kind="always",
        better="half",
        levels=("two_valleys",),
        lower_bound=0.01,
        source=LECTURE,
    ),
    Claim(
        "updates_grow_with_the_condition",
        Text(
            "A condition number of 1,000 takes at least 50 times the updates of 10.",
            zh="条件数为 1,000 时所需的更新次数至少是条件数为 10 时的 50 倍。",
        ),
        metric="updates",
        kind="contrast",
        weights={"half@kappa_1000": -1, "half@kappa_10": 1},
        scale="log_ratio",
        # At η = 1/λmax the slowest part shrinks by 1 - 1/κ an update, which
        # makes about 105 times as many in theory.
        at_least=math.log(50),
        margin=0.1,
        source=NESTEROV,
    ),
    Claim(
        "the_regression_stalls",
        Text(
            "On the lecture's regression, 100,000 updates leave at least half of the "
            "distance, although the loss is convex.",
            zh="在课程的回归问题上，虽然损失是凸的，100,000 次更新后仍剩下至少一半的距离。",
        ),
        metric="log_distance",
        kind="always",
        better="below",
        levels=("regression",),
        lower_bound=math.log10(0.5),
        source=LECTURE,
    ),
    Claim(
        "adagrad_gets_near",
        Text(
            "There Adagrad gets at least ten times nearer to the minimum.",
            zh="在那里，Adagrad 离最小值至少近十倍。",
        ),
        metric="log_distance",
        better="adagrad",
        worse="below",
        levels=("regression",),
        at_least=1.0,
        margin=0.1,
        source=LECTURE,
        reported=Text(
            "A path that reaches the minimum's mark in 100,000 updates",
            zh="100,000 次更新后，路径到达最小值的标记处",
        ),
    ),
)


def arm(
    name: str, walk: Callable[..., Array], value: float, en: str, zh: str
) -> Arm:
    """The arm of a way to walk with that share of the critical rate, or that
    rate.
    """
    follow = partial(walk, value)
    return Arm.function(name, partial(measure, follow), label=Text(en, zh=zh))


def level(name: str, x: float | None, updates: int, en: str, zh: str) -> Level:
    """A surface with the number of updates that tells what is claimed of it."""
    factors = {"surface": name, "updates": updates}
    return Level(name, factors, x, Text(en, zh=zh))


TASK = Task(
    label=Text("Gradient descent", zh="梯度下降"),
    question=Text(
        "Which learning rates let gradient descent converge, and where does it end?",
        zh="怎样的学习率能使梯度下降收敛？它停在哪里？",
    ),
    topic=Text("Optimisation", zh="优化"),
    arms=(
        arm(
            "half",
            gradient_descent,
            0.5,
            "Half: η = 1/λmax",
            "一半：η = 1/λmax",
        ),
        arm(
            "below",
            gradient_descent,
            0.99,
            "Just below: η = 1.98/λmax",
            "略低：η = 1.98/λmax",
        ),
        arm(
            "above",
            gradient_descent,
            1.01,
            "Just above: η = 2.02/λmax",
            "略高：η = 2.02/λmax",
        ),
        arm(
            "closed_form",
            closed_form,
            0.99,
            "(I - ηH)ᵗ, worked out",
            "(I - ηH)ᵗ 的解析值",
        ),
        arm("adagrad", adagrad, 1.0, "Adagrad, η = 1", "Adagrad，η = 1"),
    ),
    levels=(
        level("kappa_10", 10, 10_000, "Condition number 10", "条件数 10"),
        level(
            "kappa_1000",
            1000,
            10_000,
            "Condition number 1,000",
            "条件数 1,000",
        ),
        level(
            "regression",
            # of the Hessian of the lecture's data, whose eigenvalues are 5.573
            # and 1.7468e6
            313_418,
            100_000,
            "Regression of b and w",
            "b 与 w 的回归",
        ),
        # No condition number: its curvature differs from place to place.
        level("two_valleys", None, 1000, "Two valleys", "两个谷"),
    ),
    measures=(
        Measure(
            "log_distance",
            "lower",
            label=Text(
                "Distance to the minimum, log10", zh="到最小值的距离，log10"
            ),
        ),
        Measure(
            "updates",
            "lower",
            label=Text(
                "Updates to a thousandth of the distance",
                zh="距离缩小到千分之一所需的更新次数",
            ),
        ),
        Measure(
            "spread",
            "lower",
            label=Text(
                "Range of final losses over starts", zh="各起点最终损失的极差"
            ),
        ),
    ),
    claims=CLAIMS,
    matched=Text("Surface, starts, updates", zh="函数、起点、更新次数"),
    axis=Text("Condition number", zh="条件数"),
    why=Text(
        "Along each eigenvector of the Hessian an update multiplies the error by 1 − "
        "ηλ. This shrinks for all of them only if η is below 2/λmax, so the steepest "
        "direction limits the rate and the flattest one the speed. Their ratio, the "
        "condition number, tells how many updates it takes.",
        zh=(
            "沿 Hessian 的每个特征向量，一次更新把误差乘以 1 − ηλ。只有 η 小于 2/λmax"
            " 时，所有方向的误差才会缩小，因此最陡的方向限制学习率，最平的方向限制速"
            "度。两者之比即条件数，决定需要多少次更新。"
        ),
    ),
    literature=(
        "Nesterov, Introductory lectures on convex optimization (2004)",
        "Goh, Why momentum really works (2017), doi:10.23915/distill.00006",
    ),
    sources=(
        Text(
            "Surfaces and starts are generated for each block. The regression's ten "
            "points are those of the lecture's demonstration, from public copies of "
            "its code. Licence: MIT, as this project.",
            zh=(
                "每个区组重新生成函数与起点。回归的十个点来自课程演示代码的公开副本。"
                "许可证：MIT，与本项目相同。"
            ),
        ),
    ),
)
