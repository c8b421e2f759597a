"""AUMLoss: the numbers are tested with the function, in tests/ops/test_roc_loss.py."""

from __future__ import annotations

import lamina
from lamina import nn, rtorch
from tests.parity import floats, integers


def test_it_is_the_function():
    x, y = lamina.tensor(floats(20)), lamina.tensor(integers(20, low=1, high=3))
    loss = nn.AUMLoss()
    assert loss(x, y).item() == nn.functional.area_under_min_fpr_fnr(x, y).item()
    assert not loss.state_dict() and repr(loss) == "AUMLoss()"


def test_names_of_r():
    assert issubclass(rtorch.nn_aum_loss, nn.AUMLoss)
    assert rtorch.nnf_area_under_min_fpr_fnr is nn.functional.area_under_min_fpr_fnr
