"""Products of matrices in groups: each group of rows has a matrix of its own."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, target
from lamina.ops.op import Array, op


@op("functional")
def grouped_mm(
    mat_a: Array, mat_b: Array, *, offs: Array | None = None, bias: Array | None = None, out_dtype: Any = None
) -> jax.Array:
    """The products of matching groups of two stacks of matrices.

    A stack is three-dimensional, or a matrix cut where `offs` says: offs[g] is where group g ends.
    What lies behind the last group takes no part; its rows or columns of the result are zero.

    mat_a (G, M, K), mat_b (G, K, N) -> (G, M, N)
    mat_a (M, K), rows cut, mat_b (G, K, N), offs (G,) -> (M, N)
    mat_a (G, M, K), mat_b (K, N), columns cut, offs (G,) -> (M, N)
    mat_a (M, K), mat_b (K, N), K cut, offs (G,) -> (G, M, N)

    >>> import lamina
    >>> from lamina.nn import functional as F
    >>> weights = lamina.tensor([[[1.0]], [[10.0]]])
    >>> F.grouped_mm(lamina.ones(3, 1), weights, offs=lamina.tensor([1, 3], dtype=lamina.int32)).flatten()
    tensor([ 1., 10., 10.])
    """
    _check(mat_a, mat_b, offs, bias, out_dtype)
    if offs is None:
        return _dot(mat_a, mat_b, (((2,), (1,)), ((0,), (0,))))
    # One product with all groups side by side, the others' numbers being 0: G times the work of one group, but of
    # fixed shapes. XLA has a ragged product of its own only for some devices; elsewhere it does the same.
    groups = offs.shape[0]
    cut = mat_a.shape[0] if mat_b.ndim == 3 else mat_b.shape[1] if mat_a.ndim == 3 else mat_a.shape[1]
    starts = jnp.concatenate([jnp.zeros((1,), offs.dtype), offs[:-1]])
    place = jnp.arange(cut, dtype=offs.dtype)
    own = (place >= starts[:, None]) & (place < offs[:, None])  # G, cut
    if mat_b.ndim == 3:
        rows = jnp.where(own[:, :, None], mat_a, jnp.zeros((), mat_a.dtype))  # G M K
        return _dot(rows, mat_b, (((0, 2), (0, 1)), ((), ())))
    if mat_a.ndim == 3:
        columns = jnp.where(own[:, None, :], mat_b, jnp.zeros((), mat_b.dtype))  # G K N
        return _dot(mat_a, columns, (((0, 2), (0, 1)), ((), ())))
    masked = jnp.where(own[:, None, :], mat_a, jnp.zeros((), mat_a.dtype))  # G M K
    return _dot(masked.reshape(groups, *mat_a.shape), mat_b, (((2,), (0,)), ((), ())))


def _dot(a: jax.Array, b: jax.Array, dims: Any) -> jax.Array:
    out = lax.dot_general(a, b, dims, precision=target.products(), preferred_element_type=np.dtype(np.float32))
    return out.astype(a.dtype)


def _check(mat_a: jax.Array, mat_b: jax.Array, offs: Any, bias: Any, out_dtype: Any) -> None:
    for name, x in (("mat_a", mat_a), ("mat_b", mat_b)):
        if x.dtype.name not in ("float32", "bfloat16", "float16"):
            raise RuntimeError(
                f"Expected {name} to be Float32, BFloat16 or Float16 matrix, got {check.type_name(x.dtype)}"
            )
        if x.ndim not in (2, 3):
            raise RuntimeError(f"{name} has to be 2 or 3d")
    if mat_a.dtype != mat_b.dtype:
        raise RuntimeError(
            f"grouped_mm: mat_a and mat_b must be of the same type, got {mat_a.dtype} and {mat_b.dtype}."
        )
    if bias is not None:
        raise RuntimeError("Bias not supported yet")
    if out_dtype is not None and np.dtype(out_dtype) != mat_a.dtype:
        raise RuntimeError("Grouped gemm output dtype must match `mat_a` dtype")
    if (mat_a.ndim == 2 or mat_b.ndim == 2) != (offs is not None):
        raise RuntimeError("Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d")
    if mat_a.shape[-1] != mat_b.shape[-2]:
        raise RuntimeError("contraction dimension of mat_a and mat_b must match")
    if offs is None:
        if mat_a.shape[0] != mat_b.shape[0]:
            raise RuntimeError("batched dimension has to match")
        return
    if offs.ndim != 1:
        raise RuntimeError("offs has to be 1D")
    if offs.dtype != np.int32:
        raise RuntimeError("Offsets have to be int32")
    for x in (mat_a, mat_b):
        if x.ndim == 3 and x.shape[0] != offs.shape[0]:
            raise RuntimeError("matrix batch sizes have to match")
