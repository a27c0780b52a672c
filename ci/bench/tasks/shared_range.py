"""Three hidden layers or one, tuned over one wide range of learning rates.

How `deep_vs_wide` was first set up. One layer works over 1.5 decades of this range and
three over less than one, so that a few trials measure which is easier to tune: what a
verdict must not take for an answer. `tuning_budget.py` shows that it does not.
"""

from functools import partial

from tasks import Arm, Claim, Float, Level, Recipe, Space, Task
from tasks.data import mnist1d
from tasks.deep_vs_wide import build, load_data
from tasks.models.mlp import TOLERANCE
from tasks.procedures.supervised import Classification

TASK = Task(
    question="Do three hidden layers beat one, tuned over one range of rates?",
    load_data=load_data,
    arms=tuple(
        Arm(f"depth_{depth}", partial(build, depth, "none"), x=depth)
        for depth in (1, 3)
    ),
    levels=(Level("mnist1d_15k", {"parameters": 15_000}),),
    procedure=Classification(),
    recipe=Recipe(steps=1000, batch_size=100),
    space=Space(
        lr=Float(5e-4, 0.5, log=True),
        weight_decay=Float(1e-3, 0.3, log=True),
    ),
    claims=(
        Claim(
            "three_beat_one",
            "Three hidden layers beat one as large.",
            metric="accuracy",
            better="depth_3",
            worse="depth_1",
            margin=0.01,
        ),
    ),
    matched="Parameters within 1 %, updates, data, tuning trials",
    parameters_within=TOLERANCE,
    sources=(mnist1d.SOURCE,),
)
