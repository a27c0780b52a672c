"""What is compared. One file, one task: every module here without a leading underscore
defines ``TASK``.

``names()`` lists the tasks that can be run and ``get(name)`` returns one. Tasks come
from this folder, from installed packages (entry point group ``bakeoff.tasks``) and from
files of the user's own (``load_file``).
"""

from tasks._registry import (
    get,
    load_file,
    load_pickled,
    load_source,
    module_of,
    names,
    source_of,
)
from tasks.contract.claim import Claim
from tasks.contract.data import Sealed, Shape, Split, Splits
from tasks.contract.errors import UserError, unknown
from tasks.contract.optimizer import Optimizer, register_optimizer
from tasks.contract.parameter_group import ParameterGroup
from tasks.contract.picture import Axis, Curve, Heights, Outcome, Picture
from tasks.contract.plot import Plot
from tasks.contract.procedure import (
    ExpensiveEvaluation,
    FitOnce,
    HasSnapshots,
    HasThroughput,
    Measure,
    OwnRun,
    Phase,
    Procedure,
    TrainsItself,
)
from tasks.contract.recipe import Recipe
from tasks.contract.schedule import Position, register_schedule
from tasks.contract.space import Categorical, Float, Int, Params, Space
from tasks.contract.stage import Stage
from tasks.contract.stored import Examples, StoredSplit, Stream
from tasks.contract.target import updates_to
from tasks.contract.task import Arm, Level, Task
from tasks.contract.text import Text, text_of

__all__ = [
    "Arm",
    "Axis",
    "Categorical",
    "Claim",
    "Curve",
    "Examples",
    "ExpensiveEvaluation",
    "FitOnce",
    "Float",
    "HasSnapshots",
    "HasThroughput",
    "Heights",
    "Int",
    "Level",
    "Measure",
    "Optimizer",
    "Outcome",
    "OwnRun",
    "ParameterGroup",
    "Params",
    "Phase",
    "Picture",
    "Plot",
    "Position",
    "Procedure",
    "Recipe",
    "Sealed",
    "Shape",
    "Space",
    "Split",
    "Splits",
    "Stage",
    "StoredSplit",
    "Stream",
    "Task",
    "Text",
    "TrainsItself",
    "UserError",
    "get",
    "load_file",
    "load_pickled",
    "load_source",
    "module_of",
    "names",
    "register_optimizer",
    "register_schedule",
    "source_of",
    "text_of",
    "unknown",
    "updates_to",
]
