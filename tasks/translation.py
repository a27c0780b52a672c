"""Which network translates best: a Transformer, or gated recurrent units with or
without attention?
"""

from collections.abc import Callable
from functools import partial

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
    Splits,
    Task,
    Text,
    text_of,
)
from tasks.data import interface_text, multi30k, number_words, tatoeba
from tasks.models.recurrent import RecurrentTranslator, matched_units
from tasks.models.translation import Norm, Transformer, parameter_count
from tasks.procedures.sequence_to_sequence import Translation

DATA: dict[str, Callable[[int], Splits]] = {
    "numbers": number_words.load,
    "interface": interface_text.load,
    "tatoeba": tatoeba.load,
    "multi30k": multi30k.load,
}
VASWANI = Text(
    "Vaswani et al., Attention is all you need (2017)",
    zh="Vaswani 等，Attention is all you need（2017）",
)
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021, homework 5 (English to Chinese, TED 2020)",
    zh="李宏毅，机器学习 2021，作业 5（英译中，TED 2020）",
)
LUONG = Text(
    "Luong, Pham & Manning, Effective approaches to attention-based neural "
    "machine translation (2015)",
    zh=(
        "Luong、Pham 与 Manning，Effective approaches to attention-based "
        "neural machine translation（2015）"
    ),
)
XIONG = Text(
    "Xiong et al., On layer normalization in the Transformer architecture (2020)",
    zh="Xiong 等，On layer normalization in the Transformer architecture（2020）",
)
BENGIO = Text(
    "Bengio et al., Scheduled sampling for sequence prediction with "
    "recurrent neural networks (2015)",
    zh=(
        "Bengio 等，Scheduled sampling for sequence prediction with "
        "recurrent neural networks（2015）"
    ),
)


def load_data(level: Level, seed: int) -> Splits:
    return DATA[level["data"]](seed)


def build_transformer(
    norm: Norm, shape: Shape, level: Level, params: Params
) -> nn.Module:
    metadata = shape.metadata
    return Transformer(
        len(metadata["source"]),
        len(metadata["target"]),
        metadata["longest"],
        width=level["width"],
        heads=level["heads"],
        hidden=level["hidden"],
        layers=level["layers"],
        norm=norm,
        dropout=params["dropout"],
    )


def build_gru(attention: bool, shape: Shape, level: Level, params: Params) -> nn.Module:
    sources, targets, width = (
        len(shape.metadata["source"]),
        len(shape.metadata["target"]),
        level["width"],
    )
    parameters = parameter_count(
        sources, targets, width, level["hidden"], level["layers"]
    )
    reading, writing = matched_units(parameters, sources, targets, width, attention)
    return RecurrentTranslator(
        sources,
        targets,
        width=width,
        reading=reading,
        writing=writing,
        attention=attention,
        dropout=params["dropout"],
    )


ARMS = (
    Arm("transformer", partial(build_transformer, "pre"), "Transformer"),
    Arm(
        "gru_attention",
        partial(build_gru, True),
        Text("GRU with attention", zh="带注意力的 GRU"),
    ),
    Arm("gru", partial(build_gru, False), "GRU"),
    Arm(
        "transformer_post",
        partial(build_transformer, "post"),
        Text("Transformer, post-norm", zh="Transformer（后归一化）"),
    ),
    Arm(
        "transformer_hard",
        partial(build_transformer, "pre"),
        Text("Transformer, hard labels", zh="Transformer（硬标签）"),
        procedure=Translation(0.0),
    ),
)


def sized(width: int, heads: int, hidden: int, layers: int) -> dict[str, int]:
    return {"width": width, "heads": heads, "hidden": hidden, "layers": layers}


LEVELS = (
    Level(
        "numbers",
        {"data": "numbers", **sized(32, 4, 64, 2)},
        label=Text("Number words", zh="数词"),
    ),
    Level(
        "interface",
        {"data": "interface", **sized(128, 4, 256, 2)},
        label=Text("Interface text", zh="界面文本"),
        recipe={"epochs": 25},
    ),
    Level(
        "tatoeba",
        {"data": "tatoeba", **sized(256, 4, 512, 3)},
        label="Tatoeba",
        recipe={"epochs": 20, "batch_size": 128, "evaluations": 20},
        heavy=True,
    ),
    Level(
        "multi30k",
        {"data": "multi30k", **sized(256, 4, 512, 3)},
        label="Multi30k",
        recipe={"epochs": 15, "batch_size": 128, "evaluations": 15},
        heavy=True,
    ),
)


def claims(level: Level) -> tuple[Claim, ...]:
    """What is claimed of the architectures at one level: by exact matches where answers
    are unique, else by BLEU.
    """
    name, exact = level.name, level.name == "numbers"
    title_zh = text_of(level.title, "zh")
    metric, margin = ("exact", 0.02) if exact else ("bleu", 1.0)
    return (
        Claim(
            f"transformer_wins_{name}",
            Text(
                f"{level.title}: a Transformer beats a GRU with attention of the same size.",
                zh=f"{title_zh}：Transformer 优于同等规模的带注意力的 GRU。",
            ),
            metric=metric,
            better="transformer",
            worse="gru_attention",
            levels=(name,),
            margin=margin,
            source=Text(
                f"{VASWANI}; {LEE}",
                zh=f"{text_of(VASWANI, 'zh')}；{text_of(LEE, 'zh')}",
            ),
            reported=Text(
                "BLEU 25.20 with a Transformer, 14.58 to 18.04 with recurrent networks "
                "(Lee)",
                zh="Transformer 的 BLEU 为 25.20，循环网络为 14.58 到 18.04（李宏毅）",
            ),
            matching_group="A Transformer beats recurrence",
        ),
        Claim(
            f"attention_helps_{name}",
            Text(
                f"{level.title}: a GRU with attention beats one without.",
                zh=f"{title_zh}：带注意力的 GRU 优于不带注意力的 GRU。",
            ),
            metric=metric,
            better="gru_attention",
            worse="gru",
            levels=(name,),
            margin=margin,
            source=LUONG,
            reported=Text(
                "Up to 5.0 BLEU more than without attention (English-German)",
                zh="比不用注意力最多高 5.0 BLEU（英德）",
            ),
            matching_group="Attention helps a recurrent translator",
        ),
        Claim(
            f"norm_is_a_detail_{name}",
            Text(
                f"{level.title}: with warm-up, pre-norm and post-norm come to the same.",
                zh=f"{title_zh}：有预热时，前归一化与后归一化效果相同。",
            ),
            metric=metric,
            kind="equal",
            better="transformer",
            worse="transformer_post",
            levels=(name,),
            margin=margin,
            source=XIONG,
            reported=Text(
                "Without warm-up post-norm falls from about 34 to 8.45 BLEU (IWSLT "
                "de-en); pre-norm does not",
                zh=(
                    "不预热时，后归一化从约 34 降到 8.45 BLEU（IWSLT 德英），"
                    "前归一化则不会"
                ),
            ),
            matching_group="With warm-up the place of the norm is a detail",
        ),
    )


def smoothing_claims(level: Level) -> tuple[Claim, ...]:
    """Smoothed labels buy BLEU with likelihood."""
    name, title_zh = level.name, text_of(level.title, "zh")
    return (
        Claim(
            f"smoothing_raises_bleu_{name}",
            Text(
                f"{level.title}: labels smoothed by 0.1 raise BLEU.",
                zh=f"{title_zh}：标签平滑 0.1 会提高 BLEU。",
            ),
            metric="bleu",
            better="transformer",
            worse="transformer_hard",
            levels=(name,),
            margin=0.5,
            source=VASWANI,
            reported=Text(
                "BLEU 25.8 with smoothing 0.1, 25.3 without (English-German, "
                "development set)",
                zh="平滑 0.1 时 BLEU 25.8，不平滑时 25.3（英德，开发集）",
            ),
            matching_group="Label smoothing raises BLEU",
        ),
        Claim(
            f"smoothing_costs_likelihood_{name}",
            Text(
                f"{level.title}: hard labels give the lower log loss per token.",
                zh=f"{title_zh}：硬标签的每词元对数损失更低。",
            ),
            metric="loss",
            better="transformer_hard",
            worse="transformer",
            levels=(name,),
            margin=0.05,
            source=VASWANI,
            reported=Text(
                '"This hurts perplexity, as the model learns to be more unsure"',
                zh="“这会损害困惑度，因为模型学会了更不确定”",
            ),
            matching_group="Label smoothing costs likelihood",
        ),
    )


CLAIMS = (
    *(claim for level in LEVELS for claim in claims(level)),
    *(claim for level in LEVELS[1:] for claim in smoothing_claims(level)),
    Claim(
        "attention_narrows_the_gap",
        Text(
            "Number words: what a GRU says alone is nearer to what it says after "
            "true tokens if it has attention.",
            zh="数词：有注意力时，GRU 独自生成的内容更接近它在真实前文之后生成的内容。",
        ),
        metric="exposure_gap",
        better="gru_attention",
        worse="gru",
        levels=("numbers",),
        margin=0.01,
        source=BENGIO,
    ),
)

TASK = Task(
    label=Text("Translation", zh="机器翻译"),
    question=Text(
        "Does a Transformer translate better than recurrent networks of its size?",
        zh="Transformer 的翻译优于同等规模的循环网络吗？",
    ),
    topic=Text("Translation", zh="机器翻译"),
    load_data=load_data,
    arms=ARMS,
    levels=LEVELS,
    procedure=Translation(),
    recipe=Recipe(
        steps=600,
        batch_size=64,
        betas=(0.9, 0.98),
        warmup=0.1,
        max_grad_norm=1.0,
        evaluations=8,
    ),
    space=Space(
        lr=Float(5e-4, 3e-2, log=True),
        weight_decay=Float(1e-4, 0.3, log=True),
        dropout=Float(0.0, 0.4),
    ),
    claims=CLAIMS,
    matched=Text(
        "Parameters within 1 %, updates, data and tuning trials",
        zh="参数量（相差不超过 1 %）、更新次数、数据与调参试验数",
    ),
    parameters_within=0.01,
    sources=(
        number_words.SOURCE,
        interface_text.SOURCE,
        tatoeba.SOURCE,
        multi30k.SOURCE,
        VASWANI,
        LUONG,
        XIONG,
        BENGIO,
        LEE,
    ),
)
