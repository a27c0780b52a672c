"""Learning to say a sequence token by token: teacher forcing to learn, greedy search to
answer, BLEU to judge.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure, Phase
from tasks.contract.text import Text
from tasks.data._text import BEGIN, END, PAD, Pair, Vocabulary, content, padded
from tasks.models.translation import Translator
from tasks.procedures.attention_maps import attention_maps
from tasks.procedures.decoding import beam, greedy
from tasks.procedures.edit_distance import edit_distance
from tasks.procedures.feeding import decoder_inputs

EVALUATION_BATCH = 256
# halve a part where that saves this share of it, and at least that many tokens
SAVING, SMALLEST = 0.25, 150
# test sentences in the table, with attention maps, and searched by beam
SHOWN, MAPS, SEARCHED = 40, 3, 100
BEAMS = (2, 4, 8)
SAYS = "rows: what is said; columns: the source"
KEPT = 4  # sets of references whose n-grams are kept: training, validation, test, spare


def _nothing(shape: Shape) -> float:
    return 0.0


def _all(shape: Shape) -> float:
    return 1.0


def _guessing(shape: Shape) -> float:
    return math.log(shape.outputs)


BLEU = Measure("bleu", "higher", worst=_nothing, label="BLEU")
LOSS = Measure(
    "loss",
    "lower",
    worst=_guessing,
    label=Text("Log loss per token", zh="每词元对数损失"),
)
CHRF = Measure("chrf", "higher", worst=_nothing, label="chrF")
EXACT = Measure(
    "exact",
    "higher",
    worst=_nothing,
    label=Text("Exact match", zh="完全匹配率"),
    percent=True,
)
TOKEN_ACCURACY = Measure(
    "token_accuracy",
    "higher",
    worst=_nothing,
    label=Text("Token accuracy", zh="词元准确率"),
    percent=True,
)
EXPOSURE_GAP = Measure(
    "exposure_gap",
    "lower",
    worst=_nothing,
    label=Text("Exposure gap", zh="曝光差距"),
    percent=True,
)
LENGTH_ERROR = Measure(
    "length_error",
    "lower",
    worst=_all,
    label=Text("Length error", zh="长度误差"),
    percent=True,
)


# --------------------------------------------------------------------------- procedure


@dataclass(frozen=True)
class Translation:
    """Cross entropy per token, padding aside, with the labels smoothed by ``smoothing``
    (Szegedy et al. 2016).

    The log loss that is reported is never smoothed. The exposure gap is what the
    model's own mistakes lead to: the edits that its own sentences need, at most one a
    token, less the mistakes that it makes after true tokens, both a share of all tokens.
    """

    smoothing: float = 0.1
    """The share of the labels that is spread over all tokens."""

    end: bool = True
    """False keeps END out of the loss, to show what it is for."""

    truth: float = 1.0
    """How often the decoder is given the true token rather than its own while it
    learns: 1 is teacher forcing."""

    beams: int = 1
    """How many sentences a search for the answer keeps; 1 is greedy search."""

    train_sample: int = 200
    unit: str = "tokens"
    measures: tuple[Measure, ...] = (
        BLEU,
        LOSS,
        CHRF,
        EXACT,
        TOKEN_ACCURACY,
        EXPOSURE_GAP,
        LENGTH_ERROR,
    )

    def count(self, split: Split) -> int:
        """Target tokens to learn from, END included."""
        return int((split.y[:, 1:] != PAD).sum())

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """One phase. Its loss is a mean over tokens, of which sentences have
        unlike numbers, so workers cannot share a batch.
        """
        return (Phase(self._loss),)

    def _loss(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        # Summed over parts and divided once: each token weighs the same,
        # whichever part it is in.
        loss = torch.zeros((), device=batch.x.device)
        tokens = torch.zeros((), device=batch.x.device)
        for source, target in alike(batch):
            labels = target[:, 1:]
            if not self.end:
                labels = labels.masked_fill(labels == END, PAD)
            inputs = target[:, :-1]
            if self.truth < 1:
                assert isinstance(model, Translator)
                inputs = decoder_inputs(
                    model, source, target, self.truth, generator
                )
            loss = loss + token_loss(
                model(source, inputs), labels, self.smoothing
            )
            tokens = tokens + (labels != PAD).sum()
        return loss / tokens

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """All measures, from the true tokens and from the model's own
        sentences.
        """
        assert isinstance(model, Translator)
        sums = torch.zeros(4, dtype=torch.float64, device=split.x.device)
        said, meant = [], []
        for source, target in _by_length(split):
            labels = target[:, 1:]
            logits = model(source, target[:, :-1])
            alone = self._search(model, source, split.metadata["longest"])
            counts = labels != PAD
            loss = token_loss(logits, labels)
            wrong = ((logits.argmax(2) != labels) & counts).sum()
            # At most one edit a token: a sentence that never ends would weigh
            # more than all others.
            edits = edit_distance(alone, labels).minimum(counts.sum(1)).sum()
            sums += torch.stack([counts.sum(), loss, wrong, edits]).double()
            said += alone.tolist()
            meant += labels.tolist()
        tokens, loss, wrong, edits = sums.tolist()
        found = compare(
            said, meant, split.metadata["target"], split.metadata["bleu"]
        )
        return {
            **found,
            "loss": loss / tokens,
            "token_accuracy": 1 - wrong / tokens,
            "exposure_gap": (edits - wrong) / tokens,
        }

    def _search(
        self, model: Translator, source: Tensor, longest: int
    ) -> Tensor:
        if self.beams == 1:
            return greedy(model, source, longest)
        return beam(model, source, longest, self.beams)

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """A table of translations, one of searches, and where the model looked while it
        said the first few.
        """
        assert isinstance(model, Translator)
        shown = _with_probes(split.head(SHOWN))
        said = greedy(model, shown.x, split.metadata["longest"])
        files = {
            "translations.json": _table(*_translations(shown, said.tolist())),
            "searches.json": _table(*_searches(model, split.head(SEARCHED))),
        }
        for number in range(min(MAPS, len(shown))):
            files |= _maps(model, shown, said, number)
        return files


def token_loss(
    logits: Tensor, labels: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Log loss summed over the tokens that are not PAD, a 0-d tensor. ``logits`` is
    (sentences, tokens, vocabulary).
    """
    return functional.cross_entropy(
        logits.flatten(0, 1),
        labels.flatten(),
        ignore_index=PAD,
        reduction="sum",
        label_smoothing=smoothing,
    )


def compare(
    said: Sequence[Sequence[int]],
    meant: Sequence[Sequence[int]],
    vocabulary: Vocabulary,
    tokenizer: str,
) -> dict[str, float]:
    """BLEU and chrF (0 to 100), exact matches, and the mean error in length, a share of
    what was meant, at most 1.
    """
    outputs = [vocabulary.decode(row) for row in said]
    references = tuple(vocabulary.decode(row) for row in meant)
    bleu, chrf = _scorers(references, tokenizer)
    lengths = [
        (len(content(mine)), len(content(theirs)))
        for mine, theirs in zip(said, meant, strict=True)
    ]
    return {
        # None: the references that they were made with
        "bleu": bleu.corpus_score(outputs, None).score,
        "chrf": chrf.corpus_score(outputs, None).score,
        "exact": sum(map(str.__eq__, outputs, references)) / len(references),
        "length_error": sum(
            min(abs(mine - theirs) / max(theirs, 1), 1.0)
            for mine, theirs in lengths
        )
        / len(lengths),
    }


# A run is measured on the same sentences again and again, and counting the n-grams of the
# references takes half of a score's time.
@lru_cache(maxsize=KEPT)
def _scorers(references: tuple[str, ...], tokenizer: str) -> tuple[Any, Any]:
    """sacrebleu's BLEU and chrF against these references."""
    # Imported when it is needed: listing the tasks should not wait for it.
    from sacrebleu.metrics import BLEU as Bleu  # type: ignore[attr-defined]
    from sacrebleu.metrics import CHRF as Chrf  # type: ignore[attr-defined]

    return (
        Bleu(tokenize=tokenizer, references=[references]),
        Chrf(references=[references]),
    )


def trimmed(tokens: Tensor) -> Tensor:
    """Without columns of nothing but PAD."""
    return tokens[:, : int((tokens != PAD).sum(1).max())]


def alike(split: Split) -> list[tuple[Tensor, Tensor]]:
    """Sources and targets in parts of like length, trimmed, so that little of what is
    computed is padding.

    A part is halved where that saves a quarter of it. On a GPU there is one part:
    reading a length would synchronise with it, and padding is cheap there.
    """
    if split.x.device.type != "cpu":
        return [(split.x, split.y)]
    lengths = ((split.x != PAD).sum(1) + (split.y != PAD).sum(1)).sort(
        stable=True
    )
    return [
        (trimmed(split.x[rows]), trimmed(split.y[rows]))
        for rows in _halved(lengths.indices, lengths.values)
    ]


def _halved(rows: Tensor, lengths: Tensor) -> list[Tensor]:
    """Rows in order of their lengths, which do not fall, cut where that saves enough."""
    half = len(rows) // 2
    if half * int(lengths[-1] - lengths[half - 1]) < max(
        SAVING * len(rows) * int(lengths[-1]), SMALLEST
    ):
        return [rows]
    return _halved(rows[:half], lengths[:half]) + _halved(
        rows[half:], lengths[half:]
    )


def _by_length(split: Split) -> list[tuple[Tensor, Tensor]]:
    """Sources and targets in batches of like length."""
    order = torch.argsort((split.x != PAD).sum(1), stable=True)
    return [
        (trimmed(split.x[rows]), trimmed(split.y[rows]))
        for rows in order.split(EVALUATION_BATCH)
    ]


# ---------------------------------------------------------------------------- artifacts


def _with_probes(split: Split) -> Split:
    """The split after the sources that every model is asked for, whether it has learned
    them or not.
    """
    probes: Sequence[Pair] = split.metadata.get("probes", ())
    if not probes:
        return split
    x = [
        [*split.metadata["source"].encode(pair.source), END][
            : split.x.shape[1]
        ]
        for pair in probes
    ]
    y = [
        [*split.metadata["target"].encode(pair.target), END][
            : split.y.shape[1] - 1
        ]
        for pair in probes
    ]
    asked = padded(x, split.x.shape[1]).to(split.x)
    meant = functional.pad(
        padded(y, split.y.shape[1] - 1), (1, 0), value=BEGIN
    ).to(split.y)
    return Split(
        torch.cat([asked, split.x]),
        torch.cat([meant, split.y]),
        split.metadata,
    )


def _translations(
    split: Split, said: list[list[int]]
) -> tuple[list[str], list[list[Any]]]:
    from sacrebleu import sentence_chrf

    source, target = split.metadata["source"], split.metadata["target"]
    rows: list[list[Any]] = []
    for x, y, out in zip(
        split.x.tolist(), split.y.tolist(), said, strict=True
    ):
        reference, output = target.decode(y), target.decode(out)
        rows.append(
            [
                source.decode(x),
                reference,
                output,
                round(sentence_chrf(output, [reference]).score, 1),
            ]
        )
    return ["Source", "Reference", "Output", "chrF"], rows


def _searches(
    model: Translator, split: Split
) -> tuple[list[str], list[list[Any]]]:
    """What a wider search finds, on the same sentences."""
    longest, target = split.metadata["longest"], split.metadata["target"]
    found = {"greedy": greedy(model, split.x, longest)}
    found |= {
        f"beam of {width}": beam(model, split.x, longest, width)
        for width in BEAMS
    }
    rows: list[list[Any]] = []
    for name, said in found.items():
        values = compare(
            said.tolist(), split.y.tolist(), target, split.metadata["bleu"]
        )
        rows.append(
            [
                name,
                *(
                    round(values[key], 4)
                    for key in ("bleu", "chrf", "exact", "length_error")
                ),
            ]
        )
    return [
        "Search",
        "BLEU",
        "chrF",
        Text("Exact match", zh="完全匹配率"),
        Text("Length error", zh="长度误差"),
    ], rows


def _maps(
    model: Translator, split: Split, said: Tensor, number: int
) -> dict[str, bytes]:
    """Where a translator looked: an image for each of its heads, and a table of their
    mean. Nothing if nowhere.
    """
    x, out = content(split.x[number].tolist()), content(said[number].tolist())
    source = torch.tensor([[*x, END]], device=said.device)
    # an output that never ended fills them all, and was not read back to its
    # last token
    steps = split.metadata["longest"]
    target = torch.tensor([[BEGIN, *out][:steps]], device=said.device)
    looks = {
        name: weights[0].cpu()
        for name, weights in model.alignment(source, target).items()
    }
    if not looks:
        return {}
    asked = [
        f"{place} {piece}"
        for place, piece in enumerate(
            split.metadata["source"].pieces(source[0].tolist()), 1
        )
    ]
    told = [
        f"{place} {piece}"
        for place, piece in enumerate(
            split.metadata["target"].pieces([*out, END][:steps]), 1
        )
    ]
    mean = torch.stack(list(looks.values())).mean(0)
    rows = [
        [name, *(round(weight, 3) for weight in row)]
        for name, row in zip(told, mean.tolist(), strict=True)
    ]
    return {
        f"attention-{number + 1}.json": _table(["Said", *asked], rows),
        f"attention-{number + 1}.png": attention_maps(looks, SAYS),
    }


def _table(columns: list[str], rows: list[list[Any]]) -> bytes:
    return json.dumps(
        {"columns": columns, "rows": rows}, ensure_ascii=False
    ).encode()
