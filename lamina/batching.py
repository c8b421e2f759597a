"""`vmap`: a function of one element made a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from lamina import engine, trees
from lamina.tensor import Tensor, wrap
from lamina.transforms import TENSOR


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that gives, for each element of a batch, what func gives for that element.

    Args:
        func: a function of tensors, or of tuples, lists and dicts of them.
        in_dims: where the batch lies in each argument, None where there is none; one for all, or nested as they are.
        out_dims: where the batch shall lie in each result.
        randomness: what random operations do: "error", "same" or "different" numbers for the elements.
        chunk_size: how many elements are computed at once; None: all.

    >>> import lamina
    >>> x, y = lamina.ones(3, 2), lamina.tensor([1.0, 2.0])
    >>> lamina.vmap(lamina.dot, in_dims=(0, None))(x, y)
    tensor([3., 3., 3.])
    >>> loss = lambda w, x: (w * x).sum() ** 2
    >>> lamina.vmap(lamina.func.grad(loss), in_dims=(None, 0))(y, x)  # a gradient for each element
    tensor([[6., 6.],
            [6., 6.],
            [6., 6.]])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    name = f"vmap({_name(func)}"

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _check_out_dims(name, out_dims)
        flat, dims = _inputs(name, in_dims, args)
        batched = [(x, dim) for x, dim in zip(flat, dims, strict=True) if dim is not None]
        box: list[Any] = []

        def run(*values: Any) -> list[Any]:
            elements = iter(values)
            new = [x if dim is None else wrap(next(elements)) for x, dim in zip(flat, dims, strict=True)]
            tree = func(*trees.replaced(args, new), **kwargs)
            found = trees.leaves(tree)
            places = _outputs(name, out_dims, tree)
            box.append(trees.replaced(tree, [TENSOR if isinstance(x, Tensor) else x for x in found]))
            box.append(places)
            return [x.current() for x in found if isinstance(x, Tensor)]

        arguments = [(_element(x, dim), x.current().need, None) for x, dim in batched]
        trace, results, _ = engine.capture(run, arguments, "vmap", randomness=randomness)
        if randomness == "error" and trace.streams:
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
        tree, places = box
        recorded = engine.Recorded(trace, [x.current() for x, _ in batched], results)
        engine.close(trace)
        static = (tuple(dim for _, dim in batched), tuple(places), randomness == "different", chunk_size)
        values = iter(recorded.record(engine.transform.vmap, static))
        return trees.mapped(lambda leaf: wrap(next(values)) if leaf is TENSOR else leaf, tree)

    return wrapper


def _name(func: Any) -> str:
    if isinstance(func, functools.partial):
        return f"functools.partial({_name(func.func)}, ...)"
    return str(getattr(func, "__name__", func))


def _element(x: Tensor, dim: int) -> Any:
    spec = x.current().spec
    return engine.spec_of((*spec.shape[:dim], *spec.shape[dim + 1 :]), spec.dtype, spec.device)


def _inputs(name: str, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], list[int | None]]:
    """The leaves of the arguments, and where the batch lies in each."""
    where = f"{name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
            f"got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(f"{name})(<inputs>): got no inputs. vmap needs at least one tensor to map over.")
    flat, dims = trees.leaves(args), trees.broadcast(in_dims, args)
    if dims is None:
        raise ValueError(f"{where}: in_dims is not compatible with the structure of `inputs`, {_shape(args)}.")
    found: list[int | None] = []
    sizes: list[int] = []
    for x, dim in zip(flat, dims, strict=True):
        if dim is None:
            found.append(None)
            continue
        if not isinstance(dim, int):
            raise ValueError(
                f"{where}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{where}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -x.ndim <= dim < x.ndim:
            raise ValueError(
                f"{where}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {x.ndim} so "
                f"expected in_dim to satisfy -{x.ndim} <= in_dim < {x.ndim}."
            )
        found.append(dim % x.ndim)
        sizes.append(x.shape[dim])
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return flat, found


def _shape(tree: Any) -> Any:
    return trees.mapped(lambda leaf: TENSOR, tree)


def _check_out_dims(name: str, out_dims: Any) -> None:
    for dim in trees.leaves(out_dims):
        if not isinstance(dim, int) and dim is not None:
            raise ValueError(
                f"{name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of ints "
                "representing where in the outputs the vmapped dimension should appear."
            )


def _outputs(name: str, out_dims: Any, tree: Any) -> list[int | None]:
    """Where the batch shall lie in each tensor among the results."""
    if isinstance(tree, Tensor) and isinstance(out_dims, tuple) and len(out_dims) == 1:
        out_dims = out_dims[0]
    places = trees.broadcast(out_dims, tree)
    if places is None:
        raise ValueError(
            f"{name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`, {_shape(tree)}."
        )
    found = []
    for leaf, dim in zip(trees.leaves(tree), places, strict=True):
        if isinstance(leaf, Tensor):
            found.append(dim)
        elif dim is not None:
            raise ValueError(
                f"{name}, ...): the function must only return Tensors, got type {type(leaf)}. "
                "Did you mean to set out_dims= to None for output?"
            )
    return found
