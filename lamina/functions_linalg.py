"""Functions of Tensors for products and norms that have several forms."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import lamina
from lamina.tensor import Tensor

PUBLIC = {
    "einsum": "lamina",
    "tensordot": "lamina",
    "chain_matmul": "lamina",
    "multi_dot": "linalg",
    "norm": "linalg",
    "cross": "linalg",
    "matmul": "linalg",
    "vecdot": "linalg",
    "diagonal": "linalg",
    "inverse": "lamina Tensor",
    "pinverse": "lamina Tensor",
    "orgqr": "lamina Tensor",
}
"""Where users find each function."""


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Products of the elements of tensors, summed as an equation in letters says: a letter for each dimension.

    What is not in the output is summed over; without `->` the output has the letters that occur once, sorted.
    `...` stands for dimensions that broadcast. Instead of letters, lists of ints after each tensor.

    >>> import lamina
    >>> lamina.einsum("ij,jk->ik", lamina.ones(2, 3), lamina.ones(3, 4)).shape
    lamina.Size([2, 4])
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    return lamina.functions.einsum_of(equation, list(operands))


def _from_lists(arguments: tuple[Any, ...]) -> tuple[str, tuple[Tensor, ...]]:
    """`einsum(x, [0, 1], y, [1, 2], [0, 2])` in letters."""

    def letters(places: Sequence[Any]) -> str:
        return "".join("..." if place is Ellipsis else _letter(operator.index(place)) for place in places)

    operands = arguments[0 : len(arguments) // 2 * 2 : 2]
    terms = [letters(places) for places in arguments[1::2]]
    output = f"->{letters(arguments[-1])}" if len(arguments) % 2 else ""
    return ",".join(terms[: len(operands)]) + output, tuple(operands)


def _letter(place: int) -> str:
    if not 0 <= place < 52:
        raise ValueError(f"einsum(): subscripts in a list must be in [0, 52), got {place}")
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[place]


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products summed over dimensions of both: the last `dims` of a with the first of b, or two lists of dimensions.

    >>> import lamina
    >>> lamina.tensordot(lamina.ones(2, 3, 4), lamina.ones(4, 3), dims=([1, 2], [1, 0])).shape
    lamina.Size([2])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = tuple(range(-dims, 0)), tuple(range(dims))
    else:
        first, second = ((part,) if isinstance(part, int) else tuple(part) for part in dims)
    return lamina.functions.tensordot_at(a, b, first, second)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order that needs the fewest multiplications.

    The first and the last may be vectors.
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(tensors)))
    matmul = lamina.functions.matmul
    if len(tensors) == 2:
        return matmul(*tensors)
    row, column = tensors[0].ndim == 1, tensors[-1].ndim == 1
    sizes = [1 if row else tensors[0].shape[0], *(x.shape[-2] if x.ndim > 1 else x.shape[0] for x in tensors[1:])]
    sizes.append(1 if column else tensors[-1].shape[-1])
    count = len(tensors)
    # cost[i][j]: multiplications for tensors i to j; cut[i][j]: where the last product is.
    cost = [[0] * count for _ in range(count)]
    cut = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for start in range(count - length):
            end = start + length
            cost[start][end], cut[start][end] = min(
                (cost[start][k] + cost[k + 1][end] + sizes[start] * sizes[k + 1] * sizes[end + 1], k)
                for k in range(start, end)
            )

    def product(start: int, end: int) -> Tensor:
        if start == end:
            return tensors[start]
        return matmul(product(start, cut[start][end]), product(cut[start][end] + 1, end))

    return product(0, count - 1)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order that needs the fewest multiplications."""
    for x in matrices:
        if x.ndim != 2:
            raise RuntimeError("chain_matmul: all matrices must be 2-D; see lamina.linalg.multi_dot")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """A vector norm or a matrix norm, by what is given.

    Without ord: the 2-norm of all elements (or over dim). With ord and two dimensions: `matrix_norm`; with one:
    `vector_norm`.
    """
    dims = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if dims is None and ord is not None and A.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D."
        )
    if ord is None:
        return lamina.functions.vector_norm(A, 2, dims, keepdim, dtype=dtype)
    matrix = len(dims) == 2 if dims is not None else A.ndim == 2
    if matrix or isinstance(ord, str):
        return lamina.functions.matrix_norm(A, ord, (-2, -1) if dims is None else dims, keepdim, dtype=dtype)
    return lamina.functions.vector_norm(A, ord, dims, keepdim, dtype=dtype)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product of vectors of three along a dimension; the others broadcast."""
    return lamina.functions.linalg_cross(input, other, dim=dim)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """See `lamina.matmul`."""
    return lamina.functions.matmul(input, other)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sum over a dimension of the products of the elements; the complex conjugate of x is taken."""
    x = x.conj() if x.dtype.is_complex else x
    return (x * y).sum(dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of matrices, as the last dimension. A view."""
    return lamina.functions.diagonal(A, offset, dim1, dim2)


def inverse(input: Tensor) -> Tensor:
    """See `lamina.linalg.inv`."""
    return lamina.functions.inv(input)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """See `lamina.linalg.pinv`."""
    return lamina.functions.pinv(input, rtol=rcond)


def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """See `lamina.linalg.householder_product`."""
    return lamina.functions.householder_product(input, input2)
