"""Imports point one way, between packages, between the folders of suite/ and between
modules; each big library has one door; and importing a module only defines names.
"""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "tasks": set(),
    "search": {"tasks"},
    "suite": {"tasks", "search"},
    "dashboard": {"tasks", "search", "suite"},
}
DOORS = {
    "ray": "suite/cluster/",
    "mlflow": "suite/tracking/",
    "optuna": "search/",
    "dash": "dashboard/",
    "dash_ag_grid": "dashboard/",
    "dash_mantine_components": "dashboard/",
    "waitress": "dashboard/",
}
# The folders of suite/, lowest first: a folder may import those on lines above its own.
# Neighbours on one line know nothing of each other, unless SIDEWAYS lists them.
FOLDERS = (
    ("training",),
    ("planning", "cluster", "records"),
    ("tracking", "verdicts"),
    ("report",),
    ("campaign",),
    ("checks", "deploy"),
    ("cli",),
)
SIDEWAYS = {
    ("records", "planning")
}  # a manifest keeps the profile that was planned
MODULES = sorted(
    path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py")
)
EVERYTHING = [
    path
    for path in [
        *ROOT.glob("*"),
        *(
            p
            for d in (*MAY_IMPORT, "tests", "ci", ".ci")
            for p in (ROOT / d).rglob("*")
        ),
    ]
    if path.is_file() and "__pycache__" not in path.parts
]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imported(path: Path) -> frozenset[str]:
    """Top-level names of all that a file imports, inside functions too."""
    return frozenset(
        name.partition(".")[0] for name in _imported(ast.parse(text_of(path)))
    )


def _imported(tree: ast.AST) -> Iterator[str]:
    """Full names of what is imported; of ``from a import b`` both a and a.b, since b
    may be a module. ``import_module("a.b")`` counts as well.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import_module" in ast.unparse(
            node.func
        ):
            literal = node.args[0] if node.args else None
            if isinstance(literal, ast.Constant):
                yield str(literal.value)


@cache
def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # a picture


# ------------------------------------------------------------------------ the rules


def upward_packages(package: str, imports: set[str]) -> set[str]:
    """Packages that this one imports and may not."""
    return (imports & MAY_IMPORT.keys()) - MAY_IMPORT[package] - {package}


def through_a_wall(library: str, importers: list[str]) -> list[str]:
    """Files that import the library without being behind its door."""
    return [file for file in importers if not file.startswith(DOORS[library])]


def forbidden_arrows(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Arrows (importer, imported) between folders of suite/ that do not point down."""
    rank = {name: line for line, names in enumerate(FOLDERS) for name in names}
    not_down = {(high, low) for high, low in arrows if rank[high] <= rank[low]}
    return not_down - SIDEWAYS


def circle_among(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, the first one named twice; []."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def folder_arrows() -> set[tuple[str, str]]:
    """Who imports whom among the folders of suite/, files directly in suite/ left out."""
    arrows = set()
    for path in (ROOT / "suite").glob("*/**/*.py"):
        importer = path.relative_to(ROOT / "suite").parts[0]
        for name in _imported(ast.parse(text_of(path))):
            package, _, rest = name.partition(".")
            imported_folder = rest.partition(".")[0]
            if (
                package == "suite"
                and (ROOT / "suite" / imported_folder).is_dir()
            ):
                arrows.add((importer, imported_folder))
    return {(a, b) for a, b in arrows if a != b and b}


def module_graph() -> dict[str, set[str]]:
    """Our modules, each with those of ours that it imports as it runs."""
    paths = {module_name(path): path for path in MODULES}
    return {
        name: (_run_imports(text_of(path)) & paths.keys()) - {name}
        for name, path in paths.items()
    }


def _run_imports(code: str) -> set[str]:
    """What is imported when the code runs: not what only type checkers read."""
    return set(_imported(WithoutTypeChecking().visit(ast.parse(code))))


class WithoutTypeChecking(ast.NodeTransformer):
    """Takes out what stands under ``if TYPE_CHECKING:``, and keeps an ``else``."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return node.orelse
        return self.generic_visit(node)


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


# ------------------------------------------------- each rule fails where it is broken


def test_imports_are_found_wherever_they_stand():
    code = "import a.b\nfrom c import d\nfrom . import e\ndef f():\n    import g as h\nif h:\n    from i.j import k"

    assert set(_imported(ast.parse(code))) == {
        "a.b",
        "c",
        "c.d",
        "g",
        "i.j",
        "i.j.k",
    }


def test_what_only_type_checkers_read_closes_no_circle():
    code = "if TYPE_CHECKING:\n    import a\nelse:\n    import b\ndef f():\n    import c"

    assert _run_imports(code) == {"b", "c"}


def test_an_import_by_name_is_found_too():
    code = "from importlib import import_module\nimport_module('dashboard.app').serve()"

    assert "dashboard.app" in set(_imported(ast.parse(code)))


@pytest.mark.parametrize(
    ("package", "imports", "wrong"),
    [
        ("tasks", {"torch", "search"}, {"search"}),
        ("search", {"optuna", "tasks", "suite"}, {"suite"}),
        ("suite", {"ray", "search", "dashboard"}, {"dashboard"}),
        ("dashboard", {"tasks", "search", "suite", "dash"}, set()),
    ],
)
def test_an_upward_import_between_packages_is_noticed(package, imports, wrong):
    assert upward_packages(package, imports) == wrong


@pytest.mark.parametrize("library", DOORS)
def test_a_second_door_is_noticed(library):
    inside, outside = f"{DOORS[library]}new.py", "tasks/new.py"

    assert through_a_wall(library, [inside, outside]) == [outside]


@pytest.mark.parametrize(
    "arrow",
    [
        (low, high)
        for line, names in enumerate(FOLDERS)
        for low in names
        for highs in FOLDERS[line:]
        for high in highs
        if low != high and (low, high) not in SIDEWAYS
    ],
    ids="->".join,
)
def test_an_arrow_up_or_sideways_is_noticed(arrow):
    low, high = arrow
    down_or_same = {("cli", "training"), ("campaign", "records")}

    assert forbidden_arrows(down_or_same | {(low, high)}) == {(low, high)}


def test_a_circle_is_noticed_however_long():
    chain = {"a": {"b"}, "b": {"c"}, "c": set[str]()}

    assert not circle_among(chain)
    assert set(circle_among(chain | {"c": {"a"}})) == {"a", "b", "c"}


# -------------------------------------------------------------- and holds in our code


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_downwards(package):
    for path in (ROOT / package).rglob("*.py"):
        assert not upward_packages(package, set(imported(path))), shown(path)


def test_every_folder_of_suite_has_a_place():
    folders = {
        path.parent.name for path in (ROOT / "suite").glob("*/__init__.py")
    }

    assert folders == {name for names in FOLDERS for name in names}


def test_folders_of_suite_import_only_downwards():
    assert forbidden_arrows(folder_arrows()) == set()


def test_what_lies_beside_the_folders_of_suite_imports_none_of_them():
    begin = {"__init__.py", "__main__.py"}  # what users import and run
    for path in (ROOT / "suite").glob("*.py"):
        names = set(_imported(ast.parse(text_of(path))))
        folders = {
            f"suite.{name}"
            for names_of_line in FOLDERS
            for name in names_of_line
        }
        found = {
            name for name in names if ".".join(name.split(".")[:2]) in folders
        }

        assert path.name in begin or not found, shown(path)


def test_no_modules_import_each_other_in_a_circle():
    assert not circle_among(module_graph())


@pytest.mark.parametrize("library", DOORS)
def test_each_big_library_has_one_door(library):
    importers = [shown(path) for path in MODULES if library in imported(path)]

    assert importers, f"nothing imports {library}: is its door still needed?"
    assert not through_a_wall(library, importers)


def project() -> dict[str, Any]:
    """The table [project] of pyproject.toml, as it stands here."""
    table = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    assert isinstance(table, dict)
    return table


def test_every_library_that_we_import_is_a_declared_dependency():
    declared = {_normal(line) for line in project()["dependencies"]}
    owners = importlib.metadata.packages_distributions()
    foreign = (
        {name for path in MODULES for name in imported(path)}
        - MAY_IMPORT.keys()
        - sys.stdlib_module_names
    )

    assert not {
        name
        for name in foreign
        if not declared & {_normal(owner) for owner in owners.get(name, ())}
    }


def _normal(requirement: str) -> str:
    return re.split(r"[^\w.-]", re.sub(r"[-_.]+", "-", requirement).lower())[0]


# ------------------------------------------------------------------------ side effects

WATCH = """
import importlib, os, random, sys, threading

import numpy, torch

for name in LIBRARIES:
    try:
        importlib.import_module(name)  # whatever these do is not our doing
    except ImportError:
        pass  # not a module, but something in one

effects = []

def watch(event, args):
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event in ("os.mkdir", "os.remove", "os.rename", "socket.connect", "subprocess.Popen", "os.putenv"):
        effects.append(f"{event} {args[:2]}")

def state():
    return {
        "threads": {thread.name for thread in threading.enumerate()},
        "seed of torch": torch.initial_seed(),
        "seed of random": random.getstate(),
        "seed of numpy": str(numpy.random.get_state()),
        "threads of torch": torch.get_num_threads(),
        "default type": torch.get_default_dtype(),
        "environment": dict(os.environ),
    }

before = state()
sys.addaudithook(watch)
for name in MODULES:
    importlib.import_module(name)
    effects += [f"{name}: {what}" for what, value in state().items() if value != before[what]]
    effects += [f"{name}: file {file}" for file in os.listdir()]
    if effects:
        break
sys.exit("\\n".join(effects) or 0)
"""


def test_importing_a_module_only_defines_names(tmp_path):
    modules = [
        name
        for name in map(module_name, MODULES)
        if not name.endswith("__main__")
    ]
    names = {
        name
        for path in MODULES
        for name in _imported(ast.parse(text_of(path)))
    }
    libraries = {
        name for name in names if name.partition(".")[0] not in MAY_IMPORT
    }
    code = f"MODULES, LIBRARIES = {modules!r}, {sorted(libraries)!r}\n{WATCH}"

    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]


# ------------------------------------------------------------------------- containment


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_no_other_distribution_owns_our_names(name):
    owners = set(importlib.metadata.packages_distributions()[name])

    assert owners == {"bakeoff"}, (
        f"uninstall {owners - {'bakeoff'}} or rename its package {name!r}"
    )


def test_no_folder_of_tests_hides_a_package_of_ours():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_pins_meet_what_the_project_asks_for():
    pins = dict(
        re.findall(
            r"^([\w.-]+)==(\S+)$",
            text_of(ROOT / "ci" / "constraints.txt"),
            re.MULTILINE,
        )
    )
    names = {_normal(name) for name in pins}

    assert pins["torch"] == "2.13.0"
    asked = [
        project()["dependencies"],
        *project()["optional-dependencies"].values(),
    ]
    assert {_normal(line) for lines in asked for line in lines} <= names
    assert not [name for name in names if name.startswith(("nvidia", "cuda"))]


def test_no_file_sends_anyone_to_a_foreign_host():
    """Data keep their original addresses in tasks/data, prose may link, and a DOI leads
    to literature; the other hosts named here lead nowhere.
    """
    nowhere = re.compile(
        r"127\.[\d.]+|0\.0\.0\.0|www\.w3\.org|doi\.org|example\.\w+|.*\.(example|test|invalid)"
    )
    foreign = {
        (shown(path), host)
        for path in EVERYTHING
        if path.suffix != ".md"
        and not path.is_relative_to(ROOT / "tasks" / "data")
        for host in re.findall(r"https?://([\w.-]+\.\w+)", text_of(path))
        if not nowhere.fullmatch(host)
    }

    assert not foreign


def test_no_file_names_a_path_of_the_machine_it_was_written_on():
    here = (str(ROOT), f"{Path.home()}/")

    assert not [
        shown(path)
        for path in EVERYTHING
        if any(place in text_of(path) for place in here)
    ]
