"""Programs of views, writes, reads and backward passes, drawn at random: see `programs.py`.

The few that always run are short. `LAMINA_PROGRAMS=5000` is how many long ones the slow test runs.
"""

from __future__ import annotations

import os

import jax
import pytest

from tests.against_torch import programs

KNOWN = {
    1596: "a tensor that was written to without gradients is another one to autograd.grad than before",
    2075: "a detached tensor does not need gradients when one of its views was written to with some",
}
"""Programs of which lamina is known to make something else, and why."""
SHORT, LONG = 60, int(os.environ.get("LAMINA_PROGRAMS", "2000"))


def test_short_programs_drawn_at_random():
    with programs.interpreted():
        for seed in range(SHORT):
            found = programs.failure(seed, length=9, start=programs.SMALL)
            assert found is None, found


@pytest.mark.slow
def test_long_programs_drawn_at_random():
    with programs.interpreted():
        for seed in range(LONG):
            found = programs.failure(SHORT + seed, length=16)
            assert (found is None) is (SHORT + seed not in KNOWN), found
            if seed % 100 == 99:
                jax.clear_caches()  # of each operation and shape, or they fill the memory


def test_a_compiled_program_does_the_same():
    for seed in range(3):
        assert programs.failure(seed) is None


def test_a_difference_is_found_and_made_small(monkeypatch):
    import lamina

    zero = lamina.Tensor.zero_
    monkeypatch.setattr(lamina.Tensor, "zero_", lambda self: zero(self) if self.dim() else self.fill_(1))
    lines = ["v0 = c[0]", "v1 = c[0, 1]", "d.neg_()", "v1.zero_()", "v0.add_(1)"]
    with programs.interpreted():
        found = programs.replay(lines)
        assert found is not None
        assert found.startswith("v1.zero_()\nc is\n")
        assert programs.shrink(lines[:4]) == ["v1 = c[0, 1]", "v1.zero_()"]


def test_a_program_is_the_same_each_time_it_is_drawn():
    with programs.interpreted():
        assert programs.draw(5) == programs.draw(5)
