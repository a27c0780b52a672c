"""A function of tensors, recorded once and replayed as plain calls of PyTorch.

Below ``vmap`` and autograd there are only kernels. Recording them once takes all that
finds them out of the training loop: a replay is a straight line of calls.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.utils._python_dispatch import TorchDispatchMode

from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.simplify import simplify

Replay = Callable[..., Sequence[Tensor]]

# Kernels that return their argument under another shape
SAME_SHAPE = frozenset(
    ("alias", "detach", "expand", "view", "_unsafe_view", "_reshape_alias")
)
# The result cannot be known without looking at numbers, or is drawn
UNSOUND = (
    (torch.Tag.data_dependent_output, "reads a number from a tensor"),
    (torch.Tag.dynamic_output_shape, "has shapes that depend on numbers"),
    (torch.Tag.nondeterministic_seeded, "draws random numbers of its own"),
)


def record(
    function: Callable[..., Sequence[Tensor]], inputs: Sequence[Tensor]
) -> Replay:
    """``function``, as the kernels that it calls with ``inputs``: for tensors of the same
    shapes, and without gradients.

    What it returns must follow from ``inputs`` alone. Raises CannotBeStacked where it
    branches on numbers, draws some, changes an input or uses a tensor from elsewhere.
    """
    with _Recorder(inputs) as recorder:
        outputs = function(*inputs)
    found: Replay = recorder.replay(outputs)
    return found


class _Recorder(TorchDispatchMode):
    """Notes each kernel that is called in a graph, which makes it a function."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Otherwise the compiler is imported, in order to be switched off: more
        # than a second in each worker.
        return False

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._graph = fx.Graph()
        self._nodes: dict[int, fx.Node] = {}
        # An id belongs to another tensor once its own is gone.
        self._alive: list[Tensor] = []
        self._inputs: set[int] = set()  # places in memory
        for number, tensor in enumerate(inputs):
            self._note(tensor, self._graph.placeholder(f"input_{number}"))
            self._inputs.add(_place(tensor))

    def __torch_dispatch__(
        self,
        kernel: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        self._check(kernel, args)
        found = kernel(*args, **kwargs)
        if _changes_nothing(kernel, args, found):
            self._note(found, self._node(args[0]))
            return found
        node = self._graph.call_function(
            kernel,
            fx.node.map_aggregate(args, self._node),
            fx.node.map_aggregate(kwargs, self._node),
        )
        if isinstance(found, Tensor):
            node.meta["shape"] = tuple(found.shape)
            self._note(found, node)
        else:
            self._note_each(found, node)
        return found

    def _check(self, kernel: Any, args: tuple[Any, ...]) -> None:
        name = kernel._schema.name
        for tag, problem in UNSOUND:
            if tag in kernel.tags:
                raise CannotBeStacked(f"it {problem} ({name})")
        changed = _changed(kernel, args)
        if any(_place(tensor) in self._inputs for tensor in changed):
            raise CannotBeStacked(f"it changes a tensor in place ({name})")

    def _note(self, tensor: Tensor, node: fx.Node) -> None:
        self._nodes[id(tensor)] = node
        self._alive.append(tensor)

    def _note_each(self, found: Any, node: fx.Node) -> None:
        """The tensors of a kernel that returns several values."""
        for number, value in enumerate(found or ()):
            if isinstance(value, Tensor):
                item = self._graph.call_function(
                    operator.getitem, (node, number)
                )
                self._note(value, item)

    def _node(self, value: Any) -> Any:
        """What stands for a value in the graph: a node for a tensor."""
        if not isinstance(value, Tensor):
            return value
        if id(value) not in self._nodes:
            raise CannotBeStacked(
                "it uses a tensor that is neither a parameter nor a buffer"
            )
        return self._nodes[id(value)]

    def replay(self, outputs: Sequence[Tensor]) -> Replay:
        """The recorded kernels, as a function that returns ``outputs``."""
        self._graph.output(tuple(self._node(output) for output in outputs))
        simplify(self._graph)
        made = fx.GraphModule(torch.nn.Module(), self._graph)
        found: Replay = made.forward
        return found


def _changed(kernel: Any, args: tuple[Any, ...]) -> list[Tensor]:
    """The tensors that a kernel changes in place."""
    found: Sequence[Any] = ()
    if kernel is torch.ops.aten.native_batch_norm.default:
        # Its schema does not say so.
        mean, variance, is_training = args[3:6]
        found = (mean, variance) if is_training else ()
    elif kernel._schema.is_mutable:
        found = args[0] if isinstance(args[0], list) else args[:1]
    return [one for one in found if isinstance(one, Tensor)]


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _changes_nothing(kernel: Any, args: tuple[Any, ...], found: Any) -> bool:
    """Whether a view is its argument once more."""
    name = kernel._schema.name.partition("::")[2]
    if name not in SAME_SHAPE or not isinstance(args[0], Tensor):
        return False
    before, after = args[0], found
    return (before.shape, before.stride(), before.dtype) == (
        after.shape,
        after.stride(),
        after.dtype,
    )
