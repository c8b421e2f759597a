"""Cholesky factors beside PyTorch's."""

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
