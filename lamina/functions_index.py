"""Functions of Tensors that read and write at chosen places, where a value must be read or a name has several forms."""

from __future__ import annotations

from typing import Any

import numpy as np

import lamina
from lamina import bounds, indexing
from lamina.ops import check
from lamina.tensor import Tensor

PUBLIC = {
    "scatter": "lamina Tensor",
    "scatter_": "Tensor",
    "index_put": "lamina Tensor",
    "index_put_": "Tensor",
    "masked_select": "lamina Tensor",
    "nonzero": "lamina Tensor",
    "argwhere": "lamina Tensor",
    "where": "lamina",
    "one_hot": "functional",
}
"""Where users find each function."""


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """The input with src (a tensor, or one number `value`) written where `gather` would read.

    Args:
        reduce: "add" or "multiply" instead of writing; see also `scatter_reduce`.

    >>> import lamina
    >>> lamina.zeros(2, 3).scatter(1, lamina.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter(): src or value must be given.")
    return lamina.functions.scatter_src(input, dim, index, src, reduce)


def scatter_(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """`scatter` in place."""
    input._write(scatter(input, dim, index, src, value=value, reduce=reduce))
    return input


def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """The input with values written (or added) at `input[indices]`; indices are tensors of ints or masks."""
    return indexing.index_put(input, indices, values, accumulate)


def index_put_(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """`index_put` in place."""
    input._write(index_put(input, indices, values, accumulate))
    return input


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where mask is True, as a vector. The mask is read: it decides the shape.

    >>> import lamina
    >>> x = lamina.tensor([1, 2, 3])
    >>> x.masked_select(x > 1)
    tensor([2, 3])
    """
    if mask.dtype is not lamina.dtypes.bool:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = check.broadcast(mask, input)
    input, mask = (x if tuple(x.shape) == shape else lamina.functions.expand(x, shape) for x in (input, mask))
    places = [lamina.tensor(place, device=input.device) for place in np.nonzero(np.atleast_1d(mask.numpy()))]
    if not shape:
        input = lamina.functions.view(input, (1,))
    return lamina.functions.masked_select_at(input, places, tuple(range(len(places))))


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements are not zero, one place a row; as_tuple: a vector for each dimension. The input is read.

    >>> import lamina
    >>> lamina.nonzero(lamina.tensor([0, 3, 4]))
    tensor([[1],
            [2]])
    """
    array = input.numpy() if not input.requires_grad else input.detach().numpy()
    if as_tuple:
        found = np.nonzero(np.atleast_1d(array))
        return tuple(lamina.tensor(places.astype(np.int64), device=input.device) for places in found)
    return lamina.tensor(np.argwhere(array).astype(np.int64), device=input.device)


def argwhere(input: Tensor) -> Tensor:
    """Where the elements are not zero, one place a row. The input is read."""
    return nonzero(input)


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """`input` where the condition holds, `other` elsewhere; both are tensors or numbers. Shapes broadcast.

    With the condition alone, `nonzero(condition, as_tuple=True)`.

    >>> import lamina
    >>> x = lamina.tensor([-1., 2.])
    >>> lamina.where(x > 0, x, 0.)
    tensor([0., 2.])
    >>> lamina.where(x > 0)
    (tensor([1]),)
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError("where(): give both input and other, or neither.")
    return lamina.functions.where(condition, input, other, out=out)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A new last dimension with a one at the place each element names: (*) -> (*, num_classes), int64.

    Args:
        num_classes: -1 for one more than the largest element, which is then read.

    >>> import lamina
    >>> lamina.nn.functional.one_hot(lamina.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor.dtype is not lamina.dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if num_classes == -1:
        array = tensor.numpy()
        if array.size == 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        if array.min() < 0:
            raise RuntimeError("Class values must be non-negative.")
        num_classes = int(array.max()) + 1
    if num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    outside = bounds.first_outside(tensor, num_classes)
    if outside is not None:
        raise RuntimeError(
            "Class values must be non-negative." if outside < 0 else "Class values must be smaller than num_classes."
        )
    return lamina.functions.one_hot_of(tensor, num_classes)
