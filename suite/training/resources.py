"""What one run asks of the machine or cluster."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CheckedModel(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=False, allow_inf_nan=False
    )


class Resources(CheckedModel):
    """What one run asks of the cluster. ``gpus`` may be a fraction; ``memory`` is
    in bytes.
    """

    cpus: float = Field(default=1, gt=0)
    gpus: float = Field(default=0, ge=0)
    memory: int | None = Field(default=None, gt=0)
    custom: dict[str, float] = Field(default_factory=dict)
