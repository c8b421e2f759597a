"""The same small training in both libraries, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import lamina

SHAPES = [(3, 2), (2,), (), (4, 1, 2)]


def trajectory(
    t: Any,
    build: Callable[[Any, list[Any]], Any],
    dtype: str,
    steps: int = 6,
    between: Callable[[int, Any], None] | None = None,
    skip: Callable[[int, int], bool] | None = None,
    complex_too: bool = False,
) -> tuple[list[list[np.ndarray]], Any]:
    """The parameters after each step of `build(t, params)`, and the optimizer. Gradients are fixed random numbers plus
    the parameter, so an error in one step shows in all later ones.

    Args:
        between: called before each step with its number and the optimizer.
        skip: whether a parameter, by number, gets no gradient at a step, by number.
    """
    rng = np.random.default_rng(0)
    params, found = [], []
    for shape in SHAPES:
        start = np.asarray(rng.standard_normal(shape)).astype(dtype)
        params.append(t.tensor(start, requires_grad=True))
    if complex_too:
        params.append(t.tensor([1 + 2j, -0.5j], dtype=t.complex128, requires_grad=True))
    optimizer = build(t, params)
    for step in range(steps):
        optimizer.zero_grad()
        for number, p in enumerate(params):
            noise = t.tensor(np.asarray(rng.standard_normal(tuple(p.shape)))).to(p.dtype)
            if skip is None or not skip(step, number):
                with t.no_grad():
                    p.grad = p + noise
        if between is not None:
            between(step, optimizer)
        optimizer.step()
        found.append([p.detach().numpy().copy() for p in params])
    return found, optimizer


def assert_same_trajectory(build: Callable[[Any, list[Any]], Any], dtype: str, **options: Any) -> None:
    """Fail unless lamina's parameters are PyTorch's after each step."""
    rtol, atol = (1e-5, 1e-6) if dtype == "float32" else (1e-12, 1e-14)
    actual, _ = trajectory(lamina, build, dtype, **options)
    expected, _ = trajectory(torch, build, dtype, **options)
    for step, (ours, theirs) in enumerate(zip(actual, expected, strict=True)):
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=f"parameter {number} after step {step}")
            assert a.dtype == b.dtype
