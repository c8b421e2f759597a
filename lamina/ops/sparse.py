"""Operations on the numbers of sparse tensors. Places are indices (dimensions, entries), one column an entry."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.ops.op import Array, Shape, op


def _sums(values: Array, places: Array, count: int) -> Array:
    """The sum of the values of each place: values (N, *), places (N,) -> (count, *); narrow types add up in float32."""
    wide = values.astype(np.float32) if values.dtype.itemsize == 2 and values.dtype.kind != "i" else values
    found = jnp.zeros((count, *values.shape[1:]), wide.dtype).at[places].add(wide, mode="drop")
    return found.astype(values.dtype)


@op("")
def coo_sums(values: Array, places: Array, count: int) -> Array:
    """The sum of the values of each place: values (N, *), places (N,) -> (count, *)."""
    return _sums(values, places, count)


@op("", grad_name="SparseCooTensorWithDimsAndTensorsBackward0", saves=False)
def coo_values(values: Array) -> Array:
    """The values of a sparse tensor that was made of a dense one: values (N, *) -> (N, *)."""
    return values


@op("", grad_name="ToDenseBackward0")
def coo_to_dense(indices: Array, values: Array, size: Shape) -> Array:
    """Zeros, with each value added in its place: indices (S, N), values (N, *) -> size."""
    sparse = indices.shape[0]
    zeros = jnp.zeros(size, values.dtype)
    if not sparse:
        return zeros + values.sum(0).astype(values.dtype)
    return zeros.at[tuple(indices)].add(values, mode="drop")


@op("")
def coo_gather(input: Array, indices: Array) -> Array:
    """The parts of a dense tensor in some places: input (*sizes, *), indices (S, N) -> (N, *)."""
    return input[tuple(indices)]


@op("", grad_name="SparseAddmmBackward0")
def coo_matmul(rows: Array, columns: Array, values: Array, dense: Array, count: int) -> Array:
    """A sparse matrix by a dense one: rows, columns, values (N,), dense (C, K) -> (count, K)."""
    return _sums(values[:, None] * dense[columns], rows, count)


@op("")
def coo_softmax(values: Array, groups: Array, count: int, logarithm: bool = False) -> Array:
    """softmax, or its logarithm, over the values of each group: values (N, *), groups (N,) -> (N, *)."""
    wide = values.astype(np.float32) if values.dtype.itemsize == 2 else values
    shape = (count, *values.shape[1:])
    largest = jnp.full(shape, -jnp.inf, wide.dtype).at[groups].max(wide)
    shifted = wide - jnp.where(jnp.isfinite(largest), largest, 0)[groups]
    powers = jnp.exp(shifted)
    total = jnp.zeros(shape, wide.dtype).at[groups].add(powers)[groups]
    return (shifted - jnp.log(total) if logarithm else powers / total).astype(values.dtype)
