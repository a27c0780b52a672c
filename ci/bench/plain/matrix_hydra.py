"""The comparison of ``ci/bench/tasks/matrix.py`` as people write it with Hydra: one
process for each run, two at a time by its joblib launcher.

    python ci/bench/plain/matrix_hydra.py FOLDER

Rates are a grid: Hydra's sweeper for Optuna needs Optuna 2. What is best in a cell is
looked up in MLflow by the run that is tested.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hydra
import mlflow
import numpy as np
from hydra.core.config_store import ConfigStore
from matrix import ARMS, BLOCKS, TRIALS, WORKERS, in_mlflow

RATES = [f"{rate:.3g}" for rate in np.geomspace(1e-3, 1e-1, TRIALS)]


@dataclass
class Config:
    """A run; the best rate of its cell stands for none."""

    store: str = ""
    arm: str = "shallow"
    block: int = 0
    lr: float | None = None


ConfigStore.instance().store("run", Config)


@hydra.main(version_base=None, config_name="run")
def main(config: Config) -> float:
    """Train one run, and return its validation accuracy."""
    arm, block, lr = config.arm, config.block, config.lr
    if lr is None:
        final = float(best_rate(config.store, arm, block))
        return float(in_mlflow(config.store, arm, block, final, 1000)[0])
    return float(in_mlflow(config.store, arm, block, lr, block)[0])


def best_rate(store: str, arm: str, block: int) -> str:
    """The rate of the highest validation accuracy."""
    mlflow.set_tracking_uri(store)
    found = mlflow.search_runs(
        experiment_names=["matrix"],
        filter_string=f"params.arm = '{arm}' and params.block = '{block}'",
        order_by=["metrics.validation DESC"],
    )
    return str(found["params.lr"][0])


def sweep(store: str, folder: Path, *rates: str) -> None:
    """Run every arm in every block at each rate."""
    command = [
        sys.executable,
        __file__,
        "--multirun",
        "hydra/launcher=joblib",
        f"hydra.launcher.n_jobs={WORKERS}",
        f"hydra.sweep.dir={folder / 'sweep'}",
        f"store='{store}'",
        f"arm={','.join(ARMS)}",
        f"block={','.join(map(str, range(BLOCKS)))}",
    ]
    subprocess.run([*command, *rates], check=True)


def both_sweeps(folder: Path) -> None:
    """Tune, test, and print the difference between the arms."""
    store = f"sqlite:///{folder}/mlflow.db"
    # The store is made before two processes would.
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("matrix")
    sweep(store, folder, f"lr={','.join(RATES)}")
    sweep(store, folder)
    found = mlflow.search_runs(
        experiment_names=["matrix"], max_results=len(ARMS) * BLOCKS
    )
    tested = found.groupby("params.arm")["metrics.test"].mean()
    print(f"deep minus shallow: {tested['deep'] - tested['shallow']:+.4f}")


if __name__ == "__main__":
    if "--multirun" in sys.argv:
        main()
    else:
        both_sweeps(Path(sys.argv[1]).resolve())
