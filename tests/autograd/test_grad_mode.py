"""Modes that programs ask about."""

from __future__ import annotations

import lamina
from tests.parity import compare


def test_inference_mode():
    def run(t):
        seen = [t.is_inference_mode_enabled()]
        with t.inference_mode():
            seen.append(t.is_inference_mode_enabled())
            with t.inference_mode(False):
                seen.append(t.is_inference_mode_enabled())
            seen.append(t.is_grad_enabled())

        @t.inference_mode
        def inside():
            return t.is_inference_mode_enabled(), t.is_grad_enabled()

        return [*seen, *inside(), *t.inference_mode()(inside)(), t.is_inference_mode_enabled()]

    compare(run)


def test_threads_are_accepted():
    with lamina.autograd.set_multithreading_enabled(False):
        assert lamina.is_grad_enabled()
