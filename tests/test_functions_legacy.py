"""Older names, beside PyTorch's."""

from __future__ import annotations

import warnings

import pytest

import lamina
from tests.parity import compare, floats, integers

FLAGS = ("is_ipu", "is_maia", "is_mkldnn", "is_mps", "is_mtia", "is_vulkan", "is_xla", "is_xpu", "is_sparse_csr",
         "name", "output_nr", "grad_dtype")  # fmt: skip


def test_flags():
    compare(lambda t, x: [getattr(x, name) for name in FLAGS], floats(2))
    assert lamina.ones(2).volatile is False


def test_old_methods():
    def run(t, x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = x.resize(3, 2), x.resize_as(t.zeros(6))
        return (
            x.new([1, 2]), tuple(x.new(2, 3).shape), x.new().shape[0], tuple(x.new_empty_strided((2, 3), (1, 2)).shape),
            x.is_shared(), x.__reversed__(), x.module_load(t.ones(2, 3)), old,
        )  # fmt: skip

    compare(run, floats(2, 3), grad=False)
    compare(lambda t, x: x.reinforce(1), floats(2))
    assert isinstance(lamina.ones(2).as_subclass(lamina.nn.Parameter), lamina.nn.Parameter)
    x = lamina.ones(3)
    assert x.const_data_ptr() == x.data_ptr() and isinstance(x.storage(), x.storage_type())


def test_versions():
    x = lamina.ones(3)
    before = x._version
    x.add_(1)
    x[0].zero_()
    assert x._version == before + 2


def test_old_constructors():
    for name in ("Bool", "Byte", "Char", "Short", "Int", "Long", "Half", "BFloat16", "Float", "Double"):

        def run(t, x, kind=f"{name}Tensor"):
            kind = getattr(t, kind)
            made = kind([1, 0]), kind(2, 3).shape[1], kind().shape[0]
            return *made, isinstance(made[0], kind), isinstance(x, kind), kind.dtype

        compare(run, integers(2))
    assert repr(lamina.FloatTensor) == "<class 'lamina.FloatTensor'>"
    assert lamina.ones(2).type(lamina.LongTensor).dtype is lamina.int64


def test_default_type():
    try:
        lamina.set_default_tensor_type(lamina.DoubleTensor)
        assert lamina.tensor(1.0).dtype is lamina.float64
        lamina.set_default_tensor_type("lamina.FloatTensor")
        assert lamina.tensor(1.0).dtype is lamina.float32
        with pytest.raises(TypeError, match="only floating-point types"):
            lamina.set_default_tensor_type(lamina.LongTensor)
    finally:
        lamina.set_default_dtype(lamina.float32)
