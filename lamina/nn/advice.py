"""What to tell someone whose input a layer did not take: what it takes, what came, and the likely fix.

Called only after an error, so it may look at everything; what it finds is added to the error as a note.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lamina.tensor import Tensor


def advice(module: Any, args: tuple[Any, ...]) -> str | None:
    """A sentence that completes "Linear 'head.0' takes ..."; None if the inputs look right."""
    if not args or not isinstance(args[0], Tensor):
        return None
    return next((found for found in _findings(module, args[0]) if found is not None), None)


def _findings(module: Any, x: Tensor) -> Iterator[str | None]:
    known = module.__dict__
    if "num_embeddings" in known:
        yield _indices(module, x)
        return
    if "in_features" in known:
        yield _last_axis(x, module.in_features, "in_features")
    elif "in_channels" in known and "kernel_size" in known:
        yield _channels(x, module.in_channels, "in_channels", len(module.kernel_size), True)
    elif "num_features" in known and hasattr(module, "running_mean"):
        yield _channels(x, module.num_features, "num_features", _space(module), False)
    elif "num_channels" in known and "num_groups" in known:
        yield _axis(x, 1, module.num_channels, "num_channels")
    elif "normalized_shape" in known:
        yield _last_axes(x, tuple(module.normalized_shape))
    elif "input_size" in known and "hidden_size" in known:
        yield _last_axis(x, module.input_size, "input_size")
    elif "embed_dim" in known and "num_heads" in known:
        yield _last_axis(x, module.embed_dim, "embed_dim")
    yield _type(module, x)
    yield _device(module, x)


def _got(x: Tensor) -> str:
    return f"got {list(x.shape)}"


def _last_axis(x: Tensor, size: int, name: str) -> str | None:
    if x.ndim and x.shape[-1] == size:
        return None
    text = f"inputs whose last axis is {size} ({name}), {_got(x)}"
    if x.ndim > 2 and math.prod(x.shape[1:]) == size:
        return f"{text}; `x.flatten(1)`, or `nn.Flatten()` before it, would make it {[x.shape[0], size]}"
    if x.ndim >= 2 and x.shape[-2] == size:
        return f"{text}; is it transposed?"
    return text


def _axis(x: Tensor, axis: int, size: int, name: str) -> str | None:
    if x.ndim > axis and x.shape[axis] == size:
        return None
    return f"inputs whose axis {axis} is {size} ({name}), {_got(x)}"


def _last_axes(x: Tensor, sizes: tuple[int, ...]) -> str | None:
    if tuple(x.shape[-len(sizes) :]) == sizes:
        return None
    which = f"last axis is {sizes[0]}" if len(sizes) == 1 else f"last axes are {list(sizes)}"
    return f"inputs whose {which} (normalized_shape), {_got(x)}"


def _space(module: Any) -> int:
    """How many dimensions of space there are, from the class's name: `BatchNorm2d` has two."""
    digits = [int(c) for c in type(module).__name__ if c.isdigit()]
    return digits[-1] if digits else 0


_LETTERS = {1: "L", 2: "H, W", 3: "D, H, W"}


def _channels(x: Tensor, channels: int, name: str, space: int, unbatched: bool) -> str | None:
    """Inputs of `space` dimensions, with channels before them and, unless unbatched, a batch in front."""
    if not space:
        return _axis(x, 1, channels, name)
    letters = _LETTERS[space]
    flat = space == 1 and not unbatched  # BatchNorm1d takes (N, C) as well
    forms = f"(N, {channels}, {letters})" + (f" or ({channels}, {letters})" if unbatched else " or (N, C)" * flat)
    allowed = {space + 2, space + 1} if unbatched or flat else {space + 2}
    axis = 0 if unbatched and x.ndim == space + 1 else 1
    if x.ndim in allowed and x.shape[axis] == channels:
        return None
    text = f"inputs of shape {forms}, {channels} being {name}, {_got(x)}"
    if x.ndim in allowed and x.shape[-1] == channels and x.shape[axis] != channels:
        order = [*range(axis), x.ndim - 1, *range(axis, x.ndim - 1)]
        return f"{text}; its channels seem to come last: `x.permute({', '.join(map(str, order))})`"
    if x.ndim == space + 1 and not unbatched and not flat:
        return f"{text}; `x.unsqueeze(0)` would make it a batch of one"
    return text


def _indices(module: Any, x: Tensor) -> str | None:
    if x.dtype.name not in ("int64", "int32"):
        return f"indices of type int64 or int32, got {x.dtype.name}; `x.long()` converts them"
    low, high = int(x.min().item()), int(x.max().item())
    if low < 0 or high >= module.num_embeddings:
        return (
            f"indices from 0 to {module.num_embeddings - 1} (num_embeddings - 1), "
            f"got {low if low < 0 else high}; is `num_embeddings` the number of words, with those for padding?"
        )
    return None


def _own(module: Any) -> Tensor | None:
    return next((p for p in module.parameters() if p.is_floating_point() or p.is_complex()), None)


def _type(module: Any, x: Tensor) -> str | None:
    own = _own(module)
    if own is None or own.dtype == x.dtype:
        return None
    return f"inputs of its parameters' type, {own.dtype.name}, got {x.dtype.name}; `x.to({own.dtype})` converts them"


def _device(module: Any, x: Tensor) -> str | None:
    own = _own(module)
    if own is None or own.device == x.device:
        return None
    return f"inputs on its parameters' device, {own.device}, got one on {x.device}; `x.to('{own.device}')` moves it"
