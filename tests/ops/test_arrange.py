"""Joining, repeating, turning, triangles and diagonals against PyTorch's."""

from __future__ import annotations

import pytest

from tests.parity import bools, compare, floats, integers


def test_joining():
    x, y = floats(2, 3), floats(2, 3, seed=1)
    compare(
        lambda t, x, y: (t.cat([x, y]), t.cat((x, y), -1), t.concat([x]), t.stack([x, y]), t.stack([x, y], -1)), x, y
    )
    compare(lambda t, x, y: (t.hstack([x, y]), t.vstack([x, y]), t.dstack([x, y]), t.column_stack([x, y])), x, y)
    compare(lambda t, x, y: (t.hstack([x, y]), t.vstack([x, y]), t.dstack([x, y]), t.column_stack([x, y])), x[0], y[0])
    compare(lambda t, x, y: (t.hstack([x, y]), t.vstack([x, y]), t.stack([x, y])), floats(), floats(seed=1))
    compare(lambda t, x, y: t.cat([x, y]), floats(0), floats(2, 3))
    compare(lambda t, x, y, z: t.block_diag(x, y, z), floats(2, 3), floats(2), floats())


@pytest.mark.parametrize("other", ["int64", "float16", "float64", "bool"])
def test_joining_promotes(other):
    compare(lambda t, x, y: (t.cat([x, y]), t.stack([x, y])), floats(2), integers(2, low=0, high=2, dtype=other))


def test_repeating():
    x = floats(2, 3)
    compare(lambda t, x: (x.repeat(2, 1), x.repeat(3, 1, 2), x.tile((2,)), x.tile(2, 1, 1), t.tile(x, (1, 2))), x)
    compare(lambda t, x: (x.repeat(0, 2), x.repeat((2, 2))), x)
    compare(lambda t, x: (x.repeat_interleave(2), x.repeat_interleave(3, 1), x.repeat_interleave(2, dim=0)), x)
    compare(lambda t, x, n: (x.repeat_interleave(n, 1), t.repeat_interleave(n)), x, integers(3, low=0, high=4))


def test_turning():
    x = floats(2, 3, 4)
    compare(lambda t, x: (x.flip(0), x.flip((1, -1)), t.flip(x, [0]), x.fliplr(), x.flipud()), x)
    compare(lambda t, x: (x.roll(1), x.roll(-2, 1), x.roll((1, 2), (0, 2)), x.roll((1, 1), (1, 1)), t.roll(x, 7, 0)), x)
    compare(
        lambda t, x: tuple(x.rot90(k, dims) for k, dims in ((1, (0, 1)), (2, (1, 2)), (-1, (2, 0)), (4, (0, 1)))), x
    )


@pytest.mark.parametrize("diagonal", [0, 1, -1, 5, -5])
def test_triangles_and_diagonals(diagonal):
    compare(
        lambda t, x: (x.tril(diagonal), t.triu(x, diagonal), x[0].diag(diagonal), x[0, 0].diag(diagonal)),
        floats(2, 3, 4),
    )
    compare(lambda t, x: (x.diag_embed(diagonal), t.diag_embed(x, diagonal, 0, 1), x.diagflat(diagonal)), floats(2, 3))
    compare(lambda t, x: x.clone().tril_(diagonal), bools(3, 3))


def test_grids():
    x, y, z = floats(2), floats(3), floats()
    compare(lambda t, x, y, z: t.meshgrid(x, y, z, indexing="ij"), x, y, z)
    compare(lambda t, x, y, z: t.meshgrid([x, y, z], indexing="xy"), x, y, z)
    compare(lambda t, x, y: (t.cartesian_prod(x, y), t.cartesian_prod(x)), x, y)
