"""One question, two right answers: regression gives the mean, which is neither; a GAN
gives one of the two, and so does a mixture of normal distributions.

After the lecture's example: a figure at a crossing may turn left or right, and a
network that predicts the next frame by squared error shows it split in two.
"""

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
from tasks.models.adversarial import Adversaries, answering, judging, mixture
from tasks.procedures.adversarial import NON_SATURATING
from tasks.procedures.answers import AnswerGame, Likelihood, Regression

# the right answers to x are x - 1 and x + 1, equally likely
RIGHT = (-1.0, 1.0)
# their standard deviation, so that squared errors are 1.01 for the mean and 2.02 for a
# right answer
NOISE = 0.1
EXAMPLES = 4000, 1000, 1000  # to learn from, to choose by, sealed
WIDTH = 64
LATENT = 4
COMPONENTS = 4  # of the mixture: more than there are right answers


def load_data(level: Level, seed: int) -> Splits:
    """Questions and answers, (examples, 1) each: the questions lie evenly from -1 to 1
    and are shared out at random.
    """
    rng = torch.Generator().manual_seed(seed)
    questions = torch.linspace(-1, 1, sum(EXAMPLES))[
        torch.randperm(sum(EXAMPLES), generator=rng), None
    ]

    def answered(x: Tensor) -> Split:
        chosen = torch.randint(len(RIGHT), (len(x),), generator=rng)
        noise = NOISE * torch.randn(len(x), 1, generator=rng)
        return Split(x, x + torch.tensor(RIGHT)[chosen, None] + noise)

    train, validation, test = map(answered, questions.split(EXAMPLES))
    return Splits(
        train, validation, test, metadata={"right": RIGHT, "noise": NOISE}
    )


def regressor(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A network that sees the question alone."""
    return answering(shape, WIDTH, 0)


def noisy_regressor(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A network that sees the question and noise."""
    return answering(shape, WIDTH, LATENT)


def adversaries(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same network as generator, and its discriminator."""
    return Adversaries(answering(shape, WIDTH, LATENT), judging(shape, WIDTH))


def mixture_density(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A network that puts out a mixture of normal distributions."""
    return mixture(shape, WIDTH, COMPONENTS)


BISHOP = Text(
    "Bishop, Mixture density networks (1994)",
    zh="Bishop，Mixture density networks（1994）",
)
LECTURE = Text(
    "Hung-yi Lee, Machine Learning: generation, why a distribution",
    zh="李宏毅，机器学习：生成，为什么要输出分布",
)

TASK = Task(
    label=Text("Two answers", zh="两个答案"),
    question=Text(
        "Where two answers are right, which training gives one of them rather than "
        "their mean?",
        zh="有两个正确答案时，哪种训练给出其中之一而不是平均值？",
    ),
    topic=Text("Generation", zh="生成"),
    load_data=load_data,
    arms=(
        Arm(
            "regressor",
            regressor,
            Text("Regression", zh="回归"),
            procedure=Regression(),
        ),
        Arm(
            "noisy_regressor",
            noisy_regressor,
            Text("Regression with noise as input", zh="以噪声为输入的回归"),
            procedure=Regression(),
        ),
        Arm(
            "gan", adversaries, Text("GAN, non-saturating", zh="GAN（非饱和）")
        ),
        Arm(
            "mixture",
            mixture_density,
            Text("Mixture of normal distributions", zh="正态混合分布"),
            procedure=Likelihood(),
        ),
    ),
    procedure=AnswerGame(NON_SATURATING, conditional=True),
    recipe=Recipe(
        steps=3000, batch_size=128, betas=(0.5, 0.9), evaluations=10
    ),
    space=Space(
        lr=Float(3e-4, 1e-2, log=True),
        weight_decay=Float(1e-4, 1e-1, log=True),
    ),
    claims=(
        Claim(
            "gan_answers_right",
            Text(
                "A GAN's answers are right at least 80 points more often than those of "
                "regression.",
                zh="GAN 回答正确的比例比回归至少高 80 个百分点。",
            ),
            metric="on_a_mode",
            better="gan",
            worse="regressor",
            at_least=0.8,
            margin=0.02,
            source=LECTURE,
            reported=Text(
                "The mean of two right answers, seen as two half-transparent figures",
                zh="两个正确答案的平均：看上去是两个半透明的人影",
            ),
        ),
        Claim(
            "gan_gives_both",
            Text(
                "A GAN gives both right answers to at least four questions in five.",
                zh="至少五分之四的问题，GAN 能给出两个正确答案。",
            ),
            metric="both",
            kind="threshold",
            better="gan",
            reference=0.8,
            margin=0.02,
            source=LECTURE,
        ),
        Claim(
            "noise_alone_does_not_help",
            Text(
                "Noise as a second input does not make regression answer right: it "
                "learns to ignore it, and its squared error is that of regression.",
                zh=(
                    "把噪声作为第二个输入并不能使回归答对：它学会了忽略噪声，"
                    "平方误差与普通回归相同。"
                ),
            ),
            metric="squared_error",
            kind="equal",
            better="noisy_regressor",
            worse="regressor",
            margin=0.05,
            source=Text(
                "The mean squared error is least for the conditional mean, whatever "
                "else is known",
                zh="无论还知道什么，均方误差总在条件均值处最小",
            ),
        ),
        Claim(
            "a_mixture_answers_right",
            Text(
                "No game is needed: answers drawn from a mixture density network are "
                "right at least 80 points more often than those of regression.",
                zh=(
                    "不需要对抗：从混合密度网络抽取的回答，"
                    "正确的比例比回归至少高 80 个百分点。"
                ),
            ),
            metric="on_a_mode",
            better="mixture",
            worse="regressor",
            at_least=0.8,
            margin=0.02,
            source=BISHOP,
            reported=Text(
                "Of a robot arm's two solutions, least squares give the mean, which "
                "is none; a mixture gives both",
                zh="机械臂逆运动学有两个解，最小二乘给出其平均（不是解），混合密度给出两者",
            ),
        ),
        Claim(
            "a_mixture_beats_the_game",
            Text(
                "Where the form of the answers is known, likelihood gives the better "
                "distribution of answers than a game.",
                zh="已知回答的分布形式时，用似然训练得到的回答分布优于用对抗训练得到的。",
            ),
            metric="crps",
            better="mixture",
            worse="gan",
            margin=0.03,  # a twentieth of the score
            source=Text(
                "Gneiting & Raftery, Strictly proper scoring rules (2007): least for "
                "the true distribution",
                zh=(
                    "Gneiting 与 Raftery，Strictly proper scoring rules（2007）："
                    "真实分布的得分最低"
                ),
            ),
        ),
        Claim(
            "squared_error_prefers_the_mean",
            Text(
                "By squared error, regression beats the GAN although it is never right.",
                zh="按平方误差，回归优于 GAN，尽管它从不正确。",
            ),
            metric="squared_error",
            better="regressor",
            worse="gan",
            at_least=0.8,
            margin=0.05,
            source=Text(
                "Var(y | x) = 1.01 for the mean, and twice that for an independent "
                "right answer",
                zh="取均值时 Var(y | x) = 1.01，独立的正确答案则为其两倍",
            ),
        ),
    ),
    matched=Text(
        "The answering network's hidden layers (the GAN has a discriminator beside "
        "it, the mixture more outputs), updates, data, tuning trials",
        zh="回答网络的隐藏层（GAN 另有判别器，混合密度网络输出更多）、更新次数、数据、调参试验数",
    ),
    why=Text(
        "The squared error is smallest at the mean of all right answers, and the "
        "mean of two right answers may be no answer at all. A GAN is judged by "
        "whether an answer looks right, so it may choose one. A mixture of normal "
        "distributions says how likely each is, and so keeps both.",
        zh=(
            "平方误差在所有正确答案的均值处最小，而两个正确答案的均值可能根本不是答案。"
            "GAN 只看答案是否像真的，因此可以选其中一个。混合正态分布给出每个答案的概"
            "率，因此两个都保留。"
        ),
    ),
    literature=(
        "Mathieu, Couprie & LeCun, Deep multi-scale video prediction beyond mean "
        "square error (2016), doi:10.48550/arXiv.1511.05440",
        "Bishop, Mixture density networks (1994)",
    ),
    sources=(
        Text(
            "Generated for each block. Licence: MIT, as this project.",
            zh="每个区组重新生成。许可证：MIT，与本项目相同。",
        ),
    ),
)
