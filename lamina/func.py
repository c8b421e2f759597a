"""Modules as pure functions, for JAX's own transforms: `functional_call`."""

from __future__ import annotations

from typing import Any

from lamina import creation, engine
from lamina.tensor import Tensor


def functional_call(
    module: Any, parameters_and_buffers: Any, args: Any = (), kwargs: Any = None, *, strict: bool = False
) -> Any:
    """Call a module with other parameters and buffers, changing none of its own.

    Inside `jax.jit`, `jax.grad` or `jax.vmap` the values may be JAX arrays; then the result is made of them too.

    Args:
        module: the module.
        parameters_and_buffers: a dict by name, or a tuple of dicts; names it lacks keep the module's values.
        args: the arguments: a tuple, or a single one.
        kwargs: the keyword arguments.
        strict: whether every parameter and buffer must be given, and no other name.

    >>> import jax, lamina
    >>> net = lamina.nn.Linear(3, 1)
    >>> params = {name: p.array() for name, p in net.named_parameters()}
    >>> loss = lambda params, x: lamina.func.functional_call(net, params, x).sum()
    >>> jax.grad(loss)(params, jax.numpy.ones((2, 3)))["bias"]
    Array([2.], dtype=float32)
    """
    given: dict[str, Any] = {}
    for part in (
        parameters_and_buffers if isinstance(parameters_and_buffers, (tuple, list)) else (parameters_and_buffers,)
    ):
        given.update(part)
    tensors = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    unknown = [name for name in given if name not in tensors]
    missing = [name for name in tensors if name not in given] if strict else []
    if strict and (unknown or missing):
        raise RuntimeError(
            f"Missing key(s): {', '.join(missing) or 'none'}. Unexpected key(s): {', '.join(unknown) or 'none'}."
        )
    args = args if isinstance(args, tuple) else (args,)
    raw = not any(isinstance(x, Tensor) for x in (*given.values(), *args))
    args = tuple(_tensor(x) for x in args)
    named = {name: _tensor(x) for name, x in (kwargs or {}).items()}
    owners = [(owner, table) for owner in module.modules() for table in (owner._parameters, owner._buffers)]
    by_tensor = {id(tensors[name]): _tensor(x) for name, x in given.items() if name in tensors}
    saved = [(table, name, value) for _, table in owners for name, value in table.items() if id(value) in by_tensor]
    # Buffers that forward writes to (running statistics) must not keep what a transform put there.
    kept = [(x, x._value) for x in tensors.values() if id(x) not in by_tensor]
    try:
        for table, name, value in saved:
            table[name] = by_tensor[id(value)]
        result = module(*args, **named)
    finally:
        for table, name, value in saved:
            table[name] = value
        for x, value in kept:
            if x._value.spec.device is engine.TRACED:
                x._value = value
    return _raw(result) if raw else result


def _tensor(x: Any) -> Any:
    import jax
    import numpy as np

    return creation.as_tensor(x) if isinstance(x, (jax.Array, np.ndarray)) else x


def _raw(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.array()
    if isinstance(x, (tuple, list)):
        return type(x)(*map(_raw, x)) if hasattr(x, "_fields") else type(x)(map(_raw, x))
    return {key: _raw(value) for key, value in x.items()} if isinstance(x, dict) else x
