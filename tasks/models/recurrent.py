"""Recurrent translators: gated recurrent units read the source both ways and write the
target.

With attention, after Luong, Pham & Manning, "Effective approaches to attention-based
neural machine translation" (2015); without, all that is known of the source is one
vector (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014).
"""

import math
from functools import cache

import torch
from torch import Tensor, nn

from tasks.contract.errors import UserError
from tasks.data._text import PAD
from tasks.models._gru import GRU
from tasks.models._softmax import blocked, softmax
from tasks.models.translation import State, answer, embedding

# how far a solved parameter count may be from the wanted one
TOLERANCE = 0.005
# units that are tried at most, and around the best equal number
MOST, NEAR = 2048, 3


class RecurrentTranslator(nn.Module):
    """A bidirectional GRU of ``reading`` units each way, and a GRU of ``writing``
    units, one layer each.

    What is said next depends on the decoder's state and on its context: the source's
    states, weighted by attention to them, or else the last state of either direction.
    """

    def __init__(
        self,
        sources: int,
        targets: int,
        *,
        width: int,
        reading: int,
        writing: int,
        attention: bool,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.source = embedding(sources, width)
        self.target = embedding(targets, width)
        self.forwards = GRU(width, reading, batch_first=True)
        self.backwards = GRU(width, reading, batch_first=True)
        self.bridge = nn.Linear(2 * reading, writing)
        self.decoder = GRU(width, writing, batch_first=True)
        self.score = (
            nn.Linear(writing, 2 * reading, bias=False) if attention else None
        )
        self.mix = nn.Linear(writing + 2 * reading, width)
        self.answer = answer(width, targets)
        self.dropout = nn.Dropout(dropout)
        for layer in (
            self.forwards,
            self.backwards,
            self.decoder,
            self.bridge,
            self.mix,
        ):
            _initialise(layer)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits (sentences, target tokens, vocabulary), all places at once."""
        return self._decode(target, self.begin(source))[0]

    def begin(self, source: Tensor) -> State:
        """The first hidden state, and what the decoder may look at: the
        source's states, or their summary alone.
        """
        x = self._embed(self.source, source)
        lengths = (source != PAD).sum(1)  # (sentences,)
        places = torch.arange(source.shape[1], device=source.device).expand(
            source.shape
        )
        # Each sentence is read backwards from its own last token: padding
        # stays at the end, where it cannot reach the states before it.
        mirror = torch.where(
            places < lengths[:, None], lengths[:, None] - 1 - places, places
        )
        there, _ = self.forwards(x)
        back, _ = self.backwards(_at(x, mirror))
        last = _at(there, lengths[:, None] - 1)[:, 0]
        # (sentences, 2 reading)
        summary = torch.cat([last, _at(back, lengths[:, None] - 1)[:, 0]], 1)
        state = {"hidden": self.bridge(summary).tanh()}
        if self.score is None:
            return {**state, "memory": summary[:, None]}
        return {
            **state,
            "memory": torch.cat([there, _at(back, mirror)], 2),
            "seen": (source != PAD)[:, None],
        }

    def advance(self, token: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (sentences, vocabulary) of what follows ``token``, and the
        state then.
        """
        logits, hidden, _ = self._decode(token[:, None], state)
        return logits[:, 0], {**state, "hidden": hidden}

    @torch.no_grad()
    def alignment(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The attention weights under one name; empty without attention."""
        if self.score is None:
            return {}
        return {"attention": self._decode(target, self.begin(source))[2]}

    def _decode(
        self, target: Tensor, state: State
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, the last hidden state, and the weights (sentences, target tokens,
        source tokens).
        """
        states, last = self.decoder(
            self._embed(self.target, target),
            state["hidden"][None].contiguous(),
        )
        memory = state["memory"]
        if self.score is None:
            weights = memory.new_ones(*target.shape, 1)
        else:
            scores = self.score(states) @ memory.transpose(1, 2)
            weights = softmax(scores + blocked(state["seen"], scores))
        mixed = self.mix(torch.cat([states, weights @ memory], 2)).tanh()
        return self.answer(self.dropout(mixed)), last[0], weights

    def _embed(self, table: nn.Embedding, tokens: Tensor) -> Tensor:
        return self.dropout(table(tokens) * math.sqrt(table.embedding_dim))  # type: ignore[no-any-return]


def _initialise(layer: nn.Module) -> None:
    """Orthogonal from state to state (Saxe et al. 2014), Xavier elsewhere: torch's
    default hardly learned long text.
    """
    for name, parameter in layer.named_parameters():
        if parameter.ndim == 1:
            nn.init.zeros_(parameter)
        elif name.startswith("weight_hh"):
            for gate in parameter.data.chunk(3):
                nn.init.orthogonal_(gate)
        else:
            nn.init.xavier_uniform_(parameter)


def _at(x: Tensor, places: Tensor) -> Tensor:
    """``x``, (sentences, tokens, channels), at ``places``, (sentences, chosen)."""
    return x.gather(1, places[:, :, None].expand(-1, -1, x.shape[2]))


def parameter_count(
    sources: int,
    targets: int,
    width: int,
    reading: int,
    writing: int,
    attention: bool,
) -> int:
    """A GRU layer from i to h units has 3h(i + h + 2) parameters; bridge, score, mix
    and answer are linear layers.
    """
    recurrent = 2 * 3 * reading * (width + reading + 2) + 3 * writing * (
        width + writing + 2
    )
    bridge, score = (
        (2 * reading + 1) * writing,
        2 * reading * writing if attention else 0,
    )
    mix, last = (writing + 2 * reading + 1) * width, (width + 1) * targets
    return (
        (sources + targets) * width + recurrent + bridge + score + mix + last
    )


@cache
def matched_units(
    parameters: int, sources: int, targets: int, width: int, attention: bool
) -> tuple[int, int]:
    """Units for reading and writing, about equal, whose parameter count is within 0.5 %
    of ``parameters``.

    Raises UserError if there are none.
    """

    def apart(units: tuple[int, int]) -> float:
        return abs(
            parameter_count(sources, targets, width, *units, attention)
            / parameters
            - 1
        )

    equal = min(range(2, MOST), key=lambda units: apart((units, units)))
    near = range(max(1, equal - NEAR), equal + NEAR + 1)
    units = min(
        ((reading, writing) for reading in near for writing in near), key=apart
    )
    if apart(units) > TOLERANCE:
        raise UserError(
            f"parameters={parameters} cannot be matched within {TOLERANCE:.1%} by a "
            f"GRU of width {width}."
        )
    return units
