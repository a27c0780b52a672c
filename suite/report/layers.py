"""The layers of an arm's model, in the order in which data pass through them.

They are derived from the task's file, so nothing is recorded or trained for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

import tasks
from suite.training.instantiate import build_model
from tasks import Arm, Level, Splits, Task

EXAMPLES = 8  # that pass through the model, to see the shapes of outputs
TIMES = " × "


@dataclass(frozen=True)
class Layer:
    """A layer: where it is in the model, what it is, and what comes out of it."""

    name: str
    """Its path in the model, as ``nn.Module.named_modules`` has it."""

    kind: str
    """Its class."""

    shape: str
    """The shape of its output without the batch: ``16 × 28``; empty where unknown."""

    parameters: int
    """Its own parameters, without those of layers in it."""


def layers_by_arm(task: str, level: str) -> dict[str, list[Layer]]:
    """The layers of each arm's model at a level, by arm; none for arms without one.

    Models are built with default hyperparameters. Raises UserError if the task or the
    level is unknown here.
    """
    found = tasks.get(task)
    at_level = found.level(level)
    arms = [arm for arm in found.arms if arm.measure is None]
    if not arms:
        return {}
    splits = found.load(at_level, 0)
    return {arm.name: _layers(found, at_level, arm, splits) for arm in arms}


def _layers(task: Task, level: Level, arm: Arm, splits: Splits) -> list[Layer]:
    """The layers of an arm's model with the shapes of their outputs, in the
    order in which they are called; those that are not called come last.
    """
    params = task.default_params(arm, level)
    model = build_model(arm, level, splits, params, seed=0)
    shapes = _output_shapes(task, arm, model, splits)
    names = {module: name for name, module in model.named_modules()}
    called = [module for module in shapes if module in names]
    # Modules whose ``forward`` is bypassed, such as the output projection of
    # attention, come after those that were called.
    others = [module for module in names if module not in shapes]
    return [
        Layer(
            names[module],
            type(module).__name__,
            shapes.get(module, ""),
            _own_parameters(module),
        )
        for module in (*called, *others)
        if _is_layer(module)
    ]


def _is_layer(module: nn.Module) -> bool:
    """Whether it computes something itself, or has parameters of its own."""
    if isinstance(module, nn.Identity):
        return False
    is_leaf = next(module.children(), None) is None
    return is_leaf or _own_parameters(module) > 0


def _own_parameters(module: nn.Module) -> int:
    """How many parameters a module has, without those of its parts."""
    return sum(one.numel() for one in module.parameters(recurse=False))


def _output_shapes(
    task: Task, arm: Arm, model: nn.Module, splits: Splits
) -> dict[nn.Module, str]:
    """The shape of each module's first output, in the order of the calls; those up to a
    failure where the model cannot be called with a few examples.
    """
    seen: dict[nn.Module, str] = {}

    def note(module: nn.Module, _: object, output: object) -> None:
        # A module that is called again, such as a shared embedding, counts
        # where it was called first.
        seen.setdefault(module, _shape(output))

    hooks = [one.register_forward_hook(note) for one in model.modules()]
    try:
        with torch.no_grad():
            task.procedure_of(arm).evaluate(
                model.eval(),
                splits.validation.head(EXAMPLES),
                torch.Generator().manual_seed(0),
            )
    except Exception:
        # A procedure may need more examples: names are still known.
        return seen
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _shape(output: object) -> str:
    """``16 × 28`` for a tensor (batch, 16, 28), or the first tensor of several."""
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, torch.Tensor) or output.dim() == 0:
        return ""
    return TIMES.join(map(str, output.shape[1:])) or "1"
