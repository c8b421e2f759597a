"""Derivatives of functions of tensors: `vjp`, `jvp`, `jacobian`, `hessian`, `hvp`, `vhp`.

They call the function once and walk back through what it recorded, so it may read values and branch on them; the
functions in `lamina.func` record it apart instead, and so can be nested in one another and in `vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamina import creation, functions
from lamina.autograd.differentiate import grad
from lamina.autograd.grad_mode import enable_grad, is_grad_enabled, set_grad_enabled
from lamina.tensor import Tensor

_STRICT = "This is not allowed in strict mode"


def _as_tuple(x: Any, what: str, name: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether a tuple of tensors was given, and the tensors."""
    several = isinstance(x, tuple)
    found = x if several else (x,)
    for i, tensor in enumerate(found):
        if not isinstance(tensor, Tensor):
            which = f"the value at index {i}" if several else f"the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but {which} has type "
                f"{type(tensor)}."
            )
    return several, found


def _fresh(inputs: Sequence[Tensor], create_graph: bool, need: bool) -> tuple[Tensor, ...]:
    """New tensors of the same values: where the function uses the old ones by itself, that is no dependence."""
    return tuple(
        functions.view(x, tuple(x.shape)) if create_graph and x.requires_grad else x.detach().requires_grad_(need)
        for x in inputs
    )


def _result(x: Any, several: bool, create_graph: bool) -> Any:
    """Results as they are given back: alone where the argument was, and without history unless it is wanted."""
    found = tuple(tensor if create_graph else tensor.detach() for tensor in x)
    return found if several else found[0]


def _check_v(v: Sequence[Tensor], like: Sequence[Tensor], several: bool) -> None:
    if len(v) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}."
            if several
            else "The given v should contain a single Tensor."
        )
    for i, (given, wanted) in enumerate(zip(v, like, strict=True)):
        if given.shape != wanted.shape:
            entry = f"Entry {i} in " if several else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {wanted.shape} but got {given.shape}.")


def _prepared_v(
    v: Any, like: Sequence[Tensor], several: bool, create_graph: bool, name: str, whose: str
) -> tuple[Tensor | None, ...]:
    if v is not None:
        found = _fresh(_as_tuple(v, "v", name)[1], create_graph, False)
        _check_v(found, like, several)
        return found
    if len(like) != 1 or like[0].numel() != 1:
        raise RuntimeError(f"The vector v can only be None if {whose} a single Tensor with a single element.")
    return (None,)


def _check_outputs(outputs: Sequence[Tensor], strict: bool) -> None:
    for i, x in enumerate(outputs):
        if strict and not x.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed "
                "in a differentiable manner from the input when running in strict mode."
            )


def _called(
    func: Callable[..., Any], inputs: tuple[Tensor, ...], name: str, strict: bool
) -> tuple[bool, tuple[Tensor, ...]]:
    several, outputs = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    _check_outputs(outputs, strict)
    return several, outputs


def _gradients(
    outputs: Sequence[Tensor | None],
    inputs: Sequence[Tensor],
    given: Sequence[Tensor | None] | None,
    create_graph: bool,
    **more: Any,
) -> tuple[Tensor | None, ...]:
    """`grad`, of those outputs that have one."""
    pairs = [
        (output, x)
        for output, x in zip(outputs, given or (None,) * len(outputs), strict=True)
        if output is not None and output.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    roots, cotangents = zip(*pairs, strict=True)
    return grad(roots, inputs, cotangents, create_graph=create_graph, allow_unused=True, **more)


def _filled(grads: Sequence[Any], like: Sequence[Tensor], strict: bool, message: str) -> tuple[Tensor, ...]:
    """Zeros in place of None; an error if strict, with the position for `{i}`."""
    for i, x in enumerate(grads):
        if x is None and strict:
            raise RuntimeError(message.format(i=i))
    return tuple(creation.zeros_like(other) if x is None else x for x, other in zip(grads, like, strict=True))


_INDEPENDENT = f"The output of the user-provided function is independent of input {{i}}. {_STRICT}."
_NO_JACOBIAN = f"The jacobian of the user-provided function is independent of input {{i}}. {_STRICT}."


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The results of func, and v times its Jacobian: for each input, the sum over results of v d result / d input.

    Args:
        func: takes tensors, gives a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        v: like the results; may be left out for a single number.
        create_graph: whether what comes out can be differentiated itself.
        strict: whether a result that no input leads to, or an input that leads to no result, is an error.

    >>> import lamina
    >>> from lamina.autograd.functional import vjp
    >>> vjp(lambda x: x**2, lamina.tensor([1.0, 3.0]), lamina.ones(2))
    (tensor([1., 9.]), tensor([2., 6.]))
    """
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "vjp")
        given = _fresh(given, create_graph, True)
        several_outputs, outputs = _called(func, given, "vjp", strict)
        cotangents = _prepared_v(v, outputs, several_outputs, create_graph, "vjp", "the user-provided function returns")
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_gradients(outputs, given, cotangents, create_graph), given, strict, _INDEPENDENT)
    return _result(outputs, several_outputs, create_graph), _result(found, several, create_graph)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The results of func, and its Jacobian times v: how results change when inputs change by v.

    It goes backward twice; `lamina.func.jvp` goes forward once. Arguments are those of `vjp`, with v like the inputs.

    >>> import lamina
    >>> from lamina.autograd.functional import jvp
    >>> jvp(lambda x: x.sum() ** 2, lamina.tensor([1.0, 2.0]), lamina.tensor([1.0, 0.0]))
    (tensor(9.), tensor(6.))
    """
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "jvp")
        given = _fresh(given, create_graph, True)
        tangents = _prepared_v(v, given, several, create_graph, "jvp", "the input to the user-provided function is")
        several_outputs, outputs = _called(func, given, "jvp", strict)
        # Going back is linear in these, so their values do not matter.
        zeros = [creation.zeros_like(x).requires_grad_() for x in outputs]
        back = _gradients(outputs, given, zeros, True)
        _filled(back, given, strict, _INDEPENDENT)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_gradients(back, zeros, tangents, create_graph), outputs, strict, _INDEPENDENT)
    return _result(outputs, several_outputs, create_graph), _result(found, several_outputs, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """d result[*] / d input[*], for each result and each input: shape (*result, *input).

    Args:
        func, inputs, create_graph, strict: as for `vjp`.
        vectorize: changes nothing: all rows are computed at once.
        strategy: "reverse-mode", row by row from behind, or "forward-mode", column by column, with `vectorize` only.

    Returns:
        a tensor; a tuple where inputs or results are one; a tuple (results) of tuples (inputs) where both are.

    >>> import lamina
    >>> from lamina.autograd.functional import jacobian
    >>> jacobian(lambda x: x**2, lamina.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: with more outputs than inputs, '
            '"forward-mode" tends to cost less, else "reverse-mode".'
        )
    if strategy == "forward-mode":
        return _forward_jacobian(func, inputs, create_graph, strict, vectorize)
    if strict and vectorize:
        raise RuntimeError(
            "lamina.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
            "Please either set `strict=False` or `vectorize=False`."
        )
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "jacobian")
        given = _fresh(given, create_graph, True)
        several_outputs, outputs = _called(func, given, "jacobian", strict)
        rows = []
        for i, output in enumerate(outputs):
            found = _rows(output, given, create_graph)
            message = f"Output {i} of the user-provided function is independent of input {{i}}. {_STRICT}."
            zeros = [creation.zeros(*output.shape, *x.shape, dtype=x.dtype, device=x.device) for x in given]
            rows.append(_result(_filled(found, zeros, strict, message), several, create_graph))
    return tuple(rows) if several_outputs else rows[0]


def _rows(output: Tensor, inputs: Sequence[Tensor], create_graph: bool) -> list[Tensor | None]:
    """The Jacobian of one result by each input; None where there is no way from one to the other."""
    count = output.numel()
    if not output.requires_grad:
        return [None] * len(inputs)
    units = functions.view(creation.eye(count, dtype=output.dtype, device=output.device), (count, *output.shape))
    found = _gradients([output], inputs, [units], create_graph, retain_graph=True, is_grads_batched=True)
    return [
        None if x is None else functions.view(x, tuple(output.shape) + tuple(like.shape))
        for x, like in zip(found, inputs, strict=True)
    ]


def _forward_jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    name = "lamina.autograd.functional.jacobian"
    for option, value in (("create_graph", create_graph), ("strict", strict)):
        if value:
            kind = NotImplementedError if option == "create_graph" else RuntimeError
            raise kind(
                f'{name}: `{option}=True` and `strategy="forward-mode"` are not supported together (yet). Please '
                f'either set `{option}=False` or `strategy="reverse-mode"`.'
            )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for "
            "`vectorize=True`."
        )
    from lamina.transforms import jacfwd

    several, given = _as_tuple(inputs, "inputs", "jacobian")
    found = jacfwd(func, tuple(range(len(given))))(*given)
    several_outputs = isinstance(found[0], tuple)
    if not several:
        return tuple(x[0] for x in found) if several_outputs else found[0]
    return [list(x) for x in found] if several_outputs else list(found)


def _single(func: Callable[..., Any], name: str, strict: bool) -> Callable[..., Tensor]:
    """The function, checked to give a single number."""

    def run(*inputs: Tensor) -> Tensor:
        several, outputs = _called(func, inputs, name, strict)
        if several:
            raise RuntimeError(f"The function given to {name} should return a single Tensor")
        if outputs[0].numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
        return outputs[0]

    return run


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of func, which gives a single number: shape (*input, *other input) for each pair.

    Arguments are those of `jacobian`; `outer_jacobian_strategy` is how the Jacobian of the gradient is computed.

    >>> import lamina
    >>> from lamina.autograd.functional import hessian
    >>> hessian(lambda x: (x**3).sum(), lamina.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    several, given = _as_tuple(inputs, "inputs", "hessian")
    single = _single(func, "hessian", strict)

    def gradient(*inputs: Tensor) -> Any:
        found = _gradients([functions.view(single(*inputs), ())], inputs, None, True)
        return _filled(found, inputs, strict, _NO_JACOBIAN)

    if outer_jacobian_strategy == "forward-mode":
        inner: Any = gradient

        def gradient(*inputs: Tensor) -> Any:
            return inner(*(x if x.requires_grad else x.detach().requires_grad_() for x in inputs))

    found = jacobian(gradient, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if several else found[0][0]


def _second(
    name: str, func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool
) -> tuple[Any, Any]:
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", name)
        given = _fresh(given, create_graph, True)
        vector = _prepared_v(v, given, several, create_graph, name, "the input to the user-provided function is")
        output = _single(func, name, strict)(*given)
        first = _gradients([output], given, None, True)
        _filled(first, given, strict, _NO_JACOBIAN)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_gradients(first, given, vector, create_graph), given, strict, _NO_JACOBIAN)
    return _result([output], False, create_graph), _result(found, several, create_graph)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The result of func, a single number, and v times its second derivatives. Arguments are those of `vjp`.

    >>> import lamina
    >>> from lamina.autograd.functional import vhp
    >>> vhp(lambda x: (x**3).sum(), lamina.tensor([1.0, 2.0]), lamina.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _second("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The result of func, a single number, and its second derivatives times v: they are symmetric, so as `vhp`."""
    return _second("hvp", func, inputs, v, create_graph, strict)
