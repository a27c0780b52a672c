"""Where tasks are found: in this folder, in installed packages, in files of the user's
own.
"""

import base64
import contextlib
import dataclasses
import functools
import importlib
import os
import pickle
import pkgutil
import sys
import tokenize
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from tasks.contract.checks import LONGEST_NAME, NAME, NAME_RULE, brief
from tasks.contract.errors import UserError, unknown
from tasks.contract.task import Task

ENTRY_POINTS = "bakeoff.tasks"
PICKLED = "pickled:"  # begins the text of a task that is in no file
# tasks that the user brought as files: path and text, by name
_FILES: dict[str, tuple[Path, str]] = {}

# tasks as their files define them and under their names
_NAMED: dict[str, tuple[Task, Task]] = {}


def names() -> list[str]:
    """The names of all tasks that can be run, sorted."""
    own = [
        info.name
        # Listed by file name: importing every task to know its name would
        # import torch.
        for info in pkgutil.iter_modules([str(Path(__file__).parent)])
        if not info.ispkg and not info.name.startswith("_")
    ]
    return sorted({*own, *_installed(), *_FILES})


def get(name: str) -> Task:
    """The task of that name. Raises UserError naming the nearest known one where there
    is none.
    """
    given = _FILES.get(name)
    if given and given[1].startswith(PICKLED):
        return _named(_unpickled(given[1]), name)
    module = module_of(name)
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise UserError(
            f"{module.__file__} defines no TASK of type Task: a task file must end "
            "with TASK = Task(...)."
        )
    return _named(task, name)


def _named(task: Task, name: str) -> Task:
    """The task under that name. Kept, because making one checks all of its parts."""
    known = _NAMED.get(name)
    if known is None or known[0] is not task:
        known = task, dataclasses.replace(task, name=name)
        _NAMED[name] = known
    return known[1]


def module_of(name: str) -> ModuleType:
    """The module that defines the task of that name."""
    if name in _FILES:
        path, text = _FILES[name]
        if text.startswith(PICKLED):
            return sys.modules["__main__"]
        return _module_from_text(name, path, text)
    if name not in names():
        raise unknown("task", name, names(), "`bakeoff tasks` lists them.")
    return importlib.import_module(_installed().get(name, f"tasks.{name}"))


def source_of(name: str) -> tuple[str, str] | None:
    """Path and text of a task that came as a file of the user's own; None for one that
    is installed.
    """
    if name not in _FILES:
        return None
    path, text = _FILES[name]
    return str(path), text


def load_file(path: Path | str) -> Task:
    """A task from a file of the user's own; it is known by the file's name from then
    on.

    Raises UserError if the file cannot be read, raises by itself, or defines no TASK.
    """
    path = Path(path).resolve()
    try:
        with tokenize.open(path) as file:  # by the encoding that it declares
            text = file.read()
    except OSError as error:
        raise UserError(
            f"Task file {path} cannot be read ({error}): give a Python file that defines TASK."
        ) from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UserError(
            f"Task file {path} cannot be read ({error}): save it in UTF-8, or say its "
            "encoding in its first line, as in `# -*- coding: latin-1 -*-`."
        ) from error
    _check_file_name(path)
    if path.stem in names() and path.stem not in _FILES:
        raise UserError(
            f"{path} has the name of a built-in task, {path.stem!r}: rename the file."
        )
    return load_source(path.stem, str(path), text)


def _check_file_name(path: Path) -> None:
    """Raise UserError if the file's name is no name for a task."""
    if NAME.fullmatch(path.stem) and len(path.stem) <= LONGEST_NAME:
        return
    raise UserError(
        f"{path} cannot be a task file: a task has the name of its file, and "
        f"{brief(path.stem)} is none. Rename the file: at most {LONGEST_NAME} "
        f"{NAME_RULE}."
    )


def load_pickled(name: str, pickled: str) -> Task:
    """A task that is in no file, such as one defined in a notebook: the base64 text of
    its pickle.
    """
    return load_source(name, "a notebook", PICKLED + pickled)


@functools.lru_cache(maxsize=16)
def _unpickled(text: str) -> Task:
    found = pickle.loads(base64.b64decode(text.removeprefix(PICKLED)))
    if not isinstance(found, Task):
        raise UserError(f"This is a {type(found).__name__} and no Task.")
    return found


def load_source(name: str, path: str, text: str) -> Task:
    """A task from the text of a file that may not exist on this machine, as a worker
    receives it.
    """
    _FILES[name] = Path(path), text
    try:
        return get(name)
    except UserError:
        _FILES.pop(name)
        raise
    # whatever the user's file does wrong, say where; it may end the program, too
    except (Exception, SystemExit) as error:
        _FILES.pop(name)
        line = _line_in(error, path)
        where = f"{path}, line {line}" if line else path
        raise UserError(
            f"Task file {where} raises {type(error).__name__}: {error}"
        ) from error


@functools.cache  # a look through all that is installed takes a twentieth of a second
def _installed() -> dict[str, str]:
    return {
        point.name: point.value.partition(":")[0]
        for point in entry_points(group=ENTRY_POINTS)
    }


def _module_from_text(name: str, path: Path, text: str) -> ModuleType:
    # A prefix, so that a user's file never hides an installed module of its
    # name.
    full_name = f"bakeoff_task_file_{name}"
    known = sys.modules.get(full_name)
    if known is not None and getattr(known, "__text__", None) == text:
        return known
    module = ModuleType(full_name)
    module.__file__ = str(path)
    module.__dict__["__text__"] = text
    code = compile(text, str(path), "exec")
    # dataclasses and pickle look the module up while it is being made
    sys.modules[full_name] = module
    try:
        with _own_place_and_output():
            exec(code, module.__dict__)
    # Also Ctrl-C and sys.exit: half a module must not be found by the next
    # import.
    except BaseException:
        del sys.modules[full_name]
        raise
    return module


@contextlib.contextmanager
def _own_place_and_output() -> Iterator[None]:
    """What a task file prints goes to standard error, as standard output may be a
    script's; the working directory, to which options are relative, stays.
    """
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        here = os.curdir
    with contextlib.redirect_stdout(sys.stderr):
        try:
            yield
        finally:
            os.chdir(here)


def _line_in(error: BaseException, path: str) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    # The last frame in the file is the nearest to the error that is the user's
    # own.
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
