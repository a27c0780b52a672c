"""How does the cost of reading a sequence grow with its length?

Nothing is trained. The operations of one layer are counted by torch while it reads one
sequence, so they are exact, and the same on every machine; seconds would depend on it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tasks import (
    Arm,
    Axis,
    Claim,
    Level,
    Measure,
    Params,
    Plot,
    Task,
    Text,
)
from tasks.models.readers import HEADS, WIDTH

RECURRENT: dict[str, Callable[..., nn.Module]] = {
    "rnn": nn.RNN,
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}
# no numbers, only shapes: torch counts what it would do, and takes neither the time nor
# the memory; a CPU's fused LSTM would hide what it does
DEVICE = "meta"
VASWANI = Text(
    "Vaswani et al., Attention is all you need (2017), table 1 and section 4",
    zh="Vaswani 等，Attention is all you need（2017），表 1 与第 4 节",
)
PER_LAYER = Text(
    "Operations of a layer: n²d with self-attention, nd² with recurrence",
    zh="一层的运算量：自注意力为 n²d，循环层为 nd²",
)
SHORTER = Text(
    "Self-attention is faster where n is smaller than d",
    zh="当 n 小于 d 时，自注意力更快",
)
COUNTED = Text(
    "Operations are counted by torch's FlopCounterMode. Licence: none applies.",
    zh="运算量由 torch 的 FlopCounterMode 统计。许可证：不涉及。",
)


def read(layer: str, sequence: Tensor) -> None:
    """Have an untrained layer of that kind read a batch of one sequence."""
    if layer == "attention":
        attention = nn.MultiheadAttention(
            WIDTH, HEADS, batch_first=True, device=DEVICE
        )
        attention(sequence, sequence, sequence, need_weights=False)
        return
    recurrent = RECURRENT[layer]
    recurrent(WIDTH, WIDTH, batch_first=True, device=DEVICE)(sequence)


def operations(layer: str, length: int) -> float:
    """Multiplications and additions of the layer's matrix products while it reads one
    sequence, of ``length`` vectors of ``WIDTH`` numbers.
    """
    sequence = torch.empty(1, length, WIDTH, device=DEVICE)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        read(layer, sequence)
    return float(counter.get_total_flops())


def counted(
    layer: str, level: Level, params: Params, seed: int
) -> dict[str, float]:
    """The layer's operations at the level's length: a count, which no seed
    changes.
    """
    return {"operations": operations(layer, level["length"])}


def at(length: int) -> Level:
    """The level of sequences of that length."""
    label = Text(f"{length:,} symbols", zh=f"{length:,} 个符号")
    return Level(f"length_{length}", {"length": length}, length, label)


def claim(name: str, english: str, chinese: str, **fields: Any) -> Claim:
    """A claim about operations, of the paper unless ``fields`` say otherwise."""
    shared = {"metric": "operations", "source": VASWANI}
    return Claim(name, Text(english, zh=chinese), **{**shared, **fields})


def grows(
    arm: str,
    exponent: int,
    name: str,
    english: str,
    chinese: str,
    **fields: Any,
) -> Claim:
    """That an arm's operations grow as that power of the length."""
    shared = {"kind": "power_law", "margin": 0.1, "reported": PER_LAYER}
    return claim(
        name,
        english,
        chinese,
        better=arm,
        exponent=float(exponent),
        **{**shared, **fields},
    )


def cheaper(than: str, english: str, chinese: str) -> Claim:
    """Where the sequence is half as long as its vectors."""
    return claim(
        f"cheaper_than_{than}_where_short",
        english,
        chinese,
        better="attention",
        worse=than,
        scale="log_ratio",
        margin=0.05,
        levels=("length_8",),
        reported=SHORTER,
    )


# Up to n = 2d = 32, and far beyond: from there on comparing symbols costs more
# than projecting them.
SHORT = ("length_8", "length_16", "length_32")
LONG = ("length_256", "length_512", "length_1024")
CLAIMS = (
    grows(
        "attention",
        2,
        "attention_as_the_square",
        "From 256 symbols on, the operations of self-attention grow as the square of "
        "the length.",
        "从 256 个符号起，自注意力的运算量随长度的平方增长。",
        levels=LONG,
    ),
    grows(
        "attention",
        2,
        "attention_as_the_square_where_short",
        "They do so from 8 to 32 symbols, too, where vectors have 16 numbers.",
        "从 8 到 32 个符号（向量为 16 维）也是如此。",
        levels=SHORT,
    ),
    *(
        grows(
            arm,
            1,
            f"{arm}_as_the_length",
            f"The operations of {english} grow as the length.",
            f"{chinese}的运算量随长度成正比增长。",
        )
        for arm, english, chinese in (
            ("rnn", "a plain recurrent layer", "普通循环层"),
            ("gru", "a GRU", "GRU"),
            ("lstm", "an LSTM", "LSTM"),
        )
    ),
    cheaper(
        "rnn",
        "Where a sequence has fewer symbols than its vectors have numbers, "
        "self-attention takes fewer operations than a plain recurrent layer.",
        "当符号数少于向量维数时，自注意力的运算量少于普通循环层。",
    ),
    cheaper(
        "lstm",
        "There it takes fewer operations than an LSTM.",
        "此时它的运算量少于 LSTM。",
    ),
)
TASK = Task(
    label=Text("Attention's cost", zh="注意力的代价"),
    question=Text(
        "How does the cost of reading a sequence grow with its length?",
        zh="读取序列的代价如何随长度增长？",
    ),
    topic=Text("Self-attention", zh="自注意力"),
    arms=tuple(
        Arm.function(
            name, partial(counted, name), label=label, deterministic=True
        )
        for name, label in (
            ("attention", Text("Self-attention", zh="自注意力")),
            ("rnn", Text("Plain RNN", zh="普通 RNN")),
            ("gru", "GRU"),
            ("lstm", "LSTM"),
        )
    ),
    levels=tuple(map(at, (8, 16, 32, 256, 512, 1024))),
    measures=(
        Measure(
            "operations",
            "lower",
            label=Text("Number of operations", zh="运算量"),
            exact=True,
        ),
    ),
    claims=CLAIMS,
    matched=Text(
        "Numbers in a vector, and numbers in a state (16)",
        zh="向量维数与状态维数（16）",
    ),
    axis=Text("Symbols", zh="符号数"),
    plots=(
        Plot(
            "operations",
            Text("Operations by length", zh="不同长度下的运算量"),
            "operations",
            Axis(Text("Symbols", zh="符号数"), log=True),
            y=Axis(Text("Operations", zh="运算量"), log=True),
            says=Text(
                "On axes of ratios a power is a straight line: recurrent layers have a "
                "slope of 1, attention bends from 1 towards 2.",
                zh="在对数坐标上，幂函数是直线：循环层的斜率为 1，注意力从 1 弯向 2。",
            ),
        ),
    ),
    why=Text(
        "With n vectors of d numbers, self-attention takes 8nd² operations for its "
        "four projections and 4n²d to compare every symbol with every other and to "
        "add them up. The second part is the larger one beyond n = 2d, and the only "
        "one that table 1 of the paper has. A recurrent layer takes 4nd² operations, "
        "a GRU three and an LSTM four times as many, one symbol after the other.",
        zh=(
            "对于 n 个 d 维向量，自注意力的四个投影需要 8nd² 次运算，两两比较并加权求和"
            "需要 4n²d 次。当 n 超过 2d 时后者更大，论文表 1 只列出了后者。循环层需要 "
            "4nd² 次，GRU 是它的三倍，LSTM 是四倍，而且必须逐个符号进行。"
        ),
    ),
    literature=(
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
    ),
    sources=(COUNTED, VASWANI),
)
