"""Bessel functions and Airy's beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.test_special import POINTS, check
from tests.parity import compare, floats

BESSEL = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_i0", "modified_bessel_i1",
    "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1",
    "spherical_bessel_j0",
]  # fmt: skip


@pytest.mark.parametrize("name", BESSEL)
def test_bessel(name):
    check(lambda t, x: getattr(t.special, name)(x), POINTS)
    compare(lambda t, x: getattr(t.special, name)(x), floats(3))  # no gradient, as there
    compare(lambda t, x: getattr(t.special, name)(x), floats(3).astype(np.float16))
