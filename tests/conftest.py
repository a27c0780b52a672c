"""What several tests use: one thread, a tiny task as a file, campaigns that run in this
process.
"""

import importlib.util
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, settings

import tasks
from suite.campaign.launch import launch
from suite.cluster.protocol import JobOutcome
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.training.job import Job
from suite.training.resources import Resources

TINY = '''
"""Is the sign of a product easier for a wider network? Two numbers decide, eight are noise."""

from functools import partial

import torch
from torch import nn

from tasks import Arm, Claim, Level, Float, Recipe, Params, Shape, Space, Split, Splits, Task
from tasks.procedures.supervised import Classification


def load_data(level: Level, seed: int) -> Splits:
    rng = torch.Generator().manual_seed(seed)

    def draw(examples: int) -> Split:
        x = torch.randn(examples, 10, generator=rng)
        return Split(x, (x[:, 0] * x[:, 1] > 0).long())

    return Splits(draw(level["examples"]), draw(100), draw(100))


def build(width: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    return nn.Sequential(
        nn.Linear(shape.features, width), nn.ReLU(), nn.Dropout(params["dropout"]), nn.Linear(width, shape.outputs)
    )


TASK = Task(
    question="Does width help?",
    load_data=load_data,
    arms=(Arm("narrow", partial(build, 2), x=2), Arm("wide", partial(build, 32), x=32)),
    levels=(Level("few", {"examples": 64}, x=64), Level("many", {"examples": 256}, x=256)),
    procedure=Classification(),
    recipe=Recipe(epochs=4, batch_size=32, evaluations=4),
    space=Space(lr=Float(1e-3, 1e-1, log=True), weight_decay=Float(1e-6, 1e-2, log=True), dropout=Float(0.0, 0.5)),
    claims=(Claim("wider", "A wider network is better.", "accuracy", better="wide", worse="narrow", margin=0.02),),
)
'''


def pytest_configure() -> None:
    """Let every test find Ray as a user does who has used it before.

    Ray reads the mode as it is first imported, by whichever test comes first, and the
    token as it starts; two that start at once would each write one.
    """
    # Nothing may fail for having taken long on a busy machine.
    settings.register_profile(
        "unhurried",
        settings.get_profile(settings.get_current_profile_name()),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("unhurried")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    token = Path.home() / ".ray" / "auth_token"
    with suppress(OSError):
        token.parent.mkdir(exist_ok=True)
        token.touch(mode=0o600, exist_ok=False)
        token.write_text(secrets.token_hex(32), encoding="utf-8")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """Variables that a test sets are unset after it.

    Starting Ray sets some for its processes; another test's cluster, or command, would
    inherit them.
    """
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def own_task_files() -> Iterator[None]:
    """Task files that a test brings are forgotten after it."""
    before = dict(tasks._registry._FILES)
    yield
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)


@pytest.fixture(scope="session")
def tiny_source() -> str:
    """A tiny task's file, for fixtures that outlive a test."""
    return TINY


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.py"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture
def tiny(tiny_file: Path) -> str:
    """The name of a tiny task, known for as long as the tests run."""
    tasks.load_file(tiny_file)
    return "tiny"


@pytest.fixture
def tiny_plan(tiny: str) -> Plan:
    """Two arms, two levels, two blocks, three trials and one final: 32 runs of a
    few milliseconds.
    """
    return Plan(
        Profile.model_validate(
            {
                "name": "tiny",
                "blocks": 2,
                "trials": 3,
                "tasks": {tiny: TaskPlan()},
            }
        )
    )


Run = Callable[..., SerialExecutor]


@pytest.fixture
def run_inline(tmp_path: Path) -> Run:
    """Run a plan in this process, without MLflow unless a store is named.

    Returns the executor.
    """

    def run(
        plan: Plan,
        results: Path = tmp_path / "results",
        slots: int = 1,
        shuffle: int | None = None,
        **options: Any,
    ):
        executor = SerialExecutor(slots, shuffle)
        defaults: dict[str, Any] = {
            "executor": executor,
            "tracking_uri": "none",
        }
        launch(plan, results, **(defaults | options))
        return executor

    return run


class FakeExecutor(SerialExecutor):
    """Executes in this process, and has the faults of a cluster that it is told to.

    ``before_run`` is called before each run with the number of runs so far;
    ``interrupt_after`` so many of them the user presses Ctrl-C. The first ``lose``
    attempts at each job are lost (``out_of_memory``: for want of memory).
    ``worker_facts`` are what runs say of their worker after the first ``facts_after``.
    With ``groups`` it accepts runs on several workers, and ``group_sizes`` lists the
    world sizes in flight after each job that was submitted.
    """

    def __init__(
        self,
        slots: int = 2,
        shuffle: int | None = None,
        *,
        before_run: Callable[[int], object] = lambda trained: None,
        interrupt_after: int | None = None,
        lose: int = 0,
        out_of_memory: bool = False,
        worker_facts: Mapping[str, str] | None = None,
        facts_after: int = 0,
        groups: bool = False,
    ) -> None:
        super().__init__(slots, shuffle)
        self.before_run, self.interrupt_after = before_run, interrupt_after
        self.lose, self.out_of_memory = lose, out_of_memory
        self.worker_facts, self.facts_after = worker_facts or {}, facts_after
        self.groups = groups
        self.group_sizes: list[tuple[int, ...]] = []
        self._lost: Counter[str] = Counter()

    def check(self, need: Resources, world_size: int = 1) -> str | None:
        return super().check(need, 1 if self.groups else world_size)

    def submit(
        self, job: Job, need: Resources, exclusive: bool = False
    ) -> None:
        super().submit(job, need, exclusive)
        self.group_sizes.append(
            tuple(sorted(job.world_size for job in self._jobs))
        )

    def wait(self, seconds: float) -> list[JobOutcome]:
        if (
            self.interrupt_after is not None
            and self.trained >= self.interrupt_after
        ):
            raise KeyboardInterrupt
        self.before_run(self.trained)
        if self._jobs and self._lost[self._jobs[0].members[0].key] < self.lose:
            return [self._lose(self._jobs.pop(0))]
        outcomes = super().wait(seconds)
        if self.trained <= self.facts_after:
            return outcomes
        return [self._elsewhere(outcome) for outcome in outcomes]

    def _lose(self, job: Job) -> JobOutcome:
        self._lost[job.members[0].key] += 1
        return JobOutcome(job, [], "the node died", self.out_of_memory)

    def _elsewhere(self, outcome: JobOutcome) -> JobOutcome:
        results = [
            replace(result, worker={**result.worker, **self.worker_facts})
            for result in outcome.results
        ]
        return replace(outcome, results=results)


@pytest.fixture
def fake_executor() -> type[FakeExecutor]:
    """An executor in this process with the faults that a test names."""
    return FakeExecutor


# --------------------------------------------------------------------------- dashboard


@pytest.fixture(scope="session")
def synthetic() -> Any:
    """The script that writes synthetic campaigns, as a module."""
    if "synthetic" not in sys.modules:
        path = Path(__file__).parents[1] / "ci" / "bench" / "synthetic.py"
        spec = importlib.util.spec_from_file_location("synthetic", path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["synthetic"] = module = importlib.util.module_from_spec(
            spec
        )
        spec.loader.exec_module(module)
    return sys.modules["synthetic"]


@pytest.fixture(scope="session")
def small(synthetic: Any) -> Callable[..., Any]:
    """The size of a small synthetic campaign, with what is to be different."""
    size = {
        "blocks": 6,
        "trials": 3,
        "finals": 1,
        "tasks": ("logistic_regression",),
    }
    return lambda **changes: synthetic.Size(**{**size, **changes})


@pytest.fixture(scope="session")
def campaigns(
    synthetic: Any,
    small: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with a finished campaign, and a newer one that seems to be running."""
    folder = tmp_path_factory.mktemp("campaigns")
    synthetic.write_campaign(folder, small())
    synthetic.write_campaign(folder, small(seed=1, done=0.6))
    return folder


@pytest.fixture(scope="session")
def snapshots(campaigns: Path) -> Any:
    """Both as pages see them, judged."""
    from dashboard.data.snapshots import Snapshots
    from suite.records.results import Results

    found = Snapshots(Results(campaigns))
    for name in found.results.ids():
        found.get(name)
    found.refresh()
    return found


@pytest.fixture(scope="session")
def finished(snapshots: Any) -> str:
    """The id of the finished one."""
    name: str = snapshots.results.ids()[-1]
    return name


@pytest.fixture
def running(snapshots: Any) -> str:
    """The id of the other one, whose driver has just written, as one does each second."""
    name: str = snapshots.results.ids()[0]
    os.utime(snapshots.get(name).campaign.folder / "state.json")
    snapshots.refresh()
    return name


@pytest.fixture(scope="session")
def client(campaigns: Path) -> Any:
    """Asks the dashboard of both without a browser; nothing is refreshed or judged
    behind its back.
    """
    from dashboard.app import create_app
    from dashboard.serve import warm
    from suite.records.results import Results

    app = create_app(Results(campaigns), refresh=False)
    warm(app)
    return app.server.test_client()


# ------------------------------------------------------------------------------ faults

HEADER = """# What happens when something breaks

Each line comes from a test in `tests/campaign/test_faults.py` or `tests/cli/test_servers.py` that really breaks it; `ci/slow.sh` runs
them. Lost and doubled are runs, in the record and in MLflow, against an undisturbed campaign, whose digest over
every loss of every step, and whose verdicts, must come out again. *Back after* counts from the fault, or from its
repair where that is up to the user, to the next recorded run (or in MLflow), on two busy cores.

| fault | what the user sees | lost / doubled | back after |
|---|---|---|---|
"""


FOOTER = """
A worker that dies in a run is in `tests/cluster/test_ray_executor.py`: its run runs again elsewhere, and the user sees
nothing. Signals are in `tests/campaign/test_signals.py` and `tests/cli/test_stopping.py`: Ctrl-C, SIGTERM or SIGHUP, once
or twice, to a program or to its group, end it in one line, with exit code 130, 143 or 129 and no process left. The clock is that of driver, worker and publisher in one process. Models that a library fits in one call leave
nothing to go on from.
"""


@pytest.fixture(scope="session")
def tell() -> Iterator[Callable[[str, str, float], None]]:
    """Enters a fault, what the user sees and the seconds until work went on, once
    nothing was lost or doubled.
    """
    rows: list[str] = []
    yield lambda fault, sees, seconds: rows.append(
        f"| {fault} | {sees} | 0 / 0 | {seconds:.1f} s |\n"
    )
    if named := os.environ.get("BAKEOFF_FAULTS"):
        Path(named).write_text(
            HEADER + "".join(rows) + FOOTER, encoding="utf-8"
        )
    print("\n", *rows, sep="")
