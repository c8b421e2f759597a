"""What operations on matrices share: checks of their operands, products, triangles."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array

_HIGHEST = lax.Precision.HIGHEST

_CHECKED_BY_PYTORCH = (
    "linalg.inv", "linalg.inv_ex", "linalg.slogdet", "logdet", "linalg.pinv", "linalg.matrix_rank",
    "torch.linalg.lstsq",
)  # fmt: skip
"""Where half precision is a RuntimeError; elsewhere PyTorch lacks the kernel, a NotImplementedError."""


def check_matrices(name: str, x: jax.Array, square: bool = False) -> None:
    """Raise RuntimeError unless x is a batch of matrices of a type that has factorisations."""
    if promote.category(x.dtype) < 2:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {check.type_name(x.dtype)}"
        )
    if x.dtype.itemsize == 2:
        error = RuntimeError if name in _CHECKED_BY_PYTORCH else NotImplementedError
        raise error(f"{name}: Low precision dtypes not supported. Got {check.type_name(x.dtype)}")
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices"
        )


def check_same_type(name: str, A: Array, B: Array, first: str = "A", second: str = "B") -> None:
    """Raise RuntimeError unless both have one dtype."""
    if A.dtype != B.dtype:
        raise RuntimeError(
            f"{name}: Expected {first} and {second} to have the same dtype, but found {first} of type "
            f"{check.type_name(A.dtype)} and {second} of type {check.type_name(B.dtype)} instead"
        )


def product(a: Array, b: Array) -> jax.Array:
    """a @ b, exact to the type on every device."""
    return jnp.matmul(a, b, precision=_HIGHEST)


def adjoint(x: Array) -> jax.Array:
    """The conjugate transpose."""
    return jnp.conj(x).mT


def from_lower(A: Array) -> jax.Array:
    """The Hermitian matrix with the lower triangle of A."""
    return jnp.tril(A) + adjoint(jnp.tril(A, -1))


@jax.custom_vjp
def reading_lower(A: jax.Array) -> jax.Array:
    """`from_lower`, whose gradient goes to all of A, as PyTorch's."""
    return from_lower(A)


reading_lower.defvjp(lambda A: (from_lower(A), None), lambda _, grad: (grad,))


def same_batch(*arrays: Array) -> tuple[jax.Array, ...]:
    """The matrices with their batch dimensions broadcast."""
    shapes = [jax.ShapeDtypeStruct(x.shape[:-2], x.dtype) for x in arrays]
    batch = check.broadcast(*shapes)
    return tuple(jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in arrays)


def is_vector(A: Array, B: Array) -> bool:
    """Whether B is a batch of vectors beside the matrices A, as PyTorch sees it."""
    return B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])


def triangular_solve(a: Array, b: Array, **options: Any) -> jax.Array:
    """X with a X = b for triangular a; without elements there is nothing to solve."""
    if b.size == 0 or a.shape[-1] == 0:
        return jnp.zeros(b.shape, b.dtype)
    return lax.linalg.triangular_solve(a, b, left_side=True, **options)
