"""Sentence pairs as tokens: vocabularies learned from the training part alone, and
tensors padded to one length.

``x`` is (pairs, longest) and holds the source and END; ``y`` is (pairs, longest) and
holds BEGIN, the target and END; PAD fills the rest. Every vocabulary gives back exactly
the text that it was given, so references are never damaged.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from tasks.contract.data import Population, Split, Splits
from tasks.contract.errors import UserError
from tasks.data._split import split_rows

PAD, BEGIN, END = 0, 1, 2
SPECIAL = ("·", "⟨", "⟩")  # how PAD, BEGIN and END are displayed
SPACE = "▁"  # how a space within a token is written, as in SentencePiece

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"[{HAN}]|[^\W{HAN}_]+|[^\w\s]|_")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s\u3000-\u303f\uff00-\uffef]+")


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


class Vocabulary(Protocol):
    """Text to token numbers and back. Numbers below 3 are PAD, BEGIN and END, which
    ``encode`` never gives.
    """

    def __len__(self) -> int: ...

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's tokens, without BEGIN and END."""
        ...

    def decode(self, numbers: Sequence[int]) -> str:
        """The text up to END, without BEGIN and PAD."""
        ...

    def pieces(self, numbers: Sequence[int]) -> list[str]:
        """Each token as text, to label a chart with."""
        ...


class Symbols:
    """A closed vocabulary: texts are these symbols with ``joint`` between them."""

    def __init__(self, symbols: Iterable[str], joint: str = "") -> None:
        self._names = [*SPECIAL, *symbols]
        self._numbers = {
            name: number
            for number, name in enumerate(self._names)
            if number > END
        }
        self._joint = joint

    def __len__(self) -> int:
        return len(self._names)

    def encode(self, text: str) -> list[int]:
        """The number of each symbol. KeyError for one that is none."""
        return [
            self._numbers[symbol]
            for symbol in (text.split(self._joint) if self._joint else text)
        ]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text up to END, without BEGIN and PAD."""
        return self._joint.join(
            self._names[number] for number in content(numbers)
        )

    def pieces(self, numbers: Sequence[int]) -> list[str]:
        """Each symbol as text."""
        return [self._names[number] for number in numbers]


class Subwords:
    """Byte-pair encoding (Sennrich et al. 2016), learned from the given texts.

    Characters that those texts lack are spelled in bytes, so any text can be written.
    ``lower`` drops the case of what comes in. At most ``size`` tokens besides PAD,
    BEGIN, END and the 256 bytes.
    """

    def __init__(
        self, texts: Iterable[str], size: int, lower: bool = False
    ) -> None:
        # one thread a worker; quiet when processes fork
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import (
            Tokenizer,
            decoders,
            models,
            normalizers,
            pre_tokenizers,
            trainers,
        )

        # Sorted, so that the vocabulary does not depend on the order of the
        # pairs.
        texts = sorted(texts)
        # a word has the same token at any position
        spaced = not any(re.search(f"[{HAN}]", text) for text in texts)
        space = pre_tokenizers.Metaspace(
            SPACE, "always" if spaced else "never"
        )
        words = pre_tokenizers.Sequence([space, pre_tokenizers.Punctuation()])
        learner = Tokenizer(models.BPE())
        learner.pre_tokenizer = words
        if lower:
            learner.normalizer = normalizers.Lowercase()
        learner.train_from_iterator(
            texts, trainers.BpeTrainer(vocab_size=size, show_progress=False)
        )
        # The learner numbers tokens in its own way; a second tokenizer is
        # built with our special tokens and the 256 bytes first.
        learned = json.loads(learner.to_str())["model"]
        # no text has a token that begins with " ", as a space is written SPACE
        names = [
            *(f" {name}" for name in SPECIAL),
            *(f"<0x{byte:02X}>" for byte in range(256)),
        ]
        names += [
            name
            for name in sorted(learned["vocab"], key=learned["vocab"].get)
            if name not in names
        ]
        merges = [(left, right) for left, right in learned["merges"]]
        numbers = {name: number for number, name in enumerate(names)}
        self._tokenizer = Tokenizer(
            models.BPE(numbers, merges, byte_fallback=True)
        )
        self._tokenizer.pre_tokenizer = words
        if lower:
            self._tokenizer.normalizer = normalizers.Lowercase()
        parts = [
            decoders.Replace(SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
        ]
        parts += [decoders.Strip(" ", 1, 0)] if spaced else []
        self._tokenizer.decoder = decoders.Sequence(parts)

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's subwords."""
        return list(self._tokenizer.encode(text).ids)

    def decode(self, numbers: Sequence[int]) -> str:
        """The text up to END, without BEGIN and PAD."""
        return str(self._tokenizer.decode(content(numbers)))

    def pieces(self, numbers: Sequence[int]) -> list[str]:
        """Each subword as text, a space in it as "▁"."""
        return [
            str(self._tokenizer.id_to_token(number)).removeprefix(" ")
            for number in numbers
        ]


def content(numbers: Sequence[int]) -> list[int]:
    """The tokens up to the first END, without BEGIN and PAD."""
    kept = list(numbers)
    kept = kept[: kept.index(END)] if END in kept else kept
    return [number for number in kept if number > END]


# ---------------------------------------------------------------------- sentence pairs


def tidy(text: str) -> str:
    """The text without tags and addresses, with single spaces."""
    return " ".join(
        _ADDRESS.sub(" ", _TAG.sub(" ", text)).replace(SPACE, " ").split()
    )


def words(text: str) -> list[str]:
    """Words, Han characters and punctuation marks, by which lengths are counted."""
    return _TOKEN.findall(text)


def identity(source: str) -> bytes:
    """What makes a source sentence itself: its letters in lower case. Digits, blanks
    and punctuation do not count.
    """
    return re.sub(r"[\W\d_]+", "", source.casefold()).encode()


def clean(
    pairs: Iterable[Pair], longest: int = 40, ratio: float = 5.0
) -> list[Pair]:
    """Pairs worth learning from: tidy, 1 to ``longest`` words on both sides, neither
    ``ratio`` times the other's.

    Of several translations of one source (in lower case) the first stays; so the order
    of ``pairs`` matters.
    """
    kept: dict[str, Pair] = {}
    for pair in pairs:
        source, target = tidy(pair.source), tidy(pair.target)
        there, here = len(words(source)), len(words(target))
        fair = (
            0 < there <= longest
            and 0 < here <= longest
            and max(there, here) <= ratio * min(there, here)
        )
        if fair and identity(source) and source != target:
            kept.setdefault(source.casefold(), Pair(source, target))
    return list(kept.values())


def resplit_pairs(
    pairs: Sequence[Pair],
    seed: int,
    *,
    test: float,
    validation: float,
    size: int,
    always: Sequence[Pair] = (),
    **metadata: Any,
) -> Splits:
    """Splits one pool of pairs by the identity of the source, so that near-duplicates
    stay in one part.

    Pairs ``always`` learned join the training part, unless the pool has their source,
    whose part the seed decides.
    """
    identities = [identity(pair.source) for pair in pairs]
    known = set(identities)
    parts = split_rows(identities, seed, test=test, validation=validation)
    train, held, sealed = (
        [pairs[row] for row in rows.tolist()] for rows in parts
    )
    train = [
        pair for pair in always if identity(pair.source) not in known
    ] + train
    return subword_splits(
        train,
        held,
        sealed,
        size=size,
        population="resplit",
        pool=len(pairs),
        **metadata,
    )


def subword_splits(
    train: Sequence[Pair],
    validation: Sequence[Pair],
    test: Sequence[Pair],
    *,
    size: int,
    population: Population,
    pool: int | None = None,
    **metadata: Any,
) -> Splits:
    """Tokens of given parts, with ``size`` subwords a language, learned from the
    training part and nothing else.

    Sources are in lower case.
    """
    source = Subwords((pair.source for pair in train), size, lower=True)
    target = Subwords((pair.target for pair in train), size)
    return token_splits(
        train,
        validation,
        test,
        source,
        target,
        population=population,
        pool=pool,
        **metadata,
    )


def token_splits(
    train: Sequence[Pair],
    validation: Sequence[Pair],
    test: Sequence[Pair],
    source: Vocabulary,
    target: Vocabulary,
    *,
    population: Population = "fresh",
    pool: int | None = None,
    **metadata: Any,
) -> Splits:
    """Tokens of given parts in given vocabularies; ``metadata`` join what models and
    measures get to know.
    """
    parts = (train, validation, test)
    sources = [
        [[*source.encode(pair.source), END] for pair in part] for part in parts
    ]
    targets = [
        [[BEGIN, *target.encode(pair.target), END] for pair in part]
        for part in parts
    ]
    if not all(sources):
        raise UserError(
            "A part of the sentence pairs is empty: give larger shares, or more pairs."
        )
    longest = max(
        len(row)
        for side in (sources, targets)
        for part in side
        for row in part
    )
    known: Mapping[str, Any] = {
        "source": source,
        "target": target,
        "longest": longest,
        **metadata,
    }
    learned, held, sealed = (
        Split(padded(x, longest), padded(y, longest))
        for x, y in zip(sources, targets, strict=True)
    )
    return Splits(learned, held, sealed, len(target), population, pool, known)


def padded(rows: Sequence[Sequence[int]], longest: int) -> Tensor:
    """Token numbers (rows, longest), each row filled up with PAD."""
    return torch.tensor(
        [[*row, *[PAD] * (longest - len(row))] for row in rows]
    )
