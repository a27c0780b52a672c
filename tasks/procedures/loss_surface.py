"""The lecture's picture of a classification loss over a model's outputs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from tasks.contract.data import Split
from tasks.contract.picture import Axis, Curve, Heights, Picture
from tasks.contract.text import Text
from tasks.procedures.losses import LossFunction, loss_named
from tasks.procedures.supervised import Classification

REACH = 10.0  # the first two outputs go from -REACH to REACH
THIRD = -1000.0  # the third output, as in the lecture's figure
GRID = 31


@dataclass(frozen=True)
class ClassificationWithSurface(Classification):
    """Classification whose runs show the surface of their loss."""

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """The surface of the loss as a picture."""
        return loss_surface(loss_named(self.loss)).artifact


def loss_surface(loss: LossFunction) -> Picture:
    """The loss of one example of the first of three classes, over its first two
    outputs.
    """
    side = torch.linspace(-REACH, REACH, GRID, dtype=torch.float64)
    heights = [
        [_loss_at(loss, first, second) for first in side] for second in side
    ]
    # the third output adds a constant to squares, which would take all digits
    above = np.array(heights) - np.min(heights)
    return Picture(
        "loss_surface",
        Text("Loss over two outputs", zh="两个输出上的损失"),
        Axis(Text("Output for the right class", zh="正确类的输出")),
        Axis(Text("Output for the wrong class", zh="错误类的输出")),
        (Curve([-REACH], [REACH], "sure and wrong", "points"),),
        Heights(
            side.numpy(),
            side.numpy(),
            above,
            Text("Loss above the lowest", zh="高出最小值的损失"),
        ),
        says=Text(
            "Where contours are far apart the loss has no slope to follow.",
            zh="等高线稀疏的地方，损失没有可循的坡度。",
        ),
    )


def _loss_at(
    loss: LossFunction, first: torch.Tensor, second: torch.Tensor
) -> float:
    outputs = torch.stack([first, second, torch.full_like(first, THIRD)])
    return loss(outputs[None], torch.tensor([0])).item()
