"""Numbers as people read them."""

from suite.report.formatting import Amounts

MINUS = "\N{MINUS SIGN}"


def test_shares_that_cancel_are_written_as_zero_and_small_losses_as_they_are():
    points = Amounts(percent=True, ratio=False, slope=False, promised=0.0)
    losses = Amounts(percent=False, ratio=False, slope=False, promised=0.0)

    assert points.signed(2.8e-15) == points.signed(-2.8e-15) == "+0.0"
    assert points.signed(-0.052) == f"{MINUS}0.052"
    assert losses.signed(2.8e-15) == f"+2.8e{MINUS}15"
