"""Training examples that are not in memory: read by number, or one after the other.

``tasks.data.stored`` makes both of what one usually has. Validation and test examples
are held in memory either way, as they are measured again and again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeAlias

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Split
from tasks.contract.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    Pair: TypeAlias = tuple[Tensor, Tensor]

READ_AT_ONCE = 1024  # examples, where all are read to be hashed


class Examples(Protocol):
    """Examples that are read by their number, such as files or a memory map."""

    @property
    def fingerprint(self) -> str:
        """What tells the content from any other, such as a version; "" where the
        examples themselves are to be read for it.
        """
        ...

    def __len__(self) -> int: ...

    def read(self, numbers: Sequence[int]) -> Pair:
        """The inputs and the answers of these examples, in this order."""
        ...


# A Split by type only: its fields become properties that refuse, because
# reading all examples by accident could fill the memory.
class _NotInMemory(Split):
    """Base class of the two kinds."""

    _device: torch.device

    @property
    def in_memory(self) -> bool:
        return False

    @property
    def device(self) -> torch.device:
        return self._device

    @property
    def x(self) -> NoReturn:
        raise self._error()

    @property
    def y(self) -> NoReturn:
        raise self._error()

    def _error(self) -> UserError:
        return UserError(
            "These training examples are not in memory, so there are no x and y of all "
            "of them: use split.head(count), or examples that are in memory where a "
            "library fits the model."
        )

    def joined(self, other: Split) -> Split:
        raise self._error()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)  # it is frozen


class StoredSplit(_NotInMemory):
    """Training examples that stay where they are; batches are read as they are needed.

    ``examples`` reads them, ``numbers`` (1-D) says which of them there are, and in which
    order; all where it is left out.
    """

    def __init__(
        self,
        examples: Examples,
        numbers: Tensor | None = None,
        device: torch.device | str = "cpu",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        import torch

        every = torch.arange(len(examples))
        self._set(
            examples=examples,
            numbers=every if numbers is None else numbers,
            _device=torch.device(device),
            metadata=metadata or {},
        )

    examples: Examples
    numbers: Tensor

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, index: Tensor) -> Split:
        """The examples at ``index``, in memory, on the split's device."""
        # Numbers stay on the CPU, where files are read; only the batch moves.
        x, y = self.examples.read(self.numbers[index.cpu()].tolist())
        return Split(x.to(self._device), y.to(self._device), self.metadata)

    def head(self, count: int) -> Split:
        """The first ``count`` examples, in memory."""
        import torch

        return self.take(torch.arange(min(count, len(self))))

    def limited(self, count: int) -> Split:
        """The first ``count`` examples, which stay where they are."""
        return self._with(numbers=self.numbers[:count])

    def with_metadata(self, metadata: Mapping[str, Any]) -> Split:
        """The same examples with other metadata."""
        return self._with(metadata=metadata)

    def to(self, device: torch.device | str) -> Split:
        """The same examples, whose batches come to that device."""
        return self._with(device=device)

    def _with(self, **changes: Any) -> StoredSplit:
        given = {
            "examples": self.examples,
            "numbers": self.numbers,
            "device": self._device,
            "metadata": self.metadata,
        }
        return StoredSplit(**{**given, **changes})

    def content_hash(self) -> str:
        """SHA-256 of which examples there are, and of their content: read through once,
        unless they have a fingerprint.
        """
        # Which examples there are counts as much as what is in them.
        found = hashlib.sha256(self.numbers.numpy().tobytes())
        if self.examples.fingerprint:
            found.update(self.examples.fingerprint.encode())
            return found.hexdigest()
        for numbers in self.numbers.split(READ_AT_ONCE):
            for tensor in self.examples.read(numbers.tolist()):
                found.update(_content(tensor))
        return found.hexdigest()


class Stream(_NotInMemory):
    """Training examples that come one after the other, from wherever they are.

    ``open(seed)`` begins a pass and yields pairs of tensors, an example and its answer;
    all randomness, such as the order, comes from ``seed``. ``examples`` of them count
    as one epoch; when a pass ends, the next begins. ``fingerprint`` tells their content
    from any other; without it the first ``examples`` are read for it.

    Raises UserError for a value that cannot be.
    """

    def __init__(
        self,
        open: Callable[[int], Iterable[Pair]],
        examples: int,
        fingerprint: str = "",
        device: torch.device | str = "cpu",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        import torch

        self._set(
            open=open,
            examples=examples,
            fingerprint=fingerprint,
            _device=torch.device(device),
            metadata=metadata or {},
        )
        check = FieldChecks(self)
        check.function("open", "of a seed, that returns pairs of tensors")
        check.whole("examples", 1, "examples that count as one epoch")
        check.text("fingerprint")

    open: Callable[[int], Iterable[Pair]]
    examples: int
    fingerprint: str

    def __len__(self) -> int:
        return self.examples

    def passes(self, seed: int) -> Iterator[Pair]:
        """Examples without end. UserError if a pass has none."""
        while True:
            example = None
            for example in self.open(seed):
                yield example
            if example is None:
                raise UserError("A pass over the stream gave no example.")
            # Another order in the next pass, within what generators accept as
            # a seed.
            seed = (seed + 1) % 2**62

    def batch(self, pairs: Sequence[Pair]) -> Split:
        """These examples as a batch on the stream's device."""
        import torch

        x = torch.stack([x for x, _ in pairs]).to(self._device)
        y = torch.stack([y for _, y in pairs]).to(self._device)
        return Split(x, y, self.metadata)

    def take(self, index: Tensor) -> Split:
        """Raises UserError: a stream has no examples by number."""
        raise UserError("A stream has no numbers: its examples come in order.")

    def head(self, count: int) -> Split:
        """The first examples of the pass with seed 0, in memory."""
        import torch

        least = min(count, self.examples)
        with torch.random.fork_rng(devices=[]):  # whatever the stream draws
            torch.manual_seed(0)
            passes = self.passes(0)
            return self.batch([next(passes) for _ in range(least)])

    def draw(self, count: int, generator: torch.Generator) -> Split:
        """What ``head`` returns: a stream is read from its beginning."""
        return self.head(count)

    def limited(self, count: int) -> Split:
        """The first examples alone, again and again."""
        if count >= self.examples:
            return self
        return self._with(open=_First(self.open, count), examples=count)

    def with_metadata(self, metadata: Mapping[str, Any]) -> Split:
        """The same stream with other metadata."""
        return self._with(metadata=metadata)

    def to(self, device: torch.device | str) -> Split:
        """The same stream, whose batches come to that device."""
        return self._with(device=device)

    def _with(self, **changes: Any) -> Stream:
        given = {
            "open": self.open,
            "examples": self.examples,
            "fingerprint": self.fingerprint,
            "device": self._device,
            "metadata": self.metadata,
        }
        return Stream(**{**given, **changes})

    def content_hash(self) -> str:
        """SHA-256 of the length of an epoch and of what it holds: read through once,
        unless there is a fingerprint.
        """
        found = hashlib.sha256(f"{self.examples} {self.fingerprint}".encode())
        if self.fingerprint:
            return found.hexdigest()
        passes = self.passes(0)
        for _ in range(self.examples):
            for tensor in next(passes):
                found.update(_content(tensor))
        return found.hexdigest()


class _First:
    """The first ``count`` examples of a stream's every pass."""

    def __init__(
        self, open: Callable[[int], Iterable[Pair]], count: int
    ) -> None:
        self.open = open
        self.count = count

    def __call__(self, seed: int) -> Iterator[Pair]:
        for number, example in enumerate(self.open(seed)):
            if number == self.count:
                return
            yield example


def _content(tensor: Tensor) -> bytes:
    import torch

    # Equal bytes may be another shape or type.
    about = f"{tuple(tensor.shape)} {tensor.dtype}".encode()
    # numpy has no bfloat16, so the content is taken as plain bytes.
    flat = tensor.detach().cpu().contiguous().flatten()
    return about + flat.view(torch.uint8).numpy().tobytes()
