"""Options and arguments that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from suite.tracking.links import DASHBOARD_PORT

PORT, MLFLOW_PORT = DASHBOARD_PORT, 5000


class Language(StrEnum):
    """The languages that findings and topic pages come in."""

    EN, ZH = "en", "zh"


LanguageOption = Annotated[
    Language, typer.Option("--language", help="English or Chinese.")
]

ResultsOption = Annotated[
    Path, typer.Option("--results", help="Folder that holds campaigns.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON, for scripts.")
]
ProfileArgument = Annotated[
    str,
    typer.Argument(
        help="smoke, quick, topics, standard, full, or a .toml file of your own."
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the profile. Repeatable.",
    ),
]
TaskOption = Annotated[
    list[str] | None,
    typer.Option(
        "--task", metavar="TASK", help="Run this task only. Repeatable."
    ),
]
FileOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--task-file",
        metavar="FILE",
        help="Run the task in this file, with those that a .toml profile names. "
        "Repeatable.",
    ),
]
BringOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--task-file",
        metavar="FILE",
        help="A task file of your own. Repeatable.",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Join a running Ray cluster: auto, host:port or ray://host:port.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=0,
        help="Worker processes on this machine. Default: one per core; "
        "0: train in this process, without Ray, for a debugger.",
    ),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking",
        help="MLflow server or store. Default: a store in the results folder; "
        "none: no MLflow.",
    ),
]
CampaignArgument = Annotated[
    str | None,
    typer.Argument(
        help="A campaign's id, or its first characters. Default: the newest.",
        show_default=False,
    ),
]
HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on.")
]
