"""The record: durable, cut clean after a crash, clear about damage."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from suite.atomic import replace_file
from suite.records.cell_file import is_cell, read_cell, write_cell
from suite.records.files import replace_text
from suite.records.journal import FILE, Record, line_of, read_lines
from suite.records.run_record import TYPES, RunRecord
from suite.training.job import Job, Member, Result, canonical, digest
from suite.training.seeds import run_seeds, seed
from tasks import UserError

MEMBER = Member("a" * 64, "trial", 0, 0, {"lr": 0.1}, {"split": 1})
JOB = Job("tiny", "few", "wide", (MEMBER,))


def write(folder, *results):
    record = Record(folder)
    for result in results:
        record.append(JOB, MEMBER, result)
    record.close()


def test_what_is_appended_is_read_again(tmp_path):
    metrics = {"validation.accuracy": 0.1 + 0.2, "seconds": 1e-300}
    write(
        tmp_path,
        Result(
            MEMBER.key,
            "finished",
            metrics=metrics,
            curve=[{"step": 0, "train.loss": None}],
        ),
    )
    (line,) = read_lines(tmp_path / FILE)

    assert line["metrics"] == metrics
    assert line["curve"] == [{"step": 0, "train.loss": None}]
    assert (line["task"], line["kind"], line["params"]) == (
        "tiny",
        "trial",
        {"lr": 0.1},
    )


@pytest.mark.parametrize(
    "torn", [b"{", b'{"schema": 1, "key": "x"', b"\x00" * 70000]
)
def test_a_torn_last_line_is_cut_off(tmp_path, torn):
    write(tmp_path, Result(MEMBER.key, "finished"))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole + torn)
    assert len(list(read_lines(tmp_path / FILE))) == 1
    write(tmp_path, Result(MEMBER.key, "diverged"))

    assert [line["status"] for line in read_lines(tmp_path / FILE)] == [
        "finished",
        "diverged",
    ]


def test_a_record_that_is_nothing_but_torn_becomes_empty(tmp_path):
    (tmp_path / FILE).write_bytes(b"half a li")
    write(tmp_path)

    assert (tmp_path / FILE).read_bytes() == b""


def test_damage_in_the_middle_names_the_line(tmp_path):
    write(tmp_path, Result(MEMBER.key, "finished"))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"nonsense\n" + whole)
    with pytest.raises(UserError, match="line 1, is damaged"):
        list(read_lines(tmp_path / FILE))


def test_another_schema_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes(b'{"schema": 99}\n')
    with pytest.raises(UserError, match="results schema 99"):
        list(read_lines(tmp_path / FILE))


def without(line, key):
    return {name: value for name, value in line.items() if name != key}


def changed(line, **values):
    return {**line, **values}


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda line: [line], "it is not an object"),
        (lambda line: without(line, "params"), "it has no 'params'"),
        (lambda line: without(line, "artifacts"), "it has no 'artifacts'"),
        (
            lambda line: changed(line, block="0"),
            "its block is '0' and not a whole number",
        ),
        (
            lambda line: changed(line, block=True),
            "its block is True and not a whole number",
        ),
        (
            lambda line: changed(line, losses=3),
            "its losses is 3 and not a text",
        ),
        (
            lambda line: changed(line, status="fine"),
            "its status is 'fine' and not one of finished, diverged",
        ),
        (
            lambda line: changed(line, metrics={"test.accuracy": None}),
            "its metrics.test.accuracy is None and not a number",
        ),
        (
            lambda line: changed(line, curve=[{"epoch": 1.0}]),
            "its curve has a row without a whole number of steps",
        ),
    ],
)
def test_a_line_with_an_odd_key_names_file_line_and_key(
    tmp_path, break_it, problem
):
    write(tmp_path, Result(MEMBER.key, "finished"))
    path = tmp_path / FILE
    good = json.loads(path.read_text())
    path.write_text(f"{json.dumps(good)}\n{json.dumps(break_it(good))}\n")
    with pytest.raises(UserError) as error:
        list(read_lines(path))

    said = str(error.value)
    assert f"{path}, line 2, is damaged" in said
    assert problem in said
    assert "delete that line" in said


def test_a_key_that_a_newer_version_writes_is_kept(tmp_path):
    write(tmp_path, Result(MEMBER.key, "finished"))
    path = tmp_path / FILE
    path.write_text(
        json.dumps(changed(json.loads(path.read_text()), carbon=0.1)) + "\n"
    )
    (line,) = read_lines(path)

    assert line["carbon"] == 0.1


def test_every_key_of_a_line_is_checked():
    assert {*TYPES, "schema", "cell"} == set(RunRecord.__annotations__)


def test_a_finished_cell_comes_back_from_its_file_to_the_last_bit(tmp_path):
    curve = [
        {"step": 0, "epoch": 0.0, "train.loss": 0.1 + 0.2},
        {"step": 5, "epoch": 1e-300, "train.loss": None},
    ]
    results = (
        Result(
            MEMBER.key, "finished", {"seconds": 1 / 3}, curve, artifacts={}
        ),
        Result("b" * 64, "diverged"),
    )
    lines = [
        line_of(JOB, replace(MEMBER, key=one.key), one) for one in results
    ]
    path = tmp_path / "cells" / "cell.parquet"
    assert not is_cell(path)
    write_cell(path, lines)

    assert is_cell(path)
    assert read_cell(path) == lines
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_could_not_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    replace_text(path, "old")
    with suppress(OSError), replace_file(path) as partial:
        partial.write_text("ne")
        raise OSError("disk full")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_and_checkpoints_are_there_before_their_line(tmp_path):
    write(
        tmp_path,
        Result(
            MEMBER.key,
            "finished",
            artifacts={"grid.png": b"png"},
            checkpoint=b"weights",
        ),
    )

    assert (
        tmp_path / "artifacts" / MEMBER.key / "grid.png"
    ).read_bytes() == b"png"
    assert (
        tmp_path / "checkpoints" / f"{MEMBER.key}.pt"
    ).read_bytes() == b"weights"
    (line,) = read_lines(tmp_path / FILE)
    assert line["artifacts"] == ["grid.png"]
    assert "checkpoint" not in line


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    assert canonical({"b": 1, "a": [0.1, None]}) == '{"a":[0.1,null],"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


def test_streams_differ_by_name_and_root():
    found = {
        seed(root, *path)
        for root in (0, 1)
        for path in (("a",), ("b",), ("a", "b"), ("ab",), ("a", 0), ("a", "0"))
    }

    assert len(found) == 12
    assert all(0 <= value < 2**63 for value in found)


def test_a_stream_depends_on_what_it_lists_alone():
    one = run_seeds(0, "t", "l", 0, "a", "trial", 3)
    other_arm = run_seeds(0, "t", "l", 0, "b", "trial", 3)
    other_number = run_seeds(0, "t", "l", 0, "a", "trial", 4)

    assert {name for name in one if one[name] == other_arm[name]} == {
        "split",
        "order",
        "evaluation",
    }
    assert {name for name in one if one[name] == other_number[name]} == {
        "split",
        "evaluation",
    }
