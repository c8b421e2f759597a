"""SGD takes PyTorch's steps."""

from __future__ import annotations

import pytest
import torch

import lamina
from lamina.optim import SGD
from tests.optim.steps import assert_same_trajectory, trajectory

pytestmark = pytest.mark.filterwarnings("ignore:lamina compiled")  # many optimizers share the line in steps.py

OPTIONS = [
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    {"lr": 0.1, "weight_decay": 0.05},
    {"lr": 0.1, "momentum": 0.5, "dampening": 0.1, "weight_decay": 0.05, "maximize": True},
    {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05, "nesterov": True, "foreach": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_agree(options, dtype):
    assert_same_trajectory(lambda t, params: t.optim.SGD(params, **options), dtype)


def test_options_may_change_between_steps():
    def change(step, optimizer):
        group = optimizer.param_groups[0]
        group["lr"] = 0.1 / (1 + step)
        group["momentum"] = 0.9 if step > 1 else 0.0
        group["weight_decay"] = 0.01 * (step % 2)

    assert_same_trajectory(lambda t, params: t.optim.SGD(params, lr=0.1), "float64", between=change)


@pytest.mark.parametrize("dampening", [0.0, 0.4])
def test_parameters_may_get_gradients_later(dampening):
    """A buffer begins with the whole gradient at its own first step, whatever the others' step is."""
    assert_same_trajectory(
        lambda t, params: t.optim.SGD(params, lr=0.1, momentum=0.9, dampening=dampening),
        "float64",
        skip=lambda step, number: number == 1 and step < 2,
    )


@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
def test_the_state_is_pytorchs(options):
    ours, theirs = (
        trajectory(t, lambda t, params: t.optim.SGD(params, **options), "float32")[1].state_dict()["state"]
        for t in (lamina, torch)
    )
    assert {number: list(state) for number, state in ours.items()} == {n: list(state) for n, state in theirs.items()}


@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1},
        {"momentum": -0.1},
        {"weight_decay": -1},
        {"nesterov": True},
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
        {"fused": True, "foreach": True},
        {"fused": True, "differentiable": True},
    ],
    ids=str,
)
def test_options_that_pytorch_refuses(options):
    with pytest.raises((ValueError, RuntimeError)) as wanted:
        torch.optim.SGD([torch.ones(2, requires_grad=True)], **options)
    with pytest.raises(type(wanted.value)) as caught:
        SGD([lamina.ones(2, requires_grad=True)], **options)
    assert str(caught.value) == str(wanted.value)


def test_gradients_through_the_step_are_not_there():
    with pytest.raises(NotImplementedError, match=r"^SGD: differentiable=True, gradients through the step, is not"):
        SGD([lamina.ones(2, requires_grad=True)], differentiable=True)


def test_the_rate_may_be_a_tensor():
    p = lamina.ones(2, requires_grad=True)
    rate = lamina.tensor(0.5)
    optimizer = SGD([p], lr=rate)
    p.grad = lamina.ones(2)
    optimizer.step()
    rate.fill_(0.25)
    optimizer.step()
    assert p.tolist() == [0.25, 0.25]
    with pytest.raises(ValueError, match="^Tensor lr must be 1-element$"):
        SGD([p], lr=lamina.ones(2))
