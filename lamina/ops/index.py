"""Operations that read and write at the places `x[...]` names: `lamina/indexing.py` turns it into these.

An index that is out of range is an error where the host knows it; where only the device does, reading there gives NaN
(integers: their smallest value) and writing there does nothing.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import promote
from lamina.ops.op import Array, ArrayLike, Arrays, Numbers, Shape, op
from lamina.ops.shape import expand_to, put_slices, take_slices

Plan = tuple[tuple[Any, ...], ...]
"""How `x[...]` cuts, dimension by dimension: see `basic_index` and `advanced_index`."""

# --- x[ints, slices, None, ...] ---------------------------------------------------------------------------------------


def _cuts(shape: Shape, starts: Numbers, plan: Plan) -> tuple[tuple[Any, ...], Shape, Shape, Shape]:
    """Starts, sizes and steps for every dimension of the input, and the shape of the result."""
    begin: list[Any] = []
    sizes: list[int] = []
    steps: list[int] = []
    result: list[int] = []
    place = 0
    for kind, *rest in plan:
        if kind == "new":
            result.append(1)
            continue
        size, step = rest if kind == "slice" else (1, 1) if kind == "int" else (shape[len(begin)], 1)
        if kind == "all":
            begin.append(0)
        else:
            begin.append(starts[place])
            place += 1
        if kind != "int":
            result.append(size)
        sizes.append(size)
        steps.append(step)
    return tuple(begin), tuple(sizes), tuple(steps), tuple(result)


def _basic_name(input: Any, starts: Any, plan: Plan) -> str:
    # PyTorch cuts one dimension after another and shows the last cut.
    kinds = {"int": "Select", "slice": "Slice", "new": "Unsqueeze"}
    return next((kinds[kind] for kind, *_ in reversed(plan) if kind in kinds), "Alias") + "Backward0"


def basic_index_put(base: Array, value: ArrayLike, starts: Numbers, plan: Plan) -> Array:
    """base with the part that `basic_index` shows replaced by value, which is broadcast and cast."""
    begin, sizes, steps, shape = _cuts(base.shape, starts, plan)
    value = promote.cast(value, base.dtype)
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = lax.squeeze(value, (0,))
    return put_slices(base, lax.reshape(expand_to(value, shape), sizes), begin, steps)


@op("", view=True, put=basic_index_put, saves=False, grad_name=_basic_name)
def basic_index(input: Array, starts: Numbers, plan: Plan) -> Array:
    """`input[...]` with ints, slices and None.

    Args:
        plan: for each dimension of the input ("int",), ("slice", size, step) or ("all",), and ("new",) for each None.
        starts: the ints and the starts of the slices, from 0, in order.
    """
    begin, sizes, steps, shape = _cuts(input.shape, starts, plan)
    cut = take_slices(input, begin, sizes, steps)
    return cut if cut.shape == shape else lax.reshape(cut, shape)


op("", saves=False, name="basic_index_put", grad_name="CopySlices")(basic_index_put)

# --- x[tensors] -------------------------------------------------------------------------------------------------------

FILL: dict[str, Any] = {"mode": "fill"}
DROP: dict[str, Any] = {"mode": "drop"}
"""What reading, and writing, at places that are not there does."""


def _places(shape: Shape, indices: Arrays, plan: Shape) -> tuple[Any, ...]:
    """The index in NumPy's form, after 0-dim indices were made to act before the others, as in PyTorch.

    NumPy moves the indexed dimensions to the front when they are not neighbours; PyTorch takes ints out first.
    """
    index: list[Any] = []
    for axis, place in enumerate(plan):
        if place < 0:
            index.append(slice(None))
        else:
            which = indices[place]
            index.append(jnp.where(which < 0, which + shape[axis], which))
    return tuple(index)


def _single(index: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """If 0-dim indices stand beside larger ones: the 0-dim ones alone."""
    ndims = [getattr(which, "ndim", -1) for which in index]
    if 0 not in ndims or max(ndims) < 1:
        return None
    return tuple(which if ndim == 0 else slice(None) for which, ndim in zip(index, ndims, strict=True))


def _rest(index: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(which for which in index if getattr(which, "ndim", -1) != 0)


def _read(x: Array, index: tuple[Any, ...]) -> Array:
    if not any(hasattr(which, "ndim") for which in index):
        return x
    return x.at[index].get(**FILL, wrap_negative_indices=False)


def check_together(indices: Any) -> None:
    """IndexError unless the shapes of indices broadcast to one."""
    shapes = [tuple(x.shape) for x in indices]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(shape)) for shape in shapes)
        ) from None


def read_at(input: Array, indices: Arrays, plan: Shape) -> Array:
    """What is at the places of `advanced_index`."""
    index = _places(input.shape, indices, plan)
    single = _single(index)
    return _read(input, index) if single is None else _read(_read(input, single), _rest(index))


@op("", grad_name="IndexBackward0")
def advanced_index(input: Array, indices: Arrays, plan: Shape) -> Array:
    """`input[...]` with tensors of ints.

    Args:
        indices: tensors of ints; a negative one counts from the end.
        plan: for each dimension of the input which of `indices` applies, -1 for all of the dimension.
    """
    check_together(indices)
    return read_at(input, indices, plan)


@op("", grad_name="MaskedSelectBackward0")
def masked_select_at(input: Array, indices: Arrays, plan: Shape) -> Array:
    """`advanced_index` under the name that `masked_select` has in `grad_fn`."""
    return read_at(input, indices, plan)


@partial(jax.custom_jvp, nondiff_argnums=(3, 4))
def written_at(base: Array, value: Array, indices: tuple[Array, ...], plan: Shape, accumulate: bool) -> Array:
    """The base with values, of the shape that reading there gives, written to or added at places."""
    return _write(base, value, indices, plan, accumulate, False)


def _write(base: Array, value: Array, indices: Arrays, plan: Shape, accumulate: bool, unique: bool) -> Array:
    index = _places(base.shape, indices, plan)
    single = _single(index)
    inner = base if single is None else _read(base, single)
    here = inner.at[index if single is None else _rest(index)]
    options = {**DROP, "wrap_negative_indices": False}
    written = here.add(value, **options) if accumulate else here.set(value, unique_indices=unique, **options)
    return written if single is None else base.at[single].set(written, unique_indices=True, **options)


@written_at.defjvp
def _written_jvp(plan: Shape, accumulate: bool, primals: Any, tangents: Any) -> tuple[Array, Array]:
    base, value, indices = primals
    # As in PyTorch, each value gets the gradient of the place it was written to, even if another one overwrote it.
    tangent = _write(tangents[0], tangents[1], indices, plan, accumulate, True)
    return _write(base, value, indices, plan, accumulate, False), tangent


def put_at(base: Array, value: ArrayLike, indices: Arrays, plan: Shape, accumulate: bool) -> Array:
    """`written_at` for a value that may have to be expanded and converted."""
    check_together(indices)
    shape = jax.eval_shape(partial(read_at, plan=plan), base, list(indices)).shape
    value = promote.cast(value, base.dtype)
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = lax.squeeze(value, (0,))
    try:
        value = expand_to(value, shape)
    except RuntimeError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing result of "
            f"shape {list(shape)}"
        ) from None
    if not indices:
        return base + value if accumulate else value
    if 0 in shape:
        return base
    if promote.category(base.dtype) == 0 and accumulate:
        return base | written_at(jnp.zeros_like(base), value, tuple(indices), plan, False)
    return written_at(base, value, tuple(indices), plan, accumulate)


@op("", grad_name="IndexPutBackward0")
def index_put_at(base: Array, value: ArrayLike, indices: Arrays, plan: Shape, accumulate: bool = False) -> Array:
    """base with value written, or added, where `advanced_index` would read."""
    return put_at(base, value, indices, plan, accumulate)


@op("", grad_name="IndexPutBackward0")
def mask_put(base: Array, mask: Array, value: ArrayLike, dim: int = 0) -> Array:
    """base with value where mask is True; the mask's dimensions are those of base from `dim` on.

    value broadcasts to what indexing by the mask would give, where the dimension that counts has size 1.
    """
    value = promote.cast(value, base.dtype)
    before, after = base.shape[:dim], base.shape[dim + mask.ndim :]
    value = lax.reshape(value, (1,) * (dim + 1 + len(after) - value.ndim) + value.shape)
    value = lax.reshape(value, (*value.shape[:dim], *(1,) * mask.ndim, *value.shape[dim + 1 :]))
    value = expand_to(value, (*before, *(1,) * mask.ndim, *after))
    mask = lax.expand_dims(mask, (*range(dim), *range(dim + mask.ndim, base.ndim)))
    return jnp.where(mask, value, base)
