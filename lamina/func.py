"""Modules as pure functions, for JAX's own transforms: `functional_call`."""

from __future__ import annotations

from typing import Any

from lamina import creation, engine
from lamina.tensor import Tensor


def functional_call(
    module: Any,
    parameters_and_buffers: Any,
    args: Any = (),
    kwargs: Any = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters and buffers, changing none of its own.

    Inside `jax.jit`, `jax.grad` or `jax.vmap` the values may be JAX arrays; then the result is made of them too.

    Args:
        module: the module.
        parameters_and_buffers: a dict by name, or a tuple of dicts; names it lacks keep the module's values.
        args: the arguments: a tuple, or a single one.
        kwargs: the keyword arguments.
        tie_weights: whether a value goes to all names of a tensor that has several; else to the given name only.
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
    if tie_weights:
        _check_ties(tensors, given)
        saved = [(table, name, value) for _, table in owners for name, value in table.items() if id(value) in by_tensor]
        new = [by_tensor[id(value)] for *_, value in saved]
    else:
        saved = [(*_entry(module, name), tensors[name]) for name in given if name in tensors]
        new = [_tensor(x) for name, x in given.items() if name in tensors]
    # Buffers that forward writes to (running statistics) must not keep what a transform put there.
    kept = [(x, x._value) for x in tensors.values() if id(x) not in by_tensor]
    try:
        for (table, name, _), x in zip(saved, new, strict=True):
            table[name] = x
        result = module(*args, **named)
    finally:
        for table, name, value in saved:
            table[name] = value
        for x, value in kept:
            if x._value.spec.device is engine.TRACED:
                x._value = value
    return _raw(result) if raw else result


def _entry(module: Any, path: str) -> tuple[Any, str]:
    """The table that holds a parameter or buffer, and its name there."""
    *owners, name = path.split(".")
    for owner in owners:
        module = module._modules[owner]
    return (module._parameters if name in module._parameters else module._buffers), name


def _check_ties(tensors: dict[str, Any], given: dict[str, Any]) -> None:
    """One tensor under several names can have one value only."""
    names: dict[int, list[str]] = {}
    for name in given:
        if name in tensors:
            names.setdefault(id(tensors[name]), []).append(name)
    for several in names.values():
        if len({id(given[name]) for name in several}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(several)}, which are tied. Consider using "
                "tie_weights=False"
            )


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
