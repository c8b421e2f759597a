"""Adam and AdamW take PyTorch's steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.optim import Adam, AdamW
from tests.optim.steps import assert_same_trajectory, trajectory

pytestmark = pytest.mark.filterwarnings("ignore:lamina compiled")  # many optimizers share the line in steps.py

OPTIONS = [
    {},
    {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
    {"lr": 0.1, "weight_decay": 0.1},
    {"lr": 0.1, "amsgrad": True},
    {"lr": 0.1, "maximize": True, "weight_decay": 0.2, "amsgrad": True, "foreach": True},
    {"lr": 0.1, "betas": (0.0, 0.0)},
]


@pytest.mark.parametrize("kind", ["Adam", "AdamW"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_agree(kind, options, dtype):
    assert_same_trajectory(lambda t, params: getattr(t.optim, kind)(params, **options), dtype)


def test_steps_agree_for_complex_parameters():
    assert_same_trajectory(lambda t, params: t.optim.Adam(params, lr=0.1, amsgrad=True), "float64", complex_too=True)


def test_adam_can_decouple_weight_decay():
    assert_same_trajectory(
        lambda t, params: t.optim.Adam(params, lr=0.1, weight_decay=0.1, decoupled_weight_decay=True), "float64"
    )


def test_options_may_change_between_steps():
    def change(step, optimizer):
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
        optimizer.param_groups[0]["betas"] = (0.9 - 0.1 * step, 0.99)
        optimizer.param_groups[0]["weight_decay"] = 0.01 * (step % 2)

    assert_same_trajectory(lambda t, params: t.optim.Adam(params), "float64", between=change)


@pytest.mark.parametrize(
    "skip",
    [
        lambda step, number: number == 1 and step < 2,
        lambda step, number: (step + number) % 2 == 0,
        lambda step, number: step == 2,
    ],
)
def test_each_parameter_counts_its_own_steps(skip):
    assert_same_trajectory(lambda t, params: t.optim.Adam(params, lr=0.1), "float64", skip=skip)


def test_the_state_is_pytorchs():
    def build(t, params):
        return t.optim.Adam(params, amsgrad=True)

    (_, ours), (_, theirs) = (trajectory(t, build, "float32") for t in (lamina, torch))
    ours, theirs = ours.state_dict()["state"], theirs.state_dict()["state"]
    for number, state in theirs.items():
        assert list(ours[number]) == list(state)
        for name, value in state.items():
            assert str(ours[number][name].dtype) == str(value.dtype).replace("torch", "lamina")
            np.testing.assert_allclose(ours[number][name].numpy(), value, rtol=1e-5, atol=1e-7)


def test_parameters_of_a_group_share_their_step():
    _, optimizer = trajectory(lamina, lambda t, params: Adam(params), "float32")
    assert len({id(state["step"]) for state in optimizer.state.values()}) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1.0},
        {"eps": -1.0},
        {"betas": (1.0, 0.9)},
        {"betas": (0.9, -0.1)},
        {"betas": (0, 0.9)},
        {"weight_decay": -1.0},
        {"fused": True, "foreach": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["Adam", "AdamW"])
def test_options_that_pytorch_refuses(kind, options):
    with pytest.raises((ValueError, RuntimeError)) as wanted:
        getattr(torch.optim, kind)([torch.ones(2, requires_grad=True)], **options)
    with pytest.raises(type(wanted.value)) as caught:
        getattr(lamina.optim, kind)([lamina.ones(2, requires_grad=True)], **options)
    assert str(caught.value) == str(wanted.value)


def test_half_precision_parameters_stay_so():
    p = lamina.ones(3, dtype=lamina.bfloat16, requires_grad=True)
    optimizer = AdamW([p], lr=0.1)
    p.grad = lamina.ones(3, dtype=lamina.bfloat16)
    optimizer.step()
    assert p.dtype is lamina.bfloat16 and optimizer.state[p]["exp_avg"].dtype is lamina.bfloat16
    assert optimizer.state[p]["step"].dtype is lamina.float32
    np.testing.assert_allclose(p.float().detach().numpy(), 0.9, rtol=1e-2)
