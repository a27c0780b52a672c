"""Precision, accumulation and compilation change how a run is computed, not what."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from suite.training import computation
from suite.training.loop import TrainingLoop
from tasks import Recipe, Split, UserError
from tasks.augmentation.mixing import Mixup
from tasks.procedures.supervised import Classification

SEEDS = {"order": 3, "dropout": 4, "evaluation": 5}
STEPS = 60


def data() -> tuple[Split, Split]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 4, generator=generator)
    y = (x.sum(1) + torch.randn(300, generator=generator) > 0).long()
    return Split(x[:200], y[:200]), Split(x[200:], y[200:])


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))


def trained(
    procedure: Any = None, model: Any = None, **recipe: Any
) -> TrainingLoop:
    loop = TrainingLoop(
        procedure or Classification(),
        model or net(),
        *data(),
        Recipe(
            **{"steps": STEPS, "batch_size": 48, "evaluations": 4, **recipe}
        ),
        {"lr": 0.01},
        SEEDS,
    )
    for _ in loop:
        pass
    return loop


@pytest.mark.parametrize("parts", [2, 3, 5, 48])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_accumulated_updates_are_those_of_the_large_batch(parts, optimizer):
    whole = trained(
        optimizer=optimizer
    )  # the last batch of an epoch has 8 examples
    in_parts = trained(optimizer=optimizer, accumulate=parts)

    torch.testing.assert_close(
        in_parts.losses, whole.losses, rtol=1e-4, atol=1e-5
    )
    for ours, theirs in zip(
        in_parts.model.parameters(), whole.model.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_no_part_has_more_examples_than_its_share():
    seen = []

    class Noted(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.training:
                seen.append(len(x))
            return super().forward(x)

    trained(model=Noted(4, 2), accumulate=4)

    assert max(seen) == 12


def test_bf16_computes_the_loss_in_bfloat16_and_learns_as_torch_does():
    train, _ = data()
    peer, types = net(), []
    sgd = torch.optim.SGD(peer.parameters(), lr=0.01)
    peer[0].register_forward_hook(lambda *of: types.append(of[2].dtype))
    losses = []
    for _ in range(STEPS):
        sgd.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = nn.functional.cross_entropy(peer(train.x), train.y)
        loss.backward()
        sgd.step()
        losses.append(loss.item())

    ours = trained(
        optimizer="sgd",
        momentum=0.0,
        schedule="constant",
        batch_size=0,
        precision="bf16",
    )

    assert set(types) == {torch.bfloat16}
    assert ours.losses.tolist() == pytest.approx(losses, rel=1e-4)
    assert all(one.dtype == torch.float32 for one in ours.model.parameters())


def test_bf16_is_not_float32():
    assert not torch.equal(trained(precision="bf16").losses, trained().losses)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ({"accumulate": 0}, "accumulate=0"),
        ({"accumulate": 2, "world_size": 2}, "one of the two"),
        ({"accumulate": 50}, "fewer examples"),
        ({"precision": "fp8"}, "precision='fp8'"),
        ({"compile": "yes"}, "compile='yes'"),
    ],
)
def test_a_computation_that_cannot_be_is_refused(recipe, says):
    with pytest.raises(UserError, match=says):
        trained(**recipe)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"procedure": Classification(augment=(Mixup(),))},
            "mean over its examples",
        ),
        (
            {"model": nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2))},
            "BatchNorm1d",
        ),
    ],
)
def test_what_needs_the_whole_batch_is_not_taken_in_parts(given, says):
    with pytest.raises(UserError, match=says):
        trained(**given, accumulate=2)


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(x)
        return out


@pytest.mark.parametrize("model", [net, Own])
def test_a_model_is_compiled_where_there_is_a_compiler(monkeypatch, model):
    graphs = []

    def backend(graph, examples):
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(computation, "_missing_compiler", lambda device: "")
    monkeypatch.setattr(
        torch, "compile", partial(torch.compile, backend=backend)
    )
    loop = trained(model=model(), compile=True)

    assert graphs
    torch.testing.assert_close(loop.losses, trained(model=model()).losses)


def test_without_a_compiler_a_warning_says_that_nothing_is_compiled(
    monkeypatch,
):
    monkeypatch.setattr(computation.shutil, "which", lambda name: None)

    with pytest.warns(RuntimeWarning, match=r"no C\+\+ compiler here"):
        loop = trained(compile=True)

    assert torch.equal(loop.losses, trained().losses)


def test_all_of_it_is_in_the_key_of_a_run():
    plain = Recipe(steps=1).describe()
    for change in (
        {"accumulate": 2},
        {"precision": "bf16"},
        {"compile": True},
    ):
        assert Recipe(steps=1, **change).describe() != plain
