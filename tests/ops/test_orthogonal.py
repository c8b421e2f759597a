"""Orthogonal polynomials beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.test_special import check

POLYNOMIALS = [
    *(f"{shifted}chebyshev_polynomial_{kind}" for shifted in ("", "shifted_") for kind in "tuvw"),
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
]  # fmt: skip


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    x = np.array([-1.5, -1, -0.7, -0.2, 0, 0.3, 0.5, 0.9, 1, 1.2, 2.0])
    n = np.array([-1, 0, 1, 2, 3, 5, 7, 9, 12, 30])[:, None]
    check(lambda t, x, n: getattr(t.special, name)(x, n), x, n, rtol=1e-8)
    check(lambda t, x: (getattr(t.special, name)(x, 3), getattr(t.special, name)(0.5, x)), x)


def test_high_degrees():
    n = np.array([100, 200, 600])
    check(lambda t, x, n: (t.special.hermite_polynomial_h(x, n), t.special.hermite_polynomial_he(x, n)),
          np.array([0.1]), n)  # fmt: skip
