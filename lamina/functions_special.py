"""Special functions whose arguments come in another order than an operation's."""

from __future__ import annotations

from lamina import functions
from lamina.tensor import Tensor

PUBLIC = {"polygamma": "lamina special"}
"""Where users find each function."""


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`.

    >>> import lamina
    >>> lamina.polygamma(1, lamina.tensor([1.]))
    tensor([1.6449])
    """
    for position, (name, x, kind) in enumerate((("n", n, int), ("input", input, Tensor)), 1):
        if not isinstance(x, kind):
            raise TypeError(
                f"polygamma(): argument '{name}' (position {position}) must be {kind.__name__}, not {type(x).__name__}"
            )
    return functions.polygamma(input, n)
