"""Normalisation layers beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats

LOOSE = {"rtol": 1e-4, "atol": 2e-5}
SHAPES = {"1": (4, 3), "2": (2, 3, 4, 5), "3": (2, 3, 2, 3, 4)}


def _thrice(module, *inputs):
    """Two batches in training, so that the running statistics move twice, then one more in the module's mode."""
    training = module.training
    module.train()
    for x in inputs[1:]:
        module(x)
    module.train(training)
    return module(inputs[0])


@pytest.mark.parametrize("space", ["1", "2", "3"])
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("options", [
    {}, {"momentum": None}, {"affine": False}, {"track_running_stats": False}, {"eps": 0.1, "momentum": 0.5},
    {"bias": False},
])  # fmt: skip
def test_batch_norm(space, train, options):
    batches = [floats(*SHAPES[space], seed=seed) + seed for seed in range(3)]
    compare_modules(
        lambda nn: getattr(nn, f"BatchNorm{space}d")(3, **options), *batches, train=train, call=_thrice, **LOOSE
    )


def test_batch_norm_of_sequences():
    compare_modules(lambda nn: nn.BatchNorm1d(3), floats(2, 3, 5), **LOOSE)


def test_running_statistics_in_a_training_loop():
    """They belong to no history: thirty steps leave plain tensors that need no gradient."""
    layer = nn.BatchNorm1d(3)
    total = np.zeros(3)
    for step in range(30):
        x = floats(8, 3, seed=step)
        layer.zero_grad()
        layer(lamina.tensor(x)).pow(2).sum().backward()
        total = 0.9 * total + 0.1 * x.mean(0)
    np.testing.assert_allclose(layer.running_mean.numpy(), total, rtol=1e-5, atol=1e-6)
    assert not layer.running_mean.requires_grad and layer.num_batches_tracked.item() == 30
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0, 0, 0] and layer.running_var.tolist() == [1, 1, 1]


def test_batch_norm_of_before_batches_were_counted():
    layer = nn.BatchNorm1d(2)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    state._metadata[""]["version"] = 1
    layer.load_state_dict(state)
    assert layer.num_batches_tracked.item() == 0


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.LayerNorm(5),
        lambda nn: nn.LayerNorm((4, 5), eps=0.1),
        lambda nn: nn.LayerNorm([5], bias=False),
        lambda nn: nn.LayerNorm(5, elementwise_affine=False),
        lambda nn: nn.RMSNorm(5),
        lambda nn: nn.RMSNorm((4, 5), 0.1),
        lambda nn: nn.RMSNorm(5, elementwise_affine=False),
        lambda nn: nn.GroupNorm(2, 4),
        lambda nn: nn.GroupNorm(4, 4, 0.1),
        lambda nn: nn.GroupNorm(1, 4, affine=False),
        lambda nn: nn.GroupNorm(2, 4, bias=False),
    ],
)
def test_layer_and_group(build):
    compare_modules(build, floats(3, 4, 5), **LOOSE)


def test_errors():
    compare(lambda t, x: t.nn.BatchNorm2d(3)(x), floats(2, 3))
    compare(lambda t, x: t.nn.BatchNorm1d(4)(x), floats(2, 3))
    compare(lambda t, x: t.nn.BatchNorm1d(3)(x), floats(1, 3))
    compare(lambda t: t.nn.GroupNorm(3, 4))
    compare(lambda t, x: t.nn.LayerNorm(4)(x), floats(2, 3))
    for call, text in (
        (lambda: nn.BatchNorm1d(3)(lamina.ones(3)), "expected 2D or 3D input (got 1D input)"),
        (lambda: nn.BatchNorm2d(3)(lamina.ones(3)), "expected 4D input (got 1D input)"),
        (lambda: nn.GroupNorm(3, 4), "num_channels (4) must be divisible by num_groups (3)"),
        (
            lambda: nn.BatchNorm1d(3)(lamina.ones(1, 3)),
            "Expected more than 1 value per channel when training, got input size [1, 3]",
        ),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == text
