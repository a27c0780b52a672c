"""Data: splits, the sealed test set, and the shape a model has to fit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from torch import Tensor


Population = Literal["fresh", "resplit", "official"]


@dataclass(frozen=True)
class Split:
    """Examples and their answers.

    ``x`` is (examples, ...) and ``y`` is (examples, ...), both on one device.
    ``metadata`` is what a model or a measure must know beyond the tensors (a
    vocabulary, a fixed feature extractor); a task's splits share it.
    """

    x: Tensor
    y: Tensor
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.x)

    def take(self, index: Tensor) -> Split:
        """The examples at ``index``, a 1-D tensor of positions on the same device."""
        return Split(
            self.x.index_select(0, index), self.y.index_select(0, index), self.metadata
        )

    def head(self, count: int) -> Split:
        return Split(self.x[:count], self.y[:count], self.metadata)

    def to(self, device: torch.device | str) -> Split:
        return Split(self.x.to(device), self.y.to(device), self.metadata)


class Sealed:
    """The test examples, which only a final may look at.

    ``len`` is free; ``open()`` hands the examples out and marks the seal as broken, and
    that goes on record.
    """

    def __init__(self, split: Split) -> None:
        self._split = split
        self.opened = False

    def __len__(self) -> int:
        return len(self._split)

    def open(self) -> Split:
        self.opened = True
        return self._split

    def resealed(
        self, change: Callable[[Split], Split] = lambda split: split
    ) -> Sealed:
        """A new, unbroken seal on the same examples, or on what ``change`` makes of
        them.
        """
        return Sealed(change(self._split))


@dataclass(frozen=True)
class Shape:
    """What a model must fit: the shape of one example and the number of answers."""

    inputs: tuple[int, ...]
    outputs: int
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def features(self) -> int:
        """Numbers in one example, flattened."""
        return math.prod(self.inputs)


@dataclass(frozen=True)
class Splits:
    """Training, validation and sealed test examples of one block.

    ``population`` says what a verdict on such blocks speaks for: ``fresh`` (data
    generated anew for each block), ``resplit`` (blocks share one finite pool of
    ``pool`` examples) or ``official`` (one given test set). ``classes`` is found from
    integer labels where it is not given.
    """

    train: Split
    validation: Split
    test: Split | Sealed
    classes: int | None = None
    population: Population = "fresh"
    pool: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        test = self.test if isinstance(self.test, Sealed) else Sealed(self.test)
        for name in ("train", "validation"):
            split = getattr(self, name)
            object.__setattr__(
                self, name, dataclasses.replace(split, metadata=self.metadata)
            )
        object.__setattr__(
            self,
            "test",
            test.resealed(
                lambda split: dataclasses.replace(split, metadata=self.metadata)
            ),
        )
        if self.classes is None:
            labels = self.train.y
            found = (
                int(labels.max()) + 1
                if not labels.is_floating_point() and labels.ndim == 1
                else 1
            )
            object.__setattr__(self, "classes", found)

    @property
    def sealed(self) -> Sealed:
        """The sealed test examples."""
        assert isinstance(self.test, Sealed)
        return self.test

    @property
    def shape(self) -> Shape:
        return Shape(tuple(self.train.x.shape[1:]), self.classes or 1, self.metadata)

    @property
    def test_train_ratio(self) -> float:
        """How far blocks share data: n_test / (N - n_test) for re-splits of one pool,
        else 0.

        The Nadeau-Bengio correction adds it to 1 / blocks ("Inference for the
        generalization error", 2003).
        """
        if self.population != "resplit":
            return 0.0
        pool = self.pool or len(self.train) + len(self.validation) + len(self.sealed)
        return len(self.sealed) / (pool - len(self.sealed))

    def limited(self, examples: int | None) -> Splits:
        """At most ``examples`` training examples, and as many for validation and for
        the test.
        """
        if examples is None:
            return self
        return dataclasses.replace(
            self,
            train=self.train.head(examples),
            validation=self.validation.head(examples),
            test=self.sealed.resealed(lambda split: split.head(examples)),
        )

    def to(self, device: torch.device | str) -> Splits:
        return dataclasses.replace(
            self,
            train=self.train.to(device),
            validation=self.validation.to(device),
            test=self.sealed.resealed(lambda split: split.to(device)),
        )
