"""The same numbers in other forms: real and imaginary parts, other types, copies."""

from __future__ import annotations

import numpy as np
from jax import lax

from lamina.ops import promote
from lamina.ops.op import Array, op
from lamina.ops.operands import is_complex

# Complex numbers


def _put_real(base: Array, value: Array) -> Array:
    return lax.complex(value, lax.imag(base)) if is_complex(base) else value


@op("lamina", view=True, put=_put_real, saves=False)
def real(input: Array) -> Array:
    """The real part, a view of the input's memory."""
    return lax.real(input) if is_complex(input) else input


@op("lamina", view=True, put=lambda base, value: lax.complex(lax.real(base), value), saves=False)
def imag(input: Array) -> Array:
    """The imaginary part, a view of the input's memory."""
    if not is_complex(input):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return lax.imag(input)


@op(saves=False)
def conj(input: Array) -> Array:
    """The complex conjugate; a real input itself."""
    return lax.conj(input) if is_complex(input) else input


# Copies


@op("Tensor", grad_name="ToCopyBackward0", saves=False)
def to_dtype(input: Array, dtype: np.dtype) -> Array:
    """The same numbers in another type; what `x.to(dtype)` records."""
    return promote.cast(input, dtype)


@op("lamina Tensor", saves=False)
def clone(input: Array) -> Array:
    """A copy with its own memory; gradients flow through it to the input."""
    return input


@op("", saves=False)
def alias(input: Array) -> Array:
    """The same values under another Tensor."""
    return input
