"""Does Rosenblatt's perceptron (1958) learn digits as well as the logistic loss does? It
follows no gradient of a loss: its procedure trains by itself, in a loop of its own.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import one_hot

from tasks import Arm, Claim, Float, Level, OwnRun, Params, Recipe, Shape, Space, Task
from tasks.data import digits
from tasks.procedures.supervised import Classification


@dataclass(frozen=True)
class Perceptron(Classification):
    """For an example that it gets wrong, moves the weights of the right class towards
    it, and those of the answered one away from it.
    """

    @torch.no_grad()
    def train(self, run: OwnRun) -> None:
        """One update a batch, by the mean over its examples."""
        weight, bias = run.model.parameters()
        for step, batch in enumerate(run.batches(), run.begin + 1):
            x = batch.x.flatten(1)
            answers = run.model(batch.x).argmax(1)
            wrong = one_hot(batch.y, len(bias)) - one_hot(answers, len(bias))
            lr = run.lr(step) / len(batch)
            weight.add_(wrong.to(x).T @ x, alpha=lr)
            bias.add_(wrong.to(x).sum(0), alpha=lr)
            if run.due(step) and not run.evaluate(step):
                return


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """A linear model, which both rules train."""
    return nn.Sequential(nn.Flatten(), nn.Linear(shape.features, shape.outputs))


TASK = Task(
    question="Does the perceptron learn digits as well as the logistic loss does?",
    load_data=lambda level, seed: digits.load(seed),
    arms=(Arm("logistic", build), Arm("perceptron", build, procedure=Perceptron())),
    procedure=Classification(),
    recipe=Recipe(epochs=10, batch_size=32),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
    claims=(
        Claim(
            "as_accurate",
            "The perceptron classifies digits as well as the logistic loss.",
            metric="accuracy",
            better="perceptron",
            worse="logistic",
            kind="no_worse",
            margin=0.02,
        ),
    ),
)
