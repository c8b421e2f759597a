"""Factors and functions of matrices, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

DOUBLE = np.float64
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def well(*shape, seed=0, dtype=DOUBLE):
    """Square matrices that are far from singular."""
    return floats(*shape, seed=seed, dtype=dtype) + 3 * np.eye(shape[-1], dtype=dtype)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (2, 3, 3)])
def test_qr(shape):
    compare(lambda t, x: t.linalg.qr(x), floats(*shape, dtype=DOUBLE))
    compare(lambda t, x: t.linalg.qr(x)[0], floats(*shape), **CLOSE)


def test_qr_modes():
    compare(lambda t, x: (t.linalg.qr(x, "complete"), t.linalg.qr(x, mode="r")), floats(5, 3, dtype=DOUBLE), grad=False)
    compare(lambda t, x: t.linalg.qr(x), floats(3, 5, dtype=DOUBLE), grad=False)
    compare(lambda t, x: t.linalg.qr(x, "full"), floats(5, 3))


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
def test_reflectors(shape):
    compare(lambda t, x: t.geqrf(x), floats(*shape, dtype=DOUBLE), grad=False)


@pytest.mark.parametrize(("shape", "k"), [((4, 4), 4), ((5, 3), 3), ((5, 3), 2), ((2, 4, 3), 3)])
@pytest.mark.parametrize("dtype", [np.float32, DOUBLE])
def test_householder_product(shape, k, dtype):
    """tau may be anything, 0 too: then a reflection is left out."""
    tau = floats(*shape[:-2], k, dtype=dtype, seed=1)
    tau[..., 0] = 0
    compare(
        lambda t, x, tau: t.linalg.householder_product(x, tau), floats(*shape, dtype=dtype), tau, rtol=1e-4, atol=1e-5
    )


def test_householder_product_of_complex_matrices_undoes_geqrf():
    def call(t, x, y):
        a, tau = t.geqrf(t.complex(x, y))
        return t.orgqr(a, tau)

    compare(call, floats(4, 3, dtype=DOUBLE), floats(4, 3, dtype=DOUBLE, seed=1), grad=False)


@pytest.mark.parametrize(("a", "tau"), [((3, 4), (3,)), ((4, 3), (4,)), ((4, 3), (1, 3)), ((3,), (3,))])
def test_householder_product_refuses(a, tau):
    compare(lambda t, x, y: t.linalg.householder_product(x, y), floats(*a), floats(*tau))


def test_householder_product_says_what_is_wrong():
    with pytest.raises(RuntimeError) as caught:
        lamina.linalg.householder_product(lamina.ones(3, 4), lamina.ones(3))
    assert str(caught.value) == (
        "linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1]"
    )


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (2, 3, 4)])
def test_singular_values(shape):
    compare(lambda t, x: t.linalg.svdvals(x), floats(*shape, dtype=DOUBLE))

    def product(t, x):
        u, s, vh = t.linalg.svd(x, full_matrices=False)
        return u.abs(), s, (u * s.unsqueeze(-2)) @ vh

    compare(product, floats(*shape, dtype=DOUBLE))
    compare(lambda t, x: [y.abs() for y in t.linalg.svd(x)][1], floats(*shape, dtype=DOUBLE), grad=False)


def test_inverses():
    compare(lambda t, x: (t.linalg.inv(x), t.inverse(x), x.inverse()), well(2, 3, 3))
    compare(lambda t, x: t.linalg.inv(x), well(3, 3, dtype=np.float32), **CLOSE)
    compare(lambda t, x: (t.linalg.pinv(x), t.pinverse(x), x.pinverse()), floats(5, 3, dtype=DOUBLE))
    compare(lambda t, x: t.linalg.pinv(x @ x.mT), floats(2, 4, 2, dtype=DOUBLE), grad=False, atol=1e-8)


@pytest.mark.parametrize(
    ("a", "b", "left"),
    [((3, 3), (3, 2), True), ((3, 3), (3,), True), ((3, 3), (2, 3), False), ((2, 3, 3), (2, 3), True),
     ((2, 1, 3, 3), (4, 3, 2), True)],
)  # fmt: skip
def test_solve(a, b, left):
    compare(lambda t, a, b: t.linalg.solve(a, b, left=left), well(*a), floats(*b, dtype=DOUBLE))


@pytest.mark.parametrize(("a", "b"), [((3, 2), (3, 2)), ((3, 3), (2, 2)), ((3,), (3,))])
def test_solve_refuses(a, b):
    compare(lambda t, a, b: t.linalg.solve(a, b), floats(*a), floats(*b))


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_matrix_exp(scale):
    """Large ones are halved many times, which costs digits in both."""

    def skew(t, x):
        return t.matrix_exp(x - x.mT)

    compare(skew, floats(2, 4, 4, dtype=DOUBLE, scale=scale), rtol=1e-7, atol=1e-9)
    compare(skew, floats(5, 5, scale=scale), rtol=1e-3, atol=2e-4 * max(1, scale))


def test_matrix_exp_of_other_matrices():
    compare(lambda t, x: (t.linalg.matrix_exp(x), x.matrix_exp()), floats(3, 3, dtype=DOUBLE))
    compare(
        lambda t, x, y: t.matrix_exp(t.complex(x, y)), floats(3, 3, dtype=DOUBLE), floats(3, 3, dtype=DOUBLE, seed=1)
    )
    compare(lambda t, x: t.matrix_exp(x), np.zeros((2, 0, 0), np.float32))
    compare(lambda t, x: t.matrix_exp(x), floats(2, 3))
    compare(lambda t, x: t.matrix_exp(x), np.zeros((2, 2), np.float32))


def test_matrix_exp_can_be_differentiated_twice():
    def call(t, x):
        (first,) = t.autograd.grad(t.matrix_exp(x).sum(), x, create_graph=True)
        return t.autograd.grad((first * first).sum(), x)

    compare(call, floats(3, 3, dtype=DOUBLE), rtol=1e-7)


def test_half_types_are_refused():
    with pytest.raises(RuntimeError, match=r"^linalg.inv: Low precision dtypes not supported. Got Half"):
        lamina.linalg.inv(lamina.ones(2, 2, dtype=lamina.float16))
    compare(lambda t, x: t.linalg.solve(x, x), floats(2, 2).astype(np.float16))
    for name in ("qr", "svd", "eigh", "cholesky", "lu_factor", "slogdet", "pinv", "det"):
        compare(lambda t, x, name=name: getattr(t.linalg, name)(x), floats(2, 2).astype(np.float16))
    # PyTorch's exponential of half floats differs from run to run.
    exponential = lamina.matrix_exp(lamina.tensor(floats(2, 2).astype(np.float16)))
    assert exponential.dtype is lamina.float16
    np.testing.assert_allclose(exponential.numpy(), lamina.matrix_exp(lamina.tensor(floats(2, 2))).numpy(), rtol=1e-2)
    compare(lambda t, x: t.linalg.qr(x), np.ones((2, 2), np.int64))
