"""Discrete Fourier transforms.

Every one is the same few steps: sizes brought to what is asked for by cutting or zeros, `lax.fft` over the last
dimensions, and a factor.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Shape, op
from lamina.ops.operands import as_float, is_complex

# --- steps ---


def _float(name: str, x: Array, real: str = "") -> Array:
    if real and is_complex(x):
        raise RuntimeError(f"{name} expects a {real} input tensor, but got {check.type_name(x.dtype)}")
    x = as_float(x)
    if promote.category(x.dtype) == 2 and x.dtype.itemsize == 2:
        raise RuntimeError(f"Unsupported dtype {check.type_name(x.dtype)}")
    return x


def _complex(name: str, x: Array) -> Array:
    x = _float(name, x)
    return x if is_complex(x) else x.astype(jnp.complex128 if x.dtype == np.float64 else jnp.complex64)


def _places(x: Array, s: Any, dim: Any) -> tuple[list[int], tuple[int, ...]]:
    """How many points are transformed, and in which dimensions."""
    if dim is not None:
        dims = tuple(check.dim(d, x.ndim) for d in ((dim,) if isinstance(dim, int) else dim))
        if len(set(dims)) != len(dims):
            raise RuntimeError("FFT dims must be unique")
    s = (s,) if isinstance(s, int) else s
    if s is not None:
        if dim is not None and len(s) != len(dims):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > x.ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {x.ndim} dimensions.")
    if dim is None:
        dims = tuple(range(x.ndim if s is None else len(s)))
        dims = tuple(x.ndim - len(dims) + d for d in dims)
    sizes = [x.shape[d] if n == -1 else n for d, n in zip(dims, (-1,) * len(dims) if s is None else s, strict=True)]
    return sizes, dims


def _place(x: Array, n: int | None, dim: int) -> tuple[list[int], tuple[int, ...]]:
    if x.ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = check.dim(dim, x.ndim)
    return [x.shape[axis] if n is None else n], (axis,)


def _points(sizes: list[int]) -> None:
    for n in sizes:
        if n < 1:
            raise RuntimeError(f"Invalid number of data points ({n}) specified")


def _resized(x: Array, sizes: list[int], dims: tuple[int, ...]) -> Array:
    """The first elements along dims, or all and zeros."""
    _points(sizes)
    for n, d in zip(sizes, dims, strict=True):
        if n < x.shape[d]:
            x = lax.slice_in_dim(x, 0, n, axis=d)
        elif n > x.shape[d]:
            x = lax.pad(
                x, jnp.zeros((), x.dtype), [(0, n - x.shape[d] if axis == d else 0, 0) for axis in range(x.ndim)]
            )
    return x


def _scaled(x: Array, norm: str | None, count: int, forward: bool, done: bool) -> Array:
    """x times what `norm` asks for; `done` says that x was divided by the number of points."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    divided = (norm == "forward") == forward
    power = -0.5 if norm == "ortho" else -1 if divided else 0
    factor = count ** (power + done)
    return x if factor == 1 else x * np.asarray(factor, x.real.dtype)


def _last(x: Array, dims: tuple[int, ...], function: Any) -> Array:
    """A function of the last dimensions, applied to dims."""
    end = tuple(range(x.ndim - len(dims), x.ndim))
    return jnp.moveaxis(function(jnp.moveaxis(x, dims, end)), end, dims)


def _c2c(x: Array, dims: tuple[int, ...], forward: bool) -> Array:
    """Complex to complex; backward ones are divided by the number of points. `lax.fft` takes three dimensions."""
    kind = lax.FftType.FFT if forward else lax.FftType.IFFT
    for start in range(0, len(dims), 3):
        some = dims[start : start + 3]
        lengths = tuple(x.shape[d] for d in some)
        x = _last(x, some, lambda y, lengths=lengths: lax.fft(y, kind, lengths))
    return x


def _r2c(x: Array, dim: int) -> Array:
    return _last(x, (dim,), lambda y: lax.fft(y, lax.FftType.RFFT, y.shape[-1:]))


def _c2r(x: Array, dim: int, n: int) -> Array:
    return _last(x, (dim,), lambda y: lax.fft(y, lax.FftType.IRFFT, (n,)))


# --- kinds of transforms ---


def _both(name: str, x: Array, places: Any, norm: str | None, forward: bool) -> Array:
    x = _complex(name, x)
    sizes, dims = places(x)
    x = _c2c(_resized(x, sizes, dims), dims, forward)
    return _scaled(x, norm, math.prod(sizes), forward, not forward)


def _from_real(name: str, x: Array, places: Any, norm: str | None, forward: bool) -> Array:
    x = _float(name, x, "real-valued" if name.endswith("n") else "real")
    sizes, dims = places(x)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    x = _r2c(_resized(x, sizes, dims), dims[-1])
    if forward:
        return _scaled(_c2c(x, dims[:-1], True), norm, math.prod(sizes), True, False)
    # The inverse of real numbers is the complex conjugate of the transform, divided.
    x = _c2c(jnp.conj(x), dims[:-1], False)
    count = math.prod(sizes[:-1])
    return _scaled(x * np.asarray(count / math.prod(sizes), x.real.dtype), norm, math.prod(sizes), False, True)


def _to_real(name: str, x: Array, places: Any, last: bool, norm: str | None, forward: bool) -> Array:
    """`last`: whether the size of the result in the last of the dimensions was given."""
    x = _complex(name, x)
    sizes, dims = places(x)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    n = sizes[-1] if last else 2 * (x.shape[dims[-1]] - 1)
    _points([*sizes[:-1], n])
    x = _c2c(_resized(x, [*sizes[:-1], n // 2 + 1], dims), dims[:-1], forward)
    result = _c2r(jnp.conj(x) if forward else x, dims[-1], n)
    count = n * math.prod(sizes[:-1])
    if forward:
        result = result * np.asarray(n, result.dtype)
    return _scaled(result, norm, count, forward, not forward)


# --- one dimension ---


@op("fft", grad_name="FftC2CBackward0")
def fft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> jax.Array:
    """X[k] = sum over j of x[j] exp(-2 pi i j k / n), j and k from 0 to below n, along a dimension.

    n: how many points; the input is cut or gets zeros. norm: "backward" (default): no factor, "ortho": 1 / sqrt(n),
    "forward": 1 / n.

    >>> import lamina
    >>> lamina.fft.fft(lamina.tensor([1., 0., 0., 0.]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _both("fft", input, lambda x: _place(x, n, dim), norm, True)


@op("fft", grad_name="FftC2CBackward0")
def ifft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> jax.Array:
    """The inverse of `fft`: divided by n, unless `norm` says otherwise."""
    return _both("ifft", input, lambda x: _place(x, n, dim), norm, False)


@op("fft", grad_name="FftR2CBackward0")
def rfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> jax.Array:
    """`fft` of real numbers, without the half that is the complex conjugate of the other: n // 2 + 1 numbers.

    >>> import lamina
    >>> lamina.fft.rfft(lamina.ones(4)).shape
    lamina.Size([3])
    """
    return _from_real("rfft", input, lambda x: _place(x, n, dim), norm, True)


@op("fft", grad_name="FftC2RBackward0")
def irfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> jax.Array:
    """The inverse of `rfft`: n real numbers, by default 2 (m - 1) of m."""
    return _to_real("irfft", input, lambda x: _place(x, n, dim), n is not None, norm, False)


@op("fft", grad_name="FftC2RBackward0")
def hfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> jax.Array:
    """`fft` of numbers whose second half, the complex conjugate of the first, is not given: n real numbers."""
    return _to_real("hfft", input, lambda x: _place(x, n, dim), n is not None, norm, True)


@op("fft", grad_name="ConjBackward0")
def ihfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> jax.Array:
    """The inverse of `hfft`: n // 2 + 1 complex numbers of n real ones."""
    return _from_real("ihfft", input, lambda x: _place(x, n, dim), norm, False)


# --- two dimensions, and any ---


@op("fft", grad_name="FftC2CBackward0")
def fft2(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None
) -> jax.Array:
    """`fft` along two dimensions; s: how many points in each."""
    return _both("fft2", input, lambda x: _places(x, s, dim), norm, True)


@op("fft", grad_name="FftC2CBackward0")
def ifft2(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None
) -> jax.Array:
    """`ifft` along two dimensions; s: how many points in each."""
    return _both("ifft2", input, lambda x: _places(x, s, dim), norm, False)


@op("fft", grad_name="FftR2CBackward0")
def rfft2(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None
) -> jax.Array:
    """`rfft` along the second of two dimensions, then `fft` along the first; s: how many points in each."""
    return _from_real("rfftn", input, lambda x: _places(x, s, dim), norm, True)


def _last_given(s: Any) -> bool:
    return s is not None and len(s) > 0 and s[-1] != -1


@op("fft", grad_name="FftC2RBackward0")
def irfft2(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None
) -> jax.Array:
    """The inverse of `rfft2`; s: the sizes of the result."""
    return _to_real("irfftn", input, lambda x: _places(x, s, dim), _last_given(s), norm, False)


@op("fft", grad_name="FftC2RBackward0")
def hfft2(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None
) -> jax.Array:
    """`fft` along the first of two dimensions, then `hfft` along the second; s: the sizes of the result."""
    return _to_real("hfftn", input, lambda x: _places(x, s, dim), _last_given(s), norm, True)


@op("fft", grad_name="FftC2CBackward0")
def ihfft2(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] = (-2, -1), norm: str | None = None
) -> jax.Array:
    """The inverse of `hfft2`; s: how many points in each dimension."""
    return _from_real("ihfftn", input, lambda x: _places(x, s, dim), norm, False)


@op("fft", grad_name="FftC2CBackward0")
def fftn(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] | None = None, norm: str | None = None
) -> jax.Array:
    """`fft` along several dimensions: dim, or the last len(s), or all."""
    return _both("fftn", input, lambda x: _places(x, s, dim), norm, True)


@op("fft", grad_name="FftC2CBackward0")
def ifftn(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] | None = None, norm: str | None = None
) -> jax.Array:
    """`ifft` along several dimensions: dim, or the last len(s), or all."""
    return _both("ifftn", input, lambda x: _places(x, s, dim), norm, False)


@op("fft", grad_name="FftR2CBackward0")
def rfftn(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] | None = None, norm: str | None = None
) -> jax.Array:
    """`rfft` along the last of several dimensions, then `fft` along the others."""
    return _from_real("rfftn", input, lambda x: _places(x, s, dim), norm, True)


@op("fft", grad_name="FftC2RBackward0")
def irfftn(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] | None = None, norm: str | None = None
) -> jax.Array:
    """The inverse of `rfftn`; s: the sizes of the result."""
    return _to_real("irfftn", input, lambda x: _places(x, s, dim), _last_given(s), norm, False)


@op("fft", grad_name="FftC2RBackward0")
def hfftn(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] | None = None, norm: str | None = None
) -> jax.Array:
    """`fft` along several dimensions but the last of them, then `hfft` along that; s: the sizes of the result."""
    return _to_real("hfftn", input, lambda x: _places(x, s, dim), _last_given(s), norm, True)


@op("fft", grad_name="FftC2CBackward0")
def ihfftn(
    input: Array, s: tuple[int, ...] | None = None, dim: tuple[int, ...] | None = None, norm: str | None = None
) -> jax.Array:
    """The inverse of `hfftn`."""
    return _from_real("ihfftn", input, lambda x: _places(x, s, dim), norm, False)


# --- order of frequencies ---


def _rolled(x: Array, dim: int | Shape | None, back: bool) -> Array:
    dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
    dims = tuple(check.dim(d, x.ndim) for d in dims)
    return jnp.roll(x, [(x.shape[d] + back) // 2 for d in dims], dims) if dims and x.ndim else x


@op("fft", saves=False, grad_name="RollBackward0")
def fftshift(input: Array, dim: int | tuple[int, ...] | None = None) -> jax.Array:
    """Frequencies in rising order: 0 in the middle instead of first, along dim or all dimensions."""
    return _rolled(input, dim, False)


@op("fft", saves=False, grad_name="RollBackward0")
def ifftshift(input: Array, dim: int | tuple[int, ...] | None = None) -> jax.Array:
    """The inverse of `fftshift`."""
    return _rolled(input, dim, True)
