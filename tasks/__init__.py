"""What is compared. One file, one task: every module here without a leading underscore
defines ``TASK``.

``names()`` lists the tasks that can be run and ``get(name)`` returns one. Tasks come
from this folder, from installed packages (entry point group ``bakeoff.tasks``) and from
files of the user's own (``load_file``).
"""

from tasks._registry import get, load_file, load_source, module_of, names, source_of
from tasks.contract.claim import Claim
from tasks.contract.data import Sealed, Shape, Split, Splits
from tasks.contract.errors import UserError, unknown
from tasks.contract.procedure import (
    Counting,
    Dear,
    FitOnce,
    Measure,
    Phase,
    Procedure,
    Watched,
)
from tasks.contract.recipe import Recipe
from tasks.contract.space import Choice, Range, Settings, Space, Whole
from tasks.contract.task import Arm, Level, Task

__all__ = [
    "Arm",
    "Choice",
    "Claim",
    "Counting",
    "Dear",
    "FitOnce",
    "Level",
    "Measure",
    "Phase",
    "Procedure",
    "Range",
    "Recipe",
    "Sealed",
    "Settings",
    "Shape",
    "Space",
    "Split",
    "Splits",
    "Task",
    "UserError",
    "Watched",
    "Whole",
    "get",
    "load_file",
    "load_source",
    "module_of",
    "names",
    "source_of",
    "unknown",
]
