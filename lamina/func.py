"""Transforms of functions, and modules as pure functions: `torch.func`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamina import creation, engine
from lamina.batching import vmap
from lamina.rearrange import debug_unwrap, rearrange
from lamina.tensor import Tensor
from lamina.transforms import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp

__all__ = [
    "debug_unwrap",
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "rearrange",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]


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
            if x._value.spec.device is engine.TRACED or isinstance(x._value.home, engine.Inner):
                x.restore(value)
    return _raw(result) if raw else result


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """The function itself: what lamina records has no writing in place, since a Tensor is a name for a value."""
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            "functionalize(f, remove='mutations'): received invalid argument for remove=. Valid options are: "
            f"'mutations' or 'mutations_and_views', got {remove!r}"
        )
    return func


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several modules of one class, each name's stacked along a new first dimension.

    >>> import lamina
    >>> nets = [lamina.nn.Linear(3, 1) for _ in range(4)]
    >>> params, buffers = lamina.func.stack_module_state(nets)
    >>> call = lambda p, b, x: lamina.func.functional_call(nets[0], (p, b), (x,))
    >>> lamina.vmap(call, in_dims=(0, 0, None))(params, buffers, lamina.ones(2, 3)).shape
    lamina.Size([4, 2, 1])
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or all(not m.training for m in models)):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    return (
        _stacked([dict(m.named_parameters()) for m in models]),
        _stacked([dict(m.named_buffers()) for m in models]),
    )


def _stacked(states: list[dict[str, Any]]) -> dict[str, Any]:
    from lamina import functions
    from lamina.tensor import grad_mode

    found: dict[str, Any] = {}
    for name, first in states[0].items():
        with grad_mode(False):
            found[name] = functions.stack([state[name] for state in states])
        found[name].requires_grad_(first.requires_grad)
    return found


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Let every batch (and instance) norm below use the statistics of its batch and keep none; returns root."""
    for module in root.modules():
        if hasattr(module, "track_running_stats") and "running_mean" in module._buffers:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


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
