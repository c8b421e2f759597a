"""DataParallel beside PyTorch's, which without GPUs calls the module as it is."""

from __future__ import annotations

import pytest

from lamina import nn
from tests.parity import compare_modules, floats


def test_the_module_is_called_as_it_is():
    compare_modules(lambda nn: nn.DataParallel(nn.Sequential(nn.Linear(3, 4), nn.Tanh())), floats(5, 3))


def test_several_devices():
    with pytest.raises(NotImplementedError) as caught:
        nn.DataParallel(nn.Linear(3, 4), device_ids=[0, 1])
    assert str(caught.value) == "DataParallel: a batch is not split over several devices, got device_ids=[0, 1]."
