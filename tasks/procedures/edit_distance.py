"""How many edits lead from one sentence to another."""

import torch
from torch import Tensor

from tasks.data._text import PAD


def edit_distance(said: Tensor, meant: Tensor) -> Tensor:
    """Levenshtein's distance of each pair of sentences, (sentences,): the fewest tokens
    to insert, delete or replace.

    Both are (sentences, tokens), with PAD after their ends. One inserted token costs
    one edit, where a comparison place by place would count all that follow it wrong.
    """
    places = torch.arange(meant.shape[1] + 1, device=meant.device)
    # From nothing, each target prefix takes as many insertions as it has
    # tokens.
    row = places.expand(len(said), -1)
    table = [row]
    for token in said.unbind(1):
        replaced = row[:, :-1] + (token[:, None] != meant)
        deleted = row + 1
        row = torch.cat(
            [deleted[:, :1], torch.minimum(deleted[:, 1:], replaced)], dim=1
        )
        # Insertions: the least over all places before, plus the way from there.
        row = (row - places).cummin(1).values + places
        table.append(row)
    lengths = (said != PAD).sum(1), (meant != PAD).sum(1)
    sentences = torch.arange(len(said), device=said.device)
    return torch.stack(table, 1)[sentences, lengths[0], lengths[1]]
