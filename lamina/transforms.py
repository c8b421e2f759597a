"""Derivatives of functions as functions: `grad`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `hessian`, `linearize`.

The function is called once, with tensors that stand for its arguments, and recorded apart; what JAX makes of it is one
instruction. So a transform costs what recording the function costs, compiles once, and may stand inside another one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from lamina import engine, trees
from lamina.tensor import Tensor, wrap

TENSOR: Any = type("Tensor", (), {"__repr__": lambda self: "*"})()
"""Stands for a tensor in the tree of a function's results."""


class Recording:
    """One call of a function that was recorded.

    Attributes:
        tree: its results, with `TENSOR` in place of each tensor.
        recorded: the program and its operands.
        needs: for each tensor among the results, whether a gradient passes to it.
        dtypes: for each tensor among the results, its NumPy type.
        written: tensors from outside that it wrote to; their new values are further results of the program.
    """

    def __init__(
        self,
        function: Callable[[list[Tensor]], Any],
        arguments: Sequence[Tensor],
        name: str,
        *,
        need: bool = True,
        grad: bool | None = None,
        writes: bool = False,
    ) -> None:
        values = [x.current() for x in arguments]

        def run(*given: Any) -> list[Any]:
            tree = function([wrap(value) for value in given])
            found = trees.leaves(tree)
            self.tree = trees.replaced(tree, [TENSOR if isinstance(x, Tensor) else x for x in found])
            return [x.current() for x in found if isinstance(x, Tensor)]

        trace, results, written = engine.capture(
            run, [(v.spec, need or v.need, v) for v in values], name, grad=grad, writes=writes
        )
        self.recorded = engine.Recorded(trace, values, [*results, *(new for *_, new in written)])
        self.written = [handle for handle, *_ in written]
        self.count = len(results)
        self.needs = [value.need for value in results]
        self.dtypes = [value.spec.dtype for value in results]
        engine.close(trace)

    def fill(self, tree: Any, values: Sequence[Any]) -> Any:
        """A tree with its tensors put in."""
        found = iter(values)
        return trees.mapped(lambda leaf: wrap(next(found)) if leaf is TENSOR else leaf, tree)


def _split_aux(name: str, found: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return found, None
    if not (isinstance(found, tuple) and len(found) == 2):
        raise RuntimeError(
            f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True, got {type(found)}"
        )
    return found


def _positions(argnums: Any, count: int, name: str) -> tuple[int, ...]:
    """The positions that `argnums` names, from 0."""
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    if not chosen or not all(isinstance(i, int) for i in chosen):
        raise RuntimeError(f"{name}: argnums must be an int or a tuple of ints that is not empty, got {argnums!r}")
    for i in chosen:
        if not -count <= i < count:
            raise RuntimeError(f"Got argnum={i}, but only {count} positional inputs")
    found = tuple(i % count for i in chosen)
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return found


class _Called:
    """A function called with some of its positional arguments replaced by tensors that a transform differentiates."""

    def __init__(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any, argnums: Any, has_aux: bool
    ) -> None:
        positions = _positions(argnums, len(args), name)
        chosen = [args[i] for i in positions]
        self.name, self.primals = name, chosen if isinstance(argnums, tuple) else chosen[0]
        if isinstance(argnums, tuple):
            self.primals = tuple(chosen)
        self.single = not isinstance(argnums, tuple)
        self.arguments = _tensors(name, chosen)
        flat = [x for x in self.arguments if not (x.is_floating_point() or x.is_complex())]
        if flat:
            raise RuntimeError(
                f"{name}: only Tensors of floating point and complex dtype can require gradients, got {flat[0].dtype}"
            )

        def run(tensors: list[Tensor]) -> Any:
            new = list(args)
            for i, tree in zip(positions, trees.replaced(chosen, tensors), strict=True):
                new[i] = tree
            return _split_aux(name, function(*new, **kwargs), has_aux)

        self.recording = Recording(run, self.arguments, name, grad=True)
        self.output, self.aux = self.recording.tree
        self.results = tuple(range(_check_tensors(name, self.output)))

    def check_floating(self) -> None:
        """Raise unless all results have derivatives."""
        for i in self.results:
            if self.recording.dtypes[i].kind not in "fcV":
                raise RuntimeError(
                    f"{self.name}(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with "
                    f"dtype {self.recording.dtypes[i]}"
                )

    def record(self, kind: Any, static: tuple[Any, ...], extra: Sequence[Tensor] = ()) -> list[Any]:
        """Record a transform of the function."""
        return self.recording.recorded.record(kind, static, [x.current() for x in extra])

    def like_primals(self, values: Sequence[Any]) -> Any:
        """A tree like the differentiated arguments."""
        return trees.replaced(self.primals, list(map(wrap, values)))

    def outputs(self, values: Sequence[Any]) -> tuple[Any, Any]:
        """The results and what came beside them, given all values that the program gives."""
        count = len(self.results)
        return self.recording.fill(self.output, values[:count]), self.recording.fill(self.aux, values[count:])


def _tensors(name: str, tree: Any) -> list[Tensor]:
    found = trees.leaves(tree)
    for x in found:
        if not isinstance(x, Tensor):
            raise ValueError(f"{name}: Expected tensors, got unsupported type {type(x)}")
    return found


def _check_tensors(name: str, tree: Any) -> int:
    found = trees.leaves(tree)
    if not found:
        raise RuntimeError(f"{name}: Expected f to be a function that has non-empty output (got output = {tree})")
    for x in found:
        if x is not TENSOR:
            raise RuntimeError(f"{name}: Expected f(*primals) to return only tensors, got unsupported type {type(x)}")
    return len(found)


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives (gradient of func, value of func); see `grad`."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        called = _Called("grad", func, args, kwargs, argnums, has_aux)
        if called.output is not TENSOR:
            raise RuntimeError(
                f"Expected f(*args) to return a single tensor, got {len(called.results)} in a {type(called.output)}"
            )
        spec = called.recording.recorded.program.specs[0]
        if spec.shape:
            raise RuntimeError(
                f"Expected f(*args) to return a scalar tensor, got tensor with {len(spec.shape)} dims. Maybe you "
                "wanted to use the vjp or jacrev APIs instead?"
            )
        called.check_floating()
        values = called.record(engine.transform.grad, (has_aux,))
        count = len(called.arguments)
        value, aux = called.outputs(values[count:])
        gradient = called.like_primals(values[:count])
        return (gradient, (value, aux)) if has_aux else (gradient, value)

    return wrapper


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of func, which returns a single number, with respect to its arguments.

    Args:
        func: a function of tensors, or of tuples, lists and dicts of them.
        argnums: the position of the argument to differentiate by, or a tuple of positions.
        has_aux: whether func returns (number, anything else); then (gradient, anything else) comes out.

    >>> import lamina
    >>> cube = lamina.func.grad(lambda x: x**3)
    >>> cube(lamina.tensor(2.0)), lamina.func.grad(cube)(lamina.tensor(2.0))
    (tensor(12.), tensor(12.))
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The results of func, and the function that takes their gradients to those of the arguments.

    >>> import lamina
    >>> y, back = lamina.func.vjp(lambda x: x * lamina.tensor([1.0, 2.0]), lamina.ones(2))
    >>> back(lamina.tensor([10.0, 10.0]))
    (tensor([10., 20.]),)
    """
    called = _Called("vjp", func, primals, {}, tuple(range(len(primals))), has_aux)
    called.check_floating()
    output, aux = called.outputs(called.record(engine.transform.call, ()))

    def back(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        if not trees.same(cotangents, called.output):
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                f"function. cotangents: {trees.mapped(lambda _: TENSOR, cotangents)}, primal output: {called.output}"
            )
        given = _tensors("vjp", cotangents)
        _check_alike("vjp", "cotangents", given, called.recording.recorded.program.specs)
        return called.like_primals(called.record(engine.transform.pull, (called.results,), given))

    return (output, back, aux) if has_aux else (output, back)


def _check_alike(name: str, what: str, given: Sequence[Tensor], specs: Sequence[Any]) -> None:
    for x, spec in zip(given, specs, strict=False):
        if tuple(x.shape) != spec.shape:
            raise RuntimeError(f"{name}: {what} must have the shape {spec.shape}, got {tuple(x.shape)}.")
        if x.dtype.numpy != spec.dtype:
            raise RuntimeError(f"{name}: {what} must have the dtype {spec.dtype}, got {x.dtype.numpy}.")


def _pushed(called: _Called, tangents: Sequence[Tensor]) -> tuple[Any, Any, Any]:
    values = called.record(engine.transform.push, (called.results,), tangents)
    split = len(values) - len(called.results)
    output, aux = called.outputs(values[:split])
    return output, called.recording.fill(called.output, values[split:]), aux


def _given_tangents(name: str, primals: Any, tangents: Any) -> list[Tensor]:
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"{name}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals), got {type(primals)}"
        )
    if not trees.same(primals, tangents):
        raise RuntimeError(
            f"{name}: Expected primals and tangents to have the same python structure, got {type(primals)} and "
            f"{type(tangents)}"
        )
    given = _tensors(name, tangents)
    _check_alike(name, "tangents", given, [x.current().spec for x in _tensors(name, primals)])
    return given


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The results of func at primals, and how they change when primals change by tangents.

    `strict` changes nothing: results that do not depend on primals have a tangent of zeros.

    >>> import lamina
    >>> lamina.func.jvp(lamina.sin, (lamina.zeros(2),), (lamina.tensor([1.0, 2.0]),))
    (tensor([0., 0.]), tensor([1., 2.]))
    """
    given = _given_tangents("jvp(f, primals, tangents)", primals, tangents)
    called = _Called("jvp", func, primals, {}, tuple(range(len(primals))), has_aux)
    output, tangent, aux = _pushed(called, given)
    return (output, tangent, aux) if has_aux else (output, tangent)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The results of func, and the linear function that takes tangents of primals to tangents of the results."""
    called = _Called("linearize", func, primals, {}, tuple(range(len(primals))), False)
    output, _ = called.outputs(called.record(engine.transform.call, ()))

    def forward(*tangents: Any) -> Any:
        return _pushed(called, _given_tangents("linearize", primals, tangents))[1]

    return output, forward


def _jacobian(
    name: str, func: Callable[..., Any], argnums: Any, has_aux: bool, forward: bool, chunk_size: int | None
) -> Callable[..., Any]:
    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        called = _Called(name, func, args, {}, argnums, has_aux)
        called.check_floating()
        for side, kinds in (
            ("inputs", [x.dtype.numpy for x in called.arguments]),
            ("outputs", called.recording.dtypes[: len(called.results)]),
        ):
            complex_ones = [i for i, dtype in enumerate(kinds) if dtype.kind == "c"]
            if complex_ones:
                raise RuntimeError(
                    f"{name}: Expected all {side} to be real but received complex tensor at flattened input idx: "
                    f"{complex_ones[0]}"
                )
        values = called.record(engine.transform.jacobian, (called.results, forward, chunk_size))
        count, width = len(called.results), len(called.arguments)
        found = [called.like_primals(values[j * width : (j + 1) * width]) for j in range(count)]
        result = trees.replaced(called.output, found)
        return (result, called.outputs(values[count * width :])[1]) if has_aux else result

    return wrapper


def jacrev(
    func: Callable[..., Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of func, row by row from behind: d result[*] / d argument[*].

    Args:
        func: a function of tensors that gives tensors.
        argnums: the position of the argument to differentiate by, or a tuple of positions.
        has_aux: whether func returns (results, anything else); then (Jacobian, anything else) comes out.
        chunk_size: how many rows are computed at once; None: all.

    >>> import lamina
    >>> lamina.func.jacrev(lamina.sin)(lamina.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")
    return _jacobian("jacrev", func, argnums, has_aux, False, chunk_size)


def jacfwd(
    func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that gives the Jacobian of func, column by column from the front; arguments as for `jacrev`.

    `randomness` changes nothing: func is computed once, so random numbers are the same for all columns.
    """
    return _jacobian("jacfwd", func, argnums, has_aux, True, None)


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """A function that gives the second derivatives of func, forward over reverse.

    >>> import lamina
    >>> lamina.func.hessian(lambda x: (x**3).sum())(lamina.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
