"""Training that comes before an arm's own: pre-training, or a teacher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Split
from tasks.contract.procedure import Procedure, check_procedure
from tasks.contract.recipe import FULL_LENGTH, RECIPE_FIELDS, Recipe

if TYPE_CHECKING:
    from tasks.contract.task import Level

# What chooses a checkpoint or an end by validation belongs to the arm's own task.
AS_LONG_AS_IT_SAYS = {**FULL_LENGTH, "restore_best": False, "targets": ()}


@dataclass(frozen=True)
class Stage:
    """Training of the same model on other data, before an arm's own begins::

        Arm("finetuned", build, before=Stage(other_classes, length=0.5))

    Its updates, seconds and evaluations are part of the run's: they come first in its
    curve. A lost run that is resumed begins with it again. Raises UserError for a value
    that cannot be.
    """

    training_data: Callable[[Split, Level, int], Split]
    """``training_data(train, level, seed)``, as of an arm: what this stage learns from."""

    length: float = 1.0
    """Its updates, as a share of those in the arm's recipe."""

    counts: bool = False
    """Whether its updates are among those of the arm's recipe, so that the arm's own
    part is shorter by them and all arms make equally many. Otherwise they come on top.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the recipe that differ from the arm's own, but for the length."""

    procedure: Procedure | None = None
    """How it learns, where that is not by the task's procedure."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Hyperparameters that have another value in this stage, such as ``{"lr": 0.01}``."""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.function("training_data", "of training examples, level and seed")
        check.number(
            "length", above=0, advice="a share of the arm's own updates"
        )
        check.flag("counts")
        if self.counts and self.length >= 1:
            raise check.error(
                "length",
                "with counts=True less than 1 must leave the arm some updates",
            )
        check.mapping("recipe", "give fields of the recipe by name")
        check.known("recipe", RECIPE_FIELDS)
        for name in ("steps", "epochs"):
            if name in self.recipe:
                raise check.error(
                    "recipe", "its length is the stage's `length`"
                )
        check.mapping("params", "give values by name, as in {'lr': 0.01}")
        if self.procedure is not None:
            check_procedure(check)

    def recipes(self, recipe: Recipe, examples: int) -> tuple[Recipe, Recipe]:
        """The recipe of this stage and that of the arm's own part, for an arm with this
        recipe and ``examples`` to learn from.
        """
        updates = recipe.updates(examples)
        before = max(1, round(self.length * updates))
        # Later entries win: the stage's own fields over the defaults, its
        # length over all.
        changes = {**AS_LONG_AS_IT_SAYS, **self.recipe, "steps": before}
        own = recipe
        if self.counts:
            own = recipe.with_changes({"steps": max(1, updates - before)})
        return recipe.with_changes(changes), own
