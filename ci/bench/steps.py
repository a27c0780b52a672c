"""An update by our training loop against what else a user would take, on one CPU thread.

    python ci/bench/steps.py [--rounds 5] [--epochs 2] [--json]

All train the same model with AdamW (scikit-learn: Adam) on 4,000 examples in shuffled
batches of 100. Of a fit's seconds those of a fit of one epoch are taken off, so that
making the trainer does not count. Ratios are those of the peer to ours. A stack's
seconds are divided by its runs. Peers are in ci/bench/peers.txt; one that is not
installed is left out with a message.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from interleaved import Timed, machine, ratios, table
from torch import Tensor, nn
from torch.nn import functional

from suite.training.loop import TrainingLoop
from suite.training.stacks.member import StackMember
from suite.training.stacks.stack import Stack
from tasks import Recipe, Split
from tasks.procedures.supervised import Classification

EXAMPLES, BATCH, CLASSES = 4000, 100, 10
RATE, DECAY = 1e-3, 0.01
STACK = 12  # runs
OURS, STACKED = "Bakeoff", f"Bakeoff, a stack of {STACK}"
# inputs and widths of the hidden layers
MODELS: dict[str, tuple[int, tuple[int, ...]]] = {
    "logistic regression": (40, ()),
    "deep MLP, 8 layers of 64": (64, (64,) * 8),
    "wide MLP, 1 layer of 256": (64, (256,)),
}
Fit = Callable[[int], None]
LoopT = TypeVar("LoopT", bound=TrainingLoop)


class Problem:
    """A model to fit and random examples, whose labels do not matter for the time."""

    def __init__(self, inputs: int, hidden: tuple[int, ...]) -> None:
        generator = torch.Generator().manual_seed(0)
        self.inputs, self.hidden = inputs, hidden
        self.x = torch.randn(EXAMPLES, inputs, generator=generator)
        self.y = torch.randint(0, CLASSES, (EXAMPLES,), generator=generator)

    def model(self) -> nn.Sequential:
        torch.manual_seed(0)
        made = nn.Sequential()
        before = self.inputs
        for width in self.hidden:
            made.extend([nn.Linear(before, width), nn.ReLU()])
            before = width
        return made.append(nn.Linear(before, CLASSES))


def loop_of(kind: type[LoopT], problem: Problem, epochs: int) -> LoopT:
    """A loop of ours that is ready to train, with one evaluation at each end."""
    recipe = Recipe(
        epochs=epochs,
        batch_size=BATCH,
        evaluations=1,
        schedule="constant",
        restore_best=False,
    )
    return kind(
        Classification(),
        problem.model(),
        Split(problem.x, problem.y),
        Split(problem.x[:BATCH], problem.y[:BATCH]),
        recipe,
        {"lr": RATE, "weight_decay": DECAY},
        {"order": 0, "dropout": 1, "evaluation": 2},
    )


def bakeoff(problem: Problem) -> Fit:
    """Our loop."""

    def fit(epochs: int) -> None:
        for _ in loop_of(TrainingLoop, problem, epochs):
            pass

    return fit


def stacked(problem: Problem) -> Fit:
    """Our loop, for several runs that advance together."""

    def fit(epochs: int) -> None:
        members = [loop_of(StackMember, problem, epochs) for _ in range(STACK)]
        stack = Stack(members[0])
        stack.measure(members)
        stack.advance(members, members[0].steps)
        stack.measure(members)

    return fit


def update(model: nn.Module, optimizer: Any, x: Tensor, y: Tensor) -> None:
    """One update, as every tutorial writes it."""
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)


def loader(problem: Problem) -> Any:
    from torch.utils.data import DataLoader, TensorDataset

    data = TensorDataset(problem.x, problem.y)
    return DataLoader(data, batch_size=BATCH, shuffle=True)


def plain_loader(problem: Problem) -> Fit:
    """A plain loop over a DataLoader."""

    def fit(epochs: int) -> None:
        model = problem.model()
        optimizer, batches = adamw(model), loader(problem)
        for _ in range(epochs):
            for x, y in batches:
                update(model, optimizer, x, y)

    return fit


def plain_tensors(problem: Problem) -> Fit:
    """A plain loop that indexes tensors."""

    def fit(epochs: int) -> None:
        model = problem.model()
        optimizer = adamw(model)
        for _ in range(epochs):
            for index in torch.randperm(EXAMPLES).split(BATCH):
                update(model, optimizer, problem.x[index], problem.y[index])

    return fit


def lightning(problem: Problem) -> Fit:
    """PyTorch Lightning's Trainer with all extras off."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = problem.model()

        def training_step(
            self, batch: tuple[Tensor, Tensor], _: int
        ) -> Tensor:
            x, y = batch
            return functional.cross_entropy(self.model(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return adamw(self)

    def fit(epochs: int) -> None:
        trainer = lightning.Trainer(
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            accelerator="cpu",
            devices=1,
        )
        trainer.fit(Module(), loader(problem))

    return fit


def skorch(problem: Problem) -> Fit:
    """skorch's NeuralNetClassifier without a validation split."""
    from skorch import NeuralNetClassifier

    def fit(epochs: int) -> None:
        net = NeuralNetClassifier(
            problem.model(),
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            lr=RATE,
            optimizer__weight_decay=DECAY,
            max_epochs=epochs,
            batch_size=BATCH,
            iterator_train__shuffle=True,
            train_split=None,
            verbose=0,
        )
        net.fit(problem.x, problem.y)

    return fit


def scikit_learn(problem: Problem) -> Fit:
    """scikit-learn's MLPClassifier, which trains with NumPy."""
    from sklearn.neural_network import MLPClassifier

    x, y = problem.x.numpy(), problem.y.numpy()

    def fit(epochs: int) -> None:
        net = MLPClassifier(
            problem.hidden,
            batch_size=BATCH,
            learning_rate_init=RATE,
            max_iter=epochs,
            n_iter_no_change=10**6,
            tol=0,
        )
        net.fit(x, y)

    return fit


# a name, the module that it needs, and what makes its fit
PEERS: tuple[tuple[str, str, Callable[[Problem], Fit]], ...] = (
    (OURS, "torch", bakeoff),
    (STACKED, "torch", stacked),
    ("plain loop over tensors", "torch", plain_tensors),
    ("plain loop over a DataLoader", "torch", plain_loader),
    ("scikit-learn MLPClassifier", "sklearn", scikit_learn),
    ("skorch", "skorch", skorch),
    ("PyTorch Lightning", "lightning", lightning),
)


def installed() -> list[tuple[str, Callable[[Problem], Fit]]]:
    """The peers that are here; the others are named on stderr."""
    found = []
    for name, module, make in PEERS:
        if importlib.util.find_spec(module):
            found.append((name, make))
        else:
            print(
                f"{name} is not installed and left out: "
                "pip install -r ci/bench/peers.txt",
                file=sys.stderr,
            )
    return found


def timed(fit: Fit, epochs: int) -> tuple[float, float]:
    """Seconds of CPU and of the wall of a fit."""
    cpu, wall = time.process_time(), time.perf_counter()
    fit(epochs)
    return time.process_time() - cpu, time.perf_counter() - wall


def compare(
    problem: Problem,
    peers: list[tuple[str, Callable[[Problem], Fit]]],
    rounds: int,
    epochs: int,
) -> list[dict[str, Any]]:
    """The rows of one model: seconds an update, and ratios to ours."""
    fits = {name: make(problem) for name, make in peers}
    found = {name: Timed() for name in fits}
    updates = epochs * EXAMPLES // BATCH
    for fit in fits.values():
        fit(1)  # imports and caches
    for _ in range(rounds):
        for name, fit in fits.items():
            short, long = timed(fit, 1), timed(fit, 1 + epochs)
            made = updates * (STACK if name == STACKED else 1)
            found[name].cpu.append((long[0] - short[0]) / made)
            found[name].wall.append((long[1] - short[1]) / made)
    return ratios(found, OURS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    rows, peers = {}, installed()
    for title, (inputs, hidden) in MODELS.items():
        problem = Problem(inputs, hidden)
        rows[title] = compare(problem, peers, given.rounds, given.epochs)
    about = machine("torch", "lightning", "skorch", "scikit-learn")
    if given.json:
        print(json.dumps({"about": about, "models": rows}, indent=1))
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()) + "\n")
    for title, found in rows.items():
        print(table(f"an update of {title}", found))


if __name__ == "__main__":
    main()
