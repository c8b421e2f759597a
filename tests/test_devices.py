"""Several devices: the tests run with four of the CPU's."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn, optim


def test_a_tensor_goes_to_another_device_and_back():
    x = lamina.arange(3.0)
    y = x.to("cpu:2")
    assert (x.device, y.device) == (lamina.device("cpu"), lamina.device("cpu:2"))
    assert repr(y) == "tensor([0., 1., 2.], device='cpu:2')"
    assert (y * 2).device == lamina.device("cpu:2")
    assert (y * 2).cpu().tolist() == [0.0, 2.0, 4.0]


def test_gradients_cross_devices():
    x = lamina.ones(3, requires_grad=True)
    ((x * 2).to("cpu:1") ** 2).sum().backward()
    assert x.grad.device == lamina.device("cpu")
    assert x.grad.tolist() == [8.0] * 3


def test_tensors_of_two_devices_do_not_mix():
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device, but found at least two"):
        lamina.ones(3) + lamina.ones(3, device="cpu:1")
    assert (lamina.ones(3, device="cpu:1") * lamina.tensor(2.0)).tolist() == [2.0] * 3
    assert (lamina.ones(2) + 1).tolist() == [2.0, 2.0]


def test_a_module_trains_on_another_device():
    net = nn.Linear(3, 1).to("cpu:3")
    opt = optim.Adam(net.parameters(), lr=0.01)
    x = lamina.randn(8, 3, device="cpu:3")
    losses = []
    for _ in range(5):
        opt.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    assert net.weight.device == lamina.device("cpu:3") == opt.state[net.weight]["exp_avg"].device


def test_a_device_that_is_not_there():
    with pytest.raises(RuntimeError, match="There is no device cpu:7"):
        lamina.ones(1, device="cpu:7")
    with pytest.raises(RuntimeError, match="at start of device string: gpuu"):
        lamina.device("gpuu")


def test_the_default_device():
    lamina.set_default_device("cpu:1")
    try:
        assert lamina.ones(2).device == lamina.device("cpu:1") == lamina.get_default_device()
        assert (lamina.randn(2) * 2).device == lamina.device("cpu:1")
    finally:
        lamina.set_default_device("cpu")
