"""LU and Cholesky factors, eigenvalues, systems and what else `linalg` has, beside PyTorch's."""

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
    compare(lambda t, A: [t.linalg.cond(A, p) for p in (None, 2, -2, 1, "fro", np.inf)], A, rtol=1e-7)
    compare(lambda t, A: (t.linalg.inv_ex(A), t.linalg.solve_ex(A, A), t.linalg.lu_factor_ex(A)), A)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 3), (3, 4)])
def test_lu(shape):
    x = floats(*shape, dtype=DOUBLE)
    compare(lambda t, x: t.linalg.lu(x), x)
    compare(lambda t, x: t.lu_unpack(*t.linalg.lu_factor(x)), x)
    compare(lambda t, x: (t.lu(x), x.lu(get_infos=True)), x, grad=False)


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


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("A", [well(2, 3, 3), wild(3, 3)])
def test_cholesky(A, upper):
    A = A @ A.conj().swapaxes(-1, -2)
    compare(lambda t, A: (t.linalg.cholesky(A, upper=upper), t.cholesky(A, upper), A.cholesky(upper)), A)
    compare(lambda t, A: t.linalg.cholesky_ex(A, upper=upper), A)
    compare(lambda t, L: t.cholesky_inverse(L, upper), A)
    compare(lambda t, B, L: t.cholesky_solve(B, L, upper), A[..., :2] + 1, A)


def test_only_a_triangle_is_read():
    A = well(3, 3) @ well(3, 3).T
    compare(lambda t, A: (t.linalg.cholesky(A + 5 * A.triu(1)), t.linalg.eigvalsh(A + A.triu(1))), A)
    compare(lambda t, A: t.linalg.eigvalsh(A + A.tril(-1), "U"), A)


def test_not_positive_definite():
    bad = np.stack([np.eye(3), np.diag([1.0, -1.0, 2.0]), -np.eye(3)])
    compare(lambda t, A: t.linalg.cholesky_ex(A).info, bad, grad=False)
    assert lamina.isnan(lamina.linalg.cholesky(lamina.tensor(bad))[1]).any()


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


@pytest.mark.parametrize("A", [well(2, 3, 3), wild(3, 3)])
def test_eigenvalues(A):
    def sums(t, A):
        """Symmetric functions of the eigenvalues, whose order may differ."""
        L, V = t.linalg.eig(A)
        again = V @ t.diag_embed(L**2) @ t.linalg.inv(V)
        return L.sum(-1), (L**3).sum(-1), (t.linalg.eigvals(A) ** 2).sum(-1), again

    compare(sums, A, rtol=1e-7, atol=1e-9)

    def hermitian(t, A):
        L, V = t.linalg.eigh(A + A.mH)
        return L, t.linalg.eigvalsh(A + A.mH, UPLO="U"), V.abs(), V @ t.diag_embed(L.exp()).to(V.dtype) @ V.mH

    compare(hermitian, A, rtol=1e-7, atol=1e-9)


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


def test_not_built():
    for call in (lambda: lamina.linalg.ldl_factor(lamina.eye(2)), lambda: lamina.lobpcg(lamina.eye(2))):
        with pytest.raises(NotImplementedError):
            call()
