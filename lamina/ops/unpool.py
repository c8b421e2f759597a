"""Max unpooling: values go back to the places where a max pooling found them, all others are zero."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.ops import check, promote
from lamina.ops.op import Array
from lamina.ops.spaces import op_by_space


@op_by_space("max_unpool{n}d", "", grad_name="MaxUnpool{n}DBackward0")
def max_unpool(space: int, input: Array, indices: Array, output_size: tuple[int, ...]) -> Array:
    """output[n, c, indices[n, c, *]] = input[n, c, *], where indices count in {volume} of the output; zero elsewhere.

    input and indices (N, C, {axes}) or (C, {axes}), indices int64 -> (*, C, {new}), {new} being output_size
    """
    name = f"max_unpool{space}d"
    if indices.dtype != np.int64:
        raise RuntimeError(
            f"{name}: elements in indices should be type int64 but got: {check.type_name(indices.dtype)}"
        )
    if input.ndim not in (space + 1, space + 2):
        raise RuntimeError(
            f"{name}: Input should be a {space + 1}d or {space + 2}d Tensor, but got a tensor with "
            f"{input.ndim} dimensions."
        )
    if input.shape != indices.shape:
        raise RuntimeError(
            f"{name}: Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) "
            f"but got indices tensor with shape: {list(indices.shape)}"
        )
    if 0 in input.shape[-space - 1 :]:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {list(input.shape)}."
        )
    if len(output_size) != space:
        raise RuntimeError(f"{name}: There should be exactly {space} elements in output_size, got {output_size}.")
    if promote.category(input.dtype) != 2:
        raise NotImplementedError(f"\"{name}\" not implemented for '{check.type_name(input.dtype)}'")
    batch = input.shape[:-space]
    rows = (int(np.prod(batch)), int(np.prod(input.shape[-space:])))
    flat = _unpool(input.reshape(rows), indices.reshape(rows), int(np.prod(output_size)))
    return flat.reshape(*batch, *output_size)


def _unpool(values: Array, places: Array, size: int) -> Array:
    """Rows of `size` elements, with values at places. values and places (R, J) -> (R, size)"""

    @jax.custom_vjp
    def forward(values: Array, places: Array) -> Array:
        empty = jnp.zeros((values.shape[0], size), values.dtype)
        return jax.vmap(lambda row, place, value: row.at[place].set(value, mode="drop"))(empty, places, values)

    # JAX's gradient asks, for each element, which of equal places was written last. PyTorch gives all of them one.
    def backward(places: Array, gradient: Array) -> Any:
        taken = jnp.take_along_axis(gradient, places, 1, mode="fill", fill_value=0)
        return taken, np.zeros(places.shape, jax.dtypes.float0)

    forward.defvjp(lambda values, places: (forward(values, places), places), backward)
    return forward(values, places)
