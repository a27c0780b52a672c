"""A GRU layer whose backward pass is written out, for layers of few units on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

# Above as many units the matrix products take most of the time, and nn.GRU's own
# backward pass is as fast.
MOST_UNITS = 64


class GRU(nn.GRU):
    """``nn.GRU`` with the same parameters, states and gradients to rounding.

    A layer of few units spends most of its time between operations, of which autograd
    takes some 30 a step backwards. Written out there are four, and one product for the
    weights of all steps. Where that is no gain, it is ``nn.GRU``: without gradients, on
    a GPU, for many units, for several layers, and in both directions.
    """

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def forward(  # type: ignore[override]
        self, input: Tensor, hx: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """States (examples, length, units) and the last one, (1, examples, units)."""
        if not self._is_small(input):
            return super().forward(input, hx)
        if hx is None:
            hx = input.new_zeros(1, len(input), self.hidden_size)
        units = self.hidden_size
        # Both biases of the first two gates are added before the sigmoid, so that they
        # can be added at once; that of the third is scaled by the first gate.
        from_state = functional.pad(self.bias_hh_l0[: 2 * units], (0, units))
        gates = functional.linear(
            input.transpose(0, 1),
            self.weight_ih_l0,
            self.bias_ih_l0 + from_state,
        )
        bias = self.bias_hh_l0[2 * units :]
        states: Tensor = _Gru.apply(  # type: ignore[no-untyped-call]
            gates, hx[0], self.weight_hh_l0, bias
        )
        return states.transpose(0, 1), states[-1:]

    def _is_small(self, input: Tensor) -> bool:
        plain = (
            self.num_layers == 1
            and not self.bidirectional
            and self.batch_first
        )
        few = self.hidden_size <= MOST_UNITS and input.ndim == 3
        learning = torch.is_grad_enabled() and input.device.type == "cpu"
        # Without gradients nn.GRU is one fused call, which nothing beats.
        return plain and few and learning and self.bias is True


class _Gru(torch.autograd.Function):
    """The states, (length, examples, units), from the inputs' part of the gates,
    (length, examples, 3 units).

    The gates are r and z, then the proposal n: h' = n + z (h - n), with
    n = tanh(x_n + r (W_n h + b_n)), in the order in which ``nn.GRU`` keeps them.
    """

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, start: Tensor, weight: Tensor, bias: Tensor
    ) -> Tensor:
        length, examples, rows = gates.shape
        units = rows // 3
        # Buffers for all steps: the loop below allocates nothing.
        states = gates.new_empty(length + 1, examples, units)
        states[0] = start
        opened = gates.new_empty(length, examples, 2 * units)  # r and z
        proposed = gates.new_empty(length, examples, units)  # n
        recalled = torch.empty_like(proposed)  # W_n h + b_n
        to_gates, to_proposal = weight.t().split([2 * units, units], 1)
        given_gates, given_proposal = gates.split([2 * units, units], 2)
        resets, updates = opened.chunk(2, 2)
        for step in range(length):
            before, n = states[step], proposed[step]
            torch.addmm(given_gates[step], before, to_gates, out=opened[step])
            opened[step].sigmoid_()
            torch.addmm(bias, before, to_proposal, out=recalled[step])
            torch.addcmul(
                given_proposal[step], resets[step], recalled[step], out=n
            )
            n.tanh_()
            torch.lerp(n, before, updates[step], out=states[step + 1])
        ctx.save_for_backward(states, opened, proposed, recalled, weight)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        states, opened, proposed, recalled, weight = ctx.saved_tensors
        length, _, units = proposed.shape
        before = states[:-1]
        r, z = (gate.contiguous() for gate in opened.chunk(2, 2))
        # What the gradient by a state is multiplied with does not depend on it, so it
        # is computed for all steps at once.
        by_proposal = (1 - z) * (1 - proposed.square())
        by_recalled = by_proposal * r
        by_reset = by_recalled * recalled * (1 - r)
        by_update = (before - proposed) * z * (1 - z)
        factors = torch.stack([by_reset, by_update, by_recalled], 2)
        by_state = torch.empty_like(proposed)
        by_gates = torch.empty_like(factors)
        # From the last step backwards: `towards` is the gradient by the state
        # after `step`.
        towards = grad[-1]
        for step in reversed(range(length)):
            by_state[step] = towards
            torch.mul(towards[:, None], factors[step], out=by_gates[step])
            through = towards * z[step]
            if step:
                through += grad[step - 1]
            towards = through.addmm_(by_gates[step].flatten(1), weight)
        all_gates = by_gates.flatten(2)
        by_weight = all_gates.flatten(0, 1).t() @ before.flatten(0, 1)
        by_bias = by_gates[:, :, 2].sum((0, 1))
        by_input = torch.cat(
            [all_gates[..., : 2 * units], by_state * by_proposal], 2
        )
        return by_input, towards, by_weight, by_bias
