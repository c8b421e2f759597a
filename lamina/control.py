"""Control flow that depends on values, inside the program: `cond`, `while_loop`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina import creation, engine, trees
from lamina.tensor import Tensor, wrap
from lamina.transforms import TENSOR, Recording


def _called(function: Callable[..., Any], operands: Any, tensors: list[Tensor], name: str) -> Recording:
    flat = trees.leaves(operands)

    def run(new: list[Tensor]) -> Any:
        given = iter(new)
        return function(*trees.replaced(operands, [next(given) if isinstance(x, Tensor) else x for x in flat]))

    return Recording(run, tensors, name, need=False)


def _operands(recording: Recording) -> tuple[Any, ...]:
    recorded = recording.recorded
    return tuple(recorded.captured), tuple(recorded.numbers), tuple(recorded.keys)


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any = ()) -> Any:
    """true_fn(*operands) where pred holds, else false_fn(*operands); pred is not read, both are in the program.

    Args:
        pred: a bool, or a tensor of one element.
        true_fn, false_fn: functions of tensors whose results agree in shape and type.
        operands: a tuple of tensors.

    >>> import lamina
    >>> x = lamina.tensor([1.0, 2.0])
    >>> lamina.cond(x.sum() > 4, lambda x: x.cos(), lambda x: x * 2, (x,))
    tensor([2., 4.])
    """
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)):
        raise RuntimeError(f"Expect operands to be a tuple of possibly nested dict/list/tuple, got {operands}.")
    if not isinstance(pred, Tensor):
        if not isinstance(pred, (bool, int, float)):
            raise RuntimeError(f"Expected pred to be bool or tensor, but got {pred}.")
        return true_fn(*operands) if pred else false_fn(*operands)
    if pred.numel() != 1:
        raise RuntimeError(f"Expected pred to be bool or single-element tensor, but got {pred}.")
    tensors = [x for x in trees.leaves(operands) if isinstance(x, Tensor)]
    yes, no = (_called(function, tuple(operands), tensors, "cond") for function in (true_fn, false_fn))
    first, second = yes.recorded.program, no.recorded.program
    if not trees.same(yes.tree, no.tree) or first.specs != second.specs:
        raise RuntimeError(
            f"cond: true_fn and false_fn must return the same shapes and types, got {first.specs} and {second.specs}."
        )
    op = engine.transform_of(engine.transform.cond, (first, second))
    arguments = tuple(x.current() for x in (pred, *tensors))
    values = engine.record(op, (arguments, *_operands(yes), *_operands(no)))
    return yes.fill(yes.tree, values)


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Any) -> Any:
    """The tensors after body_fn was applied to them for as long as cond_fn of them holds; no gradient passes.

    Args:
        cond_fn: a function of the tensors that gives a tensor of one element.
        body_fn: a function of the tensors that gives as many of the same shapes and types.
        carried_inputs: a tuple of tensors.

    >>> import lamina
    >>> lamina.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (lamina.tensor(0), lamina.ones(2)))
    (tensor(3), tensor([8., 8.]))
    """
    carried = tuple(carried_inputs)
    flat = [x if isinstance(x, Tensor) else creation.tensor(x) for x in trees.leaves(carried)]
    carried = trees.replaced(carried, list(flat))
    test = _called(cond_fn, carried, flat, "while_loop")
    body = _called(body_fn, carried, flat, "while_loop")
    wanted = tuple(x.current().spec for x in flat)
    tree = body.tree if isinstance(body.tree, tuple) else (body.tree,)
    if body.recorded.program.specs != wanted:
        raise RuntimeError(
            f"while_loop: body_fn must return shapes and types like carried_inputs, {wanted}, got "
            f"{body.recorded.program.specs}."
        )
    if test.tree is not TENSOR:
        raise RuntimeError(f"while_loop: cond_fn must return a tensor of one element, got {test.tree}.")
    op = engine.transform_of(
        engine.transform.while_loop, (test.recorded.program, body.recorded.program), differentiable=False
    )
    values = engine.record(op, (tuple(x.current() for x in flat), *_operands(test), *_operands(body)))
    return trees.replaced(tree, [wrap(value) for value in values])
