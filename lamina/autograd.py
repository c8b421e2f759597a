"""Gradients: `backward`, `grad`, `Function`, hooks, and the modes `no_grad`, `enable_grad`, `inference_mode`."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from lamina import engine
from lamina.anomaly import detect_anomaly as detect_anomaly
from lamina.anomaly import set_detect_anomaly as set_detect_anomaly
from lamina.engine import Leaf, Value, record
from lamina.tensor import Tensor, grad_mode, wrap

_state = engine.state
_numbers = itertools.count()


class _Mode:
    """A gradient mode as a context manager and as a decorator."""

    mode: bool
    _entered: list[bool]

    def __new__(cls, *args: Any, **options: Any) -> Any:
        self = object.__new__(cls)
        self._entered = []
        return self

    def __enter__(self) -> None:
        trace = _state.trace
        self._entered.append(trace.grad)
        trace.grad = self.mode

    def __exit__(self, *exc: Any) -> None:
        _state.trace.grad = self._entered.pop()

    def __call__(self, function: Any) -> Any:
        return decorated(function, lambda: grad_mode(self.mode))


def decorated(function: Any, context: Callable[[], Any]) -> Any:
    """The function within a context; a generator function within it at each step."""
    if inspect.isclass(function):
        raise TypeError("A gradient mode decorates functions; decorate the class's methods instead.")
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: Any, **options: Any) -> Any:
            generator = function(*args, **options)
            send: Callable[[], Any] = functools.partial(next, generator)
            while True:
                try:
                    with context():
                        item = send()
                except StopIteration as stop:
                    return stop.value
                try:
                    sent = yield item
                    send = functools.partial(generator.send, sent)
                except GeneratorExit:
                    generator.close()
                    raise
                except BaseException as error:
                    send = functools.partial(generator.throw, error)

        return generate

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        with context():
            return function(*args, **options)

    return run


class no_grad(_Mode):
    """Within it, nothing that is computed requires a gradient. Context manager and decorator, with or without `()`.

    >>> import lamina
    >>> x = lamina.ones(2, requires_grad=True)
    >>> with lamina.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    mode = False

    def __new__(cls, function: Any = None) -> Any:
        if function is not None:
            return decorated(function, lambda: grad_mode(cls.mode))
        self = object.__new__(cls)
        self._entered = []
        return self


class enable_grad(no_grad):
    """Within it gradients are recorded again, inside `no_grad`."""

    mode = True


class inference_mode(_Mode):
    """Like `no_grad`; `inference_mode(False)` changes nothing."""

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if callable(mode):
            return decorated(mode, lambda: grad_mode(False))
        return self

    def __init__(self, mode: Any = True) -> None:
        self.enabled = mode

    def __enter__(self) -> None:
        trace = _state.trace
        self._entered.append(trace.grad)
        trace.grad = trace.grad and not self.enabled

    def __call__(self, function: Any) -> Any:
        return decorated(function, lambda: type(self)(self.enabled))


class set_grad_enabled(_Mode):
    """Switch gradients on or off from here on; as a context manager, until its end."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before = _state.trace.grad
        _state.trace.grad = self.mode

    def __enter__(self) -> None:
        self._entered.append(self._before)
        _state.trace.grad = self.mode

    def __call__(self, function: Any) -> Any:
        _state.trace.grad = self._before
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """Whether gradients are being recorded."""
    return _state.trace.grad


class GradFn:
    """The step that computed a tensor: prints as PyTorch's `<AddmmBackward0 object at ...>`."""

    def __init__(self, value: Value) -> None:
        self._value = value

    def name(self) -> str:
        """Such as `AddmmBackward0`."""
        name: str = self._value.node.grad_name() if self._value.node is not None else "Backward"
        return name

    @property
    def next_functions(self) -> tuple[Any, ...]:
        """The steps before it, as pairs with 0; leaves show as `AccumulateGrad`."""
        node = self._value.node
        if node is None:
            return ()
        producers = {slot: step for step in node.path() for slot in range(step.first, step.width)}
        found: list[Any] = []
        for slot in node.slots():
            step = producers[slot]
            if not step.needs[slot - step.first]:
                found.append((None, 0))
            else:
                value = Value(step.specs[0], None, slot, step, True)
                found.append((GradFn(value) if step.operands else AccumulateGrad(), 0))
        return tuple(found)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self._value.node):#x}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and other._value is self._value

    def __hash__(self) -> int:
        return id(self._value)


class AccumulateGrad:
    """Where a gradient arrives at a leaf."""

    def name(self) -> str:
        """Its name in PyTorch."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


def _as_list(x: Any) -> list[Any]:
    return [x] if isinstance(x, Tensor) or x is None else list(x)


def _root(tensor: Tensor, gradient: Any, create: bool) -> tuple[Value, Value | None]:
    value = tensor.current()
    if not value.need:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    if gradient is None:
        if tensor.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if not value.spec.dtype.kind == "f" and value.spec.dtype.kind != "V":
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {tensor.dtype}")
        return value, None
    if not isinstance(gradient, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient.shape != tensor.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {gradient.shape} and output[0] has a shape of "
            f"{tensor.shape}."
        )
    given = gradient.current() if create else gradient.detach().current()
    if gradient.dtype != tensor.dtype:
        given = gradient.to(tensor.dtype).current()
    return value, given


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Accumulate the gradients of the sum of tensors into the `grad` of leaves.

    Args:
        tensors: one tensor or several.
        grad_tensors: the gradient of each; None for single numbers.
        retain_graph: whether backward may come again; default: `create_graph`.
        create_graph: whether the gradients can be differentiated themselves.
        inputs: the tensors to give gradients to; default: all leaves.
    """
    roots = _as_list(tensors)
    gradients = _as_list(grad_tensors) if grad_tensors is not None else [None] * len(roots)
    pairs = [_root(x, g, create_graph) for x, g in zip(roots, gradients, strict=True)]
    retain = create_graph if retain_graph is None else retain_graph
    wanted: list[Tensor] | None = None
    if inputs is not None:
        wanted = _as_list(inputs)
        if not wanted:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        for x in wanted:
            if not x.requires_grad:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            if x._grads is None:
                x._grads = Leaf()
    found = engine.backward(
        [value for value, _ in pairs],
        [given for _, given in pairs],
        retain=retain,
        create=create_graph,
        wanted=None if wanted is None else [x.current() for x in wanted],
    )
    if wanted is not None:
        found.pairs = [(x._grads, grad) for x, (_, grad) in zip(wanted, found.pairs, strict=True)]
    collect(found, create_graph)


def collect(found: engine.Gradients, create: bool = False) -> None:
    """Add gradients to what their leaves have."""
    for leaf, grad in found.pairs:
        if grad is not None:
            if leaf.plain:
                leaf.grad = wrap(grad)
            else:
                accumulate(leaf, grad, create)
    packed = found.packed
    if packed is None:
        return
    packed = _both_packed(found) or packed
    both = packed is not found.packed
    for index, leaf in enumerate(found.leaves):
        # `leaf.plain` without the call.
        if both or (leaf._grad is None and leaf.part is None and not leaf.hooks and not leaf.after):
            leaf.part = (packed, index)
        else:  # one leaf may come twice, when it was written to between two uses
            accumulate(leaf, packed.take(index), create)


def _both_packed(found: engine.Gradients) -> engine.Packed | None:
    """The sum with the packed gradients that the leaves have, if all have such from one earlier backward."""
    packed, leaves = found.packed, found.leaves
    if packed is None or leaves[0].part is None:
        return None
    old = leaves[0].part[0]
    if old.layout != packed.layout:
        return None
    if any(leaf.part != (old, index) or leaf.hooks or leaf.after for index, leaf in enumerate(leaves)):
        return None
    with grad_mode(False):
        return engine.Packed(record(engine.ADD, (old.value, packed.value)), packed.layout)


def accumulate(leaf: Leaf, grad: Value, create: bool = False) -> None:
    """Add a gradient to what a leaf has, after its hooks have seen it."""
    if leaf.hooks and not leaf.retain:
        grad = call_hooks(leaf, grad)
    if leaf.grad is None:
        leaf.grad = wrap(grad)
    elif create:
        leaf.grad = wrap(record(engine.ADD, (leaf.grad.current(), grad)))
    else:
        with grad_mode(False):
            leaf.grad._write(record(engine.ADD, (leaf.grad.current(), grad)))
    for after in list(leaf.after.values()):
        after()


def call_hooks(leaf: Leaf, grad: Value) -> Value:
    """The gradient after a tensor's hooks."""
    for hook in list(leaf.hooks.values()):
        changed = hook(grad)
        grad = grad if changed is None else changed
    return grad


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of outputs with respect to inputs; nothing is accumulated.

    Args:
        outputs, inputs: one tensor or several.
        grad_outputs: the gradient of each output; None for single numbers.
        retain_graph: whether backward may come again; default: `create_graph`.
        create_graph: whether the gradients can be differentiated themselves.
        allow_unused: whether an input that outputs do not depend on gives None rather than an error.
        materialize_grads: whether it gives zeros instead of None.

    >>> import lamina
    >>> x = lamina.tensor(3.0, requires_grad=True)
    >>> (first,) = lamina.autograd.grad(x**3, x, create_graph=True)
    >>> first.item(), lamina.autograd.grad(first, x)
    (27.0, (tensor(18.),))
    """
    if is_grads_batched:
        raise NotImplementedError("grad(is_grads_batched=True) is not implemented; use jax.vmap over functional_call.")
    roots, wanted = _as_list(outputs), _as_list(inputs)
    gradients = _as_list(grad_outputs) if grad_outputs is not None else [None] * len(roots)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    pairs = [_root(x, g, create_graph) for x, g in zip(roots, gradients, strict=True)]
    for x in wanted:
        if not x.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = engine.backward(
        [value for value, _ in pairs],
        [given for _, given in pairs],
        retain=create_graph if retain_graph is None else retain_graph,
        create=create_graph,
        wanted=[x.current() for x in wanted],
    )
    results: list[Any] = []
    for x, (_, value) in zip(wanted, found.pairs, strict=True):
        if value is None and materialize_grads:
            from lamina import creation

            results.append(creation.zeros_like(x))
        elif value is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True "
                "if this is the desired behavior."
            )
        else:
            if value is not None and x._grads is not None and x.is_leaf:
                value = call_hooks(x._grads, value)
            results.append(None if value is None else wrap(value))
    return tuple(results)


class Handle:
    """Takes a hook away again: `handle.remove()`, or leaving the `with` block."""

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks, self._key = hooks, key
        self.id = key

    def remove(self) -> None:
        """Take the hook away."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


def _watch(tensor: Tensor) -> Leaf:
    """Where the gradient of this tensor is met: at a leaf, or on the way through a computed one."""
    value = tensor.current()
    if tensor._grads is None:
        tensor._grads = Leaf()
    if value.leaf is None:
        home = value.home
        if isinstance(home, (engine.Trace, engine.History)):
            home.watched[value.slot] = tensor._grads
    return tensor._grads


def register_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Handle:
    """See `Tensor.register_hook`."""
    if not tensor.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")

    def on_value(value: Value) -> Value | None:
        result = hook(wrap(value))
        if result is None:
            return None
        if not isinstance(result, Tensor):
            raise TypeError(f"hook '{hook}' has returned a {type(result).__name__}; a hook returns None or a Tensor.")
        if result.shape != tensor.shape:
            raise RuntimeError(
                f"hook '{getattr(hook, '__name__', hook)}' has changed the size of value: expected "
                f"{list(tensor.shape)}, got {list(result.shape)}"
            )
        return result.current()

    leaf = _watch(tensor)
    key = next(_numbers)
    leaf.hooks[key] = on_value
    return Handle(leaf.hooks, key)


def register_post_accumulate_grad_hook(tensor: Tensor, hook: Callable[[Tensor], None]) -> Handle:
    """See `Tensor.register_post_accumulate_grad_hook`."""
    if not tensor.requires_grad or not tensor.is_leaf:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    leaf = _watch(tensor)
    key = next(_numbers)
    leaf.after[key] = lambda: hook(tensor)
    return Handle(leaf.after, key)


def retain_grad(tensor: Tensor) -> None:
    """See `Tensor.retain_grad`."""
    if not tensor.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if tensor.is_leaf:
        return
    leaf = _watch(tensor)

    def keep(value: Any) -> None:
        if leaf.grad is None:
            leaf.grad = wrap(value)
        else:
            with grad_mode(False):
                leaf.grad = wrap(record(engine.ADD, (leaf.grad.current(), value)))

    leaf.retain = keep


# --- custom functions ---


class Context:
    """What a `Function`'s forward leaves for its backward: `ctx`."""

    def __init__(self) -> None:
        self.saved: tuple[Any, ...] = ()
        self.versions: tuple[int, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self.materialize = True
        self.not_differentiable: tuple[Tensor, ...] = ()
        self.dirty: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward."""
        self.saved = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for `jvp`, which lamina does not call."""

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that `save_for_backward` kept; RuntimeError if one was written to since then.

        Operations of lamina's own keep the values they used. Here they are the user's tensors, whose new values would
        silently give another gradient.
        """
        for tensor, version in zip(self.saved, self.versions, strict=False):
            if tensor is not None and tensor._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"[{tensor.type()} {list(tensor.shape)}] is at version {tensor._version}; expected version "
                    f"{version} instead."
                )
        return self.saved

    def seal(self) -> None:
        """Note the versions of what was saved, when forward is over."""
        self.versions = tuple(0 if tensor is None else tensor._version for tensor in self.saved)

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say that no gradient passes these results."""
        self.not_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say that forward wrote to these inputs in place."""
        self.dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros rather than None for results nothing depends on."""
        self.materialize = value


class _Step:
    """A custom function's place in a trace: the engine asks it for the gradients of the inputs."""

    def __init__(self, function: Any, context: Context, inputs: list[Any], outputs: list[Any]) -> None:
        self.function, self.context, self.inputs = function, context, inputs
        self.specs = [x.current().spec for x in outputs]

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

        given: list[Any] = []
        for value, spec in zip(cotangents, self.specs, strict=True):
            if value is not None:
                given.append(wrap(value))
            else:
                given.append(creation.zeros(spec.shape, dtype=spec.dtype) if self.context.materialize else None)
        results = self.function.backward(self.context, *given)
        results = results if isinstance(results, tuple) else (results,)
        while len(results) > len(self.inputs) and results[-1] is None:
            results = results[:-1]
        if len(results) != len(self.inputs):
            raise RuntimeError(
                f"function {self.function.__name__}Backward returned an incorrect number of gradients "
                f"(expected {len(self.inputs)}, got {len(results)})"
            )
        found: list[Value | None] = []
        for i, (x, result) in enumerate(zip(self.inputs, results, strict=True)):
            if result is None or not isinstance(x, Tensor):
                found.append(None)
                continue
            if result.shape != x.shape:
                raise RuntimeError(
                    f"Function {self.function.__name__}Backward returned an invalid gradient at index {i} - got "
                    f"{list(result.shape)} but expected shape compatible with {list(x.shape)}"
                )
            found.append(result.to(x.dtype).current())
        return found


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

    @staticmethod
    def forward(*args: Any, **options: Any) -> Any:
        """Compute the results. Written by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the inputs. Written by the subclass."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    setup_context: Any = None

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call the function on tensors and other arguments."""
        context = Context()
        context.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        with grad_mode(False):
            if cls.setup_context is None:
                results = cls.forward(context, *args)
            else:
                results = cls.forward(*args)
                cls.setup_context(context, args, results)
        context.seal()
        several = isinstance(results, (tuple, list))
        outputs = list(results) if several else [results]
        if not (is_grad_enabled() and any(context.needs_input_grad)):
            return results
        if _state.trace.inner:
            raise NotImplementedError(
                f"{cls.__name__}: an autograd.Function has no gradient inside a transform or a checkpoint; "
                "write it as operations."
            )
        tensors = [x for x in args if isinstance(x, Tensor)]
        smooth = [
            i
            for i, x in enumerate(outputs)
            if isinstance(x, Tensor)
            and (x.is_floating_point() or x.is_complex())
            and not any(x is y for y in context.not_differentiable)
        ]
        if not smooth:
            return results
        kind: Any = cls
        op = _custom_op(kind, len(tensors), len(smooth))
        values = [x.current() for x in tensors] + [outputs[i].detach().current() for i in smooth]
        made = record(op, values)
        made = [made] if isinstance(made, Value) else list(made)
        step = _Step(cls, context, list(args), [outputs[i] for i in smooth])
        home = made[0].home
        if isinstance(home, (engine.Trace, engine.History)):
            home.customs[made[0].slot] = step
        for i, value in zip(smooth, made, strict=True):
            old = outputs[i]
            outputs[i] = wrap(value)
            if any(old is x for x in context.dirty):
                old._value = value
                outputs[i] = old
        return tuple(outputs) if several else outputs[0]
