"""Covariance and correlation, and slices of limited norm."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina.ops import check, promote
from lamina.ops.linalg import vector_norm
from lamina.ops.matrix import adjoint, product
from lamina.ops.op import Array, Number, op
from lamina.ops.operands import as_float


def _weights(name: str, x: Array | None, observations: int, kind: int, wanted: str) -> Array | None:
    if x is None:
        return None
    if x.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {x.ndim} dimensions"
        )
    if promote.category(x.dtype) != kind:
        raise RuntimeError(
            f"cov(): expected {name} to have {wanted} dtype but got {name} with {check.type_name(x.dtype)} dtype"
        )
    if x.size != observations:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{x.size} != {observations}"
        )
    return x.reshape(-1)


@op("lamina Tensor", grad_name="SqueezeBackward0")
def cov(
    input: Array, *, correction: int = 1, fweights: Array | None = None, aweights: Array | None = None
) -> jax.Array:
    """The covariance of variables (rows) over observations (columns): the sum of products of what they differ from
    their means, divided by the number of observations minus `correction`.

    fweights: how often each observation counts, (O,); aweights: what it counts, (O,). That no weight is negative is not
    looked at. input (V, O) -> (V, V), or (O,) -> ()

    >>> import lamina
    >>> lamina.cov(lamina.tensor([[0., 1., 2.], [2., 1., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    if promote.category(input.dtype) == 0:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = as_float(input)
    x = x if x.ndim == 2 else x.reshape(1, -1)
    count = x.shape[1]
    times = _weights("fweights", fweights, count, 1, "integral")
    share = _weights("aweights", aweights, count, 2, "floating point")
    weight = times if share is None else share if times is None else times * share
    if weight is None:
        total: Array | int = count
        mean = jnp.sum(x, 1, keepdims=True) / count
        below = total - correction
    else:
        total = jnp.sum(weight)
        mean = jnp.sum(x * weight, 1, keepdims=True).astype(x.dtype) / total
        if share is None or correction == 0:
            below = total - correction
        else:
            below = total - correction * jnp.sum(weight * share) / total
    off = x - mean.astype(x.dtype)
    weighted = off if weight is None else (off * weight).astype(x.dtype)
    below = jnp.maximum(jnp.asarray(below, x.real.dtype), 0)
    result = product(weighted, adjoint(off)) / below
    return result if input.ndim == 2 and input.shape[0] != 1 else result.reshape(())


@op("lamina Tensor", grad_name="ClampBackward1")
def corrcoef(input: Array) -> jax.Array:
    """The correlation of variables (rows) over observations (columns): their covariance divided by the roots of their
    variances. input (V, O) -> (V, V), or (O,) -> ()
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    c = cov(input)
    if c.ndim == 0:
        return c / c
    deviation = jnp.sqrt(jnp.diagonal(c).real).astype(c.dtype)
    c = c / deviation[:, None] / deviation[None, :]
    if promote.category(c.dtype) == 3:
        return jax.lax.complex(jnp.clip(c.real, -1, 1), jnp.clip(c.imag, -1, 1))
    return jnp.clip(c, -1, 1)


@op(inplace=True)
def renorm(input: Array, p: float, dim: int, maxnorm: Number) -> jax.Array:
    """Each slice along dim scaled down so that its p-norm is at most maxnorm. input (*) -> (*)."""
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if isinstance(maxnorm, (int, float)) and maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    axis = check.dim(dim, input.ndim)
    norm = vector_norm(input, p, tuple(d for d in range(input.ndim) if d != axis), True)
    # The small number is PyTorch's.
    factor = jnp.where(norm > maxnorm, maxnorm / (norm + 1e-7), jnp.ones_like(norm))
    return (input * factor.astype(norm.dtype)).astype(input.dtype)
