"""Fractional max pooling layers beside PyTorch's, with the same random numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare_modules, floats, positives

SHAPES = {2: (2, 3, 9, 8), 3: (2, 3, 7, 8, 6)}


def samples(nn_module, space):
    values = positives(2, 3, space, low=0.0, high=1.0)
    return torch.tensor(values) if nn_module is torch.nn else lamina.tensor(values)


@pytest.mark.parametrize("space", [2, 3])
def test_layers(space):
    for options in ({"output_size": 3}, {"output_ratio": (0.6,) * space, "return_indices": True}):
        compare_modules(
            lambda nn: getattr(nn, f"FractionalMaxPool{space}d")(2, **options, _random_samples=samples(nn, space)),  # noqa: B023
            floats(*SHAPES[space]),
        )


def test_numbers_are_drawn_if_none_are_given():
    lamina.manual_seed(0)
    pool = nn.FractionalMaxPool2d(2, output_size=(5, 5))
    x = lamina.arange(64.0).reshape(1, 1, 8, 8)
    assert pool._random_samples is None and list(pool.state_dict()) == []
    assert len({tuple(pool(x).flatten().tolist()) for _ in range(6)}) > 1


@pytest.mark.parametrize(("space", "options", "message"), [
    (2, {}, "FractionalMaxPool2d requires specifying either an output size, or a pooling ratio"),
    (2, {"output_size": 2, "output_ratio": 0.5}, "only one of output_size and output_ratio may be specified"),
    (2, {"output_ratio": 1.5}, "output_ratio must be between 0 and 1 (got 1.5)"),
    (3, {"output_ratio": (0.5, 0.5, 0)}, "output_ratio must be between 0 and 1 (got (0.5, 0.5, 0))"),
    (3, {"kernel_size": 0, "output_size": 2}, "kernel_size must be greater than 0, but got 0"),
    (3, {"kernel_size": (2, 0, 2), "output_size": 2}, "kernel_size must be greater than 0, but got (2, 0, 2)"),
])  # fmt: skip
def test_options_that_pytorch_refuses(space, options, message):
    options = {"kernel_size": 2, **options}
    for library in (torch.nn, nn):
        with pytest.raises(ValueError) as caught:
            getattr(library, f"FractionalMaxPool{space}d")(**options)
        assert str(caught.value) == message


def test_samples_are_a_buffer():
    pool = nn.FractionalMaxPool2d(2, 3, _random_samples=lamina.tensor(np.zeros((1, 1, 2), np.float32)))
    assert list(pool.state_dict()) == ["_random_samples"]
