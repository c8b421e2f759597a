"""Losses whose targets have lengths or clusters: they look at numbers that are known, and never wait for others."""

from __future__ import annotations

from collections.abc import Sequence

from lamina import bounds, creation, functions
from lamina.dtypes import int64
from lamina.functions_loss import reduction_code
from lamina.tensor import Tensor

PUBLIC = {"ctc_loss": "functional"}
"""Where users find each function."""


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability of each target, over all its alignments with the input.

    `zero_infinity` makes the loss of targets that do not fit 0. The mean first divides each loss by the length of its
    target. The gradient takes log_probs for what log_softmax gives, as PyTorch's does. Lengths beyond the arrays are
    an error if they are known already; else the loss of such a target is infinite.

    log_probs (T, N, C) or (T, C), targets (N, S), or (sum of target_lengths,) one after the other, input_lengths and
    target_lengths (N,) or () -> () or (N,)

    >>> import lamina
    >>> log_probs = lamina.zeros(4, 1, 2).log_softmax(2)
    >>> lamina.nn.functional.ctc_loss(log_probs, lamina.tensor([[1, 1]]), (4,), (2,), reduction="none")
    tensor([1.1632])
    """
    lengths = input_lengths, target_lengths
    return ctc_loss_by_code(log_probs, targets, *lengths, blank, reduction_code(reduction), zero_infinity)


def ctc_loss_by_code(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int,
    code: int,
    zero_infinity: bool,
) -> Tensor:
    """`ctc_loss` with the number of a reduction."""
    if isinstance(input_lengths, Tensor) != isinstance(target_lengths, Tensor):
        raise TypeError(
            "ctc_loss: input_lengths and target_lengths must both be tensors or both be tuples of ints, "
            f"got {type(input_lengths).__name__} and {type(target_lengths).__name__}."
        )
    times, lengths = _lengths(input_lengths), _lengths(target_lengths)
    longest = log_probs.shape[0] if log_probs.ndim else 0  # a longer target has no alignment
    known = bounds.numbers(lengths)
    if targets.ndim == 1:
        longest = min(longest, targets.shape[0])
        if known is not None and known.size:
            # A multiple of 8, so that a new longest target seldom makes a new program.
            longest = min(longest, -(-int(known.max()) // 8) * 8)
    # PyTorch takes all three from the CPU too.
    targets, times, lengths = (x.to(log_probs.device) for x in (targets, times, lengths))
    loss = functions.ctc_loss(log_probs, targets, times, lengths, blank, code, zero_infinity, longest)
    _check_lengths(log_probs, targets, times, lengths)
    return loss


def adaptive_log_softmax(head: Tensor, target: Tensor, tails: Sequence[Tensor], classes: int) -> Tensor:
    """The log-probability of each target, from the scores of the head and of each cluster.

    A target that is no class is an error if it is known already, else it gives NaN.
    head (N, S + K), S frequent classes and K clusters, target (N,), tails K times (N, classes of the cluster) -> (N,)
    """
    if bounds.first_outside(target, classes) is not None:
        known = bounds.numbers(target)
        assert known is not None
        raise RuntimeError(
            f"Target values should be in [0, {classes - 1}], "
            f"but values in range [{known.min()}, {known.max()}] were found. "
        )
    return functions.adaptive_log_softmax(head, target, tails)


def _lengths(lengths: Tensor | Sequence[int]) -> Tensor:
    if isinstance(lengths, Tensor):
        return lengths
    if not isinstance(lengths, (tuple, list)):
        raise TypeError(f"ctc_loss: lengths must be a tensor or a tuple of ints, got {type(lengths).__name__}.")
    return creation.tensor(lengths, dtype=int64)


def _check_lengths(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> None:
    """RuntimeError for lengths that are known and too long. The operation came first: it knows that shapes fit."""
    known = bounds.numbers(input_lengths)
    if known is not None and not 0 <= known.min() <= known.max() <= log_probs.shape[0]:
        raise RuntimeError(
            f"ctc_loss: input_lengths must be from 0 to {log_probs.shape[0]} to go with log_probs "
            f"{tuple(log_probs.shape)}, got {known.reshape(-1).tolist()}."
        )
    known = bounds.numbers(target_lengths)
    if known is None:
        return
    if known.min() < 0 or (targets.ndim == 2 and known.max() > targets.shape[1]):
        raise RuntimeError(
            f"ctc_loss: target_lengths must not be negative or longer than targets {tuple(targets.shape)}, "
            f"got {known.reshape(-1).tolist()}."
        )
    if targets.ndim == 1 and known.sum() != targets.shape[0]:
        raise RuntimeError(
            f"ctc_loss: targets must be ({known.sum()},) to go with target_lengths {known.reshape(-1).tolist()}, "
            f"got {tuple(targets.shape)}."
        )
