"""Compute again in backward what would cost memory to keep: `checkpoint`, `checkpoint_sequential`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from lamina import engine, trees
from lamina.tensor import Tensor, grad_mode, wrap
from lamina.transforms import Recording

__all__ = ["checkpoint", "checkpoint_sequential", "noop_context_fn"]


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing: the default of `context_fn`."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs); backward computes it again, so that only its arguments are kept till then.

    The function is recorded once and both runs are in the compiled program. So random numbers are the same in both,
    and tensors that it writes to (running statistics) are written to once.

    Args:
        function: a function of tensors, or a module.
        args, kwargs: its arguments.
        preserve_rng_state: a keyword; accepted, since the numbers are always the same.
        use_reentrant, determinism_check, debug, early_stop: accepted; there is one way, and nothing that could differ.
        context_fn: not supported, since the second run is not Python's.

    >>> import lamina
    >>> from lamina.utils.checkpoint import checkpoint
    >>> x = lamina.ones(2, requires_grad=True)
    >>> checkpoint(lambda x: (x * 3).exp().log(), x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([3., 3.])
    """
    if context_fn is not noop_context_fn:
        raise NotImplementedError("checkpoint: context_fn is not supported, since backward calls no Python again.")
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of 'default', 'none', got {determinism_check}")
    kwargs.pop("preserve_rng_state", None)
    if not engine.state.trace.grad:
        return function(*args, **kwargs)
    flat = trees.leaves((args, kwargs))
    tensors = [x for x in flat if isinstance(x, Tensor)]

    def run(new: list[Tensor]) -> Any:
        given = iter(new)
        filled = [next(given) if isinstance(x, Tensor) else x for x in flat]
        positional, named = trees.replaced((args, kwargs), filled)
        return function(*positional, **named)

    recording = Recording(run, tensors, "checkpoint", need=False, writes=True)
    values = recording.recorded.record(engine.transform.checkpoint, ())
    for handle, value in zip(recording.written, values[recording.count :], strict=True):
        _write(handle, value)
    return recording.fill(recording.tree, values)


def _write(handle: Any, value: Any) -> None:
    new = wrap(value)
    if handle.is_leaf and not handle.requires_grad:
        with grad_mode(False):
            handle._write(new.detach())
    else:
        handle._write(new)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """The layers of a Sequential one after another, in `segments` stretches of which all but the last are checkpoints.

    Args:
        functions: a Sequential, or a list of modules or functions.
        segments: how many stretches.
        input: what the first gets.
        use_reentrant, preserve_rng_state: as for `checkpoint`.
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers: Sequence[Any] = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def stretch(start: int, end: int) -> Callable[..., Any]:
        def run(x: Any) -> Any:
            for layer in layers[start:end]:
                x = layer(x)
            return x

        return run

    size, start = len(layers) // segments, 0
    for _ in range(segments - 1):
        input = checkpoint(
            stretch(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
        start += size
    return stretch(start, len(layers))(input)
