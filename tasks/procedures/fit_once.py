"""Logistic regression fitted in one call: Newton's method, and the reference
implementation.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape, Split
from tasks.contract.space import Params
from tasks.models.logistic import LogisticRegression
from tasks.procedures.losses import cross_entropy
from tasks.procedures.supervised import Classification

# of the gradient; scikit-learn's own 1e-4 stops short of the optimum
TOLERANCE = 1e-8
STEPS = 100  # of Newton's method; a dozen are enough where there is a penalty
# share of the promised decrease that a step must bring (Armijo)
SUFFICIENT = 1e-4
JITTER = 1e-12  # keeps directions in which the objective is flat from stopping a solve


@dataclass(frozen=True)
class ScikitLogisticRegression(Classification):
    """scikit-learn's logistic regression by Newton's method, returned as the same
    module as ours.

    The hyperparameter ``l2`` weighs the penalty against the *mean* log loss, as ours
    does: C = 1 / (l2 n).
    """

    def fit(
        self,
        shape: Shape,
        params: Params,
        train: Split,
        generator: torch.Generator,
    ) -> nn.Module:
        """scikit-learn's weights in our module, on the device of the examples."""
        from sklearn.linear_model import LogisticRegression as Peer

        peer = Peer(
            C=1 / (params["l2"] * len(train)),
            solver="newton-cholesky",
            tol=TOLERANCE,
            max_iter=1000,
        )
        peer.fit(
            train.x.flatten(1).double().numpy(force=True),
            train.y.numpy(force=True),
        )
        model = LogisticRegression(shape, params["l2"])
        with torch.no_grad():
            model.linear.weight.copy_(torch.from_numpy(peer.coef_))
            model.linear.bias.copy_(torch.from_numpy(peer.intercept_))
        return model.to(train.x.device)


@dataclass(frozen=True)
class NewtonLogisticRegression(Classification):
    """Logistic regression by Newton's method, in double precision: to the optimum, with
    no rate to choose and no early stopping that would act as a penalty.

    The hyperparameter ``l2`` is 0 for no penalty. Where the classes can be separated
    there is no optimum then: it continues until the gradient is below ``TOLERANCE``,
    with weights that grow without bound.
    """

    def fit(
        self,
        shape: Shape,
        params: Params,
        train: Split,
        generator: torch.Generator,
    ) -> nn.Module:
        """The module with the weights that Newton's method ends at."""
        model = LogisticRegression(shape, params["l2"])
        weights = newton(train, model.linear.out_features, params["l2"])
        with torch.no_grad():
            model.linear.weight.copy_(weights[:, :-1])
            model.linear.bias.copy_(weights[:, -1])
        return model.to(train.x.device)


def newton(train: Split, outputs: int, l2: float) -> Tensor:
    """The weights, (outputs, features + 1) with the intercept last, that minimise the
    mean log loss plus l2 / 2 times the squared weights, the intercept left out.

    Each step is halved until it brings a share of the decrease that the gradient
    promises (Nocedal & Wright, Numerical Optimization, 2006, section 3.1).
    """
    x = train.x.flatten(1).double()
    # (examples, features + 1): the column of ones is the intercept's
    x = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    penalty = torch.full((outputs, x.shape[1]), l2, dtype=x.dtype)
    penalty[:, -1] = 0.0
    weights = torch.zeros_like(penalty)

    def objective(weights: Tensor) -> Tensor:
        logits = (x @ weights.T).squeeze(1)
        return (
            cross_entropy(logits, train.y) + (penalty * weights**2).sum() / 2
        )

    for _ in range(STEPS):
        gradient, hessian = _derivatives(x, train.y, weights, penalty)
        if gradient.abs().max() < TOLERANCE:
            break
        flat = torch.linalg.solve(hessian, gradient.flatten())
        step = flat.view_as(weights)
        promised, before = (gradient * step).sum(), objective(weights)
        size = 1.0
        while (
            objective(weights - size * step)
            > before - SUFFICIENT * size * promised
            and size > TOLERANCE
        ):
            size /= 2
        weights = weights - size * step
    return weights


def _derivatives(
    x: Tensor, y: Tensor, weights: Tensor, penalty: Tensor
) -> tuple[Tensor, Tensor]:
    """The objective's gradient, as the weights, and its Hessian, (weights, weights)."""
    outputs, columns = weights.shape
    logits = x @ weights.T  # (examples, outputs)
    if outputs == 1:
        p, target = logits.sigmoid(), y.to(x.dtype)[:, None]
    else:
        p = logits.softmax(1)
        target = nn.functional.one_hot(y, outputs).to(x.dtype)
    gradient = (p - target).T @ x / len(x) + penalty * weights
    hessian = x.new_empty(outputs, columns, outputs, columns)
    # The Hessian of the softmax: p_i (1 - p_i) on the diagonal of classes,
    # -p_i p_j beside it; with one output, that of the sigmoid.
    for i in range(outputs):
        for j in range(outputs):
            curvature = p[:, i] * (float(i == j) - p[:, j])
            hessian[i, :, j] = (x.T * curvature) @ x / len(x)
    flat = hessian.view(outputs * columns, outputs * columns)
    flat.diagonal().add_(penalty.flatten() + JITTER)
    return gradient, flat
