"""Triangular and least squares systems, tensors, powers and ranks beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import compare, floats

DOUBLE = np.float64


def well(*shape, seed=0):
    """Square matrices that are far from singular."""
    return floats(*shape, seed=seed, dtype=DOUBLE) + 3 * np.eye(shape[-1])


def wild(*shape, seed=0):
    """The same, complex."""
    return well(*shape, seed=seed) + 1j * floats(*shape, seed=seed + 30, dtype=DOUBLE)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_solve_triangular(upper, left):
    for unit in (True, False):
        compare(
            lambda t, A, B, unit=unit: t.linalg.solve_triangular(A, B, upper=upper, left=left, unitriangular=unit),
            wild(3, 3), wild(2, 3, 3),
        )  # fmt: skip


@pytest.mark.parametrize("driver", [None, "gels", "gelsd", "gelss", "gelsy"])
@pytest.mark.parametrize("shape", [(2, 5, 3), (3, 4)])
def test_lstsq(driver, shape):
    A, B = floats(*shape, dtype=DOUBLE), floats(*shape[:-1], 2, dtype=DOUBLE, seed=2)
    compare(lambda t, A, B: t.linalg.lstsq(A, B, driver=driver), A, B, grad=False, rtol=1e-8, atol=1e-10)
    compare(lambda t, A, B: t.linalg.lstsq(A, B, driver=driver).solution, A, B, rtol=1e-8, atol=1e-10)


def test_pseudoinverse_and_rank():
    A = floats(2, 4, 2, dtype=DOUBLE) @ floats(2, 2, 3, dtype=DOUBLE)
    tolerance = np.array([0.1, 3.0])
    compare(lambda t, A, x: (t.linalg.matrix_rank(A), t.linalg.matrix_rank(A, 1.0), t.linalg.matrix_rank(A, atol=x)),
            A, tolerance, grad=False)  # fmt: skip
    compare(lambda t, A: (t.linalg.matrix_rank(A @ A.mT, hermitian=True), t.linalg.matrix_rank(A, rtol=0.9)), A,
            grad=False)  # fmt: skip
    compare(lambda t, A, x: (t.linalg.pinv(A, rtol=0.5), t.linalg.pinv(A, atol=x), t.linalg.pinv(A, 0.1)), A, tolerance,
            grad=False)  # fmt: skip


def test_of_hermitian_matrices_the_lower_triangle_is_read():
    A, tolerance = floats(2, 3, 3, dtype=DOUBLE), np.array([0.1, 0.5])

    def run(t, A, x):
        named = {"hermitian": True, "atol": x}
        return t.linalg.pinv(A, hermitian=True), t.linalg.pinv(A, **named), t.linalg.matrix_rank(A, **named)

    compare(run, A, tolerance, grad=False, rtol=1e-6, atol=1e-8)
    compare(lambda t, A: t.linalg.pinv(A + A.mT, hermitian=True), A, rtol=1e-6, atol=1e-8)


def test_tensors_and_powers():
    compare(
        lambda t, A: (t.linalg.tensorinv(A), t.linalg.tensorinv(A.reshape(6, 2, 3), ind=1)),
        floats(2, 3, 6, dtype=DOUBLE),
    )
    compare(lambda t, A, B: t.linalg.tensorsolve(A, B), floats(2, 3, 6, dtype=DOUBLE), floats(2, 3, dtype=DOUBLE))
    compare(
        lambda t, A, B: t.linalg.tensorsolve(A, B, dims=(1,)), floats(2, 6, 3, dtype=DOUBLE), floats(2, 3, dtype=DOUBLE)
    )
    compare(lambda t, x: (t.linalg.vander(x), t.linalg.vander(x, N=5)), floats(2, 3, dtype=DOUBLE))
    compare(lambda t, x: (t.vander(x), t.vander(x, 2, increasing=True), t.vander(x, 1)), np.arange(4))


REFUSED = [
    lambda t, x: t.linalg.cholesky(x[:2]), lambda t, x: t.linalg.det(x[:2]), lambda t, x: t.linalg.eigh(x, "Z"),
    lambda t, x: t.linalg.cond(x, 5), lambda t, x: t.linalg.matrix_power(x, 1.5),
    lambda t, x: t.linalg.solve_triangular(x, x[:2], upper=True), lambda t, x: t.cholesky_solve(x[:2], x),
    lambda t, x: t.linalg.lu_solve(x, x.long()[0], x), lambda t, x: t.linalg.tensorinv(x, ind=0),
    lambda t, x: t.linalg.lstsq(x, x, driver="q"), lambda t, x: t.linalg.vander(x, N=0), lambda t, x: t.vander(x),
    lambda t, x: t.ormqr(x, x[0], x[:2]), lambda t, x: t.linalg.svd(x, driver="gesvd"),
    lambda t, x: t.lstsq(x, x), lambda t, x: t.eig(x), lambda t, x: t.symeig(x), lambda t, x: t.matrix_rank(x),
    lambda t, x: x.eig(), lambda t, x: t.triangular_solve(x[0], x), lambda t, x: t.linalg.det(x.half()),
]  # fmt: skip


@pytest.mark.parametrize("call", REFUSED)
def test_refuses(call):
    compare(call, floats(3, 3), grad=False)
