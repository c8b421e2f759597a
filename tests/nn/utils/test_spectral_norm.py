"""Spectral normalization by a hook, against PyTorch's."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats

CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("options", [{}, {"n_power_iterations": 3, "dim": 1}, {"eps": 0.1}])
def test_it_agrees(train, options):
    def call(module, x):
        return module(x), module(x), module.weight

    build = lambda nn: nn.utils.spectral_norm(nn.Linear(4, 3), **options)  # noqa: E731
    compare_modules(build, floats(2, 4), call=call, train=train, **CLOSE)
    build = lambda nn: nn.utils.spectral_norm(nn.Conv1d(4, 3, 2), **options)  # noqa: E731
    compare_modules(build, floats(2, 4, 5), call=call, train=train, **CLOSE)


def test_removing_it():
    def call(module, x):
        u = (torch if isinstance(x, torch.Tensor) else lamina).nn.utils
        before = module(x)
        u.remove_spectral_norm(module)
        return before, module(x), module.weight

    build = lambda nn: nn.utils.spectral_norm(nn.Linear(4, 3))  # noqa: E731
    # PyTorch's module still asks for what it has just removed.
    compare_modules(build, floats(2, 4), call=call, grad=False, load_back=False, **CLOSE)
    layer = nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(4, 3)))
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert "spectral_norm" not in layer.state_dict()._metadata[""]
    with pytest.raises(ValueError) as caught:
        nn.utils.remove_spectral_norm(nn.ReLU())
    assert str(caught.value) == "spectral_norm of 'weight' not found in ReLU()"


def test_errors():
    layer = nn.utils.spectral_norm(nn.Linear(4, 3))
    with pytest.raises(RuntimeError) as caught:
        nn.utils.spectral_norm(layer)
    assert str(caught.value) == "Cannot register two spectral_norm hooks on the same parameter weight"
    with pytest.raises(ValueError) as caught:
        nn.utils.spectral_norm(nn.Linear(4, 3), n_power_iterations=0)
    assert str(caught.value) == "Expected n_power_iterations to be positive, but got n_power_iterations=0"
    with pytest.raises(ValueError) as caught:
        nn.utils.spectral_norm(nn.Linear(4, 3, bias=False), "bias")
    assert str(caught.value) == "`SpectralNorm` cannot be applied as parameter `bias` is None"


def test_the_version_is_kept_beside_the_state():
    assert nn.utils.spectral_norm(nn.Linear(4, 3)).state_dict()._metadata[""]["spectral_norm"] == {"weight.version": 1}


def test_older_states():
    """Without weight_v, and with the weight itself: v follows from the others."""
    states = []
    theirs = torch.nn.utils.spectral_norm(torch.nn.Linear(4, 3).double())
    theirs(torch.ones(1, 4).double())
    state = theirs.state_dict()
    for t, layer in ((torch, theirs), (lamina, nn.utils.spectral_norm(nn.Linear(4, 3).double()))):
        old = OrderedDict((name, t.tensor(x.numpy())) for name, x in state.items() if name != "weight_v")
        old["weight"] = t.tensor(theirs.weight.detach().numpy())
        old._metadata = {"": {"version": 1}}
        layer.load_state_dict(old)
        states.append({name: x.numpy() for name, x in layer.state_dict().items()})
    assert list(states[0]) == list(states[1])
    for name in states[0]:
        np.testing.assert_allclose(states[1][name], states[0][name], rtol=1e-6, err_msg=name)
    layer = nn.utils.spectral_norm(nn.Linear(4, 3))
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "weight_orig", "weight", "weight_u"'):
        layer.load_state_dict({"bias": lamina.ones(3)})
    layer.load_state_dict(dict(layer.state_dict()))  # without versions, but complete


def test_two_calls_before_one_backward():
    """The vectors of the first call must survive the second."""

    def call(module, x):
        return module(x) - module(2 * x)

    compare_modules(lambda nn: nn.utils.spectral_norm(nn.Linear(4, 3)), floats(2, 4), call=call, **CLOSE)
