"""Manifests that launch a campaign elsewhere: on Kubernetes, on cloud machines, under
Slurm, in Docker.

The templates lie in ``suite/deploy``. ``{{name}}`` stands for a value, and a line that
ends with ``{{if name}}`` is left out where that value is empty or 0. No secret is ever
written into one: they are named, or drawn where they are used.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from suite.planning.profile import load_profile
from tasks import UserError, unknown

FOLDER = Path(__file__).parent / "templates"
# what `bakeoff deploy` can print: the files of each kind, the one to print first
KINDS = {
    "kuberay": ("rayjob.yaml",),
    "ray-up": ("cluster.yaml",),
    "slurm": ("bakeoff.sbatch",),
    "compose": ("compose.yaml", "Dockerfile"),
    "dockerfile": ("Dockerfile",),
}
COMPOSED = "http://mlflow:5000"  # the server that compose starts
INSTANCES = (  # of AWS: name, CPUs, GPUs; the smallest first
    *(
        (f"m7i.{size}", cpus, 0)
        for size, cpus in (
            ("xlarge", 4),
            ("2xlarge", 8),
            ("4xlarge", 16),
            ("8xlarge", 32),
        )
    ),
    *(
        (f"m7i.{size}", cpus, 0)
        for size, cpus in (("12xlarge", 48), ("24xlarge", 96), ("48xlarge", 192))
    ),
    *(
        (f"g6.{size}", cpus, 1)
        for size, cpus in (
            ("xlarge", 4),
            ("2xlarge", 8),
            ("4xlarge", 16),
            ("8xlarge", 32),
        )
    ),
    ("g6.12xlarge", 48, 4),
    ("g6.24xlarge", 96, 4),
    ("g6.48xlarge", 192, 8),
)
MARK = re.compile(r"\s*\{\{if (\w+)\}\}$")


@dataclass(frozen=True)
class Cluster:
    """What is asked for: so many workers (nodes, pods) with so many CPUs and GPUs each,
    and what they are to run.
    """

    image: str
    workers: int
    cpus: int
    gpus: int = 0
    profile: str = "standard"
    tracking: str | None = None


def default_image() -> str:
    return f"bakeoff:{_version('bakeoff')}"


def manifests(kind: str, cluster: Cluster) -> dict[str, str]:
    """The files of that kind of manifest, by name, the main one first. Raises UserError
    for what cannot be used.
    """
    if kind not in KINDS:
        raise unknown("kind of manifest", kind, KINDS)
    _check(kind, cluster)
    values = _values(kind, cluster)
    return {
        name: fill((FOLDER / name).read_text(encoding="utf-8"), values)
        for name in KINDS[kind]
    }


def fill(template: str, values: Mapping[str, object]) -> str:
    """The template with its values. KeyError for a name without one: that is our
    mistake.
    """
    lines = []
    for line in template.splitlines(keepends=True):
        text, end = line.rstrip("\n"), "\n"
        if (mark := MARK.search(text)) is not None:
            if not values[mark[1]]:
                continue
            text = text[: mark.start()]
        lines.append(
            re.sub(r"\{\{(\w+)\}\}", lambda name: str(values[name[1]]), text) + end
        )
    return "".join(lines)


def _values(kind: str, cluster: Cluster) -> dict[str, object]:
    return {
        "image": cluster.image,
        "workers": cluster.workers,
        "others": cluster.workers - 1,
        "cpus": cluster.cpus,
        "head_cpus": max(cluster.cpus - 1, 1),  # one for the driver
        "gpus": cluster.gpus,
        "memory": 2 * cluster.cpus
        + 2,  # GiB: a worker process with PyTorch and its data, and Ray's share
        "tracking": cluster.tracking,
        "run": _command(kind, cluster),
        "instance": _instance(cluster) if kind == "ray-up" else "",
        "python": platform.python_version(),
        **{name: _version(name) for name in ("ray", "mlflow", "torch")},
    }


def _command(kind: str, cluster: Cluster) -> str:
    """The command that runs the campaign, less what the template adds."""
    words = ["bakeoff", "run", cluster.profile]
    if cluster.gpus:
        words += ["--device", "cuda"]
    tracking = COMPOSED if kind == "compose" else cluster.tracking
    return shlex.join([*words, "--tracking", tracking] if tracking else words)


def _instance(cluster: Cluster) -> str:
    for name, cpus, gpus in INSTANCES:
        if (
            cpus >= cluster.cpus
            and gpus >= cluster.gpus
            and bool(gpus) == bool(cluster.gpus)
        ):
            return name
    raise UserError(
        f"No machine that we know of has {cluster.cpus} CPUs and {cluster.gpus} GPUs: "
        "ask for more workers and less of each, or write the InstanceType into the file yourself."
    )


def _check(kind: str, cluster: Cluster) -> None:
    if not re.fullmatch(r"[\w.\-/:@]+", cluster.image):
        raise UserError(
            f"--image {cluster.image!r} is no image's name: write one such as registry.example/bakeoff:1."
        )
    if not re.fullmatch(r"[\w.\-/]+", cluster.profile):
        raise UserError(
            f"--profile {cluster.profile!r}: give a name, or the path of a .toml file, without spaces."
        )
    if not cluster.profile.endswith(
        ".toml"
    ):  # a file need not be here: it is read where the campaign runs
        load_profile(cluster.profile)
    if cluster.tracking is None:
        return
    if kind == "compose":
        raise UserError(
            "compose starts an MLflow server of its own: leave --tracking out."
        )
    address = urlsplit(cluster.tracking)
    if address.password is not None:
        raise UserError(
            "--tracking has a password in it, and a manifest is no place for one: leave it out, "
            "and hand MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to the driver, as the manifest shows."
        )
    if address.scheme not in ("http", "https") or not re.fullmatch(
        r"[\w.\-/:@%+~]+", cluster.tracking
    ):
        raise UserError(
            f"--tracking {cluster.tracking!r}: give the address of an MLflow server, http://host:port."
        )


def write(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files into the folder; their paths. Raises UserError where one is there
    already.
    """
    for path in (folder / name for name in files):
        if path.exists():
            raise UserError(
                f"{path} exists already: move it away, or name another folder with --output."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def cores() -> int:
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )


def _version(name: str) -> str:
    return version(name).partition("+")[0]  # +cpu is a build, not a version
