"""How a tensor prints: `tensor([1., 2.], grad_fn=<AddBackward0>)`, character for character as in PyTorch.

Only NumPy arrays are known here. All numbers of a tensor share one style: integers, fixed point or scientific.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


def tensor_repr(
    array: np.ndarray,
    dtype_name: str,
    device_suffix: str = "",
    requires_grad: bool = False,
    grad_name: str | None = None,
    *,
    default_dtype: str = "float32",
    kind: str = "tensor",
) -> str:
    """The text of a tensor.

    Args:
        array: its values.
        dtype_name: its type, such as "float64"; shown where the values alone do not tell it.
        device_suffix: its device, such as "cuda:0", or "" for the device that need not be told.
        requires_grad: whether it collects a gradient; shown where no `grad_name` is.
        grad_name: the operation that made it, such as "AddBackward0", or None.
        default_dtype: the floating type that need not be told.
        kind: what stands before the bracket: a subclass has its own name there.

    >>> print(tensor_repr(np.array([1.0, 2.5]), "float64", grad_name="AddBackward0"))
    tensor([1.0000, 2.5000], dtype=lamina.float64, grad_fn=<AddBackward0>)
    """
    prefix = f"{kind}("
    notes = []
    if device_suffix:
        notes.append(f"device='{device_suffix}'")
    if (array.size == 0 and array.ndim != 1) or (array.size and _options.edgeitems == 0):
        notes.append(f"size={tuple(array.shape)}")
    default_complex = "complex128" if default_dtype == "float64" else "complex64"
    told_by_values = (default_dtype,) if array.size == 0 else (default_dtype, default_complex, "int64", "bool")
    if dtype_name not in told_by_values:
        notes.append(f"dtype=lamina.{dtype_name}")
    if grad_name:
        notes.append(f"grad_fn=<{grad_name}>")
    elif requires_grad:
        notes.append("requires_grad=True")

    text = prefix + format_array(array, indent=len(prefix))
    # PyTorch counts two columns too many on the first line, and its name is a letter shorter than lamina's:
    # lines break where PyTorch breaks them.
    used = len(text) - (text.rfind("\n") + 1) + 2
    for note in notes:
        length = len(note.replace("lamina.", "torch."))
        if used + length + 2 > _options.linewidth:
            text += f",\n{' ' * len(prefix)}{note}"
            used = len(prefix) + length
        else:
            text += f", {note}"
            used += length + 2
    return text + ")"


def format_array(array: np.ndarray, indent: int = 0) -> str:
    """The numbers of an array in nested brackets, shortened when there are more than `threshold` of them.

    Args:
        array: of any shape and number type.
        indent: how far the first bracket stands from the left margin.

    >>> print(format_array(np.array([[1.0, 2.0], [3.0, float("nan")]])))
    [[1., 2.],
     [3., nan]]
    """
    if array.size == 0:
        return "[]"
    shorten = array.size > _options.threshold
    if shorten:
        array = _edges(array, _options.edgeitems)
    if array.dtype.kind not in "biufc":  # bfloat16 and its kin
        array = array.astype(np.float32)
    element, width = _element_style(array)
    return _nested(array.tolist(), array.ndim, indent, element, width, _options.edgeitems if shorten else None)


@dataclass
class PrintOptions:
    """How numbers print: see `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print.

    Args:
        precision: digits after the point (4).
        threshold: tensors of more elements are shortened (1000).
        edgeitems: how many elements stay at either end of a shortened dimension (3).
        linewidth: columns of a line (80).
        profile: "default", "short" or "full": all of the above at once.
        sci_mode: scientific notation always (True), never (False), or where the numbers ask for it (None).
    """
    if profile is not None:
        if profile.lower() not in _PROFILES:
            raise ValueError(f"set_printoptions: profile must be one of {', '.join(_PROFILES)}, got {profile!r}.")
        vars(_options).update(asdict(_PROFILES[profile.lower()]))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    vars(_options).update({name: value for name, value in given.items() if value is not None})
    _options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options `set_printoptions` has set, by name."""
    return asdict(_options)


@contextlib.contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print with other options inside a `with` block; the same options as `set_printoptions`."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def _edges(array: np.ndarray, count: int) -> np.ndarray:
    """The array without what its print leaves out. A shortened dimension keeps one element more than is shown, a copy
    of its first, which tells it from a dimension of exactly `2 * count`.
    """
    if count == 0:  # then nothing is shown, but PyTorch's style is that of all elements
        return array
    for axis, size in enumerate(array.shape):
        if size > 2 * count:
            array = np.take(array, [*range(count), 0, *range(size - count, size)], axis)
    return array


def _element_style(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How to write one element of the array, and how many columns it takes."""
    if array.dtype.kind != "c":
        return _real_style(array)
    real, real_width = _real_style(array.real)
    imag, imag_width = _real_style(array.imag)

    def element(value: complex) -> str:
        text = imag(value.imag).lstrip()
        return f"{real(value.real)}{'' if text[0] in '+-' else '+'}{text}j"

    return element, real_width + imag_width + 1


def _real_style(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    if array.dtype.kind != "f":
        width = max(len(str(value)) for value in np.unique(array).tolist())
        return (lambda value: f"{value!s:>{width}}"), width

    values = array[np.isfinite(array) & (array != 0)].astype(np.float64)
    whole = bool((values == np.ceil(values)).all())
    scientific = False
    if values.size:
        low, high = np.abs(values).min(), np.abs(values).max()
        scientific = bool(high / low > 1000 or high > 1e8 or (not whole and low < 1e-4))
        if _options.sci_mode is not None:
            scientific = _options.sci_mode
    precision = _options.precision

    def number(value: float) -> str:
        if scientific:
            return f"{value:.{precision}e}"
        if whole:
            return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
        return f"{value:.{precision}f}"

    # The width is that of the finite numbers other than zero: PyTorch lets the others stick out.
    width = max((len(number(value)) for value in values.tolist()), default=1)
    return (lambda value: f"{number(value):>{width}}"), width


def _nested(
    values: Any, ndim: int, indent: int, element: Callable[[Any], str], width: int, edgeitems: int | None
) -> str:
    """The elements of nested lists in brackets; dimensions longer than twice `edgeitems` get an ellipsis."""
    if ndim == 0:
        return element(values)
    if edgeitems == 0:
        return "[...]"
    shortened = edgeitems is not None and len(values) > 2 * edgeitems
    shown = [*values[:edgeitems], *values[-edgeitems:]] if edgeitems and shortened else values
    if ndim == 1:
        parts = [element(value) for value in shown]
        if shortened:
            parts.insert(len(parts) // 2, " ...")
        per_line = max(1, (_options.linewidth - indent) // (width + 2))
        lines = [", ".join(parts[start : start + per_line]) for start in range(0, len(parts), per_line)]
        return "[" + f",\n{' ' * (indent + 1)}".join(lines) + "]"
    parts = [_nested(value, ndim - 1, indent + 1, element, width, edgeitems) for value in shown]
    if shortened:
        parts.insert(len(parts) // 2, "...")
    return "[" + ("," + "\n" * (ndim - 1) + " " * (indent + 1)).join(parts) + "]"
