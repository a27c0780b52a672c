"""What a run costs, measured before it is planned."""

import math

from suite.planning.cost import costs
from suite.planning.plan import Plan
from suite.planning.profile import load_profile

DIVERGES = """
title = "A rate at which a network without a norm diverges"
blocks = 6
trials = 1
finals = 1
all_cells = true
[tasks.batch_norm]
arms = ["none"]
levels = ["rate_1"]
"""


def test_runs_that_diverge_at_once_have_a_cost(tmp_path):
    file = tmp_path / "diverges.toml"
    file.write_text(DIVERGES)
    plan = Plan(load_profile(str(file)))

    (found,) = costs(plan, tmp_path).values()

    assert math.isfinite(found.update)
    assert found.update > 0
