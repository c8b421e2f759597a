"""Dropout layers: what is dropped, what it is scaled by, and the modes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats

KINDS = {
    "Dropout": (50, 40),
    "Dropout1d": (50, 40, 3),
    "Dropout2d": (50, 40, 3, 2),
    "Dropout3d": (50, 40, 3, 2, 2),
    "AlphaDropout": (50, 40),
    "FeatureAlphaDropout": (50, 40, 3),
}


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_agrees(kind):
    compare_modules(lambda nn: getattr(nn, kind)(0.3), floats(*KINDS[kind]), train=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_training_agrees_where_nothing_is_random(kind, p):
    compare_modules(lambda nn: getattr(nn, kind)(p), floats(*KINDS[kind]), call=lambda module, x: module(2 * x))


@pytest.mark.parametrize("kind", ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"])
def test_training_drops_a_share_and_scales_the_rest(kind):
    x = lamina.ones(KINDS[kind], requires_grad=True)
    y = getattr(nn, kind)(0.25)(x)
    y.sum().backward()
    values = y.detach().numpy()
    np.testing.assert_allclose(np.unique(values), [0, 1 / 0.75], rtol=1e-6)
    assert np.array_equal(values, x.grad.numpy())
    assert abs((values == 0).mean() - 0.25) < 0.04
    channels = values.reshape(*values.shape[:2], -1)
    assert (channels == channels[:, :, :1]).all()


@pytest.mark.parametrize(("kind", "shape"), [("Dropout1d", (200, 5)), ("Dropout3d", (200, 2, 3, 2))])
def test_channels_are_dropped_without_a_batch_too(kind, shape):
    values = getattr(nn, kind)(0.5)(lamina.ones(shape)).numpy().reshape(shape[0], -1)
    assert (values == values[:, :1]).all() and 0.3 < (values == 0).mean() < 0.7


def test_in_place():
    x = lamina.ones(100)
    y = nn.Dropout(0.5, inplace=True)(x)
    assert y is x and 0 < (x == 0).sum() < 100


def test_new_numbers_mean_no_new_program():
    dropout = nn.Dropout(0.5)
    x = lamina.ones(7, 3)
    values = {tuple(dropout(x).flatten().tolist()) for _ in range(4)}
    assert len(values) > 1
    before = lamina.engine.compilations()
    for _ in range(4):
        dropout(x).flatten().tolist()
    assert lamina.engine.compilations() == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_a_probability_outside_its_range_is_refused(kind, p):
    with pytest.raises(ValueError, match=f"^dropout probability has to be between 0 and 1, but got {p}$"):
        getattr(nn, kind)(p)


def test_repr():
    assert nn.Dropout(0.1).extra_repr() == torch.nn.Dropout(0.1).extra_repr()


@pytest.mark.parametrize("name", ["Dropout", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"])
def test_nothing_or_everything_drops(name):
    """p = 0 and no elements give the input itself; p = 1 gives zeros, whatever the shape."""
    x = lamina.ones(2, 3, 4, 2, 1) if name == "Dropout3d" else lamina.ones(2, 3, 4, 2)
    assert getattr(nn, name)(0.0)(x) is x and getattr(nn, name)(0.5).eval()(x) is x
    empty = x[:0]
    assert getattr(nn, name)(0.5)(empty) is empty
    for dtype in (np.float32, np.float16, np.int64):
        compare_modules(lambda nn: getattr(nn, name)(1.0), floats(2, 3, 4, 2).astype(dtype))


@pytest.mark.parametrize("name", ["AlphaDropout", "FeatureAlphaDropout"])
def test_alpha_dropout_keeps_its_input(name):
    compare_modules(lambda nn: getattr(nn, name)(1.0, True), floats(2, 3, 4), call=lambda m, x: (m(x * 1), x))


@pytest.mark.parametrize("name", ["dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"])
def test_names_of_the_root(name):
    for p, train in ((1.0, True), (0.5, False), (1.5, True), (-0.5, False)):
        compare(lambda t, x, p=p, train=train: getattr(t, name)(x * 1, p, train), floats(2, 3, 4))
        compare(lambda t, x, p=p, train=train: getattr(t, f"{name}_")(x * 1, p=p, train=train), floats(2, 3, 4))
    x = lamina.ones(2, 3, 4)
    assert getattr(lamina, f"{name}_")(x, 0.5, True) is x
    compare(lambda t, x: getattr(t, name)(x), floats(2, 3, 4))


@pytest.mark.parametrize("name", ["dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"])
def test_functions(name):
    x = floats(*{"dropout2d": (2, 3, 4, 5), "dropout3d": (2, 3, 4, 5, 2)}.get(name, (2, 3, 4)))
    for p, training in ((1.0, True), (0.5, False), (0.0, True)):
        compare(lambda t, x, p=p, on=training: getattr(t.nn.functional, name)(x, p, on), x)
