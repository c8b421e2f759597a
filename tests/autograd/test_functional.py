"""Derivatives of functions of tensors, beside PyTorch's: results, gradients through them, structure and errors."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, positives

X, Y, V = floats(3), positives(3, seed=1), floats(3, seed=2)


def of(t):
    """`torch.autograd.functional`, or lamina's."""
    return importlib.import_module(f"{t.__name__}.autograd.functional")


def number(x):
    return (x.exp() * x.sum()).sum()


def numbers(x, y):
    return (x**3 * y).sum() + (y.log() * x.sum()).sum()


def two(x, y):
    return x.sin() * y.sum(), (x * y).sum()


@pytest.mark.parametrize("create_graph", [False, True], ids=["", "create_graph"])
def test_products_with_the_jacobian(create_graph):
    options = {"create_graph": create_graph}
    for name in ("vjp", "jvp"):
        compare(lambda t, x, v, name=name: getattr(of(t), name)(lambda x: x.sin() * x.sum(), x, v, **options), X, V)
    compare(lambda t, x, y, v: of(t).vjp(two, (x, y), (v, v.sum()), **options), X, Y, V)
    compare(lambda t, x, y, v: of(t).jvp(two, (x, y), (v, v), **options), X, Y, V)
    compare(lambda t, x: of(t).vjp(number, x, **options), X)
    compare(lambda t, x: of(t).jvp(lambda x: x.exp(), x, **options), floats(1))


@pytest.mark.parametrize("create_graph", [False, True], ids=["", "create_graph"])
def test_jacobian(create_graph):
    def run(f, *arrays, **options):
        compare(
            lambda t, *x: of(t).jacobian(f, x if len(x) > 1 else x[0], create_graph=create_graph, **options), *arrays
        )

    run(lambda x: x.sin() * x.sum(), X)
    run(lambda x: (x.sin(), x.exp().sum()), X)
    run(two, X, Y)
    run(lambda x, y: x * y, X, Y)
    run(lambda x: x[:, None] * x, X, vectorize=True)
    if not create_graph:
        run(lambda x, y: x.exp(), X, Y)
        run(two, X, Y, vectorize=True, strategy="forward-mode")
        run(lambda x: x.sin() * x.sum(), X, vectorize=True, strategy="forward-mode")


def test_hessian():
    compare(lambda t, x: of(t).hessian(number, x), X)
    compare(lambda t, x, y: of(t).hessian(numbers, (x, y), create_graph=True), X, Y)
    compare(lambda t, x: of(t).hessian(number, x, vectorize=True, outer_jacobian_strategy="forward-mode"), X)
    for name in ("hvp", "vhp"):
        compare(lambda t, x, v, name=name: getattr(of(t), name)(number, x, v), X, V, grad=False)
        compare(lambda t, x, y, v, name=name: getattr(of(t), name)(numbers, (x, y), (v, v), create_graph=True), X, Y, V)


def test_the_function_may_look_at_values():
    def run(t, x):
        return of(t).jacobian(lambda x: x**2 if x.sum().item() > 0 else x**3, x)

    compare(run, Y)
    compare(run, -Y)


WRONG = {
    "not a tensor": lambda f, x, y: f.vjp(number, [x]),
    "v is missing": lambda f, x, y: f.vjp(lambda x: x * 2, x),
    "v of another size": lambda f, x, y: f.jvp(number, x, y[:2]),
    "v of another length": lambda f, x, y: f.jvp(numbers, (x, y), (x,)),
    "an output without gradient": lambda f, x, y: f.vjp(lambda x: x.detach(), x, y, strict=True),
    "an input that is not used": lambda f, x, y: f.vjp(lambda x, y: x * 2, (x, y), y, strict=True),
    "the same for a jacobian": lambda f, x, y: f.jacobian(lambda x, y: x * 2, (x, y), strict=True),
    "strict, vectorized": lambda f, x, y: f.jacobian(number, x, strict=True, vectorize=True),
    "an unknown strategy": lambda f, x, y: f.jacobian(number, x, strategy="sideways"),
    "forward, not vectorized": lambda f, x, y: f.jacobian(number, x, strategy="forward-mode"),
    "forward, strict": lambda f, x, y: f.jacobian(number, x, strategy="forward-mode", strict=True),
    "forward, create_graph": lambda f, x, y: f.jacobian(number, x, create_graph=True, strategy="forward-mode"),
    "a hessian of several": lambda f, x, y: f.hessian(lambda x: (x.sum(), x), x),
    "a hessian of a vector": lambda f, x, y: f.hessian(lambda x: x * 2, x),
    "an unknown outer strategy": lambda f, x, y: f.hessian(number, x, outer_jacobian_strategy="sideways"),
    "hvp of a vector": lambda f, x, y: f.hvp(lambda x: x * 2, x, y),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_errors(wrong):
    compare(lambda t, x, y: WRONG[wrong](of(t), x, y), X, Y)


def test_messages():
    from lamina.autograd.functional import vjp

    with pytest.raises(RuntimeError) as caught:
        vjp(lambda x, y: x * 2, (lamina.ones(2), lamina.ones(2)), lamina.ones(2), strict=True)
    assert str(caught.value) == (
        "The output of the user-provided function is independent of input 1. This is not allowed in strict mode."
    )
    with pytest.raises(TypeError) as caught:
        vjp(lambda x: x, [1.0])
    assert str(caught.value) == (
        "The inputs given to vjp must be either a Tensor or a tuple of Tensors but the given inputs has type "
        "<class 'list'>."
    )


def test_gradients_of_a_batch_at_once():
    def run(t, x, units):
        h = x * 2
        return t.autograd.grad(h**3, (x, h), units, retain_graph=True, create_graph=True, is_grads_batched=True)

    compare(run, X, np.eye(3, dtype=np.float32), grad=(True, False))

    def unused(t, x, y):
        return t.autograd.grad((x * 2), (x, y), t.ones(4, 3), is_grads_batched=True, allow_unused=True)

    compare(unused, X, Y)
    with pytest.raises(RuntimeError, match=r"grad_output\[0\] has a shape of .*\[3\]\) and output\[0\]"):
        x = lamina.ones(3, requires_grad=True)
        lamina.autograd.grad(x * 2, x, lamina.ones(3), is_grads_batched=True)
