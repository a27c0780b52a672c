"""Classifying sequences, and what each place of a reader depends on."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure
from tasks.contract.text import Text
from tasks.models.readers import Reader
from tasks.procedures.metrics import ACCURACY, LOG_LOSS
from tasks.procedures.supervised import Classification


def _none(shape: Shape) -> float:
    return 0.0


FUTURE = Measure(
    "future",
    "higher",
    worst=_none,
    label=Text(
        "Later symbols that a state depends on", zh="状态所依赖的后续符号"
    ),
    percent=True,
)
ORDER = Measure(
    "order",
    "higher",
    worst=_none,
    label=Text("Change of outputs when shuffled", zh="打乱顺序后输出的变化"),
)
SHUFFLED = 64  # sequences that are shuffled


@dataclass(frozen=True)
class Reading(Classification):
    """Classification of sequences that also measures what a reader can know: the share
    of later symbols that a state depends on, and by how much the outputs change, as a
    root mean square, when a sequence is shuffled.
    """

    measures: Any = (ACCURACY, LOG_LOSS, FUTURE, ORDER)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """Accuracy, log loss, and what one sequence's states and shuffled
        outputs show.
        """
        assert isinstance(model, Reader)
        usual = Classification(measures=(ACCURACY, LOG_LOSS))
        return {
            **usual.evaluate(model, split, generator),
            # One sequence is enough: which states can depend on what is a
            # matter of the architecture.
            "future": future(model, split.x[:1]),
            "order": order(model, split.x[:SHUFFLED], generator),
        }


def future(model: Reader, symbols: Tensor) -> float:
    """The share of pairs of a place and a later one for which the state at the first
    has a derivative by the symbol at the second. ``symbols`` is one sequence, (1,
    length).
    """
    depends = dependencies(model, symbols)
    later = torch.ones_like(depends).triu(diagonal=1)
    return (depends & later).sum().item() / later.sum().item()


def dependencies(model: Reader, symbols: Tensor) -> Tensor:
    """Whether the state at a place, a row, depends on the symbol at another, a column:
    where the Jacobian is not exactly 0.
    """
    with torch.enable_grad():
        embedded = model.embed(symbols).detach().requires_grad_()
        states = model.states(embedded)[0]  # (length, channels)
        # weighted, as the plain sum of a normalised state would not depend on anything
        seen = states @ torch.linspace(
            1, 2, states.shape[1], device=states.device
        )
        rows = [
            torch.autograd.grad(one, embedded, retain_graph=True)
            for one in seen
        ]
    return torch.stack([row[0][0].ne(0).any(dim=1) for row in rows])


def order(model: Reader, symbols: Tensor, generator: torch.Generator) -> float:
    """The root mean square by which the outputs change when sequences are shuffled."""
    drawn = torch.rand(
        symbols.shape[1], generator=generator, device=symbols.device
    )
    change = model(symbols[:, drawn.argsort()]) - model(symbols)
    return change.square().mean().sqrt().item()
