"""Small programs run on the thread that calls them, and give what they would give elsewhere."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import serialize_executable

import lamina
from lamina.engine import at_once, cache

CPU = jax.devices("cpu")[0]


def compiled(size: int):
    x = jnp.ones((size, size))
    return jax.jit(lambda x, y: [jnp.tanh(x @ y), x + 1]).lower(x, x).compile(), x


def test_small_is_what_takes_little_time():
    small, _ = compiled(20)
    assert at_once.is_small(small, CPU)
    for size in (64, 512):  # half a million operations, a megabyte
        large, _ = compiled(size)
        assert not at_once.is_small(large, CPU)


def test_a_program_that_does_not_say_what_it_costs_is_not_small():
    class Silent:
        def cost_analysis(self):
            raise NotImplementedError

    assert not at_once.is_small(Silent(), CPU)


@pytest.mark.parametrize("now", [False, True])
def test_what_is_loaded_gives_the_same(now):
    program, x = compiled(20)
    serialized, _, _ = serialize_executable.serialize(program)
    call = at_once.loaded(serialized, 2, 2, CPU, now)
    for ours, theirs in zip(call(x, x), program(x, x), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_runs_at_once_is_there_when_the_call_returns():
    """Twenty steps in a row: a thread of its own would still be at it after some of them."""
    program, x = compiled(60)
    serialized, _, _ = serialize_executable.serialize(program)
    call = at_once.loaded(serialized, 2, 2, CPU, True)
    x.block_until_ready()
    for _ in range(20):
        results = call(x, x)
        assert all(result.is_ready() for result in results)


def test_another_version_of_jax_may_not_know_how(monkeypatch):
    program, x = compiled(20)
    serialized, _, _ = serialize_executable.serialize(program)
    monkeypatch.setattr(at_once, "_unpickler", lambda: None)
    call = at_once.loaded(serialized, 2, 2, CPU, True)
    np.testing.assert_array_equal(call(x, x)[1], program(x, x)[1])


@pytest.mark.parametrize("folder", ["off", "on"])
def test_with_and_without_files(folder, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(cache, "folder", lambda: None if folder == "off" else tmp_path)
    monkeypatch.setattr(cache, "loaded", lambda *a: asked.append(a[-1]) or at_once.loaded(*a))
    count = 351 + len(folder)  # not a program that is in memory already
    assert (lamina.ones(count) * 1.625 + 7).sum().item() == pytest.approx(count * 8.625)
    assert asked == [True]
    assert len(list(tmp_path.glob("*.program"))) == (0 if folder == "off" else 1)
