"""How long and by what rule a model learns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tasks.contract.errors import UserError, unknown

if TYPE_CHECKING:
    pass


Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["constant", "cosine", "step", "plateau"]


@dataclass(frozen=True)
class Recipe:
    """How long and by what rule a run learns: everything that is fixed rather than
    tuned.

    Give either ``steps`` (updates) or ``epochs`` (passes over the training examples).
    ``batch_size`` 0 means the full batch. ``warmup`` is a share of all steps; ``step``
    decay multiplies the rate by ``lr_gamma`` at each share in ``milestones``;
    ``max_grad_norm`` is the largest gradient norm; ``patience`` stops a run that has
    not improved for so many evaluations; ``restore_best`` hands on the best checkpoint
    on validation rather than the last one. ``plateau`` goes on until a run has
    converged: where patience runs out the rate is multiplied by ``lr_gamma`` instead,
    ``max_lr_reductions`` times, before the training stops; the declared length is then
    the longest that it may take.

    ``world_size`` train one model together: each takes its part of every batch, which
    stays as large as it is.
    """

    steps: int | None = None
    epochs: float | None = None
    batch_size: int = 64
    optimizer: Optimizer = "adamw"
    momentum: float = 0.9
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Schedule = "cosine"
    warmup: float = 0.0
    milestones: tuple[float, ...] = (0.5, 0.75)
    lr_gamma: float = 0.1
    max_lr_reductions: int = 2
    max_grad_norm: float | None = None
    patience: int | None = None
    restore_best: bool = True
    evaluations: int = 20
    world_size: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.world_size, int) or self.world_size < 1:
            raise UserError(
                f"Recipe(world_size={self.world_size!r}): give a whole number, 1 or more."
            )
        if (self.steps is None) == (self.epochs is None):
            raise UserError(
                f"Recipe(steps={self.steps}, epochs={self.epochs}): give one of the two."
            )

    def with_changes(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with some fields changed; giving steps drops epochs and the other
        way round.
        """
        for name in changes:
            if name not in RECIPE_FIELDS:
                raise unknown("recipe field", name, RECIPE_FIELDS)
        if "steps" in changes:
            changes = {"epochs": None, **changes}
        elif "epochs" in changes:
            changes = {"steps": None, **changes}
        return dataclasses.replace(self, **changes)

    def batch(self, examples: int) -> int:
        """Examples in one batch, when there are ``examples`` to learn from."""
        return min(self.batch_size or examples, examples)

    def updates(self, examples: int, length_factor: float = 1.0) -> int:
        """Updates in a run on ``examples`` examples, at ``length_factor`` times the
        declared length.
        """
        if self.steps is not None:
            return max(1, round(self.steps * length_factor))
        assert self.epochs is not None
        return max(
            1, round(self.epochs * length_factor * -(-examples // self.batch(examples)))
        )


RECIPE_FIELDS = tuple(f.name for f in dataclasses.fields(Recipe))
