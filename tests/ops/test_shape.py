"""Views: values, gradients, writes through them and errors are PyTorch's; so are the errors of joining and turning."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import both_errors, compare, floats, integers

# --- views ------------------------------------------------------------------------------------------------------------

VIEWS = {
    "view": [lambda x: x.view(-1), lambda x: x.view(6, 4), lambda x: x.view((2, -1)), lambda x: x.view(2, 1, 3, 4)],
    "reshape": [lambda x: x.reshape(4, 6), lambda x: x.reshape([-1]), lambda x: x.reshape(-1, 1, 8)],
    "flatten": [lambda x: x.flatten(), lambda x: x.flatten(1), lambda x: x.flatten(0, -2), lambda x: x.flatten(1, 1)],
    "unflatten": [lambda x: x.unflatten(2, (2, -1)), lambda x: x.unflatten(-2, (3, 1))],
    "transpose": [lambda x: x.transpose(0, 2), lambda x: x.swapaxes(-1, 1), lambda x: x.transpose(1, 1)],
    "permute": [lambda x: x.permute(2, 0, 1), lambda x: x.permute((0, -1, 1))],
    "movedim": [lambda x: x.movedim(0, 2), lambda x: x.moveaxis((0, 1), (-1, 0)), lambda x: x.movedim((2,), (0,))],
    "squeeze": [lambda x: x.unsqueeze(1).squeeze(), lambda x: x.unsqueeze(-1).squeeze(-1), lambda x: x.squeeze(1),
                lambda x: x[None, :, None].squeeze((0, 2)), lambda x: x[None, :, None].squeeze((0, 1))],
    "select": [lambda x: x.select(0, 1), lambda x: x.select(-1, -2)],
    "narrow": [lambda x: x.narrow(1, 1, 2), lambda x: x.narrow(-1, -3, 2), lambda x: x.narrow(0, 2, 0)],
    "diagonal": [lambda x: x.diagonal(), lambda x: x.diagonal(1, 2, 1), lambda x: x.diagonal(-1, 0, -1),
                 lambda x: x.diagonal(9)],
    "unfold": [lambda x: x.unfold(1, 2, 1), lambda x: x.unfold(-1, 2, 2), lambda x: x.unfold(0, 0, 1)],
    "chain": [lambda x: x.transpose(0, 1)[1:].permute(2, 0, 1), lambda x: x[1].t()[::2].unsqueeze(0)],
}  # fmt: skip


@pytest.mark.parametrize(
    "cut", [pytest.param(cut, id=f"{name}{i}") for name, cuts in VIEWS.items() for i, cut in enumerate(cuts)]
)
def test_views(cut):
    compare(lambda t, x: (cut(x) * 2, cut(x).stride(), cut(x).storage_offset()), floats(2, 3, 4))


@pytest.mark.parametrize("cut", [pytest.param(cuts[-1], id=name) for name, cuts in VIEWS.items()])
def test_writing_through_a_view_writes_its_base(cut):
    def write(t, x):
        base = x * 1
        cut(base).mul_(3)
        cut(base)[...] = cut(base) + 1
        return base

    if cut is VIEWS["unfold"][-1]:
        cut = VIEWS["unfold"][1]
    compare(write, floats(2, 3, 4))


def test_views_of_few_dimensions():
    for x in (floats(), floats(3), floats(0), floats(1, 2, 1)):
        compare(lambda t, x: (x.unsqueeze(0), x.unsqueeze(-1), x.squeeze(), x.reshape(-1), x.flatten()), x)
        compare(lambda t, x: (t.atleast_1d(x), t.atleast_2d(x), t.atleast_3d(x)), x)
    compare(lambda t, x: (x.t(), x.squeeze(0), x.squeeze(-1), x.permute(()), x.unfold(0, 1, 1)), floats())
    compare(lambda t, x, y: (x.t(), y.t(), y.mT, y.T), floats(3), floats(2, 3))


def test_expand():
    compare(lambda t, x: (x.expand(2, 3, 4), x.expand(-1, 3, -1), x.expand((5, 2, 1, 4))), floats(2, 1, 4))
    compare(lambda t, x, y: (x.expand_as(y), t.broadcast_to(x, (3, 4)), x.expand(4)), floats(1), floats(2, 3))
    compare(lambda t, x, y: t.broadcast_tensors(x, y), floats(2, 1), floats(3))
    compare(lambda t, x: x.expand(3), floats())


def test_writing_through_expand_says_why_not():
    message = (
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
        "Please clone() the tensor before performing the operation."
    )
    x = lamina.ones(3)
    with pytest.raises(RuntimeError) as caught:
        x.expand(2, 3).add_(1)
    assert str(caught.value) == message
    compare(lambda t, x: x.expand(2, 3).add_(1), floats(3), grad=False)
    compare(lambda t, x: x.expand(1, 3).add_(1), floats(3), grad=False)


def test_view_of_a_transposed_tensor_needs_reshape():
    x = lamina.ones(2, 3)
    with pytest.raises(RuntimeError) as caught:
        x.t().view(6)
    assert str(caught.value) == (
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
        "contiguous subspaces). Use .reshape(...) instead."
    )
    compare(
        lambda t, x: (x.t().reshape(6), x.t().contiguous().view(6), x.t().view(3, 2, 1), x.t().flatten()), floats(2, 3)
    )


def test_reshape_shares_memory_where_it_can():
    def write(t, x):
        x.reshape(6).mul_(2)
        x.t().reshape(6).mul_(100)
        x.flatten()[0] = 5
        return x

    compare(write, floats(2, 3), grad=False)


def test_view_as_another_dtype():
    compare(lambda t, x: (x.view(t.int32), x.view(t.int64), x.view(t.uint8)), floats(2, 4), grad=False)
    compare(lambda t, x: x.view(t.float32), integers(2, 3, dtype=np.int32))


@pytest.mark.parametrize(("name", "function"), {
    "chunk": lambda t, x: (x.chunk(2, 1), t.chunk(x, 5, 1), x.chunk(3, -1), x.chunk(1)),
    "split": lambda t, x: (x.split(2, 1), t.split(x, [1, 4], 1), x.split(1), x.split_with_sizes([2, 1])),
    "tensor_split": lambda t, x: (x.tensor_split(2, 1), x.tensor_split((1, 3), 1), x.tensor_split([2, 1, 9], -1)),
    "hsplit": lambda t, x: (x.hsplit(5), x.vsplit(3), x.hsplit((1, 2)), x[0].hsplit(5), x[None].dsplit((2,))),
    "unbind": lambda t, x: (x.unbind(), t.unbind(x, 1), tuple(x)),
}.items())  # fmt: skip
def test_parts(name, function):
    compare(function, floats(3, 5))


def test_parts_are_views():
    def write(t, x):
        first, second = x.chunk(2, 1)
        first.zero_()
        x.unbind(0)[1].add_(7)
        x.split([1, 2])[1].mul_(2)
        return x, second

    compare(write, floats(3, 4), grad=False)


def test_parts_of_nothing():
    compare(lambda t, x: (x.split(0, 1), x.chunk(3, 1), x.split(2, 1), x.unbind(1), x.tensor_split(2, 1)), floats(3, 0))


def test_writing_views_as_operations():
    x = floats(3, 4)
    compare(lambda t, x, y: t.diagonal_scatter(x, y, 1), x, floats(3))
    compare(lambda t, x, y: t.select_scatter(x, y, 0, -1), x, floats(4))
    compare(lambda t, x, y: t.slice_scatter(x, y, 1, 1, 4, 2), x, floats(3, 2))


def test_adjoint():
    compare(lambda t, x: x.adjoint(), (floats(2, 3) + 1j * floats(2, 3, seed=1)).astype(np.complex64), grad=False)


# --- errors -----------------------------------------------------------------------------------------------------------

ERRORS = [
    lambda t, x: x.view(4),
    lambda t, x: x.view(-1, -1),
    lambda t, x: x.view(-2, 3),
    lambda t, x: x.reshape(-1, 4),
    lambda t, x: t.ones(0).view(-1, 0),
    lambda t, x: x.transpose(0, 2),
    lambda t, x: x[None].t(),
    lambda t, x: x.permute(0, 0),
    lambda t, x: x.squeeze(2),
    lambda t, x: x.squeeze((0, 0)),
    lambda t, x: x.unsqueeze(3),
    lambda t, x: x.expand(4, 3),
    lambda t, x: x.narrow(0, 1, 2),
    lambda t, x: x.narrow(0, 3, 1),
    lambda t, x: x.narrow(0, 0, -1),
    lambda t, x: x.select(0, 2),
    lambda t, x: x.diagonal(0, 0, 0),
    lambda t, x: x.movedim((0, 0), (0, 1)),
    lambda t, x: x.unflatten(1, (2, 2)),
    lambda t, x: x.unflatten(1, ()),
    lambda t, x: x.flatten(1, 0),
    lambda t, x: x.unfold(0, 3, 1),
    lambda t, x: x.unfold(0, 1, 0),
    lambda t, x: t.cat([x, x[:, :2]]),
    lambda t, x: t.cat([x, x[0]]),
    lambda t, x: t.cat([x, x], 2),
    lambda t, x: t.stack([]),
    lambda t, x: t.stack([x, x[0]]),
    lambda t, x: x.repeat(2),
    lambda t, x: x.flip(2),
    lambda t, x: x.flip(0, 0),
    lambda t, x: x.roll((1, 2), 0),
    lambda t, x: x.rot90(1, (0, 0)),
    lambda t, x: x[0].rot90(),
    lambda t, x: x.repeat_interleave(-1),
    lambda t, x: x[0].tril(),
    lambda t, x: x[None].diag(),
    lambda t, x: x.chunk(0),
    lambda t, x: x.split(0),
    lambda t, x: x.split(-1),
    lambda t, x: x.split([1, 2]),
    lambda t, x: x.split([1, 2, -1]),
    lambda t, x: x.tensor_split(0),
    lambda t, x: t.tensor(1.0).unbind(),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_are_pytorchs_word_for_word(case):
    expected, actual = both_errors(ERRORS[case], 2, 3)
    assert actual == expected


def test_errors_in_words_of_our_own():
    compare(lambda t, x: x.permute(0), floats(2, 3))
    compare(lambda t, x: x.expand(3), floats(2, 3))
    compare(lambda t, x: t.cat([]), floats(2, 3))
    compare(lambda t, x: x[0].vsplit(3), floats(2, 3))
    compare(lambda t, x: t.meshgrid(x, x), floats(2, 3))
    with pytest.raises(RuntimeError) as caught:
        lamina.ones(2, 3).expand(3)
    assert str(caught.value) == (
        "expand(lamina.FloatTensor{[2, 3]}, size=[3]): the number of sizes provided (1) must be greater or equal to "
        "the number of dimensions in the tensor (2)"
    )
    with pytest.raises(RuntimeError) as caught:
        lamina.vsplit(lamina.ones(3), 3)
    assert (
        str(caught.value)
        == "lamina.vsplit requires a tensor with at least 2 dimension, but got a tensor with 1 dimensions!"
    )


def test_names_of_gradients():
    for function in (
        lambda t, x: (x.view(6), x.reshape(6), x.t(), x.transpose(0, 1), x.permute(1, 0), x.movedim(0, 1), x.flatten()),
        lambda t, x: (x.squeeze(), x.squeeze(0), x.squeeze((0, 1)), x.unsqueeze(0), x.expand(2, 3), x.select(0, 1)),
        lambda t, x: (x.narrow(0, 0, 1), x.diagonal(), x.unfold(1, 2, 1), *x.unbind(), *x.split(1), *x.split([1, 1])),
        lambda t, x: (t.cat([x]), t.stack([x]), x.repeat(2, 2), x.flip(0), x.roll(1), x.rot90(), x.tril(), x.diag()),
        lambda t, x: (x.diag_embed(), x.t().contiguous(), x.t().reshape(6), t.broadcast_to(x, (2, 3)), x.ravel()),
    ):
        compare(lambda t, x: [y.grad_fn.name() for y in function(t, x)], floats(2, 3))  # noqa: B023 (called at once)
