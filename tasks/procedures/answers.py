"""Answering a question that has two right answers: by the mean of both, or by either."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure, Phase
from tasks.contract.text import Text
from tasks.models.adversarial import MixtureDensity, generator_of
from tasks.procedures.adversarial import Adversarial
from tasks.procedures.drawing import points

DRAWS = 32  # answers asked for to each question
# standard deviations of the right answers' noise: 99.7 % of right answers lie that near
# to theirs
REACH = 3.0
FEW = 0.2  # of the draws: a right answer that is given more rarely counts as missing
SHOWN = 500  # answers in an image
ASKED, TOLD = 8, 6  # questions in the table, and answers to each


def _nothing(shape: Shape) -> float:
    return 0.0


def _zero(shape: Shape) -> float:
    """The ranked probability score of always answering 0: the mean of |y|, where no
    right answer changes its sign.
    """
    right = shape.metadata["right"]
    return float(sum(abs(offset) for offset in right)) / len(right)


def _zero_squared(shape: Shape) -> float:
    """The squared error of always answering 0, for questions that lie evenly from -1 to
    1.
    """
    right = shape.metadata["right"]
    return (
        1 / 3
        + float(sum(offset**2 for offset in right)) / len(right)
        + float(shape.metadata["noise"]) ** 2
    )


CRPS = Measure(
    "crps",
    "lower",
    worst=_zero,
    label=Text("Ranked probability score", zh="排序概率评分"),
)
SQUARED = Measure(
    "squared_error",
    "lower",
    worst=_zero_squared,
    label=Text("Squared error", zh="平方误差"),
)
ON_A_MODE = Measure(
    "on_a_mode",
    "higher",
    worst=_nothing,
    label=Text("On a right answer", zh="落在正确答案上的比例"),
    percent=True,
)
BOTH = Measure(
    "both",
    "higher",
    worst=_nothing,
    label=Text("Gives both right answers", zh="给出两个正确答案的比例"),
    percent=True,
)
BY_DISTRIBUTION = (CRPS, SQUARED, ON_A_MODE, BOTH)
BY_SQUARES = (SQUARED, CRPS, ON_A_MODE, BOTH)


def ranked_probability_score(answers: Tensor, truth: Tensor) -> Tensor:
    """Mean of E|X - y| - E|X - X'| / 2 over questions, 0-d; ``answers`` is (questions,
    draws), ``truth`` (questions,).

    A proper scoring rule: minimised in expectation by the true distribution (Gneiting &
    Raftery 2007). Unbiased: X and X' are different draws.
    """
    draws = answers.shape[1]
    ordered = answers.sort(1).values
    # sum |x - x'| over pairs, by ranks
    weights = 2 * torch.arange(draws, device=answers.device) - (draws - 1)
    between = (ordered * weights).sum(1) * 2 / (draws * (draws - 1))
    return ((answers - truth[:, None]).abs().mean(1) - between / 2).mean()


@dataclass(frozen=True)
class Answers:
    """Measures of answers, one number each, to questions ``x`` (questions, 1).

    ``metadata["right"]`` is the offsets of the right answers from x,
    ``metadata["noise"]`` their standard deviation.
    """

    measures: tuple[Measure, ...] = BY_DISTRIBUTION

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """The score, the squared error, and the shares of right and of both
        answers, from ``DRAWS`` answers to each question.
        """
        answers = _ask(model, split.x, DRAWS, generator)
        truth = split.y.flatten()
        # (questions, draws, right answers)
        given = _near(answers, split).double()
        found = {
            CRPS: ranked_probability_score(answers, truth),
            SQUARED: (answers - truth[:, None]).square().mean(),
            ON_A_MODE: given.amax(2).mean(),
            BOTH: (given.mean(1) >= FEW).all(1).double().mean(),
        }
        # One transfer from the device instead of one for each measure.
        values = torch.stack(
            [value.double() for value in found.values()]
        ).tolist()
        return dict(
            zip((measure.name for measure in found), values, strict=True)
        )

    def snapshot(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """One answer to each of the first questions, beside the lines of right
        ones.
        """
        x = split.x[:SHOWN]
        right = split.metadata["right"]
        lines = [
            ((-1.0, offset - 1.0), (1.0, offset + 1.0)) for offset in right
        ]
        extent = (-1.1, 1.1, min(right) - 2.0, max(right) + 2.0)
        return {
            "answers.png": points(
                x, _ask(model, x, 1, generator), lines, extent
            )
        }

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """The answers as points beside the lines of right ones, and a table of answers
        to a few questions.
        """
        x = split.x[:ASKED]
        right = (x + _right(split)).tolist()
        answers = _ask(model, x, TOLD, generator).tolist()
        columns = [
            "Question",
            "Right answers",
            *(f"Answer {i + 1}" for i in range(TOLD)),
        ]
        rows = [
            [
                f"{question:+.2f}",
                " or ".join(f"{value:+.2f}" for value in values),
                *(f"{a:+.2f}" for a in given),
            ]
            for question, values, given in zip(
                x.flatten().tolist(), right, answers, strict=True
            )
        ]
        table = json.dumps(
            {"columns": columns, "rows": rows}, indent=1
        ).encode()
        return {
            **self.snapshot(model, split, generator),
            "answers.json": table,
        }


@dataclass(frozen=True)
class Regression(Answers):
    """Lowering the squared error, with or without noise as a second input."""

    measures: tuple[Measure, ...] = BY_SQUARES

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """One phase, which lowers the squared error."""
        return (Phase(_squared_error),)


@dataclass(frozen=True)
class Likelihood(Answers):
    """Raising the likelihood of the answers under a mixture of normal distributions."""

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """One phase, which lowers the negative log likelihood: a mean over
        examples.
        """
        return (Phase(_negative_log_likelihood, mean=True),)


@dataclass(frozen=True)
class AnswerGame(Answers, Adversarial):
    """Conditional adversarial training: the generator gets the question, the
    discriminator question and answer.
    """


def _squared_error(
    model: nn.Module, batch: Split, generator: torch.Generator
) -> Tensor:
    network = generator_of(model)
    z = network.noise(len(batch), batch.y, generator)
    answers: Tensor = network(z, batch.x)
    return (answers - batch.y).square().mean()


def _negative_log_likelihood(
    model: nn.Module, batch: Split, generator: torch.Generator
) -> Tensor:
    assert isinstance(model, MixtureDensity)
    return -model.log_density(batch.x, batch.y).mean()


@torch.no_grad()
def _ask(
    model: nn.Module, x: Tensor, draws: int, generator: torch.Generator
) -> Tensor:
    """So many answers to each question, (questions, draws)."""
    network = generator_of(model)
    asked = x.repeat_interleave(draws, 0)
    answers: Tensor = network(
        network.noise(len(asked), asked, generator), asked
    )
    return answers.view(len(x), draws)


def _right(split: Split) -> Tensor:
    return split.x.new_tensor(split.metadata["right"])


def _near(answers: Tensor, split: Split) -> Tensor:
    """Which answers lie near which right one, (questions, draws, right answers)."""
    # right: (questions, right answers)
    right, reach = (
        split.x + _right(split),
        REACH * float(split.metadata["noise"]),
    )
    return (answers[:, :, None] - right[:, None, :]).abs() <= reach
