"""MLPs whose hidden layers are normalised in different ways."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape
from tasks.contract.errors import UserError
from tasks.models.mlp import mlp

GROUP = 8  # units that group norm normalises together
MOST_SHIFT = 0.5  # of a unit's mean, in its standard deviations
MOST_SCALE = 1.25  # of a unit's standard deviation


class Disturbed(nn.Module):
    """Shifts and stretches each unit by amounts that are drawn anew at every update, so
    that the next layer sees another distribution each time.

    After Santurkar et al. (2018), section 2.2. In evaluation mode each unit has the
    mean of what it had in training.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(examples, units) of that shape, moved and stretched unit by unit."""
        if not self.training:
            # The mean of the scale, which is drawn evenly between 1 and
            # MOST_SCALE; shifts cancel on average.
            return x * ((1 + MOST_SCALE) / 2)
        shift, scale = torch.rand(
            2, x.shape[1], dtype=x.dtype, device=x.device
        )
        shift = MOST_SHIFT * (2 * shift - 1)
        scale = 1 + (MOST_SCALE - 1) * scale
        moved: Tensor = x * scale + shift
        return moved


def group_norm(units: int) -> nn.Module:
    """Group normalisation (Wu & He, 2018) over groups of ``GROUP`` units each."""
    return nn.GroupNorm(max(1, units // GROUP), units)


def plain_average(units: int) -> nn.Module:
    """Batch normalisation whose statistics for inference are the mean over all batches
    since the first, not a running mean that forgets.
    """
    return nn.BatchNorm1d(units, momentum=None)


def disturbed(units: int) -> nn.Module:
    """Batch normalisation, undone at random: see ``Disturbed``."""
    return nn.Sequential(nn.BatchNorm1d(units), Disturbed())


LAYERS: dict[str, Callable[[int], nn.Module]] = {
    "none": nn.Identity,
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
    "group": group_norm,
    "plain_average": plain_average,
    "disturbed": disturbed,
}


class NormalisedMLP(nn.Module):
    """Logits (examples, outputs) of the MLP of ``tasks.models.mlp``, with a layer of
    ``LAYERS`` between each hidden layer and its activation.

    ``batch_size`` is the size of the batches that it is trained on. UserError if there
    is no such ``norm``.
    """

    def __init__(
        self,
        norm: str,
        shape: Shape,
        widths: Sequence[int],
        activation: type[nn.Module],
        batch_size: int,
    ) -> None:
        super().__init__()
        if norm not in LAYERS:
            raise UserError(f"norm={norm!r}: give one of {', '.join(LAYERS)}.")
        self.batch_size = batch_size
        plain = mlp(shape, widths, activation=activation)
        units = iter(widths)
        layers: list[nn.Module] = []
        for layer in plain:
            if isinstance(layer, activation):
                # Before the activation, as in Ioffe and Szegedy (2015).
                layers.append(LAYERS[norm](next(units)))
            layers.append(layer)
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, outputs), of ``x``, (examples, ...)."""
        logits: Tensor = self.layers(x)
        return logits
