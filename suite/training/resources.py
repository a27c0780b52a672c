"""Resource requirements of a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CheckedModel(BaseModel):
    """Base of user-written settings: unknown keys are errors, and the text beneath a
    field is its description.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=False,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Resources(CheckedModel):
    """The resources that one run needs."""

    cpus: float = Field(default=1, gt=0)
    """CPU cores."""

    gpus: float = Field(default=0, ge=0)
    """GPUs; 0.5 lets two runs share one."""

    memory: int | None = Field(default=None, gt=0)
    """Memory in bytes."""

    custom: dict[str, float] = Field(default_factory=dict)
    """Ray's custom resources, such as {"big_disk" = 1}."""
