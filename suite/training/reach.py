"""Which code and data a value depends on: what has to be in a run's key.

Code is followed by name, from a function to all first-party functions, classes and
constants that it mentions, in whatever module of this project, next to a task's file or
in its package they are. It is hashed as a syntax tree, without comments and docstrings;
data are hashed by their content.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tasks import Measure, UserError

# These modules find, describe and check tasks, and do not affect results.
NOT_DECIDING = frozenset(
    (
        "tasks._registry",
        "tasks.contract.checks",
        "tasks.contract.claim",
        "tasks.contract.errors",
        "tasks.contract.registry",
        "tasks.contract.source",
        "tasks.contract.task",
        "tasks.contract.text",
    )
)
LIBRARIES = ("site-packages", "dist-packages")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
HOLD_STATEMENTS = ("body", "orelse", "handlers", "finalbody", "cases")
IMPORTS = (ast.Import, ast.ImportFrom)
Mention = tuple[str, tuple[str, ...]] | ast.Import | ast.ImportFrom
PLAIN = (bool, int, str, type(None))
LONGEST_PATH = 1024  # characters
EMPTY = ("dict", "list", "set", "deque", "Counter", "OrderedDict")
PLAIN_MAPPINGS = ("builtins", "collections")  # the modules that define them


@dataclass(frozen=True)
class Module:
    """A module's syntax tree, and which of its statements bind which name."""

    name: str
    """The full name, such as ``my_models.layers``."""

    package: str
    """The package that relative imports begin at."""

    tree: ast.Module
    """The syntax tree, without docstrings."""

    @cached_property
    def functions(self) -> tuple[ast.AST, ...]:
        """The functions and lambdas that it defines, wherever in it."""
        return tuple(
            node for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS)
        )

    @cached_property
    def bindings(self) -> Mapping[str, tuple[ast.stmt, ...]]:
        """The statements that bind each name, in the order of the file."""
        found: dict[str, tuple[ast.stmt, ...]] = {}
        for statement in self.tree.body:
            for name in _bound(statement):
                found[name] = (*found.get(name, ()), statement)
        return found

    @cached_property
    def side_effects(self) -> tuple[ast.stmt, ...]:
        """Statements with side effects, such as registering a rule."""
        found = []
        for statement in self.tree.body:
            binds_nothing = not _bound(statement)
            if binds_nothing and not _is_for_type_checkers(statement):
                found.append(statement)
        return tuple(found)


class Reach:
    """Collects the code that values depend on.

    ``code`` maps each location, such as ``my_models:Net``, to the hash of its syntax tree.
    ``own`` is the top-level package of the task, which is first-party wherever it is
    installed; ``training`` names the modules of ``suite.training`` that count.
    """

    def __init__(self, own: str = "", training: tuple[str, ...] = ()) -> None:
        self.code: dict[str, str] = {}
        self.own = own
        self._training = {f"suite.training.{name}" for name in training}
        self._modules: dict[str, Module | None] = {}
        self._seen: set[tuple[str, str]] = set()
        self._followed: set[tuple[str, ...]] = set()  # dotted paths
        # values that were described, by their id, with their number
        self._known: dict[int, tuple[int, Any]] = {}

    def copy(self) -> Reach:
        """One that has collected the same, and collects by itself from now on."""
        found = copy(self)
        found.code = dict(self.code)
        found._modules = dict(self._modules)
        found._seen = set(self._seen)
        found._followed = set(self._followed)
        found._known = dict(self._known)
        return found

    # -- code

    def add_module(self, name: str) -> None:
        """Add the code of a whole module, and all that it mentions.

        ``name`` is its full name. One that is not first-party is left out.
        """
        module = self._module(name)
        if module is None:
            return
        for bound, statements in module.bindings.items():
            # Imports are followed where they are used.
            is_imported = all(isinstance(one, IMPORTS) for one in statements)
            if not is_imported:
                self._add(module, bound)
        self._add_effects(module)

    def _module(self, name: str) -> Module | None:
        """The module of that name if it is first-party."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> Module | None:
        """A module as its source has it; None if it does not decide results,
        is not first-party, or has no source.
        """
        if name in NOT_DECIDING or not self._is_first_party(name):
            return None
        text = _text(name)
        if text is None:
            return None
        return _parsed(name, _package(name), text)

    def _is_first_party(self, name: str) -> bool:
        """Whether a module's code counts: the task's own, and of this project
        what decides results. That of a library does not.
        """
        top = name.partition(".")[0]
        if top == "suite":
            return name in self._training
        # The one proposes hyperparameters, which are in the key as values; the
        # other reads results.
        if top in ("search", "dashboard"):
            return False
        if top == "tasks" or name.startswith("bakeoff_task_file_"):
            return True
        if top == "__main__" or (self.own and top == self.own):
            return True
        file = _file(name)
        return file is not None and not is_library(file)

    def _add(self, module: Module, name: str) -> None:
        """Take what a module binds to a name, and all that it mentions."""
        location = module.name, name
        if location in self._seen:
            return
        # Marked before it is followed: definitions may mention each other.
        self._seen.add(location)
        self._add_effects(module)
        for statement in module.bindings.get(name, ()):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._follow_import(module, statement, name, ())
            else:
                self._take(module, statement, name)
                if _is_computed(statement):
                    self._take_constant(module, name)
        if name not in module.bindings:  # perhaps a module in this package
            self.add_module(f"{module.name}.{name}")

    def _add_effects(self, module: Module) -> None:
        """Add a module's statements with side effects, once: each under a name
        such as ``effect 0``, by its place among them.
        """
        location = module.name, ""
        if location in self._seen:
            return
        self._seen.add(location)
        for number, statement in enumerate(module.side_effects):
            self._take(module, statement, f"effect {number}")

    def _take(self, module: Module, node: ast.AST, name: str) -> None:
        """Hash a syntax tree into ``code``, under ``MODULE:NAME``, and follow
        all names and imports that it mentions.
        """
        location = f"{module.name}:{name}"
        # Several statements may bind one name: each adds to the hash.
        known = self.code.get(location, "")
        self.code[location] = _sha256(known + _dump(node))
        for mentioned in _mentions(node):
            if isinstance(mentioned, ast.Import | ast.ImportFrom):
                for bound in _bound(mentioned):
                    self._follow_import(module, mentioned, bound, ())
            else:
                root, attributes = mentioned
                self._follow_name(module, root, attributes)

    def _take_constant(self, module: Module, name: str) -> None:
        """Hash the value of a name that a module of the user's computes, where that is
        data: it may come from a file, of which the code says nothing.
        """
        # Those of this project are computed from code alone.
        if module.name.partition(".")[0] in ("tasks", "suite"):
            return
        value = _without_pandas(
            getattr(sys.modules.get(module.name), name, None)
        )
        if _is_data(value):
            described = repr(self.describe(value, f"{module.name}.{name}"))
            self.code[f"{module.name}:{name} value"] = _sha256(described)

    def _follow_name(
        self,
        module: Module,
        root: str,
        attributes: tuple[str, ...],
    ) -> None:
        """Add what ``root.attributes`` is in a module: a definition of the
        module itself, or what one of its imports leads to. A name that it does
        not bind, such as a built-in or a local variable, adds nothing.
        """
        for statement in module.bindings.get(root, ()):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._follow_import(module, statement, root, attributes)
            else:
                self._add(module, root)

    def _follow_import(
        self,
        module: Module,
        statement: ast.Import | ast.ImportFrom,
        bound: str,
        attributes: tuple[str, ...],
    ) -> None:
        """Add what ``bound.attributes`` is, where an import binds the first of
        them.

        Of ``import a.b`` that is the path a, then the attributes; of ``from a
        import b`` the path a, b, then the attributes.
        """
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            if bound not in (alias.asname, alias.name, top):
                continue
            if isinstance(statement, ast.Import):
                imported = alias.name if alias.asname else bound
                path = imported.split(".")
            else:
                base = _absolute(module.package, statement)
                path = [*base.split("."), alias.name]
            self._follow_path((*path, *attributes))

    def _follow_path(self, path: tuple[str, ...]) -> None:
        """Add the code that a dotted path names: a name in a module, or a whole module."""
        # The same is mentioned many times, and adds its code once.
        if path in self._followed:
            return
        self._followed.add(path)
        # looking for a submodule would import the library, which takes seconds
        package = _file(path[0])
        if package is not None and is_library(package):
            return
        # The longest prefix that is a module; what follows is a name in it.
        for length in range(len(path), 0, -1):
            name = ".".join(path[:length])
            if not _is_module(name):
                continue
            found = self._module(name)
            if found is None:
                return
            if length == len(path) or path[length] == "*":
                self.add_module(name)
            else:
                self._add(found, path[length])
            return

    # -- values

    def describe(self, value: Any, what: str) -> Any:
        """The value as JSON can hold it, equal for equal content; its code is added.

        Raises UserError, which names ``what``, for a value whose content cannot be
        determined, such as an open file.
        """
        if isinstance(value, PLAIN):
            return value
        if isinstance(value, float | complex):
            # exact, and JSON has no nan, no infinity and no complex numbers
            return ["number", repr(value)]
        if isinstance(value, bytes | bytearray):
            return ["bytes", hashlib.sha256(value).hexdigest()]
        if isinstance(value, Tensor | np.ndarray):
            return ["array", *_array(value)]
        if id(value) in self._known:  # it may contain itself
            return ["again", self._known[id(value)][0]]
        # the value is kept, so that no other gets its id
        self._known[id(value)] = (len(self._known), value)
        return self._describe_parts(value, what)

    def _describe_parts(self, value: Any, what: str) -> Any:
        """A value that has parts or code: a list, such as ``["mapping",
        pairs]``, of what it is and its parts, each described in turn.

        What is none of the kinds below is described as an object.
        """
        if isinstance(value, ModuleType):
            self.add_module(value.__name__)
            return ["module", value.__name__]
        if isinstance(value, functools.partial):
            arguments, keywords = list(value.args), dict(value.keywords)
            parts = self._describe_all([value.func, arguments, keywords], what)
            return ["partial", *parts]
        if isinstance(value, MethodType):
            parts = self._describe_all([value.__self__, value.__func__], what)
            return ["method", *parts]
        if isinstance(value, FunctionType | type):
            return self._describe_definition(value, what)
        if isinstance(value, BuiltinFunctionType):
            return ["built-in", value.__module__, value.__qualname__]
        # such as a function with a cache
        if callable(value) and hasattr(value, "__wrapped__"):
            return ["wrapped", self.describe(value.__wrapped__, what)]
        if (
            isinstance(value, Mapping)
            and type(value).__module__ in PLAIN_MAPPINGS
        ):
            pairs = [self._describe_all(pair, what) for pair in value.items()]
            return ["mapping", pairs]
        if type(value) in (list, tuple):
            return [type(value).__name__, self._describe_all(value, what)]
        if isinstance(value, set | frozenset):
            # a set has no order of its own: it changes from process to process
            items = self._describe_all(value, what)
            return ["set", sorted(repr(item) for item in items)]
        return self._describe_object(value, what)

    def _describe_all(self, values: Iterable[Any], what: str) -> list[Any]:
        """Each value as JSON can hold it, in the order given."""
        return [self.describe(value, what) for value in values]

    def _describe_object(self, value: Any, what: str) -> Any:
        """An instance of a class: ``["object", class, ...]`` with its fields
        if it is a dataclass, and else with what pickle would store of it.

        A measure counts by what decides results: its name, direction and worst
        value. Raises UserError for an object that pickle refuses.
        """
        kind = self.describe(type(value), what)
        # Label, unit and the like are shown, and decide no result.
        if isinstance(value, Measure):
            worst = self.describe(value.worst, what)
            return ["measure", value.name, value.better, worst]
        if is_dataclass(value):
            names = [field.name for field in fields(value)]
            own = {name: getattr(value, name) for name in names}
            return ["object", kind, self.describe(own, what)]
        # What pickle would store is all that tells one object from another.
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            raise UserError(
                f"{what} holds a {type(value).__name__}, and nothing tells one from "
                f"another ({error}), so that a run's key could not change with it: "
                "keep plain values, arrays or tensors there."
            ) from error
        if isinstance(reduced, str):
            return ["object", kind, reduced]
        parts = [list(x) if isinstance(x, Iterator) else x for x in reduced]
        return ["object", kind, *self._describe_all(parts, what)]

    def _describe_definition(self, value: Any, what: str) -> Any:
        """A function or a class: ``["code", location]``, and its code is
        added. Inner functions and lambdas come with their own hash and the
        values they close over.

        Raises UserError if the source cannot be found.
        """
        name = value.__qualname__
        location = f"{value.__module__}.{name}"
        module = self._module(value.__module__ or "")
        if module is None:
            return ["code", location]
        top = name.partition(".")[0]
        if isinstance(value, FunctionType):
            # No name of the module leads to it.
            is_inner = "<" in name or "__wrapped__" in vars(value)
            if is_inner:
                return [
                    "code",
                    location,
                    *self._take_function(module, value, what),
                ]
        if top not in module.bindings:
            raise UserError(
                f"{what} refers to {location}, whose source cannot be found: "
                "define it in a file."
            )
        self._add(module, top)
        return ["code", location]

    def _take_function(
        self,
        module: Module,
        function: FunctionType,
        what: str,
    ) -> Iterator[Any]:
        """A lambda or a function made by another one: first the hash of its
        own code, then the values that it closes over and its defaults.

        Raises UserError if the source cannot be found.
        """
        node = _node_of(function, module)
        if node is None:
            raise UserError(
                f"{what} refers to {module.name}.{function.__qualname__}, whose source "
                "cannot be found: define it in a file."
            )
        dumped = _sha256(_dump(node))
        location = f"{function.__qualname__} {dumped[:16]}"
        if (module.name, location) not in self._seen:
            self._seen.add((module.name, location))
            self._take(module, node, location)
        closure = function.__closure__ or ()
        closed_over = [cell.cell_contents for cell in closure]
        held = [closed_over, function.__defaults__, function.__kwdefaults__]
        yield dumped
        yield self.describe(held, what)


# ------------------------------------------------------------------------------- files


def _text(name: str) -> str | None:
    """A module's source; None if it has none, as one written in C."""
    module = sys.modules.get(name)
    given = getattr(module, "__text__", None)
    if given is not None:
        return str(given)
    if name == "__main__" and not hasattr(module, "__file__"):
        return _typed_in(module)
    file = _file(name)
    if file is None or file.suffix != ".py":
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _typed_in(module: ModuleType | None) -> str:
    """The source of a notebook's cells, with the last definition of each name."""
    cells = getattr(module, "In", None) or []
    return "\n".join(cell for cell in cells if _parses(cell))


def _parses(text: str) -> bool:
    """Whether a text is Python: a notebook's cell may hold a command, or a
    mistake.
    """
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _file(name: str) -> Path | None:
    """The file that a module is read from, found without importing it; None
    for one that is built in, frozen or unknown.
    """
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None and module is None:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        file = None if spec is None else spec.origin
    return None if file in (None, "built-in", "frozen") else Path(str(file))


def _is_module(name: str) -> bool:
    """Whether a dotted name is that of a module, imported already or not."""
    return name in sys.modules or _file(name) is not None


def _package(name: str) -> str:
    """The package that relative imports in a module begin at: itself if it is
    one.
    """
    module = sys.modules.get(name)
    if getattr(module, "__path__", None) is not None:
        return name
    return name.rpartition(".")[0]


@lru_cache(maxsize=1024)
def is_library(file: Path) -> bool:
    """Whether a file is part of Python or of a library that is installed."""
    if any(part in LIBRARIES for part in file.parts):
        return True
    return any(file.is_relative_to(home) for home in _standard_library())


@cache
def _standard_library() -> tuple[str, str]:
    """The folders of Python's own modules."""
    return sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")


@lru_cache(maxsize=512)
def _parsed(name: str, package: str, text: str) -> Module:
    """A module of that source; the same object for the same text, so that what
    is kept by node (``_dump``, ``_mentions``) is found again.
    """
    return Module(name, package, _without_texts(ast.parse(text)))


def _without_texts(tree: ast.Module) -> ast.Module:
    """The tree without docstrings, and texts beneath fields, which do nothing."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if hasattr(node, "body"):
            kept = [one for one in node.body if not _is_text(one)]
            node.body = kept or [ast.Pass()]
        # Expressions are not walked: they hold no statements.
        for field in HOLD_STATEMENTS:
            waiting += getattr(node, field, ())
    return tree


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a text alone, such as a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


# ------------------------------------------------------------------------ syntax trees


def _bound(statement: ast.AST) -> list[str]:
    """The names that a statement at the top of a module binds, those in the
    branches of an ``if`` or a ``try`` included; none for what only type
    checkers read.
    """
    if isinstance(statement, DEFINITIONS):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        names = []
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            names.append(alias.asname or top)
        return names
    if _is_for_type_checkers(statement):
        return []
    names = []
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.comprehension):
            # Its variables are its own: `for level in LEVELS` binds no `level`.
            names += [
                name
                for part in (node.iter, *node.ifs)
                for name in _bound(part)
            ]
        elif not isinstance(node, FUNCTIONS[2]):
            names += _bound(node)
    return names


def _is_for_type_checkers(statement: ast.AST) -> bool:
    """Whether a statement is ``if TYPE_CHECKING: ...``, which no run executes."""
    if not isinstance(statement, ast.If):
        return False
    return "TYPE_CHECKING" in ast.dump(statement.test)


@lru_cache(maxsize=4096)
def _dump(node: ast.AST) -> str:
    """The tree as text, without line numbers: equal for equal code."""
    return ast.dump(node)


@lru_cache(maxsize=4096)
def _mentions(node: ast.AST) -> tuple[Mention, ...]:
    """What code reads: see ``_walk``."""
    return tuple(dict.fromkeys(_walk(node)))


def _sha256(text: str) -> str:
    """SHA-256 of a text, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _walk(node: ast.AST) -> Iterator[Mention]:
    """The names that code reads, with their attributes, and its imports; annotations do
    nothing.
    """
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
        return
    if isinstance(node, ast.Name):
        yield node.id, ()
        return
    if isinstance(node, ast.Attribute):
        attributes: list[str] = []
        root: ast.AST = node
        while isinstance(root, ast.Attribute):
            attributes.insert(0, root.attr)
            root = root.value
        if isinstance(root, ast.Name):
            yield root.id, tuple(attributes)
        else:
            yield from _walk(root)
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _absolute(package: str, statement: ast.ImportFrom) -> str:
    """The module that names are imported from."""
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - statement.level + 1]
    if statement.module:
        parts.append(statement.module)
    return ".".join(parts)


def _node_of(function: FunctionType, module: Module) -> ast.AST | None:
    """The syntax tree of a function, found by its code's line numbers, or of
    several lambdas in one line by columns; None if none stands there.
    """
    code = function.__code__
    # a notebook's cell is not a module
    cell = linecache.getlines(code.co_filename)
    has_text = hasattr(sys.modules.get(module.name), "__text__")
    if cell and _file(module.name) is None and not has_text:
        module = _parsed(code.co_filename, "", "".join(cell))
    found = [node for node in module.functions if _stands_at(node, code)]
    if len(found) > 1:  # several lambdas in one line
        fitting = [node for node in found if _columns_fit(node, code)]
        found = fitting or found
    return found[0] if found else None


def _stands_at(node: ast.AST, code: Any) -> bool:
    """Whether a node defines the function that this code is of: same name,
    same line.

    Of a decorated function Python counts from the first decorator.
    """
    first_line = code.co_firstlineno
    if isinstance(node, ast.Lambda):
        return bool(code.co_name == "<lambda>" and node.lineno == first_line)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        decorators = [one.lineno for one in node.decorator_list]
        return node.name == code.co_name and first_line in (
            node.lineno,
            *decorators,
        )
    return False


def _columns_fit(node: ast.AST, code: Any) -> bool:
    """Whether a lambda's body begins in the column that the code says."""
    if not isinstance(node, ast.Lambda):
        return True
    # The last instruction of a lambda stands where its body does.
    *_, last = code.co_positions()
    line, _, column, _ = last
    body = node.body
    return bool(line == body.lineno and column == body.col_offset)


# -------------------------------------------------------------------------------- data


def _is_computed(statement: ast.AST) -> bool:
    """Whether a statement gives a name what a call returns."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
    # What begins empty, and fills while runs go on, is a cache.
    return bool(calls) and not _is_cache(statement.value)


def _is_cache(value: ast.AST | None) -> bool:
    """Whether an expression makes an empty container, as in ``defaultdict(list)``."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return False
    is_empty = value.func.id in EMPTY and not value.args and not value.keywords
    return is_empty or value.func.id == "defaultdict"


def _without_pandas(value: Any) -> Any:
    """A column, or a table by the names of its columns, as arrays; anything else
    unchanged.
    """
    # Not imported for it: what has none needs no second to do so.
    if type(value).__module__.partition(".")[0] != "pandas":
        return value
    if hasattr(value, "columns"):
        return {str(name): column.to_numpy() for name, column in value.items()}
    return value.to_numpy() if hasattr(value, "to_numpy") else value


def _is_data(value: Any) -> bool:
    """Whether a value is a number, a text, an array, or a container of such.

    A path is none: the same file may be elsewhere on another machine.
    """
    if isinstance(value, str):
        may_be_path = os.sep in value and len(value) < LONGEST_PATH
        return not (may_be_path and os.path.exists(value))
    if value is None or isinstance(
        value, int | float | complex | bytes | Tensor | np.ndarray
    ):
        return True
    if isinstance(value, Mapping):
        return all(map(_is_data, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_data, value))
    return False


def _array(value: Tensor | np.ndarray) -> tuple[str, list[int], str]:
    """Type, shape and the hash of the content. What is mapped from a file is read page
    by page, never copied as a whole.
    """
    kind = str(value.dtype)
    shape = list(value.shape)
    if isinstance(value, Tensor):
        return kind, shape, tensor_hash(value)
    if value.dtype.hasobject:
        return kind, shape, _sha256(repr(value.tolist()))
    flat = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    return kind, shape, hashlib.sha256(flat.data).hexdigest()


def tensor_hash(tensor: Tensor) -> str:
    """SHA-256 of a tensor's numbers, 64 hexadecimal digits.

    The tensor may be on any device, sparse or strided; its numbers are hashed in
    row-major order, and its shape and type are not.
    """
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    flat = tensor.detach().cpu().contiguous().flatten()
    return hashlib.sha256(flat.view(torch.uint8).numpy().data).hexdigest()
