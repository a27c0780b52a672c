"""What a translator says: always the likeliest token (greedy), or the best of several sentences (beam)."""

import math

import torch
from torch import Tensor

from tasks.data._text import BEGIN, END, PAD
from tasks.models.translation import State, Translator


@torch.no_grad()
def greedy(model: Translator, source: Tensor, longest: int) -> Tensor:
    """The likeliest token at each place, (sentences, at most ``longest``): up to END, then PAD."""
    state = model.begin(source)
    token = source.new_full((len(source),), BEGIN)
    going = torch.ones_like(token, dtype=torch.bool)
    said: list[Tensor] = []
    while len(said) < longest and going.any():
        logits, state = model.advance(token, state)
        token = torch.where(going, logits.argmax(1), PAD)
        going = going & (token != END)
        said.append(token)
    return torch.stack(said, 1)


@torch.no_grad()
def beam(model: Translator, source: Tensor, longest: int, width: int = 4, alpha: float = 0.6) -> Tensor:
    """The likeliest sentence among ``width`` kept at each place, (sentences, at most ``longest``), END and PAD last.

    Log probabilities are divided by ((5 + length) / 6) ** alpha, which keeps short sentences from winning (Wu et al.
    2016); alpha 0 compares probabilities as they are.
    """
    rows = torch.arange(len(source), device=source.device)
    state = _rows(model.begin(source), rows.repeat_interleave(width))
    score = torch.full((len(source), width), -math.inf, device=source.device)
    score[:, 0] = 0.0  # all start alike: one counts
    said = source.new_full((len(source), width, 1), BEGIN)
    going = torch.ones_like(score, dtype=torch.bool)
    length = torch.zeros_like(score)
    while said.shape[2] <= longest and going.any():
        logits, state = model.advance(said[:, :, -1].flatten(), state)
        steps = logits.log_softmax(1).view(len(source), width, -1)
        only_pad = torch.full_like(steps, -math.inf)
        only_pad[:, :, PAD] = 0.0
        total = score[:, :, None] + torch.where(going[:, :, None], steps, only_pad)
        score, best = total.flatten(1).topk(width, 1)
        parent, token = best // steps.shape[2], best % steps.shape[2]
        state = _rows(state, (rows[:, None] * width + parent).flatten())
        said = torch.cat([said.gather(1, parent[:, :, None].expand(-1, -1, said.shape[2])), token[:, :, None]], 2)
        going, length = going.gather(1, parent), length.gather(1, parent)
        length = length + going
        going = going & (token != END)
    winner = (score / ((5 + length) / 6) ** alpha).argmax(1)
    return said[rows, winner, 1:]


def _rows(state: State, rows: Tensor) -> State:
    return {name: tensor.index_select(0, rows) for name, tensor in state.items()}
