"""`gradcheck` says yes to what is right, and finds what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina.autograd import gradcheck, gradgradcheck
from lamina.autograd.gradcheck import GradcheckError
from tests.parity import compare, floats

X, Y = floats(1, 2, dtype=np.float64), floats(2, dtype=np.float64, seed=1)
Z = floats(1, dtype=np.float64, seed=2) + 1j * floats(1, dtype=np.float64, seed=3)


def mixed(x, y):
    return (x * y).sin(), (x @ y).exp()


def wrong(t, factor=lambda grad: 1.0, complex_too=False):
    class Wrong(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 + factor(grad)

    return Wrong.apply


@pytest.mark.parametrize("fast_mode", [False, True], ids=["", "fast"])
def test_right_gradients(fast_mode):
    options = {"fast_mode": fast_mode, "check_batched_grad": True, "check_grad_dtypes": True}
    compare(lambda t, x, y: t.autograd.gradcheck(mixed, (x, y), **options), X, Y)
    compare(lambda t, z: t.autograd.gradcheck(lambda z: (z * z.conj(), z.abs()), z, fast_mode=fast_mode), Z)
    compare(lambda t, y: t.autograd.gradgradcheck(lambda y: y.sin() * y, y, fast_mode=fast_mode), Y)


def test_right_derivatives_forward():
    forward = {"check_forward_ad": True, "check_batched_forward_grad": True}
    x, y = (lamina.tensor(array, requires_grad=True) for array in (X, Y))
    assert gradcheck(mixed, (x, y), **forward, check_backward_ad=False)
    assert gradcheck(lambda z: z * z.conj(), lamina.tensor(Z, requires_grad=True), check_forward_ad=True)
    assert gradgradcheck(lamina.exp, y, check_fwd_over_rev=True, gen_non_contig_grad_outputs=True)
    assert gradgradcheck(lamina.exp, y, grad_outputs=lamina.ones(2, dtype=lamina.float64, requires_grad=True))


@pytest.mark.parametrize("fast_mode", [False, True], ids=["", "fast"])
def test_wrong_gradients(fast_mode):
    compare(lambda t, x: t.autograd.gradcheck(wrong(t), x, fast_mode=fast_mode), Y)
    compare(lambda t, x: t.autograd.gradcheck(wrong(t), x, fast_mode=fast_mode, raise_exception=False), Y)
    with pytest.raises(GradcheckError, match="^Jacobian mismatch for output 0 with respect to input 0,\nnumerical:"):
        gradcheck(wrong(lamina), lamina.tensor(Y, requires_grad=True), fast_mode=fast_mode)


def test_a_gradient_that_changes():
    calls = []

    def noise(grad):
        calls.append(1)
        return grad * 1e-7 * len(calls)

    x = lamina.tensor(Y, requires_grad=True)
    with pytest.raises(GradcheckError, match="^Backward is not reentrant, .* The tolerance for nondeterminism was 0.0"):
        gradcheck(wrong(lamina, noise), x)
    assert gradcheck(wrong(lamina, noise), x, nondet_tol=1e-4)


def test_a_gradient_that_is_not_multiplied():
    x = lamina.tensor(Y, requires_grad=True)
    with pytest.raises(GradcheckError, match="^backward not multiplied by grad_output"):
        gradcheck(wrong(lamina, lambda grad: (grad == 0).all().double()), x, fast_mode=True)


def test_results_without_gradients():
    compare(lambda t, x: t.autograd.gradcheck(lambda x: (x > 0).double() * 2, x), Y)
    compare(lambda t, x: t.autograd.gradcheck(lambda x: x.detach() * 2, x), Y)


def test_inputs():
    compare(lambda t, x: t.autograd.gradcheck(lambda x: x, x), Y, grad=False)
    compare(lambda t, x: t.autograd.gradcheck(mixed, x, check_backward_ad=False), Y)
    compare(lambda t, x: t.autograd.gradcheck(mixed, x, check_backward_ad=False, check_batched_grad=True), Y)
    compare(lambda t, x: t.autograd.gradgradcheck(mixed, x, check_rev_over_rev=False), Y)
    with pytest.warns(UserWarning, match="^Input #0 requires gradient and is not a double precision"):
        gradcheck(lambda x: x * 2, lamina.ones(1, requires_grad=True), atol=1e-1, eps=1e-2)
    with pytest.raises(NotImplementedError, match="^gradcheck: sparse inputs are not implemented; check a function of"):
        gradcheck(lambda x: x.to_dense(), lamina.eye(2).to_sparse().requires_grad_())
