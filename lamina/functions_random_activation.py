"""Activation functions that draw random numbers, as users call them."""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamina import functions
from lamina.tensor import Tensor, write

PUBLIC = {"rrelu": "functional", "rrelu_": "lamina functional", "gumbel_softmax": "functional"}
"""Where users find each function."""


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """output = input where it is positive, else r * input: each r from U(lower, upper) in training, else their mean.

    input (*) -> (*)

    >>> import lamina
    >>> from lamina.nn import functional as F
    >>> F.rrelu(lamina.tensor([-1.0, 2.0]), lower=0.2, upper=0.4)
    tensor([-0.3000,  2.0000])
    """
    output = rrelu_of(input, lower, upper, training)
    return write(input, output) if inplace else output


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Any = None
) -> Tensor:
    """`rrelu`, written into input."""
    return write(input, rrelu_of(input, lower, upper, training, generator))


def rrelu_of(input: Tensor, lower: float, upper: float, training: bool, generator: Any = None) -> Tensor:
    """`rrelu` of bounds that are checked."""
    for name, bound in (("lower", lower), ("upper", upper)):
        if not math.isfinite(bound):
            raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound}")
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    return functions.rrelu(input, lower, upper, training, generator=generator)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample: softmax((logits + g) / tau) along dim, each g from the standard Gumbel distribution.

    With `hard`, the output is 1 where that is largest and 0 elsewhere, with the gradient of the softmax. `eps` changes
    nothing. logits (*) -> (*)

    >>> import lamina
    >>> from lamina.nn import functional as F
    >>> F.gumbel_softmax(lamina.tensor([0.0, 100.0]), hard=True)
    tensor([0., 1.])
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    return functions.gumbel_softmax(logits, tau, hard, dim)
