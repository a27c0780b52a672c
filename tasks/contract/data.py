"""Data: splits, the sealed test set, and the shape a model has to fit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from tasks.contract.checks import FieldChecks
from tasks.contract.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


Population = Literal["fresh", "resplit", "official"]


@dataclass(frozen=True)
class Split:
    """Examples and their targets, on one device."""

    x: Tensor
    """(examples, ...)"""

    y: Tensor
    """(examples, ...)"""

    metadata: Mapping[str, Any] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What a model or a measure must know beyond the tensors (a vocabulary, a fixed
    feature extractor); a task's splits share it.
    """

    def __len__(self) -> int:
        return len(self.x)

    @property
    def in_memory(self) -> bool:
        """Whether ``x`` and ``y`` can be asked for, rather than some of them at a
        time.
        """
        return True

    @property
    def device(self) -> torch.device:
        """Where batches are."""
        return self.x.device

    def take(self, index: Tensor) -> Split:
        """The examples at ``index``, a 1-D tensor of positions on the same device."""
        return Split(
            self.x.index_select(0, index),
            self.y.index_select(0, index),
            self.metadata,
        )

    def head(self, count: int) -> Split:
        """The first ``count`` examples, or all where there are fewer."""
        return Split(self.x[:count], self.y[:count], self.metadata)

    def draw(self, count: int, generator: torch.Generator) -> Split:
        """At most ``count`` examples, without replacement, in random order."""
        import torch

        # Drawn on the CPU and moved afterwards: a GPU's generator would give
        # another order from the same seed.
        order = torch.randperm(len(self), generator=generator)
        return self.take(order[:count].to(self.device))

    def limited(self, count: int) -> Split:
        """What ``head`` returns, read when it is needed where this split is."""
        return self.head(count)

    def with_metadata(self, metadata: Mapping[str, Any]) -> Split:
        """The same examples with other metadata."""
        return Split(self.x, self.y, metadata)

    def joined(self, other: Split) -> Split:
        """These examples, then those of another split on the same device."""
        import torch

        x = torch.cat([self.x, other.x])
        return Split(x, torch.cat([self.y, other.y]), self.metadata)

    def to(self, device: torch.device | str) -> Split:
        """The same examples on another device."""
        return Split(self.x.to(device), self.y.to(device), self.metadata)


class Sealed:
    """The test examples, which only a final may use.

    ``len`` does not open them; ``open()`` returns the examples and marks the seal as
    broken, which is recorded.
    """

    def __init__(self, split: Split) -> None:
        self._split = split
        self.opened = False

    def __len__(self) -> int:
        return len(self._split)

    def open(self) -> Split:
        """The test examples; from now on the seal counts as broken."""
        self.opened = True
        return self._split

    def check(self, name: str) -> None:
        """Raise UserError if the split cannot be used for measuring. Does not open it."""
        _check_split(name, self._split)

    @property
    def dtype(self) -> torch.dtype:
        """The type of the examples. Does not open it."""
        return self._split.x.dtype

    def classes(self) -> int:
        """One more than the largest label, or 1. Does not open it."""
        return _classes(self._split.y)

    def resealed(
        self, change: Callable[[Split], Split] = lambda split: split
    ) -> Sealed:
        """A new, unbroken seal on the same examples, or on what ``change`` makes of
        them.
        """
        return Sealed(change(self._split))


@dataclass(frozen=True)
class Shape:
    """What a model must fit."""

    inputs: tuple[int, ...]
    """The shape of one example."""

    outputs: int
    """The number of outputs, such as classes."""

    metadata: Mapping[str, Any] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What else the data say about themselves, such as a vocabulary."""

    target_variance: float | None = field(
        default=None, repr=False, compare=False
    )
    """Of training targets that are numbers: the squared error of their mean."""

    target_deviation: float | None = field(
        default=None, repr=False, compare=False
    )
    """Of training targets that are numbers: the absolute error of their mean."""

    @property
    def features(self) -> int:
        """Number of values in one example, flattened."""
        return math.prod(self.inputs)


@dataclass(frozen=True)
class Splits:
    """Training, validation and sealed test examples of one block.

    Raises UserError if a split is empty, its answers are not as many as its examples,
    or something else cannot be.
    """

    train: Split
    """What models learn from."""

    validation: Split
    """What checkpoints and hyperparameters are chosen on."""

    test: Split | Sealed
    """What finals alone are measured on; sealed, whatever is given."""

    classes: int | None = None
    """The number of a model's outputs. Found from integer labels where it is not
    given: the largest label and one; else 1.
    """

    population: Population = "fresh"
    """What a verdict on such blocks speaks for: ``fresh`` (data generated for each
    block), ``resplit`` (blocks share one finite pool) or ``official`` (one given test
    set).
    """

    pool: int | None = None
    """Of resplit: examples in the pool; all three splits together where not given."""

    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What a model or a measure must know beyond the tensors; every split gets it, and
    ``classes`` with it.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.choice("population", get_args(Population))
        check.mapping("metadata", "give what there is by name")
        for name in ("train", "validation"):
            _check_split(name, getattr(self, name))
        if self.classes is None:
            check.replace("classes", self._classes_found())
        check.whole("classes", 1, "what a model puts out for one example")
        check.replace("metadata", {**self.metadata, "classes": self.classes})
        self._share_metadata()
        self._check_sizes(check)

    def _classes_found(self) -> int:
        if self.train.in_memory:
            return self._classes_in_memory()
        if _is_label(self.validation.y):
            raise UserError(
                "Splits: training examples that are read in batches do not say how many "
                "classes there are: give classes=."
            )
        return 1

    def _classes_in_memory(self) -> int:
        """One more than the largest label of all splits: that of a rare class may be in
        one of them alone.
        """
        sealed = (
            self.test if isinstance(self.test, Sealed) else Sealed(self.test)
        )
        sealed.check("test")
        for name in ("train", "validation"):
            _check_from_zero(name, getattr(self, name).y)
        return max(
            _classes(self.train.y),
            _classes(self.validation.y),
            sealed.classes(),
        )

    def _share_metadata(self) -> None:
        def with_metadata(split: Split) -> Split:
            return split.with_metadata(self.metadata)

        test = (
            self.test if isinstance(self.test, Sealed) else Sealed(self.test)
        )
        for name in ("train", "validation"):
            object.__setattr__(self, name, with_metadata(getattr(self, name)))
        test.check("test")
        self._check_types(test)
        object.__setattr__(self, "test", test.resealed(with_metadata))

    def _check_types(self, test: Sealed) -> None:
        """Raise UserError unless the examples of all splits are of one type."""
        if not self.train.in_memory:
            return
        wanted = self.train.x.dtype
        found = {"validation": self.validation.x.dtype, "test": test.dtype}
        for name, dtype in found.items():
            if dtype != wanted:
                raise UserError(
                    f"Splits: {name}.x is of {dtype}, and train.x of {wanted}: give "
                    "all examples one type."
                )

    def _check_sizes(self, check: FieldChecks) -> None:
        if self.pool is not None:
            check.whole(
                "pool", len(self.sealed) + 1, "examples that blocks draw from"
            )

    @property
    def sealed(self) -> Sealed:
        """The sealed test examples."""
        assert isinstance(self.test, Sealed)
        return self.test

    @property
    def shape(self) -> Shape:
        """What a model must fit: the inputs' shape, the number of outputs, and
        how far targets that are numbers vary.
        """
        # Those of validation stand for targets that are not in memory
        targets = self.train if self.train.in_memory else self.validation
        variance, deviation = _errors_of_mean(targets.y)
        return Shape(
            tuple(targets.x.shape[1:]),
            self.classes or 1,
            self.metadata,
            variance,
            deviation,
        )

    @property
    def test_train_ratio(self) -> float:
        """How far blocks share data: n_test / (N - n_test) for re-splits of one pool,
        else 0.

        The Nadeau-Bengio correction adds it to 1 / blocks ("Inference for the
        generalization error", 2003).
        """
        # Of one pool, two test sets overlap by chance, and so do the rest of
        # both: the blocks' differences are not independent.
        pool = self._pool
        if self.population != "resplit" or pool is None:
            return 0.0
        return len(self.sealed) / (pool - len(self.sealed))

    def limited(self, examples: int | None) -> Splits:
        """At most ``examples`` training examples, and as many for validation and for
        the test.
        """
        if examples is None:
            return self
        return dataclasses.replace(
            self,
            train=self.train.limited(examples),
            validation=self.validation.head(examples),
            test=self.sealed.resealed(lambda split: split.head(examples)),
        )

    def with_train(self, train: Split) -> Splits:
        """The same validation and test examples, with other ones to learn from.

        Raises UserError if a model that fits the old ones would not fit these.
        """
        if not isinstance(train, Split):
            raise UserError(
                f"a {type(train).__name__} is no training data: return a Split(x, y) "
                "of two tensors."
            )
        _check_split("train", train)
        # One example each, as data that are not in memory can give.
        here, there = self.train.head(1), train.head(1)
        for name in ("x", "y"):
            _check_alike(name, getattr(here, name), getattr(there, name))
        if not (self.train.in_memory and train.in_memory):
            return dataclasses.replace(self, train=train, pool=self._pool)
        # ``classes`` may have been given smaller than the labels, for a model
        # of another number of outputs; what the task itself has is allowed.
        known = max(self.classes or 1, _classes(self.train.y))
        if _classes(train.y) > known:
            raise UserError(
                f"Training data: the largest label is {int(train.y.max())}, and the "
                f"task has {known} classes: give labels below that."
            )
        # The pool is noted before the training examples change: it counts what
        # blocks draw from, not what an arm learns from.
        return dataclasses.replace(self, train=train, pool=self._pool)

    @property
    def _pool(self) -> int | None:
        """Of resplit: examples in the pool, whatever of them is learned from."""
        if self.population != "resplit":
            return self.pool
        return self.pool or len(self.train) + len(self.validation) + len(
            self.sealed
        )

    def to(self, device: torch.device | str) -> Splits:
        """All three splits on another device; the seal stays unbroken."""
        return dataclasses.replace(
            self,
            train=self.train.to(device),
            validation=self.validation.to(device),
            test=self.sealed.resealed(lambda split: split.to(device)),
        )


def _classes(labels: Tensor) -> int:
    """The number of classes of integer labels, (examples,); 1 for other targets."""
    return int(labels.max()) + 1 if _is_label(labels) else 1


def _is_label(targets: Tensor) -> bool:
    return targets.ndim == 1 and not targets.is_floating_point()


def _check_from_zero(name: str, labels: Tensor) -> None:
    """Raise UserError if labels whose number of classes is to be found are negative."""
    if _is_label(labels) and labels.min() < 0:
        raise UserError(
            f"Splits: {name}.y has the label {int(labels.min())}: count classes from "
            "0, or give the number of a model's outputs as classes=."
        )


def _check_alike(name: str, before: Tensor, now: Tensor) -> None:
    """Raise UserError unless examples are of one shape and type, on one device."""
    for what, old, new in (
        ("shape", tuple(before.shape[1:]), tuple(now.shape[1:])),
        ("type", before.dtype, now.dtype),
        ("device", before.device, now.device),
    ):
        if old != new:
            raise UserError(
                f"Training data: an example's {name} has the {what} {new}, where the "
                f"task's has {old}: return examples like those of validation and test."
            )


def _errors_of_mean(targets: Tensor) -> tuple[float | None, float | None]:
    """Squared and absolute error of always answering with the mean; None for labels."""
    if not targets.is_floating_point():
        return None, None
    # In double precision: sums of many small squares lose digits in float32.
    apart = (targets - targets.mean(0)).double()
    return apart.square().mean().item(), apart.abs().mean().item()


def _check_split(name: str, split: Any) -> None:
    if not isinstance(split, Split):
        raise UserError(
            f"Splits({name}={type(split).__name__}): give a Split(x, y) of two tensors."
        )
    if not split.in_memory:
        _check_not_in_memory(name, split)
        return
    for part in ("x", "y"):
        # Asked by a method rather than by type, so that defining a task does
        # not import torch.
        if not hasattr(getattr(split, part), "index_select"):
            kind = type(getattr(split, part)).__name__
            raise UserError(
                f"Splits: {name}.{part} is of type {kind}: give a tensor, "
                "(examples, ...)."
            )
    if split.x.ndim == 0 or split.y.ndim == 0 or len(split.x) != len(split.y):
        shapes = f"{tuple(split.x.shape)} and {tuple(split.y.shape)}"
        raise UserError(
            f"Splits: x and y of {name} have the shapes {shapes}: give as many answers "
            "as examples."
        )
    if not len(split):
        raise UserError(f"Splits: {name} has no examples: give one at least.")


def _check_not_in_memory(name: str, split: Split) -> None:
    if name != "train":
        raise UserError(
            f"Splits: {name} is measured at every evaluation, so it must be in memory: "
            "give a Split, such as split.head(1000)."
        )
    if not len(split):
        raise UserError("Splits: train has no examples: give one at least.")
