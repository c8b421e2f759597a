"""The judge: the same code is run by PyTorch and by lamina, and everything that comes out must agree.

    compare(lambda t, x, y: t.add(x, y, alpha=2), floats(3, 4), floats(4))
    compare_modules(lambda nn: nn.Linear(3, 4), floats(2, 3))

Compared are the structure of the results, their shapes, types, values and whether they want a gradient, the gradients
of all floating inputs for one fixed random cotangent, inputs that were written to, and, where PyTorch raises, the class
of the exception.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina

DEVICE = os.environ.get("LAMINA_TEST_DEVICE", "cpu")
"""Where lamina's inputs and modules are. Tensors made without saying where stay on the CPU, as in PyTorch."""

TOLERANCES = {
    "float16": (2e-3, 2e-3),
    "bfloat16": (2e-2, 2e-2),
    "float32": (1e-5, 1e-6),
    "complex64": (1e-5, 1e-6),
    "float64": (1e-9, 1e-11),
    "complex128": (1e-9, 1e-11),
}
"""Relative and absolute, by type, where the caller gives none; whole numbers and bools must be equal."""


def floats(*shape: int, dtype: Any = np.float32, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    """Normal random numbers; the same for the same shape and seed."""
    return np.asarray(_generator(shape, seed).standard_normal(shape) * scale).astype(dtype)


def positives(*shape: int, dtype: Any = np.float32, seed: int = 0, low: float = 0.1, high: float = 2.0) -> np.ndarray:
    """Uniform random numbers between `low` and `high`."""
    return np.asarray(_generator(shape, seed).uniform(low, high, shape)).astype(dtype)


def integers(*shape: int, low: int = -5, high: int = 6, dtype: Any = np.int64, seed: int = 0) -> np.ndarray:
    """Random whole numbers from `low` to below `high`."""
    return np.asarray(_generator(shape, seed).integers(low, high, shape)).astype(dtype)


def bools(*shape: int, seed: int = 0) -> np.ndarray:
    """Random bools."""
    return np.asarray(_generator(shape, seed).random(shape) < 0.5)


def _generator(shape: Sequence[int], seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, len(shape), *shape])


def compare(
    function: Callable[..., Any],
    *inputs: Any,
    grad: bool | Sequence[bool] = True,
    rtol: float | None = None,
    atol: float | None = None,
    grad_name: bool = False,
    at_once: bool = False,
) -> None:
    """Run `function(t, *inputs)` with t = torch and with t = lamina; fail where they differ.

    Args:
        function: takes the module and one tensor for each array; called once for each library.
        inputs: NumPy arrays become tensors, also inside tuples, lists and dicts; anything else is passed as it is.
        grad: whether floating inputs require a gradient, and their gradients are compared; or for each array whether.
        rtol, atol: tolerances for values and gradients, in place of `TOLERANCES`.
        grad_name: whether the names of `grad_fn` must agree too.
        at_once: whether results are read after backward: results and gradients are one program then, which costs half.
    """
    with _torch_may_warn():
        expected = _outcome(torch, function, inputs, grad, grad_name, at_once)
    lamina.engine.reset()
    actual = _outcome(lamina, function, inputs, grad, grad_name, at_once)
    _agree(actual, expected, rtol, atol)


def compare_modules(
    build: Callable[[Any], Any],
    *inputs: Any,
    train: bool = True,
    grad: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    call: Callable[..., Any] | None = None,
    load_back: bool = True,
) -> None:
    """Build a module in both libraries, give lamina's PyTorch's parameters, call both and compare.

    Compared are the names and shapes of `state_dict` and its values after the call (so buffers too), results, gradients
    of inputs and of parameters, the tree of submodules and each one's `extra_repr`. PyTorch's state is loaded into
    lamina's module before, and lamina's into PyTorch's after.

    Args:
        build: makes the module from `torch.nn` or `lamina.nn`.
        inputs: as for `compare`.
        train: the mode of the modules.
        grad: whether floating inputs require a gradient.
        rtol, atol: as for `compare`.
        call: `call(module, *inputs)` where it is more than `module(*inputs)`.
        load_back: whether lamina's state is loaded into PyTorch's module.
    """
    call = call or (lambda module, *inputs: module(*inputs))
    parameters: dict[str, np.ndarray] = {}

    def run(t: Any, *tensors: Any) -> dict[str, Any]:
        module = build(t.nn) if t is torch else build(t.nn).to(DEVICE)
        if t is torch:
            parameters.update({name: to_numpy(value).copy() for name, value in module.state_dict().items()})
        else:
            module.load_state_dict({name: lamina.tensor(value) for name, value in parameters.items()})
        module.train(train)
        modules.append(module)
        return {
            "result": call(module, *tensors),
            "state_dict": dict(module.state_dict()),
            "extra_repr": {
                name: child.extra_repr().replace("torch.", "lamina.") for name, child in module.named_modules()
            },
        }

    modules: list[Any] = []
    back: list[Any] = []

    def with_gradients(t: Any) -> dict[str, Any]:
        outcome = _outcome(t, run, inputs, grad, False)
        back.extend(modules)
        if modules and "raised" not in outcome:
            outcome["parameter gradients"] = {
                name: None if parameter.grad is None else _value(parameter.grad)
                for name, parameter in modules.pop().named_parameters()
            }
        return outcome

    with _torch_may_warn():
        expected = with_gradients(torch)
    lamina.engine.reset()
    actual = with_gradients(lamina)
    _agree(actual, expected, rtol, atol)
    if load_back and len(back) == 2 and "raised" not in expected:
        theirs, ours = back
        theirs.load_state_dict({name: to_torch(to_numpy(value)) for name, value in ours.state_dict().items()})


@contextlib.contextmanager
def _torch_may_warn() -> Iterator[None]:
    """Warnings are errors in tests, but PyTorch's are not lamina's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def to_torch(array: np.ndarray) -> torch.Tensor:
    """A PyTorch tensor with a copy of the array."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(np.array(array))


def to_numpy(tensor: Any) -> np.ndarray:
    """The values of a tensor of either library."""
    tensor = tensor.detach()
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.resolve_conj().resolve_neg()
        if tensor.dtype == torch.bfloat16:
            return tensor.float().numpy(force=True).astype(ml_dtypes.bfloat16)
        return tensor.numpy(force=True)  # some gradients are tensors of zeros without memory
    if _dtype_name(tensor) == "bfloat16":
        return np.asarray(tensor.to(lamina.float32).numpy()).astype(ml_dtypes.bfloat16)
    return np.asarray(tensor.numpy())


def _is_tensor(x: Any) -> bool:
    return isinstance(x, (torch.Tensor, lamina.Tensor))


def _dtype_name(tensor: Any) -> str:
    return str(tensor.dtype).rsplit(".", 1)[-1]


def _map(function: Callable[[Any], Any], x: Any) -> Any:
    """Apply to every leaf of nested tuples, lists and dicts."""
    if isinstance(x, dict):
        return {name: _map(function, value) for name, value in x.items()}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(_map(function, value) for value in x))
    if isinstance(x, (tuple, list)):
        return type(x)(_map(function, value) for value in x)
    return function(x)


def _leaves(x: Any, path: str = "result") -> Iterator[tuple[str, Any]]:
    if isinstance(x, dict):
        for name, value in x.items():
            yield from _leaves(value, f"{path}[{name!r}]")
    elif isinstance(x, (tuple, list)):
        for position, value in enumerate(x):
            yield from _leaves(value, f"{path}[{position}]")
    else:
        yield path, x


def _value(x: Any) -> Any:
    """What is compared of a leaf: arrays for tensors, names for types, the thing itself otherwise."""
    if _is_tensor(x):
        return to_numpy(x).copy()
    if type(x).__name__ in ("dtype", "DType"):
        return str(x).rsplit(".", 1)[-1]
    if type(x).__name__ == "device":
        return str(x)
    return x


def _structure(x: Any) -> Any:
    """How results are nested, with the field names of named tuples, and of which kind each leaf is."""
    if isinstance(x, dict):
        return {name: _structure(value) for name, value in x.items()}
    if isinstance(x, tuple):
        return ("tuple", getattr(type(x), "__match_args__", ()), tuple(_structure(value) for value in x))
    if isinstance(x, list):
        return [_structure(value) for value in x]
    return "tensor" if _is_tensor(x) else type(_value(x)).__name__


def _outcome(
    t: Any,
    function: Callable[..., Any],
    inputs: Any,
    grad: bool | Sequence[bool],
    grad_name: bool,
    at_once: bool = False,
) -> dict[str, Any]:
    """All that is compared of one library's run, as NumPy arrays; or the exception."""
    sources: list[Any] = []

    def wanted(position: int) -> bool:
        return grad if isinstance(grad, bool) else grad[position]

    def source(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        tensor = to_torch(x) if t is torch else lamina.tensor(x, device=DEVICE)
        if wanted(len(sources)) and (x.dtype.kind in "fc" or x.dtype == ml_dtypes.bfloat16):
            tensor.requires_grad_()
        sources.append(tensor)
        return tensor

    tensors = _map(source, inputs)
    try:
        result = function(t, *tensors)
        outcome: dict[str, Any] = {"structure": {}, "results": {}, "requires_grad": {}}
        leaves = dict(_leaves(result))
        if at_once:
            _go_backward(t, leaves, grad)
        outcome["structure"] = _structure(result)
        for path, leaf in leaves.items():
            outcome["results"][path] = _value(leaf)
            if t is lamina and sources and isinstance(leaf, lamina.Tensor):
                place = leaf.device if leaf.device.index else leaf.device.type  # one of several, or the first
                assert str(place) == DEVICE, f"{path or 'the result'} is on {leaf.device}, not on {DEVICE}"
            if _is_tensor(leaf):
                outcome["requires_grad"][path] = bool(leaf.requires_grad)
                if grad_name:
                    outcome["requires_grad"][path + ".grad_fn"] = leaf.grad_fn and leaf.grad_fn.name()
        if not at_once:
            _go_backward(t, leaves, grad)
        if grad:
            outcome["gradients"] = {
                f"of input {position}": None if tensor.grad is None else _value(tensor.grad)
                for position, tensor in enumerate(sources)
            }
        outcome["inputs afterwards"] = {f"{position}": _value(tensor) for position, tensor in enumerate(sources)}
    except Exception as error:
        return {"raised": error}
    return outcome


def _go_backward(t: Any, leaves: dict[str, Any], grad: bool | Sequence[bool]) -> None:
    """Backward from all results that have a gradient."""
    roots = [leaf for leaf in leaves.values() if _is_tensor(leaf) and leaf.grad_fn is not None] if grad else []
    cotangents = [_cotangent(t, root) for root in roots]
    if len(roots) == 1:
        roots[0].backward(cotangents[0])
    elif roots:
        t.autograd.backward(roots, cotangents)


def _cotangent(t: Any, root: Any) -> Any:
    """A fixed random array like `root`: the same for both libraries."""
    shape = tuple(root.shape)
    values = _generator(shape, 7).standard_normal(shape)
    if "complex" in _dtype_name(root):
        values = values + 1j * _generator(shape, 8).standard_normal(shape)
    name = _dtype_name(root)
    array = np.asarray(values).astype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    return to_torch(array) if t is torch else lamina.tensor(array, device=root.device)


def _exception_class(error: Exception) -> type:
    """The nearest of Python's own exception classes: PyTorch derives some of its own from them."""
    return next(cls for cls in type(error).__mro__ if getattr(builtins, cls.__name__, None) is cls)


def _agree(actual: dict[str, Any], expected: dict[str, Any], rtol: float | None, atol: float | None) -> None:
    """Fail unless lamina's outcome is PyTorch's."""
    __tracebackhide__ = True
    if "raised" in expected:
        wanted = expected["raised"]
        if "raised" not in actual:
            raise AssertionError(
                f"PyTorch raised {type(wanted).__name__}: {wanted}\nlamina returned {actual['results']}"
            )
        if _exception_class(actual["raised"]) is not _exception_class(wanted):
            raise AssertionError(
                f"PyTorch raised {type(wanted).__name__}: {wanted}\n"
                f"lamina raised {type(actual['raised']).__name__}: {actual['raised']}"
            ) from actual["raised"]
        return
    if "raised" in actual:
        raise AssertionError(
            f"lamina raised {type(actual['raised']).__name__}, PyTorch did not: {actual['raised']}"
        ) from actual["raised"]
    for part in expected:
        _same(part, actual[part], expected[part], rtol, atol)


def _same(path: str, actual: Any, expected: Any, rtol: float | None, atol: float | None) -> None:
    __tracebackhide__ = True
    if isinstance(expected, dict) and isinstance(actual, dict):
        assert list(actual) == list(expected), f"{path}: names {list(actual)}, PyTorch has {list(expected)}"
        for name in expected:
            _same(f"{path}, {name}", actual[name], expected[name], rtol, atol)
    elif isinstance(expected, np.ndarray) and isinstance(actual, np.ndarray):
        assert actual.dtype == expected.dtype, f"{path}: dtype {actual.dtype}, PyTorch has {expected.dtype}"
        assert actual.shape == expected.shape, f"{path}: shape {actual.shape}, PyTorch has {expected.shape}"
        _close(path, actual, expected, rtol, atol)
    elif isinstance(expected, (float, complex)) and not isinstance(expected, bool):
        assert type(actual) is type(expected), f"{path}: {actual!r}, PyTorch has {expected!r}"
        # A Python number was read from a tensor, most often a float32.
        _close(
            path,
            np.asarray(actual),
            np.asarray(expected),
            1e-5 if rtol is None else rtol,
            1e-6 if atol is None else atol,
        )
    else:
        assert actual == expected, f"{path}: {actual!r}, PyTorch has {expected!r}"


def _close(path: str, actual: np.ndarray, expected: np.ndarray, rtol: float | None, atol: float | None) -> None:
    __tracebackhide__ = True
    default_rtol, default_atol = TOLERANCES.get(expected.dtype.name, (0.0, 0.0))
    if expected.dtype == ml_dtypes.bfloat16:
        actual, expected = actual.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_allclose(
        actual,
        expected,
        rtol=default_rtol if rtol is None else rtol,
        atol=default_atol if atol is None else atol,
        equal_nan=True,
        err_msg=f"{path}: lamina's values (actual) differ from PyTorch's (desired)",
    )


def both_errors(function: Callable[..., Any], *shape: int) -> list[tuple[type, str]]:
    """Class and words of what `function(t, t.ones(*shape))` raises, PyTorch's first."""
    caught = []
    for t in (torch, lamina):
        with pytest.raises((RuntimeError, IndexError, ValueError, TypeError)) as error:
            function(t, t.ones(*shape))
        caught.append((error.type, str(error.value)))
    return caught
