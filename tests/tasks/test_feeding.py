"""What a decoder is given while it learns, and how far sentences are apart, against the
definitions.
"""

from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from suite.training.rng import make_generator
from tasks.data._text import BEGIN, END, PAD, padded
from tasks.models.translation import Transformer
from tasks.procedures.decoding import greedy
from tasks.procedures.edit_distance import edit_distance
from tasks.procedures.feeding import decoder_inputs

TOKENS, LONGEST = 9, 12
SENTENCES = st.lists(st.integers(END, 5), max_size=6)


def distance_by_definition(said: list[int], meant: list[int]) -> int:
    @cache
    def between(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        replaced = between(i - 1, j - 1) + (said[i - 1] != meant[j - 1])
        return min(between(i - 1, j) + 1, between(i, j - 1) + 1, replaced)

    return between(len(said), len(meant))


def spelt(word: str, longest: int = 10) -> Tensor:
    return padded([[ord(letter) for letter in word]], longest)


@pytest.mark.parametrize(
    ("said", "meant", "edits"),
    [
        ("kitten", "sitting", 3),
        ("sunday", "saturday", 3),
        ("", "abc", 3),
        ("abc", "", 3),
        ("xabcdef", "abcdef", 1),  # place by place, all six would be wrong
    ],
)
def test_edits_are_counted_as_in_the_textbook(said, meant, edits):
    assert edit_distance(spelt(said), spelt(meant)).tolist() == [edits]


@given(st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=4))
def test_edits_are_the_fewest_there_are_for_each_pair_of_a_batch(pairs):
    said = padded([one for one, _ in pairs], 6)
    meant = padded([other for _, other in pairs], 6)

    found = edit_distance(said, meant)

    assert found.tolist() == [distance_by_definition(*pair) for pair in pairs]
    assert edit_distance(meant, said).tolist() == found.tolist()


@pytest.fixture
def model() -> Transformer:
    torch.manual_seed(0)
    made = Transformer(
        TOKENS, TOKENS, LONGEST, width=16, heads=2, hidden=16, layers=1
    ).eval()
    nn.init.normal_(made.answer.weight, std=0.5)
    # It never ends, so that what it says can be compared place by place.
    nn.init.constant_(made.answer.bias[PAD : END + 1], -100.0)
    return made


def batch(sentences: int) -> tuple[Tensor, Tensor]:
    generator = make_generator(1)
    words = torch.randint(END + 1, TOKENS, (sentences, 6), generator=generator)
    end = torch.full((sentences, 1), END)
    return torch.cat([words, end], 1), torch.cat(
        [end - END + BEGIN, words, end], 1
    )


def test_teacher_forcing_gives_the_true_tokens(model):
    source, target = batch(3)

    given = decoder_inputs(model, source, target, 1.0, make_generator(0))

    assert torch.equal(given, target[:, :-1])


def test_own_outputs_are_what_greedy_search_says(model):
    source, target = batch(3)

    given = decoder_inputs(model, source, target, 0.0, make_generator(0))

    said = greedy(model, source, LONGEST)
    assert given[:, 0].tolist() == [BEGIN] * 3
    assert torch.equal(given[:, 1:], said[:, : given.shape[1] - 1])


def test_a_share_of_the_tokens_is_true_and_the_others_follow_from_those_before(
    model,
):
    source, target = batch(400)

    given = decoder_inputs(model, source, target, 0.75, make_generator(0))

    true = given == target[:, :-1]
    own = model(source, given).argmax(2)[:, :-1] == given[:, 1:]
    assert (true[:, 1:] | own).all()
    # An own token may happen to be the true one.
    assert 0.75 - 0.04 < true[:, 1:].double().mean() < 0.75 + 0.15
