"""`torch.testing`: comparing tensors, and making them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lamina import creation, dtypes, functions
from lamina.layouts import strided
from lamina.tensor import Tensor, grad_mode

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol |expected| everywhere, and types agree.

    Args:
        actual, expected: tensors, arrays, numbers; sequences and mappings of them are compared item by item.
        allow_subclasses: whether the two may be of different classes of tensor.
        rtol, atol: both or none; by default they depend on the type of the numbers.
        equal_nan: whether nan equals nan.
        check_device, check_dtype, check_layout, check_stride: what else must agree; where layouts need not, values of
            sparse tensors are compared as dense ones.
        msg: the message, or a function of the one made here.

    >>> import lamina
    >>> lamina.testing.assert_close(lamina.ones(2) / 3, lamina.tensor([1 / 3, 1 / 3]))
    """
    if (rtol is None) != (atol is None):
        raise ValueError(
            f"rtol and atol must both be specified or both be unspecified, but got {'no ' if rtol is None else ''}rtol "
            f"and {'no ' if atol is None else ''}atol."
        )
    checks = {"layout": check_layout, "device": check_device, "dtype": check_dtype, "stride": check_stride}
    found = _difference(actual, expected, "", rtol, atol, equal_nan, checks, allow_subclasses)
    if found:
        raise AssertionError(msg(found) if callable(msg) else found if msg is None else msg)


def _difference(
    a: Any, b: Any, at: str, rtol: float | None, atol: float | None, equal_nan: bool, checks: dict[str, bool],
    subclasses: bool,
) -> str:  # fmt: skip
    """What is wrong, or ""; `at` says where."""
    where = f"\n\nThe failure occurred for item {at}" if at else ""
    rest = (rtol, atol, equal_nan, checks, subclasses)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            return f"The keys of the mappings do not match: {sorted(a)} and {sorted(b)}.{where}"
        return next((text for key in a if (text := _difference(a[key], b[key], f"{at}[{key!r}]", *rest))), "")
    if _is_sequence(a) and _is_sequence(b):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}{where}"
        pairs = enumerate(zip(a, b, strict=True))
        return next((text for i, (x, y) in pairs if (text := _difference(x, y, f"{at}[{i}]", *rest))), "")
    if a is None or b is None:
        return "" if a is b else f"None mismatch: {a} is not {b}{where}"
    if not subclasses and isinstance(a, Tensor) and type(a) is not type(b):
        return f"The classes do not match: {type(a)} and {type(b)}.{where}"
    return _tensors(a, b, where, rtol, atol, equal_nan, checks)


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes))


def _tensors(
    a: Any, b: Any, where: str, rtol: float | None, atol: float | None, equal_nan: bool, checks: dict[str, bool]
) -> str:
    number = not hasattr(a, "shape") and not hasattr(b, "shape")
    x, y = creation.as_tensor(a).detach(), creation.as_tensor(b).detach()
    facts: list[tuple[str, Any, Any, bool]] = [("shape", x.shape, y.shape, True)]
    if not number:
        facts += [
            ("layout", getattr(a, "layout", strided), getattr(b, "layout", strided), checks["layout"]),
            ("device", x.device, y.device, checks["device"]),
            ("dtype", x.dtype, y.dtype, checks["dtype"]),
            ("stride()", x.stride(), y.stride(), checks["stride"]),
        ]
    for name, mine, theirs, wanted in facts:
        if wanted and mine != theirs:
            return f"The values for attribute '{name}' do not match: {mine} != {theirs}.{where}"
    pairs = [_TOLERANCES.get(t.dtype.name, (0.0, 0.0)) for t in (x, y)]
    rtol = max(pair[0] for pair in pairs) if rtol is None else rtol
    atol = max(pair[1] for pair in pairs) if atol is None else atol
    left, right = (_wide(t) for t in (x, y))
    close = np.isclose(left, right, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if close.all():
        return ""
    kind = "Scalars" if close.ndim == 0 else "Tensor-likes"
    close_or_equal = f"{kind} are not {'equal' if rtol == atol == 0 else 'close'}!"
    with np.errstate(all="ignore"):
        gap = np.where(close, 0, np.abs(left - right))
        ratio = np.where(close, 0, gap / np.abs(right))
    if close.ndim == 0:
        return (
            f"{close_or_equal}\n\nExpected {right.item()} but got {left.item()}.\n"
            f"Absolute difference: {gap.item()} (up to {atol} allowed)\n"
            f"Relative difference: {ratio.item()} (up to {rtol} allowed){where}"
        )
    wrong = int((~close).sum())
    absolute, relative = (np.unravel_index(np.nanargmax(d), d.shape) for d in (gap, ratio))
    return (
        f"{close_or_equal}\n\nMismatched elements: {wrong} / {close.size} ({wrong / close.size:.1%})\n"
        f"Greatest absolute difference: {gap[absolute]} at index {tuple(map(int, absolute))} (up to {atol} allowed)\n"
        f"Greatest relative difference: {ratio[relative]} at index {tuple(map(int, relative))} (up to {rtol} allowed)"
        f"{where}"
    )


def _wide(x: Tensor) -> Any:
    """The values in a type that holds all of them, and differences of them."""
    values = np.asarray(x.cpu().numpy() if x.dtype.name != "bfloat16" else x.cpu().float().numpy())
    return values.astype({"c": np.complex128, "f": np.float64}.get(values.dtype.kind, np.int64))


def assert_allclose(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True,
    msg: str = "",
) -> None:  # fmt: skip
    """The older spelling of `assert_close`: types need not agree, and nan equals nan."""
    assert_close(
        creation.as_tensor(actual), creation.as_tensor(expected), rtol=rtol, atol=atol, equal_nan=equal_nan,
        check_device=True, check_dtype=False, msg=msg or None,
    )  # fmt: skip


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of numbers drawn uniformly from [low, high).

    Args:
        shape: its sizes, or one sequence of them.
        dtype, device: its type and place.
        low, high: by default [-9, 9), for unsigned types [0, 10), for bool [0, 2).
        requires_grad: whether it is a leaf that wants a gradient.
        noncontiguous: whether every second element of a larger tensor.
        exclude_zero: whether the smallest positive number, or 1, takes the place of 0.
        memory_format: accepted, but not beside noncontiguous; lamina has row-major order only.
    """
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"noncontiguous={noncontiguous} and memory_format={memory_format}"
        )
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    dtype = dtypes.of(dtype)
    inexact = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not inexact:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype}")
    default = (0, 2) if dtype.name == "bool" else (0, 10) if dtype.name == "uint8" else (-9, 10 - inexact)
    low, high = default[0] if low is None else low, default[1] if high is None else high
    if not low < high:
        raise ValueError(f"make_tensor: low must be less than high, got {low} and {high}.")
    drawn = (*sizes[:-1], sizes[-1] * 2) if noncontiguous and sizes else sizes
    with grad_mode(False):
        if inexact:
            part = dtype.to_real()
            made = creation.rand(*drawn, dtype=part, device=device) * (high - low) + low
            if dtype.is_complex:
                made = made + 1j * (creation.rand(*drawn, dtype=part, device=device) * (high - low) + low)
        else:
            made = creation.randint(int(np.ceil(low)), int(np.ceil(high)), drawn, dtype=dtype, device=device)
        if exclude_zero:
            one = getattr(dtypes.finfo(dtype), "smallest_normal") if inexact else 1  # noqa: B009 - set by name there
            made = functions.where(made == 0, creation.full_like(made, one), made)
        if noncontiguous and sizes:
            made = made[..., ::2]
    return made.requires_grad_() if requires_grad else made
