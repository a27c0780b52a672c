"""Update rules, each with its rate tuned and at the rate that libraries give it."""

from math import log
from typing import Any

from torch import nn

from tasks import (
    Arm,
    Axis,
    Claim,
    Float,
    Level,
    Params,
    Plot,
    Recipe,
    Shape,
    Space,
    Splits,
    Task,
    Text,
    updates_to,
)
from tasks.data import mnist1d
from tasks.models.mlp import mlp
from tasks.procedures.mean_square import RootMeanSquare
from tasks.procedures.supervised import Classification

TARGET = ("accuracy", 0.5)
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: adaptive learning rates",
    zh="李宏毅，机器学习 2021：自适应学习率",
)
WILSON = Text(
    "Wilson et al., The marginal value of adaptive gradient methods (2017)",
    zh="Wilson 等，The marginal value of adaptive gradient methods（2017）",
)
SCHMIDT = Text(
    "Schmidt, Schneider & Hennig, Descending through a crowded valley (2021)",
    zh="Schmidt、Schneider 与 Hennig，Descending through a crowded valley（2021）",
)
DUCHI = Text(
    "Duchi, Hazan & Singer, Adaptive subgradient methods (2011)",
    zh="Duchi、Hazan 与 Singer，Adaptive subgradient methods（2011）",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, 4,000 to learn from."""
    return mnist1d.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same MLP whatever the rule."""
    return mlp(shape, (100, 100))  # the MLP of the MNIST-1D paper


def tuned(
    name: str, rate: float, title: str, zh: str = "", **recipe: Any
) -> Arm:
    """A rule with a decade of rates around the one that did best in pilots."""
    recipe = {"optimizer": name, **recipe}
    space = Space(lr=Float(rate / 4, rate * 2.5, log=True, default=rate))
    return Arm(
        name, build, Text(title, zh=zh or title), recipe=recipe, space=space
    )


def at_default(name: str, rate: float, title: str, **recipe: Any) -> Arm:
    """A rule at the rate that libraries give it, which is not tuned."""
    label = Text(f"{title}, default rate", zh=f"{title}（默认学习率）")
    recipe = {"optimizer": name, **recipe}
    return Arm(
        f"{name}_default", build, label, recipe=recipe, params={"lr": rate}
    )


PLAIN: dict[str, Any] = {"momentum": 0.0}
ARMS = (
    tuned("sgd", 1.0, "SGD", **PLAIN),
    tuned("momentum", 0.15, "SGD with momentum", "带动量的 SGD"),
    tuned("nesterov", 0.18, "Nesterov's momentum", "Nesterov 动量"),
    tuned("adagrad", 0.08, "Adagrad"),
    tuned(
        "mean_square",
        0.01,
        "The notes' Adagrad: root mean square",
        "笔记中的 Adagrad：均方根",
        optimizer=RootMeanSquare,
    ),
    tuned("rmsprop", 0.008, "RMSprop"),
    tuned("adam", 0.01, "Adam"),
    tuned("adamw", 0.01, "AdamW"),
    # those of torch.optim; for SGD, where torch has 1e-3, the larger one of Keras
    at_default("sgd", 1e-2, "SGD", **PLAIN),
    at_default("adagrad", 1e-2, "Adagrad"),
    at_default("rmsprop", 1e-2, "RMSprop"),
    at_default("adam", 1e-3, "Adam"),
)


def claim(
    name: str, better: str, worse: str, en: str, zh: str, **fields: Any
) -> Claim:
    """A claim about accuracy, unless ``fields`` say otherwise."""
    shared: dict[str, Any] = {"metric": "accuracy", "margin": 0.02}
    return Claim(
        name,
        Text(en, zh=zh),
        better=better,
        worse=worse,
        **{**shared, **fields},
    )


CLAIMS = (
    claim(
        "adam_ahead_at_defaults",
        "adam_default",
        "sgd_default",
        "At default rates Adam is at least 10 points ahead of SGD.",
        "使用默认学习率时，Adam 比 SGD 至少高 10 个百分点。",
        at_least=0.1,
        source=SCHMIDT,
        reported=Text(
            "Several rules at their defaults do about as well as one rule tuned",
            zh="若干规则在默认设置下与调好的单个规则效果相当",
        ),
    ),
    claim(
        "adam_ahead_of_rmsprop_at_defaults",
        "adam_default",
        "rmsprop_default",
        "At default rates Adam is ahead of RMSprop, which it extends.",
        "使用默认学习率时，Adam 优于它所扩展的 RMSprop。",
        source=LEE,
        reported=Text(
            "Adam is RMSprop with momentum, and what is used most today",
            zh="Adam 即 RMSprop 加动量，是如今最常用的",
        ),
    ),
    claim(
        "tuned_rules_agree",
        "adagrad",
        "momentum",
        "With its rate tuned, the rule does not matter: Adagrad and momentum end within "
        "2 points.",
        "学习率调好后，规则无关紧要：Adagrad 与动量法相差不到 2 个百分点。",
        kind="equal",
        source=SCHMIDT,
        reported=Text(
            "No clear winner among 15 rules in more than 50,000 runs",
            zh="超过 50,000 次运行中，15 种规则没有明显的赢家",
        ),
    ),
    claim(
        "adaptive_rules_generalise_worse",
        "momentum",
        "adagrad",
        "With both tuned, momentum has a higher test accuracy than Adagrad.",
        "两者都调好时，动量法的测试准确率高于 Adagrad。",
        source=WILSON,
        reported=Text(
            "CIFAR-10, test error: SGD 7.65 %, the best adaptive rule 9.60 %",
            zh="CIFAR-10 测试错误率：SGD 7.65 %，最好的自适应规则 9.60 %",
        ),
    ),
    Claim(
        "rate_matters_more_than_rule",
        Text(
            "The rate matters more than the rule: its default rate costs SGD more than "
            "Adagrad costs against momentum, all three tuned.",
            zh=(
                "学习率比规则更重要：SGD 用默认学习率的损失，大于三者都调好时 "
                "Adagrad 相对动量法的损失。"
            ),
        ),
        "accuracy",
        kind="contrast",
        weights={"sgd": 1, "sgd_default": -1, "momentum": -1, "adagrad": 1},
        margin=0.02,
        source=WILSON,
        reported=Text(
            "A public repetition: rates range over 9.9 points, rules over 1.2",
            zh="一项公开的重复实验：学习率造成 9.9 个百分点的差别，规则为 1.2",
        ),
    ),
    claim(
        "sgd_is_half_as_fast_at_least",
        "sgd",
        "adam",
        "Tuned SGD needs less than twice as many updates as tuned Adam to an accuracy "
        "of 50 %.",
        "要达到 50 % 的准确率，调好的 SGD 所需的更新次数不到调好的 Adam 的两倍。",
        metric=updates_to(*TARGET),
        kind="no_worse",
        scale="log_ratio",
        margin=log(2),
        source=SCHMIDT,
    ),
    claim(
        "the_notes_rule_is_adagrad",
        "mean_square",
        "adagrad",
        "The root mean square of the notes learns as well as the root of the sum, which "
        "is Adagrad's, within 2 points.",
        "笔记中的均方根与 Adagrad 的平方和之根学得同样好，相差不到 2 个百分点。",
        kind="equal",
        source=DUCHI,
        reported=Text(
            "The two are the same rule if the notes' rate falls with 1/√t",
            zh="若笔记中的学习率按 1/√t 下降，两者就是同一规则",
        ),
    ),
    claim(
        "nesterov_costs_nothing",
        "nesterov",
        "momentum",
        "Looking ahead costs less than 2 points of accuracy.",
        "Nesterov 的前瞻使准确率下降不到 2 个百分点。",
        kind="no_worse",
        source=LEE,
    ),
    claim(
        "adam_is_adamw_without_decay",
        "adamw",
        "adam",
        "Without weight decay AdamW is Adam, within 2 points.",
        "没有权重衰减时，AdamW 就是 Adam，相差不到 2 个百分点。",
        kind="equal",
        source=Text(
            "Loshchilov & Hutter, Decoupled weight decay (2019)",
            zh="Loshchilov 与 Hutter，Decoupled weight decay（2019）",
        ),
    ),
    claim(
        "rmsprop_forgets_to_advantage",
        "rmsprop",
        "adagrad",
        "RMSprop, which forgets old gradients, is ahead of Adagrad, both tuned.",
        "两者都调好时，会遗忘旧梯度的 RMSprop 优于 Adagrad。",
        source=LEE,
    ),
)

TASK = Task(
    label=Text("Optimisers", zh="优化器"),
    question=Text(
        "Does the optimiser matter once its learning rate is tuned?",
        zh="学习率调好之后，优化器还重要吗？",
    ),
    topic=Text("Optimisation", zh="优化"),
    load_data=load_data,
    arms=ARMS,
    procedure=Classification(),
    # Often evaluated, because the updates to a target are known to within one
    # evaluation only.
    recipe=Recipe(steps=600, evaluations=40, targets=(TARGET,)),
    space=Space(lr=Float(1e-3, 1.0, log=True)),
    claims=CLAIMS,
    matched=Text(
        "Network, data, updates, cosine schedule, tuning trials of tuned arms",
        zh="网络、数据、更新次数、余弦学习率、需调参者的调参试验数",
    ),
    parameters_within=0.0,
    why=Text(
        "Adaptive rules divide each parameter's gradient by its recent size, so that "
        "one rate suits steep and flat directions. That makes a default rate work on "
        "more problems, which is much of their advantage where nothing is tuned. "
        "With a tuned rate and schedule the differences between rules are smaller.",
        zh=(
            "自适应规则把每个参数的梯度除以其近期大小，使同一学习率适合陡峭与平缓的方"
            "向。因此默认学习率在更多问题上可用，不调参时其优势多半来自于此。调好学习"
            "率与调度之后，各规则之间的差别较小。"
        ),
    ),
    plots=(
        Plot(
            "rates",
            Text("Accuracy by learning rate", zh="不同学习率下的准确率"),
            "accuracy",
            Axis(Text("Learning rate", zh="学习率"), log=True),
            along="lr",
            says=Text(
                "A point for each trial, on validation.",
                zh="每个点是一次调参试验，在验证集上。",
            ),
        ),
        Plot(
            "progress",
            Text("Accuracy over the updates", zh="准确率随更新次数的变化"),
            "accuracy",
            Axis(Text("Updates", zh="更新次数")),
            along="updates",
            says=Text(
                "Means over blocks, on validation, each rule at its best rate.",
                zh="各区组的平均，在验证集上，各规则用其最好的学习率。",
            ),
        ),
    ),
    literature=(
        "Kingma & Ba, Adam (2015), doi:10.48550/arXiv.1412.6980",
        "Wilson et al., The marginal value of adaptive gradient methods (2017), "
        "doi:10.48550/arXiv.1705.08292",
        "Schmidt, Schneider & Hennig, Descending through a crowded valley (2021), "
        "doi:10.48550/arXiv.2007.01547",
    ),
    sources=(mnist1d.SOURCE, LEE),
)
