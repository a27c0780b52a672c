"""What the members of a stack must have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from suite.training.stacks.batch_norm import keeps_statistics
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.member import StackMember
from tasks import Split

# Attributes that every module has
OF_A_MODULE = frozenset(vars(nn.Module()))
HEAP_TYPE = 1 << 9  # the flag of types that are made while Python runs
PLAIN = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    torch.dtype,
    torch.device,
)


def signature(member: StackMember) -> tuple[Any, ...]:
    """A value that is equal for runs which can advance together.

    They have models of one structure, batches of one shape, one recipe and one length.
    Raises CannotBeStacked for a model whose structure cannot be compared.
    """
    train = member.train
    splits = (train, *member.looked_at)
    if not all(split.in_memory for split in splits):
        raise CannotBeStacked("its examples are not in memory")
    return (
        structure(member.model),
        repr(member.recipe),
        member.steps,
        *(_shape(split) for split in splits),
        _plain(train.metadata, "the data's metadata"),
    )


def _shape(split: Split) -> tuple[Any, ...]:
    return tuple(
        (tuple(tensor.shape), tensor.dtype) for tensor in (split.x, split.y)
    )


def structure(model: nn.Module) -> tuple[Any, ...]:
    """A value that is equal for models of one structure: layers, their attributes, and
    the names and shapes of their tensors. The rate of dropout may differ.

    Raises CannotBeStacked for a layer that cannot be compared.
    """
    found: list[tuple[Any, ...]] = []
    for name, module in model.named_modules():
        kind = type(module)
        found.append((name, kind.__module__, kind.__qualname__))
        found.append(_attributes(name or kind.__name__, module))
    tensors: list[tuple[str, Tensor]] = [
        *model.named_parameters(),
        *model.named_buffers(),
    ]
    for name, tensor in tensors:
        if tensor.ndim == 4:
            raise CannotBeStacked(
                "convolutions gain nothing by it: each is work enough alone"
            )
        found.append((name, tuple(tensor.shape), tensor.requires_grad))
    return tuple(found)


def _attributes(name: str, module: nn.Module) -> tuple[Any, ...]:
    """The plain attributes of a layer, which all members' must agree on: the code of
    one model is run for all.
    """
    if isinstance(module, nn.RNNBase):
        kind = type(module).__name__
        raise CannotBeStacked(f"vmap has no rule for its {kind}")
    has_statistics = (
        isinstance(module, _NormBase) and module.running_mean is not None
    )
    if has_statistics and not keeps_statistics(module):
        raise CannotBeStacked(
            f"its {type(module).__name__} keeps statistics of batches"
        )
    found = []
    for attribute, value in sorted(vars(module).items()):
        is_rate = type(module) is nn.Dropout and attribute == "p"
        if attribute not in OF_A_MODULE and not is_rate:
            found.append((attribute, _plain(value, f"{name}.{attribute}")))
    return tuple(found)


def _plain(value: Any, who: str) -> Any:
    """A value that is equal where ``value`` is. Raises CannotBeStacked where it is of a
    type that cannot be compared.
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Mapping):
        items: Iterable[tuple[Any, Any]] = value.items()
        return tuple((key, _plain(one, who)) for key, one in items)
    if isinstance(value, list | tuple):
        return tuple(_plain(one, who) for one in value)
    is_function = isinstance(value, FunctionType | BuiltinFunctionType | type)
    if is_function and getattr(value, "__closure__", None) is None:
        return value.__module__, value.__qualname__
    if _is_all_in_attributes(value):
        kind = type(value)
        return (kind.__module__, kind.__qualname__, _plain(vars(value), who))
    raise CannotBeStacked(
        f"{who} is of type {type(value).__name__}, which may differ between runs"
    )


def _is_all_in_attributes(value: Any) -> bool:
    """Whether a value is an object of a class written in Python, such as a dataclass or
    a vocabulary, which holds nothing but its attributes.
    """
    kinds = type(value).__mro__[:-1]  # without ``object``
    is_python = all(kind.__flags__ & HEAP_TYPE for kind in kinds)
    has_slots = any("__slots__" in vars(kind) for kind in kinds)
    return is_python and not has_slots and hasattr(value, "__dict__")
