"""Deep against wide: equal sizes, and rates in ranges that suit each depth."""

import pytest
from torch import nn

from tasks import Shape
from tasks.deep_vs_wide import TASK

CURVES = Shape((40,), 10)
PLAIN = ["depth_1", "depth_2", "depth_3", "depth_8"]


def built(arm: str, level: str = "mnist1d_15k") -> nn.Module:
    build = TASK.arm(arm).build
    assert build is not None
    return build(CURVES, TASK.level(level), {})


@pytest.mark.parametrize("level", [level.name for level in TASK.levels])
def test_remedies_cost_no_parameters(level):
    counts = [
        sum(p.numel() for p in built(arm.name, level).parameters())
        for arm in TASK.arms
    ]

    assert max(counts) / min(counts) - 1 <= 0.01
    assert (
        max(abs(n / TASK.level(level)["parameters"] - 1) for n in counts)
        <= 0.01
    )


@pytest.mark.parametrize("arm", [arm.name for arm in TASK.arms])
def test_arms_have_as_many_hidden_layers_as_their_names_say(arm):
    linear = [m for m in built(arm).modules() if isinstance(m, nn.Linear)]

    assert len(linear) - 1 == int(arm.split("_")[1])


def test_two_hidden_layers_are_those_of_the_published_mlp():
    linear = [
        m for m in built("depth_2").modules() if isinstance(m, nn.Linear)
    ]

    assert [layer.out_features for layer in linear[:-1]] == pytest.approx(
        [100] * 2, abs=2
    )


def test_deeper_plain_nets_are_tuned_over_lower_rates_in_ranges_equally_wide():
    rates = [TASK.space_of(TASK.arm(arm))["lr"] for arm in PLAIN]

    assert [r.default for r in rates] == sorted(
        (r.default for r in rates), reverse=True
    )
    assert [r.high / r.low for r in rates] == pytest.approx([32] * 4)
