"""Plateaus: the path against torch's own SGD, and the rate."""

import numpy as np
import pytest
import torch
from torch import nn

import tasks
from tasks.procedures.curvature import CLASSES, HIDDEN, INPUTS, digits_sample
from tasks.procedures.plateau import EXAMPLES_A_BATCH, RATE, measure, rate_at

TASK = tasks.get("plateau")


def test_the_rate_is_constant_or_falls_to_nothing_from_half_way():
    updates = 100

    assert rate_at(99, updates, decays=False) == RATE
    assert rate_at(50, updates, decays=True) == RATE
    assert rate_at(75, updates, decays=True) == pytest.approx(RATE / 2)
    assert rate_at(100, updates, decays=True) == 0.0


def test_loss_and_gradient_are_those_of_torchs_modules_and_sgd():
    updates, seed = 100, 5
    generator = torch.Generator().manual_seed(seed)
    x, y, start = digits_sample(generator)
    model = nn.Sequential(
        nn.Linear(INPUTS, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, CLASSES)
    ).double()
    nn.utils.vector_to_parameters(start, model.parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    cross_entropy = nn.CrossEntropyLoss()
    losses, lengths = [], []
    for _ in range(updates):
        optimizer.zero_grad()
        whole = cross_entropy(model(x), y)
        whole.backward()
        gradients = [p.grad.flatten() for p in model.parameters()]
        losses.append(whole.item())
        lengths.append(torch.cat(gradients).norm().item())
        optimizer.zero_grad()
        batch = torch.randint(len(x), (EXAMPLES_A_BATCH,), generator=generator)
        cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()

    found = measure(updates, False, TASK.levels[0], {}, seed).values

    assert found["loss"] == pytest.approx(np.mean(losses[-20:]))
    assert found["gradient"] == pytest.approx(
        np.mean(lengths[-20:]) / lengths[0]
    )
