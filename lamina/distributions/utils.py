"""What distributions share: broadcasting of parameters, probabilities and logits, random draws, triangular matrices."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import lamina
from lamina import functions
from lamina.nn import functional as F
from lamina.tensor import Size, Tensor

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "euler_constant",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

euler_constant: Final[float] = 0.57721566490153286060

Number = bool | int | float
Parameter = Tensor | bool | int | float
"""A parameter as users give it: a tensor, or one number for the whole batch."""
Shape = Sequence[int]

T = TypeVar("T")


def is_number(x: Any) -> bool:
    """Whether x is a Python number, which has no shape of its own."""
    return isinstance(x, (bool, int, float))


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors of one shape: tensors are broadcast, and numbers become tensors of the first one's type.

    A number becomes a full tensor rather than a broadcast one, so that its value is at hand when it is checked.

    >>> from lamina.distributions.utils import broadcast_all
    >>> broadcast_all(lamina.zeros(2), 1.0)
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    if not all(isinstance(value, Tensor) or is_number(value) for value in values):
        kinds = ", ".join(type(value).__name__ for value in values)
        raise ValueError(f"Input arguments must all be instances of Number or lamina.Tensor, got {kinds}.")
    tensors = [value for value in values if isinstance(value, Tensor)]
    shape = lamina.broadcast_shapes(*[value.shape for value in tensors]) if tensors else Size()
    dtype = tensors[0].dtype if tensors else lamina.get_default_dtype()
    device = tensors[0].device if tensors else None
    return tuple(
        (value if value.shape == shape else value.expand(shape))
        if isinstance(value, Tensor)
        else lamina.full(tuple(shape), value, dtype=dtype, device=device)
        for value in values
    )


def sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last `dim` dimensions."""
    return value if dim == 0 else value.reshape((*value.shape[:-dim], -1)).sum(-1)


def one_of(probs: Any, logits: Any) -> None:
    """Raise unless exactly one of the two is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


# --- probabilities and logits ---


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities: the sigmoid of each logit if `is_binary`, else the softmax over the last dimension."""
    return lamina.sigmoid(logits) if is_binary else F.softmax(logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept between eps and 1 - eps of their type.

    >>> from lamina.distributions.utils import clamp_probs
    >>> clamp_probs(lamina.tensor([0.0, 0.5]))
    tensor([1.1921e-07, 5.0000e-01])
    """
    eps = lamina.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """The log odds of each probability if `is_binary`, else its logarithm. Probabilities are clamped first."""
    clamped = clamp_probs(probs)
    return clamped.log() - (-clamped).log1p() if is_binary else clamped.log()


# --- random numbers, in a given type and where a given tensor lives ---


def standard_normal(shape: Shape, like: Tensor) -> Tensor:
    """Standard normal numbers."""
    return functions.random_normal(tuple(shape), like.dtype).to(like.device)


def standard_uniform(shape: Shape, like: Tensor) -> Tensor:
    """Uniform numbers in [0, 1)."""
    return functions.random_uniform(tuple(shape), like.dtype).to(like.device)


def extended(x: Tensor, ndim: int) -> Tensor:
    """x with dimensions of size 1 put in front until it has `ndim`."""
    return x.reshape((1,) * (ndim - x.ndim) + tuple(x.shape))


# --- attributes that are worked out when they are first asked for ---


class lazy_property(Generic[T]):
    """An attribute that a method computes at first use, with gradients recorded; it is then kept."""

    def __init__(self, wrapped: Callable[[Any], T]) -> None:
        self.wrapped = wrapped
        functools.update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance: Any, obj_type: Any = None) -> T:
        if instance is None:
            return self  # type: ignore[return-value]
        with lamina.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


# --- triangular matrices as vectors ---


def _below(n: int, diag: int) -> list[int]:
    """Places in a flat (n, n) matrix of what is on or below the diagonal `diag`, row by row."""
    return [i * n + j for i in range(n) for j in range(n) if j < i + diag + 1]


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """What is on or below diagonal `diag` of matrices, row by row: (*, D, D) -> (*, V).

    >>> from lamina.distributions.utils import tril_matrix_to_vec
    >>> tril_matrix_to_vec(lamina.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 3., 4.])
    """
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    places = lamina.tensor(_below(n, diag), dtype=lamina.int64, device=mat.device)
    return mat.reshape((*mat.shape[:-2], n * n)).index_select(-1, places)


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Matrices with a vector's elements on and below diagonal `diag`, row by row: (*, V) -> (*, D, D).

    >>> from lamina.distributions.utils import vec_to_tril_matrix
    >>> vec_to_tril_matrix(lamina.tensor([1.0, 3.0, 4.0]))
    tensor([[1., 0.],
            [3., 4.]])
    """
    count = vec.shape[-1]
    # The positive root of n^2 + (1 + 2 diag) n - |diag| (diag + 1) - 2 count = 0.
    b = 1 + 2 * diag
    root = (-b + math.sqrt(b * b + 8 * count + 4 * abs(diag) * (diag + 1))) / 2
    n = round(root)
    if abs(n - root) > 1e-6:
        raise ValueError(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a square "
            "D x D matrix."
        )
    places = lamina.tensor(_below(n, diag), dtype=lamina.int64, device=vec.device)
    flat = lamina.zeros((*vec.shape[:-1], n * n), dtype=vec.dtype, device=vec.device)
    return flat.index_copy(-1, places, vec).reshape((*vec.shape[:-1], n, n))
