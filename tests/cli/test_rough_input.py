"""Odd names, values, data and task files come through every command, or are refused in
one message; ``ci/INPUTS.md`` lists them.
"""

import io
import json
import re
import signal
import sys
from types import SimpleNamespace
from unittest import mock

import pytest
import torch
from torch.nn.functional import cross_entropy

import dashboard.rendering
import tasks
from dashboard.data.snapshots import Snapshots
from dashboard.pages import PAGES
from suite.campaign.signals import signals_as_ctrl_c
from suite.cli import console
from suite.records.results import Results
from suite.training.advice import with_advice
from suite.training.worker import _run_member
from tasks import Arm, Float, Level, Measure, Space, Task, UserError

PARTS = {
    "begin": "",
    "arms": 'Arm.function("one", one), Arm.function("two", two)',
    "two": '{"score": 0.5 + seed % 97 / 100}',
    "measures": 'Measure("score", "higher")',
    "levels": 'Level("all")',
    "space": "Space()",
    "claims": 'Claim("c", "Two is better.", "score", better="two", worse="one")',
    "more": "",
    "end": "",
}
TASK = """{begin}
import math
import sys
import numpy as np
from tasks import Arm, Categorical, Claim, Float, Level, Measure, Space, Task

def one(level, params, seed):
    return {{"score": seed % 97 / 100}}

def two(level, params, seed):
    return {two}

TASK = Task(
    question="Which?", arms=({arms},), measures=({measures},),
    levels=({levels},), space={space}, claims=({claims},), {more}
)
{end}"""


def task_of(**parts):
    """A task of two functions as a file's text, with some parts of it replaced."""
    return TASK.format(**PARTS | parts)


@pytest.fixture
def refusal(call, tmp_path):
    """The message with which ``check``, or another command, refuses a task file."""

    def refusal(content, *words, name="mine.py"):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        result = call(*(words or ("check",)), path)
        assert result.code == 2, result
        assert "Traceback" not in result.err
        assert len(re.findall("^Error:", result.err, re.MULTILINE)) == 1
        return " ".join(result.err.split())

    return refusal


# ------------------------------------------------------------------ names and values

NO_NAME = "give a name of letters, digits, '_', '-' and '.'"


def arm(name):
    return {"arms": f'Arm.function({name!r}, one), Arm.function("two", two)'}


def choice(value):
    return {"space": f"Space(k=Categorical(({value}, 5)))"}


def fixed(value):
    return {"arms": f'Arm.function("two", two, params={{"k": {value}}})'}


def measure(name):
    return {"measures": f'Measure({name!r}, "higher")'}


REFUSED = [
    ("arm with a space", arm("a b"), NO_NAME),
    ("arm with a slash", arm("a/b"), NO_NAME),
    ("arm in Chinese", arm("名"), NO_NAME),
    ("arm with a percent sign", arm("50%"), NO_NAME),
    ("arm with brackets", arm("[x]"), NO_NAME),
    ("arm without a name", arm(""), NO_NAME),
    ("arm of 121 characters", arm("x" * 121), "at most 120 characters"),
    ("arms a and A", arm("TWO"), "two arms named 'TWO' and 'two'"),
    ("level with a space", {"levels": 'Level("a b")'}, NO_NAME),
    (
        "level of 300 characters",
        {"levels": f'Level("{"x" * 300}")'},
        "at most 120 characters",
    ),
    (
        "levels s and S",
        {"levels": 'Level("s"), Level("S")'},
        "two levels named 's' and 'S'",
    ),
    ("measure with a slash", measure("a/b"), NO_NAME),
    ("measure with a percent sign", measure("50%"), NO_NAME),
    ("measure named train.x", measure("train.x"), "names with 'train.'"),
    (
        "measure named diagnosed.overfitting",
        measure("diagnosed.overfitting"),
        "names with 'diagnosed.'",
    ),
    (
        "claim in Chinese",
        {"claims": 'Claim("名", "", "score", better="two", worse="one")'},
        NO_NAME,
    ),
    (
        "hyperparameter without a name",
        {"space": 'Space(**{"": Float(0, 1)})'},
        "1 to 120 printable characters",
    ),
    (
        "hyperparameter of 300 characters",
        {"space": 'Space(**{"x" * 300: Float(0, 1)})'},
        "1 to 120 printable characters",
    ),
    (
        "hyperparameter with a line break",
        {"space": 'Space(**{"a\\nb": Float(0, 1)})'},
        "1 to 120 printable characters",
    ),
    ("choice None", choice("None"), "None cannot be one"),
    ("choice of a tuple", choice("(1, 2)"), "(1, 2) cannot be one"),
    ("choice nan", choice("math.nan"), "nan cannot be one"),
    ("choice inf", choice("np.float32('inf')"), "inf cannot be one"),
    ("choice of bytes", choice("b'x'"), "b'x' cannot be one"),
    ("choice with half a surrogate", choice(r"'\ud800'"), "cannot be one"),
    ("choice with NUL", choice(r"'a\0'"), "cannot be one"),
    ("fixed None", fixed("None"), "'k' cannot be None"),
    ("fixed 10**400", fixed("10**400"), "'k' cannot be 1000"),
    (
        "label with half a surrogate",
        {"more": r'label="\ud800"'},
        "files and databases cannot hold",
    ),
    (
        "question with NUL",
        {"more": r'why="\0"'},
        "files and databases cannot hold",
    ),
]


@pytest.mark.parametrize(
    ("parts", "says"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_a_name_or_value_that_cannot_be_is_refused(refusal, parts, says):
    assert says in refusal(task_of(**parts))


ODD = ["class", "1st", "-v", "a.b", "nan", "None", "CON", "x" * 120]
CHOICES = [
    "True",
    "np.int64(3)",
    "10**30",
    "1e308",
    "''",
    "'a/b'",
    "'名%[x]'",
    "'x' * 5000",
]
FACTORS = [
    "None",
    "True",
    "np.float32(0.5)",
    "(1, 2)",
    "10**400",
    "math.nan",
    "{'a': [1]}",
    "np.arange(3)",
]
MEASURES = ["f1.macro", "class", "1st", "status", "step", "seconds", "key"]
LABEL = "<b>x</b> {{1+1}} % [red]名[/] $x$ " + "y" * 300
ODD_TASK = """
from functools import partial
import math
import numpy as np
from tasks import Arm, Categorical, Claim, Float, Level, Measure, Space, Task

def measure(number, level, params, seed):
    numbers = dict.fromkeys({measures}, number + seed % 97 / 100)
    numbers["constant"] = 1.0
    numbers["worse than its worst"] = -5.0
    numbers["not always"] = math.nan if seed % 2 else 1.0
    return {{name.replace(" ", "_"): value for name, value in numbers.items()}}

TASK = Task(
    question={label!r},
    arms=tuple(
        Arm.function(name, partial(measure, number), label={label!r}, x=1)
        for number, name in enumerate({odd})
    ),
    levels=tuple(
        Level(name, {{"k": factor}}, x=1, label="the same")
        for name, factor in zip({odd}, [{factors}])
    ),
    measures=(
        *(Measure(name, "higher", lambda shape: 0.0) for name in {measures}),
        Measure("constant", "higher", lambda shape: 0.0),
        Measure("worse_than_its_worst", "higher", lambda shape: 0.0),
        Measure("not_always", "lower", lambda shape: 9.0, label={label!r}),
    ),
    space=Space(**{{
        "lr 1": Float(0.1, 1.0), "a/b": Categorical(({choices})),
        "η": Float(0.1, 1.0), "50%": Float(0.1, 1.0), "class": Float(0.1, 1.0),
    }}),
    claims=tuple(
        Claim(name, {label!r}, metric, better="1st", worse="class", levels=("nan",))
        for name, metric in zip(
            {odd},
            ("f1.macro", "status", "step", "seconds", "key", "constant",
             "worse_than_its_worst", "not_always"),
        )
    ),
)
"""


def test_odd_names_and_values_come_through_everywhere(call, tmp_path):
    text = ODD_TASK.format(
        odd=ODD,
        measures=MEASURES,
        label=LABEL,
        factors=", ".join(FACTORS),
        choices=", ".join(CHOICES),
    )
    path = tmp_path / "[x] 50%" / "class.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    (tmp_path / "s.toml").write_text(
        "blocks = 2\ntrials = 1\n[tasks.class]\narms = ['1st', 'class', '-v']\n"
        "levels = ['nan', 'class']\n"
    )
    what = (tmp_path / "s.toml", "--task-file", path)
    results = tmp_path / "名 [r]"

    assert call("check", path, "--fast").code == 0
    assert call("plan", *what, "--json").code == 0
    ran = call(
        "run", *what, "--results", results, "--tracking=none", "--workers=0"
    )
    assert ran.code == 0, ran
    found = call("verdict", "--json", "--results", results)
    claims = json.loads(found.out)["claims"]
    assert [claim["claim"] for claim in claims] == ODD
    assert [claim["blocks"] for claim in claims] == [2] * len(ODD)
    effects = [claim["effect"] for claim in claims]
    assert effects == pytest.approx([1.0] * 5 + [0.0] * 2 + [effects[-1]])
    report = tmp_path / "r.html"
    assert call("report", "--results", results, "-o", report).code == 0
    assert "<b>x</b>" not in report.read_text(encoding="utf-8")
    assert_all_pages(results)


def assert_all_pages(results):
    """Every page can be drawn, in both languages."""
    snapshots = Snapshots(Results(results))
    snapshots.get(snapshots.results.ids()[0])
    snapshots.refresh()
    with mock.patch.object(dashboard.rendering.log, "exception") as failed:
        for page in PAGES:
            for query in ("", "lang=zh&task=class&claim=1st&level=nan"):
                dashboard.rendering.render(snapshots, page.PATH, f"?{query}")
    assert not failed.called, failed.call_args


@pytest.mark.parametrize("blocks", [1, 2])
def test_one_arm_in_one_block_is_reported(call, tmp_path, blocks):
    path = tmp_path / "alone.py"
    path.write_text(
        task_of(arms='Arm.function("two", two)', claims="*()"),
        encoding="utf-8",
    )
    (tmp_path / "s.toml").write_text(f"blocks = {blocks}\ntrials = 1\n")
    results = tmp_path / "r"
    words = ("--results", results, "--tracking=none", "--workers=0")

    ran = call("run", tmp_path / "s.toml", "--task-file", path, *words)

    assert ran.code == 0, ran
    assert "No claims" in ran.out
    assert call("report", "--results", results).code == 0


def nothing(level, params, seed):
    return {"score": 1.0}


def test_a_thousand_levels_are_checked_once(tmp_path):
    arms = tuple(Arm.function(f"a{number}", nothing) for number in range(3))
    levels = tuple(Level(f"l{number}", x=number) for number in range(1000))
    task = Task("?", arms=arms, levels=levels, measures=(MEASURE,))
    path = tmp_path / "many.py"
    path.write_text("", encoding="utf-8")
    module = SimpleNamespace(TASK=task, __file__=str(path))

    with mock.patch.object(tasks._registry, "module_of", return_value=module):
        first = tasks.get("many")
        with mock.patch.object(Task, "__post_init__") as checked:
            again = tasks.get("many")

    assert again is first
    assert not checked.called


MEASURE = Measure("score", "higher")


@pytest.mark.parametrize(
    "circle",
    [
        {"a": {"b": 1}, "b": {"a": 1}},
        {"a": {"b": 1}, "b": {"c": 1}, "c": {"a": 1}},
    ],
    ids=["of two", "of three"],
)
def test_conditions_in_a_circle_are_refused(circle):
    space = Space(
        lr=Float(0.1, 1.0),
        **{
            name: tasks.Categorical((1, 2), when=when)
            for name, when in circle.items()
        },
    )

    with pytest.raises(UserError, match=r"depend on each other in a circle"):
        Task(
            "?",
            arms=(Arm.function("f", nothing),),
            measures=(MEASURE,),
            space=space,
        )


# ------------------------------------------------------------------ what functions return

RETURNED = [
    ("text", "{'score': 'x'}", "score='x', of type str"),
    ("None", "None", "returned None: return a number for each measure"),
    ("a bare number", "0.5", "returned 0.5: return a number"),
    ("another name", "{'acc': 0.5}", "returned no 'score' (returned: acc)"),
    ("sys.exit", "sys.exit(3)", "SystemExit: 3"),
    ("endless recursion", "two(level, params, seed)", "RecursionError"),
]


@pytest.mark.parametrize(
    ("returned", "says"),
    [row[1:] for row in RETURNED],
    ids=[row[0] for row in RETURNED],
)
def test_what_a_function_cannot_return_is_told(refusal, returned, says):
    words = ("plan", "smoke", "--task-file")

    assert says in refusal(task_of(two=returned), *words)


def test_a_share_beyond_one_is_told(refusal):
    parts = {
        "two": "{'score': 50.0}",
        "measures": "Measure('score', 'higher', percent=True)",
    }

    message = refusal(task_of(**parts), "plan", "smoke", "--task-file")

    assert "returned score=50" in message
    assert "divide it by 100" in message


@pytest.fixture
def run_here(call, tmp_path):
    """Run a task of two functions here, one block of one run."""

    def run_here(**parts):
        path = tmp_path / "mine.py"
        path.write_text(task_of(**parts), encoding="utf-8")
        (tmp_path / "s.toml").write_text("blocks = 1\ntrials = 1\n")
        results = tmp_path / "r"
        words = ("--results", results, "--tracking=none", "--workers=0")
        result = call("run", tmp_path / "s.toml", "--task-file", path, *words)
        return result, Results(results).load().runs

    return run_here


WORST = [
    ("nan", "math.nan", "worst returned nan"),
    ("text", "'bad'", "worst returned 'bad'"),
    ("inf", "math.inf", "worst returned inf"),
]


@pytest.mark.parametrize(
    ("worst", "says"),
    [row[1:] for row in WORST],
    ids=[row[0] for row in WORST],
)
def test_a_worst_value_that_is_none_is_told(run_here, worst, says):
    result, runs = run_here(
        two="{'score': math.nan}",
        measures=f"Measure('score', 'higher', lambda shape: {worst})",
    )

    assert result.code == 1
    crashed = runs[runs["status"] == "crashed"]
    assert crashed["arm"].tolist() == ["two"]
    assert says in crashed["error"].iloc[0]


@pytest.mark.parametrize("value", ["1e308", "-1e200", "10**400"])
def test_a_value_whose_square_overflows_counts_as_diverged(run_here, value):
    result, runs = run_here(
        two=f"{{'score': {value}}}",
        measures="Measure('score', 'higher', lambda shape: 0.0)",
    )

    assert result.code == 0, result
    assert runs.set_index("arm")["status"]["two"] == "diverged"


def test_a_task_that_ends_the_program_crashes_its_run_alone(run_here):
    result, runs = run_here(two="sys.exit()")

    assert result.code == 1
    assert runs.set_index("arm")["status"].to_dict() == {
        "one": "finished",
        "two": "crashed",
    }


@pytest.fixture
def own_handlers():
    """Handlers as in a program of one's own; a pytest worker ignores Ctrl-C."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in signals}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_in_one_line_and_loses_nothing(
    run_here, own_handlers, name
):
    number = getattr(signal, name)
    sent = f"__import__('os').kill(__import__('os').getpid(), {number:d})"

    result, runs = run_here(two=f"{{'score': {sent} or 1.0}}")

    assert result.code == 128 + number
    assert result.err.split("\n")[1].startswith("Stopped. Every finished run")
    assert "Traceback" not in result.err
    assert runs["arm"].tolist() == ["one"]
    handler = signal.getsignal(signal.SIGHUP)
    assert handler is signal.SIG_DFL


def test_a_signal_that_is_ignored_stays_ignored(own_handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with signals_as_ctrl_c():
        signal.raise_signal(signal.SIGHUP)


def test_ray_may_end_a_worker():
    module = {"__name__": "ray._private.worker", "SystemExit": SystemExit}
    exec("def stop(*given):\n    raise SystemExit(1)", module)
    job = SimpleNamespace(time_limit=None)

    with (
        mock.patch("suite.training.worker.train_member", module["stop"]),
        pytest.raises(SystemExit),
    ):
        _run_member(job, SimpleNamespace(key="k"))


# -------------------------------------------------------------------------------- data

SPLIT = "        return Split(x, (x[:, 0] * x[:, 1] > 0).long())"
DATA = [
    (
        "labels -1 and 1",
        "Split(x, 2 * y - 1)",
        "label -1: count classes from 0",
    ),
    ("labels of floats", "Split(x, y.float())", "return y.long()"),
    ("labels of int32", "Split(x, y.int())", "return y.long()"),
    ("labels of bool", "Split(x, y > 0)", "return y.long()"),
    ("labels in a column", "Split(x, y[:, None])", "return y.flatten()"),
    ("float16 inputs", "Split(x.half(), y)", "return x.float()"),
    ("float64 inputs", "Split(x.double(), y)", "return x.float()"),
    ("integer inputs", "Split(x.long(), y)", "return x.float()"),
    ("complex inputs", "Split(x + 0j, y)", "return x.float()"),
    (
        "another type in one split",
        "Split(x if examples != 100 else x.double(), y)",
        "validation.x is of torch.float64, and train.x of torch.float32",
    ),
    (
        "another width in one split",
        "Split(x if examples != 100 else x[:, :5], y)",
        "all splits must agree",
    ),
    ("NumPy arrays", "Split(x.numpy(), y.numpy())", "of type ndarray"),
    ("lists", "Split(x.tolist(), y.tolist())", "of type list"),
    ("no examples", "Split(x[:0], y[:0])", "train has no examples"),
    ("None for a split", "None", "give a Split(x, y)"),
]


def test_labels_of_floats_in_a_column_are_told():
    """Where ``Splits`` has ``classes=2``: else they are a number to predict."""
    with pytest.raises(RuntimeError) as refused:
        cross_entropy(torch.zeros(5, 2), torch.zeros(5, 1))

    assert "return y.flatten().long()" in with_advice(refused.value)


@pytest.mark.parametrize(
    ("split", "says"), [row[1:] for row in DATA], ids=[row[0] for row in DATA]
)
def test_data_that_no_model_takes_are_told(refusal, tiny_source, split, says):
    made = f"        y = (x[:, 0] > 0).long()\n        return {split}"
    text = tiny_source.replace(SPLIT, made)
    assert text != tiny_source

    assert says in refusal(text, "plan", "smoke", "--task-file")


BUILT = [
    (
        "load_data returns a tuple",
        "    rng = torch",
        "    return (1, 2)\n    rng = torch",
        "load_data returned (1, 2), of type tuple: return Splits",
    ),
    (
        "build returns None",
        "    return nn.Sequential(",
        "    return None\n    nn.Sequential(",
        "build returned None, of type NoneType: return a torch.nn.Module",
    ),
    (
        "a model without parameters",
        "    return nn.Sequential(",
        "    return nn.Identity()\n    nn.Sequential(",
        "has no parameters to learn",
    ),
]


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [row[1:] for row in BUILT],
    ids=[row[0] for row in BUILT],
)
def test_what_is_no_data_and_no_model_is_told(
    refusal, tiny_source, good, bad, says
):
    text = tiny_source.replace(good, bad)
    assert text != tiny_source

    assert says in refusal(text, "plan", "smoke", "--task-file")


@pytest.mark.parametrize(
    "y",
    ["y + 1", "7 * y", "y.byte()", "0 * y if examples != 100 else y"],
    ids=["from 1", "with gaps", "of uint8", "one class in train alone"],
)
def test_labels_that_leave_numbers_out_are_trained(
    call, tiny_source, tmp_path, y
):
    made = f"        y = (x[:, 0] > 0).long()\n        return Split(x, {y})"
    path = tmp_path / "labels.py"
    path.write_text(tiny_source.replace(SPLIT, made), encoding="utf-8")

    result = call("check", path, "--fast")

    assert "untrained models guess" in result.out
    assert "Error" not in result.out


# -------------------------------------------------------------------------- task files

FILES = [
    ("a space in its name", "with space.py", "", "cannot be a task file"),
    ("Chinese in its name", "名.py", "", "cannot be a task file"),
    ("% in its name", "50%.py", "", "cannot be a task file"),
    ("brackets in its name", "[a].py", "", "cannot be a task file"),
    ("no name but .py", ".py", "", "cannot be a task file"),
    ("a name too long", "x" * 121 + ".py", "", "at most 120 letters"),
    ("capitals", "MINE.PY", "", "whose name ends in .py"),
    ("a text", "mine.txt", "", "whose name ends in .py"),
    ("nothing in it", "mine.py", "", "defines no TASK"),
    ("a class as TASK", "mine.py", "TASK = int\n", "defines no TASK"),
    ("a syntax error", "mine.py", "\n(\n", "line 2 raises SyntaxError"),
    ("NUL", "mine.py", "x = 1\0", "null bytes"),
    ("500 brackets", "mine.py", "(" * 500, "SyntaxError"),
    (
        "sys.exit(0)",
        "mine.py",
        "import sys\nsys.exit(0)",
        "line 2 raises System",
    ),
    ("a relative import", "mine.py", "from .a import b", "raises ImportError"),
    ("UTF-16", "mine.py", task_of().encode("utf-16"), "save it in UTF-8"),
    (
        "Latin-1",
        "mine.py",
        "# caf\xe9\n".encode("latin-1"),
        "save it in UTF-8",
    ),
]


@pytest.mark.filterwarnings("ignore:can't resolve package:ImportWarning")
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [row[1:] for row in FILES],
    ids=[row[0] for row in FILES],
)
def test_a_file_that_is_no_task_is_told(refusal, name, content, says):
    assert says in refusal(content, name=name)


TAKEN = [
    ("a byte order mark", ("\ufeff" + task_of()).encode()),
    ("Windows lines", task_of().replace("\n", "\r\n").encode()),
    ("old Mac lines", task_of().replace("\n", "\r").encode()),
    (
        "Latin-1 that is declared",
        task_of(begin="# coding: latin-1\n# caf\xe9").encode("latin-1"),
    ),
    (
        "a part for __main__",
        task_of(end="if __name__ == '__main__':\n    1 / 0").encode(),
    ),
    (
        "a thread that it leaves",
        task_of(
            begin="import threading\nevent = threading.Event()\n"
            "threading.Thread(target=event.wait, daemon=True).start()"
        ).encode(),
    ),
]


@pytest.mark.parametrize(
    "content", [row[1] for row in TAKEN], ids=[row[0] for row in TAKEN]
)
def test_task_files_of_editors_and_scripts_are_taken(call, tmp_path, content):
    path = tmp_path / "mine.py"
    path.write_bytes(content)

    result = call("check", path, "--fast")

    assert result.code == 0, result
    assert "mine passes" in result.out


def test_what_a_task_file_prints_stays_out_of_json(call, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(task_of(begin="print('loaded')"), encoding="utf-8")

    result = call("plan", "smoke", "--task-file", path, "--json")

    json.loads(result.out)
    assert "loaded" in result.err


def test_a_task_file_that_changes_the_folder_moves_no_results(
    call, tmp_path, monkeypatch
):
    path = tmp_path / "mine.py"
    path.write_text(
        task_of(begin="import os; os.chdir('/')"), encoding="utf-8"
    )
    (tmp_path / "s.toml").write_text("blocks = 1\ntrials = 1\n")
    monkeypatch.chdir(tmp_path)
    words = ("--results", "r", "--tracking=none", "--workers=0")

    result = call("run", "s.toml", "--task-file", "mine.py", *words)

    assert result.code == 0, result
    assert re.search(r"kept in r/s-", result.out)
    assert (tmp_path / "r").is_dir()


# --------------------------------------------------------------------------- terminals


@pytest.mark.parametrize("given", ["1", ""], ids=["set", "not set"])
def test_no_color_means_no_color(call, monkeypatch, given):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", given)

    found = call("check", "batch_sise").err

    colours = re.findall(r"\x1b\[[0-9;]*3[0-9]", found)
    assert "did you mean 'batch_size'?" in found
    assert bool(colours) == (not given)


def test_chinese_comes_through_a_terminal_that_knows_ascii_alone(
    call, tmp_path, monkeypatch
):
    path = tmp_path / "mine.py"
    path.write_text(task_of(more='label="名字"'), encoding="utf-8")
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", output)
    console.show_what_can_be_shown()

    console.out().print(tasks.load_file(path).label)

    output.flush()
    assert output.buffer.getvalue().decode("ascii").strip()
