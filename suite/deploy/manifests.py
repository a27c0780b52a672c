"""Manifests that launch a campaign elsewhere: on Kubernetes, on cloud machines, under
Slurm, in Docker.

The templates, in Jinja2, lie in ``suite/deploy/templates``. No secret is ever written
into a manifest: they are named, or drawn where they are used.
"""

from __future__ import annotations

import platform
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from suite.planning.profile import load_profile
from tasks import UserError, unknown

FOLDER = Path(__file__).parent / "templates"
# The files of each kind that `bakeoff deploy` writes; the first is what it
# prints.
KINDS = {
    "kuberay": ("rayjob.yaml",),
    "ray-up": ("cluster.yaml",),
    "slurm": ("bakeoff.sbatch",),
    "compose": ("compose.yaml", "Dockerfile"),
    "dockerfile": ("Dockerfile",),
}
COMPOSED = "http://mlflow:5000"  # the server that compose starts
# Machines of AWS, the smallest first: name, CPUs, GPUs.
INSTANCES = (
    ("m7i.xlarge", 4, 0),
    ("m7i.2xlarge", 8, 0),
    ("m7i.4xlarge", 16, 0),
    ("m7i.8xlarge", 32, 0),
    ("m7i.12xlarge", 48, 0),
    ("m7i.24xlarge", 96, 0),
    ("m7i.48xlarge", 192, 0),
    ("g6.xlarge", 4, 1),
    ("g6.2xlarge", 8, 1),
    ("g6.4xlarge", 16, 1),
    ("g6.8xlarge", 32, 1),
    ("g6.12xlarge", 48, 4),
    ("g6.24xlarge", 96, 4),
    ("g6.48xlarge", 192, 8),
)


@dataclass(frozen=True)
class Cluster:
    """The cluster to write manifests for."""

    image: str
    """The container image that every node runs."""

    workers: int
    """Workers: nodes or pods, each of the size below."""

    cpus: int
    """CPU cores of each."""

    gpus: int = 0
    """GPUs of each."""

    profile: str = "standard"
    """The profile that the command runs."""

    tracking: str | None = None
    """The URI of an MLflow server; None: results stay in the folder."""


def default_image() -> str:
    """The image that the Dockerfile's first lines have one build: ``bakeoff:0.2.0``."""
    return f"bakeoff:{_version('bakeoff')}"


def manifests(kind: str, cluster: Cluster) -> dict[str, str]:
    """The files of that kind of manifest, by name, the main one first. Raises UserError
    for what cannot be used.
    """
    if kind not in KINDS:
        raise unknown("kind of manifest", kind, KINDS)
    _check(kind, cluster)
    values = _values(kind, cluster)
    return {name: fill(name, values) for name in KINDS[kind]}


def fill(name: str, values: Mapping[str, object]) -> str:
    """The template of that name with its values. Raises jinja2.UndefinedError for one
    that is not given: that is our mistake.
    """
    return _templates().get_template(name).render(values)


@cache
def _templates() -> Environment:
    # Nothing here is HTML, so nothing is escaped as HTML.
    return Environment(
        loader=FileSystemLoader(FOLDER),
        # A value that is missing would leave a manifest that a cluster
        # misreads.
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _values(kind: str, cluster: Cluster) -> dict[str, object]:
    # A worker process with PyTorch and its data takes 2 GiB, and Ray 2 more.
    gibibytes = 2 * cluster.cpus + 2
    return {
        "image": cluster.image,
        "workers": cluster.workers,
        "others": cluster.workers - 1,
        "cpus": cluster.cpus,
        "head_cpus": max(cluster.cpus - 1, 1),  # one is the driver's
        "gpus": cluster.gpus,
        "memory": gibibytes,
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
    if tracking:
        words += ["--tracking", tracking]
    return shlex.join(words)


def _instance(cluster: Cluster) -> str:
    """The smallest machine that is large enough, with GPUs only if they are requested."""
    for name, cpus, gpus in INSTANCES:
        large_enough = cpus >= cluster.cpus and gpus >= cluster.gpus
        # A machine with GPUs would be large enough for a job without, too, but
        # costs a multiple.
        if large_enough and bool(gpus) == bool(cluster.gpus):
            return name
    raise UserError(
        f"No known machine has {cluster.cpus} CPUs and {cluster.gpus} GPUs: ask for "
        "more workers with less each, or write the InstanceType into the file yourself."
    )


def _check(kind: str, cluster: Cluster) -> None:
    if not re.fullmatch(r"[\w.\-/:@]+", cluster.image):
        raise UserError(
            f"--image {cluster.image!r} is not a valid image name: "
            "write one such as registry.example/bakeoff:1."
        )
    if not re.fullmatch(r"[\w.\-/]+", cluster.profile):
        raise UserError(
            f"--profile {cluster.profile!r}: "
            "give a name, or the path of a .toml file, without spaces."
        )
    # A .toml file need not be here: it is read where the campaign runs.
    if not cluster.profile.endswith(".toml"):
        load_profile(cluster.profile)
    if cluster.tracking is not None:
        _check_tracking(kind, cluster.tracking)


def _check_tracking(kind: str, tracking: str) -> None:
    if kind == "compose":
        raise UserError(
            "compose starts an MLflow server of its own: leave --tracking out."
        )
    address = urlsplit(tracking)
    if address.password is not None:
        raise UserError(
            "--tracking has a password in it, which does not belong in a manifest: "
            "leave it out, and hand MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD to the driver, as the manifest shows."
        )
    is_address = re.fullmatch(r"[\w.\-/:@%+~]+", tracking)
    if address.scheme not in ("http", "https") or not is_address:
        raise UserError(
            f"--tracking {tracking!r}: "
            "give the address of an MLflow server, http://host:port."
        )


def write(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files into the folder; their paths. Raises UserError if one is there
    already.
    """
    # All are checked before the first is written.
    for path in (folder / name for name in files):
        if path.exists():
            raise UserError(
                f"{path} exists already: move it away, or name another folder with --output."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def _version(name: str) -> str:
    # "+cpu" names a build, which another machine may not want.
    return version(name).partition("+")[0]
