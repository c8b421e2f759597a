"""Eigenvalues and eigenvectors beside PyTorch's."""

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
