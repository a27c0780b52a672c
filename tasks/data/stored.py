"""Data that do not fit in memory: data sets of torch, streams, files of tokens.

Each function splits by a seed, seals the test examples, and holds nothing in memory but
the validation and test examples: however many workers there are, files are read, or
mapped, by all of them.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    default_collate,
)

from tasks.contract.checks import FieldChecks, refuse
from tasks.contract.data import Split, Splits
from tasks.contract.errors import UserError
from tasks.contract.stored import StoredSplit, Stream
from tasks.data._fetch import cache_folder

Pair: TypeAlias = tuple[Tensor, Tensor]
PARTS = 1_000_000  # in which hashes of examples fall


def as_pair(item: Any) -> Any:
    """The item itself: of a data set that gives an example and its answer."""
    return item


@dataclass(frozen=True)
class DatasetExamples:
    """The examples of a map-style ``torch.utils.data.Dataset``, or of anything else that
    has a length and items by number (such as a Hugging Face data set).
    """

    dataset: Any
    """Items are pairs, of what ``default_collate`` makes tensors of."""

    convert: Callable[[Any], Any] = as_pair
    """Makes a pair of an item that is none, such as a dictionary."""

    fingerprint: str = ""
    """What tells the content from any other, such as a version."""

    def __len__(self) -> int:
        return len(self.dataset)

    def read(self, numbers: Sequence[int]) -> Pair:
        """The examples as a batch. UserError for items that are no pairs."""
        return _collated(
            [self.convert(self.dataset[number]) for number in numbers]
        )


def from_dataset(
    dataset: Dataset[Any] | Sequence[Any],
    seed: int,
    *,
    validation: int,
    test: int,
    classes: int | None = None,
    convert: Callable[[Any], Any] = as_pair,
    fingerprint: str = "",
) -> Splits:
    """Splits of one data set: ``test`` and ``validation`` random examples, and all
    others to learn from, which are read batch by batch.

    ``classes`` is needed where answers are labels. Without a ``fingerprint``, a plan
    reads all examples once for the key of runs. Raises UserError for a data set that is
    too small, or has no length.
    """
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        kind = type(dataset).__name__
        raise UserError(f"A {kind} has no items by number: use from_stream.")
    examples = DatasetExamples(dataset, convert, fingerprint)
    FieldChecks(examples).function("convert", "that makes a pair of an item")
    return _resplit(StoredSplit(examples), seed, validation, test, classes)


@dataclass(frozen=True)
class TokenWindows:
    """Stretches of a file of tokens, which is mapped into memory rather than read: x is
    ``context`` tokens, y the token that follows each of them. No two stretches share a
    token.
    """

    path: str
    dtype: str
    context: int

    @cached_property
    def tokens(self) -> NDArray[Any]:
        """All tokens of the file, a map of it."""
        return np.memmap(self.path, dtype=self.dtype, mode="r")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        with open(self.path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{content} {self.dtype} {self.context}"

    def __len__(self) -> int:
        return len(self.tokens) // (self.context + 1)

    def read(self, numbers: Sequence[int]) -> Pair:
        """(stretches, context) twice, as whole numbers."""
        length = self.context + 1
        begins = np.asarray(numbers)[:, None] * length
        rows = self.tokens[begins + np.arange(length)]
        # torch indexes embeddings by 64 bits; it knows few operations on
        # uint16.
        found = torch.from_numpy(rows.astype(np.int64))
        return found[:, :-1], found[:, 1:]


def token_windows(
    path: str | Path,
    seed: int,
    *,
    context: int,
    vocabulary: int,
    validation: int,
    test: int,
    dtype: str = "uint16",
) -> Splits:
    """Splits of a file of tokens, as ``numpy.ndarray.tofile`` writes it: random
    stretches of ``context`` tokens, of which ``test`` and ``validation`` are held out.

    ``vocabulary`` is the number of different tokens; ``dtype`` is how the file stores
    one. Raises UserError for a file that is not there or is too short.
    """
    if not Path(path).is_file():
        raise UserError(f"token_windows: there is no file {path}.")
    if np.dtype(dtype).kind not in "iu":
        raise refuse(
            "token_windows",
            f"dtype={dtype!r}",
            "give whole numbers, such as 'uint16'",
        )
    _check_whole("token_windows", "context", context)
    windows = TokenWindows(str(path), dtype, context)
    splits = _resplit(StoredSplit(windows), seed, validation, test, vocabulary)
    # Of the validation examples, which are in memory: a look at all would read
    # the whole file.
    largest = int(max(splits.validation.x.max(), splits.validation.y.max()))
    if largest >= vocabulary:
        raise UserError(
            f"token_windows(vocabulary={vocabulary}): {path} has the token {largest}: "
            "give one more than the largest."
        )
    return splits


def character_file(text: str) -> tuple[Path, str]:
    """A file with a text's characters as tokens for ``token_windows``, in the cache
    folder of data, and the characters by number.
    """
    characters = "".join(sorted(set(text)))
    numbers = {
        character: number for number, character in enumerate(characters)
    }
    name = hashlib.sha256(text.encode()).hexdigest()
    path = cache_folder() / "characters" / f"{name}.bin"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # other workers may write it, too
        own = path.with_suffix(f".{os.getpid()}")
        np.array([numbers[one] for one in text], dtype=np.uint16).tofile(own)
        own.replace(path)
    return path, characters


def _resplit(
    split: StoredSplit,
    seed: int,
    validation: int,
    test: int,
    classes: int | None,
) -> Splits:
    """Random examples held out of a finite pool, the others in random order."""
    _check_whole("Splits", "validation", validation)
    _check_whole("Splits", "test", test)
    held_out = test + validation
    if held_out >= len(split):
        raise UserError(
            f"{len(split):,} examples are too few for test={test} and "
            f"validation={validation}: leave some to learn from."
        )
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(split), generator=generator)
    return Splits(
        StoredSplit(split.examples, order[held_out:]),
        split.take(order[test:held_out]),
        split.take(order[:test]),
        classes=classes,
        population="resplit",
        pool=len(split),
    )


@dataclass(frozen=True)
class HeldOut:
    """A stream without, or with nothing but, the examples of one part.

    An example's part depends on ``seed`` and its content, so that it is the same
    wherever and however often it comes.
    """

    open: Callable[[int], Iterable[Any]]
    """Begins a pass: pairs, or a ``DataLoader``, whose batches are taken apart."""

    seed: int
    part: str
    """``train``, ``validation`` or ``test``."""

    share: float
    """What is held out for each of validation and test."""

    convert: Callable[[Any], Any] = as_pair
    """Makes a pair of an item that is none, such as a dictionary."""

    def __call__(self, seed: int) -> Iterator[Pair]:
        """The examples of the part in a pass."""
        for pair in _examples(self.open(seed), self.convert):
            if self._part_of(pair) == self.part:
                yield pair

    def _part_of(self, pair: Pair) -> str:
        key = self.seed.to_bytes(8, "little")
        content = b"".join(tensor.numpy().tobytes() for tensor in pair)
        code = hashlib.blake2b(content, key=key, digest_size=8).digest()
        place = int.from_bytes(code, "little") % PARTS / PARTS
        if place < self.share:
            return "test"
        return "validation" if place < 2 * self.share else "train"


def from_stream(
    open: Callable[[int], Iterable[Any]],
    seed: int,
    *,
    examples: int,
    validation: int,
    test: int,
    classes: int | None = None,
    held_out: float = 0.1,
    convert: Callable[[Any], Any] = as_pair,
    fingerprint: str = "",
) -> Splits:
    """Splits of a stream that is read anew in each pass, such as an ``IterableDataset``,
    a ``DataLoader`` or a streamed data set of Hugging Face.

    ``open(pass_seed)`` begins a pass. ``convert`` makes a pair of an item that is none,
    such as a dictionary. ``examples`` training examples count as one
    epoch. The share ``held_out`` of all examples is never learned from; the first
    ``validation`` and ``test`` of it, half each, are held in memory. Raises UserError
    if a stream has too few.
    """
    if not 0 < held_out < 1:
        raise refuse(
            "from_stream", f"held_out={held_out}", "give a share of examples"
        )
    _check_whole("from_stream", "validation", validation)
    _check_whole("from_stream", "test", test)

    def part(name: str) -> HeldOut:
        return HeldOut(open, seed, name, held_out / 2, convert)

    FieldChecks(part("train")).function(
        "convert", "that makes a pair of an item"
    )
    train = Stream(part("train"), examples, fingerprint)
    return Splits(
        train,
        _first(train, part("validation"), validation, held_out),
        _first(train, part("test"), test, held_out),
        classes=classes,
        population="resplit",
        pool=examples + validation + test,
    )


def _first(
    train: Stream, held_out: HeldOut, count: int, share: float
) -> Split:
    """The first ``count`` examples of a part."""
    with torch.random.fork_rng(devices=[]):
        # A stream may draw from the global generator; what is held out must
        # not depend on who asks.
        torch.manual_seed(0)
        found = list(itertools.islice(held_out(0), count))
    if len(found) < count:
        raise UserError(
            f"The stream has {len(found)} examples for {held_out.part}={count}: it ends "
            f"before, with held_out={share}; ask for fewer, or hold out more."
        )
    return train.batch(found)


def _examples(
    source: Iterable[Any], convert: Callable[[Any], Any]
) -> Iterator[Pair]:
    """Pairs of tensors. UserError for items that are none."""
    in_batches = (
        isinstance(source, DataLoader) and source.batch_sampler is not None
    )
    for item in source:
        if in_batches:
            x, y = _collated_pair(convert(item))
            yield from zip(x, y, strict=True)
        else:
            x, y = _collated([convert(item)])
            yield x[0], y[0]


def _collated(items: Sequence[Any]) -> Pair:
    return _collated_pair(default_collate(list(items)))


def _collated_pair(found: Any) -> Pair:
    is_pair = isinstance(found, list | tuple) and len(found) == 2
    if not is_pair or not all(isinstance(part, Tensor) for part in found):
        raise UserError(
            f"An item is of type {type(found).__name__} and no pair of numbers or "
            "tensors: yield an example and its answer, or give a convert function that "
            "makes a pair of it."
        )
    x, y = found
    return x, y


def _check_whole(owner: str, name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise refuse(
            owner, f"{name}={value!r}", "give a whole number of at least 1"
        )
