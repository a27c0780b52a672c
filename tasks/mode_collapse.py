"""Does a generator find all eight centres of a ring, and does averaging its parameters
over updates help?

A ring of eight normal distributions is where collapse to a few modes is seen in
seconds. Two players that chase each other circle around the solution; an average over
the circle lies nearer to it than either of its points.
"""

import math

import torch
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
    Split,
    Splits,
    Task,
    Text,
)
from tasks.models.adversarial import planar
from tasks.procedures.adversarial import NON_SATURATING
from tasks.procedures.ring import RingGame

CENTRES = 8
STD = 0.02  # around each centre; neighbours are 0.77 apart
EXAMPLES = 4000, 1000, 1000  # to learn from, to choose by, sealed
WIDTH, LATENT = 64, 2
DECAY = 0.99  # of the average: it spans about 100 updates

METZ = Text(
    "Metz et al., Unrolled generative adversarial networks (ICLR 2017), section 3.1",
    zh="Metz 等，Unrolled generative adversarial networks（ICLR 2017），第 3.1 节",
)
YAZICI = Text(
    "Yazıcı et al., The unusual effectiveness of averaging in GAN training (ICLR 2019)",
    zh="Yazıcı 等，The unusual effectiveness of averaging in GAN training（ICLR 2019）",
)


def load_data(level: Level, seed: int) -> Splits:
    """Points in the plane, (examples, 2), around centres on the unit circle; ``y`` says
    which.
    """
    rng = torch.Generator().manual_seed(seed)
    angles = 2 * math.pi * torch.arange(CENTRES) / CENTRES
    centres = torch.stack([angles.cos(), angles.sin()], 1)

    def drawn(count: int) -> Split:
        chosen = torch.randint(CENTRES, (count,), generator=rng)
        return Split(
            centres[chosen] + STD * torch.randn(count, 2, generator=rng),
            chosen,
        )

    train, validation, test = map(drawn, EXAMPLES)
    metadata = {"centres": centres.tolist(), "std": STD}
    return Splits(train, validation, test, classes=CENTRES, metadata=metadata)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A generator of points in the plane and its discriminator."""
    return planar(WIDTH, LATENT)


TASK = Task(
    label=Text("Mode collapse", zh="模式坍塌"),
    question=Text(
        "Does a GAN find all of eight centres, and does averaging its parameters help?",
        zh="GAN 能找到全部八个中心吗？对参数取平均有帮助吗？",
    ),
    topic=Text("Generation", zh="生成"),
    load_data=load_data,
    arms=(
        Arm(
            "last",
            build,
            Text("GAN, last parameters", zh="GAN（最后的参数）"),
        ),
        Arm(
            "averaged",
            build,
            Text("GAN, averaged parameters", zh="GAN（参数的平均）"),
            recipe={"ema_decay": DECAY},
        ),
    ),
    procedure=RingGame(NON_SATURATING),
    recipe=Recipe(
        steps=1000,
        batch_size=128,
        # Little memory of gradients: the game's gradients turn, and old ones
        # point to where the other player no longer is.
        betas=(0.5, 0.9),
        # A rate that falls would damp the circling that the average is to
        # remove.
        schedule="constant",
        restore_best=False,
        evaluations=5,
    ),
    space=Space(lr=Float(1e-3, 1e-2, log=True, default=3e-3)),
    claims=(
        Claim(
            "averaging_sharpens",
            Text(
                "An average of the generator's parameters over updates makes at least 5 "
                "points more of its points good ones.",
                zh="对生成器参数按更新次数取平均，使好的点至少增加 5 个百分点。",
            ),
            metric="good",
            better="averaged",
            worse="last",
            at_least=0.05,
            margin=0.05,
            fixed_budget=True,
            source=YAZICI,
            reported=Text(
                "Inception score and FID improve in all of their experiments",
                zh="在其所有实验中，Inception 分数和 FID 均有改善",
            ),
        ),
        Claim(
            "averaging_misplaces_less",
            Text(
                "The average puts less of the probability in the wrong place.",
                zh="参数的平均把更少的概率放错位置。",
            ),
            metric="missed",
            better="averaged",
            worse="last",
            margin=0.05,
            fixed_budget=True,
            source=YAZICI,
        ),
        Claim(
            "all_centres_are_found",
            Text(
                "After 1,000 updates a GAN finds all eight centres, or seven.",
                zh="更新 1,000 次后，GAN 能找到全部八个中心，或其中七个。",
            ),
            metric="modes",
            kind="no_worse",
            better="last",
            reference=8.0,
            margin=1.0,
            fixed_budget=True,
            source=METZ,
            reported=Text(
                "The opposite: a GAN moves from mode to mode and never settles on all",
                zh="恰恰相反：GAN 在各模式之间移动，始终不能稳定地覆盖全部",
            ),
        ),
    ),
    matched=Text(
        "Networks, game, rate, updates, data: both arms learn the very same way, and "
        "differ in which parameters are judged",
        zh="网络、对抗损失、学习率、更新次数、数据：两组的学习过程完全相同，只是评判的参数不同",
    ),
    parameters_within=0.0,
    why=Text(
        "The generator is rewarded for whatever the discriminator takes for real "
        "now, so it may gather at one centre and move on when that is found out. "
        "Both then circle around the solution instead of approaching it. An average "
        "over the circle lies nearer to the centre.",
        zh=(
            "生成器只因判别器此刻认为真实的样本而得到奖励，因此可能聚集在一个中心，被"
            "识破后再移到另一个。双方于是绕着解打转，而不是逼近它。对这一圈取平均则更"
            "接近中心。"
        ),
    ),
    literature=(
        "Goodfellow et al., Generative adversarial nets (2014), "
        "doi:10.48550/arXiv.1406.2661",
        "Yazıcı et al., The unusual effectiveness of averaging in GAN training "
        "(2019), doi:10.48550/arXiv.1806.04498",
    ),
    sources=(
        Text(
            "Generated for each block. Licence: MIT, as this project.",
            zh="每个区组重新生成。许可证：MIT，与本项目相同。",
        ),
        METZ,
        YAZICI,
    ),
)
