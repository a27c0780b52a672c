"""How comparisons are run, recorded and judged.

In a notebook: ``from suite import run``, then ``run("quick")`` gives a campaign as
DataFrames.
"""

from typing import TYPE_CHECKING, Any

from suite.own_packages import prefer_own_packages

prefer_own_packages()

if TYPE_CHECKING:
    from suite.campaign.notebook import run as run


def __getattr__(name: str) -> Any:
    """``run``, imported lazily, since it imports PyTorch and Optuna."""
    if name == "run":
        from suite.campaign.notebook import run

        return run
    raise AttributeError(f"module 'suite' has no attribute {name!r}")
