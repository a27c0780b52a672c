"""Data that are not in memory: the same splits, seal and runs as data that are."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from suite.training.instantiate import build_model
from suite.training.loop import TrainingLoop
from tasks import (
    Arm,
    Level,
    Recipe,
    Split,
    Splits,
    StoredSplit,
    Stream,
    UserError,
)
from tasks.data.stored import (
    character_file,
    from_dataset,
    from_stream,
    token_windows,
)
from tasks.procedures.supervised import Classification

ALL = Level("all")
NO_FUNCTION: Any = (3, 4)
SEEDS = {"order": 3, "dropout": 4, "evaluation": 5}


def numbers(count: int = 200) -> TensorDataset:
    """Examples that can be told apart; the class is the sign of the first number."""
    x = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    return TensorDataset(x, (x[:, 0] > 0).long())


class Numbers(IterableDataset[Any]):
    def __init__(self, seed: int, count: int = 400) -> None:
        self.seed, self.count = seed, count

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        x, y = numbers(self.count).tensors
        order = torch.Generator().manual_seed(self.seed)
        for row in torch.randperm(self.count, generator=order):
            yield x[row], int(y[row])


def stream_splits(seed: int = 0, **changes: Any) -> Splits:
    given = {"examples": 300, "validation": 10, "test": 10, "classes": 2}
    return from_stream(Numbers, seed, **{**given, "held_out": 0.2, **changes})


def hash_of_train(splits: Splits) -> str:
    assert isinstance(splits.train, StoredSplit | Stream)
    return splits.train.content_hash()


def rows(x: Tensor) -> set[bytes]:
    return {row.numpy().tobytes() for row in x}


def loop_of(
    splits: Splits, train: Split | None = None, steps: int = 12, **recipe: Any
):
    def linear(shape: Any, level: Any, params: Any) -> nn.Module:
        return nn.Linear(3, 2)

    params = {"lr": 0.1}
    model = build_model(Arm("linear", linear), ALL, splits, params, 0)
    return TrainingLoop(
        Classification(),
        model,
        splits.train if train is None else train,
        splits.validation,
        Recipe(steps=steps, batch_size=32, evaluations=3, **recipe),
        params,
        SEEDS,
    )


def train(loop: TrainingLoop) -> list[float]:
    for _ in loop:
        pass
    return loop.losses.tolist()


def test_a_data_set_is_split_without_remainder_by_the_seed_alone():
    dataset = numbers()
    splits = from_dataset(dataset, 1, validation=20, test=30, classes=2)
    again = from_dataset(dataset, 1, validation=20, test=30, classes=2)
    other = from_dataset(dataset, 2, validation=20, test=30, classes=2)

    parts = [splits.train.head(200), splits.validation, splits.sealed.open()]
    assert [len(part) for part in parts] == [150, 20, 30]
    assert set.union(*(rows(part.x) for part in parts)) == rows(
        dataset.tensors[0]
    )
    assert torch.equal(again.sealed.open().x, parts[2].x)
    assert not torch.equal(other.sealed.open().x, parts[2].x)
    assert splits.population == "resplit"
    assert splits.test_train_ratio == 30 / 170


@pytest.mark.parametrize("batch_size", [32, 0])
def test_a_stored_data_set_trains_as_the_same_data_in_memory_do(batch_size):
    splits = from_dataset(numbers(), 0, validation=20, test=30, classes=2)
    in_memory = splits.train.head(len(splits.train))
    stored, held = loop_of(splits), loop_of(splits, in_memory)

    assert train(stored) == train(held)
    assert stored.curve[-1].values == held.curve[-1].values


@pytest.mark.parametrize("make", [stream_splits, lambda: stored_splits()])
def test_a_resumed_run_on_data_not_in_memory_ends_with_the_same_bits(make):
    whole = train(loop_of(make()))
    begun = loop_of(make())
    evaluations = iter(begun)
    next(evaluations), next(evaluations)
    resumed = loop_of(make())
    resumed.load_state_dict(begun.state_dict())

    assert train(resumed) == whole


def stored_splits() -> Splits:
    return from_dataset(numbers(), 0, validation=20, test=30, classes=2)


def test_no_held_out_example_of_a_stream_is_ever_learned_from():
    splits = stream_splits(seed=3)
    held = rows(splits.validation.x) | rows(splits.sealed.open().x)

    passes = splits.train.passes(7)
    learned = rows(torch.stack([next(passes)[0] for _ in range(900)]))

    assert len(held) == 20
    assert not learned & held
    assert len(learned) == pytest.approx(
        400 * 0.8, abs=30
    )  # 3.7 standard deviations


def test_a_loader_of_batches_gives_the_examples_of_its_data_set():
    def begin(seed: int) -> DataLoader[Any]:
        return DataLoader(Numbers(seed), batch_size=7)

    given = {"examples": 300, "validation": 10, "test": 10, "classes": 2}
    by_loader = from_stream(begin, 0, held_out=0.2, **given)

    assert torch.equal(
        by_loader.train.head(50).x, stream_splits().train.head(50).x
    )


def test_the_content_hash_follows_the_examples_or_the_fingerprint():
    def hash_of(count: int, **changes: Any) -> str:
        splits = from_dataset(
            numbers(count), 0, validation=2, test=2, classes=2, **changes
        )
        return hash_of_train(splits)

    x, y = numbers(50).tensors
    changed = x.clone()
    changed[0, 0] += 1
    other = StoredSplit(stored_splits().train.examples).content_hash()

    assert hash_of(50) == hash_of(50)
    assert hash_of(50) != hash_of(51)
    assert hash_of(50, fingerprint="a") != hash_of(50, fingerprint="b")
    of = from_dataset(
        TensorDataset(changed, y), 0, validation=2, test=2, classes=2
    )
    assert hash_of_train(of) != hash_of(50)
    assert other != hash_of(50)
    assert hash_of_train(stream_splits()) == hash_of_train(stream_splits())
    a, b = stream_splits(fingerprint="a"), stream_splits(fingerprint="b")
    assert hash_of_train(a) != hash_of_train(b)


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.bin"
    np.arange(1_000, dtype=np.uint16).tofile(path)
    return path


def test_windows_of_tokens_are_followed_by_the_next_token_and_share_none(
    tokens,
):
    splits = token_windows(
        tokens, 0, context=9, vocabulary=1000, validation=20, test=30
    )
    parts = [splits.train.head(1000), splits.validation, splits.sealed.open()]

    x, y = (
        torch.cat([getattr(part, name) for part in parts]) for name in "xy"
    )
    assert x.shape == (100, 9)
    assert torch.equal(y, x + 1)
    seen = torch.cat([x, y[:, -1:]], 1).flatten()
    assert sorted(seen.tolist()) == list(range(1000))
    assert splits.classes == 1000


def test_a_changed_file_of_tokens_has_another_hash(tokens):
    def content_hash() -> str:
        given: Any = {
            "context": 9,
            "vocabulary": 1000,
            "validation": 2,
            "test": 2,
        }
        return hash_of_train(token_windows(tokens, 0, **given))

    before = content_hash()
    assert content_hash() == before
    values = np.fromfile(tokens, dtype=np.uint16)
    values[500] = 7
    values.tofile(tokens)
    assert content_hash() != before


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: from_dataset(Numbers(0), 0, validation=1, test=1), "from_stream"),
        (lambda: from_dataset(numbers(9), 0, validation=5, test=4), "too few"),
        (lambda: from_dataset(numbers(), 0, validation=5, test=4), "give classes="),
        (lambda: from_dataset([1, 2, 3], 0, validation=1, test=1), "no pair"),
        (lambda: stream_splits(held_out=1.5), "share"),
        (lambda: stream_splits(examples=0), "examples"),
        (lambda: stream_splits(test=300), "hold out more"),
        (lambda: token_windows("no", 0, context=1, vocabulary=1, validation=1, test=1), "no file"),
        (lambda: Stream(*NO_FUNCTION), "function"),
        (lambda: stored_splits().train.x, "not in memory"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_would_work(make, says):
    with pytest.raises(UserError, match=says):
        make()


def test_the_characters_of_a_text_are_its_tokens(tmp_path, monkeypatch):
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path))

    path, characters = character_file("to be or not to be")

    numbers = np.fromfile(path, dtype=np.uint16)
    assert (
        "".join(characters[number] for number in numbers)
        == "to be or not to be"
    )


def test_a_token_beyond_the_vocabulary_is_refused(tokens):
    with pytest.raises(UserError, match="largest"):
        token_windows(
            tokens, 0, context=9, vocabulary=10, validation=50, test=40
        )


LIMITED = """
    import resource
    from tests_stored import *

    used = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + 120 * 2**20,) * 2)
"""
STREAM = """
    def begin(seed):
        for number in range(12_000):  # 16 KiB each, 187 MiB in all
            yield torch.full((4_096,), number / 12_000), torch.tensor(number % 2)

    splits = from_stream(begin, 0, examples=10_000, validation=20, test=20, classes=2)
    loop = TrainingLoop(
        Classification(), nn.Linear(4_096, 2), splits.train, splits.validation,
        Recipe(steps=160, batch_size=64, evaluations=1), {"lr": 0.001}, SEEDS,
    )
    train(loop)
    everything = lambda: [x for x, _ in begin(0)]
"""
TOKENS = """
    splits = token_windows(
        "tokens.bin", 0, context=1023, vocabulary=2, validation=20, test=20
    )
    for number in range(50):
        batch = splits.train.take(torch.arange(number, number + 32))
        assert batch.x.shape == (32, 1023)
    everything = lambda: np.fromfile("tokens.bin", dtype="uint16")
"""
CONTROL = """
    try:
        everything()
    except (MemoryError, RuntimeError, OSError):
        print("more than the limit")
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits are Linux's"
)
@pytest.mark.parametrize("source", [STREAM, TOKENS], ids=["stream", "tokens"])
def test_data_larger_than_a_memory_limit_are_learned_from(source, tmp_path):
    with open(tmp_path / "tokens.bin", "wb") as file:
        file.truncate(240 * 2**20)  # a file of zeros that takes no room
    (tmp_path / "tests_stored.py").write_text(
        Path(__file__).read_text("utf-8")
    )
    script = "".join(
        textwrap.dedent(part) for part in (LIMITED, source, CONTROL)
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "more than the limit"


# ------------------------------------------------------------- dictionaries, Hugging Face


def pair_of(item: dict[str, Any]) -> tuple[Tensor, int]:
    """An example and its answer, from a dictionary of columns."""
    return torch.as_tensor(item["x"]), int(item["y"])


def as_items(seed: int) -> Iterator[dict[str, Any]]:
    for x, y in Numbers(seed):
        yield {"x": x, "y": y}


def test_a_stream_of_dictionaries_is_converted_to_the_same_examples():
    plain = stream_splits()
    converted = from_stream(
        as_items,
        0,
        examples=300,
        validation=10,
        test=10,
        classes=2,
        held_out=0.2,
        convert=pair_of,
    )

    assert torch.equal(converted.validation.x, plain.validation.x)
    assert torch.equal(converted.sealed.open().y, plain.sealed.open().y)
    with pytest.raises(UserError, match="convert function"):
        from_stream(as_items, 0, examples=9, validation=1, test=1, classes=2)
    with pytest.raises(UserError, match="makes a pair of an item"):
        stream_splits(convert="x")


def test_a_data_set_of_hugging_face_is_read_by_number_and_as_a_stream(
    tmp_path, monkeypatch
):
    """From a local file: nothing is downloaded."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    rows = [{"x": x.tolist(), "y": int(y)} for x, y in numbers(300)]
    file = tmp_path / "rows.parquet"
    datasets.Dataset.from_list(rows).to_parquet(file)

    def opened(**how: Any) -> Any:
        cache = str(tmp_path / "cache")
        return datasets.load_dataset(
            "parquet",
            data_files=str(file),
            split="train",
            cache_dir=cache,
            **how,
        )

    def begin(seed: int) -> Any:
        return opened(streaming=True).shuffle(seed=seed, buffer_size=50)

    sizes: dict[str, Any] = {"validation": 20, "test": 20, "classes": 2}
    by_number = from_dataset(opened(), 0, convert=pair_of, **sizes)
    streamed = from_stream(
        begin, 0, examples=200, held_out=0.3, convert=pair_of, **sizes
    )

    for splits in (by_number, streamed):
        batch = splits.train.draw(64, torch.Generator().manual_seed(0))
        assert batch.x.shape == (64, 3)
        assert torch.equal(batch.y, (batch.x[:, 0] > 0).long())
        assert len(splits.validation) == len(splits.sealed) == 20
