"""Which network translates best: a Transformer, or gated recurrent units with or
without attention?
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
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
VASWANI = "Vaswani et al., Attention is all you need (2017)"
LEE = "Hung-yi Lee, Machine Learning 2021, homework 5 (English to Chinese, TED 2020)"
LUONG = "Luong, Pham & Manning, Effective approaches to attention-based neural machine translation (2015)"
XIONG = "Xiong et al., On layer normalization in the Transformer architecture (2020)"
BENGIO = "Bengio et al., Scheduled sampling for sequence prediction with recurrent neural networks (2015)"


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
    Arm("gru_attention", partial(build_gru, True), "GRU with attention"),
    Arm("gru", partial(build_gru, False), "GRU"),
    Arm(
        "transformer_post", partial(build_transformer, "post"), "Transformer, post-norm"
    ),
    Arm(
        "transformer_hard",
        partial(build_transformer, "pre"),
        "Transformer, hard labels",
        procedure=Translation(0.0),
    ),
)


def sized(width: int, heads: int, hidden: int, layers: int) -> dict[str, int]:
    return {"width": width, "heads": heads, "hidden": hidden, "layers": layers}


LEVELS = (
    Level("numbers", {"data": "numbers", **sized(32, 4, 64, 2)}, label="Number words"),
    Level(
        "interface",
        {"data": "interface", **sized(128, 4, 256, 2)},
        label="Interface text",
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
    metric, margin = ("exact", 0.02) if exact else ("bleu", 1.0)
    return (
        Claim(
            f"transformer_wins_{name}",
            f"{level.title}: a Transformer beats a GRU with attention of the same size.",
            metric=metric,
            better="transformer",
            worse="gru_attention",
            levels=(name,),
            margin=margin,
            source=f"{VASWANI}; {LEE}",
            reported="BLEU 25.20 with a Transformer, 14.58 to 18.04 with recurrent networks (Lee)",
            matching_group="A Transformer beats recurrence",
        ),
        Claim(
            f"attention_helps_{name}",
            f"{level.title}: a GRU with attention beats one without.",
            metric=metric,
            better="gru_attention",
            worse="gru",
            levels=(name,),
            margin=margin,
            source=LUONG,
            reported="Up to 5.0 BLEU more than without attention (English-German)",
            matching_group="Attention helps a recurrent translator",
        ),
        Claim(
            f"norm_is_a_detail_{name}",
            f"{level.title}: with warm-up, pre-norm and post-norm come to the same.",
            metric=metric,
            kind="equal",
            better="transformer",
            worse="transformer_post",
            levels=(name,),
            margin=margin,
            source=XIONG,
            reported="Without warm-up post-norm falls from about 34 to 8.45 BLEU (IWSLT de-en); pre-norm does not",
            matching_group="With warm-up the place of the norm is a detail",
        ),
    )


def smoothing_claims(level: Level) -> tuple[Claim, ...]:
    """Smoothed labels buy BLEU with likelihood."""
    name = level.name
    return (
        Claim(
            f"smoothing_raises_bleu_{name}",
            f"{level.title}: labels smoothed by 0.1 raise BLEU.",
            metric="bleu",
            better="transformer",
            worse="transformer_hard",
            levels=(name,),
            margin=0.5,
            source=VASWANI,
            reported="BLEU 25.8 with smoothing 0.1, 25.3 without (English-German, development set)",
            matching_group="Label smoothing raises BLEU",
        ),
        Claim(
            f"smoothing_costs_likelihood_{name}",
            f"{level.title}: hard labels give the lower log loss per token.",
            metric="loss",
            better="transformer_hard",
            worse="transformer",
            levels=(name,),
            margin=0.05,
            source=VASWANI,
            reported='"This hurts perplexity, as the model learns to be more unsure"',
            matching_group="Label smoothing costs likelihood",
        ),
    )


CLAIMS = (
    *(claim for level in LEVELS for claim in claims(level)),
    *(claim for level in LEVELS[1:] for claim in smoothing_claims(level)),
    Claim(
        "attention_narrows_the_gap",
        "Number words: what a GRU says alone is nearer to what it says after true tokens if it has attention.",
        metric="exposure_gap",
        better="gru_attention",
        worse="gru",
        levels=("numbers",),
        margin=0.01,
        source=BENGIO,
    ),
)

TASK = Task(
    question="Does a Transformer translate better than recurrent networks of its size?",
    topic="Translation",
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
    matched="Parameters within 1 %, updates, data and tuning trials",
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
