"""Switches of PyTorch's: what is set is told again."""

from __future__ import annotations

import inspect

import pytest
import torch

import lamina
from tests.parity import compare


def test_what_is_set_is_told():
    def run(t):
        found = []
        threads = t.get_num_threads()
        t.set_num_threads(2)
        found.append(t.get_num_threads())
        t.set_num_threads(threads)
        t.init_num_threads()
        found.append(t.get_float32_matmul_precision())
        t.set_float32_matmul_precision("high")
        found.append(t.get_float32_matmul_precision())
        t.set_float32_matmul_precision("highest")
        for mode in (1, "error", "default"):
            t.set_deterministic_debug_mode(mode)
            found += [
                t.get_deterministic_debug_mode(), t.are_deterministic_algorithms_enabled(),
                t.is_deterministic_algorithms_warn_only_enabled(),
            ]  # fmt: skip
        t.use_deterministic_algorithms(True, warn_only=True)
        found.append(t.get_deterministic_debug_mode())
        t.use_deterministic_algorithms(False)
        t.set_warn_always(True)
        found.append(t.is_warn_always_enabled())
        t.set_warn_always(False)
        return [*found, t.pi, t.e, t.inf, t.newaxis, t.is_vulkan_available(), t.compiled_with_cxx11_abi()]

    compare(run)
    assert lamina.nan != lamina.nan and lamina.get_num_interop_threads() > 0
    lamina.set_num_interop_threads(lamina.get_num_interop_threads())
    assert repr(lamina.channels_last) == "lamina.channels_last"
    assert isinstance(lamina.contiguous_format, lamina.memory_format)
    assert lamina.preserve_format is not lamina.channels_last_3d
    assert all((lamina.has_lapack, lamina.has_mkl, lamina.has_openmp, lamina.has_spectral))


def test_wrong_settings():
    for bad in (
        lambda t: t.set_num_threads(0),
        lambda t: t.set_num_threads("2"),
        lambda t: t.set_deterministic_debug_mode(7),
        lambda t: t.set_deterministic_debug_mode(None),
        lambda t: t.set_warn_always(1),
    ):
        compare(bad)
    with pytest.warns(UserWarning, match="it has no effect"):
        lamina.set_float32_matmul_precision("x")


def test_compile_gives_the_function_itself():
    @lamina.compile(fullgraph=True, dynamic=True)
    def double(x):
        return x * 2

    assert double(lamina.ones(1)).item() == 2.0
    layer = lamina.nn.Linear(2, 3)
    assert lamina.compile(layer, mode="max-autotune", backend="eager") is layer
    ours, theirs = (inspect.signature(t.compile).parameters.values() for t in (lamina, torch))
    assert [(option.name, option.default) for option in ours] == [(option.name, option.default) for option in theirs]
    with pytest.raises(TypeError, match="unexpected keyword argument 'fulgraph'"):
        lamina.compile(layer, fulgraph=True)
