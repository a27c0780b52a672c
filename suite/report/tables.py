"""Verdicts as tables for papers and pages: Markdown as GitHub reads it, and LaTeX that
needs only ``longtable``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from suite.records.manifest import Manifest
from suite.report.formatting import asides, blocks_in, effect_and_interval
from suite.report.sentences import answer, gate_name
from suite.verdicts.claim_verdict import ClaimVerdict

HEAD = ("Claim", "Verdict", "Effect (interval)", "Blocks")
RULE = ("---", "---", "---:", "---:")
# What GitHub's Markdown would take for markup.
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$])")
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "²": r"$^2$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "\N{NO-BREAK SPACE}": "~",
    "\n": " ",
}


def markdown(verdicts: Sequence[ClaimVerdict], manifest: Manifest) -> str:
    """A heading and a table per task."""
    parts = []
    for task, of_task in groupby(verdicts, key=lambda verdict: verdict.task):
        question = escape_markdown(_question(task, manifest))
        rows = [
            [escape_markdown(cell) for cell in row] for row in _rows(of_task)
        ]
        lines = [HEAD, RULE, *rows]
        table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        parts.append(f"### {question}\n\n{table}")
    return "\n".join(parts)


def latex(verdicts: Sequence[ClaimVerdict], manifest: Manifest) -> str:
    """One long table, which breaks over pages; each task's question is above its
    claims.
    """
    body = []
    for task, of_task in groupby(verdicts, key=lambda verdict: verdict.task):
        question = escape_latex(_question(task, manifest))
        body.append(
            # ``\\*`` keeps a question on the page of its first claim.
            rf"\multicolumn{{4}}{{@{{}}p{{\linewidth}}@{{}}}}{{\textbf{{{question}}}}} \\*"
        )
        for row in _rows(of_task):
            cells = " & ".join(escape_latex(cell) for cell in row)
            body.append(cells + r" \\")
        body.append(r"\hline")
    columns = r"@{}p{0.38\linewidth}p{0.17\linewidth}p{0.25\linewidth}p{0.09\linewidth}@{}"
    return "\n".join(
        [
            f"% Campaign {escape_latex(manifest.id)}, by Bakeoff. In the preamble: "
            f"\\usepackage{{longtable}}",
            rf"\begin{{longtable}}{{{columns}}}",
            r"\hline",
            " & ".join(HEAD) + r" \\",
            r"\hline",
            r"\endhead",
            *body,
            r"\end{longtable}",
            "",
        ]
    )


def escape_markdown(text: str) -> str:
    """The text escaped for Markdown, also within a table."""
    # A line break would end a row of a table.
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def escape_latex(text: str) -> str:
    """The text escaped for LaTeX; a letter that LaTeX may not know is left to its
    fonts.
    """
    return "".join(LATEX.get(letter, letter) for letter in text)


def _rows(verdicts: Iterator[ClaimVerdict]) -> Iterator[tuple[str, ...]]:
    """One row per claim."""
    for verdict in verdicts:
        yield (
            verdict.says,
            _answer(verdict),
            effect_and_interval(verdict),
            blocks_in(verdict).partition(" block")[0],
        )


def _answer(verdict: ClaimVerdict) -> str:
    """The verdict with what must not be lost on the way into a paper."""
    failed = [gate_name(gate).lower() for gate in verdict.failed_gates]
    words = "; ".join([*asides(verdict), *failed])
    found = answer(verdict.verdict)
    return f"{found} ({words})" if words else found


def _question(task: str, manifest: Manifest) -> str:
    """The question of a task, which heads its claims."""
    return manifest.task(task).question or task


Writer = Callable[[Sequence[ClaimVerdict], Manifest], str]
WRITERS: Mapping[str, Writer] = {"markdown": markdown, "latex": latex}
