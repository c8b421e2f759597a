"""Transforms beside PyTorch's: forward, inverse, log-determinant, shapes, caches, comparison."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.distributions import transforms
from tests.distributions.cases import real
from tests.parity import compare

TRANSFORMS = {
    "exp": (lambda d, t: d.ExpTransform(), (2, 3)),
    "power": (lambda d, t: d.ComposeTransform([d.ExpTransform(), d.PowerTransform(1.5)]), (2, 3)),
    "sigmoid": (lambda d, t: d.SigmoidTransform(), (2, 3)),
    "softplus": (lambda d, t: d.SoftplusTransform(), (2, 3)),
    "tanh": (lambda d, t: d.TanhTransform(), (2, 3)),
    "affine": (lambda d, t: d.AffineTransform(1.5, -2.0), (2, 3)),
    "affine of tensors": (
        lambda d, t: d.AffineTransform(t.arange(3.0, dtype=t.float64), t.full((3,), -2.0, dtype=t.float64), 1),
        (2, 3),
    ),
    "cdf": (lambda d, t: d.CumulativeDistributionTransform(d.Normal(t.zeros((), dtype=t.float64), 2.0)), (2, 3)),
    "stick": (lambda d, t: d.StickBreakingTransform(), (2, 3)),
    "correlation": (lambda d, t: d.CorrCholeskyTransform(), (2, 3)),
    "independent": (lambda d, t: d.IndependentTransform(d.TanhTransform(), 1), (2, 3)),
    "reshape": (lambda d, t: d.ReshapeTransform((3, 4), (2, 6)), (2, 3, 4)),
    "compose": (lambda d, t: d.ComposeTransform([d.AffineTransform(1.0, 2.0), d.StickBreakingTransform()]), (2, 3)),
    "cat": (lambda d, t: d.CatTransform([d.ExpTransform(), d.TanhTransform()], -1, [1, 2]), (2, 3)),
    "cat of events": (
        lambda d, t: d.CatTransform([d.IndependentTransform(d.ExpTransform(), 1), d.AffineTransform(0.5, 2.0, 1)], 0),
        (2, 3),
    ),
    "stack": (lambda d, t: d.StackTransform([d.ExpTransform(), d.TanhTransform()], 0), (2, 3)),
    "inverse": (lambda d, t: d.ComposeTransform([d.SigmoidTransform(), d.ExpTransform().inv]).inv.inv, (2, 3)),
}
MATRICES = {
    "softmax": lambda d: d.SoftmaxTransform(),
    "cholesky": lambda d: d.LowerCholeskyTransform(),
    "definite": lambda d: d.PositiveDefiniteTransform(),
    "abs": lambda d: d.AbsTransform(),
}


def sign_of(transform):
    try:
        return transform.sign
    except (NotImplementedError, AttributeError):
        return "none"


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_are_those_of_pytorch(name):
    make, shape = TRANSFORMS[name]

    def run(t, x):
        transform = make(t.distributions, t)
        y = transform(x)
        back = transform.inv(y)
        shapes = [list(transform.forward_shape(x.shape)), list(transform.inverse_shape(y.shape))]
        return {
            "y": y,
            "x": back,
            "determinant": transform.log_abs_det_jacobian(x, y),
            "of the inverse": transform.inv.log_abs_det_jacobian(y, x),
            "shapes": shapes,
            "kind": [transform.bijective, repr(transform) if "of" not in name and name != "cdf" else ""],
            "sign": sign_of(transform),
        }

    compare(run, real(*shape), rtol=1e-7, atol=1e-9)


def test_transforms_without_determinant():
    def run(t, x):
        found = []
        for make in MATRICES.values():
            transform = make(t.distributions)
            y = transform(x)
            found += [y, transform.inv(y.detach())]
        return found

    compare(run, real(2, 3, 3))


def test_a_transform_remembers_its_last_pair():
    x = lamina.ones(2)
    plain, cached = transforms.ExpTransform(), transforms.ExpTransform(cache_size=1)
    y = cached(x)
    assert cached(x) is y
    assert cached.inv(y) is x
    assert plain(x) is not plain(x)
    assert plain.with_cache() is not plain
    assert cached.with_cache() is cached
    composed = transforms.ComposeTransform([transforms.AffineTransform(0.0, 2.0), transforms.TanhTransform()], 1)
    assert composed.inv(composed(x)) is x
    for transform in (
        transforms.PowerTransform(2.0),
        transforms.IndependentTransform(plain, 1),
        transforms.ReshapeTransform((2,), (2, 1)),
        transforms.CatTransform([plain, plain]),
        transforms.StackTransform([plain, plain]),
        transforms.CumulativeDistributionTransform(lamina.distributions.Normal(0.0, 1.0)),
    ):
        again = transform.with_cache()
        assert again is not transform
        assert again(x) is again(x)


def test_comparison():
    def run(d):
        pairs = [
            (d.ExpTransform(), d.ExpTransform()),
            (d.ExpTransform().inv, d.ExpTransform().inv),
            (d.ExpTransform(), d.TanhTransform()),
            (d.AffineTransform(0.0, 1.0), d.AffineTransform(0.0, 1.0)),
            (d.AffineTransform(0.0, 1.0), d.AffineTransform(0.0, 2.0)),
            (d.PowerTransform(2.0), d.PowerTransform(2.0)),
            (d.PowerTransform(2.0), d.PowerTransform(3.0)),
            (d.ComposeTransform([d.ExpTransform()]), d.ComposeTransform([d.ExpTransform()])),
            (d.CorrCholeskyTransform(), d.CorrCholeskyTransform()),
        ]
        return [a == b for a, b in pairs]

    assert run(lamina.distributions) == run(torch.distributions)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: transforms.ExpTransform(cache_size=2), "cache_size must be 0 or 1, got 2"),
        (
            lambda: transforms.ReshapeTransform((2,), (3,)),
            "in_shape, out_shape have different numbers of elements",
        ),
        (
            lambda: transforms.ReshapeTransform((2,), (2, 1)).forward_shape((3,)),
            "Shape mismatch: expected (3,) but got",
        ),
        (
            lambda: transforms.CorrCholeskyTransform().forward_shape((4,)),
            "Input is not a flattened lower-diagonal number",
        ),
        (lambda: transforms.CorrCholeskyTransform().inverse_shape((4, 3)), "Input is not square"),
        (lambda: transforms.StickBreakingTransform().forward_shape(()), "Too few dimensions on input"),
        (
            lambda: lamina.distributions.TransformedDistribution(lamina.distributions.Normal(0.0, 1.0), 3),
            "transforms must be a Transform or list, but was 3",
        ),
        (
            lambda: lamina.distributions.TransformedDistribution(
                lamina.distributions.Normal(0.0, 1.0), transforms.StickBreakingTransform()
            ),
            "base_distribution needs to have shape with size at least 1, but got lamina.Size([]).",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(message)


def test_a_cat_of_the_wrong_length():
    transform = transforms.CatTransform([transforms.ExpTransform()] * 2)
    with pytest.raises(AssertionError) as caught:
        transform(lamina.ones(3))
    assert str(caught.value) == "x.size(0) = 3 must equal 2"


def test_vectors_and_triangles():
    def run(t, matrix, vector):
        utils = t.distributions.utils
        found = [utils.tril_matrix_to_vec(matrix, diag) for diag in (-2, -1, 0, 1)]
        return [*found, utils.vec_to_tril_matrix(vector), utils.vec_to_tril_matrix(vector, -1)]

    compare(run, real(2, 3, 3), real(2, 6))
    with pytest.raises(ValueError) as caught:
        lamina.distributions.utils.vec_to_tril_matrix(lamina.ones(4))
    assert str(caught.value) == (
        "The size of last dimension is 4 which cannot be expressed as the lower triangular part of a square D x D "
        "matrix."
    )
    assert np.isclose(lamina.distributions.utils.euler_constant, 0.5772156649)
