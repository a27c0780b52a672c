"""What a procedure measures of several models of one architecture, all at once."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, functionalize, vmap
from torch.overrides import TorchFunctionMode

from suite.training.evaluate import as_numbers
from suite.training.failures import is_out_of_memory
from suite.training.stacks.batch_norm import track
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.gradients import Shapes, Tensors
from suite.training.stacks.member import StackMember
from suite.training.stacks.recorder import Replay, record
from tasks import Procedure, Split

# What the examples of one evaluation may take. Others are evaluated after them.
MAX_BYTES = 2**27
Examples = tuple[Tensor, Tensor]  # (members, examples, ...) each
Measured = dict[str, float] | None  # None: the member has to measure itself


def that_fit(
    members: Sequence[StackMember],
) -> Iterator[Sequence[StackMember]]:
    """The members, as many at a time as memory is meant for."""
    splits = members[0].looked_at
    size = sum(split.x.nbytes + split.y.nbytes for split in splits)
    most = max(2, MAX_BYTES // size)
    for start in range(0, len(members), most):
        yield members[start : start + most]


class Looks:
    """Measures members of a stack on training examples and on validation, as
    ``measure_both`` does one model.

    ``example`` is any of the members; its model is copied. What is computed is recorded
    once for each number of members and each shape of a split.
    """

    def __init__(self, example: StackMember) -> None:
        self._procedure = example.procedure
        self._metadata = example.train.metadata
        model = copy.deepcopy(example.model).eval()
        track(model)
        self._evaluation = _Evaluation(model, self._procedure)
        self._recorded: dict[Shapes, tuple[list[str], Replay]] = {}
        self._examples: dict[tuple[int, ...], list[Examples]] = {}

    def __call__(
        self, members: Sequence[StackMember], tensors: Tensors
    ) -> list[Measured]:
        """The measures of each member, or None where only the member itself can find
        them: it is an exception among what was recorded.

        ``tensors`` are the members' parameters and buffers, (members, ...). Raises
        CannotBeStacked for an evaluation that cannot be recorded, and UserError as
        ``measure`` does.
        """
        key = tuple(map(id, members))
        if key not in self._examples:
            # Those of other members are needed no more: some have ended.
            self._examples = {key: _examples(members)}
        train, validation = self._examples[key]
        pairs = zip(
            self._on_split(tensors, *train),
            self._on_split(tensors, *validation),
            strict=True,
        )
        return [_both(*pair) for pair in pairs]

    def _on_split(
        self, tensors: Tensors, x: Tensor, y: Tensor
    ) -> list[Measured]:
        """The measures of each member on its examples, (members, examples, ...)."""
        inputs = [*tensors.values(), x, y]
        shapes = x.shape, y.shape
        if shapes not in self._recorded:
            self._recorded[shapes] = self._record(tuple(tensors), inputs)
        names, replay = self._recorded[shapes]
        # One read for each output, rather than for each output of a member.
        outputs = [output.tolist() for output in replay(*inputs)]
        return [
            self._values(names, of_one)
            for of_one in zip(*outputs, strict=True)
        ]

    def _values(
        self, names: Sequence[str], outputs: Sequence[float]
    ) -> Measured:
        """The measures of one member, from what was computed of it."""
        conditions = outputs[len(names) :]
        if not all(conditions):
            return None
        who = f"{type(self._procedure).__name__}.evaluate"
        by_name = dict(zip(names, outputs, strict=False))
        return as_numbers(who, self._procedure.measures, by_name)

    def _record(
        self, names: tuple[str, ...], inputs: Sequence[Tensor]
    ) -> tuple[list[str], Replay]:
        """The names of what is measured, and what computes it."""
        measures: list[str] = []

        def of_one(
            tensors: Tensors, x: Tensor, y: Tensor
        ) -> tuple[Tensor, ...]:
            own = {f"model.{name}": one for name, one in tensors.items()}
            split = Split(x, y, self._metadata)
            with _ReadLater() as reading:
                found = functional_call(self._evaluation, own, (split,))
            measures[:] = map(str, found)
            values = [_as_tensor(value) for value in found.values()]
            return (*values, *reading.conditions)

        def of_all(*given: Tensor) -> Sequence[Tensor]:
            *tensors, x, y = given
            by_name = dict(zip(names, tensors, strict=True))
            # A sum may begin as one number for all members. To add to it in
            # place, as evaluations do, it has to become one for each.
            measure = vmap(functionalize(of_one))
            outputs: Sequence[Tensor] = measure(by_name, x, y)
            return outputs

        try:
            with warnings.catch_warnings(), torch.no_grad():
                # A kernel that vmap calls once for each member is one all the
                # same, of which it warns.
                warnings.simplefilter("ignore")
                found = record(of_all, [one.detach() for one in inputs])
        except (CannotBeStacked, TimeoutError):
            raise
        # An evaluation is any code: numbers of several models may not be what
        # it takes. Whether it is to blame, a model alone shows.
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise CannotBeStacked(
                "it is measured in ways of its own"
            ) from error
        return measures, found


class _Evaluation(nn.Module):
    """A procedure's evaluation as a module, for ``functional_call``."""

    def __init__(self, model: nn.Module, procedure: Procedure) -> None:
        super().__init__()
        self.model = model
        self._procedure = procedure
        # Nothing may be drawn from it: vmap would refuse that.
        self._generator = torch.Generator()

    def forward(self, split: Split) -> dict[str, Any]:
        return self._procedure.evaluate(self.model, split, self._generator)


class _ReadLater(TorchFunctionMode):
    """Inside, numbers that are read stay tensors, and what is asked of one counts as
    true and is noted among ``conditions``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conditions: list[Tensor] = []

    def __torch_function__(
        self,
        function: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if function is Tensor.item:
            return args[0].double()  # as precise as Python's numbers
        if function is Tensor.__bool__:
            self.conditions.append(args[0].bool())
            return True
        return function(*args, **(kwargs or {}))


def _examples(members: Sequence[StackMember]) -> list[Examples]:
    """The inputs and targets of what is evaluated: training examples, validation."""
    found = []
    for splits in zip(*(one.looked_at for one in members), strict=True):
        x = torch.stack([split.x for split in splits])
        y = torch.stack([split.y for split in splits])
        found.append((x, y))
    return found


def _both(train: Measured, validation: Measured) -> Measured:
    """The values of both splits by the names that ``measure_both`` gives them."""
    if train is None or validation is None:
        return None
    return {
        **{f"train.{name}": value for name, value in train.items()},
        **{f"validation.{name}": value for name, value in validation.items()},
    }


def _as_tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.double()
    # A constant, such as the cost of a decision that is never taken
    return torch.full((), float(value), dtype=torch.float64)
