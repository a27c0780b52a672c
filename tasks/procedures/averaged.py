"""Images of a generator whose parameters are an average over updates.

Batch norm's running statistics are those of the layers as they were trained, and no
average of parameters has them: under another set of parameters its inputs have other
means and variances. So they are measured anew, as ``torch.optim.swa_utils.update_bn``
does, and as Brock et al. (BigGAN, 2019) do with their "standing statistics".
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from tasks.contract.data import Split
from tasks.models.adversarial import Generator, generator_of
from tasks.procedures.pictures import Pictures


@dataclass(frozen=True)
class AveragedPictures(Pictures):
    """``Pictures`` whose generator is judged with statistics of its own in batch norm.

    For recipes with ``ema_decay``, where evaluations see the average of the parameters.
    The statistics are those of as many images as are judged, made from noise of their
    own, all in one batch. They go into a copy: the model stays as it is, and learns as
    under ``Pictures``.
    """

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """Every measure of images made from the same noise at each evaluation."""
        return super().evaluate(
            with_own_statistics(model, split, generator), split, generator
        )

    def snapshot(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """A sheet of the first generated images."""
        return super().snapshot(
            with_own_statistics(model, split, generator), split, generator
        )

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """The sheets and tables of ``Pictures``."""
        return super().artifacts(
            with_own_statistics(model, split, generator), split, generator
        )


def with_own_statistics(
    model: nn.Module, split: Split, generator: torch.Generator
) -> Generator:
    """A copy of the generator, in evaluation mode, whose batch norm has the means and
    variances of this very generator.

    ``generator`` is left as it is, so that the images judged are made from the noise
    that they would be made from without.
    """
    network = copy.deepcopy(generator_of(model))
    # Flipping a bit gives another seed, so that the statistics are not those
    # of the images judged.
    other = torch.Generator(split.x.device)
    other.manual_seed(generator.initial_seed() ^ 1)
    count: int = split.metadata["generated"]
    noise: Tensor = network.noise(count, split.x, other)
    update_bn([noise], network)
    return network.eval()
