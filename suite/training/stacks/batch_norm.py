"""Batch normalisation in a stack: running statistics are part of what updates change."""

from __future__ import annotations

from torch import Tensor, nn

from suite.training.stacks.errors import CannotBeStacked

# The buffers that a batch changes
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


class TrackedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation that leaves its buffers as they are: ``statistics`` says what
    they become.

    Its sums and products are kernels of their own. torch's kernel would take the units
    of all members for those of one layer, and handle what is left over behind whole
    vectors otherwise: a unit's last digits would depend on how many there are.
    """

    _after: tuple[Tensor, Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """``x``, (examples, units, ...), as ``nn.BatchNorm1d`` normalises it."""
        self._check_input_dim(x)
        # of each unit, beside examples and places
        column = (1, -1, *[1] * (x.ndim - 2))
        if self.training:
            centred, variance = self._of_batch(x)
        else:
            mean, variance, _ = self.statistics()
            centred = x - mean.view(column)
        scale = 1 / (variance + self.eps).sqrt()
        if not self.affine:
            return centred * scale.view(column)
        scale = scale * self.weight
        return centred * scale.view(column) + self.bias.view(column)

    def _of_batch(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` less the mean of each unit, and the variances, (units,). Both become
        part of the running statistics.
        """
        values = x.numel() // x.shape[1]
        if values < 2:
            raise CannotBeStacked("a batch has too little to normalise by")
        dims = [0, *range(2, x.ndim)]
        mean = x.mean(dims, keepdim=True)
        centred = x - mean
        variance = centred.square().mean(dims)
        before_mean, before_variance, batches = self.statistics()
        share = self.momentum or 0.0
        unbiased = variance.detach() * (values / (values - 1))
        self._after = (
            before_mean * (1 - share) + mean.detach().flatten() * share,
            before_variance * (1 - share) + unbiased * share,
            batches + 1,
        )
        return centred, variance

    def statistics(self) -> tuple[Tensor, Tensor, Tensor]:
        """The running mean and variance, (units,), and the number of batches, after
        those that it has seen.
        """
        if self._after is not None:
            return self._after
        mean, variance = self.running_mean, self.running_var
        batches = self.num_batches_tracked
        assert mean is not None
        assert variance is not None
        assert batches is not None
        return mean, variance, batches

    def forget(self) -> None:
        """Go back to what the buffers say."""
        self._after = None


def track(model: nn.Module) -> dict[str, TrackedBatchNorm]:
    """Replace the model's batch normalisation that keeps statistics, in place, and
    return what replaces it, by name. Its parameters and buffers are new ones.
    """
    found = {}
    for name, module in model.named_modules():
        if keeps_statistics(module):
            found[name] = _tracked(module)
    for name, tracked in found.items():
        model.set_submodule(name, tracked)
    return found


def keeps_statistics(module: nn.Module) -> bool:
    """Whether it is batch normalisation with running statistics, of a kind that a stack
    can keep.
    """
    return (
        type(module) is nn.BatchNorm1d
        and module.running_mean is not None
        # Else the mean of all batches counts, which reads their number.
        and module.momentum is not None
    )


def _tracked(layer: nn.Module) -> TrackedBatchNorm:
    assert isinstance(layer, nn.BatchNorm1d)
    found = TrackedBatchNorm(
        layer.num_features, layer.eps, layer.momentum, layer.affine
    )
    return found.train(layer.training)
