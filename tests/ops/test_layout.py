"""The strides and offsets of views are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lamina.ops import layout as layouts
from tests.parity import compare, floats


def _random_cut(rng, x):
    """A view of a torch tensor, the operation's name and its arguments; the view is None where PyTorch refuses."""
    ndim, kind = x.dim(), rng.integers(8)
    if kind == 0:
        order = tuple(map(int, rng.permutation(ndim)))
        return x.permute(order), "permute", (order,)
    if kind == 1:
        dim = int(rng.integers(-ndim - 1, ndim + 1))
        return x.unsqueeze(dim), "unsqueeze", (dim,)
    if kind == 2:
        return x.squeeze(), "squeeze", ()
    if kind == 3 and ndim:
        dim = int(rng.integers(ndim))
        start = int(rng.integers(x.shape[dim] + 1))
        size, step = int(rng.integers(x.shape[dim] - start + 1)), int(rng.integers(1, 3))
        index = [slice(None)] * dim + [slice(start, start + size, step)]
        view = x[tuple(index)]
        return view, "slice_at", (start, dim, view.shape[dim], step)
    if kind == 4:
        size = (2, *(int(rng.integers(1, 3)) if own == 1 else -1 for own in x.shape))
        return x.expand(size), "expand", (size,)
    if kind == 5 and ndim > 1:
        offset = int(rng.integers(-1, 2))
        return x.diagonal(offset, 0, 1), "diagonal", (offset, 0, 1)
    if kind == 6 and ndim:
        dim, size = int(rng.integers(ndim)), int(rng.integers(3))
        if size <= x.shape[dim]:
            return x.unfold(dim, size, 2), "unfold_windows", (dim, size, 2)
    divisors = [d for d in range(1, x.numel() + 1) if x.numel() % d == 0] or [1]
    new = (int(rng.choice(divisors)), 1, -1) if x.numel() else (2, 0)
    try:
        return x.view(new), "view", (new,)
    except RuntimeError:
        return None, "view", (new,)


def test_strides_of_any_chain_of_views_are_pytorchs():
    rng, refused, cut = np.random.default_rng(0), 0, 0
    for _ in range(1000):
        shape = tuple(
            int(size) for size in rng.choice([0, 1, 2, 3, 4], size=rng.integers(4), p=[0.04, 0.24, 0.24, 0.24, 0.24])
        )
        x = torch.zeros(shape)
        layout = (shape, layouts.contiguous_strides(shape), 0)
        for _ in range(4):
            view, name, arguments = _random_cut(rng, x)
            if view is None:
                refused += 1
                assert not layouts.can_view(layout[0], layout[1], arguments[0])
                with pytest.raises(RuntimeError, match="view size is not compatible"):
                    layouts.strides_after(name, *layout, arguments)
                continue
            cut += 1
            layout = layouts.strides_after(name, *layout, arguments)
            assert layout == (tuple(view.shape), view.stride(), view.storage_offset()), (name, arguments, x.stride())
            assert layouts.is_contiguous(layout[0], layout[1]) == view.is_contiguous()
            x = view
            if x.numel() > 1000:
                break
    assert refused > 30 and cut > 1000


@pytest.mark.parametrize(
    "index", [(1,), (slice(1, None),), (slice(None), 2), (None, 1, ..., slice(0, 4, 2)), (..., None), (None,)]
)
def test_strides_of_an_index_are_pytorchs(index):
    compare(
        lambda t, x: (x[index].stride(), x[index].storage_offset(), x[index].is_contiguous()),
        floats(2, 3, 4),
        grad=False,
    )
