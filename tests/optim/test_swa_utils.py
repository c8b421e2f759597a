"""Averaged models have PyTorch's averages; running statistics are computed anew as PyTorch does."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import lamina
from lamina.optim.swa_utils import AveragedModel, get_ema_avg_fn, get_ema_multi_avg_fn, update_bn

AVERAGES = {
    "mean": lambda t: {},
    "mean of buffers": lambda t: {"use_buffers": True},
    "ema": lambda t: {"avg_fn": t.optim.swa_utils.get_ema_avg_fn(0.9)},
    "ema of lists": lambda t: {"multi_avg_fn": t.optim.swa_utils.get_ema_multi_avg_fn(0.7), "use_buffers": True},
    "mean by a function": lambda t: {"avg_fn": t.optim.swa_utils.get_swa_avg_fn(), "use_buffers": True},
    "mean of lists": lambda t: {"multi_avg_fn": t.optim.swa_utils.get_swa_multi_avg_fn()},
    "one's own": lambda t: {"avg_fn": lambda mean, value, count: mean + value * (count + 1)},
}


def model(t):
    found = t.nn.Sequential(t.nn.Linear(3, 2), t.nn.BatchNorm1d(2))
    rng = np.random.default_rng(0)
    with t.no_grad():
        for p in found.parameters():
            p.copy_(t.tensor(rng.standard_normal(tuple(p.shape)).astype("float32")))
    return found


def averaged(t, build):
    net = model(t)
    mean = t.optim.swa_utils.AveragedModel(net, **build(t))
    rng = np.random.default_rng(1)
    for _ in range(4):
        with t.no_grad():
            for p in net.parameters():
                p.add_(t.tensor(rng.standard_normal(tuple(p.shape)).astype("float32")))
            net[1].running_mean.add_(0.5)
            net[1].num_batches_tracked.add_(3)
        mean.update_parameters(net)
    return mean


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_are_pytorchs(name):
    ours, theirs = (averaged(t, AVERAGES[name]).state_dict() for t in (lamina, torch))
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6, err_msg=key)
        assert str(ours[key].dtype).split(".")[1] == str(value.dtype).split(".")[1]


def test_a_loaded_average_goes_on():
    mean = averaged(lamina, AVERAGES["mean"])
    net, other = model(lamina), AveragedModel(model(lamina))
    other.update_parameters(net)
    other.load_state_dict(mean.state_dict())
    twin = copy.deepcopy(mean)
    for each in (mean, other, twin):
        each.update_parameters(net)
    for a, b, c in zip(mean.parameters(), other.parameters(), twin.parameters(), strict=True):
        assert lamina.equal(a, b) and lamina.equal(a, c)
    fresh = AveragedModel(net)
    other.load_state_dict(fresh.state_dict())
    with lamina.no_grad():
        net[0].bias.fill_(7.0)
    other.update_parameters(net)
    assert other.module[0].bias.tolist() == [7, 7] and other.n_averaged.item() == 1


def test_the_average_is_a_model_of_its_own():
    net = model(lamina)
    mean = AveragedModel(net, device="cpu")
    x = lamina.ones(4, 3)
    assert lamina.equal(mean(x), net(x))
    mean.update_parameters(net)
    net(x).sum().backward()
    assert all(p.grad is None and p.requires_grad for p in mean.parameters())


def test_one_operation_averages_all():
    net = lamina.nn.Sequential(*[lamina.nn.Linear(2, 2) for _ in range(8)])
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    for _ in range(3):
        mean.update_parameters(net)
    before = lamina.engine.compilations()
    mean.update_parameters(net)
    assert lamina.engine.compilations() == before


def test_what_pytorch_refuses():
    with pytest.raises(AssertionError, match="^Only one of avg_fn and multi_avg_fn should be provided$"):
        AveragedModel(model(lamina), avg_fn=get_ema_avg_fn(), multi_avg_fn=get_ema_multi_avg_fn())
    for build in (get_ema_avg_fn, get_ema_multi_avg_fn):
        with pytest.raises(ValueError) as caught:
            build(1.5)
        assert str(caught.value) == "Invalid decay value 1.5 provided. Please provide a value in [0,1] range."


@pytest.mark.parametrize("tuples", [False, True])
def test_running_statistics_are_computed_anew(tuples):
    def statistics(t):
        net = model(t)
        net.eval()
        rng = np.random.default_rng(2)
        batches = [t.tensor(rng.standard_normal((4, 3)).astype("float32")) for _ in range(3)]
        t.optim.swa_utils.update_bn([(x, 0) for x in batches] if tuples else batches, net, device="cpu")
        assert net[1].momentum == 0.1 and not net.training
        return [net[1].running_mean.numpy(), net[1].running_var.numpy(), net[1].num_batches_tracked.numpy()]

    for a, b in zip(statistics(lamina), statistics(torch), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_model_without_running_statistics_is_left_alone():
    net = lamina.nn.Linear(2, 2).eval()
    update_bn(iter([3]), net)
    assert not net.training
