"""Mini-batch descent until its loss stands still, with the gradient of the whole loss
along the way.
"""

from functools import partial

import torch
from torch.func import grad

from tasks import Axis, Curve, Level, Outcome, Params, Picture, Text
from tasks.procedures.curvature import digits_sample, network

EXAMPLES_A_BATCH = 4
RATE = 1.0
RECORDS = 100  # points of a path whose loss and gradient are recorded
LAST = 20  # of them, whose mean says where the path ended


def rate_at(update: int, updates: int, decays: bool) -> float:
    """The constant rate; or from half-way on one that falls linearly to 0."""
    if not decays:
        return RATE
    left = 2 * (updates - update) / updates
    return RATE * min(1.0, left)


def measure(
    updates: int, decays: bool, level: Level, params: Params, seed: int
) -> Outcome:
    """The loss of all examples after that many updates, and the length of its gradient
    over that at the start; both are means over the last fifth of the updates.
    """
    generator = torch.Generator().manual_seed(seed)
    x, y, weights = digits_sample(generator)
    whole_slope = grad(partial(network, x, y))
    batch_slope = grad(network, argnums=2)
    first_length = whole_slope(weights).norm()
    losses, lengths = [], []
    for update in range(updates):
        if update % (updates // RECORDS) == 0:
            losses.append(float(network(x, y, weights)))
            lengths.append(float(whole_slope(weights).norm() / first_length))
        batch = torch.randint(len(x), (EXAMPLES_A_BATCH,), generator=generator)
        slope = batch_slope(x[batch], y[batch], weights)
        weights = weights - rate_at(update, updates, decays) * slope
    found = {
        "loss": sum(losses[-LAST:]) / LAST,
        "gradient": sum(lengths[-LAST:]) / LAST,
    }
    return Outcome(found, partial(pictures, updates, losses, lengths))


def pictures(
    updates: int, losses: list[float], lengths: list[float]
) -> list[Picture]:
    """The lecture's figure: the loss above, the length of its gradient below."""
    places = [updates * record / RECORDS for record in range(RECORDS)]
    along = Axis(Text("Updates", zh="更新次数"))
    return [
        Picture(
            "loss",
            Text("Loss of all examples", zh="全部样本的损失"),
            along,
            Axis(Text("Loss", zh="损失")),
            (Curve(places, losses),),
        ),
        Picture(
            "gradient",
            Text("Length of its gradient", zh="其梯度的长度"),
            along,
            Axis(Text("Share of that at the start", zh="与起点之比")),
            (Curve(places, lengths),),
            says=Text(
                "At a critical point it would be 0.",
                zh="在临界点处它应为 0。",
            ),
        ),
    ]
