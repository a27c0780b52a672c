"""ci/environment.sh: uv where there is one, else pip; the same pins, mirrors and builds of torch with either."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = (
    "env",
    "bash",
    "sed",
    "awk",
    "tee",
    "grep",
    "tail",
    "dirname",
    "uname",
)

# Stands for the python of .venv, which only has to run pip and ci/uv_settings.py.
PYTHON = """#!/bin/bash
if [ "$1 $2 $3" = "-m pip config" ]; then cat "$CONFIGURED"
elif [ "$1 $2" = "-m pip" ]; then
    echo "pip ${*:3}" >> "$CALLS"
    [[ ! "$*" =~ $PIP_REFUSES ]]
elif [ "$2" = venv ]; then mkdir -p .venv/bin && cp "$0" .venv/bin/python
elif [ "${1##*/}" = uv_settings.py ]; then exec "$REAL" - "$0" <<< "
import sys
sys.path.insert(0, 'ci')
import uv_settings
uv_settings.sys.executable = sys.argv[1]
uv_settings.main()"
fi
"""
UV = """#!/bin/bash
echo "uv $*" >> "$CALLS"
echo "mirror ${UV_INDEX_URL:-none}" >> "$CALLS"
[[ ! "$*" =~ $UV_REFUSES ]]
"""
NOTHING = "^$"  # no command is empty


@pytest.fixture(scope="module")
def uv_settings():
    path = ROOT / "ci" / "uv_settings.py"
    spec = importlib.util.spec_from_file_location("uv_settings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def machine(tmp_path):
    """A clone beside a PATH of its own, in which pip and uv only write down what they are asked."""
    (tmp_path / "ci").mkdir()
    for name in ("environment.sh", "uv_settings.py"):
        shutil.copy(ROOT / "ci" / name, tmp_path / "ci")
    (tmp_path / "ci" / "constraints.txt").write_text("torch==2.13.0\n")
    (tmp_path / "bin").mkdir()
    for tool in (*TOOLS, "cp", "mkdir", "cat"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    program(tmp_path, "python3", PYTHON)
    return tmp_path


def program(machine: Path, name: str, text: str) -> None:
    path = machine / "bin" / name
    path.write_text(text)
    path.chmod(0o755)


def make(
    machine: Path,
    extras: str = "",
    torch: str = "cpu",
    configured: str = "",
    uv_refuses: str = NOTHING,
    pip_refuses: str = NOTHING,
) -> tuple[list[str], subprocess.CompletedProcess[str]]:
    """What pip and uv were asked, in order, and how the script ended."""
    (machine / "configured").write_text(configured)
    calls = machine / "calls"
    calls.write_text("")
    ended = subprocess.run(
        ["bash", "ci/environment.sh", *filter(None, [extras])],
        cwd=machine,
        env={
            "PATH": str(machine / "bin"),
            "TORCH": torch,
            "CALLS": str(calls),
            "CONFIGURED": str(machine / "configured"),
            "REAL": sys.executable,
            "UV_REFUSES": uv_refuses,
            "PIP_REFUSES": pip_refuses,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return calls.read_text().splitlines(), ended


UV_WORDS = "uv pip install --python .venv/bin/python -c ci/constraints.txt"
PIP_WORDS = "pip install --disable-pip-version-check -c ci/constraints.txt"


def test_uv_of_the_path_installs_what_pip_would_from_pips_mirror(machine):
    program(machine, "uv", UV)

    calls, ended = make(
        machine,
        configured="global.index-url='https://mirror.example/simple'\n",
    )

    assert ended.returncode == 0, ended.stderr
    assert calls == [
        f"{UV_WORDS} torch==2.13.0+cpu",
        "mirror https://mirror.example/simple",
        f"{UV_WORDS} -e .",
        "mirror https://mirror.example/simple",
    ]


def test_without_uv_pip_brings_it_or_installs_by_itself(machine):
    calls, ended = make(machine, "dev,server", pip_refuses=" uv$")

    assert ended.returncode == 0, ended.stderr
    assert calls == [
        f"{PIP_WORDS} uv",
        f"{PIP_WORDS} torch==2.13.0+cpu",
        f"{PIP_WORDS} -e .[dev,server]",
    ]


@pytest.mark.parametrize(
    ("configured", "refuses"),
    [("global.proxy='http://proxy.example'\n", NOTHING), ("", ".")],
    ids=["an option that uv does not know", "uv fails"],
)
def test_pip_installs_where_uv_cannot(machine, configured, refuses):
    program(machine, "uv", UV)

    calls, ended = make(machine, configured=configured, uv_refuses=refuses)

    assert ended.returncode == 0, ended.stderr
    assert calls[-2:] == [
        f"{PIP_WORDS} torch==2.13.0+cpu",
        f"{PIP_WORDS} -e .",
    ]


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_torch_of_a_kind_is_asked_for_by_its_build(machine, installer):
    """The small build first; of CUDA's, `===` leaves out those with a suffix."""
    if installer == "uv":
        program(machine, "uv", UV)
    no_cpu = {"uv_refuses": r"\+cpu", "pip_refuses": r" uv$|\+cpu"}

    cpu, said = make(machine, **no_cpu)
    cuda, _ = make(machine, torch="cuda", **no_cpu)

    def asked(calls):
        return [
            call.split()[-1]
            for call in calls
            if call.startswith(installer) and "torch" in call
        ]

    assert asked(cpu) == ["torch==2.13.0+cpu", "torch==2.13.0"]
    assert asked(cuda) == ["torch===2.13.0"]
    assert "about 3 GB" in said.stdout


def test_what_neither_can_install_is_told_with_the_log(machine):
    program(machine, "uv", UV)

    _, ended = make(machine, uv_refuses=".", pip_refuses=".")

    assert ended.returncode == 1
    assert "whole story is in .venv/install.log" in ended.stderr


def test_pips_options_become_uvs_variables(uv_settings):
    listing = """global.index-url='https://global.example/simple'
global.extra-index-url='https://a.example\\nhttps://b.example'
install.index-url='https://install.example/simple'
freeze.index-url='https://freeze.example/simple'
:env:.find-links='/wheels /more'
:env:.disable-pip-version-check='1'
global.trusted-host='a.example'
"""

    found = uv_settings.settings(uv_settings.configured(listing), set())

    assert found == {
        "UV_INDEX_URL": "https://install.example/simple",
        "UV_EXTRA_INDEX_URL": "https://a.example https://b.example",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INSECURE_HOST": "a.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "1",
    }


def test_variables_of_uvs_own_win(uv_settings):
    options = {"index-url": "https://pips.example", "timeout": "3"}

    found = uv_settings.settings(options, {"UV_INDEX", "UV_HTTP_TIMEOUT"})

    assert set(found) == {"UV_SYSTEM_CERTS", "UV_INDEX_STRATEGY"}


def test_only_developers_get_the_tools_of_developers(tmp_path):
    """And what they have serves users, too."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "ci").mkdir()
    for name in (
        "pyproject.toml",
        "ci/constraints.txt",
        "ci/environment.sh",
        "ci/uv_settings.py",
    ):
        (tmp_path / name).write_text("")

    def plan(target: str) -> str:
        return subprocess.run(
            ["make", "--dry-run", "TORCH=cpu", target],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert "environment.sh\n" in plan("demo")
    assert "environment.sh dev,server\n" in plan("test")

    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "ready-cpu").write_text("")
    assert "environment.sh" not in plan("dashboard")
    assert "environment.sh dev,server\n" in plan("environment")

    (tmp_path / ".venv" / "developer-cpu").write_text("")
    assert "environment.sh" not in plan("demo") + plan("test")
