"""Special functions beside PyTorch's, in float64 to ten digits, and in float32."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, integers, positives

POINTS = np.concatenate(
    [np.linspace(-12, 12, 61), [1e-6, -1e-6, 0.5, 1, 2, 5, 5.5, 30, 60, 110, 200, np.inf, -np.inf, np.nan]]
)


def check(call, *inputs, rtol=1e-10, grad=False):
    def cast(dtype):
        return [x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in inputs]

    compare(call, *cast(np.float64), grad=grad, rtol=rtol, atol=1e-13)
    compare(call, *cast(np.float32), grad=grad, rtol=3e-4, atol=1e-5)


@pytest.mark.parametrize(
    "name",
    ["entr", "erfcx", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "ndtri", "gammaln", "psi", "expit"],
)
def test_one_argument(name):
    check(lambda t, x: getattr(t.special, name)(x), POINTS)
    inside = positives(9, low=0.05, high=0.95, dtype=np.float64)
    check(lambda t, x: getattr(t.special, name)(x), inside, grad=True, rtol=1e-8)
    compare(lambda t, x: getattr(t.special, name)(x).grad_fn.name(), inside)
    compare(lambda t, x: getattr(t.special, name)(x), integers(4, low=0, high=2))


def test_gradients_far_out():
    x = np.array([-30.0, -6.0, -1.5, 0.0, 2.5, 12.0])
    compare(lambda t, x: (t.special.erfcx(x[1:]), t.special.log_ndtr(x), t.special.i1(x), t.special.i1e(x)), x)
    compare(lambda t, x: t.special.entr(x), np.array([-1.0, 0.0, 0.5]))


@pytest.mark.parametrize("name", ["erfcx", "log_ndtr", "ndtri", "digamma", "gammaln", "i0", "i1", "i1e"])
def test_half_types_are_computed_in_float32(name):
    """PyTorch has some of them: here they are those of float32, rounded."""
    points = [0.25, 0.5] if name == "ndtri" else [-8.75, -5.75, -2.75, -1.5, 0.5, 3.0, 8.0]
    for dtype in (lamina.float16, lamina.bfloat16):
        x = lamina.tensor(points, dtype=dtype, requires_grad=True)
        wide = lamina.tensor(points, requires_grad=True)
        found, expected = (getattr(lamina.special, name)(y) for y in (x, wide))
        found[-1].backward()
        expected[-1].backward()
        assert found.dtype is dtype
        assert found.tolist() == expected.to(dtype).tolist()
        # The gradient by float32 is made from the result before it is rounded, so the last bit may differ.
        info = lamina.finfo(dtype)
        assert x.grad.tolist() == pytest.approx(wide.grad.tolist(), rel=info.eps, abs=info.eps * info.tiny)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "xlog1py"])
def test_two_arguments(name):
    a = np.array([0, 0.1, 0.5, 1, 2, 10, 50, np.inf, -1])[:, None]
    b = np.array([0, 0.1, 1, 3, 20, 100, np.inf, -1.0])
    check(lambda t, a, b: getattr(t.special, name)(a, b), a, b, rtol=1e-9)
    compare(
        lambda t, a, b: getattr(t.special, name)(a.detach(), b),
        positives(5, dtype=np.float64),
        positives(5, seed=1, dtype=np.float64),
    )


def test_zeta():
    x = np.array([0, 0.5, 1, 2, 3, 10.5, -1])[:, None]
    q = np.array([0, 0.1, 1, 3, 20, -1.0, -2.5])
    check(lambda t, x, q: t.special.zeta(x, q), x, q, rtol=1e-9)
    compare(lambda t, q: (t.special.zeta(3.0, q), t.special.zeta(2, q)), positives(5, dtype=np.float64))
    x = lamina.tensor([2.0], requires_grad=True)
    lamina.special.zeta(x, 1.0).backward()
    assert lamina.isnan(x.grad).all(), "PyTorch raises: the derivative is not known"


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_polygamma(n):
    check(lambda t, x: (t.polygamma(n, x), x.polygamma(n), t.special.polygamma(n, x)), POINTS[:70], rtol=1e-9)
    compare(lambda t, x: t.polygamma(n, x), positives(5, dtype=np.float64) - 1)


def test_forms():
    x, y = positives(4, dtype=np.float64, low=2.0, high=4.0), positives(4, dtype=np.float64, seed=1)
    compare(lambda t, x, y: (t.igamma(x.detach(), y), x.detach().igammac(y), t.igammac(x.detach(), y)), x, y)
    compare(lambda t, x: (t.mvlgamma(x, 3), x.mvlgamma(2), t.special.multigammaln(x, 1)), x)
    compare(lambda t, x: (x.clone().polygamma_(1), x.clone().mvlgamma_(2)), x, grad=False)
    compare(lambda t, x, y: (x.clone().igamma_(y), x.clone().igammac_(y)), x, y, grad=False)
    compare(lambda t, x: t.mvlgamma(x, 0), x)
    compare(lambda t, x: t.polygamma(-1, x), x)
    compare(lambda t, x: t.special.erfcx(x + 0j), x)


def test_says_what_is_wrong():
    with pytest.raises(RuntimeError, match=r"^mvlgamma: p has to be greater than or equal to 1$"):
        lamina.mvlgamma(lamina.ones(2), 0)
