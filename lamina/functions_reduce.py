"""Reductions that have several forms under one name: which operation is meant is seen from the arguments."""

from __future__ import annotations

from typing import Any

from lamina import functions
from lamina.tensor import Tensor

PUBLIC = {
    "max": "lamina Tensor",
    "min": "lamina Tensor",
    "median": "lamina Tensor",
    "nanmedian": "lamina Tensor",
    "var": "lamina Tensor",
    "std": "lamina Tensor",
    "var_mean": "lamina",
    "std_mean": "lamina",
    "allclose": "lamina Tensor",
    "equal": "lamina Tensor",
}


def _is_tensor(x: Any) -> bool:
    return hasattr(x, "requires_grad")


def _extreme(name: str, pairwise: Any, input: Tensor, dim: Any, keepdim: bool, other: Any) -> Any:
    if _is_tensor(dim):
        dim, other = None, dim
    if other is not None:
        return pairwise(input, other)
    if dim is None:
        if keepdim:
            raise TypeError(f"{name}: keepdim needs dim. For all dimensions at once use a{name}(input, keepdim=True).")
        return getattr(functions, f"{name}_all")(input)
    return getattr(functions, f"{name}_dim")(input, dim, keepdim)


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element.

    `max(input)`: of all elements. `max(input, dim, keepdim=False)`: along `dim`, as `(values, indices)`.
    `max(input, other)`: of both tensors, element by element, as `maximum`.

    >>> import lamina
    >>> lamina.max(lamina.tensor([[1., 5.], [7., 2.]]), 1).values
    tensor([5., 7.])
    """
    return _extreme("max", functions.maximum, input, dim, keepdim, other)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element.

    `min(input)`: of all elements. `min(input, dim, keepdim=False)`: along `dim`, as `(values, indices)`.
    `min(input, other)`: of both tensors, element by element, as `minimum`.
    """
    return _extreme("min", functions.minimum, input, dim, keepdim, other)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median, of an even number of elements the lower: of all elements, or along `dim` as `(values, indices)`."""
    return functions.median_all(input) if dim is None else functions.median_dim(input, dim, keepdim)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Like `median`, of the elements that are not NaN."""
    return functions.nanmedian_all(input) if dim is None else functions.nanmedian_dim(input, dim, keepdim)


def _spread(name: str, input: Tensor, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None) -> Any:
    if isinstance(dim, bool):  # std(input, unbiased)
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}: give unbiased or correction, not both.")
    if correction is None:
        correction = 0 if unbiased is False else 1
    return getattr(functions, f"{name}_correction")(input, dim, correction=correction, keepdim=keepdim)


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`: the sum of |x - mean|^2 divided by the number of elements minus `correction`.

    `correction` is 1 by default, and with `unbiased=False` 0.

    >>> import lamina
    >>> lamina.var(lamina.tensor([1., 2., 3.]))
    tensor(1.)
    """
    return _spread("var", input, dim, unbiased, keepdim, correction)


def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over `dim`: the root of `var`. Its gradient where it is 0 is 0."""
    return _spread("std", input, dim, unbiased, keepdim, correction)


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`."""
    return _spread("var_mean", input, dim, unbiased, keepdim, correction)


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`."""
    return _spread("std_mean", input, dim, unbiased, keepdim, correction)


def allclose(input: Tensor, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, |input - other| <= atol + rtol * |other|. Reads the values."""
    return bool(functions.all(functions.isclose(input, other, rtol, atol, equal_nan)).item())


def equal(input: Tensor, other: Any) -> bool:
    """Whether shape and all elements are equal. Reads the values."""
    return input.shape == other.shape and bool(functions.all(functions.eq(input, other)).item())
