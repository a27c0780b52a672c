"""What a translator says: always the likeliest token (greedy), or the best of several
sentences (beam).
"""

import math

import torch
from torch import Tensor

from tasks.data._text import BEGIN, END, PAD
from tasks.models.translation import State, Translator

# an answer may have twice as many tokens as its source, and ten more
ROOM = 2, 10
# finished sentences are dropped from the batch once at most this share is left
FEW = 0.75


@torch.no_grad()
def greedy(model: Translator, source: Tensor, longest: int) -> Tensor:
    """The likeliest token at each place, (sentences, at most ``longest``): up to END or
    ``room``, then PAD.
    """
    most = room(source, longest)
    said = torch.full((len(source), longest), PAD, device=source.device)
    # of the sentences that are worked on
    rows = torch.arange(len(source), device=source.device)
    state, token, going = (
        model.begin(source),
        torch.full_like(rows, BEGIN),
        torch.ones_like(rows, dtype=torch.bool),
    )
    place = 0
    while left := int(going.sum()):
        if left <= FEW * len(rows):
            rows, token, most, state = (
                rows[going],
                token[going],
                most[going],
                _chosen(state, going.nonzero()[:, 0]),
            )
            going = torch.ones_like(rows, dtype=torch.bool)
        logits, state = model.advance(token, state)
        token = torch.where(going, logits.argmax(1), PAD)
        said[rows, place] = token
        place += 1
        going = going & (token != END) & (place < most)
    return said[:, :place]


@torch.no_grad()
def beam(
    model: Translator,
    source: Tensor,
    longest: int,
    width: int = 4,
    alpha: float = 0.6,
) -> Tensor:
    """Beam search: the likeliest sentence among ``width`` beams, (sentences, at most
    ``longest``), END and PAD last.

    Log probabilities are divided by ((5 + length) / 6) ** alpha, which keeps short
    sentences from winning (Wu et al. 2016); alpha 0 compares unnormalised
    probabilities. The search ends when no open beam can still win.
    """
    most = room(source, longest)
    best = torch.full((len(source), longest), PAD, device=source.device)
    # of the sentences that are worked on
    rows = torch.arange(len(source), device=source.device)
    state = _chosen(model.begin(source), rows.repeat_interleave(width))
    score = torch.full((len(source), width), -math.inf, device=source.device)
    score[:, 0] = 0.0  # all start alike: one counts
    said = source.new_full((len(source), width, 1), BEGIN)
    going = torch.ones_like(score, dtype=torch.bool)
    length = torch.zeros_like(score)
    longest = 0
    while len(rows):
        logits, following = model.advance(said[:, :, -1].flatten(), state)
        steps = logits.log_softmax(1).view(len(rows), width, -1)
        # A finished sentence goes on with PAD at no cost, so that it keeps its
        # place among the beams and its score.
        only_pad = torch.full_like(steps, -math.inf)
        only_pad[:, :, PAD] = 0.0
        total = score[:, :, None] + torch.where(
            going[:, :, None], steps, only_pad
        )
        score, found = total.flatten(1).topk(width, 1)
        # Beams compete over (beam, token) pairs, which were laid out flat.
        parent, token = found // steps.shape[2], found % steps.shape[2]
        places = (
            torch.arange(len(rows), device=source.device)[:, None] * width
            + parent
        ).flatten()
        # Each beam goes on with its parent's memory; what is known of the
        # source is the same for all and is not copied.
        state = {**following, **_chosen(_changed(following, state), places)}
        said = torch.cat(
            [
                said.gather(
                    1, parent[:, :, None].expand(-1, -1, said.shape[2])
                ),
                token[:, :, None],
            ],
            2,
        )
        going, length = going.gather(1, parent), length.gather(1, parent)
        length = length + going
        going = going & (token != END)
        worth = score / _penalty(length, alpha)
        # The best that an open beam can still reach: its score can only fall,
        # and no length helps it more than the greatest.
        hope = (
            (score / _penalty(most[:, None], alpha))
            .masked_fill(~going, -math.inf)
            .amax(1)
        )
        done = (worth.masked_fill(going, -math.inf).amax(1) >= hope) | (
            said.shape[2] > most
        )
        if done.any():
            winner = worth[done].argmax(1)
            longest = said.shape[2] - 1
            best[rows[done], :longest] = said[done, winner, 1:]
            left = (~done).nonzero()[:, 0]
            state = _chosen(
                state,
                (
                    left[:, None] * width
                    + torch.arange(width, device=source.device)
                ).flatten(),
            )
            rows, most, score, said, going, length = (
                x[left] for x in (rows, most, score, said, going, length)
            )
    return best[:, :longest]


def room(source: Tensor, longest: int) -> Tensor:
    """How many tokens an answer may have, (sentences,): enough, and no more, for what
    never learned to end.
    """
    times, more = ROOM
    return (times * (source != PAD).sum(1) + more).clamp(max=longest)


def _penalty(length: Tensor, alpha: float) -> Tensor:
    return ((5 + length) / 6) ** alpha


def _changed(state: State, before: State) -> State:
    """What ``advance`` did not hand on as it was: what is known of the source is the
    same for all of a beam.
    """
    return {
        name: tensor
        for name, tensor in state.items()
        if tensor is not before.get(name)
    }


def _chosen(state: State, rows: Tensor) -> State:
    return {
        name: tensor.index_select(0, rows) for name, tensor in state.items()
    }
