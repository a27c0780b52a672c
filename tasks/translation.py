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
    # So few that architectures differ, and that 250 updates are 16 passes over them.
    "numbers_few": partial(number_words.load, digits=5, train=1000),
    "numbers_short": partial(number_words.load, digits=5),
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
WILLIAMS = Text(
    "Williams & Zipser, A learning algorithm for continually running fully recurrent "
    "neural networks (1989); Hung-yi Lee, 2021",
    zh=(
        "Williams 与 Zipser，A learning algorithm for continually running "
        "fully recurrent neural networks（1989）；李宏毅，2021"
    ),
)


def load_data(level: Level, seed: int) -> Splits:
    """The level's sentence pairs."""
    return DATA[level["data"]](seed)


def build_transformer(
    norm: Norm, shape: Shape, level: Level, params: Params
) -> nn.Module:
    """A Transformer of the level's size."""
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


def build_gru(
    attention: bool, shape: Shape, level: Level, params: Params
) -> nn.Module:
    """A GRU with as many parameters as the level's Transformer."""
    sources, targets, width = (
        len(shape.metadata["source"]),
        len(shape.metadata["target"]),
        level["width"],
    )
    parameters = parameter_count(
        sources, targets, width, level["hidden"], level["layers"]
    )
    reading, writing = matched_units(
        parameters, sources, targets, width, attention
    )
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
    Arm(
        "transformer_own",
        partial(build_transformer, "pre"),
        Text(
            "Transformer, fed its own outputs",
            zh="Transformer（喂入自身输出）",
        ),
        procedure=Translation(truth=0.0),
    ),
    Arm(
        "transformer_mixed",
        partial(build_transformer, "pre"),
        Text(
            "Transformer, half its own outputs",
            zh="Transformer（一半自身输出）",
        ),
        procedure=Translation(truth=0.5),
    ),
    Arm(
        "transformer_endless",
        partial(build_transformer, "pre"),
        Text("Transformer, END not learned", zh="Transformer（不学习 END）"),
        procedure=Translation(end=False),
    ),
    Arm(
        "transformer_beam",
        partial(build_transformer, "pre"),
        Text("Transformer, beam of 4", zh="Transformer（束宽 4）"),
        procedure=Translation(beams=4),
    ),
)


def sized(width: int, heads: int, hidden: int, layers: int) -> dict[str, int]:
    """The factors of a level that give a Transformer its size."""
    return {"width": width, "heads": heads, "hidden": hidden, "layers": layers}


# Small networks on clean data: high rates and no dropout.
NUMBERS = Space(
    lr=Float(4e-3, 2e-2, log=True, default=8e-3),
    dropout=Float(0.0, 0.2, default=0.0),
)
# One layer of encoder and decoder each is enough for five digits, at half the time.
SHORT = {"data": "numbers_short", **sized(32, 4, 64, 1)}
LEVELS = (
    Level(
        "numbers_few",
        {**SHORT, "data": "numbers_few"},
        label=Text(
            "Number words below 100,000, 1,000 examples",
            zh="100,000 以下的数词，1,000 个样本",
        ),
        recipe={"steps": 250},
        space=NUMBERS,
    ),
    Level(
        "numbers_early",
        SHORT,
        label=Text(
            "Number words below 100,000, 80 updates",
            zh="100,000 以下的数词，更新 80 次",
        ),
        recipe={"steps": 80},
        space=NUMBERS,
    ),
    Level(
        "numbers",
        {"data": "numbers", **sized(32, 4, 64, 2)},
        label=Text("Number words", zh="数词"),
        space=NUMBERS,
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


def judged_by(level: Level) -> tuple[str, float]:
    """The metric and its margin: exact matches where answers are unique, else BLEU."""
    return (
        ("exact", 0.02)
        if level["data"].startswith("numbers")
        else ("bleu", 1.0)
    )


def claims(level: Level) -> tuple[Claim, ...]:
    """What is claimed of the architectures at one level."""
    name, title_zh = level.name, text_of(level.title, "zh")
    metric, margin = judged_by(level)
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


def attention_claim(level: Level) -> Claim:
    """That attention helps a GRU at that level."""
    metric, margin = judged_by(level)
    return Claim(
        f"attention_helps_{level.name}",
        Text(
            f"{level.title}: a GRU with attention beats one without.",
            zh=f"{text_of(level.title, 'zh')}：带注意力的 GRU 优于不带注意力的 GRU。",
        ),
        metric=metric,
        better="gru_attention",
        worse="gru",
        levels=(level.name,),
        margin=margin,
        source=LUONG,
        reported=Text(
            "Up to 5.0 BLEU more than without attention (English-German)",
            zh="比不用注意力最多高 5.0 BLEU（英德）",
        ),
        matching_group="Attention helps a recurrent translator",
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


def teacher_forcing_claim(level: Level) -> Claim:
    """That a decoder should be given the true tokens at that level."""
    metric, margin = judged_by(level)
    return Claim(
        f"teacher_forcing_wins_{level.name}",
        Text(
            f"{level.title}: a decoder given the true tokens while it learns "
            "translates better than one given its own.",
            zh=(
                f"{text_of(level.title, 'zh')}：训练时给解码器真实词元，"
                "译文优于给它自身的输出。"
            ),
        ),
        metric=metric,
        better="transformer",
        worse="transformer_own",
        levels=(level.name,),
        margin=margin,
        source=WILLIAMS,
        matching_group="Teacher forcing wins",
    )


def own_tokens_claim(level: Level) -> Claim:
    """That half of its own tokens help a decoder at that level."""
    metric, margin = judged_by(level)
    return Claim(
        f"own_tokens_help_{level.name}",
        Text(
            f"{level.title}: a decoder given half of its own tokens while it "
            "learns translates better than one given true tokens alone.",
            zh=(
                f"{text_of(level.title, 'zh')}：训练时一半词元取自自身输出的解码器，"
                "译文优于只给真实词元。"
            ),
        ),
        metric=metric,
        better="transformer_mixed",
        worse="transformer",
        levels=(level.name,),
        margin=margin,
        source=BENGIO,
        reported=Text(
            "Significant improvements in captioning, parsing and speech, with a "
            "share of own tokens that grows; here it is constant",
            zh="在图像描述、句法分析和语音上显著改善，其自身词元的比例逐渐增大；此处为常数",
        ),
        matching_group="A decoder should learn from some of its own tokens",
    )


def beam_claim(level: Level) -> Claim:
    """That a beam finds translations of higher BLEU at that level."""
    return Claim(
        f"a_beam_raises_bleu_{level.name}",
        Text(
            f"{level.title}: a beam of 4 finds translations of higher BLEU than greedy "
            "search.",
            zh=f"{text_of(level.title, 'zh')}：束宽 4 的束搜索所得译文的 BLEU 高于贪心搜索。",
        ),
        metric="bleu",
        better="transformer_beam",
        worse="transformer",
        levels=(level.name,),
        margin=0.5,
        source=Text(
            "Wu et al., Google's neural machine translation system (2016); Koehn & "
            "Knowles, Six challenges for neural machine translation (2017)",
            zh=(
                "Wu 等，Google's neural machine translation system（2016）；"
                "Koehn 与 Knowles，Six challenges for neural machine "
                "translation（2017）"
            ),
        ),
        reported=Text(
            "Better up to a width of 5 or 10, worse beyond",
            zh="束宽到 5 或 10 之前变好，更宽则变差",
        ),
        matching_group="A beam raises BLEU",
    )


TEXTS = tuple(
    level for level in LEVELS if not level["data"].startswith("numbers")
)
# After 80 updates too few sentences are right for exact matches to tell arms
# apart: that level has claims in chrF.
TRAINED = tuple(level for level in LEVELS if level.name != "numbers_early")
# With few examples a decoder learns from its own tokens as well as from true ones, only
# later: how soon is a claim at 80 updates.
FULL = tuple(level for level in TRAINED if level.name != "numbers_few")
CLAIMS = (
    *(claim for level in TRAINED for claim in claims(level)),
    *(attention_claim(level) for level in TRAINED),
    *(teacher_forcing_claim(level) for level in FULL),
    *(own_tokens_claim(level) for level in TRAINED),
    *(claim for level in TEXTS for claim in smoothing_claims(level)),
    *(beam_claim(level) for level in TEXTS),
    Claim(
        "teacher_forcing_learns_faster",
        Text(
            "After 80 updates, a decoder given the true tokens translates better than "
            "one given its own, by 5 points of chrF at least.",
            zh="更新 80 次后，给真实词元的解码器的 chrF 比给自身输出的至少高 5 分。",
        ),
        metric="chrf",
        better="transformer",
        worse="transformer_own",
        levels=("numbers_early",),
        at_least=5.0,
        margin=2.0,
        fixed_budget=True,
        source=WILLIAMS,
    ),
    Claim(
        "attention_learns_faster",
        Text(
            "After 80 updates, a GRU with attention translates better than one without, "
            "by 10 points of chrF at least.",
            zh="更新 80 次后，带注意力的 GRU 的 chrF 比不带的至少高 10 分。",
        ),
        metric="chrf",
        better="gru_attention",
        worse="gru",
        levels=("numbers_early",),
        at_least=10.0,
        margin=2.0,
        fixed_budget=True,
        source=LUONG,
    ),
    Claim(
        "end_must_be_learned",
        Text(
            "If END is left out of the loss, translations do not stop: lengths are off "
            "by at least 25 points more.",
            zh="损失中去掉 END，译文就不会停止：长度误差至少增加 25 个百分点。",
        ),
        metric="length_error",
        better="transformer",
        worse="transformer_endless",
        levels=("numbers_few",),
        at_least=0.25,
        margin=0.02,
        source=LEE,
    ),
    # Both arms are right about nine tokens in ten after true ones: the gap of a model
    # that has learned little says nothing.
    Claim(
        "attention_narrows_the_gap",
        Text(
            "Numbers below 100,000, after 250 updates on 1,000 examples: a GRU with "
            "attention is led astray less often by its own mistakes than one without.",
            zh=(
                "100,000 以下的数词，用 1,000 个样本更新 250 次后："
                "有注意力的 GRU 比没有的更少被自身的错误带偏。"
            ),
        ),
        metric="exposure_gap",
        better="gru_attention",
        worse="gru",
        levels=("numbers_few",),
        margin=0.01,
        fixed_budget=True,
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
        # as in Vaswani et al. (2017), section 5.3
        betas=(0.9, 0.98),
        warmup=0.1,
        max_grad_norm=1.0,
        evaluations=8,
    ),
    space=Space(
        lr=Float(5e-4, 1e-2, log=True),
        weight_decay=Float(1e-4, 0.3, log=True, default=0.01),
        dropout=Float(0.0, 0.4, default=0.1),
    ),
    claims=CLAIMS,
    matched=Text(
        "Parameters within 1 %, updates, data and tuning trials",
        zh="参数量（相差不超过 1 %）、更新次数、数据与调参试验数",
    ),
    parameters_within=0.01,
    why=Text(
        "A recurrent encoder without attention has to press the whole sentence into "
        "one state, which gets harder with its length. Attention gives the decoder a "
        "direct way to each source token; a Transformer uses nothing else, and has "
        "to learn order from its positional encoding. With few sentences the "
        "recurrence is a helpful assumption, with many it is a limit.",
        zh=(
            "没有注意力的循环编码器必须把整个句子压进一个状态，句子越长越难。注意力让"
            "解码器直接访问每个源词元；Transformer 只用注意力，必须从位置编码中学会顺"
            "序。句子少时，循环结构是有益的假设；句子多时，它成为限制。"
        ),
    ),
    literature=(
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
        "Luong, Pham & Manning, Effective approaches to attention-based neural "
        "machine translation (2015), doi:10.48550/arXiv.1508.04025",
        "Xiong et al., On layer normalization in the Transformer architecture "
        "(2020), doi:10.48550/arXiv.2002.04745",
        "Bengio et al., Scheduled sampling (2015), doi:10.48550/arXiv.1506.03099",
    ),
    sources=(
        number_words.SOURCE,
        interface_text.SOURCE,
        tatoeba.SOURCE,
        multi30k.SOURCE,
        VASWANI,
        LUONG,
        XIONG,
        BENGIO,
        WILLIAMS,
        LEE,
    ),
)
