"""Gradients of tensors: `backward` adds them to leaves, `grad` gives them."""

from __future__ import annotations

import warnings
from typing import Any

from lamina import engine
from lamina.autograd.joint_hook import backward_ended, backward_failed
from lamina.engine import Leaf, Value, record
from lamina.tensor import Tensor, grad_mode, wrap


def _as_list(x: Any) -> list[Any]:
    found = [x] if isinstance(x, Tensor) or x is None or hasattr(x, "ownership_token") else list(x)
    return [_tensor_at(x) if hasattr(x, "ownership_token") else x for x in found]


def _tensor_at(edge: Any) -> Any:
    """The tensor whose gradient arrives at a `GradientEdge`."""
    tensor = getattr(edge.node, "variable", None)
    return wrap(edge.node.value) if tensor is None else tensor


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


def _gone_back(roots: list[Value], given: list[Value | None], **options: Any) -> engine.Gradients:
    try:
        return engine.backward(roots, given, **options)
    except BaseException:
        backward_failed()
        raise


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
        grad_variables: the older name of grad_tensors.
        inputs: the tensors to give gradients to; default: all leaves.
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
        grad_tensors = grad_variables
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
    found = _gone_back(
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
    _collect(found, create)
    backward_ended()


def _collect(found: engine.Gradients, create: bool) -> None:
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
        is_grads_batched: whether each of grad_outputs, and so each result, has one more dimension in front: a batch of
            vectors, for which the gradients are computed at once.
        materialize_grads: whether it gives zeros instead of None.

    >>> import lamina
    >>> x = lamina.tensor(3.0, requires_grad=True)
    >>> (first,) = lamina.autograd.grad(x**3, x, create_graph=True)
    >>> first.item(), lamina.autograd.grad(first, x)
    (27.0, (tensor(18.),))
    """
    roots, wanted = _as_list(outputs), _as_list(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    gradients = _as_list(grad_outputs) if grad_outputs is not None else [None] * len(roots)
    if is_grads_batched:
        return _batched(roots, wanted, gradients, retain_graph, create_graph, allow_unused, materialize_grads)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    pairs = [_root(x, g, create_graph) for x, g in zip(roots, gradients, strict=True)]
    for x in wanted:
        if not x.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = _gone_back(
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
    backward_ended()
    return tuple(results)


def _batched(
    roots: list[Tensor],
    wanted: list[Tensor],
    gradients: list[Any],
    retain_graph: bool | None,
    create_graph: bool,
    allow_unused: bool | None,
    materialize_grads: bool,
) -> tuple[Any, ...]:
    """`grad` for each element of a batch of gradients; an input that is not used gives None, or zeros."""
    from lamina.batching import vmap

    for i, (root, x) in enumerate(zip(roots, gradients, strict=True)):
        if x is not None and x.shape[1:] != root.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding "
                f"output, but a mismatch was detected: grad_output[{i}] has a shape of {x.shape} and output[{i}] has a "
                f"shape of {root.shape}."
            )
    used: list[bool] = []

    def one(*elements: Tensor) -> tuple[Any, ...]:
        rest = iter(elements)
        given = [None if x is None else next(rest) for x in gradients]
        found = grad(roots, wanted, given, retain_graph, create_graph, allow_unused, False, materialize_grads)
        used[:] = [x is not None for x in found]
        return tuple(x for x in found if x is not None)

    with grad_mode(create_graph):
        results = iter(vmap(one)(*(x for x in gradients if x is not None)))
    return tuple(next(results) if there else None for there in used)
