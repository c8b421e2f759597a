"""What is known without numbers, beside PyTorch's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import lamina
from lamina import dtypes
from tests.parity import compare, floats, integers

NAMES = [dtype.name for dtype in dtypes.ALL]


def test_questions():
    names = ("is_complex", "is_floating_point", "is_signed", "numel", "is_tensor", "is_storage", "is_conj", "is_neg",
             "is_inference", "is_distributed", "get_device")  # fmt: skip

    def run(t, x):
        own = [getattr(x, name)() for name in names[6:]]
        return [getattr(t, name)(x) for name in names], own, t.resolve_conj(x), x.resolve_neg(), t.is_same_size(x, x[0])

    for x in (floats(2, 3), integers(4, dtype=np.uint8, low=0), floats(2) + 1j):
        compare(run, x)
    compare(lambda t, x: (t.is_nonzero(x[0, 0]), x[1, 1].is_nonzero(), x.is_same_size(x.t())), floats(2, 2))
    compare(lambda t, x: t.is_nonzero(x), floats(2))
    assert lamina.typename(lamina.ones(2)) == "lamina.FloatTensor" and lamina.typename(3) == torch.typename(3)


def _gives_complex32(*names):
    """Whether PyTorch's result may be complex32, which lamina has not: float16 beside a complex type."""
    return "float16" in names and any(name.startswith("complex") for name in names)


@pytest.mark.parametrize("a", NAMES)
def test_types_of_results(a):
    for b in NAMES:
        assert (
            str(lamina.promote_types(getattr(lamina, a), getattr(lamina, b)))[7:]
            == str(torch.promote_types(getattr(torch, a), getattr(torch, b)))[6:]
        )
        pair = getattr(torch, a), getattr(torch, b)
        assert lamina.can_cast(getattr(lamina, a), getattr(lamina, b)) == torch.can_cast(*pair), (a, b)
        for m, n in itertools.product(((), (2,)), repeat=2):
            if m != n and _gives_complex32(a, b):
                continue
            wanted = torch.result_type(torch.ones(m, dtype=pair[0]), torch.ones(n, dtype=pair[1]))
            found = lamina.result_type(
                lamina.ones(m, dtype=getattr(lamina, a)), lamina.ones(n, dtype=getattr(lamina, b))
            )
            assert str(found)[7:] == str(wanted)[6:], (a, m, b, n)
    for number in (True, 2, 2.5, *(() if a == "float16" else (2j,))):
        for m in ((), (2,)):
            wanted = torch.result_type(torch.ones(m, dtype=getattr(torch, a)), number)
            found = lamina.result_type(lamina.ones(m, dtype=getattr(lamina, a)), number)
            assert str(found)[7:] == str(wanted)[6:], (a, m, number)


def test_shapes():
    compare(lambda t: tuple(t.broadcast_shapes((2, 1), (3,), 1)))
    compare(lambda t: tuple(t.broadcast_shapes()))
    compare(lambda t: t.broadcast_shapes((2,), (3,)))
    compare(
        lambda t, x: (x.sum_to_size(1, 4), x.sum_to_size((4,)), x.sum_to_size(3, 1), x.sum_to_size(3, 4)), floats(3, 4)
    )
    compare(lambda t, x: x.sum_to_size(2, 4), floats(3, 4))
    compare(lambda t, x: (x.dim_order(), x.permute(2, 0, 1).dim_order()), floats(2, 3, 4))


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 1, 3, 3), (2, 3, 1, 1), (3, 3, 3, 3)], ids=str)
@pytest.mark.parametrize("formats", [(), ("contiguous_format",), ("contiguous_format", "channels_last"), "no"], ids=str)
def test_dim_order_says_where_several_would_do(shape, formats):
    def run(t):
        x, given = t.zeros(*shape), [getattr(t, name) for name in formats] if formats != "no" else "no"
        return x.dim_order(ambiguity_check=given or True), x.transpose(0, 1).dim_order(ambiguity_check=given or True)

    compare(run)


def test_symbols_are_numbers():
    def run(t):
        return [
            t.sym_int(3.7), t.sym_float(2), t.sym_max(3, 2.5), t.sym_min(3, 4), t.sym_not(True), t.sym_ite(False, 1, 2),
            t.sym_sum([1, 2]), t.sym_sqrt(4), t.sym_fresh_size(3), t.sym_constrain_range(3, min=1),
            t.sym_constrain_range_for_size(4),
        ]  # fmt: skip

    compare(run)
