"""Models fitted by a library in one call: the reference beside ours."""

from dataclasses import dataclass

import torch
from torch import nn

from tasks.contract.data import Shape, Split
from tasks.contract.space import Params
from tasks.models.logistic import LogisticRegression
from tasks.procedures.supervised import Classification

TOLERANCE = 1e-8  # of the gradient; scikit-learn's own 1e-4 stops short of the optimum


@dataclass(frozen=True)
class ScikitLogisticRegression(Classification):
    """scikit-learn's logistic regression by Newton's method, handed on as the same
    module as ours.

    The hyperparameter ``l2`` weighs the penalty against the *mean* log loss, as ours
    does: C = 1 / (l2 n).
    """

    def fit(
        self, shape: Shape, params: Params, train: Split, generator: torch.Generator
    ) -> nn.Module:
        from sklearn.linear_model import LogisticRegression as Peer

        peer = Peer(
            C=1 / (params["l2"] * len(train)),
            solver="newton-cholesky",
            tol=TOLERANCE,
            max_iter=1000,
        )
        peer.fit(
            train.x.flatten(1).double().numpy(force=True), train.y.numpy(force=True)
        )
        model = LogisticRegression(shape, params["l2"])
        with torch.no_grad():
            model.linear.weight.copy_(torch.from_numpy(peer.coef_))
            model.linear.bias.copy_(torch.from_numpy(peer.intercept_))
        return model.to(train.x.device)
