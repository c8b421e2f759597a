"""Small parameters as one flat array: whatever is done to them between steps, they are what PyTorch's are."""

from __future__ import annotations

import copy
import gc
import io
import random

import numpy as np
import pytest

import lamina
from lamina import engine, nn
from lamina.engine import pack
from lamina.engine.pack import Part
from lamina.engine.run import _recent
from tests.engine.both import both
from tests.parity import floats


def held(parameter):
    """What the value of a parameter holds."""
    return parameter._value.array


def numbers(parameter):
    """Its numbers, copied."""
    return parameter.detach().numpy()


def packs():
    """The packs of the programs that are in memory."""
    found = [executable.pack for plan in _recent for executable in plan.executables.values()]
    return [x for x in found if x is not None]


def trained(net, x, steps=3, optimizer=None):
    optimizer = optimizer or lamina.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        (net(x) ** 2).mean().backward()
        optimizer.step()
    return optimizer


def test_parts_stay_and_their_whole_is_replaced():
    net = nn.Sequential(nn.Linear(3, 7), nn.ReLU(), nn.Linear(7, 2))
    x = lamina.tensor(floats(4, 3))
    optimizer = trained(net, x, 1)
    assert all(held(p).__class__ is Part for p in net.parameters())
    parts = [id(held(p)) for p in net.parameters()]
    (whole,) = {held(p).whole for p in net.parameters()}
    before = np.array(whole.array)
    trained(net, x, 2, optimizer)
    assert [id(held(p)) for p in net.parameters()] == parts
    assert not np.array_equal(whole.array, before)
    assert sum(p.numel() for p in net.parameters()) == whole.array.size


def test_the_flat_array_is_made_once():
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    known = set(map(id, packs()))
    trained(net, lamina.tensor(floats(4, 3)), 20)
    (new,) = [x for x in packs() if id(x) not in known]
    assert new.missed == 1


@pytest.mark.parametrize("sizes", [(200, 100), (3, 4)])
def test_only_small_networks_are_packed(sizes):
    net = nn.Sequential(nn.Linear(*sizes), nn.Linear(sizes[1], 3))
    trained(net, lamina.tensor(floats(4, sizes[0])))
    assert {held(p).__class__ is Part for p in net.parameters()} == {sizes[0] * sizes[1] <= pack.PACKED_SIZE}


def test_one_parameter_is_no_pack():
    w = lamina.ones(5, requires_grad=True)
    optimizer = lamina.optim.SGD([w], lr=0.1)
    (w * w).sum().backward()
    optimizer.step()
    assert held(w).__class__ is not Part


def test_a_part_is_cut_out_when_it_is_read():
    net = nn.Sequential(nn.Linear(3, 9), nn.Linear(9, 2))
    x = lamina.tensor(floats(4, 3))
    optimizer = trained(net, x)
    part = held(net[0].weight)
    assert part.array is None
    first = net[0].weight.tolist()
    assert part.array is not None and net[0].weight.array() is part.array and part.whole.cuts == 1
    del part
    trained(net, x, 1, optimizer)
    assert held(net[0].weight).array is None
    assert net[0].weight.tolist() != first


def test_whether_a_part_is_ready_is_whether_its_whole_is():
    class Pending:
        def is_ready(self):
            return False

    value = lamina.ones(3)._value
    value.array = Part(pack.Whole(Pending(), ((0, (3,)),)), 0)
    assert not engine.is_ready(value) and value.array.array is None


def test_what_was_held_keeps_its_numbers():
    net = nn.Sequential(nn.Linear(3, 10), nn.Linear(10, 2))
    x = lamina.tensor(floats(4, 3))
    optimizer = trained(net, x)
    kept = [p.detach().clone() for p in net.parameters()]
    shared = [p.data for p in net.parameters()]
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    values = [p._value for p in net.parameters()]  # as another thread might hold them
    trained(net, x, 3, optimizer)
    for before, now, array, value in zip(kept, shared, state.values(), values, strict=True):
        np.testing.assert_array_equal(before.numpy(), array)
        np.testing.assert_array_equal(np.asarray(engine.read(value)), array)
        assert not np.array_equal(now.numpy(), array)  # shares its memory with the parameter


def test_some_of_the_parts_are_trained():
    """The program of two layers takes parts that lie at the beginning of a whole of three."""
    layers = [nn.Linear(4, 4) for _ in range(3)]
    net = nn.Sequential(*layers)
    x = lamina.tensor(floats(5, 4))
    trained(nn.Sequential(*layers[:2]), x)
    trained(net, x)
    last = layers[2].weight.detach().clone()
    trained(nn.Sequential(*layers[:2]), x)
    np.testing.assert_array_equal(numbers(layers[2].weight), last.numpy())
    whole = [held(p) for p in layers[0].parameters()]
    assert all(x.__class__ is Part for x in whole)
    trained(net, x)


def test_the_flat_array_stays_where_parts_are_read():
    net = nn.Sequential(nn.Linear(3, 15), nn.Linear(15, 2))
    x = lamina.tensor(floats(4, 3))
    known = set(map(id, packs()))
    optimizer = trained(net, x, 1)
    for _ in range(10):
        trained(net, x, 1, optimizer)
        with lamina.no_grad():
            assert lamina.allclose(net(x), net[1](net[0](x)), atol=1e-5)
    (new,) = [x for x in packs() if id(x) not in known]
    assert new.missed == 1
    assert new.lost == pytest.approx(pack.MISS + 36 * pack.CUT)  # 4 more at the next step


@pytest.mark.parametrize("cause", ["MISS", "CUT"])
def test_a_thousand_readings_end_it(monkeypatch, cause):
    monkeypatch.setattr(pack, cause, 1e9)
    net = nn.Sequential(nn.Linear(3, 11), nn.Linear(11, {"MISS": 2, "CUT": 1}[cause]))
    x = lamina.tensor(floats(4, 3))
    engine.reset()
    optimizer = trained(net, x, 2)
    net[0].bias.tolist()
    trained(net, x, 2, optimizer)
    assert held(net[0].weight).__class__ is not Part
    assert engine.compilations() == 2  # with a pack, and, as that was found to take too long, without
    trained(net, x, 6, optimizer)
    assert engine.compilations() == 2


def test_models_of_one_structure_share_the_program_not_the_numbers():
    nets = [nn.Sequential(nn.Linear(3, 12), nn.Linear(12, 2)) for _ in range(3)]
    x = lamina.tensor(floats(4, 3))
    alone = [copy.deepcopy(net) for net in nets]
    optimizers = [trained(net, x, 1) for net in nets]
    for _ in range(4):
        for net, optimizer in zip(nets, optimizers, strict=True):
            trained(net, x, 1, optimizer)
    for net, other in zip(nets, alone, strict=True):
        trained(other, x, 5)
        for a, b in zip(net.parameters(), other.parameters(), strict=True):
            np.testing.assert_array_equal(numbers(a), numbers(b))


def test_parameters_change_places():
    first, second = (nn.Sequential(nn.Linear(3, 13), nn.Linear(13, 2)) for _ in range(2))
    x = lamina.tensor(floats(4, 3))
    trained(first, x)
    trained(second, x)
    expected = [numbers(p) for p in (*second[0].parameters(), *first[1].parameters())]
    mixed = nn.Sequential(second[0], first[1])
    trained(mixed, x, 1, lamina.optim.SGD(mixed.parameters(), lr=0.0))
    for p, array in zip(mixed.parameters(), expected, strict=True):
        np.testing.assert_array_equal(numbers(p), array)
    for p, array in zip(second[0].parameters(), expected[:2], strict=True):
        np.testing.assert_array_equal(numbers(p), array)


@pytest.mark.parametrize("dtype", [lamina.float64, lamina.bfloat16])
def test_other_types(dtype):
    net = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2)).to(dtype)
    optimizer = trained(net, lamina.tensor(floats(4, 3)).to(dtype))
    assert held(net[0].weight).__class__ is Part
    assert net[0].weight.dtype is dtype and net[0].weight.tolist()
    trained(net, lamina.tensor(floats(4, 3)).to(dtype), 2, optimizer)


def test_memory_does_not_grow():
    net = nn.Sequential(nn.Linear(3, 14), nn.Linear(14, 2))
    x = lamina.tensor(floats(4, 3))
    optimizer = trained(net, x, 3)

    def alive():
        gc.collect()
        return sum(type(x) in (Part, pack.Whole) for x in gc.get_objects())

    before = alive()
    trained(net, x, 50, optimizer)
    assert alive() == before


def disturb(t, net, optimizer, choice):
    """Something that a program may do to its parameters between two steps; what it sees."""
    with t.no_grad():
        if choice == "read":
            return net[0].weight.sum().item()
        if choice == "look":
            return net[2].bias.detach().clone()
        if choice == "write":
            net[0].bias.mul_(0.5)
            return None
        if choice == "data":
            net[2].weight.data = net[2].weight.data * 0.9
            return None
        if choice == "slice":
            net[0].weight[1:, 0] = 0.25
            return None
        if choice == "evaluate":
            return net(t.ones(2, 3))
        if choice == "copy":
            return [p.detach().clone() for p in copy.deepcopy(net).parameters()]
    if choice == "load":
        state = {name: tensor * 0.99 for name, tensor in net.state_dict().items()}
        net.load_state_dict(state)
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    if choice == "save":
        buffer = io.BytesIO()
        t.save(net.state_dict(), buffer)
        buffer.seek(0)
        return list(t.load(buffer).values())
    if choice == "freeze":
        net[0].weight.requires_grad_(not net[0].weight.requires_grad)
    if choice == "accumulate":
        (net(t.ones(1, 3)) ** 2).mean().backward()
        return net[2].weight.grad.clone()
    if choice == "loss":
        return (net(t.ones(1, 3)) ** 2).mean().item()
    return None


CHOICES = (
    "read", "look", "write", "data", "slice", "evaluate", "copy", "load", "save", "freeze", "accumulate", "loss",
    "nothing", "nothing", "nothing",
)  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda t, p: t.optim.SGD(p, lr=0.05, momentum=0.9),
    "Adam": lambda t, p: t.optim.Adam(p, lr=0.01),
    "RMSprop": lambda t, p: t.optim.RMSprop(p, lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_between_steps(name, seed):
    def program(t):
        rng = random.Random(seed)
        net = t.nn.Sequential(t.nn.Linear(3, 6), t.nn.Tanh(), t.nn.Linear(6, 2))
        with t.no_grad():
            for i, p in enumerate(net.parameters()):
                p.copy_(t.tensor(floats(*p.shape, seed=i)))
        optimizer = OPTIMIZERS[name](t, net.parameters())
        x = t.tensor(floats(4, 3, seed=seed))
        seen = []
        for _ in range(12):
            optimizer.zero_grad()
            loss = (net(x) ** 2).mean()
            loss.backward()
            optimizer.step()
            kept = net[2].weight.detach() if rng.random() < 0.2 else None
            seen += [loss.detach(), disturb(t, net, optimizer, rng.choice(CHOICES)), kept is None]
        return [x for x in seen if x is not None] + [p.detach() for p in net.parameters()]

    both(program, rtol=1e-4, atol=1e-5)
