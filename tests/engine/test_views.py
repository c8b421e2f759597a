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


def test_updates_through_data_are_the_tensor_itself():
    """`p.data -= ...` writes through a view of `p`, and then assigns that view: nothing may grow by it."""
    w = lamina.ones(3, requires_grad=True)
    row = lamina.zeros(2, 3)[1]
    for _ in range(1200):
        w.data -= 0.5
        row.data += 0.25
    assert w.stride() == (1,) and w.is_leaf and w.tolist() == [-599.0] * 3
    assert row.storage_offset() == 3 and row.tolist() == [300.0] * 3


def test_memory_passed_on_and_on_has_a_layout_of_its_own():
    x = lamina.arange(6.0).view(2, 3)
    for _ in range(1100):  # each is a view of a tensor that is gone
        x = x.t()
    assert x.stride() == (3, 1) and x.tolist() == [[0, 1, 2], [3, 4, 5]]
    y = lamina.arange(6.0).view(2, 3).t()
    for _ in range(1100):
        y.data = y.data * 1
    assert y.tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("cut", ["whole", "row", "transposed", "detached"])
def test_assigning_data_to_what_it_came_from(cut):
    def program(t):
        base = t.arange(6.0).view(2, 3)
        x = {"whole": lambda: base, "row": lambda: base[1], "transposed": lambda: base.t(), "detached": base.detach}[
            cut
        ]()
        other = x.data
        x.data *= 2
        x.data = x.data
        x.data = x
        x.data += 1
        x.add_(1)
        return [base, x, other, t.tensor(x.stride()), t.tensor(x.storage_offset())]

    both(program)
