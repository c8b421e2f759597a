"""Container and factory_kwargs beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from lamina import nn
from tests.parity import compare


def test_container():
    with pytest.warns(FutureWarning, match="`nn.Container` is deprecated"):
        box = nn.Container(first=nn.Linear(2, 3), second=nn.ReLU(), none=None)
    assert list(dict(box.named_children())) == ["first", "second"] and box.first.out_features == 3
    assert list(box.state_dict()) == ["first.weight", "first.bias"]
    with pytest.raises(NotImplementedError):
        box(lamina.ones(2))
    with pytest.warns(FutureWarning), pytest.raises(TypeError):
        nn.Container(first=3)


@pytest.mark.parametrize("given", [
    None, {}, {"device": "cpu"}, {"dtype": 1, "memory_format": 2}, {"factory_kwargs": {"dtype": 1}},
    {"factory_kwargs": {"dtype": 1}, "device": "cpu"}, {"factory_kwargs": {"dtype": 1}, "dtype": 2}, {"size": 1},
])  # fmt: skip
def test_factory_kwargs(given):
    compare(lambda t: sorted(t.nn.factory_kwargs(given).items()))


def test_factory_kwargs_are_a_copy():
    own = {"dtype": 1}
    assert nn.factory_kwargs({"factory_kwargs": own}) is not own


def test_messages():
    with pytest.raises(TypeError) as caught:
        nn.factory_kwargs({"factory_kwargs": {"dtype": 1}, "dtype": 2})
    assert str(caught.value) == "dtype specified twice, in **kwargs and in factory_kwargs"
    with pytest.raises(TypeError) as unknown:
        nn.factory_kwargs({"size": 2})
    assert str(unknown.value) == "unexpected kwargs {'size'}"
