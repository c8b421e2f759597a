"""init: the distributions are those of PyTorch, seen in moments and bounds; the rest is equal."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

import lamina
from lamina import nn

RANDOM = {
    "uniform_": lambda t, x: t.nn.init.uniform_(x, -2, 3),
    "normal_": lambda t, x: t.nn.init.normal_(x, 1.5, 0.5),
    "trunc_normal_": lambda t, x: t.nn.init.trunc_normal_(x, 0.5, 1.0, -0.5, 2.0),
    "trunc_normal_ in the upper tail": lambda t, x: t.nn.init.trunc_normal_(x, 0.0, 1.0, 1.0, 1.5),
    "trunc_normal_ in the lower tail": lambda t, x: t.nn.init.trunc_normal_(x, 0.0, 0.5, -1.5, -0.5),
    "xavier_uniform_": lambda t, x: t.nn.init.xavier_uniform_(x, gain=2.0),
    "xavier_normal_": lambda t, x: t.nn.init.xavier_normal_(x),
    "kaiming_uniform_": lambda t, x: t.nn.init.kaiming_uniform_(x, a=math.sqrt(5)),
    "kaiming_uniform_ fan_out": lambda t, x: t.nn.init.kaiming_uniform_(x, mode="fan_out", nonlinearity="relu"),
    "kaiming_normal_": lambda t, x: t.nn.init.kaiming_normal_(x, nonlinearity="tanh"),
    "sparse_": lambda t, x: t.nn.init.sparse_(x, 0.3, std=2.0),
}


@pytest.mark.parametrize("fill", RANDOM.values(), ids=list(RANDOM))
def test_distributions(fill):
    found = []
    for t in (torch, lamina):
        tensor = t.empty(300, 200)
        assert fill(t, tensor) is tensor
        found.append(tensor.numpy())
    expected, actual = found
    spread = expected.std()
    assert abs(actual.mean() - expected.mean()) < 0.02 * spread
    assert abs(actual.std() - spread) < 0.01 * spread
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert abs(np.quantile(actual, quantile) - np.quantile(expected, quantile)) < 0.03 * spread


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_truncated_numbers_stay_inside_in_every_type(dtype):
    tensor = lamina.empty(1000, dtype=getattr(lamina, dtype))
    values = np.asarray(nn.init.trunc_normal_(tensor, 0.0, 10.0, -0.1, 0.3).tolist())
    low, high = lamina.tensor([-0.1, 0.3], dtype=tensor.dtype).tolist()
    assert low <= values.min() < -0.08 and 0.28 < values.max() <= high


def test_sparse_columns_have_as_many_zeros_as_pytorchs():
    for t in (torch, lamina):
        zeros = (t.nn.init.sparse_(t.empty(7, 5), 0.5).numpy() == 0).sum(axis=0)
        assert zeros.tolist() == [4] * 5


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (4, 2, 3)])
def test_orthogonal(shape):
    values = nn.init.orthogonal_(lamina.empty(shape), gain=2.0).numpy().reshape(shape[0], -1)
    short = values if shape[0] <= values.shape[1] else values.T
    np.testing.assert_allclose(short @ short.T, 4 * np.eye(len(short)), atol=1e-5)


EXACT = {
    "constant_": lambda t: t.nn.init.constant_(t.empty(2, 3), 0.3),
    "ones_": lambda t: t.nn.init.ones_(t.empty(2)),
    "zeros_": lambda t: t.nn.init.zeros_(t.empty(2, dtype=t.int64)),
    "eye_": lambda t: t.nn.init.eye_(t.empty(3, 2)),
    "eye_ of a vector": lambda t: t.nn.init.eye_(t.empty(3)),
    "dirac_ 1d": lambda t: t.nn.init.dirac_(t.empty(3, 2, 3)),
    "dirac_ 2d": lambda t: t.nn.init.dirac_(t.empty(4, 2, 3, 2), groups=2),
    "dirac_ 3d": lambda t: t.nn.init.dirac_(t.empty(2, 3, 1, 2, 3)),
    "dirac_ of a matrix": lambda t: t.nn.init.dirac_(t.empty(2, 3)),
    "dirac_ groups": lambda t: t.nn.init.dirac_(t.empty(3, 2, 3), groups=2),
    "xavier of a vector": lambda t: t.nn.init.xavier_uniform_(t.empty(3)),
    "kaiming mode": lambda t: t.nn.init.kaiming_uniform_(t.empty(3, 3), mode="fan"),
    "orthogonal of a vector": lambda t: t.nn.init.orthogonal_(t.empty(3)),
    "sparse of three dimensions": lambda t: t.nn.init.sparse_(t.empty(3, 3, 3), 0.1),
    "gain of nothing": lambda t: t.nn.init.calculate_gain("nonsense"),
    "gain of a bool": lambda t: t.nn.init.calculate_gain("leaky_relu", True),
    "normal of a negative std": lambda t: t.nn.init.normal_(t.empty(3), 0.0, -1.0),
    "uniform from above": lambda t: t.nn.init.uniform_(t.empty(3), 1.0, 0.0),
    "kaiming nonlinearity": lambda t: t.nn.init.kaiming_normal_(t.empty(3, 3), nonlinearity="gelu"),
    "kaiming of a vector": lambda t: t.nn.init.kaiming_normal_(t.empty(3)),
    "dirac_ of one": lambda t: t.nn.init.dirac_(t.empty(2, 2, 4, dtype=t.float64)),
    "constant_ of halves": lambda t: t.nn.init.constant_(t.empty(2, dtype=t.bfloat16), 0.3),
    "orthogonal of nothing": lambda t: t.nn.init.orthogonal_(t.empty(0, 2)),
}


@pytest.mark.parametrize("case", EXACT.values(), ids=list(EXACT))
def test_equal_to_pytorch(case):
    outcomes = []
    for t in (torch, lamina):
        try:
            result = case(t)
            outcomes.append((str(result.dtype).split(".")[1], result.tolist()))
        except Exception as error:
            outcomes.append((type(error), str(error)))
    assert outcomes[1] == outcomes[0]


def test_gains():
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert nn.init.calculate_gain("leaky_relu", 0.2) == torch.nn.init.calculate_gain("leaky_relu", 0.2)


def test_warnings_are_pytorchs():
    for t in (torch, lamina):
        with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
            t.nn.init.kaiming_uniform_(t.empty(0, 2))
        with pytest.warns(UserWarning, match="mean is more than 2 std from"):
            t.nn.init.trunc_normal_(t.empty(2), 0.0, 1.0, 3.0, 4.0)


OLD = {
    "uniform": (0.0, 0.0), "normal": (2.0, 0.0), "constant": (3.0,), "eye": (), "dirac": (), "xavier_uniform": (0.0,),
    "xavier_normal": (0.0,), "kaiming_uniform": (), "kaiming_normal": (), "orthogonal": (0.0,), "sparse": (1.0,),
}  # fmt: skip


@pytest.mark.parametrize("name", OLD)
def test_old_names_warn(name):
    """Options that leave no choice, so that both libraries fill in the same."""
    found = []
    for t in (torch, lamina):
        tensor = t.empty(3, 2, 3) if name == "dirac" else t.empty(3, 2)
        with pytest.warns(FutureWarning) as caught:
            assert getattr(t.nn.init, name)(tensor, *OLD[name]) is tensor
        assert str(caught[0].message) == f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`."
        assert caught[0].filename == __file__
        found.append(tensor.abs().tolist())
    assert name.startswith("kaiming") or found[0] == found[1]
    assert getattr(nn.init, name).__name__ == name


def test_a_generator_gives_the_same_numbers_again():
    for name in (
        "uniform_",
        "normal_",
        "trunc_normal_",
        "xavier_uniform_",
        "kaiming_normal_",
        "orthogonal_",
        "xavier_normal_",
        "kaiming_uniform_",
    ):
        fill = getattr(nn.init, name)
        first, second = (
            fill(lamina.empty(4, 3), generator=lamina.Generator().manual_seed(5)).tolist() for _ in range(2)
        )
        assert first == second
        assert fill(lamina.empty(4, 3)).tolist() != first


def test_parameters_and_their_parts_are_filled_without_gradients():
    layer = nn.Linear(4, 4)
    weight = layer.weight
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.init.constant_(layer.weight, 2.0)
        nn.init.eye_(layer.weight.data[:2, :2])
    assert layer.weight is weight and weight.requires_grad and weight.is_leaf
    assert weight.tolist() == [[1.0, 0.0, 2.0, 2.0], [0.0, 1.0, 2.0, 2.0], [2.0] * 4, [2.0] * 4]
