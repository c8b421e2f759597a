"""Options of the compiler: an XLA that does not know one compiles without it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from lamina.engine import compile_options


def traced():
    return jax.jit(lambda x: x + 1).trace(jnp.ones(3))


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch):
    monkeypatch.setattr(compile_options, "_unknown", set())


def test_this_version_knows_all_of_them():
    assert compile_options.compiled(traced(), jax.devices("cpu")[0])(jnp.ones(3)).tolist() == [2, 2, 2]
    assert not compile_options._unknown, "XLA's options have changed: look for what they are called now"


def test_one_that_is_gone_is_left_out(monkeypatch):
    monkeypatch.setitem(compile_options.FOR_CPU, "xla_cpu_option_of_the_past", 1)
    assert compile_options.compiled(traced(), jax.devices("cpu")[0])(jnp.ones(3)).tolist() == [2, 2, 2]
    assert compile_options._unknown == {"xla_cpu_option_of_the_past"}


def test_other_errors_are_raised():
    class Broken:
        jaxpr = traced().jaxpr

        def lower(self):
            return self

        def compile(self, options):
            raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="luck"):
        compile_options.compiled(Broken(), jax.devices("cpu")[0])
