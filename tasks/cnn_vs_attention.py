"""Convolution or attention? Networks of one size, each trained until it has converged,
on ever more examples, in order and shuffled.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from tasks import Arm, Claim, Level, Params, Shape, Splits, Task, Text, text_of
from tasks.augmentation.transforms import Shift
from tasks.data import cifar10, fashion_mnist, mnist1d, mnist5k
from tasks.models.attention import hybrid, vision_transformer
from tasks.models.convolution import ConvNet, Shuffled, matched_width
from tasks.models.mlp import matched_widths, mlp
from tasks.procedures.spatial import (
    SPACE,
    UNTIL_CONVERGED,
    SpatialClassification,
)

# ten tokens, as many as the CNN's map has places
CURVES = {"data": "mnist1d", "parameters": 18_500, "patch": 4}
PICTURES = {"parameters": 29_800, "patch": 4}  # 7x7 tokens, and a map of 7x7
# places that an example moves by at most, either way: half a curve
ANYWHERE = 20
# at most, by the number of examples: a run ends once it no longer improves
EPOCHS = {
    500: 400,
    4000: 100,
    16_000: 50,
    64_000: 25,
    256_000: 13,
    1_000_000: 7,
}

PICTURE_DATA = {
    "mnist5k": mnist5k,
    "fashion_mnist": fashion_mnist,
    "cifar10": cifar10,
}

PAPER = Text(
    "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (ICML 2024)",
    zh="Greydanus 与 Kobak，Scaling down deep learning with MNIST-1D（ICML 2024）",
)
VIT = Text(
    "Dosovitskiy et al., An image is worth 16x16 words (ICLR 2021); Hung-yi Lee, 2021",
    zh="Dosovitskiy 等，An image is worth 16x16 words（ICLR 2021）；李宏毅，2021",
)
VIT_FIGURES = Text(
    "ImageNet, 5-shot, after 9, 30, 90, 300 million pictures (read off a "
    "chart): ResNet-152x2 53, 67, 69, 69 %, ViT-L/16 42, 58, 70, 71.5 %",
    zh=(
        "ImageNet 5-shot 准确率，用 9、30、90、300 百万张图片预训练后"
        "（从图上读出）：ResNet-152x2 为 53、67、69、69 %，ViT-L/16 为 42、"
        "58、70、71.5 %"
    ),
)
TOUVRON = Text(
    "Touvron et al., Training data-efficient image transformers (ICML 2021)",
    zh="Touvron 等，Training data-efficient image transformers（ICML 2021）",
)
SHUFFLED = Text(
    "CNN 94 % in order, 56 % shuffled; MLP 68 and 68 %, all on 4,000 examples; that "
    "CNN has 5,210 parameters and no batch norm",
    zh=(
        "CNN 原顺序 94 %，打乱后 56 %；MLP 均为 68 %，都用 4,000 个样本；"
        "该 CNN 有 5,210 个参数，没有批归一化"
    ),
)


def load_data(level: Level, seed: int) -> Splits:
    """The level's data set, with the level's number of training examples."""
    count = level["examples"]
    if level["data"] == "mnist1d":
        return mnist1d.load(seed, train=count, validation=1000)
    splits: Splits = PICTURE_DATA[level["data"]].load(seed)
    # The split is shuffled by the seed already, so the first are a random
    # sample.
    return replace(splits, train=splits.train.head(count))


def build_cnn(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A CNN of the level's number of parameters."""
    return ConvNet(
        shape, matched_width(level["parameters"], shape), params["dropout"]
    )


def build_attention(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A vision transformer of the level's number of parameters."""
    return vision_transformer(
        shape, level["parameters"], level["patch"], dropout=params["dropout"]
    )


def build_hybrid(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Convolutions, then attention, with the level's number of parameters."""
    return hybrid(shape, level["parameters"], dropout=params["dropout"])


def build_mlp(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Two hidden layers, which no order of the inputs can help or hurt."""
    widths = matched_widths(
        level["parameters"], 2, shape.features, shape.outputs
    )
    return mlp(shape, widths, dropout=params["dropout"])


def build_shuffled(
    build: Callable[[Shape, Level, Params], nn.Module],
    shape: Shape,
    level: Level,
    params: Params,
) -> nn.Module:
    """The model of ``build`` behind a fixed permutation of its inputs."""
    return Shuffled(build(shape, level, params), shape)


ARMS = (
    Arm("cnn", build_cnn, "CNN"),
    Arm(
        "attention",
        build_attention,
        Text("Vision transformer", zh="视觉 Transformer"),
    ),
    Arm(
        "hybrid",
        build_hybrid,
        Text("Convolutions, then attention", zh="先卷积，后注意力"),
    ),
    Arm(
        "cnn_shuffled",
        partial(build_shuffled, build_cnn),
        Text("CNN, shuffled", zh="CNN（打乱）"),
    ),
    Arm(
        "attention_shuffled",
        partial(build_shuffled, build_attention),
        Text("Vision transformer, shuffled", zh="视觉 Transformer（打乱）"),
    ),
    Arm("mlp", build_mlp, Text("MLP", zh="多层感知机（MLP）")),
    Arm(
        "attention_translated",
        build_attention,
        Text(
            "Vision transformer, moved examples",
            zh="视觉 Transformer（平移样本）",
        ),
        procedure=SpatialClassification(augment=Shift(ANYWHERE)),
    ),
)


def curves(count: int) -> Level:
    """MNIST-1D with that many training examples."""
    name, factors, recipe = (
        f"mnist1d_{count}",
        {**CURVES, "examples": count},
        {"epochs": EPOCHS[count]},
    )
    return Level(
        name,
        factors,
        x=count,
        label=Text(
            f"MNIST-1D, {count:,} examples", zh=f"MNIST-1D，{count:,} 个样本"
        ),
        recipe=recipe,
        heavy=count > 16_000,
    )


def clothes(count: int, epochs: int) -> Level:
    """Fashion-MNIST with that many training examples."""
    name, factors = (
        f"fashion_mnist_{count}",
        {**PICTURES, "data": "fashion_mnist", "examples": count},
    )
    return Level(
        name,
        factors,
        x=count,
        label=Text(
            f"Fashion-MNIST, {count:,}", zh=f"Fashion-MNIST，{count:,}"
        ),
        recipe={"epochs": epochs},
        heavy=True,
    )


LEVELS = (
    *map(curves, EPOCHS),
    Level(
        "mnist1d_4000_points",
        {**CURVES, "examples": 4000, "patch": 1},
        label=Text(
            "MNIST-1D, 4,000, a token for each point",
            zh="MNIST-1D，4,000 个样本，每点一个词元",
        ),
        recipe={"epochs": EPOCHS[4000]},
    ),
    Level(
        "mnist1d_500_points",
        {**CURVES, "examples": 500, "patch": 1},
        label=Text(
            "MNIST-1D, 500, a token for each point",
            zh="MNIST-1D，500 个样本，每点一个词元",
        ),
        recipe={"epochs": EPOCHS[500]},
    ),
    Level(
        "mnist5k_3750",
        {**PICTURES, "data": "mnist5k", "examples": 3750},
        x=3750,
        label=Text("MNIST-5k, 3,750 examples", zh="MNIST-5k，3,750 个样本"),
        recipe={"epochs": 50},
    ),
    clothes(500, 400),
    clothes(5000, 60),
    clothes(50_000, 20),
    Level(
        "cifar10_40000",
        {
            **PICTURES,
            "data": "cifar10",
            "examples": 40_000,
            "parameters": 31_000,
        },
        label=Text("CIFAR-10, 40,000 examples", zh="CIFAR-10，40,000 个样本"),
        recipe={"epochs": 20},
        heavy=True,
    ),
)


def gap_closes(upto: Text, levels: tuple[str, ...]) -> Claim:
    """Attention's share of the CNN's errors falls as examples grow."""
    return Claim(
        f"gap_closes_{upto.replace(' ', '_')}",
        Text(
            f"As training examples grow from 500 to {upto}, attention gains on the CNN.",
            zh=f"训练样本从 500 个增加到{text_of(upto, 'zh')}时，注意力逐渐追上 CNN。",
        ),
        metric="accuracy",
        kind="interaction",
        scale="log_error",
        better="attention",
        worse="cnn",
        levels=levels,
        # the ratio of errors changes by a sixth while examples grow thirtyfold
        margin=0.05,
        source=VIT,
        reported=VIT_FIGURES,
    )


def shuffling_hurts(name: str, level: str, says: Text) -> Claim:
    """That a CNN loses at least 25 points when its inputs are shuffled."""
    return Claim(
        name,
        says,
        metric="accuracy",
        better="cnn",
        worse="cnn_shuffled",
        levels=(level,),
        at_least=0.25,
        margin=0.02,
        source=PAPER,
        reported=SHUFFLED,
        matching_group="Shuffling hurts a CNN",
    )


def spared(level: str, name: str, says: str) -> Claim:
    """That attention loses less than 3 points when its inputs are shuffled."""
    return Claim(
        name,
        says,
        metric="accuracy",
        kind="no_worse",
        better="attention_shuffled",
        worse="attention",
        levels=(level,),
        margin=0.03,
        source=Text(
            "Permutation equivariance: only learned positions tell tokens apart "
            "(Hung-yi Lee, 2021)",
            zh="置换等变性：只有学到的位置能区分词元（李宏毅，2021）",
        ),
        reported=Text(
            "No difference, where tokens are single points",
            zh="词元为单个点时没有差异",
        ),
        matching_group="Shuffling spares attention",
    )


CLAIMS = (
    Claim(
        "cnn_ahead_when_data_are_scarce",
        Text(
            "With 500 examples a CNN beats a vision transformer of its size.",
            zh="只有 500 个样本时，CNN 优于同等规模的视觉 Transformer。",
        ),
        metric="accuracy",
        better="cnn",
        worse="attention",
        levels=("mnist1d_500",),
        margin=0.03,
        source=VIT,
        reported=VIT_FIGURES,
    ),
    gap_closes(Text("4,000", zh=" 4,000 个"), ("mnist1d_500", "mnist1d_4000")),
    gap_closes(
        Text("16,000", zh=" 16,000 个"),
        ("mnist1d_500", "mnist1d_4000", "mnist1d_16000"),
    ),
    gap_closes(
        Text("a million", zh="一百万个"),
        tuple(f"mnist1d_{count}" for count in EPOCHS),
    ),
    gap_closes(
        Text("50,000 pictures", zh=" 50,000 张图片"),
        ("fashion_mnist_500", "fashion_mnist_5000", "fashion_mnist_50000"),
    ),
    Claim(
        "attention_ahead_with_a_million",
        Text(
            "With a million examples a vision transformer beats a CNN of its size.",
            zh="有一百万个样本时，视觉 Transformer 优于同等规模的 CNN。",
        ),
        metric="accuracy",
        better="attention",
        worse="cnn",
        levels=("mnist1d_1000000",),
        margin=0.002,
        source=VIT,
        reported=VIT_FIGURES,
    ),
    Claim(
        "order_helps_the_cnn_over_an_mlp",
        Text(
            "With 500 examples a CNN beats an MLP of its size, which knows no order.",
            zh="只有 500 个样本时，CNN 优于同等规模、不知道顺序的 MLP。",
        ),
        metric="accuracy",
        better="cnn",
        worse="mlp",
        levels=("mnist1d_500",),
        margin=0.03,
        source=PAPER,
        reported=SHUFFLED,
    ),
    Claim(
        "moved_examples_help_attention",
        Text(
            "Attention learns what a convolution has built in: with 500 examples, moving "
            "them along at random raises its accuracy by at least 10 points.",
            zh=(
                "注意力能学到卷积内置的知识：只有 500 个样本时，"
                "随机平移样本使其准确率至少提高 10 个百分点。"
            ),
        ),
        metric="accuracy",
        better="attention_translated",
        worse="attention",
        levels=("mnist1d_500",),
        at_least=0.1,
        margin=0.02,
        source=TOUVRON,
    ),
    Claim(
        "convolutions_help_attention",
        Text(
            "Convolutions instead of patches make attention better.",
            zh="用卷积代替切块，注意力的效果更好。",
        ),
        metric="accuracy",
        better="hybrid",
        worse="attention",
        levels=("mnist1d_4000",),
        margin=0.01,
        source=Text(
            "Xiao et al., Early convolutions help transformers see better (NeurIPS "
            "2021)",
            zh=(
                "Xiao 等，Early convolutions help transformers see better（NeurIPS "
                "2021）"
            ),
        ),
        reported=Text(
            "ImageNet top-1 error 1 to 2 points lower at equal cost",
            zh="同等代价下，ImageNet top-1 错误率低 1 到 2 个百分点",
        ),
    ),
    Claim(
        "hybrid_beats_the_cnn",
        Text(
            "Attention after convolutions beats convolutions alone.",
            zh="卷积之后加注意力，优于只用卷积。",
        ),
        metric="accuracy",
        better="hybrid",
        worse="cnn",
        levels=("mnist1d_4000",),
        margin=0.01,
        source=Text(
            "Gulati et al., Conformer (Interspeech 2020); Hung-yi Lee, homework 4 "
            "(2022)",
            zh="Gulati 等，Conformer（Interspeech 2020）；李宏毅，作业 4（2022）",
        ),
        reported=Text(
            "Speaker identification: 70.4 % with attention, 77.8 % with conformer "
            "blocks",
            zh="说话人识别：用注意力 70.4 %，用 Conformer 块 77.8 %",
        ),
    ),
    shuffling_hurts(
        "shuffling_hurts_the_cnn",
        "mnist1d_4000",
        Text(
            "Shuffling the points costs the CNN at least 25 points of accuracy.",
            zh="打乱各点的顺序，CNN 的准确率至少下降 25 个百分点。",
        ),
    ),
    shuffling_hurts(
        "shuffling_hurts_the_cnn_with_500",
        "mnist1d_500",
        Text(
            "With 500 examples, shuffling the points costs the CNN at least 25 points "
            "of accuracy.",
            zh="只有 500 个样本时，打乱各点的顺序，CNN 的准确率至少下降 25 个百分点。",
        ),
    ),
    spared(
        "mnist1d_500_points",
        "shuffling_spares_attention_over_500_points",
        Text(
            "With 500 examples, where each point is a token, shuffling costs attention "
            "at most 3 points of accuracy.",
            zh=(
                "只有 500 个样本、每点一个词元时，打乱顺序至多使注意力的准确率下降 "
                "3 个百分点。"
            ),
        ),
    ),
    spared(
        "mnist1d_500",
        "shuffling_spares_attention_over_500_patches",
        Text(
            "With 500 examples, where four neighbours make a token, shuffling costs "
            "attention at most 3 points of accuracy.",
            zh=(
                "只有 500 个样本、相邻四点为一个词元时，打乱顺序至多使注意力的准确率下降 "
                "3 个百分点。"
            ),
        ),
    ),
    spared(
        "mnist1d_4000_points",
        "shuffling_spares_attention_over_points",
        Text(
            "Where each point is a token, shuffling costs attention at most 3 "
            "points of accuracy.",
            zh="每点一个词元时，打乱顺序至多使注意力的准确率下降 3 个百分点。",
        ),
    ),
    spared(
        "mnist1d_4000",
        "shuffling_spares_attention_over_patches",
        Text(
            "Where four neighbours make a token, shuffling costs attention at most "
            "3 points of accuracy.",
            zh="相邻四点为一个词元时，打乱顺序至多使注意力的准确率下降 3 个百分点。",
        ),
    ),
    Claim(
        "shuffling_hurts_the_cnn_more",
        Text(
            "On pictures, shuffling the pixels costs the CNN more than the vision "
            "transformer.",
            zh="在图片上，打乱像素对 CNN 的损害大于对视觉 Transformer 的损害。",
        ),
        metric="accuracy",
        kind="contrast",
        weights={
            "cnn": 1.0,
            "cnn_shuffled": -1.0,
            "attention": -1.0,
            "attention_shuffled": 1.0,
        },
        levels=("mnist5k_3750",),
        margin=0.01,
        source=PAPER,
        reported=SHUFFLED,
    ),
    Claim(
        "cnn_reaches_published",
        Text(
            "A CNN on 4,000 examples of MNIST-1D falls short of the published 94 % by "
            "less than 2.5 points.",
            zh=(
                "用 4,000 个 MNIST-1D 样本训练的 CNN 比文献报告的 94 % 低不到 "
                "2.5 个百分点。"
            ),
        ),
        metric="accuracy",
        kind="no_worse",
        better="cnn",
        levels=("mnist1d_4000",),
        margin=0.025,
        reference=0.94,
        reference_se=0.0075,  # standard error of an accuracy on 1,000 test examples
        source=PAPER,
        reported=Text(
            "94 %, with 5,210 parameters, a flattened map and no batch norm; this CNN "
            "has 3.6 times as many, batch norm and the mean over the map",
            zh=(
                "94 %，5,210 个参数，展平特征图，没有批归一化；此处的 CNN 参数为其 3.6 倍，"
                "有批归一化，并对特征图取平均"
            ),
        ),
    ),
)

TASK = Task(
    label=Text("CNN vs attention", zh="CNN 与注意力"),
    question=Text(
        "Does attention need more data than convolution?",
        zh="注意力比卷积需要更多数据吗？",
    ),
    topic=Text("Self-attention", zh="自注意力"),
    load_data=load_data,
    arms=ARMS,
    levels=LEVELS,
    procedure=SpatialClassification(),
    recipe=UNTIL_CONVERGED,
    space=SPACE,
    claims=CLAIMS,
    matched=Text(
        "Parameters within 1 %, data, tuning trials; and convergence, not updates: a run "
        "goes on until validation no longer improves at each of three learning rates. "
        "All but the MLP have the same read-out and places of the last map. The CNN has "
        "batch norm, the transformers layer norm",
        zh=(
            "参数量（相差不超过 1 %）、数据、调参试验数；"
            "以及收敛程度而非更新次数：依次用三个学习率训练，直到验证结果不再改善。"
            "除 MLP 外，输出层与最后特征图的位置数相同。CNN 用批归一化，Transformer 用层归一化"
        ),
    ),
    axis=Text("Training examples", zh="训练样本数"),
    parameters_within=0.01,
    why=Text(
        "A convolution has locality and shared weights built in: the same pattern is "
        "found wherever it stands, and neighbours belong together. Self-attention "
        "has to learn both from examples, so it needs more of them, and can use "
        "relations that a convolution's window does not reach. Shuffling the points "
        "takes locality away, and with it the convolution's advantage.",
        zh=(
            "卷积内建了局部性与权重共享：同一模式无论在何处都能被找到，相邻的点彼此相"
            "关。自注意力必须从样本中学到这两点，因此需要更多样本，但也能利用卷积窗口"
            "之外的关系。打乱各点就去掉了局部性，卷积的优势也随之消失。"
        ),
    ),
    literature=(
        "Dosovitskiy et al., An image is worth 16x16 words (2021), "
        "doi:10.48550/arXiv.2010.11929",
        "Touvron et al., Training data-efficient image transformers (2021), "
        "doi:10.48550/arXiv.2012.12877",
        "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (2024), "
        "doi:10.48550/arXiv.2011.14439",
    ),
    sources=(
        mnist1d.SOURCE,
        mnist5k.SOURCE,
        fashion_mnist.SOURCE,
        cifar10.SOURCE,
    ),
)
