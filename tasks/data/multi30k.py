"""Multi30k, English to German: what 31,014 photographs show, with an official test set
of 1,000; fetched.
"""

from functools import lru_cache

from tasks.contract.data import Splits
from tasks.contract.errors import UserError
from tasks.contract.text import Text
from tasks.data._fetch import RemoteFile, fetch
from tasks.data._split import split_rows
from tasks.data._text import Pair, subword_splits, tidy

SOURCE = Text(
    "Elliott, Frank, Sima'an & Specia, Multi30K: multilingual "
    "English-German image descriptions, 2016, task 1. Licence: "
    "non-commercial research and education.",
    zh=(
        "Elliott、Frank、Sima'an 与 Specia，Multi30K: multilingual "
        "English-German image descriptions，2016，任务 1。许可证："
        "非商业的研究与教育用途。"
    ),
)
ADDRESS = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw"
HASHES = {
    "train.en.gz": "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
    "train.de.gz": "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
    "val.en.gz": "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
    "val.de.gz": "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
    "test_2016_flickr.en.gz": "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
    "test_2016_flickr.de.gz": "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
}
HELD = 1014  # pairs to choose by, as many as the official validation set has
SIZE = 6000  # subwords a language


def load(seed: int) -> Splits:
    """English in lower case to German: 29,000 pairs to learn from, 1,014 to choose by,
    the official 1,000 sealed.

    The seed chooses which of the 30,014 official training and validation pairs
    validate. BLEU counts case.
    """
    known, sealed = pairs("train") + pairs("val"), pairs("test_2016_flickr")
    test = {pair.source.casefold() for pair in sealed}
    # A caption of the test set must not be learned from.
    known = [pair for pair in known if pair.source.casefold() not in test]
    identities = [pair.source.casefold().encode() for pair in known]
    parts = split_rows(
        identities, seed, test=0.0, validation=HELD / len(known)
    )
    train, held = (
        [known[row] for row in rows.tolist()]
        for rows in (parts.train, parts.validation)
    )
    return subword_splits(
        train, held, sealed, size=SIZE, population="official", bleu="13a"
    )


@lru_cache(maxsize=3)
def pairs(part: str) -> list[Pair]:
    """All pairs of an official part, in the file's order."""
    english, german = (
        _lines(f"{part}.{language}.gz") for language in ("en", "de")
    )
    if len(english) != len(german):
        raise UserError(
            f"Multi30k's {part} has {len(english)} English and {len(german)} German "
            "lines: fetch it again."
        )
    return [
        Pair(tidy(source), tidy(target))
        for source, target in zip(english, german, strict=True)
    ]


def _lines(name: str) -> list[str]:
    return (
        fetch(RemoteFile("multi30k-task1-raw", name, ADDRESS, HASHES[name]))
        .decode("utf-8")
        # Not by splitlines, which also breaks at rarer characters: the two
        # languages would get out of step.
        .split("\n")[:-1]
    )
