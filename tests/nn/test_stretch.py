"""Rows of layers that are recorded by one look-up: they must never be seen, only be fast."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import lamina
from lamina import nn
from lamina.engine import state
from lamina.nn import functional as F
from lamina.nn.stretch import Row
from tests.parity import floats


def rows(net: nn.Sequential) -> list[Row]:
    return [step for step in net.__dict__["_rows"].steps if isinstance(step, Row)]


def used(net: nn.Sequential) -> bool:
    return any(row.used for row in rows(net))


def small(**options) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4, **options), nn.Tanh(), nn.Linear(4, 2))


def call(net, x, times=3):
    """Call it in several programs; the last result."""
    for _ in range(times):
        result = net(x)
        lamina.synchronize()
    return result


def by_hand(net, x):
    for layer in net:
        x = layer(x)
    return x


def train(net, x, steps=3):
    optimizer = lamina.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = net(x).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_the_second_call_records_the_same_program():
    net, x = small(), lamina.tensor(floats(5, 3))
    paths = []
    for _ in range(3):
        lamina.synchronize()
        net(x)
        paths.append(state.trace.node)
    assert used(net)
    assert paths[0] is paths[1] is paths[2]


def test_it_trains_as_layer_by_layer():
    x = lamina.tensor(floats(5, 3))
    net = small()
    twin = copy.deepcopy(net)
    losses = train(net, x)
    assert used(net)
    twin.forward = lambda x: by_hand(twin, x)
    assert losses == train(twin, x)


def test_called_twice_in_a_program():
    net, a, b = small(), lamina.tensor(floats(5, 3)), lamina.tensor(floats(5, 3, seed=1))
    for _ in range(3):
        net.zero_grad()
        (net(a).sum() + net(b).square().sum()).backward()
        grads = [p.grad.numpy() for p in net.parameters()]
    assert used(net)
    net.zero_grad()
    (by_hand(net, a).sum() + by_hand(net, b).square().sum()).backward()
    for p, grad in zip(net.parameters(), grads, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), grad, rtol=1e-6)


CHANGES = {
    "an attribute": lambda net: setattr(net[1], "negative_slope", 0.5),
    "a layer": lambda net: net.__setitem__(1, nn.ReLU()),
    "a layer appended": lambda net: net.append(nn.Sigmoid()),
    "a layer deleted": lambda net: net.__delitem__(2),
    "a parameter": lambda net: setattr(net[0], "weight", nn.Parameter(lamina.ones_like(net[0].weight))),
    "no bias": lambda net: setattr(net[0], "bias", None),
    "a table": lambda net: net[0]._parameters.update(bias=nn.Parameter(lamina.ones_like(net[0].bias))),
    "values in place": lambda net: net[0].weight.data.fill_(0.5),
    "values of another type": lambda net: net.double(),
    "frozen": lambda net: net[0].requires_grad_(False),
    "forward": lambda net: setattr(net[1], "forward", lambda x: x * 3),
    "a hook": lambda net: net[1].register_forward_hook(lambda module, args, output: output + 1),
    "a hook before": lambda net: net[2].register_forward_pre_hook(lambda module, args: (args[0] * 2,)),
    "tied": lambda net: setattr(net[2], "weight", net[0].weight),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change):
    lamina.engine.reset()
    # Each with a size of its own: a slope that another changed is a number that varies, which no row is recorded with.
    x = lamina.tensor(floats(5 + list(CHANGES).index(change), 3))
    net = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(), nn.Linear(4, 3))
    if change == "tied":
        net[2] = nn.Linear(3, 4)
        net[0] = nn.Linear(3, 3)
        net[2] = nn.Linear(3, 3)
    call(net, x)
    assert used(net)
    CHANGES[change](net)
    x = x.to(net[0].weight.dtype)
    for _ in range(3):
        net.zero_grad()
        result = net(x)
        expected = by_hand(net, x)
        assert result.shape == expected.shape
        assert result.equal(expected)
        assert result.requires_grad == expected.requires_grad
        result.sum().backward()
    assert (net[0].weight.grad is None) == (change == "frozen")


def without_gradients(net, x, times=4):
    with lamina.no_grad():
        return call(net, x, times)


def is_run_at_once(net, x) -> bool:
    """Whether the network's next call without gradients records nothing."""
    runs = state.trace.runs
    without_gradients(net, x, 1)
    return state.trace.runs == runs


CHANGES_TO_SEE = CHANGES | {
    "a hook of the whole": lambda net: net.register_forward_hook(lambda module, args, output: output + 1),
    "forward of the whole": lambda net: setattr(net, "forward", lambda x: x * 3),
}


@pytest.mark.parametrize("change", CHANGES_TO_SEE)
def test_a_change_is_seen_without_gradients(change):
    lamina.engine.reset()
    x = lamina.tensor(floats(5 + list(CHANGES_TO_SEE).index(change), 3))
    net = nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(), nn.Linear(3, 3))
    assert without_gradients(net, x).equal(by_hand(net, x))
    assert is_run_at_once(net, x)
    CHANGES_TO_SEE[change](net)
    x = x.to(net[0].weight.dtype)
    for _ in range(4):
        result = without_gradients(net, x, 1)
        with lamina.no_grad():
            expected = by_hand(net, x)
        expected = {"a hook of the whole": expected + 1, "forward of the whole": x * 3}.get(change, expected)
        assert result.equal(expected)
        assert not result.requires_grad


def test_run_at_once_only_where_nothing_else_is_to_be_done():
    net, x = small(), lamina.tensor(floats(5, 3))
    without_gradients(net, x)
    assert is_run_at_once(net, x)
    with lamina.no_grad():
        pending = x * 2  # belongs to the same program, with what uses it
        assert net(pending).equal(by_hand(net, pending))
        assert not state.trace.values
        assert net(x[:2]).shape == (2, 2)
        assert net(x.double().float()).equal(net(x))
    assert net(x).requires_grad
    net[0].weight.requires_grad_(False)
    assert without_gradients(net, x).equal(by_hand(net, x))
    with pytest.raises(RuntimeError), lamina.no_grad():
        net(lamina.ones(5, 4))
    with pytest.raises(TypeError), lamina.no_grad():
        net(x, x)
    with lamina.no_grad(), lamina.autocast("cpu"):
        assert net(x).dtype == lamina.bfloat16
    with lamina.inference_mode():
        assert net(x).equal(without_gradients(net, x))


def test_a_row_that_is_run_at_once_is_of_use():
    net, other, x = small(), small(), lamina.tensor(floats(5, 3))
    for _ in range(12):
        other[1] = nn.ReLU()  # rows are formed anew, which those that nobody uses are not for ever
        without_gradients(net, x)
        assert is_run_at_once(net, x)


def test_run_at_once_draws_new_numbers():
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5)), lamina.ones(64, 3)
    with lamina.no_grad():
        first, *others = [net(x) for _ in range(4)]
    assert not any(first.equal(other) for other in others)


def test_numbers_read_while_they_are_computed():
    a = lamina.ones(600, 600)
    for _ in range(3):
        assert (a @ a).sum().item() == 600.0**3


def test_a_hook_of_all_modules():
    net, x = small(), lamina.tensor(floats(5, 3))
    call(net, x)
    seen = []
    handle = nn.module.register_module_forward_hook(lambda module, args, output: seen.append(type(module).__name__))
    try:
        net(x)
    finally:
        handle.remove()
    assert seen == ["Linear", "Tanh", "Linear", "Sequential"]


def test_modes():
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5)), lamina.ones(64, 3)
    for _ in range(4):
        net.train()
        lamina.synchronize()
        first, second = net(x), net(x)
        assert not first.equal(second)
        net.eval()
        assert net(x).equal(net[1](net[0](x)))
    assert used(net)
    mode = net[2].training = True  # without `train`
    assert mode
    assert not net(x).equal(net(x))


def test_running_statistics_move_at_each_call():
    net, x = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)), lamina.tensor(floats(5, 3))
    for _ in range(4):
        net(x)
    assert net[1].num_batches_tracked.item() == 4


def test_writing_in_place_writes_to_the_input():
    net = nn.Sequential(nn.ReLU(inplace=True), nn.Tanh())
    for seed in range(4):
        x = lamina.tensor(floats(5, 3, seed=seed))
        net(x)
        assert x.min().item() >= 0


def test_inputs_that_are_views():
    net, data = small(), lamina.tensor(floats(20, 3))
    with lamina.no_grad():
        for start in range(0, 20, 5):
            part = data[start : start + 5]
            # Not `equal`: a view is cut in the network's own program, which without LLVM's optimisations may round so.
            assert net(part).allclose(by_hand(net, part.clone()))
        part = data[:5]
        for value in range(4):
            data[0, 0] = float(value)
            assert net(part).allclose(by_hand(net, part.clone()))


def test_results_that_are_views_share_memory():
    net = nn.Sequential(nn.Identity(), nn.Flatten())
    for _ in range(4):
        x = lamina.zeros(2, 3, 1)
        net(x).fill_(7.0)
        assert x.sum().item() == 42


def test_inputs_that_require_gradients():
    net = small()
    for _ in range(3):
        x = lamina.tensor(floats(5, 3), requires_grad=True)
        net(x).sum().backward()
        assert x.grad.shape == (5, 3)
        x = lamina.tensor(floats(5, 3))
        assert net(x).requires_grad
        with lamina.no_grad():
            assert not net(x).requires_grad
        h = lamina.tensor(floats(5, 3), requires_grad=True) * 2
        h.sum().item()  # its program has run: gradients pass through a history
        net(h).sum().backward()
        call(net, x)
    assert used(net)


def test_second_derivatives_and_hooks_of_tensors_pass_through():
    net, seen = small(), []
    for _ in range(3):
        x = lamina.tensor(floats(5, 3), requires_grad=True)
        h = net(x)
        h.register_hook(lambda gradient: seen.append(gradient.shape))
        (g,) = lamina.autograd.grad(h.square().sum(), x, create_graph=True)
        g.square().sum().backward()
        lamina.synchronize()
    assert used(net)
    assert len(seen) == 6  # at each of both derivatives
    x = lamina.tensor(floats(5, 3), requires_grad=True)
    (g,) = lamina.autograd.grad(by_hand(net, x).square().sum(), x, create_graph=True)
    expected = x.grad
    assert expected is None
    g.square().sum().backward()
    again = lamina.tensor(floats(5, 3), requires_grad=True)
    (g,) = lamina.autograd.grad(net(again).square().sum(), again, create_graph=True)
    g.square().sum().backward()
    np.testing.assert_allclose(again.grad.numpy(), x.grad.numpy(), rtol=1e-5)


def test_layers_of_the_users_are_called_each_time():
    calls = []

    class Mine(nn.Linear):
        def forward(self, input):
            calls.append(1)
            return super().forward(input)

    net, x = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), Mine(3, 3), nn.Tanh()), lamina.ones(2, 3)
    call(net, x, 5)
    assert len(calls) == 5
    assert used(net)


def test_indices_out_of_range_raise_each_time():
    net = nn.Sequential(nn.Embedding(4, 3), nn.Linear(3, 3), nn.Tanh())
    for _ in range(3):
        net(lamina.tensor([0, 3]))
    with pytest.raises(IndexError):
        net(lamina.tensor([0, 4]))


def test_rows_in_rows():
    net = nn.Sequential(small(), nn.ReLU(), nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh(), nn.Linear(2, 1))))
    x = lamina.tensor(floats(5, 3))
    for _ in range(3):
        assert net(x).equal(by_hand(net, x))
    assert len(rows(net)) == 1
    net[2][1][0] = nn.Sigmoid()
    assert net(x).equal(by_hand(net, x))


def test_wrong_shapes_raise_where_they_did():
    net = small()
    for _ in range(3):
        net(lamina.ones(5, 3))
    with pytest.raises(RuntimeError) as caught:
        net(lamina.ones(5, 7))
    assert caught.value.__notes__[0].startswith("in Linear '0'")


def test_copies_and_pickles_have_rows_of_their_own():
    net, x = small(), lamina.ones(2, 3)
    for _ in range(3):
        net(x)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), copy.copy(net)):
        assert "_rows" not in other.__dict__
        assert other(x).equal(net(x))
        assert other(x).equal(net(x))
        if other[0] is not net[0]:
            with lamina.no_grad():
                other[0].weight.zero_()
            assert not other(x).equal(net(x))


def test_parameters_swapped_by_functional_call():
    net, x = small(), lamina.tensor(floats(5, 3))
    before = call(net, x)
    zeros = {name: lamina.zeros_like(p) for name, p in net.named_parameters()}
    for _ in range(12):
        assert lamina.func.functional_call(net, zeros, (x,)).abs().sum().item() == 0
        assert net(x).equal(before)


def test_layers_that_change_all_the_time_are_called_one_by_one():
    net, x = nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(), nn.Tanh()), lamina.ones(2, 3)
    for step in range(12):
        net[1].negative_slope = step / 10
        assert net(x).equal(by_hand(net, x))
    assert not rows(net)


def test_jax_transformations():
    import jax

    net = small()
    x = floats(5, 3)
    for _ in range(3):
        expected = net(lamina.tensor(x)).detach().numpy()
    function = jax.jit(lambda x: lamina.func.functional_call(net, {}, (x,)))
    for _ in range(2):
        np.testing.assert_allclose(np.asarray(function(x)), expected, rtol=1e-6)
    np.testing.assert_allclose(net(lamina.tensor(x)).detach().numpy(), expected, rtol=1e-6)


def test_threads_share_a_network():
    net, x = small(), lamina.tensor(floats(5, 3))
    expected = net(x).tolist()
    wrong = []

    def work():
        with lamina.no_grad():
            for _ in range(200):
                if net(x).tolist() != expected:
                    wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_learning_rates_and_loaded_states_are_seen():
    x, y = lamina.tensor(floats(8, 3)), lamina.tensor(floats(8, 2))

    def run(change):
        lamina.manual_seed(0)
        net = small()
        optimizer = lamina.optim.Adam(net.parameters(), lr=0.1)
        for step in range(8):
            change(step, optimizer)
            optimizer.zero_grad()
            F.mse_loss(net(x), y).backward()
            optimizer.step()
        return [p.detach().numpy() for p in net.parameters()]

    def decay(step, optimizer):
        optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)

    def reset(step, optimizer):
        if step == 4:
            optimizer.load_state_dict({**optimizer.state_dict(), "state": {}})

    plain, decayed, fresh = (run(change) for change in (lambda step, optimizer: None, decay, reset))
    assert not np.allclose(plain[0], decayed[0])
    assert not np.allclose(plain[0], fresh[0])
    lamina.manual_seed(0)
    start = small()
    assert not np.allclose(start[0].weight.detach().numpy(), plain[0])


def test_lazy_layers():
    net, x = nn.Sequential(nn.LazyLinear(4), nn.Tanh(), nn.LazyLinear(2)), lamina.tensor(floats(5, 3))
    for _ in range(3):
        assert net(x).equal(by_hand(net, x))
        lamina.synchronize()
    assert type(net[0]) is nn.Linear
    assert used(net)


def test_random_layers_are_called_each_time():
    for layer in (nn.RReLU(), nn.FractionalMaxPool2d(2, output_size=(2, 3))):
        net, x = nn.Sequential(nn.Identity(), layer, nn.Tanh()), lamina.tensor(floats(2, 3, 9, 9)) - 1
        results = []
        for _ in range(4):
            results.append(net(x).tolist())
        assert results[2] != results[3]


def test_instance_statistics_move_at_each_call():
    net, x = nn.Sequential(nn.InstanceNorm1d(3, track_running_stats=True), nn.Tanh()), lamina.tensor(floats(5, 3, 7))
    for _ in range(4):
        before = net[0].running_mean.clone()
        net(x)
        lamina.synchronize()
        assert not net[0].running_mean.equal(before)


def test_parametrized_layers():
    net, x = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2)), lamina.tensor(floats(5, 3))
    nn.utils.parametrizations.weight_norm(net[0])
    nn.utils.parametrizations.spectral_norm(net[2])
    for _ in range(4):
        u = net[2].parametrizations.weight[0]._u.clone()
        result = net(x)
        assert not net[2].parametrizations.weight[0]._u.equal(u)
        result.sum().backward()
        with lamina.no_grad():
            net[0].parametrizations.weight.original0.mul_(2.0)
    net.eval()
    for _ in range(3):
        assert net(x).equal(by_hand(net, x))
        lamina.synchronize()


def test_run_at_once_with_another_shape_right_after_the_first():
    net = small()
    for rows in (1, 2, 1, 2, 5, 5):
        x = lamina.ones(rows, 3)
        assert without_gradients(net, x).shape[0] == rows
        assert without_gradients(net, x).equal(without_gradients(net, x))
