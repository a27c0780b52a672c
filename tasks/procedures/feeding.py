"""What a translator's decoder is given while it learns: the true tokens so far, its
own, or some of either.
"""

import torch
from torch import Tensor

from tasks.models.translation import Translator


@torch.no_grad()
def decoder_inputs(
    model: Translator,
    source: Tensor,
    target: Tensor,
    truth: float,
    generator: torch.Generator,
) -> Tensor:
    """The decoder's inputs, (sentences, target tokens - 1), from BEGIN on.

    Each is the true token with probability ``truth`` and otherwise the one that the
    model finds likeliest after the inputs before it: 1 is teacher forcing, 0 feeds back
    the model's own outputs, and what lies between is the sampling of Bengio et al.
    (2015), here at a constant rate. ``source`` is (sentences, source tokens), ``target``
    (sentences, target tokens).
    """
    if truth == 1:
        return target[:, :-1]
    inputs = [target[:, 0]]
    state = model.begin(source)
    for place in range(1, target.shape[1] - 1):
        logits, state = model.advance(inputs[-1], state)
        # Drawn for each sentence and place, as in the paper.
        drawn = torch.rand(
            len(source), device=source.device, generator=generator
        )
        true = target[:, place]
        inputs.append(torch.where(drawn < truth, true, logits.argmax(1)))
    return torch.stack(inputs, 1)
