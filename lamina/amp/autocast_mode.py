"""`autocast`: matrix products in half precision, sums that need it in float32."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any

from lamina import dtypes, engine
from lamina.amp.lists import casting
from lamina.autograd import decorated
from lamina.tensor import Tensor
from lamina.trees import mapped

_PLATFORMS = {"cpu": "cpu", "cuda": "gpu"}
_FAST = {"cpu": dtypes.of("bfloat16"), "cuda": dtypes.of("float16")}
_ALLOWED = (dtypes.of("bfloat16"), dtypes.of("float16"))


class _Settings(threading.local):
    """Of this thread: whether autocast is on, and its type, by kind of device."""

    def __init__(self) -> None:
        self.enabled = {"cpu": False, "cuda": False}
        self.dtype = dict(_FAST)
        self.cache = True
        self.nesting = 0

    def apply(self) -> None:
        """Let recording know."""
        chosen = tuple((_PLATFORMS[kind], self.dtype[kind].numpy) for kind, on in self.enabled.items() if on)
        engine.state.trace.recast(casting(chosen))


_settings = _Settings()


def _kind(device_type: Any) -> str:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if device_type not in _PLATFORMS:
        raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
    return device_type


class autocast:
    """Within it, operations on device_type compute in the type that suits them: a context manager and a decorator.

    Matrix products and convolutions compute in `dtype`, losses and the like in float32, and what joins tensors in the
    widest of their types, by PyTorch's lists. Operands are cast inside the compiled program; gradients come out in the
    type of the parameters. Run backward outside of it.

    Args:
        device_type: "cpu" or "cuda".
        dtype: bfloat16 or float16; default: bfloat16 on the CPU, float16 on GPUs.
        enabled: whether it does anything.
        cache_enabled: accepted; the compiler sees that a weight is cast twice.

    >>> import lamina
    >>> layer, x = lamina.nn.Linear(3, 1), lamina.ones(2, 3)
    >>> with lamina.autocast("cpu"):
    ...     y = layer(x)
    >>> y.dtype, layer(x).dtype
    (lamina.bfloat16, lamina.float32)
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device = _kind(device_type)
        self.fast_dtype = _settings.dtype[self.device] if dtype is None else dtypes.of(dtype)
        self._enabled = bool(enabled)
        self._cache_enabled = _settings.cache if cache_enabled is None else cache_enabled
        if self._enabled and self.fast_dtype not in _ALLOWED:
            warnings.warn(
                f"In {self.device.upper()} autocast, but the target dtype is not supported. Disabling autocast. "
                f"Supported are bfloat16 and float16, got {self.fast_dtype}.",
                stacklevel=2,
            )
            self._enabled = False
        self._before: list[Any] = []

    def __enter__(self) -> autocast:
        self._before.append((_settings.enabled[self.device], _settings.dtype[self.device], _settings.cache))
        _settings.enabled[self.device] = self._enabled
        _settings.dtype[self.device] = self.fast_dtype
        _settings.cache = self._cache_enabled
        _settings.apply()
        return self

    def __exit__(self, *exc: Any) -> None:
        before = self._before.pop()
        _settings.enabled[self.device], _settings.dtype[self.device], _settings.cache = before
        _settings.apply()

    def __call__(self, function: Any) -> Any:
        return decorated(function, lambda: self)


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast knows this kind of device."""
    return device_type in _PLATFORMS


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on for this kind of device."""
    return _settings.enabled[_kind(device_type)]


def set_autocast_enabled(device_type: Any, enabled: bool | None = None) -> None:
    """Switch autocast on or off for this kind of device."""
    if enabled is None:
        device_type, enabled = "cuda", device_type
    _settings.enabled[_kind(device_type)] = bool(enabled)
    _settings.apply()


def get_autocast_dtype(device_type: str) -> Any:
    """The type that autocast computes in on this kind of device."""
    return _settings.dtype[_kind(device_type)]


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Set the type that autocast computes in on this kind of device."""
    _settings.dtype[_kind(device_type)] = dtypes.of(dtype)
    _settings.apply()


def is_autocast_cpu_enabled() -> bool:
    """Whether autocast is on for the CPU."""
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """Switch autocast on or off for the CPU."""
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype() -> Any:
    """The type that autocast computes in on the CPU."""
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: Any) -> None:
    """Set the type that autocast computes in on the CPU."""
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype() -> Any:
    """The type that autocast computes in on GPUs."""
    return get_autocast_dtype("cuda")


def set_autocast_gpu_dtype(dtype: Any) -> None:
    """Set the type that autocast computes in on GPUs."""
    set_autocast_dtype("cuda", dtype)


def is_autocast_cache_enabled() -> bool:
    """What `set_autocast_cache_enabled` said; casts are the compiler's to share."""
    return _settings.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Accepted; casts are the compiler's to share."""
    _settings.cache = bool(enabled)


def clear_autocast_cache() -> None:
    """Nothing: casts are part of the program."""


def autocast_increment_nesting() -> int:
    """Count a level of autocast; returns the new count."""
    _settings.nesting += 1
    return _settings.nesting


def autocast_decrement_nesting() -> int:
    """Count a level of autocast less; returns the new count."""
    _settings.nesting -= 1
    return _settings.nesting


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorate the `forward` of an `autograd.Function`: with `cast_inputs`, floating tensors come in that type.

    Args:
        fwd: the function.
        device_type: the kind of device whose autocast it goes by.
        cast_inputs: a type; within autocast, inputs are cast to it and autocast is off inside.
    """
    kind = _kind(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    def cast(x: Any) -> Any:
        casts = isinstance(x, Tensor) and x.is_floating_point() and x.device.type == kind and x.dtype.name != "float64"
        return x.to(cast_inputs) if casts else x

    @functools.wraps(fwd)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        ctx._dtype = get_autocast_dtype(kind)
        ctx._fwd_used_autocast = is_autocast_enabled(kind)
        if cast_inputs is None or not ctx._fwd_used_autocast:
            return fwd(ctx, *args, **kwargs)
        ctx._fwd_used_autocast = False
        with autocast(kind, enabled=False):
            return fwd(ctx, *mapped(cast, args), **mapped(cast, kwargs))

    return wrapper


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """Decorate the `backward` of an `autograd.Function`: it runs with autocast as its forward did."""
    kind = _kind(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with autocast(kind, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(ctx, *args, **kwargs)

    return wrapper
