"""Transformer encoders over curves, with the norm of each layer before its parts or
after each sum.
"""

import math

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape
from tasks.models.attention import POSITION_SCALE, Patches, SelfAttention

WIDTH, HEADS, HIDDEN, PATCH = 32, 4, 64, 4


class EncoderLayer(nn.Module):
    """Attention, then a perceptron on each token by itself, each added to what came in.

    The same function as torch's ``nn.TransformerEncoderLayer`` without dropout, in
    fewer operations: small networks are trained in less time. With ``norm_first``
    (pre-norm) what is added is computed from normalised inputs; otherwise (post-norm)
    each sum is normalised, as in Vaswani et al. (2017).
    """

    def __init__(
        self, width: int, heads: int, hidden: int, norm_first: bool
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = SelfAttention(width, heads)
        self.perceptron = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )
        self.first_norm = nn.LayerNorm(width)
        self.second_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens, (examples, tokens, width), of tokens of that shape."""
        if self.norm_first:
            x = x + self.attention(self.first_norm(x))
            x = x + self.perceptron(self.second_norm(x))
            return x
        x = self.first_norm(x + self.attention(x))
        x = self.second_norm(x + self.perceptron(x))
        return x


class Encoder(nn.Module):
    """Logits (examples, outputs) from the mean over all patches of a curve.

    Pre-norm layers are followed by one more norm, without which their sum would reach
    the last layer as it is. Matrices of the layers start as Glorot and Bengio (2010) have it,
    which is how torch's ``nn.Transformer`` starts.
    """

    def __init__(self, shape: Shape, layers: int, norm_first: bool) -> None:
        super().__init__()
        tokens = math.prod(shape.inputs) // PATCH
        self.embed = nn.Sequential(Patches(PATCH), nn.Linear(PATCH, WIDTH))
        places = torch.randn(tokens, WIDTH)
        self.positions = nn.Parameter(POSITION_SCALE * places)
        self.layers = nn.Sequential(
            *(
                EncoderLayer(WIDTH, HEADS, HIDDEN, norm_first)
                for _ in range(layers)
            )
        )
        self.norm = nn.LayerNorm(WIDTH) if norm_first else nn.Identity()
        self.head = nn.Linear(WIDTH, shape.outputs)
        for weights in self.layers.parameters():
            if weights.ndim > 1:
                nn.init.xavier_uniform_(weights)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, outputs), of curves (examples, length)."""
        tokens = self.layers(self.embed(x) + self.positions)
        logits: Tensor = self.head(self.norm(tokens).mean(1))
        return logits
