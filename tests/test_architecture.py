"""Imports point one way, each big library has one door, and importing a module only
defines names.
"""

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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
    may be a module.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # a picture


# ----------------------------------------------------------------------------- imports


def test_imports_are_found_wherever_they_stand():
    code = "import a.b\nfrom c import d\nfrom . import e\ndef f():\n    import g as h\nif h:\n    from i.j import k"

    assert set(_imported(ast.parse(code))) == {"a.b", "c", "c.d", "g", "i.j", "i.j.k"}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_downwards(package):
    for path in (ROOT / package).rglob("*.py"):
        ours = imported(path) & MAY_IMPORT.keys()
        assert ours <= MAY_IMPORT[package] | {package}, shown(path)


@pytest.mark.parametrize("library", DOORS)
def test_each_big_library_has_one_door(library):
    users = [shown(path) for path in MODULES if library in imported(path)]

    assert all(user.startswith(DOORS[library]) for user in users), users


def test_every_library_that_we_import_is_a_declared_dependency():
    declared = {
        _normal(line)
        for line in importlib.metadata.requires("bakeoff") or ()
        if "extra ==" not in line
    }
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
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES]
    modules = [
        name.removesuffix(".__init__")
        for name in names
        if not name.endswith("__main__")
    ]
    names = {name for path in MODULES for name in _imported(ast.parse(text_of(path)))}
    libraries = {name for name in names if name.partition(".")[0] not in MAY_IMPORT}
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
    assert {
        _normal(line) for line in importlib.metadata.requires("bakeoff") or ()
    } <= names
    assert not [name for name in names if name.startswith(("nvidia", "cuda"))]


def test_no_file_sends_anyone_to_a_foreign_host():
    """Data keep their original addresses in tasks/data and prose may link; the hosts
    named here lead nowhere.
    """
    nowhere = re.compile(
        r"127\.[\d.]+|0\.0\.0\.0|www\.w3\.org|example\.\w+|.*\.(example|test|invalid)"
    )
    foreign = {
        (shown(path), host)
        for path in EVERYTHING
        if path.suffix != ".md" and not path.is_relative_to(ROOT / "tasks" / "data")
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
