"""The topics of the lecture notes, with the tasks and claims that are about them."""

from __future__ import annotations

import tasks
from suite.planning.profile import load_profile
from suite.report.tables import escape_markdown
from tasks import Task

# In the order of the notes. Every task stands under one topic at least.
TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Logistic regression", ("logistic_regression",)),
    ("Gradient descent", ("gradient_descent",)),
    ("Finding the cause of a bad result", ("diagnosis",)),
    ("Overfitting and what helps", ("overfitting", "augmentation_images")),
    ("Training and test differ", ("distribution_shift",)),
    ("Validation, choosing a model", ("model_selection", "cross_validation")),
    ("More data", ("more_data",)),
    ("Critical points", ("critical_points", "plateau")),
    ("Batch size and momentum", ("batch_size", "momentum")),
    ("Adaptive learning rates", ("optimizers",)),
    ("Learning-rate schedules", ("learning_rate", "warm_up")),
    ("Softmax and loss functions", ("loss_functions",)),
    (
        "Too many models to choose from",
        ("generalization_bound", "double_descent"),
    ),
    ("Deep or wide", ("deep_vs_wide",)),
    ("Batch normalisation", ("batch_norm",)),
    (
        "Generative adversarial networks",
        ("gan", "mode_collapse", "two_answers"),
    ),
    (
        "Self-attention",
        (
            "attention_heads",
            "two_relations",
            "positional_encoding",
            "cnn_vs_attention",
            "attention_vs_rnn",
            "attention_cost",
        ),
    ),
    ("Transformers", ("translation", "decoding")),
)
MINUTES = ("quick", "topics")  # profiles that answer in minutes
HEAD = ("Topic of the notes", "Task", "Question", "Claims", "Profile")
RULE = ("---", "---", "---", "---:", "---")


def topic_table() -> str:
    """A row for each topic and task, as a table in Markdown: the task's question, how
    many claims it makes, and the smallest profile that judges them.
    """
    rows: list[tuple[str, ...]] = [HEAD, RULE]
    for topic, names in TOPICS:
        titles = [topic] + [""] * (len(names) - 1)
        for title, name in zip(titles, names, strict=True):
            rows.append((title, *_cells(tasks.get(name))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(task: Task) -> tuple[str, ...]:
    """A task's name, question, number of claims, and profile, as Markdown."""
    question = escape_markdown(str(task.question))
    return (
        f"`{task.name}`",
        question,
        str(len(task.claims)),
        f"`{_profile(task)}`",
    )


def _profile(task: Task) -> str:
    """The profile that judges the task in the least time."""
    # From the quickest: a reader tries that one first.
    for name in MINUTES:
        if task.name in load_profile(name).task_names():
            return name
    return "standard"
