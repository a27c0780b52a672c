"""Which game makes the best pictures? Five GAN losses between the same two networks.

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
from tasks.procedures.pictures import Pictures

DATA = {"mnist5k": mnist5k, "fashion_mnist": fashion_mnist}
LATENT = 32
BORDER = 2  # pixels that MNIST leaves empty on each side


def load_data(level: Level, seed: int) -> Splits:
    """Pictures from -1 to 1, and the fixed classifier that will look at what is made of
    them.
    """
    splits: Splits = DATA[level["data"]].load(seed)
    low, high = splits.train.x.aminmax()

    def pictures(split: Split) -> Split:
        return Split(
            _shrunk(2 * (split.x - low) / (high - low) - 1, level["side"]), split.y
        )

    train = pictures(splits.train)
    classifier = FixedClassifier(train, splits.classes or 1, seed)
    samples = level["samples"]
    metadata = {
        "classifier": classifier,
        "samples": samples,
        "reference": train.x[:samples],
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
    """Pictures as they are, or without their empty border and shrunk to ``side`` by the
    mean over areas.
    """
    if side == x.shape[-1]:
        return x
    inner = x[..., BORDER:-BORDER, BORDER:-BORDER]
    return functional.interpolate(inner, size=(side, side), mode="area")


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    return convolutional(shape, level["channels"], LATENT, params["dropout"])


def arm(name: str, label: str, game: Game) -> Arm:
    return Arm(name, build, label, procedure=Pictures(game))


LUCIC = "Lucic et al., Are GANs created equal? A large-scale study (NeurIPS 2018)"
GULRAJANI = "Gulrajani et al., Improved training of Wasserstein GANs (NIPS 2017)"
# of the Fréchet distance, in its logarithm: what a new training set alone may change
TENTH = 0.1

CLAIMS = (
    Claim(
        "non_saturating_beats_minimax",
        "The generator's non-saturating loss reaches a lower Fréchet distance than the minimax loss.",
        metric="frechet",
        better="non_saturating",
        worse="minimax",
        scale="log_ratio",
        margin=TENTH,
        source="Goodfellow et al., Generative adversarial nets (NIPS 2014), section 3",
        reported="Best FID on MNIST 6.8 against 9.8, on Fashion-MNIST 26.5 against 29.6 (Lucic et al.)",
    ),
    Claim(
        "least_squares_beats_non_saturating",
        "Least squares reach a lower Fréchet distance than the non-saturating loss.",
        metric="frechet",
        better="least_squares",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source="Mao et al., Least squares generative adversarial networks (ICCV 2017)",
        reported="The opposite: best FID on MNIST 7.8 against 6.8, on Fashion-MNIST 30.7 against 26.5 (Lucic et al.)",
    ),
    Claim(
        "wgan_gp_beats_non_saturating",
        "WGAN-GP with five critic updates a step, as published, reaches a lower Fréchet distance.",
        metric="frechet",
        better="wgan_gp_5",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=GULRAJANI,
        reported="On MNIST the opposite: best FID 20.3 against 6.8; on Fashion-MNIST 24.5 against 26.5 (Lucic et al.)",
        matching_group="wgan_gp",
    ),
    Claim(
        "wgan_gp_beats_non_saturating_at_equal_updates",
        "WGAN-GP reaches a lower Fréchet distance at one critic update a step, too.",
        metric="frechet",
        better="wgan_gp",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=GULRAJANI,
        reported="CIFAR-10, five critic updates: inception score 7.86 against a DCGAN's 6.16",
        matching_group="wgan_gp",
    ),
    Claim(
        "hinge_equals_non_saturating",
        "Tuned alike, the hinge loss reaches the same Fréchet distance as the non-saturating loss.",
        metric="frechet",
        kind="equal",
        better="hinge",
        worse="non_saturating",
        scale="log_ratio",
        margin=TENTH,
        source=LUCIC,
        reported="No loss was found consistently better than the non-saturating one",
    ),
    Claim(
        "wgan_gp_drops_fewer_modes",
        "WGAN-GP covers more of the real pictures than the minimax loss does.",
        metric="coverage",
        better="wgan_gp",
        worse="minimax",
        margin=0.05,
        source="Hung-yi Lee, Machine Learning: GAN; Arjovsky, Chintala & Bottou, Wasserstein GAN (ICML 2017)",
    ),
    Claim(
        "samples_convince_the_classifier",
        "The fixed classifier is over 90 % sure of at least half of the non-saturating GAN's pictures.",
        metric="confident",
        kind="threshold",
        better="non_saturating",
        margin=0.05,
        reference=0.5,
        source="Own bar: of real pictures that it never saw it is that sure of 92 %",
    ),
)

TASK = Task(
    question="Between the same two networks, which adversarial loss makes the best pictures?",
    topic="Generation",
    load_data=load_data,
    arms=(
        arm("minimax", "Minimax", MINIMAX),
        arm("non_saturating", "Non-saturating", NON_SATURATING),
        arm("least_squares", "Least squares", LEAST_SQUARES),
        arm("wgan_gp", "WGAN-GP", WASSERSTEIN),
        arm("wgan_gp_5", "WGAN-GP, 5 critic updates", WASSERSTEIN_5),
        arm("hinge", "Hinge", HINGE),
    ),
    levels=(
        Level(
            "mnist5k",
            {"data": "mnist5k", "side": 16, "channels": 16, "samples": 500},
            label="MNIST-5k, 16x16",
        ),
        Level(
            "mnist5k_28",
            {"data": "mnist5k", "side": 28, "channels": 32, "samples": 500},
            label="MNIST-5k, 28x28",
            heavy=True,
        ),
        Level(
            "fashion_mnist",
            {"data": "fashion_mnist", "side": 28, "channels": 32, "samples": 1000},
            label="Fashion-MNIST, 28x28",
            recipe={"steps": 10_000},
            heavy=True,
        ),
    ),
    procedure=Pictures(NON_SATURATING),
    recipe=Recipe(steps=2000, batch_size=64, betas=(0.0, 0.99), evaluations=10),
    space=Space(
        lr=Float(1e-3, 3e-2, log=True),
        weight_decay=Float(1e-4, 1e-1, log=True),
        dropout=Float(0.0, 0.2),
    ),
    claims=CLAIMS,
    matched="Both networks and their parameters, generator updates, data, tuning trials, samples judged",
    parameters_within=0.0,
    sources=(mnist5k.SOURCE, fashion_mnist.SOURCE),
)
