"""Views as copies, beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import compare, floats

CALLS = {
    "alias_copy": lambda t, x: t.alias_copy(x),
    "as_strided_copy": lambda t, x: t.as_strided_copy(x, (2, 2), (1, 4)),
    "detach_copy": lambda t, x: t.detach_copy(x),
    "diagonal_copy": lambda t, x: t.diagonal_copy(x, 1),
    "expand_copy": lambda t, x: t.expand_copy(x, (2, 3, 4)),
    "narrow_copy": lambda t, x: (t.narrow_copy(x, 1, 1, 2), x.narrow_copy(0, 0, 1)),
    "permute_copy": lambda t, x: t.permute_copy(x, (1, 0)),
    "select_copy": lambda t, x: t.select_copy(x, 1, 2),
    "slice_copy": lambda t, x: t.slice_copy(x, 1, 0, 3, 2),
    "split_copy": lambda t, x: tuple(t.split_copy(x, 2)),
    "split_with_sizes_copy": lambda t, x: tuple(t.split_with_sizes_copy(x, (1, 3), 1)),
    "squeeze_copy": lambda t, x: t.squeeze_copy(x[:1]),
    "t_copy": lambda t, x: t.t_copy(x),
    "transpose_copy": lambda t, x: t.transpose_copy(x, 0, 1),
    "unbind_copy": lambda t, x: tuple(t.unbind_copy(x, 1)),
    "unfold_copy": lambda t, x: t.unfold_copy(x, 1, 2, 1),
    "unsqueeze_copy": lambda t, x: t.unsqueeze_copy(x, 0),
    "view_copy": lambda t, x: (t.view_copy(x, (4, 3)), t.view_copy(x.detach(), dtype=t.int32)),
    "view_as_real_copy": lambda t, x: t.view_as_real_copy(t.complex(x, x)),
    "view_as_complex_copy": lambda t, x: t.view_as_complex_copy(x[:, :2]),
    "unsafe_chunk": lambda t, x: (tuple(t.unsafe_chunk(x, 2)), tuple(x.unsafe_chunk(2, 1))),
    "unsafe_split": lambda t, x: (tuple(t.unsafe_split(x, 2)), tuple(x.unsafe_split(2, 1))),
    "unsafe_split_with_sizes": lambda t, x: (
        tuple(t.unsafe_split_with_sizes(x, [1, 2])), tuple(x.unsafe_split_with_sizes([1, 3], 1)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_copies(call):
    # PyTorch has no derivatives of these two.
    compare(call, floats(3, 4), grad=call not in (CALLS["detach_copy"], CALLS["view_as_complex_copy"]))


def test_copies_share_nothing():
    def run(t, x):
        x = x.clone()
        y = t.transpose_copy(x, 0, 1)
        y.zero_()
        return x, y, y.is_contiguous(), t.t_copy(x, out=t.zeros(3, 2))

    compare(run, floats(2, 3), grad=False)
