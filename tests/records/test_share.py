"""Campaigns as files: shards come to what one undisturbed run comes to, and nothing in a
file from elsewhere is trusted.
"""

import json
import os
import zipfile
from pathlib import Path

import pytest

from suite.campaign.plans import plan_of
from suite.planning.plan import Plan, Shard, shard_of
from suite.planning.profile import Profile, TaskPlan
from suite.records.journal import FILE, read_lines, results_digest
from suite.records.results import Results
from suite.records.reuse import copy_files
from suite.records.share import export_campaign, import_bundles, read_bundle
from suite.verdicts.judge import judge_campaign
from tasks import UserError

KEY = "a" * 64


def profile_for(task, **changes):
    values = {
        "name": "tiny",
        "blocks": 3,
        "trials": 2,
        "tasks": {task: TaskPlan()},
    }
    return Profile.model_validate(values | changes)


def shards_of(task, run_inline, tmp_path, **changes):
    """Three shards, each run on a machine of its own, as files; the plan of all."""
    files = []
    for number in (1, 2, 3):
        results = tmp_path / f"machine{number}"
        plan = plan_of(
            profile_for(task, **changes), results, shard=Shard(number, 3)
        )
        run_inline(plan, results)
        files.append(tmp_path / f"shard{number}.zip")
        export_campaign(results / plan.id, files[-1])
    return files, Plan(profile_for(task, **changes))


def imported(files, results):
    return import_bundles([read_bundle(path) for path in files], results)


def test_three_shards_one_of_them_interrupted_are_one_undisturbed_run(
    tiny, run_inline, fake_executor, tmp_path
):
    interrupted = tmp_path / "machine2"
    plan = plan_of(profile_for(tiny), interrupted, shard=Shard(2, 3))
    executor = fake_executor(interrupt_after=3)
    with pytest.raises(KeyboardInterrupt):
        run_inline(plan, interrupted, executor=executor)

    files, whole = shards_of(tiny, run_inline, tmp_path)
    found = imported(files, tmp_path / "merged")
    run_inline(whole, tmp_path / "alone")

    merged, alone = (
        list(read_lines(tmp_path / place / whole.id / FILE))
        for place in ("merged", "alone")
    )
    assert found.id == whole.id
    assert found.cells_missing == 0
    assert results_digest(merged) == results_digest(alone)
    one, other = (
        judge_campaign(Results(tmp_path / place).load(whole.id))
        for place in ("merged", "alone")
    )
    assert one == other
    assert run_inline(whole, tmp_path / "merged").trained == 0
    again = imported(files, tmp_path / "merged")
    assert again.new == 0


def test_a_shard_without_a_block_is_refused(tiny, tmp_path):
    with pytest.raises(UserError, match="no block is left for it"):
        plan_of(profile_for(tiny, blocks=2), tmp_path, shard=Shard(3, 3))


def test_shards_divide_the_blocks():
    shards = [Shard(number, 3) for number in (1, 2, 3)]
    assert [[b for b in range(7) if b in s] for s in shards] == [
        [0, 3, 6],
        [1, 4],
        [2, 5],
    ]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/3/5", "-1/3"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(UserError, match="which one of how many"):
        shard_of(text)


def test_interim_looks_need_all_blocks(tiny, tmp_path):
    profile = profile_for(tiny, interim_looks=(2, 3))
    with pytest.raises(UserError, match="need the results of all shards"):
        plan_of(profile, tmp_path, shard=Shard(1, 2))


@pytest.fixture
def exported(tiny, run_inline, tmp_path):
    profile = profile_for(tiny, blocks=1, trials=1)
    plan = plan_of(profile, tmp_path / "there")
    run_inline(plan, tmp_path / "there")
    path = tmp_path / "exported.zip"
    export_campaign(tmp_path / "there" / plan.id, path)
    return path


def rewritten(
    path: Path, changes=None, more=None, sign=True, link=None
) -> Path:
    """The same archive with changed entries, its list of hashes made to agree."""
    import hashlib

    target = path.with_name("rewritten.zip")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(content.pop("bakeoff.json"))
    for name, change in (changes or {}).items():
        content[name] = change(content[name])
    content |= more or {}
    if sign:
        hashes = {n: hashlib.sha256(c).hexdigest() for n, c in content.items()}
        about["files"] = hashes
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bakeoff.json", json.dumps(about))
        for name, text in content.items():
            as_link = link is not None and name == link.filename
            archive.writestr(link if as_link else name, text)
    return target


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "/etc/escaped",
        "artifacts/../../escaped",
        f"artifacts/{KEY}/../escaped",
        f"artifacts/{KEY}/.hidden",
        "checkpoints/x.pt",
        "log.txt",
    ],
)
def test_a_name_that_no_export_has_is_refused(exported, tmp_path, name):
    path = rewritten(exported, more={name: b"x"})
    with pytest.raises(UserError, match="which exports never do"):
        read_bundle(path)
    assert not list(tmp_path.rglob("*escaped*"))


def test_an_archive_that_would_fill_the_disk_is_refused(exported):
    name = f"artifacts/{KEY}/zeros.json"
    path = rewritten(exported, more={name: bytes(80 << 20)})
    with pytest.raises(UserError, match="would decompress to 80 MiB"):
        read_bundle(path)


def test_a_file_that_was_changed_is_refused(exported):
    change = {
        "runs.jsonl": lambda text: text.replace(b"finished", b"diverged")
    }
    with pytest.raises(
        UserError, match=r"checksum of runs\.jsonl does not match"
    ):
        read_bundle(rewritten(exported, change, sign=False))


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.99])
def test_half_a_file_is_refused(exported, keep):
    content = exported.read_bytes()
    exported.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(UserError, match="is damaged"):
        read_bundle(exported)


def test_a_flipped_byte_is_refused_or_changes_nothing(exported):
    content = exported.read_bytes()
    whole = read_bundle(exported)
    for place in range(0, len(content), max(1, len(content) // 40)):
        exported.write_bytes(
            content[:place]
            + bytes([content[place] ^ 255])
            + content[place + 1 :]
        )
        try:
            found = read_bundle(exported)
        except UserError:
            continue
        assert found.records == whole.records
        assert found.manifest == whole.manifest


def test_equal_content_gives_equal_bytes(exported, tmp_path):
    (folder,) = (tmp_path / "there").glob("*/campaign.json")
    folder = folder.parent
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o777)
    again = tmp_path / "again.zip"

    export_campaign(folder, again)

    assert again.read_bytes() == exported.read_bytes()


def test_a_link_in_a_results_folder_is_not_followed(exported, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (manifest,) = (tmp_path / "there").glob("*/campaign.json")
    campaign = Results(tmp_path / "there").load()
    (key, *_) = campaign.finals["key"]
    home = manifest.parent / "artifacts" / key
    home.mkdir(parents=True, exist_ok=True)
    (home / "link.json").symlink_to(secret)
    out = tmp_path / "again.zip"

    export_campaign(manifest.parent, out)
    copy_files(manifest.parent, tmp_path / "copy", key)

    with zipfile.ZipFile(out) as archive:
        assert not any("link" in name for name in archive.namelist())
    assert not list((tmp_path / "copy").rglob("link*"))
    assert home / "link.json" not in campaign.artifacts(key)


def test_a_link_in_an_archive_is_a_file_with_its_text(exported, tmp_path):
    """ZIP keeps links as files whose content is the target; none is made."""
    name = f"artifacts/{KEY}/link.json"
    link = zipfile.ZipInfo(name)
    link.external_attr = 0o120777 << 16
    path = rewritten(exported, more={name: b"/etc/passwd"}, link=link)

    imported([path], tmp_path / "here")

    (found,) = (tmp_path / "here").rglob("link.json")
    assert not found.is_symlink()
    assert found.read_text() == "/etc/passwd"


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    "changes",
    [
        {"campaign.json": lambda text: DEEP},
        {"campaign.json": lambda text: b"[]"},
        {"runs.jsonl": lambda text: DEEP + b"\n"},
        {"runs.jsonl": lambda text: b"\0" * 1000 + b"\n"},
    ],
    ids=["deep manifest", "list", "deep record", "NUL"],
)
def test_json_that_is_no_campaign_is_refused(exported, changes):
    with pytest.raises(UserError):
        read_bundle(rewritten(exported, changes))


@pytest.mark.parametrize("about", [DEEP, b"[]", b'{"format": 1}', b"\xff"])
def test_an_index_that_is_none_is_refused(exported, about):
    target = exported.with_name("index.zip")
    with (
        zipfile.ZipFile(exported) as source,
        zipfile.ZipFile(target, "w") as archive,
    ):
        for name in source.namelist():
            known = name != "bakeoff.json"
            archive.writestr(name, source.read(name) if known else about)

    with pytest.raises(UserError):
        read_bundle(target)


def test_a_key_that_leads_to_another_folder_is_refused(exported, tmp_path):
    (record,) = (tmp_path / "there").glob("*/runs.jsonl")
    text = record.read_text()
    key = json.loads(text.splitlines()[0])["key"]

    for name in ("../../x", "/etc", "a/b", ".", ".."):
        record.write_text(text.replace(key, name))
        with pytest.raises(UserError, match="not a valid file name"):
            export_campaign(record.parent, tmp_path / "again.zip")


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(UserError, match="is damaged"):
        read_bundle(tmp_path / "text.zip")
    with pytest.raises(UserError, match="There is no file"):
        read_bundle(tmp_path / "none.zip")


def test_an_archive_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(UserError, match="is not a campaign export"):
        read_bundle(tmp_path / "other.zip")


def test_a_run_with_two_results_is_refused(exported, tmp_path):
    def better(text):
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            line["metrics"] = dict.fromkeys(line["metrics"], 1.0)
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    other = rewritten(exported, {"runs.jsonl": better})
    with pytest.raises(UserError, match="has different results in"):
        imported([exported, other], tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_other_sources_are_refused(exported, tmp_path):
    def other_sources(text):
        about = json.loads(text)
        return json.dumps(about | {"sources": {"tiny": "0" * 64}}).encode()

    other = rewritten(exported, {"campaign.json": other_sources})
    with pytest.raises(
        UserError, match="ran task tiny with different source code"
    ):
        imported([exported, other], tmp_path / "here")


def test_an_id_that_leaves_the_folder_is_refused(exported):
    def elsewhere(text):
        return json.dumps(json.loads(text) | {"id": "../elsewhere"}).encode()

    with pytest.raises(UserError, match="which is not a valid campaign id"):
        read_bundle(rewritten(exported, {"campaign.json": elsewhere}))
