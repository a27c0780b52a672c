"""Runs made elsewhere are judged by the same rules, and what is wrong with a file is
told by line and column.
"""

import numpy as np
import pytest
from scipy import stats

from suite.verdicts.elsewhere import campaign_of
from suite.verdicts.judge import judge_campaign
from tasks import UserError

CLAIM = """
[[claims]]
name = "better"
says = "A is better"
metric = "accuracy"
better = "a"
worse = "b"
margin = 0.01
"""
CLAIMS = f"""
[metrics.accuracy]
better = "higher"
percent = true
{CLAIM}"""


@pytest.fixture
def files(tmp_path):
    def write(results, claims=CLAIMS):
        (tmp_path / "results.csv").write_text(results)
        (tmp_path / "claims.toml").write_text(claims)
        return tmp_path / "results.csv", tmp_path / "claims.toml"

    return write


def test_files_may_have_a_byte_order_mark(files):
    text = "\ufeffarm,block,accuracy\na,1,0.9\nb,1,0.8\n"

    assert campaign_of(*files(text, f"\ufeff{CLAIMS}")).manifest.tasks


def test_the_p_value_is_that_of_a_paired_t_test(files):
    rng = np.random.default_rng(0)
    b = rng.normal(0.8, 0.02, size=8)
    a = b + rng.normal(0.05, 0.02, size=8)
    rows = [f"a,{n},{x:.6f}" for n, x in enumerate(a)]
    rows += [f"b,{n},{x:.6f}" for n, x in enumerate(b)]
    campaign = campaign_of(*files("arm,block,accuracy\n" + "\n".join(rows)))
    (judged,) = judge_campaign(campaign)

    expected = stats.ttest_rel(np.round(a, 6), np.round(b, 6))
    assert judged.verdict == "supported"
    assert judged.p == pytest.approx(expected.pvalue)
    assert judged.effect == pytest.approx(np.mean(a - b), abs=1e-6)
    assert judged.blocks == 8


def test_a_pair_that_is_not_complete_is_waited_for(files):
    text = "arm,block,accuracy\na,1,0.9\nb,1,0.8\na,2,0.9\n"
    (judged,) = judge_campaign(campaign_of(*files(text)))
    assert not judged.complete
    assert judged.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "arm,block,accuracy\na,1,high\n",
            r"line 2, column accuracy: 'high' is no",
        ),
        (
            "arm,block,accuracy\na,1,nan\n",
            r"line 2, column accuracy: 'nan' is no",
        ),
        ("arm,block,accuracy\n,1,0.5\n", r"line 2, column arm: is empty"),
        ("arm,block,accuracy\na,1\n", r"line 2: give 3 values"),
        ("arm,block\na,1\n", "has no column beside arm, block"),
        ("arm,blocks,accuracy\na,1,0.5\n", "needs block"),
        ("arm,block,accuracy\n", "has no rows"),
        ("arm,block,accuracy\na,1,0.5\n", "'b'"),
        pytest.param(
            f"arm,block,accuracy\na,{'x' * 200_000},0.5\n",
            "line 2, cannot be read: field larger than",
            id="a field of 200,000 characters",
        ),
    ],
)
def test_what_is_wrong_with_results_is_told(files, text, message):
    with pytest.raises(UserError, match=message):
        campaign_of(*files(text))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('better = "a"', 'bettr = "a"', "bettr"),
        ('metric = "accuracy"', 'metric = "acuracy"', "acuracy"),
        ("[[claims]]", "[[claim]]", "claim"),
        ("margin = 0.01", "margin = ", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_claims_is_told(files, before, after, message):
    text = "arm,block,accuracy\na,1,0.9\nb,1,0.8\n"
    with pytest.raises(UserError, match=message):
        campaign_of(*files(text, CLAIMS.replace(before, after)))


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ("claims = 3", r"claims = 3: write each as a \[\[claims\]\]"),
        ("claims = [3]", r"claims = \[3\]: write each as a"),
        (
            "metrics = 3\n" + CLAIM,
            r"metrics = 3: write a table \[metrics.NAME",
        ),
        (CLAIM + "[metrics]\naccuracy = 3", "metrics.accuracy = 3: write a"),
        (CLAIM + "[metrics.accuracy]\nbetter = 'up'", 'give "higher" or "low'),
        (CLAIM + "[metrics.accuracy]\npercent = 'no'", "give true or false"),
        (CLAIM + "[metrics.accuracy]\nlabel = 3", "label = 3: give a text"),
        (CLAIM + "[metrics.acuracy]\npercent = true", "acuracy.*accuracy"),
        (CLAIM + "[levels]\nall = 3", "levels.all = 3: write a table"),
        (CLAIM + "[levels.all]\nx = 'far'", "x = 'far': give a number"),
        (CLAIM + "[levels.all]\ny = 3", "'y'"),
        (CLAIM + "[levels.al]\nx = 3", "'al'.*all"),
        ("confidence = 95\n" + CLAIM, "confidence = 95: .* such as 0.95"),
        ("confidence = 'high'\n" + CLAIM, "confidence = 'high': give a num"),
        (CLAIM + CLAIM, "claim 2: another claim is called 'better'"),
        (
            f"confidence = {'9' * 5000}\n{CLAIM}",
            "a number has too many digits",
        ),
        (f"levels = {'[' * 5000}\n{CLAIM}", "brackets are nested too deep"),
    ],
)
def test_no_value_in_a_file_of_claims_is_ignored_or_a_traceback(
    files, claims, message
):
    with pytest.raises(UserError, match=message):
        campaign_of(*files("arm,block,accuracy\na,1,0.9\nb,1,0.8\n", claims))


@pytest.mark.parametrize("value", ["90", "1.5", "-2"])
def test_a_share_in_percent_is_told(files, value):
    claims = CLAIM + "[metrics.accuracy]\npercent = true"
    text = f"arm,block,accuracy\na,1,0.9\nb,1,{value}\n"

    with pytest.raises(UserError, match=r"line 3, .*: divide it by 100"):
        campaign_of(*files(text, claims))
