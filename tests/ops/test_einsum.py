"""Einstein's sums: values, gradients and errors are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity import both_errors, compare, floats, integers

EQUATIONS = {
    "i,i": [(3,), (3,)], "ij,jk": [(2, 3), (3, 4)], "ij,jk->ik": [(2, 3), (3, 4)], "ij , jk -> ki": [(2, 3), (3, 4)],
    "bij,bjk->bik": [(5, 2, 3), (5, 3, 4)], "ii->i": [(3, 3)], "ii": [(3, 3)], "ij->": [(2, 3)], "bA": [(2, 3)],
    "Ab,bC": [(2, 3), (3, 4)], "...ij->...ji": [(5, 2, 3)], "i...,...": [(2, 3), (3,)],
    "...ij,...jk": [(5, 2, 3), (3, 4)],
    "ij->...": [(2, 3)], "...j->j": [(2, 3)], "ij,jk,kl->il": [(2, 3), (3, 4), (4, 5)], "i,j->ij": [(2,), (3,)],
    "bn,anm,bm->ba": [(2, 3), (5, 3, 4), (2, 4)], "ij,jk->i": [(2, 1), (3, 4)], "iij,j->i": [(2, 2, 3), (3,)],
    ",i->i": [(), (3,)], "b...d,b...d->b...": [(2, 3, 4), (2, 1, 4)],
}  # fmt: skip


@pytest.mark.parametrize("equation", EQUATIONS, ids=str)
def test_einsum(equation):
    arrays = [floats(*shape, seed=place) for place, shape in enumerate(EQUATIONS[equation])]
    compare(lambda t, *xs: t.einsum(equation, *xs), *arrays)


def test_einsum_in_other_forms():
    x, y = floats(2, 3), floats(3, 4)
    compare(
        lambda t, x, y: (t.einsum("ij,jk", [x, y]), t.einsum(x, [0, 1], y, [1, 2], [0, 2]), t.einsum(x, [0, 1])), x, y
    )
    compare(lambda t, x: (t.einsum("i->", x), t.einsum("i,i", x, x)), integers(3, dtype=np.int32))


ERRORS = [
    lambda t, x: t.einsum("ij,jk->ik", x, x),
    lambda t, x: t.einsum("ij,jk->ik", x),
    lambda t, x: t.einsum("ijk->ik", x),
    lambda t, x: t.einsum("ij->ik", x),
    lambda t, x: t.einsum("ij->ii", x),
    lambda t, x: t.einsum("ij,kj->ik", x, x.double()),
    lambda t, x: t.einsum("ii", x),
    lambda t, x: t.einsum("ij", x, x),
    lambda t, x: t.einsum("i1->i", x),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_are_pytorchs_word_for_word(case):
    expected, actual = both_errors(ERRORS[case], 2, 3)
    assert actual == expected
