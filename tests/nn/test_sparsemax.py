"""Sparsemax: the numbers are tested with the function, in tests/ops/test_sparsemax.py."""

from __future__ import annotations

import lamina
from lamina import nn, rtorch
from tests.parity import floats


def test_it_is_the_function():
    x = lamina.tensor(floats(4, 5))
    assert (nn.Sparsemax()(x) == nn.functional.contrib_sparsemax(x)).all()
    assert (nn.Sparsemax(0)(x) == nn.functional.contrib_sparsemax(x, 0)).all()
    assert repr(nn.Sparsemax(1)) == "Sparsemax(dim=1)"


def test_names_of_r():
    assert issubclass(rtorch.nn_contrib_sparsemax, nn.Sparsemax)
    assert rtorch.nnf_contrib_sparsemax is nn.functional.contrib_sparsemax
