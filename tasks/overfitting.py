"""What helps against overfitting? The lecture's remedies, one arm each, on a network
that learns 500 curves by heart.
"""

from functools import partial
from typing import Any

from torch import nn

from tasks import (
    Arm,
    Claim,
    Float,
    Level,
    Params,
    Recipe,
    Shape,
    Space,
    Split,
    Splits,
    Task,
    Text,
)
from tasks.augmentation.augment import Augmentation
from tasks.augmentation.mixing import CutMix, Mixup
from tasks.augmentation.transforms import (
    Crop,
    Erase,
    Flip,
    Negate,
    Noise,
    Shift,
)
from tasks.data import mnist1d
from tasks.models.mlp import mlp
from tasks.procedures.metrics import ACCURACY, LOG_LOSS
from tasks.procedures.supervised import Classification

FEW, MANY = 500, 2000
WIDTH = 100
# the first one chooses
BY_LOSS = Classification(measures=(LOG_LOSS, ACCURACY))
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: general guide, overfitting",
    zh="李宏毅，机器学习 2021：训练攻略，过拟合",
)
ZHANG = Text(
    "Zhang et al., Understanding deep learning requires rethinking generalization "
    "(ICLR 2017)",
    zh="Zhang 等，Understanding deep learning requires rethinking generalization"
    "（ICLR 2017）",
)
LOSHCHILOV = Text(
    "Loshchilov & Hutter, Decoupled weight decay regularization (ICLR 2019)",
    zh="Loshchilov 与 Hutter，Decoupled weight decay regularization（ICLR 2019）",
)
YUN = Text("Yun et al., CutMix (ICCV 2019)", zh="Yun 等，CutMix（ICCV 2019）")
CUTMIX_FIGURES = Text(
    "CIFAR-100 error: none 16.45 %, Mixup 15.63 %, CutMix 14.23 %",
    zh="CIFAR-100 错误率：无 16.45 %，Mixup 15.63 %，CutMix 14.23 %",
)
MOST_EFFECTIVE = Text(
    "More training data is the most effective remedy",
    zh="增加训练数据是最有效的办法",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, of which arms take 500 or all 2,000."""
    return mnist1d.load(seed, train=MANY, validation=1000, test=2000)


def few(train: Split, level: Level, seed: int) -> Split:
    """The first ``FEW`` training examples."""
    return train.head(FEW)


def build(width: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP of two hidden layers. A CNN is right in nine of ten cases: it
    leaves no room for remedies.
    """
    dropout = params.get("dropout", 0.0)
    return mlp(shape, (width, width), dropout=dropout)


def tried(name: str, *values: float) -> tuple[dict[str, float], ...]:
    """The values that a hyperparameter is chosen from; others keep their defaults."""
    return tuple({name: value} for value in values)


def arm(
    name: str,
    en: str,
    zh: str,
    *augment: Augmentation,
    width: int = WIDTH,
    examples: int = FEW,
    procedure: Classification | None = None,
    recipe: dict[str, Any] | None = None,
    grid: tuple[dict[str, float], ...] = (),
    **params: float,
) -> Arm:
    """One remedy; params are hyperparameters with one value."""
    return Arm(
        name,
        partial(build, width),
        Text(en, zh=zh),
        recipe=recipe or {},
        params=params,
        training_data=few if examples == FEW else None,
        procedure=Classification(augment=augment) if augment else procedure,
        grid=grid,
    )


ARMS = (
    arm("none", "None", "无"),
    arm("more_data", "Four times the data", "四倍数据", examples=MANY),
    arm("shift", "Shift", "平移", Shift(8)),
    arm("crop", "Shift and crop", "平移并裁剪", Crop(8)),
    arm("flip", "Flip", "翻转", Flip()),
    arm("negate", "Change the sign (wrong)", "改变符号（错误）", Negate()),
    arm("noise", "Noise", "噪声", Noise(0.2)),
    arm("erase", "Random erasing", "随机擦除", Erase()),
    arm("mixup", "Mixup", "Mixup 混合", Mixup(1.0)),
    arm("cutmix", "CutMix", "CutMix 混合", CutMix()),
    arm(
        "decay_as_usual",
        "Weight decay 1e-4",
        "权重衰减 1e-4",
        weight_decay=1e-4,
    ),
    arm(
        "tuned_decay",
        "Weight decay, tuned",
        "权重衰减（调参）",
        grid=tried("weight_decay", 0.3, 1.0, 3.0, 10.0),
    ),
    arm(
        "l2",
        "L2 in Adam's gradient, 0.01",
        "Adam 梯度中的 L2，0.01",
        recipe={"optimizer": "adam"},
        weight_decay=0.01,
    ),
    arm(
        "tuned_l2",
        "L2 in Adam's gradient, tuned",
        "Adam 梯度中的 L2（调参）",
        recipe={"optimizer": "adam"},
        grid=tried("weight_decay", 0.003, 0.01, 0.03, 0.1),
    ),
    arm("dropout_10", "Dropout 10 %", "10 % 的 Dropout", dropout=0.1),
    arm("dropout_30", "Dropout 30 %", "30 % 的 Dropout", dropout=0.3),
    arm("dropout_50", "Dropout 50 %", "50 % 的 Dropout", dropout=0.5),
    arm(
        "early_stopping",
        "Early stopping, by log loss",
        "早停（按对数损失）",
        procedure=BY_LOSS,
        recipe={"restore_best": True, "patience": 3},
        # of a range it would take the lowest rates, whatever they are
        grid=tried("lr", 0.003, 0.01),
    ),
    arm(
        "best_checkpoint",
        "Best checkpoint, by accuracy",
        "最佳检查点（按准确率）",
        recipe={"restore_best": True},
    ),
    arm("smaller", "Smaller network", "更小的网络", width=WIDTH // 4),
    arm(
        "constant_rate",
        "No decay of the rate",
        "学习率不衰减",
        recipe={"schedule": "constant"},
    ),
    arm(
        "clipping",
        "Gradients clipped",
        "梯度裁剪",
        recipe={"max_grad_norm": 1.0},
    ),
    arm(
        "shift_and_data",
        "Shift, four times the data",
        "平移加四倍数据",
        Shift(8),
        examples=MANY,
    ),
    arm(
        "shift_and_dropout",
        "Shift, dropout 30 %",
        "平移加 Dropout 30 %",
        Shift(8),
        dropout=0.3,
    ),
)


def claim(
    name: str, better: str, worse: str, en: str, zh: str, **fields: Any
) -> Claim:
    """A claim that one remedy beats another in accuracy, unless ``fields`` say
    otherwise.
    """
    usual = {"metric": "accuracy", "margin": 0.05, "source": LEE}
    says = Text(en, zh=zh)
    return Claim(name, says, better=better, worse=worse, **{**usual, **fields})


LOSS = {"metric": "loss", "margin": 0.1}
SMALL = {"margin": 0.02}
CLAIMS = (
    claim(
        "data_beat_the_best_blind_remedy",
        "more_data",
        "cutmix",
        "Four times the data gain more accuracy than CutMix.",
        "四倍数据对准确率的提高大于 CutMix。",
        reported=MOST_EFFECTIVE,
    ),
    claim(
        "shift_rivals_data",
        "shift",
        "more_data",
        "Shifted copies fall at most 8 points short of four times the data.",
        "平移增强与四倍数据相比至多低 8 个百分点。",
        kind="no_worse",
        margin=0.08,
        reported=Text(
            "Homework 3, simple to medium: 0.501 to 0.732",
            zh="作业 3，从 simple 到 medium：0.501 到 0.732",
        ),
    ),
    claim(
        "shift_and_data_add_up",
        "shift_and_data",
        "more_data",
        "Shifted copies lower the log loss further where there are four times the data.",
        "有四倍数据时，平移增强仍能进一步降低对数损失。",
        metric="loss",
    ),
    claim(
        "dropout_adds_to_shift",
        "shift_and_dropout",
        "shift",
        "Dropout helps beside shifted copies.",
        "平移增强之外再加 Dropout 仍有帮助。",
        **SMALL,
    ),
    claim(
        "usual_decay_does_nothing",
        "decay_as_usual",
        "none",
        "A weight decay of 1e-4 changes accuracy by less than 5 points.",
        "1e-4 的权重衰减对准确率的影响不到 5 个百分点。",
        kind="equal",
        source=ZHANG,
        reported=Text(
            "CIFAR-10, Inception: 85.75 % without, 86.03 % with weight decay",
            zh="CIFAR-10，Inception：无权重衰减 85.75 %，有 86.03 %",
        ),
    ),
    claim(
        "strong_penalty_helps",
        "l2",
        "none",
        "An L2 penalty a hundred times as strong raises accuracy.",
        "强一百倍的 L2 惩罚能提高准确率。",
        **SMALL,
    ),
    claim(
        "tuned_decay_helps",
        "tuned_decay",
        "none",
        "A weight decay that is tuned raises accuracy.",
        "经过调参的权重衰减能提高准确率。",
        **SMALL,
    ),
    claim(
        "decoupled_decay_beats_l2",
        "tuned_decay",
        "tuned_l2",
        "With both tuned, AdamW's decay beats an L2 penalty in Adam's gradient.",
        "两者都调参后，AdamW 的权重衰减优于 Adam 梯度中的 L2 惩罚。",
        source=LOSHCHILOV,
        reported=Text(
            "CIFAR-10 and ImageNet32x32, error: about 15 % lower with AdamW",
            zh="CIFAR-10 与 ImageNet32x32，错误率：AdamW 约低 15 %",
        ),
    ),
    claim(
        "mixup_lowers_log_loss",
        "mixup",
        "none",
        "Mixup lowers the log loss.",
        "Mixup 降低对数损失。",
        source=YUN,
        reported=CUTMIX_FIGURES,
        **LOSS,
    ),
    claim(
        "cutmix_beats_mixup",
        "cutmix",
        "mixup",
        "CutMix lowers the log loss more than Mixup.",
        "CutMix 对对数损失的降低大于 Mixup。",
        source=YUN,
        reported=CUTMIX_FIGURES,
        **LOSS,
    ),
    claim(
        "dropout_lowers_log_loss",
        "dropout_30",
        "none",
        "Dropout lowers the log loss.",
        "Dropout 降低对数损失。",
        **LOSS,
    ),
    claim(
        "early_stopping_lowers_log_loss",
        "early_stopping",
        "none",
        "Early stopping lowers the log loss.",
        "早停降低对数损失。",
        **LOSS,
    ),
    claim(
        "early_stopping_raises_accuracy",
        "early_stopping",
        "none",
        "Early stopping raises accuracy.",
        "早停提高准确率。",
        **SMALL,
    ),
    claim(
        "smaller_network_helps",
        "smaller",
        "none",
        "A network a quarter as wide generalises better.",
        "宽度为四分之一的网络泛化更好。",
        **SMALL,
    ),
    claim(
        "clipping_does_nothing",
        "clipping",
        "none",
        "Clipped gradients change accuracy by less than 5 points.",
        "梯度裁剪对准确率的影响不到 5 个百分点。",
        kind="equal",
    ),
    claim(
        "wrong_augmentation_hurts",
        "none",
        "negate",
        "An augmentation that does not fit the data, a changed sign, hurts.",
        "不符合数据的增强（改变符号）有害。",
        **SMALL,
    ),
)
TASK = Task(
    label=Text("Overfitting", zh="过拟合"),
    question=Text("What helps against overfitting?", zh="什么能缓解过拟合？"),
    topic=Text("Generalisation", zh="泛化"),
    load_data=load_data,
    arms=ARMS,
    procedure=Classification(),
    # The last parameters count: choosing the best checkpoint is itself a
    # remedy, and an arm of its own.
    recipe=Recipe(steps=400, evaluations=10, restore_best=False),
    space=Space(lr=Float(3e-3, 3e-2, log=True, default=1e-2)),
    claims=CLAIMS,
    matched=Text(
        "Updates, validation and test examples, tuning trials (of the rate, or four of "
        "a tuned penalty); and the network and 500 training examples where these are "
        "not the remedy",
        zh="更新次数、验证与测试样本、调参试验数（学习率，或对惩罚强度试四次）；网络与 500 "
        "个训练样本（除非它们本身就是办法）",
    ),
    why=Text(
        "A network with more parameters than examples can learn the examples "
        "themselves, noise included. Remedies either add information (more or "
        "transformed examples) or restrict what is learned (penalties, dropout, "
        "stopping early, a smaller network). Information that is right helps most; a "
        "restriction that is too strong costs fit as well.",
        zh=(
            "参数多于样本的网络可以把样本连同噪声一起记住。对策或是增加信息（更多或经"
            "变换的样本），或是限制所学（惩罚项、dropout、早停、更小的网络）。正确的"
            "信息最有帮助；过强的限制也会损害拟合。"
        ),
    ),
    literature=(
        "Zhang et al., Understanding deep learning requires rethinking "
        "generalization (2017), doi:10.48550/arXiv.1611.03530",
        "Zhang et al., mixup (2018), doi:10.48550/arXiv.1710.09412",
        "Yun et al., CutMix (2019), doi:10.48550/arXiv.1905.04899",
        "Loshchilov & Hutter, Decoupled weight decay regularization (2019), "
        "doi:10.48550/arXiv.1711.05101",
    ),
    sources=(mnist1d.SOURCE, LEE, ZHANG, YUN, LOSHCHILOV),
)
