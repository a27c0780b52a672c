"""Operations of layers, against their formulas."""

from tasks.attention_cost import TASK, operations
from tasks.models.readers import WIDTH

D = WIDTH


def test_operations_are_those_of_the_formulas():
    """Two for each weight that a symbol meets, and for each pair of symbols."""
    length = 8
    projections = 2 * 4 * D * D * length
    pairs = 2 * 2 * D * length**2

    assert operations("attention", length) == projections + pairs
    # weights from the symbol and from the state, once for each gate
    step = 2 * 2 * D * D
    assert operations("rnn", length) == step * length
    assert operations("gru", length) == 3 * step * length
    assert operations("lstm", length) == 4 * step * length


def test_claims_of_shortness_are_about_sequences_shorter_than_their_vectors():
    short = [claim for claim in TASK.claims if "where_short" in claim.name]

    cheaper = [claim for claim in short if claim.kind != "power_law"]
    lengths = {
        TASK.level(level)["length"]
        for claim in cheaper
        for level in claim.levels
    }
    assert len(cheaper) == 2
    assert max(lengths) < D
