"""What keeps a model from doing better? Planted cases whose cause is known, which the
diagnosis that the suite makes of every arm has to find from three figures.
"""

import dataclasses
from functools import partial
from typing import Any

from torch import nn

from tasks import (
    Arm,
    Claim,
    Level,
    Params,
    Recipe,
    Shape,
    Split,
    Splits,
    Task,
    Text,
)
from tasks.data import digits
from tasks.models.mlp import matched_widths, mlp, parameter_count
from tasks.procedures.memorise import Memorise
from tasks.procedures.supervised import Classification

WIDTH, DEPTH = 64, 8
FEW = 40  # training examples
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: general guide",
    zh="李宏毅，机器学习 2021：攻略",
)
HE = Text(
    "He et al., Deep residual learning for image recognition (2016)",
    zh="He 等，Deep residual learning for image recognition（2016）",
)


def load_data(level: Level, seed: int) -> Splits:
    """Digits; at the shifted level those of the test are moved to the side."""
    splits = digits.load(seed, test=0.2)

    def moved(test: Split) -> Split:
        return dataclasses.replace(
            test, x=test.x.roll(level["shift"], dims=-1)
        )

    # The test examples are sealed until the end: they are moved unseen.
    return dataclasses.replace(splits, test=splits.sealed.resealed(moved))


def few(train: Split, level: Level, seed: int) -> Split:
    """The first ``FEW`` training examples."""
    return train.head(FEW)


def one_layer(
    width: int, shape: Shape, level: Level, params: Params
) -> nn.Module:
    """One hidden layer of that many units."""
    return mlp(shape, [width], activation=nn.Tanh)


def many_layers(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Sigmoids, with as many parameters as one layer of ``WIDTH``."""
    parameters = parameter_count(shape.features, [WIDTH], shape.outputs)
    widths = matched_widths(parameters, DEPTH, shape.features, shape.outputs)
    return mlp(shape, widths, activation=nn.Sigmoid)


def level(name: str, shift: int, english: str, chinese: str) -> Level:
    """Test images moved by ``shift`` pixels."""
    label = Text(english, zh=chinese)
    return Level(name, {"shift": shift}, label=label, params={"lr": 0.05})


def claim(
    name: str, better: str, english: str, chinese: str, **fields: Any
) -> Claim:
    """A claim about accuracy where the data are the same, unless ``fields``
    say otherwise.
    """
    shared = {
        "metric": "accuracy",
        "levels": ("same",),
        "margin": 0.1,
        "source": LEE,
    }
    return Claim(
        name, Text(english, zh=chinese), better=better, **{**shared, **fields}
    )


def said(
    cause: str, better: str, english: str, chinese: str, **fields: Any
) -> Claim:
    """In every block an arm has this diagnosis."""
    metric = f"diagnosed.{cause}"
    always = {"metric": metric, "kind": "always", "lower_bound": 1.0}
    return claim(
        f"{better}_{cause}", better, english, chinese, **always, **fields
    )


CLAIMS = (
    said(
        "optimisation",
        "deep",
        "A deep network that fits even its training examples worse than a shallow one "
        "is diagnosed with a failure of optimisation, not with overfitting.",
        "连训练样本都比浅层网络拟合得差的深层网络被诊断为优化问题，而不是过拟合。",
        worse="shallow",
        reported=Text(
            "Training loss with 1 to 5 layers: 0.28, 0.18, 0.14, 0.10, 0.34k",
            zh="1 至 5 层的训练损失：0.28、0.18、0.14、0.10、0.34k",
        ),
    ),
    said(
        "overfitting",
        "memoriser",
        "A memoriser is diagnosed with overfitting.",
        "只会背诵的模型被诊断为过拟合。",
    ),
    said(
        "overfitting",
        "few",
        "A network that learns from 40 examples is diagnosed with overfitting.",
        "只用 40 个样本学习的网络被诊断为过拟合。",
    ),
    said(
        "model_bias",
        "one_unit",
        "A network with one hidden unit is diagnosed with model bias.",
        "只有一个隐藏单元的网络被诊断为模型偏差。",
    ),
    said(
        "mismatch",
        "shallow",
        "Where test images are shifted, the diagnosis is that the sets do not match.",
        "测试图像被平移时，诊断为分布不匹配。",
        levels=("shifted",),
        reported=Text(
            "A squared error of 2.58k on the one day that is unlike the others",
            zh="与众不同的那一天，平方误差为 2.58k",
        ),
    ),
    said(
        "healthy",
        "shallow",
        "A network that has enough of everything is diagnosed as healthy.",
        "各方面都充足的网络被诊断为正常。",
    ),
    claim(
        "deeper_trains_worse",
        "shallow",
        "Eight sigmoid layers fit the training examples at least 50 points worse than "
        "one layer with as many parameters.",
        "参数量相同时，八个 sigmoid 层对训练样本的拟合比一层至少低 50 个百分点。",
        worse="deep",
        metric="train.accuracy",
        at_least=0.5,
        source=HE,
        reported=Text(
            "CIFAR-10: 56 plain layers have a higher training error than 20",
            zh="CIFAR-10：56 层普通网络的训练误差高于 20 层",
        ),
    ),
    claim(
        "same_test_other_cause",
        "deep",
        "On the test alone the deep network and the memoriser are alike, within 10 "
        "points.",
        "只看测试集，深层网络与背诵模型没有区别，相差不到 10 个百分点。",
        worse="memoriser",
        kind="equal",
    ),
    claim(
        "a_memoriser_fits_perfectly",
        "memoriser",
        "A memoriser answers every training example right.",
        "背诵模型答对每一个训练样本。",
        kind="always",
        metric="train.accuracy",
        equal_to=1.0,
    ),
    claim(
        "examples_cure_overfitting",
        "shallow",
        "Where overfitting is the diagnosis, more examples help by at least 5 points.",
        "诊断为过拟合时，更多样本至少提高 5 个百分点。",
        worse="few",
        at_least=0.05,
    ),
    claim(
        "units_cure_bias",
        "shallow",
        "Where model bias is the diagnosis, more units help by at least 20 points.",
        "诊断为模型偏差时，更多单元至少提高 20 个百分点。",
        worse="one_unit",
        at_least=0.2,
    ),
)

TASK = Task(
    label=Text("Diagnosis", zh="诊断"),
    question=Text(
        "Do three figures tell what keeps a model from doing better?",
        zh="三个数字能说明是什么使模型做得不好吗？",
    ),
    topic=Text("General guide", zh="训练攻略"),
    load_data=load_data,
    arms=(
        Arm(
            "shallow", partial(one_layer, WIDTH), Text("One layer", zh="一层")
        ),
        Arm(
            "deep",
            many_layers,
            Text("Eight sigmoid layers", zh="八个 sigmoid 层"),
        ),
        Arm(
            "one_unit", partial(one_layer, 1), Text("One unit", zh="一个单元")
        ),
        Arm(
            "few",
            partial(one_layer, WIDTH),
            Text(f"One layer, {FEW} examples", zh=f"一层，{FEW} 个样本"),
            training_data=few,
        ),
        Arm(
            "memoriser",
            label=Text("Memoriser", zh="背诵模型"),
            procedure=Memorise(),
            without=("lr",),
        ),
    ),
    levels=(
        level("same", 0, "Same data", "数据相同"),
        level("shifted", 2, "Test images shifted", "测试图像平移"),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=400, optimizer="sgd", evaluations=10),
    claims=CLAIMS,
    matched=Text("Data, updates", zh="数据、更新次数"),
    why=Text(
        "A high error has several causes, and each needs another remedy. A smaller "
        "model that trains better shows that the larger one was not optimised; a "
        "training set that nothing fits shows a model too small; a gap to validation "
        "is overfitting, and one from validation to the test set means that they "
        "differ. Planted causes show whether these gaps find the right one.",
        zh=(
            "误差高有几种原因，每种需要不同的对策。若较小的模型训练得更好，说明较大的"
            "模型没有优化好；若训练集怎样都拟合不了，说明模型太小；训练与验证之差是过"
            "拟合，验证与测试之差说明两者的数据不同。预先设定的原因可以检验这些差距能"
            "否找到真正的原因。"
        ),
    ),
    literature=(
        "He et al., Deep residual learning for image recognition (2016), "
        "doi:10.1109/CVPR.2016.90",
        "Ng, Machine learning yearning (2018), chapters 20-43",
    ),
    sources=(digits.SOURCE, LEE, HE),
)
