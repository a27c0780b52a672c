"""Does a small GPT predict text, a file mapped into memory, better than a bigram model?"""

from pydoc_data.topics import topics  # texts about Python

import torch
from torch import Tensor, nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data.stored import character_file, token_windows
from tasks.procedures.supervised import Classification

TEXT = "\n".join(dict.fromkeys("\n".join(topics.values()).splitlines()))  # each line once
WIDTH, HEADS, CONTEXT = 48, 4, 32


def load_data(level: Level, seed: int) -> Splits:
    """Stretches of characters, each with the characters that follow."""
    file, characters = character_file(TEXT)
    return token_windows(
        file, seed, context=CONTEXT, vocabulary=len(characters), validation=100, test=200
    )


class GPT(nn.Module):
    """One Transformer layer that looks back only."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.characters = nn.Embedding(characters, WIDTH)
        self.positions = nn.Parameter(0.02 * torch.randn(CONTEXT, WIDTH))
        self.block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, batch_first=True
        )
        self.logits = nn.Linear(WIDTH, characters)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, length, characters), of the next characters."""
        causal = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        h = self.block(self.characters(x) + self.positions, causal.to(x.device), is_causal=True)
        return self.logits(h)  # type: ignore[no-any-return]


def bigram(shape: Shape, level: Level, params: Params) -> nn.Module:
    zeros = torch.zeros(shape.outputs, shape.outputs)
    return nn.Embedding.from_pretrained(zeros, freeze=False)  # type: ignore[no-any-return]


FEWER = "Attention needs fewer bits per character than pairs of characters."
TASK = Task(
    question="Does a small GPT predict text better than a bigram model?",
    load_data=load_data,
    arms=(
        Arm("bigram", bigram, space=Space(lr=Float(3e-2, 3.0, log=True))),
        Arm("gpt", lambda shape, level, params: GPT(shape.outputs)),
    ),
    procedure=Classification(measures=("bits_per_character", "accuracy")),
    recipe=Recipe(steps=200, batch_size=32, evaluations=4, precision="bf16", accumulate=2),
    space=Space(lr=Float(1e-3, 3e-2, log=True)),
    claims=(Claim("gpt_wins", FEWER, "bits_per_character", "gpt", "bigram", margin=0.05),),
)
