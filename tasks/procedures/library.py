"""Models of scikit-learn and of libraries like it, fitted in one call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Shape, Split
from tasks.contract.errors import UserError, nearest
from tasks.contract.procedure import Phase
from tasks.contract.space import Params
from tasks.procedures.metrics import measures_named
from tasks.procedures.supervised import Classification, Regression

# What estimators that answer with a class have.
DECISIONS = ("predict_proba", "decision_function")
LEAST = 1e-12  # a probability of 0 would have an infinite log loss


@dataclass(frozen=True)
class Library:
    """An estimator with ``fit`` and ``predict``, as scikit-learn's have::

        Arm("trees", procedure=Library(HistGradientBoostingClassifier))

    An arm needs no ``build``. Its hyperparameters reach the estimator's parameters of
    the same names; a name that the estimator does not have raises UserError if the task
    is made. Inputs are flattened to (examples, features). A parameter ``random_state``
    is drawn from the run's own stream where ``fixed`` has none.

    It records no parameters and keeps no checkpoint.
    """

    estimator: Callable[..., Any]
    """The estimator's class, or a function that makes one of its parameters."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that have one value, such as ``{"max_iter": 50}``."""

    measures: Any = ()
    """Names or measures; as of ``Classification`` or ``Regression`` where none is
    given.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.function("estimator", "such as HistGradientBoostingClassifier")
        check.mapping("fixed", "give parameters by name")
        self.check_params(self.fixed)
        usual = Classification() if self.classifies else Regression()
        check.replace(
            "measures", measures_named(self.measures or usual.measures)
        )

    @property
    def title(self) -> str:
        """What the estimator is called."""
        return getattr(self.estimator, "__name__", repr(self.estimator))

    @cached_property
    def classifies(self) -> bool:
        """Whether it answers with a class rather than a number."""
        plain = self._made({})
        return any(hasattr(plain, name) for name in DECISIONS)

    def check_params(self, names: Iterable[str]) -> None:
        """Raise UserError for a name that the estimator has no parameter of."""
        known = self._parameters
        for name in names:
            if known is not None and name not in known:
                raise UserError(
                    f"{self.title} has no parameter {name!r} ({nearest(name, known)}): "
                    f"leave a hyperparameter of the task out by without=({name!r},)."
                )

    @cached_property
    def _parameters(self) -> list[str] | None:
        """The names that it takes; None if it takes any."""
        taken = inspect.signature(self.estimator).parameters.values()
        if all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in taken):
            return [parameter.name for parameter in taken]
        plain = self._made({})
        return (
            list(plain.get_params()) if hasattr(plain, "get_params") else None
        )

    def _made(self, params: Mapping[str, Any]) -> Any:
        return self.estimator(**{**self.fixed, **params})

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """None: the estimator is fitted in one call."""
        return ()

    def fit(
        self,
        shape: Shape,
        params: Params,
        train: Split,
        generator: torch.Generator,
    ) -> nn.Module:
        """The fitted estimator as a module, with as many threads as the run has."""
        from threadpoolctl import threadpool_limits

        estimator = self._made({**self._random_state(generator), **params})
        y = train.y.numpy(force=True)
        # scikit-learn warns of a column where it expects a vector.
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        # Libraries take all cores of the machine, on which other runs are
        # timed.
        with threadpool_limits(torch.get_num_threads()):
            estimator.fit(train.x.flatten(1).numpy(force=True), y)
        return FittedEstimator(
            estimator, shape.outputs if self.classifies else None
        )

    def _random_state(self, generator: torch.Generator) -> dict[str, int]:
        name = "random_state"
        if name in self.fixed or name not in (self._parameters or ()):
            return {}
        drawn = torch.randint(
            2**31 - 1, (), generator=generator, device=generator.device
        )
        return {name: int(drawn)}

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """What the measures find on the split, in batches."""
        kind = Classification if self.classifies else Regression
        return kind(measures=self.measures).evaluate(model, split, generator)

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """None."""
        return {}


class FittedEstimator(nn.Module):
    """A fitted estimator that answers as a module does: with the logarithms of
    probabilities, (examples, classes), with what it decides by, or with numbers.
    """

    def __init__(self, estimator: Any, classes: int | None) -> None:
        super().__init__()
        self.estimator = estimator
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        """Answers to ``x``, (examples, ...): (examples, classes) or numbers."""
        inputs = x.flatten(1).numpy(force=True)
        if self.classes is None:
            found = self.estimator.predict(inputs)
        elif hasattr(self.estimator, "predict_proba"):
            found = np.log(self._probabilities(inputs))
        else:
            found = self.estimator.decision_function(inputs)
        return torch.as_tensor(
            np.asarray(found), dtype=x.dtype, device=x.device
        )

    def _probabilities(self, inputs: Any) -> Any:
        """(examples, classes), with nearly 0 for classes that it was not shown."""
        assert self.classes is not None
        found = self.estimator.predict_proba(inputs)
        full = np.full((len(found), self.classes), LEAST)
        full[:, self.estimator.classes_.astype(int)] = found.clip(LEAST)
        return full
