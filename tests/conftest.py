"""What several tests use: one thread, a tiny task as a file, campaigns that run in this
process.
"""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import tasks
from suite.campaign.launch import launch
from suite.cluster.protocol import JobOutcome
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan

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


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


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
            {"name": "tiny", "blocks": 2, "trials": 3, "tasks": {tiny: TaskPlan()}}
        )
    )


Run = Callable[..., SerialExecutor]


@pytest.fixture
def run_inline(tmp_path: Path) -> Run:
    """Run a plan in this process, without MLflow unless a store is named; gives back
    the workers.
    """

    def run(
        plan: Plan,
        results: Path = tmp_path / "results",
        slots: int = 1,
        shuffle: int | None = None,
        **options: Any,
    ):
        workers = SerialExecutor(slots, shuffle)
        launch(plan, results, **{"workers": workers, "tracking_uri": "none", **options})
        return workers

    return run


# --------------------------------------------------------------------------- dashboard


@pytest.fixture(scope="session")
def synthetic() -> Any:
    """The script that writes synthetic campaigns, as a module."""
    if "synthetic" not in sys.modules:
        path = Path(__file__).parents[1] / "ci" / "bench" / "synthetic.py"
        spec = importlib.util.spec_from_file_location("synthetic", path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["synthetic"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["synthetic"]


@pytest.fixture(scope="session")
def small(synthetic: Any) -> Callable[..., Any]:
    """The size of a small synthetic campaign, with what is to be different."""
    size = {"blocks": 6, "trials": 3, "finals": 1, "tasks": ("logistic_regression",)}
    return lambda **changes: synthetic.Size(**{**size, **changes})


@pytest.fixture(scope="session")
def campaigns(
    synthetic: Any, small: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
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

Each line comes from a test in `tests/test_faults.py` or `test_servers.py` that really breaks it; `ci/slow.sh` runs
them. Lost and doubled are runs, in the record and in MLflow, against an undisturbed campaign, whose digest over
every loss of every step, and whose verdicts, must come out again. *Back after* counts from the fault, or from its
mending where that is up to the user, to the next training on record (or in MLflow), on two busy cores.

| fault | what the user sees | lost / doubled | back after |
|---|---|---|---|
"""


FOOTER = """
A worker that dies in a run is in `tests/test_cluster.py`: its run runs again elsewhere, and the user sees
nothing. The clock is that of driver, worker and publisher in one process. Models that a library fits in one call leave
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
        Path(named).write_text(HEADER + "".join(rows) + FOOTER, encoding="utf-8")
    print("\n", *rows, sep="")


@pytest.fixture
def watched() -> Callable[[Callable[[int], None]], SerialExecutor]:
    """Makes workers in this process, with something that happens before each run,
    told how many there were.
    """

    class Watched(SerialExecutor):
        def __init__(self, happens: Callable[[int], None]) -> None:
            super().__init__(slots=2)
            self.happens = happens

        def wait(self, seconds: float) -> list[JobOutcome]:
            self.happens(self.trained)
            return super().wait(seconds)

    return Watched
