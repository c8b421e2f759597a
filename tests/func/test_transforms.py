"""Derivatives of functions and vmap, beside `torch.func`."""

from __future__ import annotations

import pytest

import lamina
from lamina import engine, func
from tests.parity import compare, floats, positives

X, Y = floats(3), floats(3, seed=1)
CASES = {
    "grad": lambda t, x, y: t.func.grad(lambda a, b: (a**3 * b).sum())(x, y),
    "argnums": lambda t, x, y: t.func.grad(lambda a, b: (a**3 * b).sum(), argnums=(1, 0))(x, y),
    "last argument": lambda t, x, y: t.func.grad(lambda a, b: (a**3 * b).sum(), argnums=-1)(x, y),
    "has_aux": lambda t, x, y: t.func.grad(lambda a: ((a * y).sum(), {"n": a * 2}), has_aux=True)(x),
    "grad_and_value": lambda t, x, y: t.func.grad_and_value(lambda a: (a.sin().sum(), [a * 1]), has_aux=True)(x),
    "nested": lambda t, x, y: t.func.grad(lambda a: (t.func.grad(lambda b: (b**3 * a).sum())(a) * y).sum())(x),
    "trees": lambda t, x, y: t.func.grad(lambda p: (p["w"] * p["b"][0]).sum())({"w": x, "b": [y]}),
    "keyword": lambda t, x, y: t.func.grad(lambda a, scale=1: (a * scale).sum())(x, scale=3),
    "closure": lambda t, x, y: t.func.grad(lambda a: (a.exp() * y).sum())(x),
    "no_grad": lambda t, x, y: t.func.grad(lambda a: (a * a.detach()).sum())(x),
    "in place": lambda t, x, y: t.func.grad(lambda a: (a * 2).mul_(a).sum())(x),
    "made inside": lambda t, x, y: t.func.grad(lambda a: t.zeros(3).add_(a * a).sum())(x),
    "values": lambda t, x, y: t.func.grad(lambda a: a.sum() if a.sum() > 100 else (a * a).sum())(x),
    "vjp": lambda t, x, y: t.func.vjp(lambda a, b: {"p": a * b, "q": a.sum()}, x, y)[1]({"p": y, "q": y[0]}),
    "vjp aux": lambda t, x, y: t.func.vjp(lambda a: (a * y, a.sin()), x, has_aux=True)[::2],
    "jvp": lambda t, x, y: t.func.jvp(lambda a: (a.sin(), a * 3), (x,), (y,)),
    "jvp aux": lambda t, x, y: t.func.jvp(lambda a: (a.sin(), a * 3), (x,), (y,), has_aux=True),
    "jacrev": lambda t, x, y: t.func.jacrev(lambda a, b: (a * b.sum(), a.sum()), argnums=(0, 1))(x, y),
    "jacrev chunks": lambda t, x, y: t.func.jacrev(lambda a: a**2 * y, chunk_size=2)(x),
    "jacfwd": lambda t, x, y: t.func.jacfwd(lambda a: {"s": a * y.sum(), "t": a.outer(y)})(x),
    "hessian": lambda t, x, y: t.func.hessian(lambda a: (a**3 * y).sum() + a.prod())(x),
    "hessian of two": lambda t, x, y: t.func.hessian(lambda a, b: (a**2 * b).sum(), argnums=(0, 1))(x, y),
    "vector": lambda t, x, y: t.func.jvp(t.func.grad(lambda a: (a**3).sum()), (x,), (y,))[1],
    "reverse over forward": lambda t, x, y: t.func.grad(lambda a: t.func.jvp(t.sin, (a,), (y,))[1].sum())(x),
}
CONSTANT = {"last argument", "keyword", "no_grad", "None out", "unused"}
"""Their results do not depend on some input. PyTorch then says so; lamina gives that input a gradient of zeros."""

MISTAKES = {
    "not a scalar": lambda t, x, y: t.func.grad(lambda a: a)(x),
    "not a tensor": lambda t, x, y: t.func.grad(lambda a: 1.0)(x),
    "no such argument": lambda t, x, y: t.func.grad(lambda a: a.sum(), argnums=2)(x),
    "twice": lambda t, x, y: t.func.grad(lambda a, b: a.sum(), argnums=(0, 0))(x, y),
    "no aux": lambda t, x, y: t.func.grad(lambda a: a.sum(), has_aux=True)(x),
    "whole numbers": lambda t, x, y: t.func.grad(lambda a: a.sum())(x.long()),
    "cotangents": lambda t, x, y: t.func.vjp(lambda a: (a, a), x)[1](y),
    "tangents": lambda t, x, y: t.func.jvp(lambda a: a, (x,), (y, y)),
    "no tuple": lambda t, x, y: t.func.jvp(lambda a: a, x, y),
    "chunks of none": lambda t, x, y: t.func.jacrev(lambda a: a, chunk_size=0),
}
BATCHES = {
    "plain": lambda t, x, y: t.vmap(t.dot)(x, y),
    "in_dims": lambda t, x, y: t.vmap(lambda a, b: a * b, in_dims=(1, None))(x, y[:, 0]),
    "negative": lambda t, x, y: t.vmap(lambda a: a.sum(), in_dims=-1)(x),
    "out_dims": lambda t, x, y: t.vmap(lambda a, b: (a, a.outer(b)), out_dims=(1, 2))(x, y),
    "last": lambda t, x, y: t.vmap(lambda a, b: a.outer(b), out_dims=-1)(x, y),
    "None out": lambda t, x, y: t.vmap(lambda a: (a, y.sum()), out_dims=(0, None))(x),
    "trees": lambda t, x, y: t.vmap(lambda d: {"s": d["a"] + d["b"][0]})({"a": x, "b": (y,)}),
    "tree dims": lambda t, x, y: t.vmap(lambda d, c: d["a"] * c, in_dims=({"a": 0}, None))({"a": x}, 2.0),
    "nested": lambda t, x, y: t.vmap(lambda a: t.vmap(lambda b: t.dot(a, b))(y))(x),
    "unused": lambda t, x, y: t.vmap(lambda a: y.sum())(x),
    "chunks": lambda t, x, y: t.vmap(lambda a, b: a.outer(b), out_dims=1, chunk_size=3)(x, y),
    "per-sample": lambda t, x, y: t.vmap(t.func.grad(lambda a, b: (a * b).sin().sum()), (None, 0))(x[0], y),
    "jacobians": lambda t, x, y: t.vmap(t.func.jacrev(lambda a: a.sin() * a.sum()))(x),
    "grad of it": lambda t, x, y: t.func.grad(lambda a: t.vmap(lambda b: (b**2).sum())(a).sum())(x),
    "shapes": lambda t, x, y: t.vmap(lambda a: a.reshape(1, -1).expand(2, 3)[:, 1:].mT)(x),
    "in place": lambda t, x, y: t.vmap(lambda a, b: (a * 1).add_(b).clamp_(min=0))(x, y),
    "pulled": lambda t, x, y: t.vmap(t.func.vjp(t.sin, x[0])[1])(y)[0],
}
WRONG_BATCHES = {
    "sizes": lambda t, x, y: t.vmap(t.dot)(x, y[:2]),
    "nothing": lambda t, x, y: t.vmap(lambda: 1)(),
    "no tensor": lambda t, x, y: t.vmap(lambda a, b: a)(x, 2),
    "no dim": lambda t, x, y: t.vmap(lambda a: a, in_dims=2)(x),
    "no batch": lambda t, x, y: t.vmap(lambda a: a, in_dims=None)(x),
    "structure": lambda t, x, y: t.vmap(lambda a: a, in_dims=(0, 0))(x),
    "out structure": lambda t, x, y: t.vmap(lambda a: a, out_dims=(0, 0))(x),
    "number out": lambda t, x, y: t.vmap(lambda a: 1.0)(x),
    "randomness": lambda t, x, y: t.vmap(lambda a: a, randomness="some")(x),
    "chunk": lambda t, x, y: t.vmap(lambda a: a, chunk_size=0)(x),
    "random": lambda t, x, y: t.vmap(lambda a: t.nn.functional.dropout(a))(x),
    "item": lambda t, x, y: t.vmap(lambda a: a * a.sum().item())(x),
    "branch": lambda t, x, y: t.vmap(lambda a: a if a.sum() > 0 else -a)(x),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    compare(CASES[name], X, Y, grad=name not in CONSTANT, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    compare(MISTAKES[name], X, Y, grad=False)


@pytest.mark.parametrize("name", BATCHES)
def test_vmap(name):
    compare(BATCHES[name], floats(5, 3), floats(5, 3, seed=1), grad=name not in CONSTANT, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", WRONG_BATCHES)
def test_wrong_batches(name):
    compare(WRONG_BATCHES[name], floats(5, 3), floats(5, 3, seed=1), grad=False)


def test_operations_with_a_derivative_backwards_only():
    def pushed(t, x, v):
        return t.func.jvp(lambda a: t.nn.functional.local_response_norm(a, 2), (x,), (v,))

    compare(pushed, positives(1, 3, 4), floats(1, 3, 4), rtol=1e-4, atol=1e-5)


def convolutional(t):
    return t.nn.Sequential(t.nn.Conv2d(1, 2, 3), t.nn.ReLU(), t.nn.MaxPool2d(2), t.nn.Flatten(), t.nn.Linear(8, 3))


def test_per_sample_gradients_of_a_convolutional_net():
    def run(t, x, weight, bias, head, shift):
        net = convolutional(t)
        params = dict(zip(dict(net.named_parameters()), (weight, bias, head, shift), strict=True))

        def loss(params, sample):
            logits = t.func.functional_call(net, params, (sample[None],))
            return t.nn.functional.cross_entropy(logits, t.zeros(1, dtype=t.int64))

        return t.vmap(t.func.grad(loss), in_dims=(None, 0))(params, x)

    arrays = (floats(5, 1, 6, 6), floats(2, 1, 3, 3), floats(2), floats(3, 8), floats(3, seed=2))
    compare(run, *arrays, grad=False, rtol=1e-4, atol=1e-5)


def test_learning_to_learn():
    def run(t, weight, x, y):
        def loss(w, x, y):
            return ((x @ w - y) ** 2).mean()

        def after(w, x, y):
            return loss(w - 0.1 * t.func.grad(loss)(w, x, y), x, y)

        total = t.vmap(after, in_dims=(None, 0, 0))(weight, x, y).mean()
        (gradient,) = t.autograd.grad(total, weight, create_graph=True)
        return total, gradient

    compare(run, floats(3), floats(4, 5, 3), floats(4, 5), rtol=1e-4, atol=1e-5)


def test_stacked_modules():
    def run(t, x):
        nets = [t.nn.Linear(3, 2) for _ in range(4)]
        for i, net in enumerate(nets):
            t.nn.init.constant_(net.weight, i + 1.0)
            t.nn.init.zeros_(net.bias)
        params, buffers = t.func.stack_module_state(nets)
        call = lambda p, b, x: t.func.functional_call(nets[0], (p, b), (x,))  # noqa: E731
        return t.vmap(call, in_dims=(0, 0, None))(params, buffers, x), list(params), params["weight"].is_leaf

    compare(run, floats(2, 3))


def test_batch_norm_without_statistics():
    def run(t, x):
        net = t.nn.Sequential(t.nn.BatchNorm1d(3), t.nn.Linear(3, 2))
        t.nn.init.ones_(net[1].weight)
        t.nn.init.zeros_(net[1].bias)
        t.func.replace_all_batch_norm_modules_(net)
        return net(x), list(net.state_dict())

    compare(run, floats(4, 3), rtol=1e-4, atol=1e-5)


def test_a_transform_compiles_once():
    net = lamina.nn.Linear(3, 1)
    params = dict(net.named_parameters())

    def step(x):
        loss = lambda p, x: (lamina.func.functional_call(net, p, (x,)) ** 2).mean()  # noqa: E731
        return lamina.vmap(func.grad(loss), in_dims=(None, 0))(params, x)["weight"].sum().item()

    first = step(lamina.ones(5, 3))
    count = engine.compilations()
    for _ in range(3):
        assert step(lamina.ones(5, 3)) == first
    assert engine.compilations() == count


def test_a_transform_stays_within_one_program():
    x = lamina.ones(3, requires_grad=True)
    lamina.synchronize()
    y = func.grad(lambda a: (a * x * 2).sum())(x * 3)
    y.sum().backward()
    assert engine.state.trace.values
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_random_numbers_by_element():
    drop = lamina.nn.Dropout(0.5)
    lamina.manual_seed(1)
    rows = lamina.vmap(drop, randomness="different")(lamina.ones(4, 30)).tolist()
    assert len({tuple(row) for row in rows}) == 4
    rows = lamina.vmap(drop, randomness="same")(lamina.ones(4, 30)).tolist()
    assert len({tuple(row) for row in rows}) == 1
    inner = lambda a: lamina.vmap(drop, randomness="different")(a)  # noqa: E731
    rows = lamina.vmap(inner, randomness="different")(lamina.ones(3, 3, 30)).reshape(9, 30).tolist()
    assert len({tuple(row) for row in rows}) == 9


def test_a_tensor_that_escapes_says_so():
    kept = []
    func.grad(lambda a: kept.append(a * 2) or a.sum())(lamina.ones(2))
    with pytest.raises(RuntimeError, match="Return it from the function instead"):
        kept[0].tolist()


def test_writing_to_a_tensor_from_outside():
    total = lamina.zeros(2)
    with pytest.raises(RuntimeError) as caught:
        func.grad(lambda a: total.add_(a).sum())(lamina.ones(2))
    assert str(caught.value) == (
        "grad: the function writes in place to a tensor that it was not given. Pass that tensor as an argument, or "
        "compute a new one."
    )
    assert total.tolist() == [0.0, 0.0]


def test_backward_inside():
    with pytest.raises(RuntimeError, match=r"attempting to call Tensor.backward\(\) inside"):
        func.grad(lambda a: a.sum().backward())(lamina.ones(2))


def test_linearize():
    y, forward = func.linearize(lamina.sin, lamina.zeros(2))
    assert y.tolist() == [0.0, 0.0]
    assert forward(lamina.tensor([1.0, 3.0])).tolist() == [1.0, 3.0]


def test_functionalize():
    assert func.functionalize(lamina.sin) is lamina.sin
    with pytest.raises(RuntimeError, match="Valid options"):
        func.functionalize(lamina.sin, remove="all")
