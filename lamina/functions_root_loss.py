"""Losses of the package itself that are more than one operation; their reductions are numbers, 0 unless given."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.functions_sequence_loss import ctc_loss_by_code
from lamina.tensor import Tensor

PUBLIC = {"ctc_loss": "lamina"}
"""Where users find each function."""


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """`lamina.nn.functional.ctc_loss`, with 0 for no reduction, 1 for the mean, 2 for the sum.

    log_probs (T, N, C) or (T, C), targets (N, S), or (sum of target_lengths,) one after the other, input_lengths and
    target_lengths (N,) or () -> (N,) or ()
    """
    return ctc_loss_by_code(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
