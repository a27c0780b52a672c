"""Manifests parse, fit the schemas of those who read them, name what exists, and hold
no secret.
"""

import copy
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jinja2 import UndefinedError

from suite.cli import main
from suite.deploy.manifests import (
    FOLDER,
    KINDS,
    Cluster,
    fill,
    manifests,
    write,
)
from suite.planning.plan import Plan
from suite.planning.profile import load_profile
from suite.records.journal import FILE, read_lines
from suite.records.results import Results
from suite.records.status import standing
from tasks import UserError

ROOT = Path(__file__).resolve().parents[2]
PLAIN = Cluster("registry.example/bakeoff:1", workers=3, cpus=8)
RICH = Cluster(
    "registry.example/bakeoff:1",
    2,
    16,
    gpus=1,
    profile="full",
    tracking="http://mlflow.example:5000",
)


def made(kind: str, cluster: Cluster) -> dict[str, str]:
    if kind == "compose":
        cluster = Cluster(
            cluster.image,
            cluster.workers,
            cluster.cpus,
            cluster.gpus,
            cluster.profile,
        )
    return manifests(kind, cluster)


def main_manifest(kind: str, cluster: Cluster = PLAIN) -> str:
    return next(iter(made(kind, cluster).values()))


EVERY = [
    pytest.param(kind, cluster, id=f"{kind}-{cluster.gpus}")
    for kind in KINDS
    for cluster in (PLAIN, RICH)
]


# --------------------------------------------------------------------------------- all


@pytest.mark.parametrize(("kind", "cluster"), EVERY)
def test_every_place_is_filled_and_lines_for_gpus_and_mlflow_come_only_with_them(
    kind, cluster
):
    for name, text in made(kind, cluster).items():
        assert "{{" not in text
        assert "{%" not in text
        assert name == "Dockerfile" or (cluster.profile in text)
        if kind not in ("compose", "dockerfile"):
            assert (
                ("mlflow.example" in text)
                == ("TRACKING_PASSWORD" in text)
                == bool(cluster.gpus)
            )
        if name != "Dockerfile":
            assert ("--device cuda" in text) == bool(cluster.gpus)


def test_each_template_belongs_to_a_kind():
    assert {path.name for path in FOLDER.iterdir()} == {
        name for names in KINDS.values() for name in names
    }


@pytest.mark.parametrize(("kind", "cluster"), EVERY)
def test_nothing_in_them_is_a_secret(kind, cluster):
    for text in made(kind, cluster).values():
        assert not re.search(r"://[^/\s]*:[^/\s]*@", text)
        assert not re.search(
            r"(PASSWORD|TOKEN|SECRET)(_KEY)?['\"]?[:=] *['\"]?[0-9a-zA-Z]{3,}",
            text,
        )


def called(text: str, program: str) -> list[list[str]]:
    """The calls of a program that a manifest makes, as words after its name; in YAML
    lists, too.
    """
    lines = re.sub(r"\s*\\\n\s*", " ", text).replace("[bakeoff, ", "bakeoff ")
    found = re.findall(
        rf"(?:^|[\s'`]){program} ([a-z-]+ ?[^'`\n#|;)]*)",
        lines,
        flags=re.MULTILINE,
    )
    calls = [shlex.split(re.sub(r"[],$\"&]", " ", call)) for call in found]
    return [words for words in calls if words[0] not in ("node", "dashboard:")]


def accepts(command: Any, words: list[str]) -> bool:
    """Whether a click command has the subcommand and the options in these words."""
    while getattr(command, "commands", None):
        command, words = command.commands.get(words[0]), words[1:]
        if command is None:
            return False
    words = words[: words.index("--")] if "--" in words else words
    options = {
        option for parameter in command.params for option in parameter.opts
    }
    return {
        word.partition("=")[0] for word in words if word.startswith("-")
    } <= options


def test_a_command_that_does_not_exist_would_be_noticed():
    ours = typer.main.get_command(main.app)

    assert called("  - `bakeoff run quick --results /r` # so", "bakeoff") == [
        ["run", "quick", "--results", "/r"]
    ]
    assert not accepts(ours, ["walk", "quick"])
    assert not accepts(ours, ["run", "quick", "--no-such=1"])


@pytest.mark.parametrize(
    ("kind", "cluster"),
    [case for case in EVERY if case.values[0] != "dockerfile"],
)
def test_the_commands_in_them_exist(kind, cluster):
    from ray.scripts.scripts import cli as rays

    text = main_manifest(kind, cluster)
    ours = [
        words
        for words in called(text, "bakeoff")
        if words[0] in typer.main.get_command(main.app).commands
    ]

    assert any(words[:2] == ["run", cluster.profile] for words in ours)
    assert all(
        accepts(typer.main.get_command(main.app), words) for words in ours
    ), ours
    theirs = [
        words for words in called(text, "ray") if words[0] in rays.commands
    ]
    assert theirs or kind == "kuberay"
    assert all(
        accepts(rays, words) for words in theirs if words[0] != "symmetric-run"
    ), theirs


def test_what_cannot_be_used_is_refused():
    for kind, cluster, message in (
        ("kubray", PLAIN, "did you mean 'kuberay'"),
        ("kuberay", Cluster("a b", 1, 1), "is not a valid image name"),
        (
            "kuberay",
            Cluster("a", 1, 1, profile="quik"),
            "did you mean 'quick'",
        ),
        ("kuberay", Cluster("a", 1, 1, profile="mine; rm"), "without spaces"),
        (
            "kuberay",
            Cluster("a", 1, 1, tracking="http://u:p@host"),
            "MLFLOW_TRACKING_PASSWORD",
        ),
        (
            "kuberay",
            Cluster("a", 1, 1, tracking="sqlite:///x.db"),
            "http://host:port",
        ),
        ("compose", RICH, "leave --tracking out"),
        ("ray-up", Cluster("a", 1, 64, gpus=16), "more workers"),
    ):
        with pytest.raises(UserError, match=re.escape(message)):
            manifests(kind, cluster)


def test_a_value_that_is_missing_is_our_mistake():
    with pytest.raises(UndefinedError, match="'image' is undefined"):
        fill("compose.yaml", {})


def test_files_are_written_and_never_overwritten(tmp_path):
    files = made("compose", PLAIN)

    assert [path.name for path in write(files, tmp_path / "new")] == [
        "compose.yaml",
        "Dockerfile",
    ]
    with pytest.raises(UserError, match="exists already"):
        write(files, tmp_path / "new")


# ----------------------------------------------------------------------------- kuberay

# What a RayJob may have, of KubeRay's ray.io/v1; below `template` lies a pod, as
# Kubernetes defines it.
GROUP = {"rayStartParams": dict, "template": dict}
RAYJOB: dict[str, Any] = {
    "apiVersion": str,
    "kind": str,
    "metadata": {"name": str},
    "spec": {
        "entrypoint": str,
        "submissionMode": str,
        "backoffLimit": int,
        "shutdownAfterJobFinishes": bool,
        "ttlSecondsAfterFinished": int,
        "rayClusterSpec": {
            "rayVersion": str,
            "authOptions": {"mode": str},
            "headGroupSpec": GROUP,
            "workerGroupSpecs": [
                {
                    **GROUP,
                    "groupName": str,
                    "replicas": int,
                    "minReplicas": int,
                    "maxReplicas": int,
                },
            ],
        },
    },
}


def fits(value: Any, form: Any, where: str = "") -> None:
    if isinstance(form, dict):
        assert set(value) <= set(form), where
        for name, below in value.items():
            fits(below, form[name], f"{where}.{name}")
    elif isinstance(form, list):
        for below in value:
            fits(below, form[0], f"{where}[]")
    else:
        assert type(value) is form, where


@pytest.mark.parametrize("cluster", [PLAIN, RICH])
def test_the_rayjob_has_kuberays_fields_and_what_its_pods_mount(cluster):
    claim, job = yaml.safe_load_all(main_manifest("kuberay", cluster))
    fits(job, RAYJOB)
    spec = job["spec"]["rayClusterSpec"]
    head = spec["headGroupSpec"]["template"]["spec"]
    (group,) = spec["workerGroupSpecs"]
    (worker,) = group["template"]["spec"]["containers"]

    assert job["apiVersion"] == "ray.io/v1"
    assert spec["rayVersion"] == version("ray")
    assert (
        group["replicas"]
        == group["minReplicas"]
        == group["maxReplicas"]
        == cluster.workers
    )
    assert all(
        type(value) is str
        for value in spec["headGroupSpec"]["rayStartParams"].values()
    )
    assert worker["resources"]["limits"].get("nvidia.com/gpu") == (
        "1" if cluster.gpus else None
    )
    assert {
        container["image"] for container in [*head["containers"], worker]
    } == {cluster.image}
    assert [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in head["volumes"]
    ] == [claim["metadata"]["name"]]
    assert {
        mount["name"]
        for one in head["containers"]
        for mount in one["volumeMounts"]
    } == {"results"}


# ------------------------------------------------------------------------------ ray-up


@pytest.mark.parametrize(
    ("cluster", "instance"), [(PLAIN, "m7i.2xlarge"), (RICH, "g6.4xlarge")]
)
def test_the_cluster_fits_rays_own_schema(cluster, instance):
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = yaml.safe_load(main_manifest("ray-up", cluster))
    validate_config(
        prepare_config(copy.deepcopy(config))
    )  # as `ray up` does: against ray-schema.json, and for sense
    with pytest.raises(Exception, match="no_such_key"):
        validate_config({**config, "no_such_key": 1})
    (node,) = config["available_node_types"].values()

    assert config["head_node_type"] in config["available_node_types"]
    assert node["node_config"]["InstanceType"] == instance
    assert node["min_workers"] + 1 == cluster.workers  # the head trains, too
    assert config["docker"]["image"] == cluster.image


# ------------------------------------------------------------------------------- slurm


@pytest.mark.parametrize("cluster", [PLAIN, RICH])
def test_bash_understands_the_slurm_script(cluster):
    text = main_manifest("slurm", cluster)
    done = subprocess.run(
        ["bash", "-n"], input=text, capture_output=True, text=True, check=False
    )
    before_commands = text[: text.index("set -euo")].splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert all(
        line.startswith("#") for line in before_commands
    )  # sbatch reads no further than the first command
    assert f"#SBATCH --nodes={cluster.workers}" in before_commands


def alone(command: str, **options: Any) -> subprocess.Popen[bytes]:
    """A command in namespaces of its own: it sees no process but its own and has all
    ports for itself.
    """
    call = [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "--net",
        "--kill-child",
        "bash",
        "-c",
    ]
    return subprocess.Popen(
        [*call, f"ip link set lo up; exec {command}"], **options
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_slurm_job_stops_before_its_time_is_up_and_goes_on_where_it_was(
    tmp_path,
):
    """The script itself, on a node, with stand-ins for Slurm's own commands."""
    if alone("true", stderr=subprocess.DEVNULL).wait():
        pytest.skip(
            "this system gives us no namespaces, without which `ray stop` would stop every Ray on it"
        )
    profile, bins = tmp_path / "small.toml", tmp_path / ".venv" / "bin"
    profile.write_text(
        "blocks = 4\ntrials = 4\n[tasks.logistic_regression]\nlevels = ['breast_cancer']\n"
    )
    script = tmp_path / "bakeoff.sbatch"
    script.write_text(
        main_manifest(
            "slurm", Cluster("image", workers=1, cpus=2, profile=str(profile))
        )
    )
    bins.mkdir(parents=True)
    for name, text in (
        (
            "activate",
            f"export PATH={bins}:{Path(sys.executable).parent}:$PATH PYTHONPATH={ROOT}",
        ),
        ("bakeoff", f'exec {sys.executable} -m suite "$@"'),
        ("srun", 'while [[ $1 == --* ]]; do shift; done; exec "$@"'),
        ("scontrol", f'echo "$@" >> {tmp_path}/scontrol.log'),
        ("hostname", "echo 127.0.0.1"),
    ):
        (bins / name).write_text(f"#!/bin/bash\n{text}\n")
        (bins / name).chmod(0o755)
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("RAY_")
    }
    plan = Plan(load_profile(str(profile)))
    record = tmp_path / "results" / plan.id / FILE

    def job() -> subprocess.Popen[bytes]:
        slurm = {
            "SLURM_SUBMIT_DIR": str(tmp_path),
            "SLURM_JOB_ID": "7",
            "SLURM_JOB_NUM_NODES": "1",
            "TMPDIR": folder,
        }
        with (tmp_path / "log").open("ab") as log:
            return alone(
                f"bash {script}",
                env={**plain, **slurm},
                stdout=log,
                stderr=log,
            )

    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        first = job()
        while not record.exists() or record.read_bytes().count(b"\n") < 2:
            assert first.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.1)
        inside = (
            Path(f"/proc/{first.pid}/task/{first.pid}/children")
            .read_text()
            .split()
        )
        os.kill(
            int(inside[0]), signal.SIGTERM
        )  # what Slurm does two minutes before the time is up
        first.wait()
        assert (tmp_path / "scontrol.log").read_text() == "requeue 7\n"
        before = record.read_text()
        assert (
            standing(Results(tmp_path / "results"), plan.id).state == "stopped"
        )
        assert before.count("\n") < plan.runs
        assert job().wait() == 0, (tmp_path / "log").read_text()

    assert record.read_text().startswith(before)
    assert (
        len({line["key"] for line in read_lines(record)})
        == record.read_text().count("\n")
        == plan.runs
    )


# ----------------------------------------------------------------------------- compose


@pytest.fixture(params=[PLAIN, RICH], ids=["cpu", "gpu"])
def composed(request) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        main_manifest("compose", request.param)
    )
    return loaded


def test_compose_has_the_services_that_people_expect(composed):
    assert {
        "postgres",
        "mlflow",
        "ray-head",
        "ray-worker",
        "campaign",
        "dashboard",
    } < set(composed["services"])


def test_compose_waits_for_what_can_tell_that_it_is_ready(composed):
    services = composed["services"]
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert services[other]["healthcheck"]["test"][0] == "CMD"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[other]["restart"] == "no"


def test_compose_mounts_only_what_it_declares_and_opens_ports_to_this_machine_alone(
    composed,
):
    mounted = {
        mount.split(":")[0]
        for one in composed["services"].values()
        for mount in one.get("volumes", ())
    }

    assert mounted == set(composed["volumes"])
    ports = [
        port
        for one in composed["services"].values()
        for port in one.get("ports", ())
    ]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_secrets_are_drawn_once_and_are_for_their_owner_alone(
    composed, tmp_path
):
    (script,) = composed["services"]["secrets"]["command"][2:]
    script = (
        script.replace("$$", "$")
        .replace("/secrets", str(tmp_path))
        .replace("python", sys.executable)
    )
    for _ in range(2):
        subprocess.run(["bash", "-euc", script], check=True)
        drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    used = set(re.findall(r"/secrets/(\w+)", json.dumps(composed)))

    assert used == set(drawn)
    assert all(re.fullmatch("[0-9a-f]{48}", text) for text in drawn.values())
    assert len(set(drawn.values())) == len(drawn)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        0o600
    }
    subprocess.run(["bash", "-euc", script], check=True)
    assert {
        path.name: path.read_text() for path in tmp_path.iterdir()
    } == drawn


# -------------------------------------------------------------------------- dockerfile


def test_the_image_gets_files_that_exist_and_the_versions_that_are_pinned():
    text = main_manifest("dockerfile")
    copied = re.findall(r"^COPY --chown=ray:ray (.+) \S+$", text, re.MULTILINE)
    pins = dict(
        re.findall(
            r"^([\w.-]+)==(\S+)$",
            (ROOT / "ci" / "constraints.txt").read_text(),
            re.MULTILINE,
        )
    )

    assert all(
        (ROOT / name).exists() for names in copied for name in names.split()
    )
    assert {"tasks", "search", "suite", "dashboard"} <= set(copied)
    assert f"ARG TORCH={pins['torch']}\n" in text
    assert f"Ray {pins['ray']}, MLflow {pins['mlflow']}" in text
    assert re.search(r"^FROM python:3\.\d+\.\d+-slim$", text, re.MULTILINE)
