"""How a loss and its gradient are computed: in what precision, in how many parts, and
whether compiled.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from suite.training.data_parallel import batch_norms
from tasks import Phase, Split, UserError

COMPILERS = ("c++", "g++", "clang++", "cl")


def in_precision(precision: str, phase: Phase) -> Phase:
    """The phase with its loss computed in that precision, and returned in float32."""
    if precision == "float32":
        return phase

    def loss(
        model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        # bfloat16 has the exponents of float32, so that the loss needs no
        # scaling against vanishing gradients, as in float16.
        with torch.autocast(batch.device.type, torch.bfloat16):
            return phase.loss(model, batch, generator).float()

    return replace(phase, loss=loss)


def check_accumulation(phases: Sequence[Phase], model: nn.Module) -> None:
    """Raise UserError if parts of a batch do not add up to the whole."""
    if not all(phase.mean for phase in phases):
        raise UserError(
            "accumulate: a batch can be taken in parts where the loss is a mean over "
            "its examples, as in Classification, and every phase says so (`mean=True`)."
        )
    norms = batch_norms(model)
    if norms:
        raise UserError(
            f"accumulate and {norms[0]}: it looks at the whole batch, not at parts of "
            "it; use a layer norm, or accumulate = 1."
        )


def accumulated(
    model: nn.Module,
    phase: Phase,
    batch: Split,
    generator: torch.Generator,
    parts: int,
) -> Tensor:
    """The loss over the batch, a 0-d tensor; its gradient is added to the parameters'
    ``grad``, part by part.
    """
    size = -(-len(batch) // parts)  # rounded up: the last part may be smaller
    loss = torch.zeros((), device=batch.device)
    for x, y in zip(batch.x.split(size), batch.y.split(size), strict=True):
        weight = len(x) / len(batch)
        share = (
            phase.loss(model, Split(x, y, batch.metadata), generator) * weight
        )
        # Part by part: each backward pass frees the activations of its part.
        share.backward()
        loss += share.detach()
    return loss


def compile_if_possible(model: nn.Module) -> None:
    """Compile the model's forward, in place; a warning where there is no compiler."""
    device = next(model.parameters()).device.type
    missing = _missing_compiler(device)
    if missing:
        warnings.warn(
            f"compile = true: there is no {missing} here, so the model is trained "
            "uncompiled: install one, or leave compile out.",
            RuntimeWarning,
            stacklevel=2,
        )
        return
    if type(model).__module__.partition(".")[0] == "torch":
        # Module.compile compiles the code around forward, which dynamo skips
        # where forward itself is torch's own, as that of a plain Sequential is
        model._compiled_call_impl = torch.compile(model.forward)
    else:
        model.compile()


def _missing_compiler(device: str) -> str:
    """What ``torch.compile`` lacks on this machine; "" if nothing."""
    if device == "cuda":
        return "" if find_spec("triton") else "Triton"
    # where torch.compile's C++ backend looks for one, too
    named = (os.environ.get("CXX", ""), *COMPILERS)
    found = any(name and shutil.which(name) for name in named)
    return "" if found else "C++ compiler"
