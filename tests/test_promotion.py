"""Types of results and arithmetic at the edges of types, over all pairs of types, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import dtypes
from tests.parity import compare, integers

NAMES = [dtype.name for dtype in dtypes.ALL]
OPERATIONS = {
    "add": lambda t, a, b: t.add(a, b),
    "mul": lambda t, a, b: t.mul(a, b),
    "div": lambda t, a, b: t.div(a, b),
    "eq": lambda t, a, b: t.eq(a, b),
    "lt": lambda t, a, b: t.lt(a, b),
    "where": lambda t, a, b: t.where(t.ones(2, dtype=t.bool), a, b),
    "cat": lambda t, a, b: t.cat([a.reshape(-1), b.reshape(-1)]),
}


def outcome(t, operation, *operands):
    """The type of the result, or the class of the error."""
    try:
        return str(operation(t, *operands).dtype).partition(".")[2]
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return NotImplementedError if isinstance(error, NotImplementedError) else type(error)


@pytest.mark.parametrize("name", OPERATIONS)
def test_types_of_all_pairs(name):
    wrong = []

    def check(a, b):
        def make(t, x):
            return t.ones(x[1], dtype=getattr(t, x[0])) if isinstance(x, tuple) else x

        found = [outcome(t, OPERATIONS[name], make(t, a), make(t, b)) for t in (lamina, torch)]
        if found[0] != found[1]:
            wrong.append((a, b, *found))

    for first in NAMES:
        for second in NAMES:
            # PyTorch may give complex32, which lamina has not.
            if "float16" in (first, second) and "complex" in first + second:
                continue
            for shapes in (((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())):
                check((first, shapes[0]), (second, shapes[1]))
        for number in (True, 2, 2.5, *(() if first == "float16" else (2j,))) if name != "cat" else ():
            for shape in ((2,), ()):
                check((first, shape), number)
    assert not wrong


def test_signs_of_division():
    x, y = np.array([7, -7, 7, -7, 0]), np.array([3, 3, -3, -3, 5])

    def run(t, x, y):
        return (
            x // y, x % y, t.fmod(x, y), t.div(x, y, rounding_mode="trunc"), t.div(x, y, rounding_mode="floor"),
            x // -2, x % -3, t.remainder(x, 4), -x // 2.5,
        )  # fmt: skip

    for kind in (np.int64, np.int8, np.float32, np.float64):
        compare(run, x.astype(kind), y.astype(kind), grad=False)


def test_whole_numbers_wrap_around():
    for kind in (np.int8, np.int32, np.int64, np.uint8):
        info = np.iinfo(kind)
        x = np.array([info.max, info.min, 5], kind)
        compare(lambda t, x: (x + 1, x - 1, x * 2, -x, x + x), x)


def test_casts():
    x = np.array([1.9, -1.9, 0.5, 100.7, -0.0], np.float32)
    compare(lambda t, x: [x.to(getattr(t, n)) for n in NAMES], x, grad=False)
    compare(lambda t, x: [x.to(getattr(t, n)) for n in NAMES], integers(5, low=0, high=99))
    compare(lambda t, x: (x.to(t.int8), x.to(t.uint8), x.to(t.float16)), np.array([300, -5, 70000]), grad=False)


def test_half_types():
    x = np.array([1.0, 1.0009765625, 2049.0, 60000.0, 3e-5], np.float32)

    def run(t, x):
        return [(y + y, y * y, y / 3, y - 1, y.sum()) for y in (x.to(t.float16), x.to(t.bfloat16))]

    compare(run, x, grad=False, rtol=0, atol=0)


def test_limits():
    for name in NAMES:
        if name == "bool" or name.startswith("complex"):
            continue
        info = [(t.finfo if "float" in name else t.iinfo)(getattr(t, name)) for t in (lamina, torch)]
        fields = (
            "bits",
            "max",
            "min",
            "dtype",
            *(("eps", "tiny", "smallest_normal", "resolution") if "float" in name else ()),
        )
        assert [getattr(info[0], f) for f in fields] == [getattr(info[1], f) for f in fields], name
