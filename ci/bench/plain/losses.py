"""The comparison of ``tasks/examples/losses.py`` in plain PyTorch and Optuna.

A study for each loss and block, the best checkpoint on validation, and paired t
intervals of the test accuracy. It has no record, resuming, gates, adjustment for
several claims, pages, or parallel runs.
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

BLOCKS, TRIALS, EPOCHS, BATCH, EVALUATIONS = 3, 3, 10, 64, 20


def focal(outputs: Tensor, y: Tensor) -> Tensor:
    log_p = outputs.log_softmax(1).gather(1, y[:, None]).squeeze(1)
    return -((1 - log_p.exp()) ** 2 * log_p).mean()


def squares(outputs: Tensor, y: Tensor) -> Tensor:
    one_hot = functional.one_hot(y, 10).float()
    return (outputs - one_hot).square().sum(1).mean()


def smoothed(outputs: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(outputs, y, label_smoothing=0.1)


LOSSES = {
    "cross_entropy": functional.cross_entropy,
    "smoothed": smoothed,
    "focal": focal,
    "squares": squares,
}


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


def train(loss_of, lr, data, seed):
    """Validation accuracy of the best checkpoint, and its test accuracy."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    (x, y), validation, test = data
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    best, step = (0.0, 0.0), 0
    for _ in range(EPOCHS):
        for index in torch.randperm(len(x)).split(BATCH):
            loss = loss_of(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step % (steps // EVALUATIONS) == 0:
                found = accuracy(model, validation), accuracy(model, test)
                best = max(best, found, key=lambda pair: pair[0])
    return best


def final(loss_of, block: int) -> float:
    data = splits(block)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.QMCSampler(seed=block)
    )

    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
        return train(loss_of, lr, data, 100 * block + trial.number)[0]

    study.optimize(objective, TRIALS)
    return train(loss_of, study.best_params["lr"], data, 1000 + block)[1]


torch.set_num_threads(1)
optuna.logging.set_verbosity(optuna.logging.WARNING)
found = {
    name: np.array([final(loss, block) for block in range(BLOCKS)])
    for name, loss in LOSSES.items()
}
for name, values in found.items():
    gap = values - found["cross_entropy"]
    low, high = stats.t.interval(
        0.95, BLOCKS - 1, gap.mean(), max(stats.sem(gap), 1e-12)
    )
    print(
        f"{name}: {values.mean():.3f}, {gap.mean():+.3f} ({low:+.3f} to {high:+.3f})"
    )
print(f"{time.process_time():.0f} CPU seconds")
