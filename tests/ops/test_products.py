"""Products: shapes, types, values, gradients and errors are PyTorch's."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import lamina
from tests.parity import both_errors, compare, floats, integers

SHAPES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((2, 1, 2, 3), (5, 3, 4)), ((0, 3), (3, 2)),
    ((2, 0), (0, 3)), ((5, 0, 3), (5, 3, 2)), ((2, 3, 2, 3), (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_matmul(a, b):
    compare(lambda t, x, y: (x @ y, t.matmul(x, y)), floats(*a), floats(*b, seed=1))


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int64", "int32", "uint8", "complex64"])
def test_types(dtype):
    def number(*shape, seed=0):
        if dtype in ("int64", "int32", "uint8"):
            return integers(*shape, low=0, high=9, dtype=dtype, seed=seed)
        if dtype == "bfloat16":
            return floats(*shape, dtype=lamina.bfloat16.numpy, seed=seed)
        return floats(*shape, seed=seed).astype(dtype)

    x, y, v = number(2, 3), number(3, 4, seed=1), number(3, seed=2)
    compare(lambda t, x, y, v: (x @ y, x.mv(v), v.dot(v), x[None] @ y), x, y, v)
    compare(lambda t, x, y, v: (t.outer(v, v), t.kron(x, y), t.addmm(x[:, :1], x, y)), x, y, v)
    compare(lambda t, x, y: t.einsum("ij,jk->ki", x, y), x, y)


def test_products_of_one_kind():
    x, y, v = floats(2, 3), floats(3, 4), floats(3)
    compare(lambda t, x, y, v: (t.mm(x, y), x.mv(v), v.dot(v), t.vdot(v, v), t.outer(v, x[0]), v.ger(v)), x, y, v)
    compare(lambda t, x, y: (t.bmm(x, y), x.bmm(y)), floats(5, 2, 3), floats(5, 3, 4))
    compare(lambda t, x, y: (t.inner(x, y), t.inner(x[0], y[0]), t.inner(x, y[0, 0])), floats(2, 3), floats(4, 3))
    compare(lambda t, x, y: (t.kron(x, y), t.kron(x[0], y), t.kron(x, y[0, 0])), floats(2, 3), floats(4, 2))
    compare(lambda t, x, y: (t.outer(x, y), t.kron(x, y)), integers(3, low=0), floats(2))
    z = (floats(3) + 1j * floats(3, seed=1)).astype(np.complex64)
    compare(lambda t, z: (t.vdot(z, z * 2j), t.dot(z, z)), z, grad=False)


def test_products_that_are_added():
    x, y, b = floats(2, 3), floats(3, 4), floats(4)
    compare(
        lambda t, b, x, y: (t.addmm(b, x, y), b.addmm(x, y, beta=0.5, alpha=2), t.addmm(b[:1], x, y, beta=0)), b, x, y
    )
    compare(lambda t, b, x, v: (t.addmv(b, x, v), b.addmv(x, v, beta=3, alpha=0.1)), floats(2), x, floats(3))
    compare(lambda t, b, x, v: (t.addr(b, x, v), b.addr(x, v, beta=3, alpha=0.1)), floats(2, 3), floats(2), floats(3))
    compare(
        lambda t, b, x, y: (t.baddbmm(b, x, y), t.baddbmm(b, x, y, alpha=2)),
        floats(2, 4),
        floats(5, 2, 3),
        floats(5, 3, 4),
    )
    compare(
        lambda t, b, x, y: (t.addbmm(b, x, y), t.addbmm(b, x, y, beta=2)),
        floats(2, 4),
        floats(5, 2, 3),
        floats(5, 3, 4),
    )
    compare(lambda t, b, x, y: (b * 1).addmm_(x, y, beta=2), floats(2, 4), x, y)
    compare(lambda t, b, x: t.addmm(b, x, x, beta=0.5, alpha=1.5), integers(2, 2), integers(2, 2))


def test_a_beta_of_zero_forgets_nan():
    assert (
        lamina.addmm(lamina.full((2, 2), math.nan), lamina.ones(2, 2), lamina.ones(2, 2), beta=0).tolist()
        == [[2.0] * 2] * 2
    )


@pytest.mark.parametrize("batch", [(), (2,), (2, 5), (1, 2, 3), (0,)], ids=str)
def test_linear(batch):
    x, w, b = floats(*batch, 3), floats(4, 3), floats(4)
    compare(lambda t, x, w, b: (t.nn.functional.linear(x, w, b), t.nn.functional.linear(x, w)), x, w, b)
    compare(lambda t, x, w: t.nn.functional.linear(x, w[0]), x, w)
    compare(lambda t, x, w, b: t.nn.functional.linear(x, w, b[0]), x, w, b)


def test_linear_names_its_gradients():
    def linear(t, *xs):
        each = ((x, w, b) for w in xs[2:4] for x in xs[:2] for b in (None, xs[4])[: w.dim()])
        return [t.nn.functional.linear(x, w, b).grad_fn.name() for x, w, b in each]

    compare(linear, floats(2, 3), floats(5, 2, 3), floats(4, 3), floats(3), floats(4))


@pytest.mark.parametrize("batch", [(), (2,), (2, 5)], ids=str)
def test_bilinear(batch):
    x, y, w, b = floats(*batch, 3), floats(*batch, 4), floats(5, 3, 4), floats(5)
    compare(lambda t, x, y, w, b: (t.nn.functional.bilinear(x, y, w, b), t.nn.functional.bilinear(x, y, w)), x, y, w, b)


def test_bilinear_says_which_input_is_wrong():
    with pytest.raises(RuntimeError) as caught:
        lamina.nn.functional.bilinear(lamina.ones(2, 7), lamina.ones(2, 4), lamina.ones(5, 3, 4))
    assert str(caught.value) == "bilinear: input1 must be (*, 3) to go with weight (5, 3, 4), got (2, 7)."
    with pytest.raises(RuntimeError) as caught:
        lamina.nn.functional.bilinear(lamina.ones(2, 3), lamina.ones(3, 4), lamina.ones(5, 3, 4))
    assert str(caught.value) == (
        "bilinear: input2 must be (2, 4) to go with input1 (2, 3) and weight (5, 3, 4), got (3, 4)."
    )


def test_tensordot():
    x, y = floats(2, 3, 4), floats(4, 3, 2)
    compare(lambda t, x, y: (t.tensordot(x, y, 1), t.tensordot(x, y, ([1, 2], [1, 0])), t.tensordot(x, y, 0)), x, y)
    compare(lambda t, x, y: (t.tensordot(x, y, dims=([-1], [0])), t.tensordot(x, y.permute(2, 1, 0), 3)), x, y)
    compare(lambda t, x, y: t.tensordot(x, y, 1), floats(2, 1), floats(3, 2))


def test_many_matrices():
    a, b, c, d = floats(2, 30), floats(30, 3), floats(3, 20), floats(20, 4)
    # Sums of thousands of products that cancel: the last digits depend on the processor.
    compare(lambda t, *xs: t.linalg.multi_dot(xs), a, b, c, d, rtol=1e-4, atol=1e-5)
    compare(lambda t, *xs: t.linalg.multi_dot(xs), a[0], b, c, d[:, 0], rtol=1e-4, atol=1e-5)
    assert lamina.chain_matmul(*map(lamina.tensor, (a, b, c))).shape == (2, 20)


def test_bools_have_no_product():
    x = np.ones((2, 2), bool)
    for name in ("mm", "matmul"):
        compare(lambda t, x: getattr(t, name)(x, x), x)  # noqa: B023 (called at once)
    compare(lambda t, x: t.dot(x[0], x[0]), x)


def test_names_of_gradients():
    x, y, v, z = floats(2, 3), floats(3, 4), floats(3), floats(5, 2, 3)
    compare(lambda t, *xs: [(a @ b).grad_fn.name() for a, b in itertools.product(xs, xs) if _fits(a, b)], x, y, v, z)
    compare(lambda t, x, y, v: [f.grad_fn.name() for f in (t.mm(x, y), x.mv(v), v.dot(v), t.outer(v, v),
            t.einsum("i,i", v, v), t.addmm(x[:, :1], x, y), t.linalg.vector_norm(x), t.trace(x),
            t.linalg.cross(x, x))], x, y, v)  # fmt: skip


def _fits(a, b):
    return a.shape[-1] == b.shape[max(0, len(b.shape) - 2)] and len(b.shape) < 3


ERRORS = [
    lambda t, x: x @ x,
    lambda t, x: t.mm(x, x),
    lambda t, x: t.mm(x, x.t().double()),
    lambda t, x: x @ x.t().double(),
    lambda t, x: x[None] @ x.t().double(),
    lambda t, x: t.mv(x, x[:, 0]),
    lambda t, x: t.mv(x, x[0].double()),
    lambda t, x: t.mv(x[0], x[0]),
    lambda t, x: t.bmm(x[None], x[None]),
    lambda t, x: t.bmm(x[None], x.t()[None].double()),
    lambda t, x: t.bmm(x, x[None]),
    lambda t, x: t.dot(x[0], x),
    lambda t, x: t.dot(x[0], x[:, 0]),
    lambda t, x: t.dot(x[0], x[0].double()),
    lambda t, x: t.outer(x, x[0]),
    lambda t, x: t.nn.functional.linear(x, x.t()),
    lambda t, x: t.nn.functional.linear(x[None], x.t()),
    lambda t, x: t.nn.functional.linear(x, x.double()),
    lambda t, x: t.nn.functional.linear(x, x, x[0]),
    lambda t, x: t.nn.functional.linear(x[None], x, x[0]),
    lambda t, x: x[None] @ x[None],
    lambda t, x: t.matmul(x[0, 0], x[0]),
    lambda t, x: x @ x[:, 0],
    lambda t, x: x[:, 0] @ x.t(),
    lambda t, x: t.addmm(x[0], x, x.t()),
    lambda t, x: t.addmm(x[0, :2].double(), x, x.t()),
    lambda t, x: t.addmv(x[0], x, x[0]),
    lambda t, x: t.baddbmm(x[:, :2].double(), x[None], x.t()[None]),
    lambda t, x: t.tensordot(x, x, 2) + t.tensordot(x, x, ([1], [0])),
    lambda t, x: t.inner(x, x.t()),
    lambda t, x: t.inner(x, x.double()),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_are_pytorchs_word_for_word(case):
    expected, actual = both_errors(ERRORS[case], 2, 3)
    assert actual == expected
