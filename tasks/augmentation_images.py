"""Which augmentations fit images of digits? The overfitting task has curves, which
cannot be rotated, and whose mirror images are nothing in particular; a six upside down
is a nine.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

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
from tasks.augmentation.augment import (
    Augmentation,
    ByExample,
    along_examples,
    uniform,
)
from tasks.augmentation.mixing import CutMix, Mixup
from tasks.augmentation.transforms import (
    ColorJitter,
    Crop,
    Erase,
    Flip,
    Noise,
    Rotate,
    Shift,
)
from tasks.data import mnist5k
from tasks.models.mlp import mlp
from tasks.procedures.metrics import ACCURACY, LOG_LOSS, OutputMeasure
from tasks.procedures.supervised import Classification

FEW, MANY = 300, 1200
SIX, NINE = 6, 9
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: general guide, data augmentation",
    zh="李宏毅，机器学习 2021：训练攻略，数据增强",
)
SHORTEN = Text(
    "Shorten & Khoshgoftaar, A survey on image data augmentation for deep learning "
    "(2019)",
    zh="Shorten 与 Khoshgoftaar，A survey on image data augmentation for deep "
    "learning（2019）",
)
UNSAFE = Text(
    "Rotations and flips keep the label of a cat or a dog, but not of a 6 or a 9",
    zh="旋转与翻转不改变猫狗图片的标签，却会改变 6 与 9 的标签",
)
UPSIDE_DOWN = Text(
    "An image upside down is rarely a reasonable one to learn from",
    zh="上下颠倒的图片通常不是合理的训练样本",
)
SLIGHT = Text(
    "Rotations of 1 to 20 degrees can be useful on digits",
    zh="对数字图片，1 到 20 度的旋转可能有用",
)


@dataclass(frozen=True)
class TurnOver(ByExample):
    """Images turned by 180 degrees, half of them: a six becomes a nine."""

    def changed(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Images, half of them turned by 180 degrees."""
        chosen = uniform(x, generator) < 0.5
        return torch.where(along_examples(chosen, x), x.flip(-1, -2), x)


def swapped(outputs: Tensor, targets: Tensor) -> float:
    """The share of sixes and nines that are taken for the other one; 0 where there are
    none.
    """
    answers = outputs.argmax(dim=1)
    is_six, is_nine = targets == SIX, targets == NINE
    wrong = (is_six & (answers == NINE)) | (is_nine & (answers == SIX))
    among = (is_six | is_nine).sum().clamp(min=1)
    return (wrong.sum() / among).item()


def always(shape: Shape) -> float:
    """The worst case: every six is taken for a nine, and the other way round."""
    return 1.0


SWAPPED = OutputMeasure(
    "swapped",
    "lower",
    worst=always,
    label=Text("Sixes and nines swapped", zh="六与九混淆的比例"),
    percent=True,
    of=swapped,
)
MEASURES = (ACCURACY, LOG_LOSS, SWAPPED)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-5k, a tenth each for validation and test."""
    return mnist5k.load(seed, test=0.1, validation=0.1)


def take(examples: int, train: Split, level: Level, seed: int) -> Split:
    """The first ``examples`` of the training part."""
    # The many hence contain the few.
    return train.head(examples)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP of two hidden layers, which has no invariance of its own."""
    return mlp(shape, (100, 100))


def arm(
    name: str, en: str, zh: str, *augment: Augmentation, examples: int = FEW
) -> Arm:
    """An augmentation, or several one after the other, on ``examples`` images."""
    return Arm(
        name,
        build,
        Text(en, zh=zh),
        training_data=partial(take, examples),
        # It takes the place of the task's, measures included.
        procedure=Classification(augment=augment, measures=MEASURES),
    )


ARMS = (
    arm("none", "None", "无"),
    arm("more_data", "Four times the data", "四倍数据", examples=MANY),
    arm("shift", "Shift", "平移", Shift(2)),
    arm("crop", "Shift and crop", "平移并裁剪", Crop(2)),
    arm("rotate", "Rotation by up to 15°", "旋转至多 15°", Rotate(15)),
    arm("rotate_any", "Rotation by any angle", "任意角度旋转", Rotate(180)),
    arm("mirror", "Mirrored", "左右翻转", Flip()),
    arm("upside_down", "Upside down", "上下翻转", Flip(dim=-2)),
    arm("turn_over", "Turned by 180°", "旋转 180°", TurnOver()),
    arm("noise", "Noise", "噪声", Noise(0.3)),
    arm(
        "brightness",
        "Brightness and contrast",
        "亮度与对比度",
        ColorJitter(0.3, 0.3, 0.0),
    ),
    arm("erase", "Random erasing", "随机擦除", Erase()),
    arm("mixup", "Mixup", "Mixup 混合", Mixup(1.0)),
    arm("cutmix", "CutMix", "CutMix 混合", CutMix()),
)


def claim(
    name: str, better: str, worse: str, en: str, zh: str, **fields: Any
) -> Claim:
    """A claim that one arm beats another in accuracy, unless ``fields`` say
    otherwise.
    """
    usual = {"metric": "accuracy", "margin": 0.02, "source": LEE}
    says = Text(en, zh=zh)
    return Claim(name, says, better=better, worse=worse, **{**usual, **fields})


def hurts(name: str, en: str, zh: str, **fields: Any) -> Claim:
    """That an augmentation is worse than none."""
    return claim(f"{name}_hurts", "none", name, en, zh, **fields)


WRONG_LABELS = {"source": SHORTEN, "reported": UNSAFE}
LITTLE = {"kind": "equal", "margin": 0.05}
LOSS = {"metric": "loss", "margin": 0.1}
CLAIMS = (
    claim(
        "shift_lowers_log_loss",
        "shift",
        "none",
        "Shifts of up to 2 pixels lower the log loss.",
        "至多 2 个像素的平移降低对数损失。",
        **LOSS,
    ),
    claim(
        "slight_rotation_does_no_harm",
        "rotate",
        "none",
        "Rotations of up to 15 degrees are no worse than none, within 2 points.",
        "至多 15 度的旋转不比不旋转差，相差不到 2 个百分点。",
        kind="no_worse",
        source=SHORTEN,
        reported=SLIGHT,
    ),
    hurts(
        "rotate_any",
        "Rotations by any angle cost at least 5 points.",
        "任意角度的旋转使准确率至少降低 5 个百分点。",
        at_least=0.05,
        **WRONG_LABELS,
    ),
    hurts(
        "mirror",
        "Mirroring left and right, which suits photographs, hurts on digits.",
        "适合照片的左右翻转对数字图片有害。",
        **WRONG_LABELS,
    ),
    hurts(
        "upside_down",
        "Flipping upside down hurts.",
        "上下翻转有害。",
        reported=UPSIDE_DOWN,
    ),
    hurts(
        "turn_over",
        "Turning by 180 degrees hurts.",
        "旋转 180 度有害。",
        **WRONG_LABELS,
    ),
    claim(
        "any_angle_swaps_six_and_nine",
        "none",
        "rotate_any",
        "After learning from images turned by any angle, sixes and nines are more "
        "often taken for each other.",
        "用任意角度旋转的图片学习之后，六与九更常被混淆。",
        metric="swapped",
        **WRONG_LABELS,
    ),
    claim(
        "noise_changes_little",
        "noise",
        "none",
        "Noise changes accuracy by less than 5 points.",
        "噪声对准确率的影响不到 5 个百分点。",
        **LITTLE,
    ),
    claim(
        "brightness_changes_little",
        "brightness",
        "none",
        "Changes of brightness and contrast change accuracy by less than 5 points.",
        "亮度与对比度的变化对准确率的影响不到 5 个百分点。",
        **LITTLE,
    ),
    claim(
        "mixup_lowers_log_loss",
        "mixup",
        "none",
        "Mixup lowers the log loss on images, too.",
        "在图片上，Mixup 同样降低对数损失。",
        **LOSS,
    ),
    claim(
        "cutmix_no_worse_than_mixup",
        "cutmix",
        "mixup",
        "CutMix is no worse than Mixup in accuracy, within 5 points.",
        "CutMix 的准确率不比 Mixup 差，相差不到 5 个百分点。",
        kind="no_worse",
        margin=0.05,
    ),
)
TASK = Task(
    label=Text("Augmentation of images", zh="图像增强"),
    question=Text(
        "Which augmentations fit images of digits?",
        zh="哪些数据增强适合数字图片？",
    ),
    topic=Text("Generalisation", zh="泛化"),
    load_data=load_data,
    arms=ARMS,
    procedure=Classification(measures=MEASURES),
    recipe=Recipe(steps=250, evaluations=5, restore_best=False),
    space=Space(lr=Float(1e-3, 3e-2, log=True, default=1e-2)),
    claims=CLAIMS,
    matched=Text(
        "Network, updates, validation and test examples, tuning trials; and 300 "
        "training examples where more of them are not the remedy",
        zh="网络、更新次数、验证与测试样本、调参试验数；以及 300 个训练样本（除非更多数据"
        "本身就是办法）",
    ),
    parameters_within=0.0,
    why=Text(
        "An augmentation says which changes leave the label as it is. Digits are "
        "digits wherever they stand, and slightly turned. A mirrored or overturned "
        "digit is one that no test has, or another one: learning from it costs "
        "capacity, and labels a six as a nine.",
        zh=(
            "数据增强指明哪些变化不改变标签。数字无论在哪里、稍微转动，都还是那个数字。"
            "左右或上下翻转的数字在测试中不存在，或者成了另一个数字：学习它们浪费容量，"
            "还会把六标成九。"
        ),
    ),
    literature=(
        "Shorten & Khoshgoftaar, A survey on image data augmentation for deep learning "
        "(2019), doi:10.1186/s40537-019-0197-0",
        "Yun et al., CutMix (2019), doi:10.48550/arXiv.1905.04899",
    ),
    sources=(mnist5k.SOURCE, LEE, SHORTEN),
)
