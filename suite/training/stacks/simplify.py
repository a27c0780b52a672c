"""Recorded kernels made fewer and faster, with the same mathematics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

aten = torch.ops.aten
# The kernel for the last dimension handles row by row, which is slow for rows that
# are as short as this; that for any other handles as many at once as fit a register.
SHORT_ROW = 64


def simplify(graph: fx.Graph) -> None:
    """Change a graph of kernels in place: drop what does nothing, compute equal values
    once, and take logarithms of probabilities along columns.
    """
    known: dict[Any, fx.Node] = {}
    for node in list(graph.nodes):
        if node.op != "call_function":
            continue
        if _is_neutral(node):
            _replace(node, node.args[0])
            continue
        rewrite = REWRITES.get(node.target)
        if rewrite is not None:
            node = rewrite(graph, node)
        if _is_mutable(node):
            # What reads a tensor before and after it is changed may not be
            # taken for the same.
            known.clear()
            continue
        key = node.target, repr(node.args), repr(node.kwargs)
        if key in known:
            _replace(node, known[key])
        else:
            known[key] = node
    graph.eliminate_dead_code()


def _replace(node: fx.Node, by: Any) -> None:
    node.replace_all_uses_with(by)
    node.graph.erase_node(node)


def _is_neutral(node: fx.Node) -> bool:
    """Whether a kernel multiplies by 1, or raises to the power of 1."""
    kernels = (aten.mul.Scalar, aten.mul.Tensor, aten.pow.Tensor_Scalar)
    return node.target in kernels and node.args[1] in (1, 1.0)


def _is_mutable(node: fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and bool(schema.is_mutable)


def _log_softmax(graph: fx.Graph, node: fx.Node) -> fx.Node:
    """Along the last dimension but one of the transposed logits."""
    logits, dim, to_float = node.args
    shape = node.meta["shape"]
    is_last = dim in (-1, len(shape) - 1)
    if not is_last or len(shape) < 2 or shape[-1] > SHORT_ROW or to_float:
        return node
    with graph.inserting_before(node):
        turned = graph.call_function(aten.transpose.int, (logits, -1, -2))
        copied = graph.call_function(
            aten.clone.default,
            (turned,),
            {"memory_format": torch.contiguous_format},
        )
        along = graph.call_function(
            aten._log_softmax.default, (copied, len(shape) - 2, False)
        )
        found = graph.call_function(aten.transpose.int, (along, -1, -2))
    _replace(node, found)
    return found


def _log_softmax_backward(graph: fx.Graph, node: fx.Node) -> fx.Node:
    """g - p sum(g), where p are the probabilities."""
    gradient, output, dim, dtype = node.args
    shape = node.meta["shape"]
    if shape[-1] > SHORT_ROW or dtype is not torch.float32:
        return node
    with graph.inserting_before(node):
        p = graph.call_function(aten.exp.default, (output,))
        total = graph.call_function(
            aten.sum.dim_IntList, (gradient, [dim], True)
        )
        product = graph.call_function(aten.mul.Tensor, (p, total))
        found = graph.call_function(aten.sub.Tensor, (gradient, product))
    _replace(node, found)
    return found


Rewrite = Callable[[fx.Graph, fx.Node], fx.Node]
REWRITES: dict[Any, Rewrite] = {
    aten._log_softmax.default: _log_softmax,
    aten._log_softmax_backward_data.default: _log_softmax_backward,
}
