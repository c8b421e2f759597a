"""Products and norms: shapes, types, values, gradients and errors are PyTorch's."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

import lamina
from tests.parity import compare, floats, integers

# --- products ---------------------------------------------------------------------------------------------------------

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


EQUATIONS = {
    "i,i": [(3,), (3,)], "ij,jk": [(2, 3), (3, 4)], "ij,jk->ik": [(2, 3), (3, 4)], "ij , jk -> ki": [(2, 3), (3, 4)],
    "bij,bjk->bik": [(5, 2, 3), (5, 3, 4)], "ii->i": [(3, 3)], "ii": [(3, 3)], "ij->": [(2, 3)], "bA": [(2, 3)],
    "Ab,bC": [(2, 3), (3, 4)], "...ij->...ji": [(5, 2, 3)], "i...,...": [(2, 3), (3,)],
    "...ij,...jk": [(5, 2, 3), (3, 4)],
    "ij->...": [(2, 3)], "...j->j": [(2, 3)], "ij,jk,kl->il": [(2, 3), (3, 4), (4, 5)], "i,j->ij": [(2,), (3,)],
    "bn,anm,bm->ba": [(2, 3), (5, 3, 4), (2, 4)], "ij,jk->i": [(2, 1), (3, 4)], "iij,j->i": [(2, 2, 3), (3,)],
    ",i->i": [(), (3,)], "b...d,b...d->b...": [(2, 3, 4), (2, 1, 4)],
}  # fmt: skip


@pytest.mark.parametrize("equation", EQUATIONS, ids=str)
def test_einsum(equation):
    arrays = [floats(*shape, seed=place) for place, shape in enumerate(EQUATIONS[equation])]
    compare(lambda t, *xs: t.einsum(equation, *xs), *arrays)


def test_einsum_in_other_forms():
    x, y = floats(2, 3), floats(3, 4)
    compare(
        lambda t, x, y: (t.einsum("ij,jk", [x, y]), t.einsum(x, [0, 1], y, [1, 2], [0, 2]), t.einsum(x, [0, 1])), x, y
    )
    compare(lambda t, x: (t.einsum("i->", x), t.einsum("i,i", x, x)), integers(3, dtype=np.int32))


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


def test_cross_and_trace():
    x, y = floats(2, 3), floats(2, 3, seed=1)
    compare(lambda t, x, y: (t.cross(x, y, dim=1), t.linalg.cross(x, y), t.linalg.cross(x[:1], y)), x, y)
    compare(lambda t, x, y: (t.cross(x, y, dim=0), x.trace(), x.cross(y, 1)), floats(3, 3), floats(3, 3, seed=1))
    compare(lambda t, x: (x.trace(), x[:, :2].trace()), integers(2, 3, dtype=np.int32))


@pytest.mark.parametrize("p", [2.0, 1.0, 0.0, math.inf, 3.0])
def test_cdist(p):
    compare(lambda t, x, y: t.cdist(x, y, p), floats(3, 4), floats(2, 4), atol=1e-5)
    compare(lambda t, x, y: t.cdist(x, y, p), floats(2, 1, 3, 4), floats(5, 2, 4), atol=1e-5)


# --- norms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [2, 1, 0, 3, 0.5, -1, math.inf, -math.inf])
def test_vector_norm(order):
    for x in (floats(3, 4), np.zeros((3, 4), np.float32), np.array([[1, -1], [0, 1]], np.float32)):
        if order == -1 and not x.all():
            continue
        compare(
            lambda t, x: (t.linalg.vector_norm(x, order), t.linalg.vector_norm(x, order, 1, True)), x, grad=order != 0
        )
    compare(lambda t, x: t.linalg.vector_norm(x, order, (0, -1)), floats(2, 3, 4), grad=order != 0)
    compare(lambda t, x: t.linalg.vector_norm(x, order, 0), floats(2, 0), grad=order != 0)


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_matrix_norm(order):
    compare(lambda t, x: t.linalg.matrix_norm(x, order), floats(2, 3, 4), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.linalg.matrix_norm(x, order, (0, 2), True), floats(2, 3, 4), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.linalg.norm(x, order), floats(3, 4), rtol=1e-4, atol=1e-5)


def test_norm_chooses():
    compare(
        lambda t, x: (t.linalg.norm(x), t.linalg.norm(x, dim=1), t.linalg.norm(x, 1, 0), t.linalg.norm(x, dim=(0, 1))),
        floats(2, 3, 4),
    )
    compare(lambda t, x: (t.linalg.norm(x[0], 3), t.linalg.norm(x, keepdim=True)), floats(2, 3))
    compare(lambda t, x: t.linalg.vector_norm(x, dtype=t.float64), floats(2, 3))
    compare(lambda t, x: t.linalg.vector_norm(x), floats(2, 3, dtype=np.float16))


# --- errors -----------------------------------------------------------------------------------------------------------

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
    lambda t, x: t.einsum("ij,jk->ik", x, x),
    lambda t, x: t.einsum("ij,jk->ik", x),
    lambda t, x: t.einsum("ijk->ik", x),
    lambda t, x: t.einsum("ij->ik", x),
    lambda t, x: t.einsum("ij->ii", x),
    lambda t, x: t.einsum("ij,kj->ik", x, x.double()),
    lambda t, x: t.einsum("ii", x),
    lambda t, x: t.einsum("ij", x, x),
    lambda t, x: t.einsum("i1->i", x),
    lambda t, x: t.tensordot(x, x, 2) + t.tensordot(x, x, ([1], [0])),
    lambda t, x: t.inner(x, x.t()),
    lambda t, x: t.inner(x, x.double()),
    lambda t, x: t.trace(x[0]),
    lambda t, x: t.cross(x, x[:, :2], dim=1),
    lambda t, x: t.cross(x[:, :2], x[:, :2]),
    lambda t, x: t.linalg.cross(x[0], x),
    lambda t, x: t.linalg.vector_norm(x.long()),
    lambda t, x: t.linalg.matrix_norm(x[0]),
    lambda t, x: t.linalg.matrix_norm(x, 3),
    lambda t, x: t.linalg.matrix_norm(x, 2, (0, 0)),
    lambda t, x: t.linalg.norm(x[None], 2),
    lambda t, x: t.linalg.vector_norm(x[:0], math.inf),
    lambda t, x: t.linalg.vector_norm(x.double(), dtype=t.float32),
    lambda t, x: t.cdist(x, x.t()),
    lambda t, x: t.cdist(x[0], x),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_are_pytorchs_word_for_word(case):
    caught = []
    for t in (torch, lamina):
        with pytest.raises((RuntimeError, IndexError, ValueError, TypeError)) as error:
            ERRORS[case](t, t.ones(2, 3))
        caught.append((error.type, str(error.value)))
    assert caught[1] == caught[0]


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
