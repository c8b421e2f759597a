"""Losses of a ROC curve."""

from __future__ import annotations

from lamina.nn import functional as F
from lamina.nn.loss import Loss
from lamina.tensor import Tensor


class AUMLoss(Loss):
    """The area under min(false positive rate, false negative rate) as the threshold runs over all scores.

    It is 0 where a threshold separates the classes, and unlike the area under the ROC curve it has a slope: for binary
    classes of very different sizes (Hillman and Hocking, 2021).

    Shapes:
        input (scores) and target (*), whose largest value marks the positives -> ()
    Source: torch for R's nn_aum_loss.

    >>> import lamina
    >>> scores = lamina.tensor([0.5, 2.0, -1.0, 1.0], requires_grad=True)
    >>> lamina.nn.AUMLoss()(scores, lamina.tensor([1, 0, 0, 1])).backward()
    >>> scores.grad
    tensor([-0.5000,  0.5000,  0.0000,  0.0000])
    """

    def __init__(self) -> None:
        super().__init__()

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.area_under_min_fpr_fnr(input, target)
