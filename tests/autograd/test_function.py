"""Operations with a backward of the user's own, outside and inside transforms."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.parity import compare, floats

X, V = floats(3), floats(3, seed=1)


def power(t):
    """x**n, with a constant, a saved tensor and one that ctx holds."""

    class Power(t.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x, n):
            return x**n

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.n = inputs
            ctx.save_for_backward(x, output, None)

        @staticmethod
        def backward(ctx, grad):
            x, y, nothing = ctx.saved_tensors
            assert nothing is None and y.shape == x.shape
            return grad * ctx.n * x ** (ctx.n - 1), None

    return Power


def turned(t):
    """Two results of which one has no gradient, and complex numbers."""

    class Turned(t.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(z):
            return z * z, z.real > 0, z.imag * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.mark_non_differentiable(output[1])

        @staticmethod
        def backward(ctx, square, sign, imaginary):
            return 2 * ctx.saved_tensors[0].conj() * square + 2j * imaginary

    return Turned


def test_beside_pytorch():
    compare(lambda t, x: power(t).apply(x, 3), X)
    z = floats(3) + 1j * floats(3, seed=1)
    compare(lambda t, z: turned(t).apply(z), z.astype("complex64"))


TRANSFORMS = {
    "grad": lambda t, f, x, v: t.func.grad(lambda x: f(x).sum())(x),
    "grad of grad": lambda t, f, x, v: t.func.grad(lambda x: t.func.grad(lambda y: (f(y) * x).sum())(x).sum())(x),
    "vjp": lambda t, f, x, v: t.func.vjp(f, x)[1](v),
    "jacrev": lambda t, f, x, v: t.func.jacrev(f)(x),
    "vmap": lambda t, f, x, v: t.vmap(f)(x),
    "gradients of each": lambda t, f, x, v: t.vmap(t.func.grad(lambda x: f(x)))(x),
    "beside captured": lambda t, f, x, v: t.func.grad(lambda x: (f(x * v) * v).sum())(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_inside_transforms(transform):
    compare(lambda t, x, v: TRANSFORMS[transform](t, lambda y: power(t).apply(y, 3), x, v), X, V, grad=False)


def test_a_gradient_passes_the_transform():
    def run(t, x, v):
        return t.func.grad(lambda x: (power(t).apply(x, 3) * v).sum())(x)

    compare(run, X, V)


def test_forward_derivatives_are_made_of_backward():
    def run(x):
        return power(lamina).apply(x, 3)

    x, v = lamina.tensor(X), lamina.tensor(V)
    for actual, wanted in zip(
        lamina.func.jvp(run, (x,), (v,)), lamina.func.jvp(lambda x: x**3, (x,), (v,)), strict=True
    ):
        assert lamina.allclose(actual, wanted)


def test_the_gradient_is_the_users():
    class Wrong(lamina.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.scale = x.sum() * 0 + 5
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.scale

    x = lamina.ones(2)
    assert lamina.func.grad(lambda x: Wrong.apply(x).sum())(x).tolist() == [5, 5]
    assert lamina.func.jacfwd(Wrong.apply)(x).tolist() == [[5, 0], [0, 5]]
    y = x.clone().requires_grad_()
    lamina.utils.checkpoint.checkpoint(Wrong.apply, y, use_reentrant=False).sum().backward()
    assert y.grad.tolist() == [5, 5]


def test_once_differentiable():
    def run(t, x, twice):
        class Square(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            @t.autograd.function.once_differentiable
            def backward(ctx, grad):
                return 2 * ctx.saved_tensors[0] * grad

        (g,) = t.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
        return t.autograd.grad(g.sum(), x) if twice else g.detach()

    for twice in (False, True):
        compare(run, X, twice)
    with pytest.raises(RuntimeError, match="^trying to differentiate twice a function that was marked with @once"):
        run(lamina, lamina.tensor(X, requires_grad=True), True)


WRONG = {
    "forward is missing": {},
    "too few gradients": {"forward": lambda ctx, x, y: x * y, "backward": lambda ctx, grad: (grad,)},
    "a gradient of another shape": {"forward": lambda ctx, x, y: x * y, "backward": lambda ctx, grad: (grad[:1], grad)},
    "a list saved": {"forward": lambda ctx, x, y: ctx.save_for_backward([1.0]) or x, "backward": lambda ctx, g: (g, g)},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_errors(wrong):
    def run(t, x, y):
        methods = {name: staticmethod(method) for name, method in WRONG[wrong].items()}
        return type("Wrong", (t.autograd.Function,), methods).apply(x, y)

    compare(run, X, V)


def test_hooks_of_saved_tensors():
    def run(t, x):
        class Square(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, grad):
                return 2 * ctx.saved_tensors[0] * grad

        with t.autograd.graph.saved_tensors_hooks(lambda x: (x.detach() * 2, "packed"), lambda held: held[0] * 10):
            y = Square.apply(x)
        with t.autograd.graph.save_on_cpu():
            z = Square.apply(x)
        return y + z

    compare(run, X)

    def forbidden(t, x):
        with (
            t.autograd.graph.disable_saved_tensors_hooks("not here"),
            t.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x),
        ):
            return x * 2

    compare(forbidden, X)


def test_vjp_is_another_name_of_backward():
    def run(t, x, both):
        class Double(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def vjp(ctx, grad):
                return grad * 2

        class Both(Double):
            @staticmethod
            def backward(ctx, grad):
                return grad * 2

        y = (Both if both else Double).apply(x)
        return t.autograd.grad(y, x, t.ones_like(y))[0]

    compare(run, X, False)
    for t in (torch, lamina):
        with pytest.raises(RuntimeError, match="^Implementing both 'backward' and 'vjp' for a custom Function is not"):
            run(t, t.ones(3, requires_grad=True), True)


def test_old_ways():
    for t in (torch, lamina):
        with pytest.warns(DeprecationWarning, match="should not be instantiated"):
            t.autograd.Function()
        for method in ("jvp", "vmap", "vjp"):
            with pytest.raises(NotImplementedError):
                getattr(t.autograd.Function, method)(None, None)
    with pytest.raises(NotImplementedError, match="^NestedIOFunction is not implemented"):
        lamina.autograd.NestedIOFunction.apply(1)
