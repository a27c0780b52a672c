"""The description of a campaign's own run in MLflow, once there are verdicts."""

from __future__ import annotations

from pathlib import Path

from suite.errors import named_line
from suite.tracking.connection import CAMPAIGNS, TAG, mlflow_client
from suite.tracking.payload import MAX_TAG_LENGTH, NOTE
from suite.tracking.registry import MLFLOW_SCHEMES, scheme_of, store_uri


def describe_campaign(
    uri: str | None, results: Path, campaign: str, note: str
) -> str:
    """Write ``note``, in Markdown, to the campaign's own run. What went wrong, in one
    line; "" if nothing did, and where the address is not that of an MLflow store.

    ``uri`` is None for the store in the results folder. Nothing is written where no run
    of the campaign has been published.
    """
    uri = store_uri(uri, results)
    if scheme_of(uri) not in MLFLOW_SCHEMES:
        return ""
    # The record and the verdicts are there already, whatever the store does.
    try:
        _describe(uri, campaign, note[:MAX_TAG_LENGTH])
    except Exception as error:
        return named_line(error)
    return ""


def _describe(uri: str, campaign: str, note: str) -> None:
    client = mlflow_client(uri)
    experiment = client.get_experiment_by_name(CAMPAIGNS)
    if experiment is None:
        return
    query = f"tags.`{TAG}campaign` = '{campaign}'"
    for run in client.search_runs([experiment.experiment_id], query):
        if run.data.tags.get(NOTE) != note:
            client.set_tag(run.info.run_id, NOTE, note)
