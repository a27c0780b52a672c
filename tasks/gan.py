"""Which game makes the best images? Five GAN losses between the same two networks.

The one study of its kind that tuned all losses alike found no consistent winner (Lucic
et al. 2018).
"""

from dataclasses import replace

from torch import Tensor, nn
from torch.nn import functional

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
from tasks.data import fashion_mnist, mnist5k
from tasks.models.adversarial import convolutional
from tasks.models.fixed_classifier import FixedClassifier
from tasks.procedures.adversarial import (
    HINGE,
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    WASSERSTEIN,
    WASSERSTEIN_5,
    Game,
)
from tasks.procedures.averaged import AveragedPictures
from tasks.procedures.pictures import Pictures

DATA = {"mnist5k": mnist5k, "fashion_mnist": fashion_mnist}
LATENT = 32
GENERATED = 2000  # images that distances are measured on
STEPS = 2000
# A step of WGAN-GP with five critic updates takes as long as this many others:
# measured, 80 ms of a core against 15.
COMPUTE = 5
DECAY = 0.995  # of the averaged generator: it spans about 200 updates
BORDER = 2  # pixels that MNIST leaves empty on each side


def load_data(level: Level, seed: int) -> Splits:
    """Images from -1 to 1, and the fixed classifier that will evaluate generated ones."""
    splits: Splits = DATA[level["data"]].load(seed)
    low, high = splits.train.x.aminmax()

    def pictures(split: Split) -> Split:
        return Split(
            _shrunk(2 * (split.x - low) / (high - low) - 1, level["side"]),
            split.y,
        )

    train = pictures(splits.train)
    classifier = FixedClassifier(train, splits.classes or 1, seed)
    metadata = {
        "classifier": classifier,
        "samples": level["samples"],
        "generated": GENERATED,
        # others than the training images judged
        "reference": train.x[-GENERATED:],
    }
    sealed = splits.sealed.resealed(pictures)
    return replace(
        splits,
        train=train,
        validation=pictures(splits.validation),
        test=sealed,
        metadata=metadata,
    )


def _shrunk(x: Tensor, side: int) -> Tensor:
    """Images unchanged, or without their empty border and downsampled to ``side`` by
    the mean over areas.
    """
    if side == x.shape[-1]:
        return x
    inner = x[..., BORDER:-BORDER, BORDER:-BORDER]
    return functional.interpolate(inner, size=(side, side), mode="area")


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same DCGAN for every loss."""
    return convolutional(shape, level["channels"], LATENT, params["dropout"])


def arm(name: str, label: str, game: Game) -> Arm:
    """The arm of a game."""
    return Arm(name, build, label, procedure=Pictures(game))


LUCIC = Text(
    "Lucic et al., Are GANs created equal? A large-scale study (NeurIPS 2018)",
    zh="Lucic 等，Are GANs created equal? A large-scale study（NeurIPS 2018）",
)
GULRAJANI = Text(
    "Gulrajani et al., Improved training of Wasserstein GANs (NIPS 2017)",
    zh="Gulrajani 等，Improved training of Wasserstein GANs（NIPS 2017）",
)
YAZICI = Text(
    "Yazıcı et al., The unusual effectiveness of averaging in GAN training (ICLR 2019)",
    zh="Yazıcı 等，The unusual effectiveness of averaging in GAN training（ICLR 2019）",
)
# of the Fréchet distance, in its logarithm: what a new training set alone may change
TENTH = 0.1

CLAIMS = (
    Claim(
        "non_saturating_beats_minimax",
        Text(
            "The generator's non-saturating loss reaches a lower Fréchet distance "
            "than the minimax loss.",
            zh="生成器的非饱和损失比极小极大损失得到更低的 Fréchet 距离。",
        ),
        metric="frechet_excess",
        better="non_saturating",
        worse="minimax",
        scale="log_ratio",
        margin=TENTH,
        source=Text(
            "Goodfellow et al., Generative adversarial nets (NIPS 2014), section 3",
            zh="Goodfellow 等，Generative adversarial nets（NIPS 2014），第 3 节",
        ),
        reported=Text(
            "Best FID on MNIST 6.8 against 9.8, on Fashion-MNIST 26.5 against 29.6 "
            "(Lucic et al.)",
            zh=(
                "最佳 FID：MNIST 上 6.8 对 9.8，Fashion-MNIST 上 26.5 对 29.6"
                "（Lucic 等）"
            ),
        ),
    ),
    Claim(
        "least_squares_beats_non_saturating",
        Text(
            "Least squares reach a lower Fréchet distance than the non-saturating "
            "loss.",
            zh="最小二乘损失比非饱和损失得到更低的 Fréchet 距离。",
        ),
        metric="frechet_excess",
        better="least_squares",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=Text(
            "Mao et al., Least squares generative adversarial networks (ICCV 2017)",
            zh="Mao 等，Least squares generative adversarial networks（ICCV 2017）",
        ),
        reported=Text(
            "The opposite: best FID on MNIST 7.8 against 6.8, on Fashion-MNIST "
            "30.7 against 26.5 (Lucic et al.)",
            zh=(
                "恰恰相反：最佳 FID 在 MNIST 上 7.8 对 6.8，在 Fashion-MNIST 上 "
                "30.7 对 26.5（Lucic 等）"
            ),
        ),
    ),
    Claim(
        "wgan_gp_beats_non_saturating",
        Text(
            "WGAN-GP with five critic updates a step, as published, reaches a "
            "lower Fréchet distance.",
            zh="按原文每步更新五次评判网络的 WGAN-GP 得到更低的 Fréchet 距离。",
        ),
        metric="frechet_excess",
        better="wgan_gp_5",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=GULRAJANI,
        reported=Text(
            "On MNIST the opposite: best FID 20.3 against 6.8; on Fashion-MNIST "
            "24.5 against 26.5 (Lucic et al.)",
            zh=(
                "MNIST 上恰恰相反：最佳 FID 20.3 对 6.8；Fashion-MNIST 上 24.5 对 "
                "26.5（Lucic 等）"
            ),
        ),
        matching_group="wgan_gp",
    ),
    Claim(
        "wgan_gp_beats_non_saturating_at_equal_updates",
        Text(
            "WGAN-GP reaches a lower Fréchet distance at one critic update a step, "
            "too.",
            zh="每步只更新一次评判网络时，WGAN-GP 也得到更低的 Fréchet 距离。",
        ),
        metric="frechet_excess",
        better="wgan_gp",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=GULRAJANI,
        reported=Text(
            "CIFAR-10, five critic updates: inception score 7.86 against a DCGAN's "
            "6.16",
            zh="CIFAR-10，评判网络更新五次：Inception 分数 7.86，DCGAN 为 6.16",
        ),
        matching_group="wgan_gp",
    ),
    Claim(
        "wgan_gp_beats_non_saturating_at_equal_compute",
        Text(
            "WGAN-GP with five critic updates a step reaches a lower Fréchet distance "
            "than the non-saturating loss in the same time, that is with 5 times the "
            "updates.",
            zh=(
                "每步更新五次评判网络的 WGAN-GP，其 Fréchet 距离低于用同样时间"
                "（即 5 倍更新次数）训练的非饱和损失。"
            ),
        ),
        metric="frechet_excess",
        better="wgan_gp_5",
        worse="non_saturating_long",
        levels=("mnist5k",),
        scale="log_ratio",
        margin=TENTH,
        source=GULRAJANI,
        matching_group="wgan_gp",
    ),
    Claim(
        "averaging_beats_non_saturating",
        Text(
            "A generator whose parameters are averaged over updates reaches a lower "
            "Fréchet distance than the same generator as it was trained.",
            zh="对生成器参数按更新次数取平均，比未取平均的同一生成器得到更低的 Fréchet 距离。",
        ),
        metric="frechet_excess",
        better="non_saturating_averaged",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=YAZICI,
        reported=Text(
            "Inception score and FID improve on different architectures and for "
            "different losses",
            zh="对不同的网络结构和不同的损失，Inception 分数和 FID 均有改善",
        ),
    ),
    Claim(
        "hinge_equals_non_saturating",
        Text(
            "Tuned alike, the hinge loss reaches the same Fréchet distance as the "
            "non-saturating loss.",
            zh="调参同样充分时，合页损失与非饱和损失的 Fréchet 距离相同。",
        ),
        metric="frechet_excess",
        kind="equal",
        better="hinge",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=LUCIC,
        reported=Text(
            "No loss was found consistently better than the non-saturating one",
            zh="没有发现哪种损失始终优于非饱和损失",
        ),
    ),
    Claim(
        "wgan_gp_drops_fewer_modes",
        Text(
            "WGAN-GP covers more of the real pictures than the minimax loss does.",
            zh="WGAN-GP 比极小极大损失覆盖更多的真实图片。",
        ),
        metric="coverage",
        better="wgan_gp",
        worse="minimax",
        margin=0.05,
        source=Text(
            "Hung-yi Lee, Machine Learning: GAN; Arjovsky, Chintala & Bottou, "
            "Wasserstein GAN (ICML 2017)",
            zh=(
                "李宏毅，机器学习：GAN；Arjovsky、Chintala 与 Bottou，Wasserstein "
                "GAN（ICML 2017）"
            ),
        ),
    ),
    Claim(
        "samples_convince_the_classifier",
        Text(
            "The fixed classifier is over 90 % sure of at least half of the "
            "non-saturating GAN's pictures.",
            zh="对非饱和 GAN 生成的图片，固定分类器至少对一半有超过 90 % 的把握。",
        ),
        metric="confident",
        kind="threshold",
        better="non_saturating",
        margin=0.05,
        reference=0.5,
        source=Text(
            "Own bar: of real pictures that it never saw it is that sure of 92 %",
            zh="自设标准：对从未见过的真实图片，它对其中 92 % 有这样的把握",
        ),
    ),
)

TASK = Task(
    label=Text("GAN", zh="生成对抗网络"),
    question=Text(
        "Between the same two networks, which adversarial loss makes the best "
        "pictures?",
        zh="同样的两个网络之间，哪种对抗损失生成的图片最好？",
    ),
    topic=Text("Generation", zh="生成"),
    load_data=load_data,
    arms=(
        arm("minimax", Text("Minimax", zh="极小极大"), MINIMAX),
        arm(
            "non_saturating",
            Text("Non-saturating", zh="非饱和"),
            NON_SATURATING,
        ),
        arm(
            "least_squares",
            Text("Least squares", zh="最小二乘"),
            LEAST_SQUARES,
        ),
        arm("wgan_gp", "WGAN-GP", WASSERSTEIN),
        arm(
            "wgan_gp_5",
            Text("WGAN-GP, 5 critic updates", zh="WGAN-GP，评判网络更新 5 次"),
            WASSERSTEIN_5,
        ),
        arm("hinge", Text("Hinge", zh="合页损失"), HINGE),
        Arm(
            "non_saturating_long",
            build,
            Text(
                "Non-saturating, 5 times the updates",
                zh="非饱和，5 倍更新次数",
            ),
            recipe={"steps": COMPUTE * STEPS},
            procedure=Pictures(NON_SATURATING),
        ),
        Arm(
            "non_saturating_averaged",
            build,
            Text("Non-saturating, averaged", zh="非饱和（参数的平均）"),
            recipe={"ema_decay": DECAY},
            procedure=AveragedPictures(NON_SATURATING),
            # the same networks, so that the averages are of those judged beside them
            seeds_of="non_saturating",
        ),
    ),
    levels=(
        Level(
            "mnist5k",
            {"data": "mnist5k", "side": 16, "channels": 16, "samples": 500},
            label=Text("MNIST-5k, 16x16", zh="MNIST-5k，16x16"),
        ),
        Level(
            "mnist5k_28",
            {"data": "mnist5k", "side": 28, "channels": 32, "samples": 500},
            label=Text("MNIST-5k, 28x28", zh="MNIST-5k，28x28"),
            heavy=True,
        ),
        Level(
            "fashion_mnist",
            {
                "data": "fashion_mnist",
                "side": 28,
                "channels": 32,
                "samples": 1000,
            },
            label=Text("Fashion-MNIST, 28x28", zh="Fashion-MNIST，28x28"),
            recipe={"steps": 10_000},
            heavy=True,
        ),
    ),
    procedure=Pictures(NON_SATURATING),
    recipe=Recipe(
        steps=STEPS, batch_size=64, betas=(0.0, 0.99), evaluations=10
    ),
    space=Space(
        lr=Float(1e-3, 3e-2, log=True),
        # One space for all losses: given enough tuning, Lucic et al. found
        # most to reach similar scores.
        weight_decay=Float(1e-4, 1e-1, log=True),
        dropout=Float(0.0, 0.2),
    ),
    claims=CLAIMS,
    matched=Text(
        "Both networks and their parameters, generator updates (of one arm: compute), "
        "data, tuning trials, samples judged; both players have one rate. The generator "
        "that is judged is no average over updates but in one arm, whose networks are, "
        "at equal hyperparameters, those of the non-saturating arm",
        zh=(
            "两个网络及其参数量、生成器更新次数（其中一组为计算量）、数据、调参试验数、"
            "评判的样本数；两个网络用同一学习率。只有一组评判的是对各次更新取平均的生成器，"
            "超参数相同时，其网络就是非饱和组的网络"
        ),
    ),
    parameters_within=0.0,
    why=Text(
        "Generator and discriminator play a game, so the loss that is lowered says "
        "little about the images: the Fréchet distance measures them apart from it. "
        "Losses differ in the gradient that the generator gets where the "
        "discriminator is sure, and in what keeps the discriminator smooth. With "
        "equal tuning, rate and penalty often matter as much as the name of the "
        "loss.",
        zh=(
            "生成器与判别器进行博弈，因此被降低的损失几乎不反映图像质量：图像由 Fréch"
            "et 距离另行衡量。各种损失的区别在于判别器很确信时生成器得到怎样的梯度，"
            "以及用什么使判别器保持平滑。调参机会相同时，学习率与惩罚项往往与损失本身"
            "同样重要。"
        ),
    ),
    literature=(
        "Goodfellow et al., Generative adversarial nets (2014), "
        "doi:10.48550/arXiv.1406.2661",
        "Gulrajani et al., Improved training of Wasserstein GANs (2017), "
        "doi:10.48550/arXiv.1704.00028",
        "Lucic et al., Are GANs created equal? (2018), doi:10.48550/arXiv.1711.10337",
        "Yazıcı et al., The unusual effectiveness of averaging in GAN training "
        "(2019), doi:10.48550/arXiv.1806.04498",
    ),
    sources=(mnist5k.SOURCE, fashion_mnist.SOURCE),
)
