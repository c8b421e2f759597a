"""Arrays from the host: the same as `jax.device_put` makes of them, in a fraction of its time."""

from __future__ import annotations

import jax
import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina import engine, nn
from lamina.engine import host

TYPES = (
    np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64, np.float16, ml_dtypes.bfloat16, np.float32, np.float64,
    np.complex64, np.complex128,
)  # fmt: skip


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("dtype", TYPES)
def test_it_is_what_jax_makes(dtype, direct, monkeypatch):
    if not direct:
        monkeypatch.setattr(host, "_transfer", None)
    whole = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for device in jax.devices()[:2]:
        for array in (whole, whole[0, 0, 0], whole[:0], whole.T, whole[:, ::2]):
            array = np.array(array)
            value = host.put(array, device)
            found = engine.read(value)
            with jax.enable_x64(True):
                expected = jax.device_put(array, device)
            assert found.dtype == expected.dtype == array.dtype
            assert found.sharding == expected.sharding
            assert found.committed == expected.committed
            assert value.spec.shape == array.shape
            np.testing.assert_array_equal(np.asarray(found), array)


def test_small_arrays_stay_on_the_host_until_a_program_needs_them():
    x = lamina.tensor([3, 1, 2])
    value = x._value
    assert value.array.__class__ is engine.OnHost and engine.is_ready(value)
    assert x.tolist() == [3, 1, 2] and x.numpy().sum() == 6 and repr(x) == "tensor([3, 1, 2])"
    assert value.array.array is None
    assert (x + x).tolist() == [6, 2, 4]
    assert value.array.__class__ is not engine.OnHost
    assert lamina.zeros(1 << 14)._value.array.__class__ is engine.OnHost  # 64 KB
    assert lamina.zeros((1 << 14) + 1)._value.array.__class__ is not engine.OnHost


def test_what_two_hold_is_sent_once():
    x = lamina.tensor([1.0, 2.0])
    y = x.detach()
    assert x.data_ptr() == y.data_ptr()
    x += 1
    assert y.tolist() == [2, 3]
    w = lamina.tensor([1.0, 2.0], requires_grad=True)
    kept = w.detach().clone()
    optimizer = lamina.optim.SGD([w], lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    assert kept.tolist() == [1, 2] and w.tolist() == [0, 0]


def test_what_two_hold_is_not_written_over_for_the_other():
    """The array that was sent for a copy is not the original's to be given away."""
    x = lamina.tensor([1.0, 2.0])
    y = x.detach()
    assert (y * 2).tolist() == [2.0, 4.0]  # y has its array now, x does not
    x = x + y
    assert (x.tolist(), y.tolist()) == ([2.0, 4.0], [1.0, 2.0])


def test_the_callers_array_may_change():
    for make in (lamina.tensor, lamina.from_numpy, lamina.as_tensor):
        given = np.arange(4)
        x = make(given)
        before = x.tolist()
        given[:] = 9
        assert x.tolist() == before
        x.numpy()[:] = 7
        assert x.tolist() == before


def test_there_is_a_short_way():
    assert host._transfer is not None, "JAX has no `batched_device_put` any more: data takes the long way"


def test_it_can_be_used_in_programs():
    x = lamina.tensor(np.arange(5))
    assert (x * 2 + 2**40).tolist() == [2**40 + 2 * i for i in range(5)]


def test_gradients_are_zeroed_within_the_program():
    """The loop by hand of many tutorials makes no array of zeros, and few programs."""
    w = lamina.ones(200, 200, requires_grad=True)
    lamina.engine.reset()
    for _ in range(6):
        loss = (w * w).sum()
        loss.item()
        loss.backward()
        with lamina.no_grad():
            w -= 0.25 * w.grad
            w.grad.zero_()
    assert lamina.engine.compilations() <= 4
    assert w[0, 0].item() == 0.5**6
    assert not w.grad.any()
    x = lamina.full((3,), lamina.nan)

    y = x + 1
    assert y.zero_().tolist() == [0, 0, 0]


def test_a_module_drops_gradients_without_looking_at_them(monkeypatch):
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    net(lamina.ones(2, 3)).sum().backward()
    lamina.engine.flush()
    monkeypatch.setattr(lamina.engine.Packed, "take", None)
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("direct", [True, False])
def test_what_a_traced_function_needs_first_is_an_array(direct, monkeypatch):
    if not direct:
        monkeypatch.setattr(host, "_transfer", None)
    x = lamina.tensor([1.0, 2.0])
    assert jax.jit(lambda y: (lamina.as_tensor(y) + x).array())(np.ones(2, np.float32)).tolist() == [2, 3]
    assert isinstance(engine.read(x._value), jax.Array) and not isinstance(engine.read(x._value), jax.core.Tracer)
    assert (x * 2).tolist() == [2, 4]
