"""The comparison of ``ci/bench/tasks/matrix.py`` as people write it with other tools.

    python ci/bench/plain/matrix.py ray_tune | ray_tune_reused | joblib FOLDER

Both arms are tuned in each of four blocks with eight trials, and the best setting is
trained once more and tested. Every run is in MLflow, with its curve.
"""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import mlflow
import numpy as np
import optuna
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

BLOCKS, TRIALS, WORKERS = 4, 8, 2
STEPS, BATCH, EVALUATIONS = 1500, 32, 20
ARMS = {"shallow": (64,), "deep": (64, 64, 64)}
CELLS = [(arm, block) for arm in ARMS for block in range(BLOCKS)]
Report = Callable[[float, int], None]


def splits(seed: int) -> list[tuple[Tensor, Tensor]]:
    """Training, validation and test examples of a block."""
    x, y = load_digits(return_X_y=True)
    rest_x, test_x, rest_y, test_y = train_test_split(
        x, y, test_size=180, random_state=seed
    )
    train_x, val_x, train_y, val_y = train_test_split(
        rest_x, rest_y, test_size=359, random_state=seed
    )
    mean, std = train_x.mean(), train_x.std()
    parts = (train_x, train_y), (val_x, val_y), (test_x, test_y)
    return [
        (torch.tensor((x - mean) / std).float(), torch.tensor(y))
        for x, y in parts
    ]


def accuracy(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    with torch.no_grad():
        return (model(data[0]).argmax(1) == data[1]).float().mean().item()


def train(
    arm: str, block: int, lr: float, seed: int, report: Report
) -> tuple[float, float]:
    """Validation accuracy of the best checkpoint, and its test accuracy."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    widths = (64, *ARMS[arm])
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    (x, y), validation, test = splits(block)
    best, step = (0.0, 0.0), 0
    while step < STEPS:
        for index in torch.randperm(len(x)).split(BATCH):
            loss = functional.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step % (STEPS // EVALUATIONS) == 0:
                found = accuracy(model, validation), accuracy(model, test)
                best = max(best, found, key=lambda pair: pair[0])
                report(found[0], step)
            if step == STEPS:
                break
    return best


def in_mlflow(store: str, arm: str, block: int, lr: float, seed: int) -> Any:
    """One run, in MLflow: validation and test accuracy."""
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("matrix")
    with mlflow.start_run():
        mlflow.log_params({"arm": arm, "block": block, "lr": lr})
        best = train(
            arm,
            block,
            lr,
            seed,
            lambda value, step: mlflow.log_metric(
                "validation", value, step=step
            ),
        )
        mlflow.log_metric("test", best[1])
    return best


def study(store: str, arm: str, block: int) -> float:
    """The test accuracy of a cell that Optuna tunes."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
        seed = 100 * block + trial.number
        return float(in_mlflow(store, arm, block, lr, seed)[0])

    sampler = optuna.samplers.QMCSampler(seed=block)
    found = optuna.create_study(direction="maximize", sampler=sampler)
    found.optimize(objective, TRIALS)
    lr = found.best_params["lr"]
    return float(in_mlflow(store, arm, block, lr, 1000 + block)[1])


def with_joblib(store: str) -> list[float]:
    """Cells in a process each, two at a time."""
    # The store is made before two processes would.
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("matrix")
    cells = (joblib.delayed(study)(store, *cell) for cell in CELLS)
    return list(joblib.Parallel(WORKERS)(cells))


def with_ray_tune(store: str, folder: Path, reused: bool) -> list[float]:
    """Studies one after another, trials two at a time, then finals."""
    import ray
    from ray import tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.search.optuna import OptunaSearch

    ray.init(num_cpus=WORKERS, include_dashboard=False)
    rates = []
    for arm, block in CELLS:

        def trial(config: dict[str, Any], arm: str, block: int) -> None:
            train(
                arm,
                block,
                config["lr"],
                100 * block,
                lambda value, step: tune.report({"validation": value}),
            )

        callback = MLflowLoggerCallback(
            tracking_uri=store, experiment_name="matrix"
        )
        sampler = optuna.samplers.QMCSampler(seed=block)
        tuner = tune.Tuner(
            tune.with_parameters(trial, arm=arm, block=block),
            param_space={"lr": tune.loguniform(1e-3, 1e-1)},
            tune_config=tune.TuneConfig(
                metric="validation",
                mode="max",
                search_alg=OptunaSearch(sampler=sampler),
                num_samples=TRIALS,
                max_concurrent_trials=WORKERS,
                reuse_actors=reused,
            ),
            run_config=tune.RunConfig(
                callbacks=[callback], storage_path=str(folder), verbose=0
            ),
        )
        best = tuner.fit().get_best_result(scope="all")
        rates.append(best.config["lr"])
    final = ray.remote(in_mlflow)
    made = [
        final.remote(store, arm, block, lr, 1000 + block)
        for (arm, block), lr in zip(CELLS, rates, strict=True)
    ]
    tested = [float(best[1]) for best in ray.get(made)]
    ray.shutdown()
    return tested


def main(way: str, folder: Path) -> None:
    """Print the difference between the arms."""
    store = f"sqlite:///{folder}/mlflow.db"
    if way == "joblib":
        tested = with_joblib(store)
    else:
        tested = with_ray_tune(store, folder, way == "ray_tune_reused")
    shallow, deep = np.array(tested).reshape(2, BLOCKS)
    print(f"deep minus shallow: {(deep - shallow).mean():+.4f}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve())
