"""What does self-attention know of order, without positions and with them?

Attention treats a sequence as a set: without positions no shuffling changes what it
answers. Which symbol came first cannot be told then, and which kind is more frequent
can.
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
    Splits,
    Task,
    Text,
)
from tasks.data import recall
from tasks.data.recall import SYMBOLS
from tasks.models.readers import Positions, attention_reader
from tasks.procedures.reading import Reading

# Odd, so that neither kind of symbol can be as frequent as the other.
LENGTH, PARAMETERS = 15, 6000
VASWANI = Text(
    "Vaswani et al., Attention is all you need (2017), section 3.5 and table 3 (E)",
    zh="Vaswani 等，Attention is all you need（2017），3.5 节与表 3 (E)",
)
FIGURES = Text(
    "BLEU 25.8 with sinusoids, 25.7 with learned positions (English-German)",
    zh="正弦位置 BLEU 25.8，学习的位置 25.7（英德）",
)
FIRST, MAJORITY = ("first",), ("majority",)


def load_data(level: Level, seed: int) -> Splits:
    """Sequences of 15 symbols, with the level's question about them."""
    return recall.load(seed, LENGTH, level["question"])


def build(
    positions: Positions, shape: Shape, level: Level, params: Params
) -> nn.Module:
    """One block of attention with those positions; the parameters of learned
    ones count.
    """
    return attention_reader(shape, SYMBOLS, PARAMETERS, positions)


def claim(name: str, english: str, chinese: str, **fields: Any) -> Claim:
    """A claim about accuracy, unless ``fields`` say otherwise."""
    shared = {"metric": "accuracy", "margin": 0.05, "source": VASWANI}
    return Claim(name, Text(english, zh=chinese), **{**shared, **fields})


CLAIMS = (
    *(
        claim(
            f"{arm}_positions_tell_order",
            f"With {english} the first symbol is found at least 50 points more often "
            "than without positions.",
            f"用{chinese}时，找出第一个符号的正确率比不用位置至少高 50 个百分点。",
            better=arm,
            worse="none",
            at_least=0.5,
            levels=FIRST,
        )
        for arm, english, chinese in (
            ("sinusoidal", "sinusoids", "正弦位置"),
            ("learned", "learned positions", "学习的位置"),
        )
    ),
    claim(
        "learned_or_not",
        "Sinusoids and learned positions come to the same log loss.",
        "正弦位置与学习的位置的对数损失相同。",
        metric="loss",  # all answers are right: accuracies say nothing
        kind="equal",
        better="learned",
        worse="sinusoidal",
        levels=FIRST,
        reported=FIGURES,
    ),
    claim(
        "a_set_needs_none",
        "Where order does not matter, the log loss is no worse without positions.",
        "在顺序无关紧要时，没有位置的对数损失并不更差。",
        metric="loss",
        kind="no_worse",
        better="none",
        worse="learned",
        levels=MAJORITY,
    ),
    claim(
        "without_them_order_is_lost",
        "Without positions no shuffling changes the outputs, but for rounding.",
        "没有位置时，除舍入误差外，打乱顺序不会改变输出。",
        metric="order",
        kind="always",
        better="none",
        upper_bound=0.0,
        # Sums of the same numbers in another order round differently.
        tolerance=1e-4,
    ),
)
TASK = Task(
    label=Text("Positional encoding", zh="位置编码"),
    question=Text(
        "Does attention need positions to know the order of its inputs?",
        zh="注意力需要位置编码才能知道输入的顺序吗？",
    ),
    topic=Text("Self-attention", zh="自注意力"),
    load_data=load_data,
    arms=(
        Arm("none", partial(build, "none"), Text("No positions", zh="无位置")),
        Arm(
            "sinusoidal",
            partial(build, "sinusoidal"),
            Text("Sinusoids", zh="正弦"),
        ),
        Arm(
            "learned",
            partial(build, "learned"),
            Text("Learned positions", zh="学习的位置"),
        ),
    ),
    levels=(
        Level(
            "first",
            {"question": "first"},
            label=Text("Which symbol is first", zh="哪个符号在最前"),
        ),
        Level(
            "majority",
            {"question": "majority"},
            label=Text("Which kind is more frequent", zh="哪一类更多"),
        ),
    ),
    procedure=Reading(),
    recipe=Recipe(
        steps=150,
        batch_size=64,
        optimizer="adam",
        max_grad_norm=1.0,
        evaluations=3,
    ),
    space=Space(lr=Float(5e-3, 4e-2, log=True, default=2e-2)),
    claims=CLAIMS,
    matched=Text(
        "Parameters within 1 %, updates, data, tuning trials",
        zh="参数量（相差不超过 1 %）、更新次数、数据、调参试验数",
    ),
    parameters_within=0.01,
    why=Text(
        "Self-attention is a weighted average over a set: permuting its input "
        "permutes its output and changes nothing else. A question about order can "
        "only be answered if each symbol carries its position. A question about "
        "counts does not need it.",
        zh=(
            "自注意力是对集合的加权平均：打乱输入只会同样打乱输出，别无变化。只有每个"
            "符号带有位置时，才能回答关于顺序的问题。关于数量的问题则不需要位置。"
        ),
    ),
    literature=(
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
    ),
    sources=(recall.SOURCE, VASWANI),
)
