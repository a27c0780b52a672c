"""A classifier of images that is trained once and then fixed: the feature extractor
that evaluates generated images.

It is our own, trained on the block's training images, so distances on its features
compare the arms of this study alone. They are not "FID", which is taken on the features
of one particular Inception network.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Split

FEATURES = 64
CHANNELS = 16
# A thousand updates alone left it 86 % accurate on Fashion-MNIST.
UPDATES, PASSES = 1000, 2  # whichever takes longer
BATCH = 32
PEAK_RATE = 5e-3
RISE = 0.3  # of all updates, over which the rate rises to it
WEIGHT_DECAY = 1e-2
SHIFT = 1  # pixels by which a training batch is moved, at most
MEASURED = 5000  # training images from which the features' scale is taken


class Seen(NamedTuple):
    """What the classifier sees in images: features (images, 64) and probabilities
    (images, classes).
    """

    features: Tensor
    probabilities: Tensor


class FixedClassifier:
    """A small CNN fitted to ``train`` when it is first asked: on CPU, by one thread,
    from ``seed`` alone.

    Its features are scaled so that those of the training images have mean variance 1;
    then distances mean the same in every block.
    """

    def __init__(self, train: Split, classes: int, seed: int) -> None:
        self._train, self._classes, self._seed = train, classes, seed

    def __call__(self, pictures: Tensor) -> Seen:
        # Fitted on CPU, so that it is the same on every machine, and used
        # where the images are.
        net = self.net.to(pictures.device)
        with torch.no_grad():
            features = net[0](pictures)
            return Seen(features, net[1](features).softmax(1))

    @cached_property
    def net(self) -> nn.Sequential:
        """The fitted network, in evaluation mode: one part computes features, the other
        classifies them.
        """
        # It may first be asked within an evaluation, where gradients are off.
        with torch.enable_grad(), _reproducible(self._seed):
            net = _network(self._train, self._classes)
            _fit(net, self._train)
            _scale(net, self._train.x[:MEASURED])
        return net.eval().requires_grad_(False)


def _network(train: Split, classes: int) -> nn.Sequential:
    _, depth, height, width = train.x.shape
    features = nn.Sequential(
        nn.Conv2d(depth, CHANNELS, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(CHANNELS, 2 * CHANNELS, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(2 * CHANNELS * (height // 4) * (width // 4), FEATURES),
        nn.ReLU(),
    )
    return nn.Sequential(features, nn.Linear(FEATURES, classes))


def _fit(net: nn.Sequential, train: Split) -> None:
    """AdamW on batches that are each moved by up to a pixel; the rate rises, then falls
    to 0, in straight lines.

    By the kernel itself: torch.optim takes every new worker 2 s to import.
    """
    weights: list[Tensor] = list(net.parameters())
    first, second = (
        [torch.zeros_like(weight) for weight in weights] for _ in range(2)
    )
    # updates so far, as the kernel wants them
    counts = [torch.zeros(()) for _ in weights]
    updates = max(UPDATES, PASSES * len(train) // BATCH)
    for update in range(updates):
        batch = train.take(torch.randint(len(train), (BATCH,)))
        shift = torch.randint(-SHIFT, SHIFT + 1, (2,)).tolist()
        gradients = torch.autograd.grad(
            functional.cross_entropy(
                net(batch.x.roll(shift, (2, 3))), batch.y
            ),
            weights,
        )
        done = (update + 1) / updates
        rate = PEAK_RATE * min(done / RISE, (1 - done) / (1 - RISE))
        torch._foreach_add_(counts, 1)
        torch._fused_adamw_(
            weights,
            list(gradients),
            first,
            second,
            [],
            counts,
            lr=rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=WEIGHT_DECAY,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


@torch.no_grad()
def _scale(net: nn.Sequential, pictures: Tensor) -> None:
    """Divide the features by the root of their mean variance, and multiply their
    weights by it: same answers.
    """
    deviation: Tensor = net[0](pictures).var(0).mean().sqrt()
    *_, last, answers = (
        layer for layer in net.modules() if isinstance(layer, nn.Linear)
    )
    for parameter in last.parameters():
        # max(0, w x + b) / c = max(0, w x / c + b / c)
        parameter.div_(deviation)
    answers.weight.mul_(deviation)


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """One thread and random numbers of its own; the caller gets both back as they were."""
    threads = torch.get_num_threads()
    # Sums in another order, by more threads, round to other weights.
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
