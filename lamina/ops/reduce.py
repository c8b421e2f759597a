"""Sums, means, extremes and norms over some or all dimensions.

`dim` None (or empty) means all dimensions; with `keepdim` the reduced ones stay, with size 1. A NaN in the input makes
the result NaN. Sums of float16 and bfloat16 are taken in float32.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, op

Dims = int | tuple[int, ...] | None


def _is_integral(x: Array) -> bool:
    return promote.category(x.dtype) < 2


def wide(x: Array) -> Array:
    """float16 and bfloat16 as float32, the type their sums are taken in."""
    return lax.convert_element_type(x, np.float32) if x.dtype.kind in "fV" and x.dtype.itemsize == 2 else x


def _kept(result: Array, x: Array, dims: tuple[int, ...], keepdim: bool) -> Array:
    """The result of a reduction of x over dims, with these dimensions back at size 1 if `keepdim`."""
    if not keepdim:
        return result
    return lax.reshape(result, tuple(1 if axis in dims else size for axis, size in enumerate(x.shape)))


def total(x: Array, dims: tuple[int, ...]) -> Array:
    """The sum over dims, in the type of x."""
    return promote.cast(jnp.sum(wide(x), dims, dtype=wide(x).dtype), x.dtype) if x.ndim else x


def _count(x: Array, dims: tuple[int, ...]) -> int:
    return math.prod(x.shape[axis] for axis in dims)


def _summand(input: Array, dtype: np.dtype | None) -> Array:
    if dtype is not None:
        return promote.cast(input, dtype)
    return promote.cast(input, np.dtype(np.int64)) if _is_integral(input) else input


def _dim_grad_name(name: str, whole: int, some: int) -> Any:
    """`grad_fn` names that end in one digit for a reduction over everything, in another if dim was given."""

    def grad_name(*args: Any, **kwargs: Any) -> str:
        dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
        return f"{name}Backward{whole if dim is None else some}"

    return grad_name


@op(saves=False, grad_name=_dim_grad_name("Sum", 0, 1))
def sum(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: np.dtype | None = None) -> Array:
    """The sum over `dim`. Integers and bools are summed as int64, unless `dtype` says otherwise.

    >>> import lamina
    >>> lamina.sum(lamina.tensor([[1., 2.], [3., 4.]]), 1)
    tensor([3., 7.])
    """
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    x = _summand(input, dtype)
    return _kept(_sum(x, dims), x, dims, keepdim)


def _scalar_dims(dim: Dims) -> tuple[int, ...]:
    check.dims(dim, 0)
    return ()


def _sum(x: Array, dims: tuple[int, ...]) -> Array:
    if x.dtype == np.bool_:
        return jnp.any(x, dims)
    return total(x, dims)


@op(saves=False)
def nansum(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: np.dtype | None = None) -> Array:
    """The sum over `dim` of everything that is not NaN."""
    _only_real("nansum", input, RuntimeError)
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    x = _summand(jnp.where(input != input, jnp.zeros_like(input), input), dtype)
    return _kept(_sum(x, dims), x, dims, keepdim)


def _only_real(name: str, x: Array, error: type[Exception] = NotImplementedError) -> None:
    if promote.category(x.dtype) == 3:
        raise error(f"{name}: not defined for complex numbers, got {x.dtype}.")


def _averaged(name: str, input: Array, dtype: np.dtype | None) -> Array:
    x = input if dtype is None else promote.cast(input, dtype)
    if _is_integral(x):
        given = "Input dtype" if dtype is None else "Optional dtype"
        raise RuntimeError(
            f"{name}(): could not infer output dtype. {given} must be either a floating point or complex dtype. "
            f"Got: {check.type_name(x.dtype)}"
        )
    return x


@op(saves=False, grad_name=_dim_grad_name("Mean", 0, 1))
def mean(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: np.dtype | None = None) -> Array:
    """The mean over `dim`, of floating or complex numbers; NaN over nothing.

    >>> import lamina
    >>> lamina.mean(lamina.tensor([[1., 2.], [3., 4.]]), 0)
    tensor([2., 3.])
    """
    x = _averaged("mean", input, dtype)
    dims = check.dims(dim, x.ndim) if x.ndim else _scalar_dims(dim)
    return promote.cast(_kept(_mean(wide(x), dims), x, dims, keepdim), x.dtype)


def _mean(x: Array, dims: tuple[int, ...]) -> Array:
    if not x.ndim:
        return x
    count = _count(x, dims)
    return total(x, dims) / count if count else jnp.full_like(total(x, dims), math.nan)


@op(grad_name="DivBackward0")
def nanmean(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: np.dtype | None = None) -> Array:
    """The mean over `dim` of everything that is not NaN."""
    x = _averaged("nanmean", input, dtype)
    _only_real("nanmean", x, RuntimeError)
    dims = check.dims(dim, x.ndim) if x.ndim else _scalar_dims(dim)
    there = x == x
    numbers = wide(jnp.where(there, x, jnp.zeros_like(x)))
    quotient = jnp.sum(numbers, dims) / jnp.sum(there, dims, dtype=numbers.dtype)
    return promote.cast(_kept(quotient, x, dims, keepdim), x.dtype)


@op(grad_name=_dim_grad_name("Prod", 0, 1))
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: np.dtype | None = None) -> Array:
    """The product over `dim`. Integers and bools are multiplied as int64, unless `dtype` says otherwise."""
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    x = _summand(input, dtype)
    if x.dtype == np.bool_:
        return _kept(jnp.all(x, dims), x, dims, keepdim)
    result = promote.cast(jnp.prod(wide(x), dims, dtype=wide(x).dtype), x.dtype) if x.ndim else x
    return _kept(result, x, dims, keepdim)


# Extremes


def _nonempty(name: str, x: Array, dims: tuple[int, ...], dim: Any) -> None:
    if x.size or builtins.all(x.shape[axis] for axis in dims):
        return
    if dim is None or dim == ():
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )
    empty = next(axis for axis in dims if not x.shape[axis])
    raise IndexError(f"{name}(): Expected reduction dim {empty} to have non-zero size.")


def _extreme(name: str, input: Array, dim: Any, keepdim: bool) -> Array:
    _only_real(name, input)
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    _nonempty(name, input, dims, dim)
    return _kept((jnp.max if name == "amax" else jnp.min)(input, dims) if dims else input, input, dims, keepdim)


@op()
def amax(input: Array, dim: Dims = (), keepdim: bool = False) -> Array:
    """The largest element over `dim`. Equal largest elements share the gradient."""
    return _extreme("amax", input, dim, keepdim)


@op()
def amin(input: Array, dim: Dims = (), keepdim: bool = False) -> Array:
    """The smallest element over `dim`. Equal smallest elements share the gradient."""
    return _extreme("amin", input, dim, keepdim)


@op(returns=("min", "max"))
def aminmax(input: Array, *, dim: int | None = None, keepdim: bool = False) -> tuple[Array, Array]:
    """The smallest and the largest element over `dim`."""
    _only_real("aminmax", input)
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    _nonempty("aminmax", input, dims, dim)
    if not dims:
        return input, input
    return _kept(jnp.min(input, dims), input, dims, keepdim), _kept(jnp.max(input, dims), input, dims, keepdim)


@jax.custom_jvp
def _chosen(x: Array, value: Array) -> Array:
    """`value`, one of the elements of x; its gradient is shared by all elements equal to it, NaN to NaN."""
    return value


@_chosen.defjvp
def _chosen_jvp(primals: Any, tangents: Any) -> Any:
    x, value = primals
    same = (x == value) | ((x != x) & (value != value))
    share = jnp.where(same, tangents[0], jnp.zeros_like(tangents[0]))
    return value, jnp.sum(share) / jnp.sum(same, dtype=share.dtype)


def _extreme_of_all(name: str, input: Array) -> Array:
    _only_real(name, input)
    _nonempty(name, input, tuple(range(input.ndim)), None)
    value = (jnp.max if name == "max" else jnp.min)(lax.stop_gradient(input))
    return value if _is_integral(input) else _chosen(input, value)


@op("", grad_name="MaxBackward1")
def max_all(input: Array) -> Array:
    """The largest element of all. Equal largest elements share the gradient."""
    return _extreme_of_all("max", input)


@op("", grad_name="MinBackward1")
def min_all(input: Array) -> Array:
    """The smallest element of all. Equal smallest elements share the gradient."""
    return _extreme_of_all("min", input)


def _hold(axis: int, x: Array, index: Array, value: Array) -> Array:
    return value


def _hold_jvp(axis: int, primals: Any, tangents: Any) -> Any:
    x, index, value = primals
    there = lax.broadcasted_iota(index.dtype, x.shape, axis) == index
    share = jnp.where(there, tangents[0], jnp.zeros_like(tangents[0]))
    return value, jnp.sum(share, axis, keepdims=True, dtype=share.dtype)


_held = jax.custom_jvp(_hold, nondiff_argnums=(0,))
_held.defjvp(_hold_jvp)


def picked(x: Array, index: Array, axis: int, value: Array | None = None) -> Array:
    """The elements of x at an index (with x's shape but for 1 on the axis) along the axis; `value`, if known already.

    The gradient goes to these elements, by a mask: a scatter would be slow on a CPU.
    """
    if value is None:
        value = jnp.take_along_axis(x, index, axis, mode="promise_in_bounds")
    return value if _is_integral(x) else _held(axis, x, index, lax.stop_gradient(value))


def first_extreme(name: str, x: Array, axis: int) -> tuple[Array, Array]:
    """The largest ("max") or smallest elements along the axis and where the first of them are, with size 1 there.

    NaN is more extreme than any number. Two plain reductions: XLA's own `argmax` is many times slower on a CPU.
    """
    x = lax.stop_gradient(x)
    value = (jnp.max if name == "max" else jnp.min)(x, axis, keepdims=True)
    size = x.shape[axis]
    places = lax.broadcasted_iota(np.int32 if size < 2**31 else np.int64, x.shape, axis)
    reached = (x == value) | (x != x)
    index = jnp.min(jnp.where(reached, places, jnp.full_like(places, size)), axis, keepdims=True)
    return value, promote.cast(index, np.dtype(np.int64))


def _extreme_along(name: str, input: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    _only_real(name, input)
    axis = check.dim(dim, input.ndim)
    if not input.ndim:
        return input, jnp.zeros((), np.int64)
    _nonempty(name, input, (axis,), dim)
    value, index = first_extreme(name, input, axis)
    value = picked(input, index, axis, value)
    return (value, index) if keepdim else (lax.squeeze(value, (axis,)), lax.squeeze(index, (axis,)))


@op("", returns=("values", "indices"), grad_name="MaxBackward0")
def max_dim(input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The largest elements along `dim` and where the first of them are. The gradient goes to these."""
    return _extreme_along("max", input, dim, keepdim)


@op("", returns=("values", "indices"), grad_name="MinBackward0")
def min_dim(input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The smallest elements along `dim` and where the first of them are. The gradient goes to these."""
    return _extreme_along("min", input, dim, keepdim)


def order_key(x: Array) -> Array:
    """Integers in the order of x, NaN last, int32 or int64: ~key has the reverse order, which -x has not always."""
    x = lax.stop_gradient(x)
    if _is_integral(x):
        return x if x.dtype == np.int64 else lax.convert_element_type(x, np.int32)
    x = wide(x)
    x = jnp.where(x != x, jnp.full_like(x, math.nan), jnp.where(x == 0, jnp.zeros_like(x), x))
    signed = np.dtype(f"int{8 * x.dtype.itemsize}")
    bits = lax.bitcast_convert_type(x, signed)
    return jnp.where(bits < 0, bits ^ np.iinfo(signed).max, bits)


def order(x: Array, axis: int, descending: bool = False) -> Array:
    """The indices that sort x along the axis, equal elements in their order. NaN is the largest."""
    key = order_key(x)
    key = ~key if descending else key
    places = lax.broadcasted_iota(np.int64, x.shape, axis)
    if key.dtype == np.int32 and x.shape[axis] < 2**31:
        # Key and place in one number: sorting single integers is several times faster than sorting pairs.
        both = (lax.convert_element_type(key, np.int64) << 32) | places
        return lax.sort(both, dimension=axis, is_stable=False) & 0xFFFFFFFF
    return lax.sort((key, places), dimension=axis, num_keys=1, is_stable=True)[1]


def _ranked(x: Array, axis: int, rank: Any) -> tuple[Array, Array]:
    """The element of this rank along the axis and its index, both with size 1 there. NaN ranks last."""
    places = order(x, axis)
    if isinstance(rank, int):
        index = lax.slice_in_dim(places, rank, rank + 1, axis=axis)
    else:
        index = jnp.take_along_axis(places, rank, axis, mode="promise_in_bounds")
    return picked(x, index, axis), index


def _middle(name: str, x: Array, axis: int) -> tuple[Array, Array]:
    """The lower median along the axis and its index: for `median` of NaNs the first, `nanmedian` passes them over."""
    size = x.shape[axis]
    if promote.category(x.dtype) < 2:
        return _ranked(x, axis, (size - 1) // 2)
    missing = jnp.sum(x != x, axis, keepdims=True, dtype=np.int64)
    if name == "nanmedian":
        return _ranked(x, axis, jnp.maximum(size - missing - 1, 0) // 2)
    return _ranked(x, axis, jnp.where(missing > 0, size - missing, (size - 1) // 2))


def _median_of_all(name: str, input: Array) -> Array:
    _median_type(name, input)
    if not input.size:
        if _is_integral(input):
            return jnp.full((), np.iinfo(input.dtype).min, input.dtype)
        return jnp.full((), math.nan, input.dtype)
    value = lax.reshape(_middle(name, lax.reshape(lax.stop_gradient(input), (input.size,)), 0)[0], ())
    return value if _is_integral(input) else _chosen(input, value)


def _median_along(name: str, input: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    _median_type(name, input)
    axis = check.dim(dim, input.ndim)
    if not input.ndim:
        return input, jnp.zeros((), np.int64)
    _nonempty(name, input, (axis,), dim)
    value, index = _middle(name, input, axis)
    return (value, index) if keepdim else (lax.squeeze(value, (axis,)), lax.squeeze(index, (axis,)))


def _median_type(name: str, x: Array) -> None:
    if x.dtype == np.bool_ or promote.category(x.dtype) == 3:
        raise NotImplementedError(f"\"{name}_out\" not implemented for '{check.type_name(x.dtype)}'")


@op("", grad_name="MedianBackward0")
def median_all(input: Array) -> Array:
    """The lower median of all elements."""
    return _median_of_all("median", input)


@op("", returns=("values", "indices"), grad_name="MedianBackward1")
def median_dim(input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The lower medians along `dim` and where they are. The gradient goes to these elements."""
    return _median_along("median", input, dim, keepdim)


@op("", grad_name="NanmedianBackward0")
def nanmedian_all(input: Array) -> Array:
    """The lower median of all elements that are not NaN."""
    return _median_of_all("nanmedian", input)


@op("", returns=("values", "indices"), grad_name="NanmedianBackward1")
def nanmedian_dim(input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The lower medians along `dim` of what is not NaN, and where they are."""
    return _median_along("nanmedian", input, dim, keepdim)


# Spread


@jax.custom_jvp
def _root(x: Array) -> Array:
    """sqrt(x) with gradient 0 at 0, as PyTorch has it for standard deviations and norms."""
    return lax.sqrt(x)


@_root.defjvp
def _root_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (tangent,) = primals, tangents
    root = _root(x)
    zero = jnp.zeros_like(x)
    return root, jnp.where(x == 0, zero, tangent / (2 * jnp.where(x == 0, jnp.ones_like(root), root)))


def _squared_modulus(x: Array) -> Array:
    return lax.square(lax.real(x)) + lax.square(lax.imag(x)) if promote.category(x.dtype) == 3 else lax.square(x)


def _moments(name: str, input: Array, dim: Dims, correction: float, keepdim: bool) -> tuple[Array, Array, np.dtype]:
    """Variance and mean over dim, in float32 at least, and the type the results are to have."""
    if _is_integral(input):
        raise RuntimeError(f"{name}: only support floating point and complex dtypes")
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    x = wide(input)
    center = _kept(_mean(x, dims), x, dims, True)
    squares = _squared_modulus(x - center)
    degrees = builtins.max(_count(x, dims) - correction, 0)
    # 0 / 0 is NaN: no spread without a degree of freedom.
    variance = (jnp.sum(squares, dims) if dims else squares) / jnp.asarray(degrees, squares.dtype)
    center = center if keepdim else lax.reshape(center, variance.shape)
    return _kept(variance, x, dims, keepdim), center, input.dtype


def _real_dtype(dtype: np.dtype) -> np.dtype:
    return np.dtype({"complex64": np.float32, "complex128": np.float64}.get(dtype.name, dtype))


@op("", grad_name="VarBackward0", name="var_correction")
def _var(input: Array, dim: Dims = None, *, correction: float = 1, keepdim: bool = False) -> Array:
    """The variance over `dim`: the sum of |x - mean|^2, divided by the number of elements minus `correction`."""
    variance, _, dtype = _moments("var", input, dim, correction, keepdim)
    return promote.cast(variance, _real_dtype(dtype))


@op("", grad_name="StdBackward0", name="std_correction")
def _std(input: Array, dim: Dims = None, *, correction: float = 1, keepdim: bool = False) -> Array:
    """The standard deviation over `dim`, the root of the variance. Its gradient where that is 0 is 0."""
    variance, _, dtype = _moments("std", input, dim, correction, keepdim)
    return promote.cast(_root(variance), _real_dtype(dtype))


@op("", grad_name="VarMeanBackward0", name="var_mean_correction")
def _var_mean(input: Array, dim: Dims = None, *, correction: float = 1, keepdim: bool = False) -> tuple[Array, Array]:
    """Variance and mean over `dim`."""
    variance, center, dtype = _moments("var_mean", input, dim, correction, keepdim)
    return promote.cast(variance, _real_dtype(dtype)), promote.cast(center, dtype)


@op("", grad_name="StdMeanBackward0", name="std_mean_correction")
def _std_mean(input: Array, dim: Dims = None, *, correction: float = 1, keepdim: bool = False) -> tuple[Array, Array]:
    """Standard deviation and mean over `dim`."""
    variance, center, dtype = _moments("std_mean", input, dim, correction, keepdim)
    return promote.cast(_root(variance), _real_dtype(dtype)), promote.cast(center, dtype)


# Norms


def vector_norm(x: Array, exponent: float, dims: tuple[int, ...], keepdim: bool) -> Array:
    """(sum of |x|^exponent)^(1/exponent) over dims. The gradient is 0 at 0; equal extremes share it."""
    dtype = _real_dtype(x.dtype)
    x = wide(x)
    if exponent == 2:
        return promote.cast(_kept(_root(_sum(_squared_modulus(x), dims)), x, dims, keepdim), dtype)
    size = lax.abs(x) if promote.category(x.dtype) == 3 else x * lax.stop_gradient(lax.sign(x))
    if exponent == 0:
        norm = _sum(promote.cast(x != 0, size.dtype), dims)
    elif exponent == 1:
        norm = _sum(size, dims)
    elif math.isinf(exponent):
        norm = (jnp.max if exponent > 0 else jnp.min)(size, dims) if dims else size
    else:
        norm = _power_norm(size, exponent, dims)
    return promote.cast(_kept(norm, x, dims, keepdim), dtype)


def _power_norm(size: Array, exponent: float, dims: tuple[int, ...]) -> Array:
    """The norm of nonnegative numbers, with any other exponent, with zeros kept out of the gradient."""
    zero = size == 0
    powers = jnp.where(zero, 0.0 if exponent > 0 else math.inf, jnp.where(zero, 1, size) ** exponent).astype(size.dtype)
    powers_total = _sum(powers, dims)
    nothing = (powers_total == 0) | (powers_total == math.inf)
    root = jnp.where(nothing, jnp.ones_like(powers_total), powers_total) ** (1 / exponent)
    edge = lax.stop_gradient(powers_total) ** (1 / exponent)
    return jnp.where(nothing, edge, root)


@op(grad_name="LinalgVectorNormBackward0")
def norm(
    input: Array,
    p: float | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: np.dtype | None = None,
) -> Array:
    """(sum of |x|^p)^(1/p) over `dim`; p may be infinite, or "fro" for 2. The gradient is 0 where the norm is 0.

    >>> import lamina
    >>> lamina.norm(lamina.tensor([3., 4.]))
    tensor(5.)
    """
    x = input if dtype is None else promote.cast(input, dtype)
    if _is_integral(x):
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {check.type_name(x.dtype)}"
        )
    dims = check.dims(dim, x.ndim) if x.ndim else _scalar_dims(dim)
    if p == "nuc":
        return _nuclear_norm(x, dims, keepdim)
    if p not in (None, "fro") and isinstance(p, str):
        raise RuntimeError(f"norm: p must be a number, 'fro' or 'nuc', got {p!r}.")
    exponent = 2.0 if p is None or isinstance(p, str) else float(p)
    if (exponent < 0 or math.isinf(exponent)) and not _count(x, dims):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {exponent} norm on an empty tensor because the operation does "
            "not have an identity"
        )
    return vector_norm(x, exponent, dims, keepdim)


def _nuclear_norm(x: Array, dims: tuple[int, ...], keepdim: bool) -> Array:
    if len(dims) != 2:
        raise RuntimeError(f"nuclear norm: input must be a matrix, or dim name two dimensions, got dim {dims}.")
    matrices = jnp.moveaxis(x, dims, (-2, -1))
    norm = jnp.sum(jnp.linalg.svd(matrices, compute_uv=False), -1)
    return _kept(norm, x, dims, keepdim)


@op()
def dist(input: Array, other: Array, p: float = 2) -> Array:
    """The p-norm of input - other, over all elements. Shapes broadcast."""
    x, y = promote.promote(input, other)
    check.broadcast(x, y)
    if _is_integral(x):
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {check.type_name(x.dtype)}"
        )
    difference = x - y
    return vector_norm(difference, float(p), tuple(range(difference.ndim)), False)


@op("lamina Tensor special")
def logsumexp(input: Array, dim: int | tuple[int, ...], keepdim: bool = False) -> Array:
    """log(sum over `dim` of exp(input)), without overflow."""
    x = promote.promote_float(input)[0]
    dims = check.dims(dim, x.ndim) if x.ndim else _scalar_dims(dim)
    if not dims:
        return x
    if not _count(x, dims):
        return _kept(jnp.full_like(total(x, dims), -math.inf), x, dims, keepdim)
    x = wide(x)
    largest = jnp.max(lax.stop_gradient(lax.real(x) if promote.category(x.dtype) == 3 else x), dims, keepdims=True)
    largest = jnp.where(lax.abs(largest) == math.inf, jnp.zeros_like(largest), largest)
    # exp gives inf or 0 where the largest is infinite; the logarithm then is infinite too.
    summed = jnp.sum(lax.exp(x - largest), dims)
    result = lax.log(summed) + lax.reshape(largest, summed.shape).astype(summed.dtype)
    return promote.cast(_kept(result, x, dims, keepdim), promote.promote_float(input)[0].dtype)


# Truth and counts


def _truth(input: Array, dim: Dims, keepdim: bool, reduce: Any) -> Array:
    dims = check.dims(dim, input.ndim) if input.ndim and dim != () else _scalar_dims(dim)  # () means no dimension here
    x = promote.cast(input, np.dtype(np.bool_))
    result = _kept(reduce(x, dims) if dims else x, x, dims, keepdim)
    # PyTorch keeps uint8, its boolean type of old.
    return promote.cast(result, np.dtype(np.uint8)) if input.dtype == np.uint8 else result


@op(differentiable=False)
def all(input: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    """Whether all elements over `dim` are nonzero."""
    return _truth(input, dim, keepdim, jnp.all)


@op(differentiable=False)
def any(input: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    """Whether at least one element over `dim` is nonzero."""
    return _truth(input, dim, keepdim, jnp.any)


@op(differentiable=False)
def count_nonzero(input: Array, dim: Dims = None) -> Array:
    """How many elements over `dim` are nonzero, as int64."""
    dims = check.dims(dim, input.ndim) if input.ndim else _scalar_dims(dim)
    return jnp.sum(input != 0, dims, dtype=np.int64) if dims else promote.cast(input != 0, np.dtype(np.int64))
