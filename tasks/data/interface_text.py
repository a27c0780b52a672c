"""What the buttons and settings of JupyterLab say in English and in Chinese,
beside a glossary of machine learning.

The language pack is an ordinary package, so its catalogues come with the installation.
Interface text repeats itself: sources that differ only in case, digits or punctuation
always land in the same part.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files

from tasks.contract.data import Splits
from tasks.contract.errors import UserError
from tasks.contract.text import Text
from tasks.data._text import HAN, Pair, clean, resplit_pairs

SOURCE = Text(
    "JupyterLab language pack zh-CN 4.5.post3, Project Jupyter "
    "contributors. Licence: BSD-3-Clause; and a glossary written for this "
    "project.",
    zh=(
        "JupyterLab 中文语言包 4.5.post3，Project Jupyter 贡献者。许可证："
        "BSD-3-Clause；另有为本项目编写的词汇表。"
    ),
)
PACKAGE = "jupyterlab-language-pack-zh-CN"
# of its .json files, one after the other
SHA256 = "a931f7d0847849fe00e65c0ea1f70ded37442aee866783a885e4da368046845c"
SIZE = 1500  # subwords a language
PLACEHOLDER = re.compile(r"%\d|\{\}")


def load(seed: int, test: float = 0.1, validation: float = 0.1) -> Splits:
    """English in lower case to Chinese: about 2,300 pairs to learn from with the
    glossary, 280 each to choose and seal.

    The glossary is always learned from; ``probes`` are sources that a trained model
    shows its attempt at.
    """
    return resplit_pairs(
        catalogues(),
        seed,
        test=test,
        validation=validation,
        size=SIZE,
        always=glossary(),
        bleu="zh",
        probes=PROBES,
    )


PROBES = (
    Pair("machine learning", "机器学习"),
    Pair("machine learning notebook", "机器学习笔记本"),
    Pair("Open machine learning settings", "打开机器学习设置"),
)


@lru_cache(maxsize=1)
def glossary() -> tuple[Pair, ...]:
    """Terms of machine learning and their translations."""
    lines = (
        (files("tasks.data") / "glossary_en_zh.tsv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    return tuple(Pair(*line.split("\t")) for line in lines)


@lru_cache(maxsize=1)
def catalogues() -> tuple[Pair, ...]:
    """The language pack's clean pairs, in a fixed order. Raises UserError if the
    package is another or missing.
    """
    return tuple(clean(_translated(_messages())))


def _translated(messages: Iterator[tuple[str, str]]) -> Iterator[Pair]:
    """Messages with X for what is filled in later, unless their translation has no
    Chinese in it.
    """
    for source, target in messages:
        if re.search(f"[{HAN}]", target):
            yield Pair(
                PLACEHOLDER.sub("X", source), PLACEHOLDER.sub("X", target)
            )


def _messages() -> Iterator[tuple[str, str]]:
    contents = _contents()
    found = hashlib.sha256(b"".join(contents)).hexdigest()
    if found != SHA256:
        raise _wrong(f"has catalogues with SHA-256 {found}, expected {SHA256}")
    for content in contents:
        for key, forms in json.loads(content).items():
            if key:  # the empty one is the catalogue's own header
                # a context may come first; the last form is the plural
                yield key.rpartition("\x04")[2], forms[-1]


def _contents() -> list[bytes]:
    try:
        listed = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        raise _wrong("is not installed") from None
    # Sorted by name: the hash is over all files in one order, and `clean`
    # keeps the first of several translations.
    paths = sorted(
        (
            path
            for path in listed
            if path.suffix == ".json" and "LC_MESSAGES" in path.parts
        ),
        key=str,
    )
    return [path.read_binary() for path in paths]


def _wrong(reason: str) -> UserError:
    return UserError(
        f"The package {PACKAGE} {reason}: `pip install --force-reinstall {PACKAGE}==4.5.post3`."
    )
