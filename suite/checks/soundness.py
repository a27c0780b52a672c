"""Proofs that a task is sound: what everybody relies on when they read its verdicts,
tried out on the task itself.

A proof returns what it saw, or raises CheckFailed with what to do about it, or
NotApplicable. They train a few short runs here and one in another process, and
take seconds.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping

from suite.checks.data import (
    blocks_differ,
    data_depend_on_the_seed,
    others_are_left_alone,
    splits_are_disjoint,
)
from suite.checks.finding import CheckFailed, Finding, NotApplicable
from suite.checks.models import (
    arms_are_matched,
    batches_can_be_shared,
    tiny_batches_are_learned,
    untrained_models_guess,
)
from suite.checks.runs import (
    claims_can_be_judged,
    jobs_travel,
    seeds_repeat,
    tests_stay_sealed,
)
from tasks import (
    Task,
    UserError,
)


def findings(task: Task) -> Iterator[Finding]:
    """All proofs, one after the other. A proof during which the task raises is a failed
    one.
    """
    for what, proof in CHECKS.items():
        try:
            yield Finding(what, True, proof(task))
        except NotApplicable as nothing:
            yield Finding(what, None, str(nothing))
        except CheckFailed as unsound:
            yield Finding(what, False, unsound.says, unsound.hint)
        except UserError as error:
            yield Finding(what, False, str(error))
        except Exception as error:
            yield Finding(
                what,
                False,
                f"it raises {type(error).__name__}: {error}",
                f"mend {_innermost(error)}",
            )


CHECKS: Mapping[str, Callable[[Task], str]] = {
    "data depend on the seed alone": data_depend_on_the_seed,
    "other random numbers left alone": others_are_left_alone,
    "splits share no example": splits_are_disjoint,
    "blocks differ as they say": blocks_differ,
    "arms match as they say": arms_are_matched,
    "untrained models guess": untrained_models_guess,
    "tiny batches are learned": tiny_batches_are_learned,
    "batches can be shared": batches_can_be_shared,
    "test set sealed until the final": tests_stay_sealed,
    "claims can be judged": claims_can_be_judged,
    "same seed, same bits": seeds_repeat,
    "same in another process": jobs_travel,
}


def _innermost(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}, line {frame.lineno}"
