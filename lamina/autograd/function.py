"""Operations with a backward of the user's own."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from lamina import engine
from lamina.autograd.grad_mode import is_grad_enabled, no_grad
from lamina.autograd.inner_function import apply_inside
from lamina.autograd.saved import hooks_in_force, packed
from lamina.engine import Value, record
from lamina.tensor import Tensor, grad_mode, wrap

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "NestedIOFunction", "once_differentiable"]

_state = engine.state


class FunctionCtx:
    """What a `Function`'s forward leaves for its backward: `ctx`."""

    def __init__(self) -> None:
        self.to_save: tuple[Any, ...] = ()
        self.saved_for_forward: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self.materialize_grads = True
        self.non_differentiable: tuple[Tensor, ...] = ()
        self.dirty_tensors: tuple[Tensor, ...] = ()
        self._unpack: tuple[Callable[[], Any], ...] = ()
        self._versions: tuple[int | None, ...] = ()
        self._hooked = False

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward."""
        for x in tensors:
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {tensors.index(x)} is of type "
                    f"{type(x).__name__}"
                )
        self.to_save = tensors
        self._unpack = tuple(packed(x) for x in tensors)
        self._hooked = hooks_in_force()

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for `jvp`, which lamina does not call: it differentiates `backward` instead."""
        self.saved_for_forward = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that `save_for_backward` kept; RuntimeError if one was written to since then.

        Operations of lamina's own keep the values they used. Here they are the user's tensors, whose new values would
        silently give another gradient.
        """
        found = tuple(unpack() for unpack in self._unpack)
        for tensor, version in zip(self.to_save, self._versions, strict=False):
            if version is not None and tensor._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"[{tensor.type()} {list(tensor.shape)}] is at version {tensor._version}; expected version "
                    f"{version} instead."
                )
        return found

    def seal(self) -> None:
        """Note the versions of what was saved as it is, when forward is over."""
        self._versions = () if self._hooked else tuple(None if x is None else x._version for x in self.to_save)

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say that no gradient passes these results."""
        self.non_differentiable = args

    def mark_dirty(self, *args: Tensor) -> None:
        """Say that forward wrote to these inputs in place."""
        self.dirty_tensors = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Without effect, as in PyTorch."""
        warnings.warn(
            "mark_shared_storage is deprecated. Tensors with shared storages are automatically tracked. Note that "
            "calls to `set_()` are not tracked",
            FutureWarning,
            stacklevel=2,
        )

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros rather than None for results nothing depends on."""
        self.materialize_grads = value


class _Step:
    """A custom function's place in a trace: the engine asks it for the gradients of the inputs."""

    def __init__(
        self, function: Any, context: FunctionCtx, inputs: list[Any], outputs: list[Any], smooth: list[int]
    ) -> None:
        self.function, self.context, self.inputs, self.smooth = function, context, inputs, smooth
        self.specs = [x.current().spec if isinstance(x, Tensor) else None for x in outputs]

    def slots_of(self, node: Any) -> list[int | None]:
        """The slot of each input of `apply` in the node, None for what is no tensor that needs a gradient."""
        slots = iter(node.slots())
        found: list[int | None] = []
        for x in self.inputs:
            slot = next(slots) if isinstance(x, Tensor) else None
            found.append(slot if isinstance(x, Tensor) and x.requires_grad else None)
        return found

    def backward(self, cotangents: Sequence[Value | None]) -> list[Value | None]:
        """Call the user's backward."""
        from lamina import creation

        arrived = dict(zip(self.smooth, cotangents, strict=True))
        given: list[Any] = []
        for i, spec in enumerate(self.specs):
            value = arrived.get(i)
            if value is not None:
                given.append(wrap(value))
            elif spec is not None and self.context.materialize_grads:
                given.append(creation.zeros(spec.shape, dtype=spec.dtype, device=spec.device))
            else:
                given.append(None)
        return gradients_of_inputs(self.function, self.context, self.inputs, given)


def gradients_of_inputs(
    function: Any, context: FunctionCtx, inputs: Sequence[Any], given: Sequence[Any]
) -> list[Value | None]:
    """What the user's backward gives for each input of `apply`, checked."""
    results = _backward_of(function)(context, *given)
    results = results if isinstance(results, tuple) else (results,)
    while len(results) > len(inputs) and results[-1] is None:
        results = results[:-1]
    if len(results) != len(inputs):
        raise RuntimeError(
            f"function {function.__name__}Backward returned an incorrect number of gradients "
            f"(expected {len(inputs)}, got {len(results)})"
        )
    found: list[Value | None] = []
    for i, (x, result) in enumerate(zip(inputs, results, strict=True)):
        if result is None or not isinstance(x, Tensor):
            found.append(None)
            continue
        if result.shape != x.shape:
            raise RuntimeError(
                f"Function {function.__name__}Backward returned an invalid gradient at index {i} - got "
                f"{list(result.shape)} but expected shape compatible with {list(x.shape)}"
            )
        found.append(result.to(x.dtype).current())
    return found


def _backward_of(function: Any) -> Callable[..., Any]:
    """The function's `backward`, or its `vjp`, another name of it; RuntimeError if it has both."""
    if function.vjp is Function.vjp:
        return function.backward
    if function.backward is not Function.backward:
        raise RuntimeError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement "
            "one of them."
        )
    return function.vjp


@functools.cache
def _custom_op(function: Any, inputs: int, outputs: int) -> engine.Basic:
    """Gives a custom function's results a place in the trace: operands are the inputs, then the results."""
    op = engine.Basic(
        f"{function.__module__}.{function.__qualname__}",
        lambda *operands: operands[inputs:] if outputs > 1 else operands[inputs],
        grad_name=f"{function.__name__}Backward",
    )
    op.saves = True
    return op


class Function:
    """An operation with a backward of the user's own: a subclass has static `forward(ctx, ...)`, `backward(ctx, ...)`.

    Its backward may be called `vjp` as well. With a static `setup_context(ctx, inputs, output)`, forward comes without
    `ctx`. Inside `lamina.func`'s transforms and `lamina.vmap` both are recorded, so they must be made of operations
    there; `vmap`, `jvp` and `generate_vmap_rule` are not needed, and not asked.

    >>> import lamina
    >>> class Double(lamina.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad * 2
    >>> x = lamina.ones(2, requires_grad=True)
    >>> Double.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self).__name__} should not be instantiated. Methods on autograd functions are all static, so you "
            "should invoke them on the class itself. Instantiating an autograd function will raise an error in a "
            "future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results. Written by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    setup_context: Any = None

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the inputs. Written by the subclass."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the results; lamina does not call it, but differentiates `backward`."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The results of a batch; lamina does not call it, but makes a batch of `forward` and `backward`."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function on tensors and other arguments."""
        context: Any = FunctionCtx()
        context.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        if _state.trace.inner and is_grad_enabled() and any(context.needs_input_grad):
            return apply_inside(cls, context, args, kwargs)
        results = cls.call_forward(context, args, kwargs)
        context.seal()
        several = isinstance(results, (tuple, list))
        outputs = list(results) if several else [results]
        smooth = cls.smooth_results(context, outputs)
        if not (smooth and is_grad_enabled() and any(context.needs_input_grad)):
            return results
        tensors = [x for x in args if isinstance(x, Tensor)]
        kind: Any = cls
        op = _custom_op(kind, len(tensors), len(smooth))
        values = [x.current() for x in tensors] + [outputs[i].detach().current() for i in smooth]
        made = record(op, values)
        made = [made] if isinstance(made, Value) else list(made)
        step = _Step(cls, context, list(args), outputs, smooth)
        home = made[0].home
        if isinstance(home, (engine.Trace, engine.History)):
            home.customs[made[0].slot] = step
        for i, value in zip(smooth, made, strict=True):
            old = outputs[i]
            outputs[i] = wrap(value)
            if any(old is x for x in context.dirty_tensors):
                old._value = value
                outputs[i] = old
        return tuple(outputs) if several else outputs[0]

    @classmethod
    def call_forward(cls, context: FunctionCtx, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The results of forward, of either kind, without history."""
        with grad_mode(False):
            if cls.setup_context is None:
                return cls.forward(context, *args, **kwargs)
            results = cls.forward(*args, **kwargs)
            cls.setup_context(context, args, results)
            return results

    @staticmethod
    def smooth_results(context: FunctionCtx, outputs: Sequence[Any]) -> list[int]:
        """The positions of the results that a gradient passes."""
        return [
            i
            for i, x in enumerate(outputs)
            if isinstance(x, Tensor)
            and (x.is_floating_point() or x.is_complex())
            and not any(x is y for y in context.non_differentiable)
        ]


class InplaceFunction(Function):
    """A `Function` that remembers whether it writes in place; an old class."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """Not there: nested arguments belong to PyTorch's old functions with state."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Not there."""
        raise NotImplementedError(
            "NestedIOFunction is not implemented: give Function.apply the tensors one by one, and nest its results."
        )


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """For a `backward` that cannot be differentiated: going backward through its results raises an error."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args)
        if not (is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in args)):
            return outputs
        several = isinstance(outputs, tuple)
        blocked = [
            _Once.apply(x, *(y for y in args if isinstance(y, Tensor))) if isinstance(x, Tensor) else x
            for x in (outputs if several else (outputs,))
        ]
        return tuple(blocked) if several else blocked[0]

    return wrapper


class _Once(Function):
    """The first argument; no gradient passes, but an error."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *others: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
