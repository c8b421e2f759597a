"""Products of matrices in groups beside PyTorch's, which asks for rows of 16 bytes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina.nn import functional as F
from tests.parity import compare, floats

OFFSETS = np.array([4, 4, 11, 16], np.int32)


def grouped(t, a, b, offs=None, **options):
    return t.nn.functional.grouped_mm(a, b, offs=offs, **options)


SHAPES = {
    "both are stacks": ((4, 3, 8), (4, 8, 16), ()),
    "rows are cut": ((16, 8), (4, 8, 16), (OFFSETS,)),
    "columns are cut": ((4, 3, 8), (8, 16), (OFFSETS,)),
    "the sum is cut": ((8, 16), (16, 24), (OFFSETS,)),
}


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_stacks_and_cut_matrices(case, dtype):
    a, b, offs = SHAPES[case]
    # bfloat16's products are summed in an order of one's own.
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 3e-2, "atol": 6e-2}
    compare(grouped, floats(*a, dtype=dtype), floats(*b, dtype=dtype, seed=1), *offs, grad=case != "columns are cut",
            **tolerance)  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_gradients_are_those_of_products_one_by_one(case):
    a, b, offs = SHAPES[case]
    arrays = floats(*a), floats(*b, seed=1)
    ours = [lamina.tensor(x, requires_grad=True) for x in arrays]
    theirs = [torch.tensor(x, requires_grad=True) for x in arrays]
    result = F.grouped_mm(*ours, offs=lamina.tensor(offs[0]) if offs else None)
    ends = [0, *OFFSETS]
    parts = []
    for g in range(4):
        cut = slice(ends[g], ends[g + 1])
        x = theirs[0][g] if len(a) == 3 else theirs[0][cut] if len(b) == 3 else theirs[0][:, cut]
        y = theirs[1][g] if len(b) == 3 else theirs[1][:, cut] if len(a) == 3 else theirs[1][cut]
        parts.append(x @ y)
    axis = {"rows are cut": 0, "columns are cut": 1}.get(case)
    expected = torch.stack(parts) if axis is None else torch.cat(parts, axis)
    np.testing.assert_allclose(result.detach().numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5)
    (result * result).sum().backward()
    (expected * expected).sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-4, atol=1e-4)


def test_rows_behind_the_last_group_are_zero():
    result = F.grouped_mm(lamina.ones(5, 2), lamina.ones(2, 2, 3), offs=lamina.tensor([1, 3], dtype=lamina.int32))
    assert result[:, 0].tolist() == [2, 2, 2, 0, 0]


@pytest.mark.parametrize(
    ("a", "b", "options"),
    [
        ((16,), (4, 8, 8), {"offs": OFFSETS}),
        ((16, 8), (4, 8, 8), {}),
        ((4, 16, 8), (4, 8, 8), {"offs": OFFSETS}),
        ((4, 16, 8), (3, 8, 8), {}),
        ((16, 8), (4, 12, 8), {"offs": OFFSETS}),
        ((16, 8), (4, 8, 8), {"offs": OFFSETS.astype(np.int64)}),
        ((16, 8), (4, 8, 8), {"offs": OFFSETS[None]}),
        ((16, 8), (4, 8, 8), {"offs": OFFSETS[:2]}),
        ((16, 8), (4, 8, 8), {"offs": OFFSETS, "bias": floats(8)}),
    ],
)
def test_wrong_operands(a, b, options):
    compare(lambda t, a, b, options: grouped(t, a, b, **options), floats(*a), floats(*b), options, grad=False)


def test_wrong_types():
    for first, second in ((np.float64, np.float64), (np.int32, np.int32), (np.float32, ml_dtypes.bfloat16)):
        compare(grouped, floats(16, 8, dtype=first), floats(4, 8, 8, dtype=second), OFFSETS, grad=False)
    compare(lambda t, *x: grouped(t, *x, out_dtype=t.float16), floats(16, 8), floats(4, 8, 8), OFFSETS, grad=False)


@pytest.mark.parametrize("name", ["scaled_mm", "scaled_grouped_mm"])
def test_scaled_products_say_that_there_is_no_float8(name):
    x = lamina.ones(2, 2)
    with pytest.raises(NotImplementedError) as caught:
        getattr(F, name)(x, x, None, None, None, None)
    assert str(caught.value) == (
        f"{name}: mat_a and mat_b must be of a float8 type, which lamina does not have, "
        "got lamina.float32 and lamina.float32; without scales, use matmul or grouped_mm."
    )
