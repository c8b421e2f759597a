"""Arithmetic and elementary functions against PyTorch's."""

from __future__ import annotations

import itertools
import math

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina.ops import choice, conversion, logic, pointwise, transcendental
from lamina.ops.op import TABLE
from tests.parity import bools, compare, floats, integers, positives

TYPES = [np.bool_, np.uint8, np.int8, np.int32, np.int64, np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
LOW = {"rtol": 1e-2, "atol": 1e-2}
INF, NAN = math.inf, math.nan

SMOOTH = (
    "abs sign exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh sigmoid erf erfc floor ceil round trunc frac "
    "square neg sinc i0 lgamma digamma deg2rad rad2deg nan_to_num angle reciprocal clone"
).split()
POSITIVE = "log log2 log10 log1p sqrt rsqrt".split()
INSIDE = "asin acos atanh erfinv logit".split()  # defined on (-1, 1), logit on (0, 1)


def sample(dtype: type, *shape: int, seed: int = 0) -> np.ndarray:
    """Small numbers of any type; unsigned ones are not negative."""
    if dtype == np.bool_:
        return bools(*shape, seed=seed)
    if np.issubdtype(dtype, np.integer):
        return integers(*shape, low=0 if dtype == np.uint8 else -3, high=5, dtype=dtype, seed=seed)
    return floats(*shape, dtype=dtype, seed=seed)


def either(function, *args):
    """The result, or the class of the exception: to compare many cases in one program."""
    try:
        return function(*args)
    except (RuntimeError, TypeError, IndexError) as error:
        return "raised " + ("NotImplementedError" if isinstance(error, NotImplementedError) else type(error).__name__)


# One operand


def all_named(names, *inputs, **options):
    """Compare functions of the same inputs in one program: values, names of `grad_fn`, and each one's own gradients."""

    def run(t, operands):
        results = {name: getattr(t, name)(*operands[name]) for name in names}
        return results, {name: result.grad_fn.name() for name, result in results.items()}

    compare(run, {name: list(inputs) for name in names}, **options)


def test_functions_of_any_number():
    all_named(SMOOTH, floats(3, 4), rtol=2e-5, atol=2e-6)


def test_functions_of_positive_numbers():
    all_named(POSITIVE, positives(3, 4))


def test_functions_of_small_numbers():
    all_named(INSIDE, positives(3, 4, low=0.05, high=0.95), rtol=1e-4)


def test_acosh():
    compare(lambda t, x: t.acosh(x), positives(3, 4, low=1.1, high=4.0), grad_name=True)


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.uint8, np.int64, np.float16, ml_dtypes.bfloat16, np.float64, np.complex64]
)
def test_functions_of_every_type(dtype):
    names = [*SMOOTH, *POSITIVE, *INSIDE, "sgn", "positive"]
    compare(
        lambda t, x: {name: either(getattr(t, name), x) for name in names},
        sample(dtype, 2, 3),
        grad=False,
        **(LOW if dtype in (np.float16, ml_dtypes.bfloat16) else {"rtol": 1e-4, "atol": 1e-5}),
    )


SPECIAL = np.array([0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 1.5, 2.5, 30, INF, -INF, NAN], np.float32)


def test_functions_of_special_values():
    names = [name for name in [*SMOOTH, *POSITIVE, *INSIDE, "sgn", "acosh"] if name != "i0"]
    compare(lambda t, x: {name: getattr(t, name)(x) for name in names}, SPECIAL, grad=False, rtol=1e-4, atol=1e-5)


def test_gradients_at_special_values():
    all_named(["abs", "sign", "square", "sqrt", "nan_to_num", "angle", "frac"], SPECIAL)
    all_named(["logit"], SPECIAL[[0, 2, 3, 4, 5, 6, 7]])


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 1)])
def test_shapes(shape):
    compare(lambda t, x: (t.exp(x), -x, t.add(x, 1), t.clamp(x, 0)), floats(*shape))


@pytest.mark.parametrize("decimals", [-1, 1, 3])
def test_round_decimals(decimals):
    compare(lambda t, x: t.round(x, decimals=decimals), floats(3, 4, scale=20.0), grad_name=True)


def test_logit_eps():
    compare(lambda t, x: t.logit(x, 0.1), np.array([-0.5, 0.02, 0.1, 0.4, 0.9, 0.95, 1.5], np.float32))
    compare(lambda t, x: t.logit(x, eps=1e-6), positives(3, 4, high=0.9))


def test_nan_to_num():
    compare(lambda t, x: t.nan_to_num(x, 1.5, posinf=7), SPECIAL)
    compare(lambda t, x: t.nan_to_num(x, neginf=-3), SPECIAL.astype(np.float64))
    compare(lambda t, x: t.nan_to_num(x), SPECIAL.astype(np.float16))


# Two operands

BINARY = "add sub mul div true_divide remainder fmod atan2 maximum minimum fmax fmin copysign hypot logaddexp".split()


@pytest.mark.parametrize("shapes", [((2, 1, 3), (4, 1)), ((3,), ()), ((3, 4), (3, 4))])
def test_functions_of_two(shapes):
    x, y = (floats(*shape, seed=seed) for seed, shape in enumerate(shapes))
    all_named([*BINARY, "logaddexp2", "rsub"], x, y, rtol=5e-5, atol=5e-6)


def test_functions_of_two_positive():
    all_named(["pow", "xlogy", "float_power"], positives(3, 4), positives(4, seed=1), rtol=1e-4)


MIXED = (
    BINARY
    + (
        "rsub pow floor_divide eq ne lt le gt ge bitwise_and bitwise_or bitwise_xor logical_and logical_or logical_xor "
        "bitwise_left_shift bitwise_right_shift xlogy float_power isclose"
    ).split()
)


@pytest.mark.parametrize("name", MIXED)
def test_types_of_two(name):
    """The result's type, or the exception, for all pairs of types: with dimensions, without, and Python numbers."""
    inputs = {np.dtype(dtype).name: abs(sample(dtype, 3)) + np.ones(3, dtype) for dtype in TYPES}
    numbers = (2, 2.5, True) if TABLE[name].parameters[1].kind == "ArrayLike" else ()

    def types(t, tensors):
        def result(x, y):
            found = either(getattr(t, name), x, y)
            return found.dtype if hasattr(found, "dtype") else found

        pairs = list(itertools.product(tensors, tensors))
        found = {f"{a}, {b}": result(tensors[a], tensors[b]) for a, b in pairs}
        if name == "add":
            found |= {f"{a}, {b} 0-dim": result(tensors[a], tensors[b][0]) for a, b in pairs}
        return found | {f"{a}, {n}": result(tensors[a], n) for a in tensors for n in numbers}

    compare(types, inputs, grad=False)


@pytest.mark.parametrize(
    "types", [(np.int32, np.float32), (np.uint8, np.int8), (np.float16, np.float32), (np.bool_, np.int64)]
)
def test_values_of_mixed_types(types):
    x, y = (sample(dtype, 6, seed=seed) for seed, dtype in enumerate(types))
    y = abs(y) + np.ones_like(y)
    compare(lambda t, x, y: {name: either(getattr(t, name), x, y) for name in MIXED}, x, y, grad=False, **LOW)


@pytest.mark.parametrize("value", [3, -2, 0.5, -1.5])
def test_number(value):
    names = ["add", "sub", "mul", "div", "remainder", "fmod"]
    xs = {name: floats(3, 4, scale=4.0) for name in names}
    compare(lambda t, xs: {name: getattr(t, name)(x, value) for name, x in xs.items()}, xs, rtol=1e-4, atol=1e-5)
    compare(lambda t, x: t.floor_divide(x, value), xs["add"], grad=False)


def test_operators():
    x, y = floats(3, 4), positives(4)
    compare(lambda t, x, y: (x + y, x - y, x * y, x / y, x % y, y**x, -x, +x, abs(x)), x, y, rtol=1e-4, atol=1e-5)
    compare(lambda t, x, y: (2 + y, 2 - y, 2 * y, 2 / y, 2**y, y**2, y % 2), x, y, rtol=1e-4, atol=1e-5)
    compare(lambda t, x, y: (x // y, 7 // y, x // 0.3, 2 % y), x, y, grad=False)
    compare(
        lambda t, x, y: (x & y, x | y, x ^ y, ~x, x << 1, x >> y, 1 << y),
        integers(3, 4),
        integers(4, low=0),
        grad=False,
    )
    compare(lambda t, x, y: (x < y, x <= 0, x > y, x >= 0.5, x == y, x != y, x < 0), x, y, grad=False)


@pytest.mark.parametrize("alpha", [1, 2, -0.5, True])
def test_alpha(alpha):
    if alpha is not True:
        compare(lambda t, x, y: (t.add(x, y, alpha=alpha), t.sub(x, y, alpha=alpha)), floats(3, 4), floats(4))
        compare(lambda t, x: t.rsub(x, 3, alpha=alpha), floats(3, 4))
    compare(lambda t, x, y: t.add(x, y, alpha=alpha), integers(3, 4), integers(4))
    compare(lambda t, x, y: t.add(x, y, alpha=alpha), bools(3, 4), bools(4))


def test_numbers_that_change_are_the_same_function():
    for value in (2, 3, 0.5, 2.5, -1.5, 4.5):
        compare(lambda t, x, v=value: (x**v, abs(v) ** x, x * v, t.clamp(x, max=v)), positives(3, 4), rtol=1e-4)


@pytest.mark.parametrize("mode", [None, "trunc", "floor"])
def test_rounding_mode(mode):
    cases = [(floats(3, 4, scale=5.0), positives(4)), (integers(3, 4, low=-9, high=9), integers(4, low=1))]
    for x, y in cases:
        compare(lambda t, x, y: t.div(x, y, rounding_mode=mode), x, y)
        compare(lambda t, x: (t.div(x, 3, rounding_mode=mode), t.div(x, -0.7, rounding_mode=mode)), x)


def test_division_at_special_values():
    x, y = (values.ravel() for values in np.meshgrid(SPECIAL, SPECIAL))
    names = "div floor_divide remainder fmod pow xlogy atan2 maximum minimum fmax fmin copysign hypot".split()
    compare(lambda t, x, y: {name: getattr(t, name)(x, y) for name in names}, x, y, grad=False)
    compare(lambda t, x, y: {m: t.div(x, y, rounding_mode=m) for m in ("trunc", "floor")}, x, y, grad=False)


def test_floor_division_of_close_numbers():
    compare(lambda t, x: (x // 0.1, x % 0.1), np.arange(20, dtype=np.float32) / 10, grad=False)


def test_gradients_at_ties_and_zeros():
    x, y = (values.ravel().astype(np.float32) for values in np.meshgrid([0, 1, 2], [0, 1, 2]))
    all_named(["pow", "maximum", "minimum", "fmax", "fmin", "atan2", "copysign"], x, y)
    all_named(["remainder", "fmod"], x, y + 1)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5, 0.0, 7])
def test_power_of_a_number(exponent):
    compare(lambda t, x: (x**exponent,), positives(3, 4), rtol=1e-4, grad_name=True)
    if exponent in (0, 1, 2, 3):
        compare(lambda t, x: x**exponent, np.array([-2.0, -1, 0, 3], np.float32))
    if isinstance(exponent, int) and exponent >= 0:
        compare(lambda t, x: (x**exponent, 3**x), integers(3, 4, low=0))


def test_power_of_tensors():
    compare(lambda t, x, y: t.pow(x, y), integers(3, 4), integers(4))  # also negative exponents
    compare(lambda t, x: t.pow(x, 2), np.array([-2.0, 0, 2], np.float32))
    compare(
        lambda t, x, y: t.pow(x, y.detach()), np.array([-2.0, -1, 3], np.float32), np.array([2.0, 3, 0], np.float32)
    )
    compare(lambda t, x: t.pow(0, x), np.array([0.0, 1, 2], np.float32))
    compare(lambda t, x: t.pow(2.0, x), floats(3, 4), grad_name=True)


def test_second_derivatives():
    def second(t, x, y):
        value = (x**3 * y + t.sigmoid(x * y) + t.pow(y, x) + t.sqrt(y) * t.abs(x) + t.lerp(x, y, 0.3) ** 2).sum()
        (first,) = t.autograd.grad(value, x, create_graph=True)
        return first

    compare(second, floats(3, 4), positives(3, 4), rtol=1e-4, atol=1e-5)


# Three operands


@pytest.mark.parametrize("value", [1, 2, -0.5])
def test_addcmul_and_addcdiv(value):
    operands = floats(3, 4), floats(4), positives(3, 1)
    compare(lambda t, x, a, b: t.addcmul(x, a, b, value=value), *operands, grad_name=True)
    compare(lambda t, x, a, b: t.addcdiv(x, a, b, value=value), *operands, grad_name=True)
    compare(lambda t, x: t.addcmul(x, x, x, value=value), integers(3, 4))


def test_lerp():
    compare(lambda t, x, y, w: t.lerp(x, y, w), floats(3, 4), floats(4), positives(3, 1), grad_name=True)
    for weight in (0.0, 0.3, 0.5, 1.0, 1.7, -2.0):
        compare(lambda t, x, y, w=weight: t.lerp(x, y, w), floats(3, 4), floats(3, 4, seed=1), grad_name=True)
    compare(lambda t, x, y: t.lerp(x, y, 0.3), floats(3), floats(3, dtype=np.float64))
    compare(lambda t, x, y: t.lerp(x, y, 0.3), integers(3), integers(3))


# Comparisons, logic, bits


def test_comparisons_of_special_values():
    x, y = (values.ravel() for values in np.meshgrid(SPECIAL, SPECIAL))
    names = "eq ne lt le gt ge isclose logical_and logical_or logical_xor".split()
    compare(lambda t, x, y: {name: getattr(t, name)(x, y) for name in names}, x, y, grad=False)
    compare(lambda t, x, y: t.isclose(x, y, 0.5, 0.1, equal_nan=True), x, y, grad=False)
    compare(lambda t, x, y: t.isclose(x, y, 0, 0, True), x, y, grad=False)


@pytest.mark.parametrize("dtype", [*TYPES, np.complex64])
def test_kinds_of_numbers(dtype):
    names = "isnan isinf isfinite isreal logical_not isposinf isneginf signbit bitwise_not".split()
    x = SPECIAL.astype(dtype) if np.dtype(dtype).kind in "fcV" else sample(dtype, 6)
    compare(lambda t, x: {name: either(getattr(t, name), x) for name in names}, x, grad=False)


@pytest.mark.parametrize("name", ["lt", "maximum", "floor", "remainder", "sign", "fmod", "clamp"])
def test_complex_numbers_have_no_order(name):
    operands = 1 if name in ("floor", "sign") else 2
    compare(lambda t, x: getattr(t, name)(*[x] * operands), np.array([1j, 2], np.complex64), grad=False)


# In place


def test_in_place():
    names = ["add_", "sub_", "mul_", "div_", "pow_", "clamp_", "fmod_", "copysign_"]

    def write(t, xs):
        written = {name: x * 1 for name, x in xs.items()}
        for name, y in written.items():
            getattr(y, name)(2.0)
        return {name: y * xs[name] for name, y in written.items()}

    compare(write, {name: positives(3, 4) for name in names}, rtol=1e-4)


def test_in_place_keeps_the_type():
    compare(lambda t, x, y: x.add_(y), integers(3), floats(3, dtype=np.float64), grad=False)
    compare(lambda t, x, y: x.add_(y), floats(3), floats(3, dtype=np.float64), grad=False)
    compare(lambda t, x: x.eq_(2), integers(3), grad=False)
    compare(lambda t, x, y: x.add_(y), floats(3), floats(2, 3), grad=False)


# Errors


def test_operands_that_do_not_broadcast_raise():
    with pytest.raises(RuntimeError) as caught:
        lamina.ones(2, 3) + lamina.ones(4)
    assert str(caught.value) == (
        "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1"
    )


@pytest.mark.parametrize("shapes", [((2, 3), (4, 5)), ((2, 3, 4), (3, 2, 4)), ((5, 3), (1, 3), (4, 1)), ((3,), (2, 0))])
def test_operands_that_do_not_broadcast_raise_in_pytorchs_words(shapes):
    messages = []
    for t in (torch, lamina):
        with pytest.raises(RuntimeError) as caught:
            (t.addcmul if len(shapes) == 3 else t.add)(*(t.ones(*shape) for shape in shapes))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


ERRORS = {
    "subtract bools": lambda t: t.tensor([True]) - t.tensor([True]),
    "subtract a bool": lambda t: t.tensor([1.0]) - t.tensor([True]),
    "minus bool": lambda t: -t.tensor([True]),
    "absolute bool": lambda t: t.abs(t.tensor([True])),
    "float alpha": lambda t: t.add(t.tensor([1]), t.tensor([1]), alpha=0.5),
    "bool alpha": lambda t: t.add(t.tensor([1.0]), t.tensor([1.0]), alpha=True),
    "negative power of integers": lambda t: t.tensor([2]) ** -1,
    "integer division by zero": lambda t: t.tensor([2]) // 0,
    "integer remainder by zero": lambda t: t.tensor([2]) % 0,
    "rounding mode": lambda t: t.div(t.tensor([2.0]), 1, rounding_mode="up"),
    "bits of floats": lambda t: t.bitwise_and(t.tensor([2.0]), 1),
    "shift of floats": lambda t: t.bitwise_or(t.tensor([2.0]), t.tensor([1.0])),
    "close across types": lambda t: t.isclose(t.tensor([2.0]), t.tensor([2])),
    "integer addcdiv": lambda t: t.addcdiv(t.tensor([2]), t.tensor([2]), t.tensor([2])),
    "integer hypot": lambda t: t.hypot(t.tensor([2]), t.tensor([2])),
    "integer logaddexp": lambda t: t.logaddexp(t.tensor([2]), t.tensor([2])),
    "integer frac": lambda t: t.frac(t.tensor([2])),
    "decimals of integers": lambda t: t.round(t.tensor([2]), decimals=1),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case):
    compare(ERRORS[case])


# The declarations

MODULES = [room.__name__ for room in (pointwise, transcendental, choice, conversion, logic)]
PUBLIC = [op for op in TABLE.values() if op.function.__module__ in MODULES and op.homes]


def test_names_are_where_pytorch_has_them():
    homes = {"lamina": torch, "Tensor": torch.Tensor, "functional": torch.nn.functional, "special": torch.special}
    for op in PUBLIC:
        for home in op.homes:
            assert hasattr(homes[home], op.name) or op.name == "to_dtype", (op, home)
        for alias in op.aliases:
            assert hasattr(torch, alias), (op, alias)
        assert op.inplace == hasattr(torch.Tensor, f"{op.name}_"), op
        assert ("special" in op.homes) == hasattr(torch.special, op.name), op


def test_every_operation_says_what_it_does():
    assert all(op.function.__doc__ for op in PUBLIC)


def test_what_fits_but_is_not_written_in_place():
    for x in (floats(2) + 1j * floats(2), floats(2)):
        compare(lambda t, x: x.clone().abs_(), x, grad=False)
        compare(lambda t, x: x.clone().float_power_(2), x, grad=False)
        compare(lambda t, x: x.double().float_power_(2) if x.dtype == t.float32 else x.absolute(), x, grad=False)
    with pytest.raises(RuntimeError, match=r"^In-place abs is not supported for complex tensors\.$"):
        lamina.ones(1, dtype=lamina.complex64).absolute_()
    text = r"^the base given to float_power_ has dtype Float but the operation's result requires dtype Double$"
    with pytest.raises(RuntimeError, match=text):
        lamina.ones(1).float_power_(2)
