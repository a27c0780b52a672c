"""Generative adversarial networks: a generator maps noise to samples, a discriminator
distinguishes them from real ones.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape
from tasks.contract.errors import UserError

# Slope of the discriminator's units below 0, as in DCGAN (Radford et al. 2016).
LEAK = 0.2
# The smallest standard deviation of a mixture's component: no answer gets an endless
# density.
LEAST_STD = 1e-3


class Generator(nn.Module):
    """Generates one sample per row of noise, (examples, latent), given the condition if
    there is one.
    """

    def __init__(self, net: nn.Module, latent: int) -> None:
        super().__init__()
        self.net, self.latent = net, latent

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """A sample for each row of ``z``, (examples, latent): (examples, ...)."""
        made: Tensor = self.net(_beside(z, condition))
        return made

    def noise(
        self, count: int, like: Tensor, stream: torch.Generator
    ) -> Tensor:
        """Standard normal noise, (count, latent), on the device and of the type of
        ``like``.
        """
        return torch.randn(
            count,
            self.latent,
            device=like.device,
            dtype=like.dtype,
            generator=stream,
        )


class Discriminator(nn.Module):
    """One number per example, (examples,): the higher, the more real the example seems."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """How real each example of ``x``, (examples, ...), seems: (examples,)."""
        verdicts: Tensor = self.net(_beside(x, condition))
        return verdicts.squeeze(1)


class Adversaries(nn.Module):
    """A generator and its discriminator."""

    def __init__(
        self, generator: Generator, discriminator: Discriminator
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """A sample for each row of ``z``, by the generator: (examples, ...)."""
        made: Tensor = self.generator(z, condition)
        return made


def generator_of(model: nn.Module) -> Generator:
    """The part of a model that makes things: the model itself where it has no
    adversary.
    """
    found = model.generator if isinstance(model, Adversaries) else model
    assert isinstance(found, Generator)
    return found


def convolutional(
    shape: Shape, channels: int, latent: int, dropout: float = 0.0
) -> Adversaries:
    """A small DCGAN for square images from -1 to 1: noise is doubled in size twice, the
    discriminator mirrors it.

    The mirror makes both nearly equal in size: about 2 channels latent (side / 4)^2 +
    32 channels^2 parameters each. Only the generator has batch norm: it couples the
    examples of a batch, and a gradient penalty is per example. Raises UserError if the
    images are not square or their side is not a multiple of 4.
    """
    depth, height, side = shape.inputs
    if height != side or side % 4:
        raise UserError(
            f"Pictures of {height}x{side}: this GAN needs square ones whose side is "
            "a multiple of 4."
        )
    small, wide = side // 4, 2 * channels
    generator = nn.Sequential(
        nn.Linear(latent, wide * small**2, bias=False),
        nn.Unflatten(1, (wide, small, small)),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
        nn.ConvTranspose2d(wide, channels, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.ConvTranspose2d(channels, depth, 4, stride=2, padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(depth, channels, 4, stride=2, padding=1),
        nn.LeakyReLU(LEAK),
        nn.Dropout2d(dropout),
        nn.Conv2d(channels, wide, 4, stride=2, padding=1),
        nn.LeakyReLU(LEAK),
        nn.Dropout2d(dropout),
        nn.Flatten(),
        nn.Linear(wide * small**2, latent),
        nn.LeakyReLU(LEAK),
        nn.Linear(latent, 1),
    )
    return Adversaries(
        Generator(generator, latent), Discriminator(discriminator)
    )


def answering(shape: Shape, width: int, latent: int) -> Generator:
    """Two hidden layers from a question and noise to an answer, (examples, outputs).
    Without noise it regresses.
    """
    return Generator(
        _two_layers(shape.features + latent, width, shape.outputs), latent
    )


def judging(shape: Shape, width: int) -> Discriminator:
    """Two hidden layers from an answer and its question to one number."""
    return Discriminator(_two_layers(shape.outputs + shape.features, width, 1))


def planar(width: int, latent: int) -> Adversaries:
    """A generator of points in the plane and its discriminator, two hidden layers each."""
    generator = Generator(_two_layers(latent, width, 2), latent)
    return Adversaries(generator, Discriminator(_two_layers(2, width, 1)))


class MixtureDensity(Generator):
    """Answers drawn from a mixture of normal distributions whose weights, means and
    standard deviations ``net`` finds for each question (Bishop 1994).

    ``net`` puts out three numbers for each component. Of the two numbers of noise the
    first chooses the component and the second moves the answer away from its mean.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net, latent=2)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """An answer drawn for each question: (examples, 1), from ``z``,
        (examples, 2).
        """
        assert condition is not None, "a mixture density needs a question"
        log_weights, means, stds = self.components(condition)
        # The distribution function turns a normal number into a uniform one,
        # which chooses a component by its weight.
        below = torch.special.ndtr(z[:, :1])
        steps = log_weights.exp().cumsum(1)[:, :-1]
        chosen = (steps < below).sum(1, keepdim=True)
        return means.gather(1, chosen) + stds.gather(1, chosen) * z[:, 1:]

    def log_density(self, question: Tensor, answer: Tensor) -> Tensor:
        """The logarithm of the density of each answer, (examples, 1), to its question:
        (examples,).
        """
        log_weights, means, stds = self.components(question)
        away = (answer - means) / stds
        log_normal = (
            -0.5 * away.square() - stds.log() - 0.5 * math.log(2 * math.pi)
        )
        # In logarithms: far from every mean all densities round to 0.
        return torch.logsumexp(log_weights + log_normal, 1)

    def components(self, question: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logarithms of the weights, means and standard deviations, (examples,
        components) each.
        """
        weights, means, stds = self.net(question).chunk(3, 1)
        return (
            weights.log_softmax(1),
            means,
            functional.softplus(stds) + LEAST_STD,
        )


def mixture(shape: Shape, width: int, components: int) -> MixtureDensity:
    """A mixture density network with two hidden layers and that many components."""
    return MixtureDensity(_two_layers(shape.features, width, 3 * components))


def _two_layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.LeakyReLU(LEAK),
        nn.Linear(width, width),
        nn.LeakyReLU(LEAK),
        nn.Linear(width, outputs),
    )


def _beside(x: Tensor, condition: Tensor | None) -> Tensor:
    return x if condition is None else torch.cat([x, condition.flatten(1)], 1)
