"""`convolution` of any number of dimensions, beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare, floats


@pytest.mark.parametrize("transposed", [False, True])
def test_convolution(transposed):
    def run(t, x, w, b):
        return t.convolution(x, w, b, (2,), (1,), (1,), transposed, (1 if transposed else 0,), 1)

    compare(run, floats(2, 4, 8), floats(4, 4, 3), floats(4), rtol=1e-4, atol=1e-5)
    compare(run, floats(2, 4, 6, 8), floats(4, 4, 3, 3), floats(4), rtol=1e-4, atol=1e-5)


def test_a_weight_without_places():
    compare(lambda t, x, w: t.convolution(x, w, None, (1,), (0,), (1,), False, (0,), 1), floats(2, 4), floats(4, 4))
