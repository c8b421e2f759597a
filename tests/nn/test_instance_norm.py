"""Instance normalisation layers beside PyTorch's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats

LOOSE = {"rtol": 1e-4, "atol": 2e-5}
SHAPES = {"1": (2, 3, 5), "2": (2, 3, 4, 5), "3": (2, 3, 2, 3, 2)}


def thrice(module, *inputs):
    """Two batches in training, so that running statistics move twice, then one more in the module's mode."""
    training = module.training
    module.train()
    for x in inputs[1:]:
        module(x)
    module.train(training)
    return module(inputs[0])


@pytest.mark.parametrize("space", ["1", "2", "3"])
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("options", [
    {}, {"affine": True}, {"track_running_stats": True}, {"affine": True, "bias": False, "eps": 0.1},
    {"affine": True, "track_running_stats": True, "momentum": 0.5}, {"track_running_stats": True, "momentum": None},
])  # fmt: skip
def test_instance_norm(space, train, options):
    batches = [floats(*SHAPES[space], seed=seed) + seed for seed in range(3)]
    compare_modules(
        lambda nn: getattr(nn, f"InstanceNorm{space}d")(3, **options), *batches, train=train, call=thrice, **LOOSE
    )


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("space", ["1", "2", "3"])
def test_without_a_batch(space, train):
    def build(nn):
        return getattr(nn, f"InstanceNorm{space}d")(3, affine=True, track_running_stats=True)

    compare_modules(build, floats(*SHAPES[space][1:]), train=train, **LOOSE)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_types(dtype):
    tolerance = 1e-9 if dtype is np.float64 else 5e-2
    name = np.dtype(dtype).name

    def build(nn):
        t = __import__("torch") if nn.__name__.startswith("torch") else lamina
        return nn.InstanceNorm1d(3, affine=True, track_running_stats=True, dtype=getattr(t, name))

    compare_modules(build, floats(4, 3, 8, dtype=dtype), rtol=tolerance, atol=tolerance)


def test_wide_parameters_beside_narrow_inputs():
    compare_modules(
        lambda nn: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
        floats(4, 3, 8, dtype=ml_dtypes.bfloat16),
        rtol=5e-2,
        atol=5e-2,
    )


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 3, 0)])
def test_nothing(shape):
    compare_modules(lambda nn: nn.InstanceNorm1d(3, track_running_stats=True), floats(*shape), grad=False)


def test_a_checkpoint_of_before_running_statistics_were_an_option():
    state = nn.InstanceNorm1d(2, track_running_stats=True).state_dict()
    del state["num_batches_tracked"]
    plain = dict(state)
    with pytest.raises(RuntimeError) as caught:
        nn.Sequential(nn.InstanceNorm1d(2)).load_state_dict({f"0.{name}": value for name, value in plain.items()})
    assert (
        'Unexpected running stats buffer(s) "0.running_mean" and "0.running_var" for InstanceNorm1d with '
        "track_running_stats=False. Remove them from the state_dict, or build InstanceNorm1d with "
        "track_running_stats=True if they are needed."
    ) in str(caught.value)


def test_errors():
    compare(lambda t, x: t.nn.InstanceNorm1d(3)(x), floats(3))
    compare(lambda t, x: t.nn.InstanceNorm2d(3)(x), floats(3, 2))
    compare(lambda t, x: t.nn.InstanceNorm3d(3)(x), floats(3, 2, 2))
    compare(lambda t, x: t.nn.InstanceNorm1d(4, affine=True)(x), floats(2, 3, 5))
    compare(lambda t, x: t.nn.InstanceNorm1d(3)(x), floats(2, 3, 1))
    compare(lambda t: t.nn.InstanceNorm1d(-3, affine=True))
    for call, text in (
        (lambda: nn.InstanceNorm2d(3)(lamina.ones(3)), "expected 3D or 4D input (got 1D input)"),
        (
            lambda: nn.InstanceNorm1d(3, affine=True)(lamina.ones(2, 4, 5)),
            "expected input's size at dim=1 to match num_features (3), but got: 4.",
        ),
        (
            lambda: nn.InstanceNorm1d(3)(lamina.ones(2, 3, 1)),
            "Expected more than 1 spatial element when training, got input size lamina.Size([2, 3, 1])",
        ),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == text


def test_other_numbers_of_channels_are_warned_of():
    with pytest.warns(UserWarning, match=r"^input's size at dim=0 does not match num_features. You can silence"):
        nn.InstanceNorm1d(3)(lamina.ones(2, 4))


@pytest.mark.parametrize("seed", range(8))
def test_configurations_at_random(seed):
    random = np.random.default_rng(seed)
    space = int(random.integers(1, 4))
    shape = [int(n) for n in random.integers(2, 5, space + 1 + random.integers(2))]
    channels = shape[-space - 1]
    options = {
        "eps": float(random.choice([1e-5, 0.1])),
        "momentum": random.choice([None, 0.1, 1.0]),
        "affine": bool(random.integers(2)),
        "track_running_stats": bool(random.integers(2)),
        "bias": bool(random.integers(2)),
    }
    batches = [floats(*shape, seed=number) + number for number in range(2)]
    compare_modules(
        lambda nn: getattr(nn, f"InstanceNorm{space}d")(channels, **options),
        *batches, train=bool(random.integers(2)), call=thrice, **LOOSE,
    )  # fmt: skip
