"""Do deep Transformers need warm-up? With the norm after each sum, as they were first
built, and with the norm before each part, as they are now.
"""

from functools import partial
from typing import Any

from torch import nn

from tasks import (
    Arm,
    Axis,
    Claim,
    Level,
    Params,
    Plot,
    Recipe,
    Shape,
    Splits,
    Task,
    Text,
)
from tasks.data import mnist1d
from tasks.models.encoder import Encoder
from tasks.procedures.supervised import Classification

LAYERS = (2, 8)
RATES = (0.00125, 0.005)
WARM_UP = 0.3  # of all updates
SHALLOW = ("layers_2_slow", "layers_2_fast")
LOW, HIGH = "layers_8_slow", "layers_8_fast"
XIONG = Text(
    "Xiong et al., On layer normalization in the Transformer architecture (2020), "
    "figure 2 and section 3",
    zh=(
        "Xiong 等，On layer normalization in the Transformer architecture（2020），"
        "图 2 与第 3 节"
    ),
)
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: warm-up",
    zh="李宏毅，机器学习 2021：学习率预热",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, 4,000 to learn from."""
    return mnist1d.load(seed, validation=500, test=1000)


def build(
    norm_first: bool, shape: Shape, level: Level, params: Params
) -> nn.Module:
    """An encoder of the level's depth, with its norms before or after."""
    return Encoder(shape, level["layers"], norm_first)


def arm(name: str, english: str, chinese: str, warmup: float = 0.0) -> Arm:
    """The arm of a place for the norms, named after it, with or without
    warm-up.
    """
    made = partial(build, name.startswith("pre"))
    label = Text(english, zh=chinese)
    return Arm(name, made, label, recipe={"warmup": warmup})


def at(layers: int, lr: float) -> Level:
    """The level of that depth and peak rate."""
    label = Text(
        f"{layers} layers, rate {lr:g}", zh=f"{layers} 层，学习率 {lr:g}"
    )
    return Level(
        f"layers_{layers}_{'slow' if lr == RATES[0] else 'fast'}",
        {"layers": layers},
        label=label,
        params={"lr": lr},
    )


def claim(
    name: str, who: str, english: str, chinese: str, **fields: Any
) -> Claim:
    """A claim about the log loss of two arms, ``who``, at eight layers and the
    higher rate.
    """
    better, _, worse = who.partition(" ")
    shared: dict[str, Any] = {
        "metric": "loss",
        "margin": 0.15,  # of the 2.3 that guessing among ten classes has
        "levels": (HIGH,),
        "fixed_budget": True,
        "source": XIONG,
    }
    says = Text(english, zh=chinese)
    return Claim(
        name, says, better=better, worse=worse, **{**shared, **fields}
    )


CLAIMS = (
    claim(
        "post_norm_fails_without",
        "pre_norm post_norm",
        "Without warm-up, at a rate of 0.005, eight post-norm layers end with a higher "
        "log loss than eight pre-norm ones.",
        "没有预热、学习率为 0.005 时，八层后归一化最终的对数损失高于八层前归一化。",
        reported=Text(
            "IWSLT German-English, post-norm: BLEU about 34 with warm-up, 8.45 without",
            zh="IWSLT 德英，后归一化：有预热时 BLEU 约 34，没有时 8.45",
        ),
    ),
    claim(
        "pre_norm_matches_post_norm",
        "pre_norm post_norm_warm_up",
        "Eight pre-norm layers without warm-up are not behind eight post-norm ones "
        "with it.",
        "没有预热的八层前归一化不落后于有预热的八层后归一化。",
        kind="no_worse",
    ),
    claim(
        "pre_norm_needs_none",
        "pre_norm pre_norm_warm_up",
        "Eight pre-norm layers lose nothing without warm-up.",
        "八层前归一化 Transformer 没有预热也不吃亏。",
        kind="no_worse",
        reported=Text(
            "IWSLT German-English: pre-norm without warm-up reaches the BLEU that "
            "post-norm reaches with it",
            zh="IWSLT 德英：没有预热的前归一化达到有预热的后归一化的 BLEU",
        ),
    ),
    claim(
        "not_at_a_small_rate",
        "post_norm post_norm_warm_up",
        "At a rate of 0.00125 eight post-norm layers lose nothing without warm-up.",
        "学习率为 0.00125 时，八层后归一化没有预热也不吃亏。",
        kind="no_worse",
        levels=(LOW,),
    ),
    claim(
        "not_with_two_layers",
        "post_norm post_norm_warm_up",
        "Two post-norm layers lose nothing without warm-up, at either rate.",
        "两层后归一化没有预热也不吃亏，两种学习率下都是如此。",
        kind="no_worse",
        levels=SHALLOW,
        source=LEE,
    ),
)

TASK = Task(
    label=Text("Warm-up of Transformers", zh="Transformer 的预热"),
    question=Text(
        "Do deep Transformers need warm-up, wherever their norms are?",
        zh="无论归一化在哪里，深层 Transformer 都需要预热吗？",
    ),
    topic=Text("Optimisation", zh="优化"),
    load_data=load_data,
    arms=(
        arm("post_norm", "Post-norm", "后归一化"),
        arm(
            "post_norm_warm_up",
            "Post-norm, warm-up",
            "后归一化，预热",
            WARM_UP,
        ),
        arm("pre_norm", "Pre-norm", "前归一化"),
        arm(
            "pre_norm_warm_up", "Pre-norm, warm-up", "前归一化，预热", WARM_UP
        ),
    ),
    levels=tuple(at(layers, lr) for layers in LAYERS for lr in RATES),
    procedure=Classification(),
    recipe=Recipe(
        steps=80,
        batch_size=32,
        optimizer="adam",
        schedule="constant",
        restore_best=False,
        evaluations=2,
    ),
    claims=CLAIMS,
    matched=Text(
        "Layers, peak rate, updates, data; pre-norm has one norm more",
        zh="层数、学习率峰值、更新次数、数据；前归一化多一个归一化",
    ),
    parameters_within=0.01,
    why=Text(
        "In post-norm networks the gradients of the last layers are large at the "
        "start whatever the depth, and a few full steps there leave weights from "
        "which learning hardly recovers; small steps first keep it where gradients "
        "shrink. In pre-norm networks what flows past the layers is never "
        "normalised, so that gradients fall with the square root of the depth and "
        "full steps are safe from the start.",
        zh=(
            "在后归一化网络中，无论多深，最后几层的梯度在开始时都很大；几个完整的步长"
            "就会使权重落入难以恢复的区域，先用小步长可以避免。在前归一化网络中，"
            "绕过各层的通路不经归一化，梯度随深度的平方根减小，一开始就能用完整的步长。"
        ),
    ),
    plots=(
        Plot(
            "stability",
            Text(
                "Log loss over peak rate and depth",
                zh="学习率峰值与深度上的对数损失",
            ),
            "loss",
            Axis(Text("Peak learning rate", zh="学习率峰值")),
            along="lr",
            y=Axis(Text("Layers", zh="层数")),
            by="layers",
            says=Text(
                "The log of 10 is 2.3: so much has a network that knows nothing.",
                zh="10 的对数是 2.3：一无所知的网络的损失。",
            ),
        ),
    ),
    literature=(
        "Xiong et al., On layer normalization in the Transformer architecture (2020), "
        "doi:10.48550/arXiv.2002.04745",
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
        "Liu et al., On the variance of the adaptive learning rate and beyond (2020), "
        "doi:10.48550/arXiv.1908.03265",
    ),
    sources=(mnist1d.SOURCE, XIONG),
)
