"""Saddle or minimum? The Hessian's eigenvalues say, except where one of them is 0.

After the lecture on small gradients: near a saddle a step along an eigenvector with a
negative eigenvalue lowers the loss; and the "minimum ratio", the share of positive
eigenvalues, rises as a network learns. Both parts of the lecture's rule are tested on
points that are known, among them the lecture's own network y = w₁ w₂ x.
"""

from functools import partial

from tasks import Arm, Claim, Level, Measure, Task, Text
from tasks.procedures.curvature import HIDDEN, measure

ZEROS = HIDDEN + 1  # adding a constant to all logits changes nothing
LECTURE = Text(
    "Hung-yi Lee, Machine Learning 2021: when gradient is small",
    zh="李宏毅，机器学习 2021：梯度很小的时候",
)
DAUPHIN = Text(
    "Dauphin et al., Identifying and attacking the saddle point problem (NIPS 2014)",
    zh="Dauphin 等，Identifying and attacking the saddle point problem（NIPS 2014）",
)
SAGUN = Text(
    "Sagun, Bottou & LeCun, Eigenvalues of the Hessian in deep learning (2016)",
    zh="Sagun、Bottou 与 LeCun，Eigenvalues of the Hessian in deep learning（2016）",
)
CLAIMS = (
    Claim(
        "saddles_have_a_negative_eigenvalue",
        Text(
            "Near a planted saddle one eigenvalue is negative and one positive.",
            zh="在预设的鞍点附近，一个特征值为负，一个为正。",
        ),
        metric="negative",
        kind="always",
        better="start",
        levels=("product", "double_well"),
        equal_to=0.5,
        source=LECTURE,
    ),
    Claim(
        "escape_as_promised",
        Text(
            "From there a step along its eigenvector lowers the loss by what slope and "
            "curvature promise, ε |g·v| + ½ |λ| ε², within 1 %.",
            zh=(
                "从那里沿其特征向量走一步，损失的下降量与梯度和曲率的预测 "
                "ε |g·v| + ½ |λ| ε² 相差不超过 1 %。"
            ),
        ),
        metric="escape",
        kind="always",
        better="start",
        equal_to=1.0,
        tolerance=0.01,
        source=LECTURE,
    ),
    Claim(
        "minima_have_positive_ones_alone",
        Text(
            "At the planted minimum all eigenvalues are positive.",
            zh="在预设的最小值处，所有特征值都为正。",
        ),
        metric="minimum_ratio",
        kind="always",
        better="trained",
        levels=("double_well",),
        equal_to=1.0,
        source=LECTURE,
    ),
    Claim(
        "the_lectures_minima_pass_the_rule",
        Text(
            "By the same rule the minima of the lecture's own y = w₁ w₂ x are minima: "
            "no eigenvalue is 0.",
            zh="按同一规则，课程自己的例子 y = w₁ w₂ x 的最小值也是最小值：没有特征值为 0。",
        ),
        metric="zeros",
        kind="always",
        better="trained",
        levels=("product",),
        equal_to=0.0,
        source=LECTURE,
        reported=Text(
            "All eigenvalues positive: a local minimum",
            zh="所有特征值为正：局部最小值",
        ),
    ),
    Claim(
        "a_network_has_flat_directions",
        Text(
            f"A trained softmax network with {HIDDEN} hidden units has at least "
            f"{ZEROS} zero eigenvalues: its minimum ratio cannot reach 1.",
            zh=(
                f"训练后的 softmax 网络（{HIDDEN} 个隐藏单元）至少有 {ZEROS} 个零特征值："
                "最小值比例不可能达到 1。"
            ),
        ),
        metric="zeros",
        kind="always",
        better="trained",
        levels=("network",),
        lower_bound=ZEROS,
        source=SAGUN,
        reported=Text(
            "Minimum ratios up to 0.55: no real local minimum was ever reached",
            zh="最小值比例至多 0.55：从未到达真正的局部最小值",
        ),
    ),
    Claim(
        "negative_eigenvalues_vanish",
        Text(
            "Training takes at least 20 points from the share of negative eigenvalues.",
            zh="训练使负特征值的比例至少下降 20 个百分点。",
        ),
        metric="negative",
        better="trained",
        worse="start",
        levels=("network",),
        at_least=0.2,
        margin=0.02,
        fixed_budget=True,
        source=DAUPHIN,
    ),
    Claim(
        "the_minimum_ratio_rises",
        Text(
            "The minimum ratio rises with training, by at least 10 points.",
            zh="最小值比例随训练上升，至少 10 个百分点。",
        ),
        metric="minimum_ratio",
        better="trained",
        worse="start",
        levels=("network",),
        at_least=0.1,
        margin=0.02,
        fixed_budget=True,
        source=LECTURE,
    ),
)


def arm(name: str, updates: int, en: str, zh: str) -> Arm:
    """Gradient descent for that many updates, and the Hessian where it ends."""
    return Arm.function(
        name, partial(measure, updates), label=Text(en, zh=zh), x=updates
    )


def level(name: str, lr: float, en: str, zh: str) -> Level:
    """A surface, and the rate of descent on it."""
    return Level(name, {"surface": name, "lr": lr}, label=Text(en, zh=zh))


TASK = Task(
    label=Text("Critical points", zh="临界点"),
    question=Text(
        "Do the signs of the Hessian tell saddles from minima?",
        zh="Hessian 的符号能区分鞍点与最小值吗？",
    ),
    topic=Text("Optimisation", zh="优化"),
    arms=(
        arm("start", 0, "At the start", "起点"),
        arm("early", 20, "After 20 updates", "20 次更新后"),
        arm("trained", 1000, "After 1,000 updates", "1,000 次更新后"),
    ),
    levels=(
        level(
            "product",
            0.05,
            "The lecture's y = w₁ w₂ x",
            "课程的例子 y = w₁ w₂ x",
        ),
        level("double_well", 0.02, "Double well", "双势阱"),
        level("network", 0.2, "Network of 124 parameters", "124 个参数的网络"),
    ),
    measures=(
        Measure(
            "negative",
            "lower",
            label=Text("Negative eigenvalues", zh="负特征值"),
            percent=True,
        ),
        Measure(
            "zeros", "lower", label=Text("Zero eigenvalues", zh="零特征值")
        ),
        Measure(
            "minimum_ratio",
            "higher",
            label=Text("Minimum ratio", zh="最小值比例"),
            percent=True,
        ),
        Measure(
            "escape",
            "higher",
            label=Text(
                "Fall of the loss over its promise", zh="损失下降与预测之比"
            ),
        ),
        Measure("loss", "lower", label=Text("Loss", zh="损失")),
    ),
    claims=CLAIMS,
    matched=Text("Surface, start, rule of updates", zh="函数、起点、更新规则"),
    arms_axis=Text("Updates", zh="更新次数"),
    why=Text(
        "Where the gradient is zero the Hessian decides: only positive eigenvalues mean "
        "a minimum, a negative one is a way down. In many dimensions all eigenvalues "
        "being positive is rare while the loss is high, so most points where "
        "training seems stuck are saddles. An eigenvalue of zero leaves the question "
        "open, and higher terms decide.",
        zh=(
            "梯度为零处由 Hessian 决定：特征值全为正才是极小值，负特征值是下降的方向。"
            "在高维空间中，损失较高时特征值全为正的情形很少，因此训练看似停滞的点多为"
            "鞍点。特征值为零时无法判断，由高阶项决定。"
        ),
    ),
    literature=(
        "Dauphin et al., Identifying and attacking the saddle point problem (2014), "
        "doi:10.48550/arXiv.1406.2572",
    ),
    sources=(
        Text(
            "Planted points; and a sample of scikit-learn's 8x8 digits for each block, "
            "by their first 8 principal components. Licence: BSD 3-clause.",
            zh=(
                "预设的点；以及每个区组从 scikit-learn 的 8x8 手写数字中抽取的样本（前 8 个"
                "主成分）。许可证：BSD 3-clause。"
            ),
        ),
    ),
)
