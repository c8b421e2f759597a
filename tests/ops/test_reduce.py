"""Sums, extremes, moments and norms against PyTorch's."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina.ops import reduce
from lamina.ops.op import TABLE
from tests.parity import bools, compare, floats, integers

LOW = {"rtol": 1e-2, "atol": 1e-2}
INF, NAN = math.inf, math.nan
SPECIAL = np.array([[NAN, 1, 2, 2], [0, 0, 0, 0], [INF, 1, -INF, 3], [1, 1, 2, 0], [3, NAN, NAN, -1]], np.float32)
SUMS = ["sum", "mean", "prod", "nansum", "nanmean"]
EXTREMES = ["amax", "amin"]
TRUTHS = ["all", "any", "count_nonzero"]
DTYPES = [np.bool_, np.uint8, np.int32, np.int64, np.float16, ml_dtypes.bfloat16, np.float64, np.complex64]


def sample(dtype, *shape):
    """Small numbers of any type."""
    if dtype == np.bool_:
        return bools(*shape)
    if np.issubdtype(dtype, np.integer):
        return integers(*shape, low=0 if dtype == np.uint8 else -3, high=5, dtype=dtype)
    return floats(*shape, dtype=dtype)


def either(function, *args, **options):
    """The result, or the class of the exception: to compare many cases in one program."""
    try:
        result = function(*args, **options)
    except (RuntimeError, TypeError, IndexError) as error:
        return f"raised {next(c.__name__ for c in type(error).__mro__ if c.__module__ == 'builtins')}"
    return result if not isinstance(result, tuple) else tuple(result)


def reductions(t, x, names, dims):
    """Every named reduction of x over every dim, with and without keepdim."""
    found = {name: either(getattr(t, name), x) for name in names}
    for dim in dims:
        for name in names:
            found[f"{name} {dim}"] = either(getattr(t, name), x, dim)
            if name != "count_nonzero":
                found[f"{name} {dim} kept"] = either(getattr(t, name), x, dim, True)
    return found


@pytest.mark.parametrize("dtype", DTYPES)
def test_types(dtype):
    names = [*SUMS, *EXTREMES, *TRUTHS, "std", "var", "logsumexp", "norm", "max", "min", "median"]
    names = [name for name in names if not (dtype == np.complex64 and name in ("median", *EXTREMES))]
    low = dtype in (np.float16, ml_dtypes.bfloat16)
    compare(
        lambda t, x: reductions(t, x, names, []), sample(dtype, 2, 3), grad=False, **(LOW if low else {"rtol": 1e-5})
    )


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 2), (0, 3)])
def test_dims(shape):
    dims = {
        0: [0, -1, 1, None],
        1: [0, -1, (0,), 1],
        2: [0, 1, (0, 1), (-1,), ()],
        3: [0, -2, (0, 2), (1, 1), (-1, 0, 1)],
    }
    # PyTorch's logsumexp and prod know no `dim=None`; its prod no tuples.
    names = ["sum", "mean", "amax", "amin", "nansum", "all", "any", "count_nonzero", "std", "var", "norm"]
    if shape == (0, 3):
        names.remove("norm")

    def results(t, x):
        found = {}
        for name in names:
            options = {"p": 2} if name == "norm" else {}
            for dim in dims[len(shape)]:
                found[f"{name} {dim}"] = either(getattr(t, name), x, dim=dim, **options)
                if name != "count_nonzero":
                    found[f"{name} {dim} kept"] = either(getattr(t, name), x, dim=dim, keepdim=True, **options)
        return found

    compare(results, floats(*shape), grad=False)


@pytest.mark.parametrize("name", [*SUMS, *EXTREMES])
def test_gradient(name):
    compare(lambda t, x: getattr(t, name)(x), floats(3, 4))
    compare(lambda t, x: (getattr(t, name)(x, -1), getattr(t, name)(x, 0, True)), floats(3, 4))
    if name != "prod":
        compare(lambda t, x: getattr(x, name)((0, 2)), floats(2, 3, 2))


def test_gradient_names():
    names = [*SUMS, *EXTREMES, "std", "var", "norm", "max", "min", "median", "nanmedian"]

    def grad_names(t, x):
        first = lambda r: r[0] if isinstance(r, tuple) else r  # noqa: E731
        found = {name: getattr(t, name)(x).grad_fn.name() for name in names if name != "nanmean"}
        return found | {
            f"{name} dim": first(getattr(t, name)(x, dim=0)).grad_fn.name() for name in names if name != "nanmean"
        }

    compare(grad_names, floats(3, 4))


@pytest.mark.parametrize("name", [*SUMS, *EXTREMES, *TRUTHS, "logsumexp"])
def test_special_values(name):
    compare(lambda t, x: getattr(t, name)(x, 1), SPECIAL, grad=False)
    compare(lambda t, x: getattr(t, name)(x, 1), SPECIAL[[1, 3]], grad=name not in TRUTHS)


def test_sum_of_low_precision_is_taken_in_float32():
    x = np.full(4096, 0.1, np.float16)
    compare(lambda t, x: (x.sum(), x.mean(), x.norm()), x, grad=False)
    assert abs(lamina.tensor(x).sum().item() - 409.5) < 0.5


def test_dtype():
    compare(lambda t, x: (x.sum(dtype=t.float32), x.prod(dtype=t.int32), x.mean(dtype=t.float64)), integers(3, 4))
    compare(lambda t, x: (x.sum(0, dtype=t.float64), x.mean(0, dtype=t.float16), x.norm(dtype=t.float64)), floats(3, 4),
            rtol=1e-3)  # fmt: skip
    compare(lambda t, x: (x.sum(dtype=t.bool), x.prod(dtype=t.bool), x.sum(dtype=t.int8)), integers(3, 4), grad=False)


def test_product_with_zeros():
    compare(lambda t, x: x.prod(), np.array([2.0, 0, 3], np.float32))
    compare(lambda t, x: x.prod(1), np.array([[2.0, 0, 3], [0, 0, 1]], np.float32))


# Extremes


@pytest.mark.parametrize("name", ["max", "min", "median", "nanmedian"])
def test_extreme_along_a_dim(name):
    x = floats(3, 5)
    compare(lambda t, x: getattr(t, name)(x, 1), x)
    compare(lambda t, x: getattr(x, name)(dim=0, keepdim=True), x)
    compare(lambda t, x: getattr(t, name)(x, -1).values, floats(2, 4, 2))
    compare(lambda t, x: (getattr(t, name)(x), getattr(t, name)(x, 0)), floats())


@pytest.mark.parametrize("name", ["max", "min", "median", "nanmedian"])
def test_extreme_of_special_values(name):
    for x in (SPECIAL, SPECIAL[1:4], np.full((2, 2), NAN, np.float32)):
        compare(lambda t, x: getattr(t, name)(x), x)  # ties and NaNs share the gradient
        compare(lambda t, x: getattr(t, name)(x, 1)[0], x, grad=False)
    if "median" not in name:
        compare(lambda t, x: getattr(t, name)(x, 1), SPECIAL, grad=False)


@pytest.mark.parametrize("name", EXTREMES)
def test_ties_share_the_gradient(name):
    compare(lambda t, x: getattr(t, name)(x, 1), np.array([[1.0, 2, 2], [1, 1, 1]], np.float32))


def test_max_and_min_of_two():
    compare(lambda t, x, y: (t.max(x, y), x.min(y), t.max(x, other=y)), floats(3, 4), floats(4))


def test_aminmax():
    compare(lambda t, x: t.aminmax(x), floats(3, 4))
    compare(lambda t, x: x.aminmax(dim=1, keepdim=True), floats(3, 4))


@pytest.mark.parametrize("name", ["amax", "max", "min", "aminmax", "median", "argmax"])
def test_extreme_of_nothing(name):
    compare(lambda t, x: getattr(t, name)(x), floats(0, 3), grad=False)
    compare(lambda t, x: getattr(t, name)(x, dim=0), floats(0, 3), grad=False)
    compare(lambda t, x: getattr(t, name)(x, dim=1), floats(0, 3), grad=False)


def test_max_of_nothing_says_so():
    with pytest.raises(RuntimeError) as caught:
        lamina.max(lamina.zeros(0))
    assert str(caught.value) == (
        "max(): Expected reduction dim to be specified for input.numel() == 0. "
        "Specify the reduction dim with the 'dim' argument."
    )


def test_median_of_few_and_many():
    for size in (1, 2, 3, 4, 9):
        compare(lambda t, x: (x.median(), x.median(0)), floats(size))
    compare(lambda t, x: (x.median(), x.median(1)[0]), integers(3, 4))


# Moments


@pytest.mark.parametrize("name", ["std", "var"])
def test_forms_of_std(name):
    x = floats(3, 4)
    compare(
        lambda t, x: (getattr(t, name)(x), getattr(x, name)(False), getattr(t, name)(x, unbiased=True)), x, rtol=1e-4
    )
    compare(
        lambda t, x: (getattr(t, name)(x, 1), getattr(x, name)(0, False), getattr(x, name)(1, True, True)), x, rtol=1e-4
    )
    compare(lambda t, x: getattr(t, name)(x, dim=(0, 1), correction=2, keepdim=True), x, rtol=1e-4)
    compare(lambda t, x: getattr(t, name)(x, -1, correction=0.5), x, rtol=1e-4)


@pytest.mark.parametrize("name", ["std_mean", "var_mean"])
def test_moments(name):
    compare(lambda t, x: getattr(t, name)(x), floats(3, 4), rtol=1e-4)
    compare(lambda t, x: getattr(t, name)(x, 0, unbiased=False), floats(3, 4), rtol=1e-4)
    compare(lambda t, x: getattr(t, name)(x, 1, keepdim=True), floats(3, 4), rtol=1e-4)


@pytest.mark.parametrize("name", ["std", "var"])
def test_std_of_equal_numbers(name):
    compare(lambda t, x: getattr(t, name)(x, 1), np.full((2, 3), 1.5, np.float32))
    compare(lambda t, x: getattr(t, name)(x, 1), floats(3, 1), grad=False)  # no degree of freedom: NaN
    compare(lambda t, x: getattr(t, name)(x), integers(3))


def test_variance_of_large_numbers():
    compare(lambda t, x: x.var(0), 1e4 + floats(50, 3), rtol=1e-3, atol=1e-4)


def test_mean_of_integers_raises():
    with pytest.raises(RuntimeError) as caught:
        lamina.tensor([1, 2]).mean()
    assert str(caught.value) == (
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long"
    )


# Norms


@pytest.mark.parametrize("p", ["fro", 0, 1, 2, 3, 1.5, 0.5, -1, INF, -INF])
def test_norm(p):
    x = floats(3, 4)
    compare(lambda t, x: (t.norm(x, p), x.norm(p)), x, grad=p != 0, rtol=1e-4)
    compare(lambda t, x: (t.norm(x, p, dim=1), x.norm(p, 0, True)), x, grad=p != 0, rtol=1e-4)


@pytest.mark.parametrize("p", [1, 2, 3, 1.5, INF])
def test_norm_of_zeros(p):
    compare(lambda t, x: t.norm(x, p, dim=1), np.array([[0.0, 0, 0], [1, 0, 2]], np.float32))


def test_other_norms():
    compare(lambda t, x: t.norm(x, "nuc"), floats(3, 4), rtol=1e-4, atol=1e-5)
    compare(lambda t, x: (x.norm(), t.norm(x, 2, (0, 2))), floats(2, 3, 4), rtol=1e-4)
    compare(lambda t, x: x.norm(), integers(3))
    compare(lambda t, x: (x.norm(), x.norm(1)), floats(0))


@pytest.mark.parametrize("p", [2, 1, 0, 3.5, INF])
def test_dist(p):
    compare(lambda t, x, y: t.dist(x, y, p), floats(3, 4), floats(4), grad=p != 0, rtol=1e-4)


def test_dist_of_equals():
    compare(lambda t, x, y: t.dist(x, y), floats(3), floats(3))


def test_logsumexp():
    compare(lambda t, x: (t.logsumexp(x, 1), x.logsumexp((0, 1)), t.logsumexp(x, -1, True)), floats(3, 4, scale=50.0))
    compare(lambda t, x: t.logsumexp(x, 0), integers(3))
    compare(lambda t, x: t.logsumexp(x, 0), np.full((2, 3), -INF, np.float32), grad=False)


# Reading


def test_allclose_and_equal():
    compare(lambda t, x: (t.allclose(x, x + 1e-7), t.allclose(x, x + 1), t.equal(x, x), t.equal(x, x[0])), floats(3, 4))


def test_second_derivatives():
    def second(t, x):
        value = (x.std() * x.norm(3) + x.logsumexp(1).sum() + x.prod() + x.max(1)[0].pow(2).sum() + x.norm()).sum()
        (first,) = t.autograd.grad(value, x, create_graph=True)
        return first

    compare(second, floats(3, 2), rtol=1e-3, atol=1e-4)


def test_names_are_where_pytorch_has_them():
    homes = {"lamina": torch, "Tensor": torch.Tensor, "special": torch.special}
    for op in TABLE.values():
        if op.function.__module__ == reduce.__name__:
            assert all(hasattr(homes[home], op.name) for home in op.homes), op
            assert op.function.__doc__, op
