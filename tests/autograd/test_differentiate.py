"""`backward` by its arguments; what it computes is compared everywhere else."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.parity import compare, floats


@pytest.mark.parametrize("t", [torch, lamina], ids=["torch", "lamina"])
def test_grad_variables_is_an_older_name_of_grad_tensors(t):
    x, given = t.ones(2, requires_grad=True), t.tensor([3.0, 5.0])
    with pytest.warns(FutureWarning, match="^`grad_variables` is deprecated. Use `grad_tensors` instead.$"):
        t.autograd.backward(x * 2, grad_variables=given)
    assert x.grad.tolist() == [6.0, 10.0]
    with (
        pytest.warns(FutureWarning),
        pytest.raises(RuntimeError, match="arguments both passed to `backward\\(\\)`. Please only use `grad_tensors`"),
    ):
        t.autograd.backward(x * 2, given, grad_variables=given)


def test_grad_by_nothing():
    compare(lambda t, x: t.autograd.grad(x.sum(), []), floats(2))
    with pytest.raises(RuntimeError, match=r"^`inputs` argument to `grad\(\)` cannot be empty.$"):
        lamina.autograd.grad(lamina.ones(1, requires_grad=True), ())
