"""Numbers as people read them."""

import pytest

from suite.report.formatting import Amounts, in_full

MINUS = "\N{MINUS SIGN}"


def test_shares_that_cancel_are_written_as_zero_and_small_losses_as_they_are():
    points = Amounts(percent=True, ratio=False, slope=False, promised=0.0)
    losses = Amounts(percent=False, ratio=False, slope=False, promised=0.0)

    assert points.signed(2.8e-15) == points.signed(-2.8e-15) == "+0.0"
    assert points.signed(-0.052) == f"{MINUS}0.052"
    assert losses.signed(2.8e-15) == f"+2.8e{MINUS}15"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345.0, "+12,300"),
        (-999.6, "-1,000"),
        (69_600_000, "+69,600,000"),
        (0.1234, "+0.123"),
        (12.3, "+12.3"),
        (3.21e12, "+3.21e+12"),
    ],
)
def test_numbers_are_written_in_full_up_to_a_thousand_millions(value, text):
    assert in_full(value, "+") == text
