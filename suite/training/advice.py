"""What helps against the errors of PyTorch that data and models of a task often meet."""

from __future__ import annotations

import re

# What a message says, and what to do about it; the first that fits counts.
ADVICE = (
    (
        r"must have the same dtype|expected scalar type|same dtype, but got"
        r"|should be the same",
        "examples and parameters have different types: models are float32 unless "
        "`build` says otherwise, so return x.float()",
    ),
    (
        r"[Tt]arget -?\d+ is out of bounds",
        "labels count from 0 to one less than the number of the model's outputs: "
        "renumber them, or give Splits the number of classes=",
    ),
    (
        r"expected target dtype to be Long|expected scalar type Long but found",
        "labels of classes are whole numbers: return y.long()",
    ),
    (
        r"Expected floating point type for target with class probabilities",
        "labels of classes have the shape (examples,): return y.flatten()",
    ),
    (
        r"multi-target not supported",
        "labels of classes are one whole number an example, of the shape (examples,): "
        "of a column, return y.flatten().long()",
    ),
    (
        r"shapes cannot be multiplied|size mismatch",
        "the model takes inputs of another shape: `build` finds that of an example "
        "in shape.inputs, and all splits must agree",
    ),
)


def advice(message: str) -> str:
    """What to do about an error with this message, as part of a sentence; "" where
    nothing is known.
    """
    for pattern, text in ADVICE:
        if re.search(pattern, message):
            return text
    return ""


def with_advice(error: BaseException) -> str:
    """Type and message of an error, and what to do about it."""
    says = f"{type(error).__name__}: {error}"
    known = advice(str(error))
    return f"{says} ({known})" if known else says
