"""Which augmentation helps most where images are few? Six, and none."""

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.augmentation.augment import Augmentation
from tasks.augmentation.mixing import CutMix, Mixup
from tasks.augmentation.transforms import Erase, Flip, Noise, Rotate, Shift
from tasks.data import digits
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

AUGMENTATIONS: dict[str, tuple[Augmentation, ...]] = {
    "none": (),
    "flip": (Flip(),),  # does harm: a mirrored digit is another sign
    "shift": (Shift(1),),
    "turn_and_noise": (Rotate(10), Noise(0.1)),  # one after the other
    "erase": (Erase(),),
    "mixup": (Mixup(0.2),),
    "cutmix": (CutMix(),),
}


def load_data(level: Level, seed: int) -> Splits:
    """Digits of 8x8 pixels, split by the seed."""
    return digits.load(seed)


def build(shape: Shape, level: Level, p: Params) -> nn.Module:
    """An MLP with 64 hidden units, whatever the augmentation."""
    return mlp(shape, (64,))


def helps(arm: str) -> Claim:
    """That an augmentation raises the accuracy."""
    says = f"The augmentation {arm} helps."
    return Claim(f"{arm}_helps", says, "accuracy", arm, "none", margin=0.02)


TASK = Task(
    question="Which augmentation helps most where pictures are few?",
    load_data=load_data,
    arms=tuple(
        Arm(name, build, procedure=Classification(augment=augment))
        for name, augment in AUGMENTATIONS.items()
    ),
    procedure=Classification(),
    recipe=Recipe(epochs=10, batch_size=64),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
    claims=tuple(helps(name) for name in AUGMENTATIONS if name != "none"),
)
