"""Views as copies: `transpose_copy` is `transpose` with memory of its own, and so on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import lamina
from lamina import functions, functions_shape, functions_strided
from lamina.tensor import Tensor


def _copied(x: Any) -> Any:
    return tuple(map(functions.clone, x)) if isinstance(x, tuple) else functions.clone(x)


def _written(out: Any, result: Any) -> Any:
    if out is None:
        return result
    for target, part in zip(out, result, strict=True) if isinstance(result, tuple) else [(out, result)]:
        target.copy_(part)
    return None if isinstance(result, tuple) else out


def _copy_of(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def copy(*args: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        return _written(out, _copied(view(*args, **options)))

    copy.__name__ = copy.__qualname__ = name
    copy.__module__ = __name__
    copy.__doc__ = f"`{name.removesuffix('_copy')}`, as a copy with its own memory."
    return copy


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    return input[(slice(None),) * (dim % input.ndim) + (slice(start, end, step),)]


def _expand(input: Tensor, size: Any, *, implicit: bool = False) -> Tensor:
    return functions.expand(input, tuple(size))


def _view(input: Tensor, size: Any = None, *, dtype: Any = None) -> Tensor:
    # A copy need not lie as the input does, so what no view can show is copied all the same.
    return functions_shape.reshape(input, size) if dtype is None else functions_shape.view(input, size, dtype=dtype)


def _split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    return functions_shape.split(input, split_size, dim)


_VIEWS: dict[str, Callable[..., Any]] = {
    **{name: getattr(functions, name) for name in (
        "alias", "diagonal", "squeeze", "t", "transpose", "unsqueeze", "view_as_real", "view_as_complex", "permute",
    )},
    **{name: getattr(functions_shape, name) for name in ("narrow", "select", "split_with_sizes", "unbind")},
    "as_strided": functions_strided.as_strided,
    "detach": functions_strided.detach,
    "expand": _expand,
    "slice": _slice,
    "split": _split,
    "unfold": functions.unfold_windows,
    "view": _view,
}  # fmt: skip
_COPIES = {f"{name}_copy": _copy_of(f"{name}_copy", view) for name, view in _VIEWS.items()}
globals().update(_COPIES)


if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


PUBLIC = {**dict.fromkeys(_COPIES, "lamina"), "narrow_copy": "lamina Tensor"}
PUBLIC.update(dict.fromkeys(("unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"), "lamina Tensor"))
"""Where users find each function."""


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`, as copies."""
    return tuple(map(functions.clone, lamina.chunk(input, chunks, dim)))


def unsafe_split(tensor: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`split`, as copies."""
    return tuple(map(functions.clone, lamina.split(tensor, split_size, dim)))


def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`, as copies."""
    return tuple(map(functions.clone, lamina.split_with_sizes(input, split_sizes, dim)))
