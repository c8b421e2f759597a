"""Views and writing in place, beside PyTorch. `tests/against_torch/programs.py` draws programs of them at random."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.engine.both import both


def test_a_bias_is_filled_through_data():
    def program(t):
        bias = t.zeros(8, requires_grad=True)
        bias.data[2:4].fill_(1)
        (bias * bias).sum().backward()
        return bias, bias.grad

    both(program)


def test_writing_to_the_base_shows_in_a_view_and_back():
    def program(t):
        x = t.arange(6.0)
        v = x.view(2, 3)
        w = v[1]
        x.add_(10)
        first = [v.clone(), w.clone()]
        w.mul_(0)
        return first, x, v, w

    both(program)


def test_views_of_a_tensor_that_is_gone_still_share():
    def program(t):
        a, b = (t.arange(6.0) * 2).view(2, 3).unbind()
        whole = t.arange(4.0) * 3
        u, v = whole.view(2, 2), whole[1:]
        del whole
        u[0, 1] = 99
        a.add_(1)
        return a, b, u, v

    both(program)


def test_gradients_pass_writes():
    def program(t):
        x = t.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = x * 2
        y[0] = 10
        y[1:] *= x[1:]
        z = y.view(3)
        z.add_(x)
        y.sum().backward()
        return y, z, x.grad

    both(program)


def test_expanded_memory_is_not_written():
    both(lambda t: t.zeros(1, 3).expand(2, 3).add_(1), message=True)


def test_result_types_and_shapes_of_writes_are_checked():
    both(lambda t: t.tensor([1, 2]).add_(0.5), message=True)
    both(lambda t: t.tensor([1.0, 2.0]).add_(t.ones(2, 2)), message=True)
    both(lambda t: t.tensor([1.0, 2.0]).add_(t.tensor([1, 2])))
    both(lambda t: t.tensor([True]).add_(1))


def test_strides_and_contiguity():
    def program(t):
        x = t.arange(24).reshape(2, 3, 4)
        views = [x, x.transpose(0, 2), x[:, 1], x[..., ::2], x.permute(1, 0, 2)[0], x.unsqueeze(1), x.expand(2, 3, 4)]
        return [(v.stride(), v.storage_offset(), v.is_contiguous()) for v in views]

    both(program)


def test_view_of_a_transposed_tensor_raises():
    both(lambda t: t.zeros(2, 3).t().view(6), message=True)
    both(lambda t: t.arange(6).reshape(2, 3).t().reshape(6))


def test_state_dicts_share_memory_with_parameters():
    def program(t):
        layer = t.nn.Linear(2, 1)
        with t.no_grad():
            layer.weight.fill_(1.0)
        held = layer.state_dict()["weight"]
        with t.no_grad():
            layer.weight.add_(1)
        return held, layer.weight

    both(program)


@pytest.mark.parametrize("t", [torch, lamina], ids=["torch", "lamina"])
def test_a_view_of_a_leaf_whose_data_was_replaced_is_not_written_to(t):
    a = t.ones(2, 3, requires_grad=True)
    view = a[0]
    a.data = t.zeros(2, 3)
    again = view[...]
    again.detach().mul_(0.5)
    with pytest.raises(RuntimeError, match="^a view of a leaf Variable that requires grad is being used"):
        again.mul_(2)
