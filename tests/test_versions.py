"""How often a tensor was written to, and where PyTorch's checks of that are lamina's too."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.engine.both import both


def test_versions_are_counted():
    def program(t):
        x = t.zeros(2, 3)
        seen = [x._version]
        x.add_(1)
        row = x[0]
        seen += [x._version, row._version]
        row[1] = 5
        x.t().mul_(2)
        seen += [x._version, row._version, x.clone()._version, x.detach()._version]
        p = t.nn.Parameter(t.ones(2))
        optimizer = t.optim.SGD([p], lr=0.1)
        (p * p).sum().backward()
        optimizer.step()
        return [*seen, p._version]

    both(program)


def test_a_view_cut_without_gradients_is_not_written_to_with_them():
    def program(t):
        x = t.ones(2, 3, requires_grad=True)
        y = x * 2
        with t.no_grad():
            row = y[0]
        row.mul_(x[0])

    both(program, message=True)


def test_what_a_custom_function_saved_is_not_written_to():
    caught = []
    for t in (torch, lamina):

        class Square(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, grad):
                return 2 * ctx.saved_tensors[0] * grad

        leaf = t.tensor([1.0, 2.0], requires_grad=True)
        x = leaf * 1
        y = Square.apply(x)
        x.add_(1)
        with pytest.raises(RuntimeError) as error:
            y.sum().backward()
        caught.append(str(error.value).split(": [")[0])
    assert caught[0] == caught[1]
    assert caught[1].endswith("has been modified by an inplace operation")


def test_without_gradients_gradients_still_pass():
    def program(t):
        x = t.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = x * 2
        part = y[1:]
        with t.no_grad():
            y.mul_(10)
            part.add_(1)
        y.data.neg_()
        (y * y).sum().backward()
        return y, part, x.grad

    both(program)


def test_a_leaf_that_is_a_view_stays_a_leaf():
    def program(t):
        base = t.arange(4.0)
        leaf = base[1:].requires_grad_()
        other = base.detach().requires_grad_()
        base.add_(1)
        with t.no_grad():
            leaf.mul_(2)
        (leaf * leaf).sum().backward()
        return base, leaf, other, leaf.grad, leaf.is_leaf, other.is_leaf, other.requires_grad

    both(program)


def test_data_shares_the_memory_it_is_given():
    def program(t):
        x, y = t.zeros(3, requires_grad=True), t.ones(3)
        old = x.detach()
        x.data = y
        y.mul_(5)
        with t.no_grad():
            x.add_(1)
        (x * x).sum().backward()
        return x, y, old, x.grad

    both(program)
