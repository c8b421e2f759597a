"""Connectionist Temporal Classification."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.nn import functional as F
from lamina.nn.loss import Loss
from lamina.tensor import Tensor


class CTCLoss(Loss):
    """-log of the probability of a sequence of labels, over all its alignments with a longer sequence.

    Args:
        blank: the class that stands for no label.
        reduction: "mean" (of the losses divided by the lengths of their targets), "sum" or "none".
        zero_infinity: whether the loss of targets that are too long to be aligned is 0, with its gradient.
    Shapes:
        log_probs (T, N, C) or (T, C), targets (N, S), or (sum of target_lengths,) one after the other,
        input_lengths and target_lengths (N,) or (), or tuples of ints -> (), or (N,) for "none"
    Source: torch.nn.CTCLoss.

    >>> import lamina
    >>> log_probs = lamina.zeros(12, 2, 5).log_softmax(2)
    >>> targets = lamina.tensor([[1, 2, 3], [4, 4, 0]])
    >>> lamina.nn.CTCLoss(reduction="none")(log_probs, targets, (12, 10), (3, 2))
    tensor([10.7951, 10.2953])
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
