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
import torch

import lamina
from lamina.engine import memory, spec_of
from lamina.engine.run import _recent

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


SMALL, LARGE = (spec_of((count,), np.dtype("float32"), jax.devices("cpu")[0]) for count in (1024, 1 << 20))


def test_programs_that_give_much_run_one_at_a_time():
    assert not memory.is_heavy(memory.surplus([SMALL, LARGE], []))
    assert memory.is_heavy(memory.surplus([LARGE, LARGE, SMALL], []))
    assert not memory.is_heavy(memory.surplus([LARGE, LARGE, SMALL], [LARGE]))


def test_of_programs_that_give_less_one_run_waits_for_its_turn():
    class Sign:
        def __init__(self, run):
            self.run = run

        def block_until_ready(self):
            waited.append(self.run)

    waited: list[int] = []
    pace = memory.Pace.of(memory.surplus([LARGE, SMALL], []))
    for run in range(5):
        pace.wait()
        pace.note(Sign(run))
    assert waited == [0, 1, 2]  # before runs 2, 3 and 4
    assert memory.Pace.of(memory.surplus([SMALL], [])) is None
    assert memory.Pace.of(memory.surplus([LARGE, LARGE, LARGE], [])) is None  # waits for all
    assert memory.Pace.of(memory.surplus([LARGE, SMALL], [LARGE])) is None


def test_a_program_with_a_sign_gives_its_results():
    w = lamina.ones(1 << 19, requires_grad=True)  # 2 MB
    optimizer = lamina.optim.Adam([w], lr=0.5)
    lamina.engine.reset()
    for _ in range(6):
        optimizer.zero_grad()
        loss = (w * w).mean()
        loss.backward()
        optimizer.step()
    assert lamina.engine.compilations() <= 2
    (executable,) = {found for plan in _recent for found in plan.executables.values() if found.pace is not None}
    assert executable.pace._last.tolist() is False and len(executable.loose_outputs) == 6
    v = torch.ones(1 << 19, requires_grad=True)
    theirs = torch.optim.Adam([v], lr=0.5)
    for _ in range(6):
        theirs.zero_grad()
        (v * v).mean().backward()
        theirs.step()
    np.testing.assert_allclose(w[:5].tolist(), v[:5].tolist(), rtol=1e-4)


def test_free_pages_are_given_back_ever_more_rarely(monkeypatch):
    began: list[int] = []
    given_back: list[int] = []
    monkeypatch.setattr(memory, "give_back", lambda seconds: None)  # after compiling
    monkeypatch.setattr(memory, "_malloc_trim", lambda padding: given_back.append(len(began)))
    for count, expected in ((1 << 22, [1, 2, 4, 8, 16]), (1 << 10, [])):  # 16 MB, 4 KB
        x = lamina.ones(count)
        began.clear()
        given_back.clear()
        for _ in range(20):
            began.append(count)
            y = x * 2
            lamina.synchronize()
            del y
        assert given_back == expected
