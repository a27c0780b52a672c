"""Tatoeba, English to Chinese: short sentences that learners wrote and volunteers
translated; fetched.
"""

from functools import lru_cache

from tasks.contract.data import Splits
from tasks.contract.errors import UserError
from tasks.contract.text import Text
from tasks.data._fetch import RemoteFile, fetch
from tasks.data._text import Pair, clean, resplit_pairs

SOURCE = Text(
    "Tatoeba, English-Chinese pairs as selected by manythings.org. "
    "Licence: CC BY 2.0 FR.",
    zh="Tatoeba，manythings.org 选出的英中句对。许可证：CC BY 2.0 FR。",
)
FILE = RemoteFile(
    "tatoeba-cmn",
    "cmn.txt",
    "https://raw.githubusercontent.com/DaoChaShao/py-st-dl-translater-2.0/620408eda1721f683e2413778ad19e4f94691053/data",
    "9da1af87e3e61650aa38595e60baef3a4e3a18ed239a7ef4a764c0a87c7ddeff",
)
SIZE = 4000  # subwords a language


def load(seed: int, test: float = 0.1, validation: float = 0.05) -> Splits:
    """English in lower case to Chinese: some 23,500 pairs to learn from, 1,400 to
    choose by and 2,800 sealed.
    """
    return resplit_pairs(
        sentences(),
        seed,
        test=test,
        validation=validation,
        size=SIZE,
        bleu="zh",
    )


@lru_cache(maxsize=1)
def sentences() -> tuple[Pair, ...]:
    """The clean pairs; of several translations of a sentence the file's first."""
    rows = [
        line.split("\t") for line in fetch(FILE).decode("utf-8").splitlines()
    ]
    if any(len(row) < 2 for row in rows):
        raise UserError(
            f"{FILE.name} has lines without a tab: it should have English, Chinese and attribution."
        )
    return tuple(clean(Pair(row[0], row[1]) for row in rows))
