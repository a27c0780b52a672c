"""Which layers remember the first symbol of a sequence, and over which distance?

Recurrent layers carry it from state to state; attention looks it up. The gates of an
LSTM start half closed, so that a memory is halved with each symbol until training has
opened them.
"""

from functools import partial
from typing import Any

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
    Splits,
    Task,
    Text,
)
from tasks.data import recall
from tasks.data.recall import SYMBOLS
from tasks.models.readers import (
    Kind,
    RecurrentReader,
    attention_reader,
    matched_units,
)
from tasks.procedures.reading import Reading

PARAMETERS = 6000
OPEN = 4.0  # a forget gate with this bias keeps 98 % of a memory from symbol to symbol
VASWANI = Text(
    "Vaswani et al., Attention is all you need (2017), table 1; Hung-yi Lee, 2021",
    zh="Vaswani 等，Attention is all you need（2017），表 1；李宏毅，2021",
)
BENGIO = Text(
    "Bengio, Simard & Frasconi, Learning long-term dependencies with gradient descent "
    "is difficult (1994)",
    zh=(
        "Bengio、Simard 与 Frasconi，Learning long-term dependencies with gradient "
        "descent is difficult（1994）"
    ),
)
JOZEFOWICZ = Text(
    "Jozefowicz, Zaremba & Sutskever, An empirical exploration of recurrent network "
    "architectures (2015)",
    zh=(
        "Jozefowicz、Zaremba 与 Sutskever，An empirical exploration of recurrent "
        "network architectures（2015）"
    ),
)
PATHS = Text(
    "Longest path between two places: 1 step with self-attention, n with recurrence",
    zh="两个位置之间的最长路径：自注意力为 1 步，循环网络为 n 步",
)


def load_data(level: Level, seed: int) -> Splits:
    """Sequences of the level's length, and their first symbol."""
    return recall.load(seed, level["length"])


def build_attention(shape: Shape, level: Level, params: Params) -> nn.Module:
    """One block of self-attention of ``PARAMETERS`` parameters."""
    return attention_reader(shape, SYMBOLS, PARAMETERS)


def build_recurrent(
    kind: Kind,
    both_ways: bool,
    forget_bias: float,
    shape: Shape,
    level: Level,
    params: Params,
) -> nn.Module:
    """A recurrent layer of ``PARAMETERS`` parameters, whatever its kind and
    direction.
    """
    units = matched_units(PARAMETERS, kind, SYMBOLS, shape.outputs, both_ways)
    return RecurrentReader(
        shape,
        SYMBOLS,
        kind,
        units,
        both_ways=both_ways,
        forget_bias=forget_bias,
    )


def recurrent(
    name: str,
    label: str,
    kind: Kind,
    both_ways: bool = False,
    bias: float = 0.0,
) -> Arm:
    """The arm of a recurrent layer."""
    return Arm(name, partial(build_recurrent, kind, both_ways, bias), label)


def at(length: int) -> Level:
    """The level of sequences of that length."""
    label = Text(f"{length} symbols", zh=f"{length} 个符号")
    return Level(f"length_{length}", {"length": length}, length, label)


LEVELS = tuple(at(length) for length in (4, 8, 16, 32))
SHORT, MIDDLE, LONG = ("length_4",), ("length_16",), ("length_32",)


def claim(name: str, english: str, chinese: str, **fields: Any) -> Claim:
    """A claim about accuracy after as many updates as the recipe has."""
    shared = {"metric": "accuracy", "margin": 0.05, "fixed_budget": True}
    return Claim(name, Text(english, zh=chinese), **{**shared, **fields})


def far_ahead(
    better: str, worse: str, english: str, chinese: str, **fields: Any
) -> Claim:
    """At a distance of 32 symbols, by half of all answers at least."""
    name = f"{better}_beats_{worse}_at_32"
    shared = {
        "better": better,
        "worse": worse,
        "levels": LONG,
        "at_least": 0.5,
    }
    return claim(name, english, chinese, **shared, **fields)


CLAIMS = (
    far_ahead(
        "attention",
        "gru",
        "Over 32 symbols, self-attention is right at least 50 points more often than "
        "a GRU after as many updates.",
        "在 32 个符号上，更新次数相同时，自注意力的正确率比 GRU 至少高 50 个百分点。",
        source=VASWANI,
        reported=PATHS,
    ),
    claim(
        "as_good_at_4",
        "Over 4 symbols they come to the same log loss.",
        "在 4 个符号上，两者的对数损失相同。",
        metric="loss",  # both are right about all but a few: accuracies say nothing
        kind="equal",
        better="attention",
        worse="gru",
        levels=SHORT,
        source=VASWANI,
    ),
    claim(
        "distance_decides",
        "The longer the distance, the further a GRU falls behind in log loss.",
        "距离越长，GRU 的对数损失落后越多。",
        metric="loss",
        kind="interaction",
        better="attention",
        worse="gru",
        levels=SHORT + LONG,
        source=BENGIO,
    ),
    far_ahead(
        "bidirectional",
        "gru",
        "A bidirectional GRU, whose other direction ends at the first symbol, is right "
        "at least 50 points more often over 32 than one that reads forwards.",
        "双向 GRU 的另一方向恰好终止于第一个符号；在 32 个符号上，它的正确率比只向前读的"
        "至少高 50 个百分点。",
        source=VASWANI,
    ),
    claim(
        "open_gates_remember",
        "An LSTM whose forget gates start open is right at least 50 points more often "
        "over 16 symbols than one whose gates start half closed.",
        "遗忘门初始打开的 LSTM，在 16 个符号上的正确率比初始半闭的至少高 50 个百分点。",
        better="lstm_open",
        worse="lstm",
        levels=MIDDLE,
        at_least=0.5,
        source=JOZEFOWICZ,
    ),
    claim(
        "gates_remember_longer",
        "Over 16 symbols a GRU remembers better than a plain recurrent layer.",
        "在 16 个符号上，GRU 比普通循环层记得更好。",
        better="gru",
        worse="rnn",
        levels=MIDDLE,
        source=BENGIO,
        reported=Text(
            "Gated layers are said to learn distances that plain ones do not",
            zh="通常认为门控层能学会普通层学不会的距离",
        ),
    ),
    *(
        claim(
            f"{arm}_knows_no_later_symbol",
            f"No state of {english} depends on a later symbol.",
            f"{chinese}的任何状态都不依赖后面的符号。",
            metric="future",
            kind="always",
            better=arm,
            equal_to=0.0,
            levels=MIDDLE,
            source=VASWANI,
        )
        for arm, english, chinese in (
            ("gru", "a GRU that reads forwards", "向前读的 GRU"),
            ("rnn", "a plain recurrent layer", "普通循环层"),
        )
    ),
    *(
        claim(
            f"{arm}_knows_all_later_symbols",
            f"Every state of {english} depends on every later symbol.",
            f"{chinese}的每个状态都依赖后面的所有符号。",
            metric="future",
            kind="always",
            better=arm,
            equal_to=1.0,
            levels=SHORT + LONG,
            source=VASWANI,
        )
        for arm, english, chinese in (
            ("bidirectional", "a bidirectional GRU", "双向 GRU"),
            ("attention", "self-attention", "自注意力"),
        )
    ),
)

TASK = Task(
    label=Text("Attention vs RNN", zh="注意力与循环网络"),
    question=Text(
        "Does attention reach further back than recurrent layers?",
        zh="注意力比循环层能回看得更远吗？",
    ),
    topic=Text("Self-attention", zh="自注意力"),
    load_data=load_data,
    arms=(
        Arm(
            "attention", build_attention, Text("Self-attention", zh="自注意力")
        ),
        recurrent("rnn", Text("Plain RNN", zh="普通 RNN"), "rnn"),
        recurrent("gru", "GRU", "gru"),
        recurrent(
            "lstm",
            Text("LSTM, gates as usual", zh="LSTM（常规初始化）"),
            "lstm",
        ),
        recurrent(
            "lstm_open",
            Text("LSTM, gates open at first", zh="LSTM（遗忘门初始打开）"),
            "lstm",
            bias=OPEN,
        ),
        recurrent(
            "bidirectional",
            Text("Bidirectional GRU", zh="双向 GRU"),
            "gru",
            True,
        ),
    ),
    levels=LEVELS,
    procedure=Reading(),
    recipe=Recipe(
        # In pilots attention was right over 32 symbols after about 100
        # updates, and a GRU no better than chance after 400.
        steps=120,
        batch_size=64,
        optimizer="adam",
        # Recurrent layers have steep places, where one step can undo all
        # before it.
        max_grad_norm=1.0,
        evaluations=3,
    ),
    space=Space(lr=Float(1e-2, 4e-2, log=True, default=2e-2)),
    claims=CLAIMS,
    matched=Text(
        "Parameters within 5 %, updates, data, tuning trials",
        zh="参数量（相差不超过 5 %）、更新次数、数据、调参试验数",
    ),
    axis=Text("Symbols", zh="符号数"),
    plots=(
        Plot(
            "recall",
            Text("Recall of the first symbol", zh="对第一个符号的回忆"),
            "accuracy",
            Axis(Text("Symbols", zh="符号数"), log=True),
            says=Text(
                "A dot for each block, lines through their means; guessing gets 10 %.",
                zh="每个点是一个区组，连线为均值；猜测的正确率为 10 %。",
            ),
        ),
    ),
    parameters_within=0.05,
    why=Text(
        "A recurrent layer hands what it remembers from state to state, and each "
        "step multiplies it by a factor: over a long distance it fades, and so does "
        "its gradient. Gates that stay open keep the factor near 1. Attention "
        "reaches every position in one step, at a cost that grows with the square of "
        "the length.",
        zh=(
            "循环层把记忆从一个状态传到下一个，每一步乘以一个系数：距离长时记忆衰减，"
            "梯度也一样。保持打开的门使系数接近 1。注意力一步即可到达任何位置，代价随"
            "长度的平方增长。"
        ),
    ),
    literature=(
        "Bengio, Simard & Frasconi, Learning long-term dependencies with gradient "
        "descent is difficult (1994), doi:10.1109/72.279181",
        "Hochreiter & Schmidhuber, Long short-term memory (1997), "
        "doi:10.1162/neco.1997.9.8.1735",
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
    ),
    sources=(recall.SOURCE, VASWANI, BENGIO, JOZEFOWICZ),
)
