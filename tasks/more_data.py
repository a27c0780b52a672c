"""Where labels are few, what helps: other classes to learn from first, a generator, or
examples without labels?
"""

from functools import partial
from typing import Any

import numpy as np
import torch
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
    Stage,
    Task,
    Text,
)
from tasks.data import mnist1d
from tasks.data._split import normalised
from tasks.models.convolution import ConvNet
from tasks.procedures.pseudo_labels import UNLABELLED, PseudoLabels
from tasks.procedures.supervised import Classification

# examples of other classes; of those of the task, on top
OTHERS, EXTRA = 2000, 500
NEVER_MOVED = 1  # what the wrong generator makes
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: general guide, transfer learning",
    zh="李宏毅，机器学习 2021：训练攻略，迁移学习",
)
RAGHU = Text(
    "Raghu et al., Transfusion (NeurIPS 2019)",
    zh="Raghu 等，Transfusion（NeurIPS 2019）",
)
RAGHU_SAYS = Text(
    "Transfer offers little benefit to performance where data are many",
    zh="数据充足时，迁移学习对性能帮助很小",
)
PSEUDO = Text("Lee, Pseudo-label (2013)", zh="Lee，Pseudo-label（2013）")
PSEUDO_FIGURES = Text(
    "MNIST with 100 labels, error: 21.9 % without, 16.2 % with pseudo-labels",
    zh="MNIST，100 个标签的错误率：不用伪标签 21.9 %，使用伪标签 16.2 %",
)


def curves(
    examples: int,
    rng: np.random.Generator,
    shift: int = mnist1d.SHIFT,
    low: int = 5,
) -> Split:
    """Examples of the five classes from ``low`` on."""
    # Half of all classes are kept, and classes are equally frequent.
    every = mnist1d.generated(2 * examples, rng, shift)
    return every.take(
        ((every.y >= low) & (every.y < low + 5)).nonzero().flatten()
    )


def load_data(level: Level, seed: int) -> Splits:
    """The task is to tell classes 5 to 9. To learn from, for arms to take: classes 0 to
    4, the level's examples, more from the right generator, and from the wrong one.
    """
    # A stream for each part: how many labels a level has does not change the
    # examples of any other part.
    streams = np.random.SeedSequence(seed).spawn(6)
    rngs = [np.random.default_rng(stream) for stream in streams]
    train = curves(OTHERS, rngs[0], low=0)
    train = train.joined(curves(level["labels"], rngs[1]))
    train = train.joined(curves(EXTRA, rngs[2]))
    train = train.joined(curves(EXTRA, rngs[3], NEVER_MOVED))
    return normalised(
        train,
        curves(500, rngs[4]),
        curves(2000, rngs[5]),
        classes=mnist1d.CLASSES,
        population="fresh",
    )


def other_classes(train: Split, level: Level, seed: int) -> Split:
    """The examples of classes 0 to 4, to pre-train on."""
    return train.head(OTHERS)


def labelled(extra: str, train: Split, level: Level, seed: int) -> Split:
    """The level's examples, with ``right``, ``wrong`` or ``unlabelled`` ones on top."""
    end = OTHERS + level["labels"]
    own = _between(train, OTHERS, end)
    if not extra:
        return own
    if extra == "wrong":
        return own.joined(_between(train, end + EXTRA, end + 2 * EXTRA))
    more = _between(train, end, end + EXTRA)
    if extra == "unlabelled":
        more = Split(more.x, torch.full_like(more.y, UNLABELLED))
    return own.joined(more)


def _between(train: Split, start: int, end: int) -> Split:
    return Split(train.x[start:end], train.y[start:end])


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A small CNN."""
    return ConvNet(shape, 16)


def arm(name: str, en: str, zh: str, extra: str = "", **fields: Any) -> Arm:
    """The arm that learns from the level's examples and those ``extra`` ones."""
    data = partial(labelled, extra)
    return Arm(name, build, Text(en, zh=zh), training_data=data, **fields)


PRETRAINED = Stage(other_classes)
# Pseudo-labels of an untrained model would be learned as they come.
TEACHER = Stage(partial(labelled, ""))
ARMS = (
    arm("scratch", "From scratch", "从头训练"),
    arm("finetuned", "Fine-tuned", "微调", before=PRETRAINED),
    arm(
        "frozen",
        "Frozen features",
        "冻结特征",
        before=PRETRAINED,
        procedure=Classification(trains="head"),
    ),
    arm(
        "right_generator",
        "500 from the right generator",
        "500 个正确生成器的样本",
        "right",
    ),
    arm(
        "wrong_generator",
        "500 from a wrong generator",
        "500 个错误生成器的样本",
        "wrong",
    ),
    arm(
        "pseudo_labels",
        "500 with pseudo-labels",
        "500 个伪标签样本",
        "unlabelled",
        before=TEACHER,
        procedure=PseudoLabels(),
    ),
)


def level(labels: int) -> Level:
    """That many labelled examples."""
    return Level(
        f"labels_{labels}",
        {"labels": labels},
        x=labels,
        label=Text(f"{labels} labels", zh=f"{labels} 个标签"),
    )


def claim(
    name: str,
    better: str,
    worse: str,
    labels: int,
    en: str,
    zh: str,
    **fields: Any,
) -> Claim:
    """A claim about accuracy at one number of labels, unless ``fields`` say
    otherwise.
    """
    usual = {
        "metric": "accuracy",
        "margin": 0.03,
        "source": LEE,
        "levels": (f"labels_{labels}",),
    }
    says = Text(en, zh=zh)
    return Claim(name, says, better=better, worse=worse, **{**usual, **fields})


CLAIMS = (
    claim(
        "pretraining_pays_where_labels_are_few",
        "finetuned",
        "scratch",
        20,
        "With 20 labels, pre-training on other classes helps.",
        "只有 20 个标签时，在其他类别上预训练有帮助。",
    ),
    claim(
        "pretraining_pays_less_the_more_labels",
        "scratch",
        "finetuned",
        # Not one number of labels: the levels below take its place.
        0,
        "The more labels there are, the less pre-training gains.",
        "标签越多，预训练带来的提高越小。",
        kind="interaction",
        levels=("labels_20", "labels_500"),
        margin=0.01,
        source=RAGHU,
        reported=RAGHU_SAYS,
    ),
    claim(
        "frozen_features_fall_behind",
        "finetuned",
        "frozen",
        500,
        "With 500 labels, frozen features are at least 10 points behind fine-tuned ones.",
        "有 500 个标签时，冻结特征比微调至少低 10 个百分点。",
        at_least=0.1,
    ),
    claim(
        "right_generator_helps",
        "right_generator",
        "scratch",
        20,
        "With 20 labels, 500 synthetic examples of the right generator gain at least "
        "20 points.",
        "只有 20 个标签时，正确生成器的 500 个合成样本至少提高 20 个百分点。",
        at_least=0.2,
    ),
    claim(
        "wrong_generator_helps_as_much",
        "wrong_generator",
        "right_generator",
        20,
        "Those of a generator that leaves movement out help as much, within 3 points.",
        "忽略平移的生成器的样本同样有帮助，相差不到 3 个百分点。",
        kind="no_worse",
    ),
    claim(
        "pseudo_labels_replace_labels",
        "pseudo_labels",
        "right_generator",
        100,
        "With 100 labels, 500 more examples with pseudo-labels are worth as much as with "
        "their true labels, within 3 points.",
        "有 100 个标签时，另外 500 个样本的伪标签与真实标签效果相当，相差不到 3 个百分点。",
        kind="no_worse",
        source=PSEUDO,
        reported=PSEUDO_FIGURES,
    ),
)
TASK = Task(
    label=Text("More data", zh="更多数据"),
    question=Text(
        "What stands in for labels where they are few?",
        zh="标签很少时，什么能代替标签？",
    ),
    topic=Text("Generalisation", zh="泛化"),
    load_data=load_data,
    arms=ARMS,
    levels=tuple(map(level, (20, 100, 500))),
    procedure=Classification(),
    recipe=Recipe(steps=250, evaluations=4),
    space=Space(lr=Float(1e-3, 3e-2, log=True, default=5e-3)),
    claims=CLAIMS,
    matched=Text(
        "Network, updates after pre-training, validation and test examples, tuning trials",
        zh="网络、预训练之后的更新次数、验证与测试样本、调参试验数",
    ),
    axis=Text("Labels", zh="标签数"),
    plots=(
        Plot(
            "labels",
            Text("Accuracy by number of labels", zh="不同标签数下的准确率"),
            "accuracy",
            Axis(Text("Labels", zh="标签数"), log=True),
            says=Text(
                "What stands in for labels is worth most where they are few.",
                zh="标签越少，替代标签的办法越有价值。",
            ),
        ),
    ),
    parameters_within=0.0,
    why=Text(
        "Other classes teach features that the few labels alone could not, provided "
        "that they need the same ones. Examples without labels tell where data lie, "
        "which helps if classes are apart there. A generator trained on the few "
        "examples adds no information that they did not have.",
        zh=(
            "其他类别可以教会仅凭少量标签学不到的特征，前提是需要的特征相同。无标签样"
            "本说明数据分布在哪里，如果类别在那里彼此分开，就有帮助。用少量样本训练的"
            "生成器不会增加它们原本没有的信息。"
        ),
    ),
    literature=(
        "Raghu et al., Transfusion: understanding transfer learning for medical "
        "imaging (2019), doi:10.48550/arXiv.1902.07208",
    ),
    sources=(mnist1d.SOURCE, LEE, RAGHU, PSEUDO),
)
