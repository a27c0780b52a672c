"""The command line: every command says what it should, every mistake one clear message
and exit code 2.
"""

import codecs
import errno
import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time

import pytest
from rich.console import Console

import tasks
from suite.campaign import stacks
from suite.cli import console, servers
from suite.cli.render.text import Listing
from suite.cli.resolve import profile_of
from suite.planning.profile import Profile, TaskPlan, Vary
from suite.records.journal import FILE, Record
from suite.training.fingerprint import ROOT
from suite.training.resources import Resources
from suite.training.stacks.errors import CannotBeStacked

LOOKING = (
    "verdict",
    "report",
    "dashboard",
    "mlflow",
    "why",
    "tasks",
    "describe",
    "check",
    "new",
    "doctor",
)
COMMANDS = (
    "demo",
    "plan",
    "run",
    "status",
    "cancel",
    "retry",
    "prepare",
    "deploy",
    *LOOKING,
)


@pytest.fixture
def refused(call):
    """Call it expecting a refusal: exit code 2, one message, no traceback. Gives back
    the message.
    """

    def refused(*words):
        result = call(*words)
        assert result.code == 2, result
        assert "Traceback" not in result.err
        assert (
            len(re.findall(r"^(Error:|╭─ Error)", result.err, re.MULTILINE))
            == 1
        )
        return " ".join(result.err.split())

    return refused


@pytest.fixture
def campaign(tiny_plan, run_inline, tmp_path):
    """A finished tiny campaign and its results folder."""
    run_inline(tiny_plan)
    return tiny_plan.id, tmp_path / "results"


# ----------------------------------------------------------------------- help, version


def test_help_lists_every_command(call):
    out = call("--help").out

    assert [
        name for name in COMMANDS if not re.search(rf"│ {name} ", out)
    ] == []
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(call, name):
    result = call(name, "--help")

    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= 80


def test_version(call):
    assert re.fullmatch(r"bakeoff \d+\.\d+\.\d+\n", call("--version").out)


@pytest.mark.parametrize(
    ("command", "never"),
    [
        ("--help", "torch ray mlflow optuna pandas dash"),
        ("tasks", "ray mlflow optuna pandas dash"),
        (
            "plan smoke --task logistic_regression --results {tmp_path}",
            "ray mlflow optuna dash suite.campaign.driver suite.verdicts.judge",
        ),
    ],
)
def test_quick_commands_do_not_wait_for_what_they_do_not_need(
    command, never, tmp_path
):
    words = command.format(tmp_path=tmp_path).split()
    code = f"""
import sys
sys.argv[1:] = {words!r}
from suite.cli import main
try:
    main.main()
finally:
    print(*sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )

    assert found.returncode == 0, found.stderr
    assert (
        set(never.split()) & set(found.stdout.split("\n")[-2].split()) == set()
    )


# ------------------------------------------------------------------------------- tasks


def test_tasks_as_json_have_names(call):
    listed = json.loads(call("tasks", "--json").out)

    assert {task["name"] for task in listed} == set(tasks.names())


def test_tasks_for_people_fit_the_terminal(call):
    out = call("tasks").out

    assert all(name in out for name in tasks.names())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    "name", ["logistic_regression", "deep_vs_wide", "batch_size"]
)
def test_describe_shows_arms_levels_and_claims(call, name):
    task, out = tasks.get(name), call("describe", name).out

    for part in (*task.arms, *task.levels, *task.claims):
        assert part.name in out
    assert max(map(len, out.splitlines())) <= 80


def test_describe_has_functions_groups_and_fixed_values_in_short(
    call, tiny_file
):
    own = """
def lion(parameters, lr, weight_decay):
    return torch.optim.SGD(parameters, lr)

TASK = """
    changes = "recipe={'optimizer': lion, 'schedule': lambda step, steps: 1.0}"
    groups = "recipe={'groups': (ParameterGroup('*.bias', rate=2, decay=0),)}"
    text = tiny_file.read_text(encoding="utf-8").replace("TASK = ", own, 1)
    text = text.replace("x=2)", f"params={{'dropout': 0.25}}, {changes})")
    text = text.replace("x=32)", f"grid=({{'lr': 0.1}},), {groups})")
    text = text.replace("import Arm,", "import Arm, ParameterGroup,")
    path = tiny_file.with_name("short.py")
    path.write_text(text, encoding="utf-8")

    shown = " ".join(call("describe", path).out.split())

    assert "optimizer lion" in shown
    assert "schedule <lambda>" in shown
    assert "dropout 0.25" in shown
    assert "groups (*.bias, rate × 2, decay × 0)" in shown
    assert "a grid of 1 point" in shown
    assert " at 0x" not in shown


def test_describe_a_claim_by_its_name_alone_or_with_its_task(call, tiny):
    assert "wide beats narrow" in call("describe", "wider").out
    assert (
        call("describe", "wider").out == call("describe", f"{tiny}/wider").out
    )


def test_describe_offers_the_nearest_claim(refused, tiny):
    assert "did you mean 'wider'" in refused("describe", "widre")


def test_a_new_task_is_sound_and_is_not_overwritten(call, refused, tmp_path):
    made = call("new", "task", "two_spirals", "--folder", tmp_path)

    assert made.code == 0
    assert "check" in made.out
    path = tmp_path / "two_spirals.py"
    assert len(path.read_text().splitlines()) < 100
    checked = call("check", path)
    assert checked.code == 0, checked.out
    assert "failed" not in checked.out
    assert "already" in refused(
        "new", "task", "two_spirals", "--folder", tmp_path
    )


@pytest.mark.parametrize(
    "name", ["two spirals", "2spirals", "_spirals", "batch_size"]
)
def test_a_new_task_needs_a_name_of_its_own(refused, tmp_path, name):
    assert "name" in refused("new", "task", name, "--folder", tmp_path)


def test_check_passes_what_is_sound(call, tiny_file):
    result = call("check", tiny_file)

    assert result.code == 0, result.out
    assert "tiny is sound" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_check_says_what_to_do_about_what_is_not(call, tiny_file):
    tiny_file.write_text(
        tiny_file.read_text().replace("margin=0.02", "margin=0.002")
    )

    result = call("check", tiny_file)

    assert result.code == 1
    assert "failed  claims can be judged" in result.out
    assert "→ give it a larger margin" in result.out


# -------------------------------------------------------------------------------- plan


def test_plan_counts_trains_nothing_and_times_each_arm_once(
    call, tiny_file, tmp_path, monkeypatch
):
    words = (
        "plan",
        "quick",
        "--task-file",
        tiny_file,
        "--results",
        tmp_path / "r",
        "--json",
    )
    planned = json.loads(call(*words).out)

    assert planned["cells"] == 2 * 2 * 6  # levels, arms, blocks
    assert planned["runs"] == planned["cells"] * (4 + 1)
    assert planned["hours"] > 0
    assert planned["claims"][0]["alone"] == pytest.approx(
        1.43, abs=0.02
    )  # in sd, six blocks: STATISTICS' 1.44
    assert not list((tmp_path / "r").glob("*/campaign.json"))
    from suite.planning import cost

    monkeypatch.setattr(cost, "_measured", None)  # timing anew would fail
    assert json.loads(call(*words).out) == planned


def test_plan_says_what_would_decide_a_claim_that_no_block_can(
    call, tiny_file, tmp_path
):
    words = (
        "plan",
        "quick",
        "--task-file",
        tiny_file,
        "--results",
        tmp_path / "r",
    )
    few = ("--set", "blocks=2")

    (claim,) = json.loads(call(*words, "--json").out)["claims"]
    (hopeless,) = json.loads(call(*words, *few, "--json").out)["claims"]

    assert (claim["decidable"], claim["change"]) == (True, None)
    assert hopeless["decidable"] is False
    assert "plan at least 6 blocks" in hopeless["change"]
    assert "Undecidable as planned" in call(*words, *few).out
    assert "Undecidable" not in call(*words).out


def test_plan_for_people_fits_the_terminal(call, tiny_file, tmp_path):
    out = call(
        "plan", "quick", "--task-file", tiny_file, "--results", tmp_path / "r"
    ).out

    assert "120 in 24 cells (4 + 1 a cell)" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_long_name_leaves_numbers_whole():
    name, numbers = "a_claim_" + "x" * 60, ("12.5 points", "0.33 points")
    console = Console(width=80, file=io.StringIO())
    titles = ("Claim", "Alone", "In family")
    console.print(Listing(titles, [(name, *numbers)], right=titles[1:]))
    printed = console.file.getvalue()

    assert all(number in printed for number in numbers)
    assert max(map(len, printed.splitlines())) <= 80
    # Nothing is lost of the name, which takes several lines.
    assert printed.count("x") == 60


def test_plan_says_which_arms_are_stacked_and_why_others_are_not(
    call, tiny_file, tmp_path, monkeypatch
):
    def gain(job):
        if job.arm == "wide":
            raise CannotBeStacked("it draws numbers")
        return 2.0

    monkeypatch.setattr(stacks, "gain", gain)
    monkeypatch.setattr(stacks, "cache_folder", lambda: tmp_path / "cache")
    words = ("plan", "quick", "--task-file", tiny_file, "--set", "stack=4")
    out = " ".join(call(*words, "--results", tmp_path / "r").out.split())

    assert (
        "up to 4 runs at once; together in tiny: narrow; "
        "alone in tiny: wide (it draws numbers)"
    ) in out


def test_plan_needs_no_writable_results(call, tiny_file):
    assert (
        call(
            "plan",
            "quick",
            "--task-file",
            tiny_file,
            "--results",
            "/proc/nowhere",
            "--json",
        ).code
        == 0
    )


# -------------------------------------------------------------------------- a campaign


def test_status_shows_campaigns_and_cells(call, campaign):
    name, results = campaign

    out = call("status", "--results", results).out

    assert re.search(rf"{name}\s+tiny\s+done\s+32/32", out)
    assert re.search(r"tiny\s+8\b", out)
    listed = json.loads(call("status", "--results", results, "--json").out)
    assert [(one["id"], one["state"], one["done"]) for one in listed] == [
        (name, "done", 32)
    ]


def test_a_driver_that_vanished_is_told_from_one_that_runs(
    call, refused, campaign
):
    name, results = campaign
    state = json.loads((results / name / "state.json").read_text())
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (results / name / "state.json").write_text(
        json.dumps(state | {"state": "running", "pid": gone.pid})
    )

    assert "interrupted" in call("status", "--results", results).out
    assert "not running (interrupted)" in refused(
        "cancel", "--results", results
    )
    assert not (
        results / name / "cancel"
    ).exists()  # it would stop the next run


def test_a_request_that_no_driver_lived_to_hear_stops_nothing(
    tiny_plan, run_inline, tmp_path
):
    folder = tmp_path / "results" / tiny_plan.id
    folder.mkdir(parents=True)
    (folder / "cancel").touch()

    assert run_inline(tiny_plan).trained == 32


def test_cancel_asks_a_running_driver_and_waits_for_its_last_word(
    call, campaign
):
    name, results = campaign
    path = results / name / "state.json"
    state = json.loads(path.read_text())
    path.write_text(
        json.dumps(state | {"state": "running", "pid": os.getpid()})
    )
    stops = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"""
import json, pathlib, time
folder = pathlib.Path({str(results / name)!r})
while not (folder / "cancel").exists():
    time.sleep(0.05)
state = json.loads((folder / "state.json").read_text())
written = folder / "state.json.part"
written.write_text(json.dumps(state | {{"state": "stopped"}}))
written.replace(folder / "state.json")  # at once, as a driver does: it is being read
""",
        ]
    )

    result = call("cancel", "--results", results)

    assert stops.wait(10) == 0
    assert f"{name} is stopped: 32 of 32" in result.out


def test_verdict_as_json_has_what_scripts_read(call, campaign):
    name, results = campaign

    printed = json.loads(call("verdict", "--results", results, "--json").out)

    assert printed["campaign"] == name
    (claim,) = printed["claims"]
    assert {
        "task",
        "claim",
        "verdict",
        "effect",
        "interval",
        "blocks",
        "gates",
    } <= claim.keys()
    assert (claim["task"], claim["claim"], claim["blocks"]) == (
        "tiny",
        "wider",
        2,
    )


def test_verdict_as_tables_for_papers_and_pages(call, refused, campaign):
    printed = {
        form: call("verdict", "--results", campaign[1], "--format", form).out
        for form in ("markdown", "latex")
    }

    assert "| A wider network is better. | inconclusive" in printed["markdown"]
    assert "A wider network is better. & inconclusive" in printed["latex"]
    same = [
        call("verdict", "--results", campaign[1], *words).out
        for words in (["--json"], ["--format", "json"])
    ]
    assert same[0] == same[1]
    assert "'markdown'" in refused(
        "verdict", "--results", campaign[1], "--format", "pdf"
    )


def test_report_writes_one_file_and_says_where(
    call, refused, campaign, tmp_path
):
    name, results = campaign

    written = call("report", "--results", results)

    assert (
        written.out == f"Report of {name}: {results / name / 'report.html'}\n"
    )
    text = (results / name / "report.html").read_text(encoding="utf-8")
    assert "A wider network is better." in text
    assert (
        call(
            "report",
            name[:6],
            "--results",
            results,
            "-o",
            tmp_path / "mine.html",
        ).code
        == 0
    )
    assert (tmp_path / "mine.html").read_text(encoding="utf-8") == text
    assert "name a file with -o" in refused(
        "report",
        "--results",
        results,
        "-o",
        tmp_path / "nowhere" / "mine.html",
    )


def test_verdict_for_people_says_claim_answer_and_numbers(call, campaign):
    out = call("verdict", "--results", campaign[1]).out

    assert "A wider network is better." in out
    assert "2 blocks" in out
    assert max(map(len, out.splitlines())) <= 80
    assert len(call("verdict", "--long", "--results", campaign[1]).out) > len(
        out
    )


def test_why_names_the_difference_to_the_nearest_run(call, refused, campaign):
    name, results = campaign
    lines = [
        json.loads(line)
        for line in (results / name / FILE).read_text().splitlines()
    ]
    key = lines[0]["key"]

    out = call("why", key[:20], "--results", results).out

    assert name in out
    assert "What differs" in out
    assert re.search(r"param lr|seed initialisation", out)
    assert "give more digits" in refused("why", "", "--results", results)
    assert "No run" in refused("why", "zzzz", "--results", results)


def test_prepare_loads_every_level(call, tiny_file):
    out = call("prepare", "quick", "--task-file", tiny_file).out

    assert re.search(r"tiny\s+few\s+64\s+100\s+100", out)
    assert re.search(r"tiny\s+many\s+256\s+100\s+100", out)


def test_retry_refuses_a_campaign_of_other_sources(
    refused, campaign, tiny_file
):
    wider = tiny_file.read_text().replace(
        "partial(build, 2)", "partial(build, 3)"
    )
    tiny_file.write_text(wider)
    tasks.load_file(tiny_file)

    assert "other sources" in refused(
        "retry", "--results", campaign[1], "--task-file", tiny_file
    )


# -------------------------------------------------------------------------- exit codes


@pytest.fixture
def run_here(call, tmp_path):
    """Call ``bakeoff run`` on a task's file, with runs in this process."""

    def run_file(path, *words):
        profile = tmp_path / "mine.toml"
        profile.write_text(f"blocks = 1\ntrials = 4\n[tasks.{path.stem}]\n")
        shared = (
            "--task-file",
            path,
            "--results",
            tmp_path / "r",
            "--tracking",
            "none",
            "--workers",
            0,
        )
        return call("run", profile, *shared, *words)

    return run_file


def test_a_run_that_diverged_is_a_result_and_no_failure(run_here, tiny_file):
    text = tiny_file.read_text().replace(
        "Float(1e-3, 1e-1, log=True), weight",
        "Float(1e-3, 1e30, log=True), weight",
    )
    path = tiny_file.with_name("explosive.py")
    path.write_text(
        text.replace(
            "epochs=4, batch_size=32",
            'epochs=4, batch_size=32, optimizer="sgd"',
        )
    )

    result = run_here(path)

    assert re.search(r"Not finished: \d+ diverged", result.out)
    assert "retry" not in result.out
    assert result.code == 0


def test_a_run_that_crashed_is_exit_code_1_and_says_how_to_retry(
    run_here, tiny_file
):
    path = tiny_file.with_name("fragile.py")
    broken = '    if width == 2:\n        raise RuntimeError("too narrow")\n    return nn.Sequential('
    path.write_text(
        tiny_file.read_text().replace("    return nn.Sequential(", broken)
    )

    result = run_here(path)

    assert result.code == 1
    assert re.search(r"This trains \d+ crashed again:", result.out)
    assert re.search(r"^  bakeoff retry mine-\w+ ", result.out, re.MULTILINE)


def test_the_retry_that_is_printed_works_as_printed(run_here, call, tiny_file):
    path = tiny_file.with_name("fragile.py")
    flag = path.with_name("mended")
    broken = f'    if not __import__("os").path.exists({str(flag)!r}):\n        raise RuntimeError("not yet")\n    return nn.Sequential('
    path.write_text(
        tiny_file.read_text().replace("    return nn.Sequential(", broken)
    )
    printed = re.search(
        r"^  bakeoff (retry .*)$", run_here(path).out, re.MULTILINE
    )
    flag.touch()
    tasks._registry._FILES.pop("fragile")  # as in a new process

    assert printed is not None
    result = call(*shlex.split(printed[1]))

    assert result.code == 0, result
    assert "Not finished" not in result.out


def test_retry_of_a_task_file_that_moved_says_so(run_here, refused, tiny_file):
    path = tiny_file.with_name("moved.py")
    path.write_text(tiny_file.read_text())
    run_here(path)
    path.unlink()
    tasks._registry._FILES.pop("moved")

    message = refused("retry", "--results", path.parent / "r")

    assert str(path) in message
    assert "--task-file" in message


def test_retry_runs_no_task_file_that_came_with_the_results(
    run_here, refused, tiny_file
):
    path = tiny_file.parent / "r" / "came.py"
    path.parent.mkdir()
    path.write_text(tiny_file.read_text())
    run_here(path)
    tasks._registry._FILES.pop("came")
    path.write_text("raise SystemExit('ran')")

    message = refused("retry", "--results", path.parent)

    assert "if you trust it, give it with --task-file" in message


def test_retry_runs_no_file_that_has_the_path_of_another_machines(
    run_here, refused, call, tiny_file
):
    """The results were copied, or imported; the message says what to type."""
    path, results = tiny_file.with_name("theirs.py"), tiny_file.parent / "r"
    text = tiny_file.read_text()
    path.write_text(text)
    run_here(path)
    (state,) = results.glob("*/state.json")
    state.write_text(json.dumps({"state": "done", "host": "elsewhere"}))
    tasks._registry._FILES.pop("theirs")
    path.write_text("raise SystemExit('ran')")

    message = refused("retry", "--results", results, "--workers", 0)
    assert "theirs.py on elsewhere" in " ".join(message.split())
    command = re.search(r"`bakeoff (.+?)`", " ".join(message.split()))
    assert command is not None
    path.write_text(text)

    assert call(*shlex.split(command[1]), "--workers", 0).code == 0


def test_a_full_disk_is_one_message(run_here, tiny_file, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Record, "append_line", full)

    result = run_here(tiny_file)

    assert result.code == 2
    assert "Traceback" not in result.err
    assert result.err.count("No space left on device") == 1


# ---------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run quikc", "did you mean 'quick'"),
        ("run quick --set blcks=3", "did you mean 'blocks'"),
        (
            "run quick --set blocks=-3",
            "Profile quick: blocks = -3: give at least 1.",
        ),
        (
            "run quick --set blocks=many",
            "blocks = 'many': give a whole number.",
        ),
        (
            "run quick --set length_factor=0",
            "length_factor = 0: give more than 0.",
        ),
        (
            "run quick --set tasks.batch_size=3",
            "tasks.batch_size = 3: give a table of keys and values.",
        ),
        (
            "run quick --set interim_looks=[6,4]",
            "give growing numbers of blocks",
        ),
        (
            "run nowhere.toml",
            "No profile nowhere.toml: built in are full, quick",
        ),
        ("report --results nowhere", "No campaign in nowhere/"),
        ("run quick --set blocks", "write key=value"),
        ("run quick --task batch_sise", "did you mean 'batch_size'"),
        ("run quick --task-file nowhere.py", "cannot be read"),
        ("run quick --device tpu", "'auto', 'cpu' or 'cuda'"),
        (
            "plan quick --set tasks.batch_size.arms=['batch_9']",
            "did you mean 'batch_8'",
        ),
        ("describe batch_sise", "did you mean 'batch_size'"),
        ("check batch_sise", "did you mean 'batch_size'"),
        (
            "verdict --results nowhere",
            "No campaign in nowhere/: start one with `bakeoff run quick`.",
        ),
        ("status --results nowhere", "No campaign in nowhere/"),
        ("why abc --results nowhere", "No run is recorded in nowhere/"),
        ("cancel --results nowhere", "No campaign in nowhere/"),
        ("retry --results nowhere", "No campaign in nowhere/"),
        ("mlflow --results nowhere", "No MLflow store in nowhere/"),
        ("rnu", "Did you mean 'run'?"),
        ("run --wrokers 2", "--workers"),
        ("dashboard --port many", "Invalid value for '--port'"),
        ("dashboard --port 99999", "less than or equal to 65535"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_would_work(
    refused, tmp_path, monkeypatch, words, says
):
    monkeypatch.chdir(tmp_path)

    assert says in refused(
        *shlex.split(words.replace("['", "\"['").replace("']", "']\""))
    )


def test_an_unreadable_profile(refused, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("blocks = = 3")

    message = refused("run", path)

    assert "not valid TOML" in message
    assert "broken.toml" in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 / 0\n", "line 1 raises ZeroDivisionError: division by zero"),
        ("TASK = Task(\n", "line 1 raises SyntaxError"),
        ("import nonexistent_library\n", "raises ModuleNotFoundError"),
        ("TASK = 3\n", "defines no TASK of type Task"),
    ],
)
def test_a_task_file_that_raises(refused, tmp_path, text, says):
    path = tmp_path / "mine.py"
    path.write_text(text)

    assert says in refused("run", "quick", "--task-file", path)


def test_a_task_that_raises_only_when_its_data_are_loaded(
    refused, tmp_path, tiny_file
):
    path = tiny_file.with_name("late.py")
    path.write_text(
        tiny_file.read_text().replace(
            "    rng = torch",
            '    raise KeyError("no such column")\n    rng = torch',
        )
    )

    message = refused("prepare", "quick", "--task-file", path)

    assert re.search(
        r"late\.py, line \d+, raises KeyError: 'no such column'", message
    )


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_results_folder_that_cannot_be_written(
    refused, tiny_file, tmp_path, command
):
    (tmp_path / "file").write_text("")
    words = ["quick"] if command == "run" else []

    message = refused(
        command,
        *words,
        "--task-file",
        tiny_file,
        "--results",
        tmp_path / "file" / "results",
    )

    assert "cannot be written" in message
    assert "--results" in message


def test_workers_and_address_exclude_each_other(refused, tiny_file, tmp_path):
    words = (
        "run",
        "quick",
        "--task-file",
        tiny_file,
        "--results",
        tmp_path / "r",
    )

    assert "leave one out" in refused(
        *words, "--workers", 2, "--address", "127.0.0.1:1"
    )
    assert "in this process" in refused(
        *words, "--workers", 0, "--address", "127.0.0.1:1"
    )


@pytest.mark.parametrize("command", ["run", "plan", "demo"])
def test_fewer_than_no_workers_are_refused(refused, command):
    assert "'--workers'" in refused(command, "--workers", -3)


def test_without_workers_a_campaign_runs_in_this_process(
    call, tiny_file, tmp_path
):
    profile = tmp_path / "small.toml"
    profile.write_text("blocks = 1\ntrials = 1\n")
    words = ("--results", tmp_path / "r", "--tracking", "none", "--workers", 0)

    result = call("run", profile, "--task-file", tiny_file, *words)

    assert result.code == 0, result
    assert "8 trained" in result.out


def test_a_task_file_joins_the_tasks_of_a_profile_of_ones_own(
    tiny_file, tmp_path
):
    path = tmp_path / "mine.toml"
    path.write_text("[tasks.batch_size]\ntrials = 3\n")

    both = profile_of(str(path), None, None, [tiny_file])
    alone = profile_of("quick", None, None, [tiny_file])
    named = profile_of(str(path), None, ["batch_size"], None)

    assert both.task_names() == ["batch_size", "tiny"]
    assert both.tasks["batch_size"].trials == 3
    assert alone.task_names() == ["tiny"]
    assert named.task_names() == ["batch_size"]


def test_every_key_of_a_profile_is_described(call):
    out = call("describe", "profile").out

    assert re.search(r"vary .*list of tables", out)
    for model in (Profile, TaskPlan, Vary, Resources):
        for name, field in model.model_fields.items():
            assert name in out
            assert field.description, name
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    "words", ["tasks", "describe gan", "describe profile", "doctor --help"]
)
def test_forty_columns_keep_words_whole(call, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "40")

    lines = call(*words.split()).out.splitlines()

    assert (
        max(map(len, lines)) <= 40 or words == "tasks"
    )  # a command is not broken
    letters = [line.split() for line in lines if line.split()]
    assert (
        sum(len(word) for line in letters for word in line) / len(letters) > 12
    )


@pytest.fixture
def busy_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_busy_port_of_mlflow(refused, tmp_path, busy_port):
    (tmp_path / "mlflow.db").touch()

    message = refused("mlflow", "--results", tmp_path, "--port", busy_port)

    assert f"Port {busy_port}" in message
    assert "--port" in message


def test_a_busy_port_of_the_dashboard(start, tmp_path, busy_port):
    out, err = start(
        "dashboard", "--results", tmp_path, "--port", busy_port
    ).communicate()

    assert f"Port {busy_port}" in err
    assert "--port" in err
    assert "Traceback" not in out + err


def test_the_dashboard_is_a_program_of_its_own(call, monkeypatch, tmp_path):
    started = {}

    def execve(path, words, environment):
        started.update(words=words, path=environment["PYTHONPATH"])
        raise SystemExit(0)

    monkeypatch.setattr(os, "execve", execve)
    call("dashboard", "--results", tmp_path, "--port", 8051, "--host", "::1")

    _, *words = started["words"]
    assert words[:3] == ["-P", "-m", "dashboard"]
    assert (
        shlex.join(words[3:]) == f"--results {tmp_path} --host ::1 --port 8051"
    )
    assert str(ROOT) in started["path"].split(os.pathsep)


def test_a_free_port_is_the_wanted_one_or_the_next():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert servers.free_port(port) > port


@pytest.mark.parametrize(
    ("folder", "typed", "path", "shown"),
    [
        ("", ".venv/bin/bakeoff", "", ".venv/bin/bakeoff"),
        (
            "elsewhere",
            "{0}/.venv/bin/bakeoff",
            "",
            "{0}/.venv/bin/bakeoff",
        ),
        (".venv/bin", "./bakeoff", "", "./bakeoff"),
        ("", "{0}/.venv/bin/bakeoff", "{0}/.venv/bin", "bakeoff"),
    ],
)
def test_a_command_to_type_again_is_found_by_the_shell(
    folder, typed, path, shown, tmp_path, monkeypatch
):
    """After `make demo` nobody has put the environment on the path."""
    program = tmp_path / ".venv" / "bin" / "bakeoff"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / folder)
    monkeypatch.setenv("PATH", path.format(tmp_path))
    monkeypatch.setattr(sys, "argv", [typed.format(tmp_path), "demo"])

    assert console.again() == f"{shown.format(tmp_path)} demo"


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}],
)
def test_a_terminal_that_knows_only_ascii_gets_stand_ins(environment):
    call = [sys.executable, "-m", "suite", "describe", "gan"]
    found = subprocess.run(
        call,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | environment,
        timeout=120,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    assert b"Traceback" not in found.stderr
    if "PYTHONIOENCODING" in environment:
        found.stdout.decode("ascii")


@pytest.mark.parametrize(
    ("character", "shown"), [("−", "-"), ("→", "->"), ("é", "e"), ("中", "?")]
)
def test_what_ascii_cannot_say_has_a_stand_in(character, shown):
    codecs.register_error("bakeoff", console._stand_in)

    assert character.encode("ascii", "bakeoff").decode() == shown


def test_a_reader_that_leaves_early_is_no_error(start):
    process = start("describe", "gan")
    process.stdout.close()

    with process.stderr as said:
        assert "Traceback" not in said.read()
    process.wait(60)


def test_ctrl_c_is_one_line(call, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "names", interrupted)

    result = call("tasks")

    assert result.code == 130
    assert result.err.split() == ["Stopped."]


def test_our_own_mistakes_keep_their_traceback(call, monkeypatch):
    monkeypatch.setattr(tasks, "names", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        call("tasks")


# ---------------------------------------------------------------------- the real thing


@pytest.fixture
def start():
    """Start ``python -m suite`` with these words as a user would; what still runs at
    the end is ended.
    """
    started = []

    def start(*words):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"}
        call = [sys.executable, "-m", "suite", *map(str, words)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        before = signal.signal(
            signal.SIGINT, signal.SIG_DFL
        )  # a shell's background job ignores it, and so would this
        try:
            started.append(
                subprocess.Popen(
                    call,
                    text=True,
                    env=environment,
                    start_new_session=True,
                    **pipes,
                )
            )
        finally:
            signal.signal(signal.SIGINT, before)
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


@pytest.mark.timeout(900)  # three starts of Ray, on whatever machine
def test_a_task_file_runs_on_ray_is_interrupted_and_goes_on(
    start, tiny_file, tmp_path
):
    words = (
        "run",
        "quick",
        "--task-file",
        tiny_file,
        "--set",
        "blocks=2",
        "--results",
        tmp_path,
        "--workers",
        1,
    )

    process = start(*words)
    while not any(path.stat().st_size for path in tmp_path.glob(f"*/{FILE}")):
        assert process.poll() is None
        time.sleep(0.05)
    # Ray's own handler of it prints a stack. Ctrl-C: tests/cli/test_stopping.py.
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, (out, err)
    assert shlex.join(["python", "-m", "suite", *map(str, words)]) in err
    assert "Traceback" not in err
    assert "SIGTERM" not in err

    last = start(*words)
    out, err = last.communicate()
    assert last.returncode == 0, (out, err)
    assert err == ""
    assert "were recorded" in out
    assert "A wider network is better." in out
    (record,) = tmp_path.glob(f"*/{FILE}")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert len(lines) == len({line["key"] for line in lines})
    assert (
        sum(line["kind"] != "half_budget" for line in lines) == 2 * 2 * 2 * 5
    )


@pytest.mark.timeout(900)
def test_the_demo_shows_both_addresses_and_leaves_nothing_behind(
    start, tiny_file, tmp_path
):
    profile = tmp_path / "tiny.toml"
    profile.write_text("blocks = 1\ntrials = 1\n[tasks.tiny]\n")

    demo = start(
        "demo",
        "--profile",
        profile,
        "--task-file",
        tiny_file,
        "--results",
        tmp_path / "r",
        "--workers",
        1,
    )
    out, err = demo.communicate()

    assert demo.returncode == 0, (out, err)
    assert "A wider network is better." in out
    ports = [
        int(port)
        for port in re.findall(
            r"^(?:Dashboard|MLflow): +http://127\.0\.0\.1:(\d+)$",
            out,
            re.MULTILINE,
        )
    ]
    assert len(ports) == 2
    for port in ports:
        servers.check_port("127.0.0.1", port)
    assert "Traceback" not in (tmp_path / "r" / "dashboard.log").read_text()


@pytest.mark.timeout(600)
def test_doctor_finds_this_machine_well(start, tmp_path):
    doctor = start("doctor", "--results", tmp_path / "r")
    out, err = doctor.communicate()

    assert doctor.returncode == 0, (out, err)
    assert "All is well." in out
    assert re.search(r"OK +Ray +starts; a run came back", out)
    assert not (tmp_path / "r").exists()
