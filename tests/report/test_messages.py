"""Every code that verdicts carry has a text in every language, and no text is unused."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from suite.report.labels import NAMED_SPLITS
from suite.report.message_text import ANSWERS
from suite.report.messages import LANGUAGES, VERDICTS
from suite.report.topic_contents import COLUMNS as CONTENTS
from suite.training.job import STATUSES
from suite.training.metrics import METRICS
from suite.verdicts.aa_test import AA_GATE
from suite.verdicts.adequacy import GATES
from suite.verdicts.diagnosis import Diagnosis
from suite.verdicts.findings import CONDITIONS, LeftOut
from suite.verdicts.kinds import KINDS
from suite.verdicts.scales import SCALES
from suite.verdicts.sensitivity import SENSITIVITY_GATES

ROOT = Path(__file__).parents[2] / "suite"
REPORT = (
    "answers",
    "claim_text",
    "effect_text",
    "effect_amounts",
    "findings",
    "gates",
    "labels",
    "message_text",
    "sentences",
    "statements",
    "topic",
    "topic_contents",
    "universes",
)
WRITERS = [ROOT / "report" / f"{name}.py" for name in REPORT]
SOURCES = [*(ROOT / "verdicts").rglob("*.py"), *WRITERS]
COLUMNS = (  # of the tables that `bakeoff findings` prints
    "campaign",
    "verdict",
    "effect-title",
    "blocks",
    "note",
    "seed",
    "created",
    "machine",
    "versions",
    "only",
)
TOPIC = (  # headings and lines of the pages that `bakeoff topics` writes
    "claims",
    "results",
    "limits",
    "literature",
    "why",
    "campaign",
    "limit-of",
    "limit-of-many",
    "claims-between",
    "source",
    "reported",
    "id",
    "day",
    "seed",
    "blocks",
    "trials",
    "machines",
    "versions",
    "command",
)
UNIVERSES = ("", "-everywhere", "-decided")  # ends of their sentences
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


def literals():
    """Every text in the sources that could be a code."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def said_at_once():
    """The codes in ``message("code", ...)``, ``translate("code", ...)`` and
    ``say("code", ...)``.
    """
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                first = node.args[0]
                if name in ("message", "translate", "say"):
                    yield from _texts(first)


def _texts(node):
    """The literals that an argument may be: one, or either side of a condition."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def put_together():
    """The codes that are made from a name in a registry."""
    for gate in (*GATES, AA_GATE, *SENSITIVITY_GATES):
        yield from (
            f"gate-{gate}{end}" for end in ("", "-passed", "-fine", "-hint")
        )
    for kind in KINDS.values():
        yield from (f"{kind.directions}-{side}" for side in ("left", "right"))
        if kind.statement != "exponent":
            yield from (
                f"{kind.statement}-{one.message}" for one in SCALES.values()
            )
        yield kind.asks
    for kind in ("difference", "interaction", "partial-conjunction"):
        yield f"asks-{kind}-promised"
    yield from ("directions-promised-left", "directions-promised-right")
    yield from ("said-equal-to-promised", "said-no-difference-to-promised")
    yield from (f"range-{s.message}" for s in SCALES.values() if s.logarithmic)
    yield from (f"metric-{name.replace('_', '-')}" for name in METRICS)
    yield from (f"metric-{split}" for split in NAMED_SPLITS)
    failed = [status for status in STATUSES if status != "finished"]
    yield from (f"status-{status.replace('_', '-')}" for status in failed)
    for found in get_args(Diagnosis):
        yield f"diagnosis-{found.replace('_', '-')}"
        yield f"cause-{found.replace('_', '-')}"
    for reason in filter(None, get_args(LeftOut)):
        yield f"findings-{reason.replace('_', '-')}"
    yield from (f"condition-{name.replace('_', '-')}" for name in CONDITIONS)
    yield from (f"findings-{name}" for name in COLUMNS)
    yield from (f"topic-{name}" for name in TOPIC)
    yield from (f"contents-{name}" for name in CONTENTS)
    for answer in ("supported", "refuted", "no-difference"):
        yield from (f"universes-{answer}{end}" for end in UNIVERSES)
    yield from ANSWERS.values()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text(language):
    used = {*said_at_once(), *put_together()}

    assert len(used) > 100
    assert used - VERDICTS.codes(language) == set()


def test_no_text_is_unused():
    used = {*literals(), *put_together()}

    assert VERDICTS.codes("en") - used == set()


def test_languages_have_the_same_codes_and_name_no_other_values():
    english, chinese = map(VERDICTS.variables, ("en", "zh"))

    assert english.keys() == chinese.keys()
    for code in english:
        assert chinese[code] <= english[code], code
        if not code.startswith("worth-"):  # English alone has a plural there
            assert english[code] - chinese[code] <= {"form"}, code


def test_chinese_is_chinese():
    text = (ROOT / "report" / "locale" / "zh.ftl").read_text("utf-8")
    for line in text.splitlines():
        code, _, value = line.partition(" = ")
        said = re.sub(r"\{.*?\}", "", value).strip()
        if said and CODE.fullmatch(code):
            assert re.search("[\u3000-\u9fff\uff00-\uffef]", said), line


def test_a_recorded_metric_is_called_in_english_what_the_registry_calls_it():
    for name, metric in METRICS.items():
        assert (
            VERDICTS.text(f"metric-{name.replace('_', '-')}") == metric.label
        )


def test_verdicts_know_nothing_of_sentences():
    for path in (ROOT / "verdicts").rglob("*.py"):
        assert "suite.report" not in "".join(
            line
            for line in path.read_text("utf-8").splitlines()
            if line.lstrip().startswith(("import ", "from "))
        ), path
