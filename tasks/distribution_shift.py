"""Do more data help where the test differs from them? Curves that were moved along
little for training, and far for the test.
"""

from functools import partial

import numpy as np
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
    Split,
    Splits,
    Task,
    Text,
)
from tasks.data import mnist1d
from tasks.data._split import normalised
from tasks.data.domains import tell_apart
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

FEW, MANY = 500, 2000  # examples of the old kind
OLD, NEW = 12, mnist1d.SHIFT  # places that curves are moved along by at most
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: general guide, mismatch",
    zh="李宏毅，机器学习 2021：训练攻略，分布不匹配",
)
NO_HELP = Text(
    "More training data will not help where the test is distributed otherwise",
    zh="训练与测试数据分布不同时，增加训练数据没有帮助",
)
RABANSER = Text(
    "Rabanser, Günnemann & Lipton, Failing loudly (NeurIPS 2019)",
    zh="Rabanser、Günnemann 与 Lipton，Failing loudly（NeurIPS 2019）",
)


def streams(seed: int, count: int) -> list[np.random.Generator]:
    """Independent generators, so that one part's size does not change another
    part.
    """
    return [
        np.random.default_rng(s)
        for s in np.random.SeedSequence(seed).spawn(count)
    ]


def load_data(level: Level, seed: int) -> Splits:
    """To learn from: ``MANY`` old examples, then ``FEW`` new ones, for arms to take."""
    for_old, for_new, for_validation, for_test = streams(seed, 4)
    old = mnist1d.generated(MANY, for_old, OLD)
    return normalised(
        old.joined(mnist1d.generated(FEW, for_new, NEW)),
        # Of the old kind at both levels: in practice nobody has the new one to
        # validate on, which is what the claims are about.
        mnist1d.generated(1000, for_validation, OLD),
        mnist1d.generated(2000, for_test, level["moved_by"]),
        classes=mnist1d.CLASSES,
        population="fresh",
    )


def part(start: int, end: int, train: Split, level: Level, seed: int) -> Split:
    """The training examples from ``start`` to ``end``."""
    return Split(train.x[start:end], train.y[start:end])


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP of two hidden layers. A CNN is near its ceiling at 500 examples."""
    return mlp(shape, (100, 100))


def told_apart(level: Level, params: Params, seed: int) -> dict[str, float]:
    """How well a classifier tells examples of the old kind from those of the test."""
    for_old, for_test = streams(seed, 2)
    old = mnist1d.generated(1000, for_old, OLD)
    return tell_apart(
        old.x, mnist1d.generated(1000, for_test, level["moved_by"]).x, seed
    )


def claim(name: str, says: Text, **fields: object) -> Claim:
    """A claim about accuracy under shift, unless ``fields`` say otherwise."""
    usual = {
        "metric": "accuracy",
        "margin": 0.02,
        "source": LEE,
        "reported": NO_HELP,
    }
    return Claim(name, says, **{**usual, **fields})  # type: ignore[arg-type]


GAIN = {("more", "same"): 1, ("few", "same"): -1}
LOST_GAIN = {("more", "shifted"): -1, ("few", "shifted"): 1}
MORE_THAN_NEW = {"levels": ("shifted",), "better": "more", "worse": "new"}
CLAIMS = (
    claim(
        "more_helps",
        Text(
            "Where the test is like the training data, four times as many of them "
            "gain at least 5 points.",
            zh="测试与训练数据同分布时，四倍数据至少提高 5 个百分点。",
        ),
        better="more",
        worse="few",
        levels=("same",),
        at_least=0.05,
    ),
    claim(
        "more_helps_less_under_shift",
        Text(
            "Under shift, four times as many of the old examples gain less.",
            zh="分布偏移下，四倍的旧数据带来的提高更小。",
        ),
        kind="contrast",
        weights={**GAIN, **LOST_GAIN},
    ),
    claim(
        "more_helps_half_as_much",
        Text(
            "Under shift, four times as many of the old examples gain less than half "
            "as much.",
            zh="分布偏移下，四倍的旧数据带来的提高不到一半。",
        ),
        kind="contrast",
        weights={cell: sign / 2 for cell, sign in GAIN.items()} | LOST_GAIN,
        margin=0.01,
    ),
    claim(
        "validation_prefers_more",
        Text(
            "Under shift, validation prefers many old examples to few new ones.",
            zh="分布偏移下，验证集认为大量旧数据优于少量新数据。",
        ),
        **MORE_THAN_NEW,
        metric="validation.accuracy",
    ),
    claim(
        "validation_misleads",
        Text(
            "Under shift, few examples like those of the test beat four times as many "
            "old ones, against what validation says.",
            zh="分布偏移下，少量与测试同分布的数据优于四倍的旧数据，与验证集的结论相反。",
        ),
        **MORE_THAN_NEW | {"better": "new", "worse": "more"},
    ),
    claim(
        "classifier_sees_the_shift",
        Text(
            "A classifier tells old examples from shifted ones in more than 60 % of "
            "cases, without their labels.",
            zh="不用标签，分类器也能以超过 60 % 的准确率区分旧数据与偏移后的数据。",
        ),
        kind="threshold",
        better="domain",
        reference=0.6,
        levels=("shifted",),
        source=RABANSER,
        reported="",
    ),
    claim(
        "classifier_sees_nothing_else",
        Text(
            "Where nothing has shifted, it is right in 45 to 55 % of cases.",
            zh="没有偏移时，它的准确率在 45 到 55 % 之间。",
        ),
        kind="always",
        better="domain",
        lower_bound=0.45,
        upper_bound=0.55,
        levels=("same",),
        source=RABANSER,
        reported="",
    ),
)
TASK = Task(
    label=Text("Distribution shift", zh="分布偏移"),
    question=Text(
        "Do more data help where the test differs from them?",
        zh="测试数据分布不同时，更多数据有用吗？",
    ),
    topic=Text("Generalisation", zh="泛化"),
    load_data=load_data,
    arms=(
        Arm(
            "few",
            build,
            Text("500 old examples", zh="500 个旧样本"),
            training_data=partial(part, 0, FEW),
        ),
        Arm(
            "more",
            build,
            Text("2,000 old examples", zh="2,000 个旧样本"),
            training_data=partial(part, 0, MANY),
        ),
        Arm(
            "new",
            build,
            Text(
                "500 examples like the test's", zh="500 个与测试同分布的样本"
            ),
            training_data=partial(part, MANY, MANY + FEW),
        ),
        Arm.function(
            "domain",
            told_apart,
            label=Text("Old or test?", zh="旧数据还是测试数据？"),
            without=("lr",),
        ),
    ),
    levels=(
        Level(
            "same",
            {"moved_by": OLD},
            label=Text("Same distribution", zh="同分布"),
        ),
        Level(
            "shifted", {"moved_by": NEW}, label=Text("Shifted", zh="有偏移")
        ),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=400, evaluations=5),
    space=Space(lr=Float(3e-4, 3e-2, log=True, default=3e-3)),
    claims=CLAIMS,
    matched=Text(
        "Network, updates, validation and test examples, tuning trials",
        zh="网络、更新次数、验证与测试样本、调参试验数",
    ),
    parameters_within=0.0,
    plots=(
        Plot(
            "interaction",
            Text(
                "Accuracy without and with a shift",
                zh="没有偏移与有偏移时的准确率",
            ),
            "accuracy",
            Axis(
                Text(
                    "Places by which test curves are moved at most",
                    zh="测试曲线最多平移的位置数",
                )
            ),
            along="moved_by",
            arms=("few", "more", "new"),
            says=Text(
                "Were a shift to cost all the same, lines would be parallel. The old "
                "examples were moved by 12 places at most.",
                zh="如果偏移对各方案的影响相同，连线会平行。旧样本最多平移 12 个位置。",
            ),
        ),
    ),
    why=Text(
        "More training data reduce the error that comes from having seen few "
        "examples of the same kind. They say nothing about examples of another kind, "
        "so a gap that comes from the shift stays. Data that resemble the test, or "
        "augmentation that makes them so, are what can close it.",
        zh=(
            "更多训练数据能减少因同类样本太少而产生的误差。它们对另一类样本没有帮助，"
            "因此由分布变化引起的差距仍然存在。只有与测试相似的数据，或使数据与之相似"
            "的增强，才能缩小它。"
        ),
    ),
    literature=(
        "Rabanser, Günnemann & Lipton, Failing loudly (2019), "
        "doi:10.48550/arXiv.1810.11953",
    ),
    sources=(mnist1d.SOURCE, LEE, RABANSER),
)
