"""What stays of the memory that programs have freed. The C library is one for a whole process: others are asked."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina.engine import memory, spec_of

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")

STEPS = """
import resource
import lamina
from lamina import nn

net = nn.Sequential(nn.Linear(64, 1024), nn.Tanh(), nn.Linear(1024, 1024), nn.Tanh(), nn.Linear(1024, 1))
optimizer, x = lamina.optim.SGD(net.parameters(), lr=1e-3), lamina.ones(2048, 64)  # 8 MB for each layer's results

def step():
    optimizer.zero_grad()
    net(x).square().mean().backward()
    optimizer.step()
    lamina.synchronize()

for _ in range(20):  # the heaps settle
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 10)
"""


def new_pages(**environment):
    done = subprocess.run(
        [sys.executable, "-c", STEPS], env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )
    return int(done.stdout)


@GLIBC
@pytest.mark.slow
def test_a_step_takes_the_memory_of_the_one_before():
    kept, asked = new_pages(), new_pages(MALLOC_TOP_PAD_="131072")  # which is the default, so nothing is set up
    assert kept < asked / 5, (kept, asked)


@GLIBC
def test_the_users_own_settings_are_not_overruled():
    for name in ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES"):
        code = "from lamina.engine import memory; print(memory.keep(), memory.in_blocks(None))"
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, name: "1"}, check=True, capture_output=True, text=True
        )
        assert done.stdout.split() == ["False", "{}"]


@GLIBC
def test_blocks_are_as_large_as_the_largest_array():
    def limit(function, *shapes):
        arguments = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
        (found,) = memory.in_blocks(jax.jit(function).trace(*arguments).jaxpr.jaxpr).values()
        return found

    assert limit(lambda x: x + 1, (8,)) == 24 << 20
    assert limit(lambda x: x + 1, (24 << 18,)) == 24 << 20
    assert limit(lambda x: x + 1, (25 << 18,)) == 50 << 20
    inner = jax.jit(lambda x: jnp.sum(x[:, None] * x[None, :], 1))
    assert limit(lambda x: jax.lax.cond(x[0] > 0, inner, jnp.sin, x), (4096,)) == 128 << 20


def test_programs_that_give_much_run_one_at_a_time():
    device = jax.devices("cpu")[0]
    small, large = (spec_of((count,), np.dtype("float32"), device) for count in (1024, 1 << 20))
    assert not memory.is_heavy([small, large], [])
    assert memory.is_heavy([large, large, small], [])
    assert not memory.is_heavy([large, large, small], [large])


def test_free_pages_are_given_back_ever_more_rarely(monkeypatch):
    given_back: list[int] = []
    monkeypatch.setattr(memory, "give_back", lambda seconds: None)  # after compiling
    monkeypatch.setattr(memory, "_malloc_trim", lambda padding: given_back.append(run))
    x = lamina.ones(1 << 22)  # 16 MB
    for run in range(1, 21):
        y = x * 2
        lamina.synchronize()
        del y
    assert given_back == [1, 2, 4, 8, 16]
    given_back.clear()
    x = lamina.ones(1 << 10)
    for run in range(1, 21):
        y = x * 2
        lamina.synchronize()
    assert given_back == []
