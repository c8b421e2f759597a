"""LU factors, what they solve, and singular matrices, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

DOUBLE = np.float64


def well(*shape, seed=0):
    """Square matrices that are far from singular."""
    return floats(*shape, seed=seed, dtype=DOUBLE) + 3 * np.eye(shape[-1])


def wild(*shape, seed=0):
    """The same, complex."""
    return well(*shape, seed=seed) + 1j * floats(*shape, seed=seed + 30, dtype=DOUBLE)


@pytest.mark.parametrize("A", [well(2, 3, 3), wild(3, 3)])
def test_square(A):
    compare(lambda t, A: (t.linalg.lu_factor(A)[0], t.linalg.det(A), t.slogdet(A), t.logdet(A @ A.mH)), A)
    compare(lambda t, A: t.linalg.matrix_power(A, 5) + A.matrix_power(-2) + t.matrix_power(A, 0), A)
    compare(lambda t, A: [t.linalg.cond(A, p) for p in (None, 2, -2)], A, rtol=1e-7)
    # PyTorch has no gradient of the others: it writes over what that needs.
    compare(lambda t, A: [t.linalg.cond(A, p) for p in (1, "fro", np.inf)], A, grad=False)
    compare(lambda t, A: (t.linalg.inv_ex(A), t.linalg.solve_ex(A, A), t.linalg.lu_factor_ex(A)), A)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 3), (3, 4)])
def test_lu(shape):
    x = floats(*shape, dtype=DOUBLE)
    compare(lambda t, x: t.linalg.lu(x), x)
    compare(lambda t, x: t.lu_unpack(*t.linalg.lu_factor(x)), x)
    compare(lambda t, x: (t.lu(x), t.lu(x, get_infos=True), [*x.lu(get_infos=True)]), x, grad=False)


def test_lu_unpack_parts():
    compare(lambda t, x: t.lu_unpack(*t.linalg.lu_factor(x), unpack_data=False), floats(3, 3), grad=False)
    compare(lambda t, x: t.lu_unpack(*t.linalg.lu_factor(x), unpack_pivots=False), floats(3, 3))
    compare(lambda t, x: t.linalg.lu(x, pivot=False), floats(3, 3))


@pytest.mark.parametrize("A", [well(2, 3, 3), wild(2, 3, 3)])
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_lu_solve(A, left, adjoint):
    B = A[:, :, :2] if left else A[:, :2]
    compare(lambda t, A, B: t.linalg.lu_solve(*t.linalg.lu_factor(A), B, left=left, adjoint=adjoint), A, B + 1)


def test_root_solve():
    compare(lambda t, A, B: t.lu_solve(B, *t.linalg.lu_factor(A)), well(3, 3), floats(3, 2, dtype=DOUBLE))
    compare(lambda t, A, B: B.triangular_solve(A, transpose=True), well(3, 3), floats(3, 2, dtype=DOUBLE))


def test_singular():
    """PyTorch reads the values and raises; here infinities or nan say so, and `info`, which may be checked."""
    zero = np.zeros((2, 2))
    compare(
        lambda t, A: (t.linalg.det(A), t.slogdet(A), t.linalg.inv_ex(A).info, t.linalg.cond(A, 1)), zero, grad=False
    )
    assert not lamina.isfinite(lamina.linalg.inv(lamina.zeros(2, 2))).all()
    with pytest.raises(lamina.linalg.LinAlgError) as caught:
        lamina.linalg.inv_ex(lamina.zeros(2, 2), check_errors=True)
    assert str(caught.value) == "linalg.inv_ex: A must not be singular, got info 1."
    compare(lambda t, A: t.linalg.cholesky_ex(A, check_errors=True), -np.eye(2))


def test_older_names():
    x = floats(4, 3, dtype=DOUBLE)

    def call(t, x):
        (U, S, V), (Q, R) = t.svd(x), t.qr(x)
        return U @ t.diag_embed(S) @ V.mT, S, Q @ R, x.svd(compute_uv=False), [y.shape for y in x.qr(some=False)]

    compare(call, x)
    for left in (True, False):
        for transpose in (True, False):
            compare(
                lambda t, x, tau, c, left=left, transpose=transpose: t.ormqr(x, tau, c, left, transpose),
                x, floats(3, dtype=DOUBLE), floats(*((4, 2) if left else (2, 4)), dtype=DOUBLE),
            )  # fmt: skip


def test_low_rank():
    A = lamina.tensor(floats(6, 3, dtype=DOUBLE) @ floats(3, 5, dtype=DOUBLE))
    U, S, V = lamina.svd_lowrank(A, 4)
    assert lamina.allclose(U @ lamina.diag_embed(S) @ V.mT, A)
    assert [tuple(x.shape) for x in lamina.pca_lowrank(A, 2)] == [(6, 2), (2,), (5, 2)]
    compare(lambda t, A: t.pca_lowrank(A, 9), floats(4, 3))


def test_not_built():
    for call in (lambda: lamina.linalg.ldl_factor(lamina.eye(2)), lambda: lamina.lobpcg(lamina.eye(2))):
        with pytest.raises(NotImplementedError):
            call()
