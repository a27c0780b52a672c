"""Small or large batches? The same network and data, with equal passes over the data or
with equal updates.
"""

from math import log

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import mnist5k
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

SIZES = (8, 32, 128, 512)
FULL = 3750  # all training examples of a block
LEE = "Hung-yi Lee, Machine Learning 2021: small or large batch, on one V100"
KESKAR = "Keskar et al., On large-batch training for deep learning (2017)"
SHALLUE = "Shallue et al., Measuring the effects of data parallelism (2019)"


def load_data(level: Level, seed: int) -> Splits:
    return mnist5k.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    return mlp(shape, (64,))


EPOCHS = Level(
    "equal_epochs", {"matched": "epochs"}, label="Equal epochs", recipe={"epochs": 8}
)
UPDATES = Level(
    "equal_steps", {"matched": "steps"}, label="Equal updates", recipe={"steps": 300}
)

CLAIMS = (
    *(
        Claim(
            f"small_generalises_better_{level.name}",
            f"{level.title}: batches of 8 give a higher test accuracy than batches of 512.",
            metric="accuracy",
            better="batch_8",
            worse="batch_512",
            levels=(level.name,),
            margin=0.01,
            source=KESKAR,
            reported="Small, large batch, test: 98.03, 97.81 % (F1); 80.04, 77.26 % (C1); Hoffer: too few updates",
            matching_group="Small batches generalise better",
            fixed_budget=True,
        )
        for level in (EPOCHS, UPDATES)
    ),
    Claim(
        "large_equals_at_equal_updates",
        "With equal updates and tuned rates, batches of 512 reach the test accuracy of batches of 32.",
        metric="accuracy",
        kind="equal",
        better="batch_512",
        worse="batch_32",
        levels=(UPDATES.name,),
        margin=0.01,
        fixed_budget=True,
        source=SHALLUE,
        reported="No artifacts, in 168,160 runs, that larger batches degrade",
    ),
    Claim(
        "full_batch_falls_behind",
        "With equal epochs, the full batch is at least 5 points behind batches of 32.",
        metric="accuracy",
        better="batch_32",
        worse="batch_full",
        levels=(EPOCHS.name,),
        at_least=0.05,
        margin=0.02,
        fixed_budget=True,
        source=LEE,
        reported="MNIST, validation: 99.3 % at 10, 99.2 % at 100, 87.1 % at 60,000 (all)",
    ),
    Claim(
        "large_fits_worse",
        "With equal epochs, batches of 512 fit even the training examples worse than batches of 8.",
        metric="train.accuracy",
        better="batch_8",
        worse="batch_512",
        levels=(EPOCHS.name,),
        margin=0.01,
        fixed_budget=True,
        source=LEE,
        reported="MNIST, training: 98.2 % at 1, 83.8 % at 60,000: optimisation fails, not generalisation",
    ),
    Claim(
        "large_is_faster_per_epoch",
        "A pass over the data takes less time in batches of 512 than in batches of 8.",
        metric="seconds_per_epoch",
        better="batch_512",
        worse="batch_8",
        levels=(EPOCHS.name,),
        scale="log_ratio",
        margin=log(1.1),
        source=LEE,
        reported="MNIST: 360 s at 1, 45 s at 10, 15 s at 100, 10 s from 1,000 on",
    ),
    Claim(
        "update_time_is_flat",
        "An update on 512 examples takes as long as one on 8, within a factor of 1.5.",
        metric="seconds_per_update",
        kind="equal",
        better="batch_512",
        worse="batch_8",
        levels=(EPOCHS.name,),
        scale="log_ratio",
        margin=log(1.5),
        source=LEE,
        reported="Flat up to 1,000 examples on the GPU, then in proportion",
    ),
)

TASK = Task(
    question="Do small batches generalise better?",
    topic="Optimisation",
    load_data=load_data,
    arms=(
        *(
            Arm(
                f"batch_{size}",
                build,
                f"Batch of {size}",
                x=size,
                recipe={"batch_size": size},
            )
            for size in SIZES
        ),
        Arm("batch_full", build, "Full batch", x=FULL, recipe={"batch_size": 0}),
    ),
    levels=(EPOCHS, UPDATES),
    procedure=Classification(),
    recipe=Recipe(epochs=8, optimizer="sgd"),
    # no dropout: it would add to the noise of small batches, which is what the claims
    # are about
    space=Space(
        lr=Float(2e-3, 1.0, log=True), weight_decay=Float(1e-6, 1e-2, log=True)
    ),
    claims=CLAIMS,
    matched="Network, data, tuning trials; epochs at one level, updates at the other",
    arms_axis="Examples in a batch",
    parameters_within=0.0,
    sources=(mnist5k.SOURCE, KESKAR, SHALLUE, LEE),
)
