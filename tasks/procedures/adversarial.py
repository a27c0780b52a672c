"""Adversarial training: the discriminator learns to distinguish real from generated
samples, the generator to fool it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Split
from tasks.contract.procedure import Phase
from tasks.models.adversarial import Adversaries, Discriminator

PENALTY = 10.0  # weight of the gradient penalty in Gulrajani et al. (2017)
CRITIC_UPDATES = 5  # per update of the generator, there


@dataclass(frozen=True)
class Game:
    """What either player lowers. Both see only the discriminator's answers,
    (examples,): to real and to made examples.

    ``penalty`` weighs the gradient penalty and ``updates`` counts the discriminator's
    updates per generator's.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    penalty: float = 0.0
    updates: int = 1


def tell_apart(real: Tensor, made: Tensor) -> Tensor:
    """Mean -log D(real) - log(1 - D(made)), D the sigmoid. At least 2 ln 2 - 2 JSD
    (Goodfellow et al. 2014).
    """
    # softplus(-a) is -log sigmoid(a) without overflow.
    return functional.softplus(-real).mean() + functional.softplus(made).mean()


def not_be_caught(made: Tensor) -> Tensor:
    """Mean log(1 - D(made)): the minimax game as it was first written. Flat wherever
    the discriminator is sure.
    """
    return -functional.softplus(made).mean()


def be_taken_for_real(made: Tensor) -> Tensor:
    """Mean -log D(made): the same goal, steep wherever the discriminator is sure."""
    return functional.softplus(-made).mean()


def squares(real: Tensor, made: Tensor) -> Tensor:
    """Real answers towards 1 and made ones towards 0, by squared distance (Mao et al.
    2017).
    """
    return 0.5 * ((real - 1).square().mean() + made.square().mean())


def square_to_one(made: Tensor) -> Tensor:
    """Made answers towards 1, by half the squared distance: the other side of
    ``squares``.
    """
    return 0.5 * (made - 1).square().mean()


def margins(real: Tensor, made: Tensor) -> Tensor:
    """Real answers above 1 and made ones below -1; what is beyond counts no more (Lim &
    Ye 2017).
    """
    return functional.relu(1 - real).mean() + functional.relu(1 + made).mean()


def score_apart(real: Tensor, made: Tensor) -> Tensor:
    """Minus the Wasserstein-1 distance, for the best critic whose slope is nowhere
    above 1 (Arjovsky et al. 2017).
    """
    return made.mean() - real.mean()


def score_high(made: Tensor) -> Tensor:
    """Minus the mean answer to made examples, which the critic scores low."""
    return -made.mean()


MINIMAX = Game(tell_apart, not_be_caught)
NON_SATURATING = Game(tell_apart, be_taken_for_real)
LEAST_SQUARES = Game(squares, square_to_one)
HINGE = Game(margins, score_high)
WASSERSTEIN = Game(score_apart, score_high, penalty=PENALTY)
WASSERSTEIN_5 = Game(
    score_apart, score_high, penalty=PENALTY, updates=CRITIC_UPDATES
)


def gradient_penalty(
    judge: Callable[[Tensor], Tensor],
    real: Tensor,
    made: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Mean squared distance of the judge's slope from 1, at random places between real
    and made examples.
    """
    place = torch.rand(
        len(real),
        *[1] * (real.ndim - 1),
        device=real.device,
        dtype=real.dtype,
        generator=generator,
    )
    # A point of its own on each line between a real and a made example.
    between = torch.lerp(made.detach(), real, place).requires_grad_()
    (slopes,) = torch.autograd.grad(
        # The sum gives each example its own slope, as no answer depends on
        # another example; the graph is kept because the penalty is
        # differentiated again.
        judge(between).sum(),
        between,
        create_graph=True,
    )
    lengths: Tensor = torch.linalg.vector_norm(slopes.flatten(1), dim=1)
    return (lengths - 1).square().mean()


@dataclass(frozen=True)
class Adversarial:
    """The two phases of adversarial training. If ``conditional``, the generator maps
    ``x`` to ``y``; else it generates ``x``.
    """

    game: Game
    conditional: bool = False

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """The discriminator's updates, each on a batch of its own, then the
        generator's.
        """
        return (
            Phase(
                self._discriminate, "discriminator", repeats=self.game.updates
            ),
            Phase(self._generate, "generator"),
        )

    def _discriminate(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        discriminator, real, made, condition = self._play(
            model, batch, generator
        )
        twice = None if condition is None else condition.repeat(2, 1)
        # Both halves in one pass, which takes less time than two.
        on_real, on_made = discriminator(
            torch.cat([real, made.detach()]), twice
        ).chunk(2)
        loss = self.game.discriminator(on_real, on_made)
        if self.game.penalty:
            steepness = gradient_penalty(
                lambda between: discriminator(between, condition),
                real,
                made,
                generator,
            )
            loss = loss + self.game.penalty * steepness
        return loss

    def _generate(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        discriminator, _, made, condition = self._play(model, batch, generator)
        return self.game.generator(discriminator(made, condition))

    def _play(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> tuple[Discriminator, Tensor, Tensor, Tensor | None]:
        """The discriminator, real and made examples, and the condition that both were
        made under.
        """
        assert isinstance(model, Adversaries)
        real, condition = (
            (batch.y, batch.x) if self.conditional else (batch.x, None)
        )
        z = model.generator.noise(len(real), real, generator)
        return (
            model.discriminator,
            real,
            model.generator(z, condition),
            condition,
        )
