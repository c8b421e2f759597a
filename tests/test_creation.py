"""Functions that make tensors: what PyTorch does with their options."""

from __future__ import annotations

import pytest

import lamina
from tests.engine.both import both

MAKERS = ["zeros", "ones", "empty", "rand", "randn"]


@pytest.mark.parametrize("name", MAKERS)
def test_size_as_a_keyword(name):
    both(lambda t: getattr(t, name)(size=(2, 3)).shape)


def test_out_is_written():
    def program(t):
        out, held = t.full((2, 3), 7), t.full((4,), 7.0)
        view = held[:2]
        results = [t.ones(2, 3, out=out) is out, t.arange(4, out=held) is held]
        return results, out, held, view

    both(program)


@pytest.mark.parametrize("name", [*MAKERS, "arange", "randperm", "eye"])
def test_a_misspelt_keyword_raises(name):
    both(lambda t: getattr(t, name)(3, requires_gard=True))
    with pytest.raises(TypeError) as caught:
        getattr(lamina, name)(3, requires_gard=True)
    assert str(caught.value) == f"{name}() got an unexpected keyword argument 'requires_gard'"


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "rand_like", "randn_like", "empty_like"])
def test_a_misspelt_keyword_of_the_like_forms_raises(name):
    both(lambda t: getattr(t, name)(t.zeros(2), dtpye=t.float64))
