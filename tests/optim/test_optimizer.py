"""What all optimizers share: groups, states, hooks, loading, and how little a step costs."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from lamina.optim import SGD, Adam, Optimizer
from lamina.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


def parameter(*values):
    return lamina.tensor(list(values), requires_grad=True)


def with_gradient(*values):
    p = parameter(*values)
    p.grad = lamina.ones(len(values))
    return p


def train(model, optimizer, steps=3, seed=0):
    x = lamina.tensor(np.random.default_rng(seed).standard_normal((8, 3)).astype(np.float32))
    for _ in range(steps):
        optimizer.zero_grad()
        ((model(x) - 1) ** 2).mean().backward()
        optimizer.step()


BAD_GROUPS = [
    lambda t: [],
    lambda t: t.ones(2, requires_grad=True),
    lambda t: [3],
    lambda t: [t.ones(2, requires_grad=True) * 2],
    lambda t: [{"params": {t.ones(2, requires_grad=True)}}],
    lambda t: [{"params": [p := t.ones(2, requires_grad=True)]}, {"params": [p]}],
    lambda t: [("a", t.ones(2, requires_grad=True)), t.ones(2, requires_grad=True)],
    lambda t: [{"params": [("a", t.ones(2, requires_grad=True))]}, {"params": [t.ones(2, requires_grad=True)]}],
]


@pytest.mark.parametrize("build", BAD_GROUPS)
def test_groups_that_pytorch_refuses(build):
    with pytest.raises((ValueError, TypeError)) as wanted:
        torch.optim.SGD(build(torch), lr=0.1)
    with pytest.raises(type(wanted.value)) as caught:
        SGD(build(lamina), lr=0.1)
    assert str(caught.value) == str(wanted.value).replace("torch.FloatTensor", "Tensor")


def test_a_group_must_be_a_dict_and_give_what_is_required():
    from lamina.optim.optimizer import required

    optimizer = SGD([parameter(1.0)], lr=0.1)
    with pytest.raises(TypeError, match="^param_group must be a dict, but got <class 'list'>$"):
        optimizer.add_param_group([parameter(2.0)])
    with pytest.raises(
        ValueError, match="^parameter group didn't specify a value of required optimization parameter rate$"
    ):
        Optimizer([parameter(1.0)], {"rate": required})
    with pytest.raises(NotImplementedError):
        Optimizer([parameter(1.0)], {}).step()


def test_a_parameter_named_twice_in_a_group_warns():
    p = parameter(1.0)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        SGD([p, p], lr=0.1)


def test_groups_have_their_own_options():
    a, b = with_gradient(1.0), with_gradient(1.0)
    optimizer = SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1)
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.9, 0.5])
    c = with_gradient(1.0)
    optimizer.add_param_group({"params": c, "lr": 1.0})
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item(), c.item()], [0.8, 0.0, 0.0], atol=1e-6)


def test_names_are_kept():
    model = nn.Linear(3, 2)
    optimizer = SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


def test_zero_grad():
    p = with_gradient(1.0, 2.0)
    optimizer = SGD([p, parameter(1.0)], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_a_closure_is_called_with_gradients_on():
    p = parameter(2.0)
    optimizer = SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with lamina.no_grad():
        assert optimizer.step(closure).item() == 4
    assert p.item() == 1


def test_repr_is_pytorchs():
    def text(t):
        return repr(
            t.optim.Adam(
                [{"params": [t.ones(2, requires_grad=True)]}, {"params": [t.ones(1, requires_grad=True)], "lr": 1.0}]
            )
        )

    assert text(lamina) == text(torch)


def test_state_dict_has_pytorchs_form_and_loads():
    model = nn.Linear(3, 2)
    optimizer = Adam([{"params": [model.weight]}, {"params": [model.bias], "lr": 0.01}], lr=0.1)
    train(model, optimizer)
    saved = optimizer.state_dict()
    assert list(saved) == ["state", "param_groups"]
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1]]
    assert list(saved["state"]) == [0, 1] and list(saved["state"][0]) == ["step", "exp_avg", "exp_avg_sq"]

    other = copy.deepcopy(model)
    loaded = Adam([{"params": [other.weight]}, {"params": [other.bias]}])
    loaded.load_state_dict(saved)
    assert loaded.param_groups[1]["lr"] == 0.01
    assert loaded.state[other.weight]["exp_avg"] is not optimizer.state[model.weight]["exp_avg"]
    for each, opt in ((model, optimizer), (other, loaded)):
        train(each, opt)
    assert all(lamina.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert optimizer.state[model.weight]["step"].item() == 6


def test_loading_casts_to_the_parameters_type_but_not_the_step():
    p, q = with_gradient(1.0), lamina.ones(1, dtype=lamina.float64, requires_grad=True)
    optimizer, loaded = Adam([p]), Adam([q])
    optimizer.step()
    loaded.load_state_dict(optimizer.state_dict())
    assert loaded.state[q]["exp_avg"].dtype is lamina.float64 and loaded.state[q]["step"].dtype is lamina.float32


def test_steps_saved_apart_are_shared_again():
    params = [with_gradient(1.0), with_gradient(2.0)]
    optimizer = Adam(params)
    optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    for state in saved["state"].values():
        state["step"] = lamina.tensor(1.0)
    optimizer.load_state_dict(saved)
    optimizer.step()
    assert optimizer.state[params[0]]["step"] is optimizer.state[params[1]]["step"]
    assert optimizer.state[params[0]]["step"].item() == 2


def test_loading_refuses_other_groups():
    optimizer = SGD([parameter(1.0), parameter(2.0)], lr=0.1)
    for params, message in (
        (
            [{"params": [parameter(1.0)]}, {"params": [parameter(2.0)]}],
            "loaded state dict has a different number of parameter groups",
        ),
        (
            [parameter(1.0)],
            "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
        ),
    ):
        with pytest.raises(ValueError) as caught:
            SGD(params, lr=0.1).load_state_dict(optimizer.state_dict())
        assert str(caught.value) == message


def test_step_hooks():
    p = with_gradient(1.0)
    optimizer = SGD([p], lr=0.1)
    calls = []
    handles = [
        optimizer.register_step_pre_hook(lambda *args: calls.append("pre")),
        optimizer.register_step_post_hook(lambda *args: calls.append("post")),
        register_optimizer_step_pre_hook(lambda *args: calls.append("everywhere pre")),
        register_optimizer_step_post_hook(lambda *args: calls.append("everywhere post")),
    ]
    optimizer.step()
    assert calls == ["everywhere pre", "pre", "post", "everywhere post"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(calls) == 4


def test_a_pre_hook_may_change_the_arguments():
    optimizer = SGD([with_gradient(1.0)], lr=0.1)
    with optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: (args, {"closure": lambda: 7})):
        assert optimizer.step() == 7
    with (
        optimizer.register_step_pre_hook(lambda *args: 3),
        pytest.raises(RuntimeError, match="must return None or a tuple"),
    ):
        optimizer.step()


def test_state_dict_hooks():
    optimizer = SGD([with_gradient(1.0)], lr=0.1)
    calls = []
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("pre"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "extra": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, d: calls.append("load pre"))
    optimizer.register_load_state_dict_post_hook(lambda o: calls.append("load post"))
    saved = optimizer.state_dict()
    assert saved["extra"] == 1
    optimizer.load_state_dict(saved)
    assert calls == ["pre", "load pre", "load post"]


def test_pickle_and_deepcopy():
    optimizer = Adam([with_gradient(1.0, 2.0)], lr=0.1)
    optimizer.step()
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        p = twin.param_groups[0]["params"][0]
        p.grad = lamina.ones(2)
        twin.step()
        assert twin.state[p]["step"].item() == 2


def test_an_optimizer_of_ones_own():
    class Sign(Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @lamina.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    p = with_gradient(1.0, -2.0)
    Sign([p], 0.5).step()
    assert p.tolist() == [0.5, -2.5]


def test_replaced_states_and_parameters_are_seen():
    p, q = with_gradient(1.0), with_gradient(1.0)
    optimizer = SGD([p], lr=1.0, momentum=1.0)
    optimizer.step()
    optimizer.state[p]["momentum_buffer"] = lamina.zeros(1)
    optimizer.step()
    assert p.item() == -1
    optimizer.state.clear()
    optimizer.step()
    assert p.item() == -2
    optimizer.param_groups[0]["params"][0] = q
    optimizer.step()
    assert (p.item(), q.item()) == (-2, 0)


@pytest.mark.parametrize(
    "build", [lambda p: SGD(p, lr=0.1, momentum=0.9), lambda p: Adam(p, lr=0.1), lambda p: Adam(p, amsgrad=True)]
)
def test_a_training_loop_compiles_a_fixed_number_of_programs(build):
    model = nn.Sequential(nn.Linear(3, 7), nn.Tanh(), nn.Linear(7, 1))
    optimizer = build(model.parameters())
    train(model, optimizer, 3)
    before = lamina.engine.compilations()
    train(model, optimizer, 5)
    assert lamina.engine.compilations() == before


def test_a_schedule_compiles_once_more_at_most():
    model = nn.Linear(3, 5)
    optimizer = Adam(model.parameters(), lr=0.1)
    for k in range(3):
        optimizer.param_groups[0]["lr"] = 0.1 / (k + 1)
        train(model, optimizer, 1)
    before = lamina.engine.compilations()
    for k in range(3, 8):
        optimizer.param_groups[0]["lr"] = 0.1 / (k + 1)
        train(model, optimizer, 1)
    assert lamina.engine.compilations() == before


def test_a_step_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Adam([with_gradient(1.0)]).step()
