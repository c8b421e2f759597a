"""Root functions whose namesakes in `nn.functional` take other arguments, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

TABLE, INDICES, OFFSETS = floats(5, 3), np.array([0, 1, 1, 4, 2, 1]), np.array([0, 2, 5])


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_embedding_bag(mode):
    compare(lambda t, w, i, o: t.embedding_bag(w, i, o, False, mode)[0], TABLE, INDICES, OFFSETS)
    compare(lambda t, w, i, o: t.embedding_bag(w, i, o, False, mode), TABLE, INDICES, OFFSETS, grad=False)
    if mode:
        compare(
            lambda t, w, i, o: t.embedding_bag(w, i, o, False, mode, False, None, False, 1),
            TABLE,
            INDICES,
            OFFSETS,
            grad=False,
        )


def test_embedding_bag_of_an_unknown_mode():
    with pytest.raises(RuntimeError) as caught:
        lamina.embedding_bag(lamina.ones(2, 2), lamina.tensor([0]), lamina.tensor([0]), mode=3)
    assert str(caught.value) == "embedding_bag: mode must be 0 (sum), 1 (mean) or 2 (max), got 3."


def test_embedding_renorm():
    compare(lambda t, w, i: (t.embedding_renorm_(w, i, 1.0, 2.0), w), TABLE, INDICES, grad=False)


def test_constant_pad_nd():
    compare(lambda t, x: t.constant_pad_nd(x, (1, 2, -1)[:2], 3.0), floats(2, 3))


def test_native_dropout():
    compare(lambda t, x: t.native_dropout(x, 0.5, False), floats(40))
    x = lamina.tensor(floats(400), requires_grad=True)
    output, kept = lamina.native_dropout(x, 0.25, True)
    output.sum().backward()
    assert lamina.equal(x.grad, kept / 0.75) and 250 < int(kept.sum()) < 350
    assert lamina.allclose(output, x * kept / 0.75)
    output, kept = lamina.native_dropout(x, 1.0, True)
    assert not output.any() and not kept.any()
