"""The commands, called in this process."""

import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from suite.cli import main


@pytest.fixture
def call(monkeypatch):
    """Call ``bakeoff`` with these words, in a terminal of 80 columns; an exception that
    it lets through is raised.
    """
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words):
        given = [str(word) for word in words]
        monkeypatch.setattr(sys, "argv", ["bakeoff", *given])
        result = CliRunner().invoke(main.app, given)
        if result.exception is not None and not isinstance(
            result.exception, SystemExit
        ):
            raise result.exception
        return SimpleNamespace(
            code=result.exit_code, out=result.stdout, err=result.stderr
        )

    return call
