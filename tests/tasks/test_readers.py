"""Readers of sequences: what their states can depend on, their size by formula, and
torch's own cells.
"""

import pytest
import torch
from torch import Tensor, nn

import tasks
from tasks import Shape, UserError
from tasks.data import recall
from tasks.models.readers import (
    AttentionReader,
    Kind,
    RecurrentReader,
    attention_reader,
    matched_units,
    recurrent_count,
)
from tasks.models.translation import sinusoids
from tasks.procedures.reading import dependencies, future, order

SHAPE = Shape((7,), 10)
SYMBOLS = recall.SYMBOLS
ONE = torch.tensor([[3, 1, 4, 1, 5, 9, 2]])
KINDS: tuple[Kind, ...] = ("rnn", "gru", "lstm")


def reader(kind: Kind, both_ways: bool = False) -> RecurrentReader:
    torch.manual_seed(0)
    return RecurrentReader(SHAPE, SYMBOLS, kind, 12, both_ways=both_ways)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


# ------------------------------------------------------------------------ dependencies


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_depends_on_all_symbols_so_far_and_on_no_later_one(kind):
    assert torch.equal(
        dependencies(reader(kind), ONE), torch.ones(7, 7).tril().bool()
    )
    assert future(reader(kind), ONE) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_read_both_ways_every_state_depends_on_every_symbol(kind):
    assert dependencies(reader(kind, both_ways=True), ONE).all()
    assert future(reader(kind, both_ways=True), ONE) == 1


def test_with_attention_every_state_depends_on_every_symbol():
    torch.manual_seed(0)

    assert future(AttentionReader(SHAPE, SYMBOLS, 8), ONE) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_symbol_changes_no_earlier_state(kind):
    """The same without derivatives."""
    model, other = reader(kind), ONE.clone()
    other[0, 4] = 0

    changed = model.states(model.embed(ONE)) != model.states(
        model.embed(other)
    )

    assert not changed[0, :4].any()
    assert changed[0, 4:].any(dim=1).all()


def test_an_answer_is_from_the_last_state_and_where_the_other_direction_ends():
    model = reader("gru", both_ways=True)
    states = model.states(model.embed(ONE))
    ends = torch.cat([states[:, -1, :12], states[:, 0, 12:]], dim=1)

    torch.testing.assert_close(model(ONE), model.head(ends))


# --------------------------------------------------------------------------- positions


def shuffled_by(model: nn.Module, symbols: Tensor) -> float:
    with torch.no_grad():
        return order(model, symbols, torch.Generator().manual_seed(0))  # type: ignore[arg-type]


def test_without_positions_order_changes_nothing_and_with_any_it_does():
    torch.manual_seed(0)
    models = {
        positions: AttentionReader(SHAPE, SYMBOLS, 8, positions)
        for positions in ("none", "sinusoidal", "learned")
    }
    nn.init.normal_(models["learned"].transformer.positions)

    assert shuffled_by(models["none"], ONE) < 1e-6
    assert shuffled_by(models["sinusoidal"], ONE) > 1e-3
    assert shuffled_by(models["learned"], ONE) > 1e-3


def test_sinusoids_are_added_to_symbols():
    torch.manual_seed(0)
    model = AttentionReader(SHAPE, SYMBOLS, 8, "sinusoidal")

    torch.testing.assert_close(
        model.embed(ONE) - model.table(ONE), sinusoids(7, 16)[None]
    )


# --------------------------------------------------------------------- peers and sizes


def test_an_lstm_with_a_forget_bias_is_torchs_cell_with_that_bias():
    torch.manual_seed(0)
    model = RecurrentReader(SHAPE, SYMBOLS, "lstm", 5, forget_bias=4.0)
    cell = nn.LSTMCell(16, 5)
    layer = dict(model.layer.named_parameters())
    cell.load_state_dict({name[:-3]: value for name, value in layer.items()})
    x, state = model.embed(ONE), (torch.zeros(1, 5), torch.zeros(1, 5))

    for place in range(7):
        state = cell(x[:, place], state)

    torch.testing.assert_close(model.states(x)[:, -1], state[0])
    # torch's order of gates is input, forget, cell, output
    assert torch.equal(cell.bias_ih[5:10], torch.full((5,), 4.0))
    assert cell.bias_ih[:5].abs().max() < 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("both_ways", [False, True])
def test_the_formula_counts_what_the_model_has(kind, both_ways):
    counted = recurrent_count(kind, 12, SYMBOLS, 10, both_ways)

    assert parameters(reader(kind, both_ways)) == counted


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_matched(kind):
    units = matched_units(6000, kind, SYMBOLS, 10)
    torch.manual_seed(0)

    assert recurrent_count(kind, units, SYMBOLS, 10) == pytest.approx(
        6000, rel=0.03
    )
    for positions in ("none", "learned"):
        model = attention_reader(SHAPE, SYMBOLS, 6000, positions)
        assert parameters(model) == pytest.approx(6000, rel=0.005)


def test_a_size_that_no_layer_has_is_refused():
    with pytest.raises(
        UserError, match="parameters=100 cannot be matched within 3%"
    ):
        matched_units(100, "gru", SYMBOLS, 10)


# -------------------------------------------------------------------------------- data


@pytest.mark.parametrize("length", [4, 15])
def test_answers_are_the_first_symbol_or_which_ones_are_more(length):
    first = recall.load(0, length).train
    majority = recall.load(0, length, "majority").train

    assert torch.equal(first.y, first.x[:, 0])
    high = (majority.x >= 5).float().mean(dim=1)
    assert torch.equal(majority.y.bool(), high > 0.5)


def test_sequences_are_distinct_and_symbols_equally_frequent():
    train = recall.load(0, 4).train

    assert len(train.x.unique(dim=0)) == len(train.x) == 3500
    # a tenth of 3,500 x 4 symbols each, give or take four standard errors
    counts = train.x.flatten().bincount(minlength=SYMBOLS) / train.x.numel()
    assert (counts - 0.1).abs().max() < 4 * (0.09 / train.x.numel()) ** 0.5


def test_too_short_a_length_is_refused():
    with pytest.raises(UserError, match="length=3: there are 1,000 sequences"):
        recall.load(0, 3)


def test_arms_of_the_task_differ_in_their_layers_alone():
    task = tasks.get("attention_vs_rnn")

    assert len({id(task.procedure_of(arm)) for arm in task.arms}) == 1
    assert len({repr(task.space_of(arm)) for arm in task.arms}) == 1
