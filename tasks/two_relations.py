"""One head or several, where a place must look at two others at once?

Of eight numbers, is the one at the first place asked for larger than the one at the
second? Keys know places alone and values numbers alone, so one head reads a weighted
mean w a + (1 - w) b of the two numbers, whatever else it learns. From that the answer
is right in 3/4 of all cases at the most, with w = 1: of numbers that are uniform from
-1 to 1, a alone tells with probability (1 + |a|) / 2. Two heads read both.
"""

from functools import partial

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
from tasks.procedures.head_masks import LEAST, MOST, MaskedHeads

PLACES = 8
WIDTH, HIDDEN = 16, 32
HEADS = (1, 2, 4)
EXAMPLES = 4000, 1000, 4000  # to learn from, to choose by, sealed
CEILING = 0.75  # of one head

VASWANI = Text(
    "Vaswani et al., Attention is all you need (2017), section 3.2.2",
    zh="Vaswani 等，Attention is all you need（2017），第 3.2.2 节",
)
MICHEL = Text(
    "Michel, Levy & Neubig, Are sixteen heads really better than one? (NeurIPS 2019)",
    zh="Michel、Levy 与 Neubig，Are sixteen heads really better than one?（NeurIPS 2019）",
)


class Lookup(nn.Module):
    """Logits (examples, 2) for numbers and the two places asked for, side by side:
    (examples, places + 2). The number of heads leaves the parameters as they are.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.keys = nn.Embedding(PLACES, WIDTH)
        self.first = nn.Embedding(PLACES, WIDTH)
        self.second = nn.Embedding(PLACES, WIDTH)
        # Values of one number: a head can only average the numbers themselves.
        self.attention = nn.MultiheadAttention(
            WIDTH, heads, vdim=1, batch_first=True
        )
        self.answer = nn.Sequential(
            nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, 2), of ``x``, (examples, places + 2)."""
        numbers, asked = x[:, :PLACES], x[:, PLACES:].long()
        query = self.first(asked[:, 0]) + self.second(asked[:, 1])
        keys = self.keys.weight.expand(len(x), -1, -1)
        read, _ = self.attention(
            query[:, None], keys, numbers[..., None], need_weights=False
        )
        # The query stays beside what was read, so the answer knows which
        # places were asked for.
        logits: Tensor = self.answer(query + read[:, 0])
        return logits


def load_data(level: Level, seed: int) -> Splits:
    """Eight numbers and two different places, (examples, 10), and whether the number at
    the first place is the larger.
    """
    rng = torch.Generator().manual_seed(seed)

    def drawn(count: int) -> Split:
        numbers = 2 * torch.rand(count, PLACES, generator=rng) - 1
        asked = torch.rand(count, PLACES, generator=rng).argsort(1)[:, :2]
        at_places = numbers.gather(1, asked)
        larger = (at_places[:, 0] > at_places[:, 1]).long()
        return Split(torch.cat([numbers, asked.float()], 1), larger)

    train, validation, test = map(drawn, EXAMPLES)
    return Splits(train, validation, test, classes=2)


def build(heads: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    """A lookup with that many heads."""
    return Lookup(heads)


TASK = Task(
    label=Text(
        "Two relations, one or several heads", zh="两个关系：一个头还是多个头"
    ),
    question=Text(
        "Where a place must look at two others at once, is one head enough?",
        zh="一个位置必须同时看另外两个位置时，一个头够吗？",
    ),
    topic=Text("Self-attention", zh="自注意力"),
    load_data=load_data,
    arms=tuple(
        Arm(
            f"heads_{n}",
            partial(build, n),
            Text(f"{n} head{'s' * (n > 1)}", zh=f"{n} 个头"),
            x=n,
        )
        for n in HEADS
    ),
    procedure=MaskedHeads(),
    recipe=Recipe(
        steps=1000,
        batch_size=64,
        optimizer="adam",
        restore_best=False,
        evaluations=4,
    ),
    space=Space(lr=Float(5e-3, 4e-2, log=True, default=2e-2)),
    claims=(
        Claim(
            "four_heads_beat_one",
            Text(
                "Four heads are right at least 10 points more often than one.",
                zh="四个头的正确率比一个头至少高 10 个百分点。",
            ),
            metric="accuracy",
            better="heads_4",
            worse="heads_1",
            at_least=0.1,
            margin=0.02,
            source=VASWANI,
            reported=Text(
                "Several heads attend to different places at once; with a single head, "
                "averaging inhibits this",
                zh="多个头可同时关注不同位置；只有一个头时，取平均会妨碍这一点",
            ),
        ),
        Claim(
            "one_head_stays_below_its_bound",
            Text(
                "One head is never right more often than in three cases of four.",
                zh="一个头的正确率从不超过四分之三。",
            ),
            metric="accuracy",
            kind="always",
            better="heads_1",
            upper_bound=CEILING,
            # three and a half standard errors of a share of 4,000
            tolerance=0.025,
            source=Text(
                "E max(P(a > b | a), P(a < b | a)) = E (1 + |a|) / 2 = 3/4",
                zh="只看一个数时：E max(P(a > b | a), P(a < b | a)) = E (1 + |a|) / 2 = 3/4",
            ),
        ),
        Claim(
            "a_needed_head_cannot_be_masked",
            Text(
                "Masking the most needed of four heads after training costs at least 15 "
                "points of accuracy.",
                zh="训练后屏蔽四个头中最需要的一个，准确率至少下降 15 个百分点。",
            ),
            metric=MOST.name,
            kind="threshold",
            better="heads_4",
            reference=0.15,
            margin=0.02,
            source=MICHEL,
        ),
        Claim(
            "a_spare_head_can_be_masked",
            Text(
                "Masking the least needed of four heads after training costs at most 2 "
                "points of accuracy.",
                zh="训练后屏蔽四个头中最不需要的一个，准确率至多下降 2 个百分点。",
            ),
            metric=LEAST.name,
            kind="always",
            better="heads_4",
            upper_bound=0.02,
            source=MICHEL,
            reported=Text(
                "Most heads of a translation model can be removed one at a time without "
                "a significant change",
                zh="翻译模型中的大多数头单独去掉后，效果没有显著变化",
            ),
        ),
    ),
    matched=Text(
        "Parameters, to the last one, data, updates, rate",
        zh="参数量（分毫不差）、数据、更新次数、学习率",
    ),
    arms_axis=Text("Heads", zh="头数"),
    parameters_within=0.0,
    why=Text(
        "One head reads a single weighted mean of the two numbers, whatever else it "
        "learns, and a mean does not tell which of them is larger. From the first "
        "number alone the answer is right in three of four cases. Two heads read both numbers.",
        zh=(
            "无论怎样学习，一个头只能读到两个数的一个加权平均，而平均值无法说明哪个更大。"
            "只看第一个数，四次中能答对三次。两个头则能读到两个数。"
        ),
    ),
    literature=(
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
    ),
    sources=(
        Text(
            "Generated for each block. Licence: MIT, as this project.",
            zh="每个区组重新生成。许可证：MIT，与本项目相同。",
        ),
        VASWANI,
    ),
)
