"""The comparison of ``tasks/examples/search_spaces.py``, with pruning, in plain PyTorch
and Optuna: a search over two optimisers, of which one alone has a momentum, against
four points by hand.

What is pruned depends on the order in which trials end; there is no record, resuming,
gates, pages, or parallel runs.
"""

import time

import numpy as np
import optuna
import torch
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

BLOCKS, TRIALS, EPOCHS, BATCH, EVALUATIONS = 3, 8, 5, 32, 20
BY_HAND = [
    {"optimizer": "adam", "lr": 0.01},
    {"optimizer": "adam", "lr": 0.001},
    {"optimizer": "momentum", "lr": 0.1, "momentum": 0.9},
    {"optimizer": "momentum", "lr": 0.01, "momentum": 0.9},
]


def splits(seed: int) -> list[tuple[Tensor, Tensor]]:
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


def optimizer_of(model: nn.Module, params: dict) -> torch.optim.Optimizer:
    if params["optimizer"] == "adam":
        return torch.optim.Adam(model.parameters(), params["lr"])
    return torch.optim.SGD(
        model.parameters(), params["lr"], momentum=params["momentum"]
    )


def train(params, data, seed, trial=None):
    """Validation accuracy of the best checkpoint, and its test accuracy."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optimizer_of(model, params)
    (x, y), validation, test = data
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    best, step = (0.0, 0.0), 0
    for _ in range(EPOCHS):
        for index in torch.randperm(len(x)).split(BATCH):
            loss = functional.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step % (steps // EVALUATIONS) == 0:
                found = accuracy(model, validation), accuracy(model, test)
                best = max(best, found, key=lambda pair: pair[0])
                if trial and step * 4 // steps in (1, 2):
                    trial.report(best[0], step)
                    if trial.should_prune():
                        raise optuna.TrialPruned
    return best


def searched(data, block: int) -> dict:
    def objective(trial: optuna.Trial) -> float:
        params = {
            "optimizer": trial.suggest_categorical(
                "optimizer", ["adam", "momentum"]
            ),
            "lr": trial.suggest_float("lr", 1e-4, 1.0, log=True),
        }
        if params["optimizer"] == "momentum":
            params["momentum"] = trial.suggest_float("momentum", 0.5, 0.99)
        return train(params, data, 100 * block + trial.number, trial)[0]

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=block),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
    )
    study.optimize(objective, TRIALS)
    return study.best_params


def by_hand(data, block: int) -> dict:
    scores = [
        train(params, data, 500 + 100 * block + number)[0]
        for number, params in enumerate(BY_HAND)
    ]
    return BY_HAND[int(np.argmax(scores))]


torch.set_num_threads(1)
optuna.logging.set_verbosity(optuna.logging.WARNING)
gaps = []
for block in range(BLOCKS):
    data = splits(block)
    ours, theirs = (
        train(choose(data, block), data, 1000 + block)[1]
        for choose in (by_hand, searched)
    )
    gaps.append(ours - theirs)
low, high = stats.t.interval(
    0.90, BLOCKS - 1, np.mean(gaps), max(stats.sem(gaps), 1e-12)
)
print(f"by hand: {np.mean(gaps):+.3f} ({low:+.3f} to {high:+.3f})")
print(f"{time.process_time():.0f} CPU seconds")
