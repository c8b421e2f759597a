"""`rearrange` beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from tests.parity import compare, floats

X = floats(2, 4, 6)
RIGHT = {
    "a b c -> c a b": {},
    "a b c -> a (b c)": {},
    "a (b d) c -> (a d) b c": {"d": 2},
    "a ... -> ... a": {},
    "... c -> c ...": {},
    "a b c -> a 1 b c": {},
    "a ... -> a (...)": {},
    "(a 1) b (c d) -> d (c b a)": {"c": 3},
}
WRONG = {
    "a b c": {},
    "a b c -> a b": {},
    "a a c -> a c": {},
    "a b -> b a": {},
    "a (b d) c -> a b d c": {"d": 3},
    "(b d) a c -> a b d c": {},
    "a b c -> a b c": {"z": 3},
    "a ((b) c) -> a b c": {},
    "a (b c -> a b c": {},
    "a b c) -> a b c": {},
    "a b c -> a b + c": {},
    "a b 3 -> a b 3": {},
}


@pytest.mark.parametrize("pattern", RIGHT)
def test_rearrange(pattern):
    compare(lambda t, x: t.func.rearrange(x, pattern, **RIGHT[pattern]), X)


def test_a_sequence():
    compare(lambda t, x, y: t.func.rearrange([x, y], "n a b c -> a (n b) c"), X, X)


@pytest.mark.parametrize("pattern", WRONG)
def test_errors(pattern):
    with pytest.raises(ValueError):
        lamina.func.rearrange(lamina.tensor(X), pattern, **WRONG[pattern])


def test_a_message():
    with pytest.raises(ValueError) as caught:
        lamina.func.rearrange(lamina.tensor(X), "a (b d) c -> a b d c", d=3)
    assert str(caught.value) == (
        "Shape mismatch in 'a (b d) c -> a b d c': a dimension of size 4 cannot be ['b', 'd'] with the sizes {'d': 3}."
    )


def test_debug_unwrap():
    x = lamina.ones(2)
    assert lamina.func.debug_unwrap(x) is x
    with pytest.raises(ValueError, match="^debug_unwrap: Expected a Tensor"):
        lamina.func.debug_unwrap(1)
