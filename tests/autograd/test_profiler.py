"""Names in a profile; profiles themselves are JAX's."""

from __future__ import annotations

import gzip

import jax
import pytest

import lamina
from lamina.autograd import profiler


def test_a_name_in_the_profile(tmp_path):
    @profiler.record_function("my part again")
    def again():
        return (lamina.ones(3) * 2).sum().item()

    with jax.profiler.trace(str(tmp_path), create_perfetto_trace=True):
        with profiler.record_function("my part"):
            assert (lamina.ones(3) * 2).sum().item() == 6
        assert again() == 6
    (file,) = tmp_path.rglob("perfetto_trace.json.gz")
    with gzip.open(file, "rt") as opened:
        text = opened.read()
    assert "my part" in text and "my part again" in text


def test_what_is_not_here():
    assert not profiler.kineto_available()
    with profiler.profile(enabled=False):
        pass
    for name in ("profile", "emit_nvtx", "emit_itt"):
        with pytest.raises(NotImplementedError) as caught:
            getattr(profiler, name)()
        assert str(caught.value) == (
            f"autograd.profiler.{name} is not implemented: use jax.profiler.trace(folder), which TensorBoard and "
            "Perfetto show; record_function names parts of it."
        )
