"""What is compiled for other devices, as far as a machine without them can tell: by reading the program."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import pytest

import lamina
from lamina.ops import conv, products, recurrent, target


@pytest.fixture
def gpu(monkeypatch):
    """Operations take what they compile for to be a GPU."""
    monkeypatch.setattr(target, "platform", lambda: "gpu")
    yield
    for kind in ("products", "convolutions", "recurrent", "cudnn", "all"):
        lamina.settings.set_precision(kind, None)


def precisions(function, *arguments):
    """How exactly the products and convolutions of a function are asked for."""
    text = jax.jit(function).trace(*arguments).lower(lowering_platforms=("cuda",)).as_text()
    found = re.findall(r"(dot_general|convolution)\(?.*?(?:precision = |precision_config = )\[([^\]]*)\]", text)
    return {(name, *re.findall(r"HIGHEST|HIGH|DEFAULT", which)[:1]) for name, which in found}


MATRIX, IMAGE, KERNEL = jnp.ones((4, 4)), jnp.ones((1, 2, 5, 5)), jnp.ones((3, 2, 3, 3))


def multiply(x):
    return products.mm(x, x)


def convolve(x, weight):
    return conv.convolve(x, weight, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)


def test_pytorchs_defaults_on_a_gpu(gpu):
    assert precisions(multiply, MATRIX) == {("dot_general", "HIGHEST")}
    assert precisions(convolve, IMAGE, KERNEL) == {("convolution", "HIGH")}


def test_products_by_tf32(gpu):
    for told, asked in (("high", "HIGH"), ("medium", "DEFAULT"), ("highest", "HIGHEST")):
        lamina.set_float32_matmul_precision(told)
        assert lamina.get_float32_matmul_precision() == told
        assert precisions(lambda x: products.mm(x, x), MATRIX) == {("dot_general", asked)}


def test_the_flags_are_one_switch_in_several_spellings(gpu):
    matmul, cudnn = lamina.backends.cuda.matmul, lamina.backends.cudnn
    matmul.allow_tf32 = True
    assert (lamina.get_float32_matmul_precision(), matmul.fp32_precision) == ("high", "tf32")
    matmul.fp32_precision = "ieee"
    assert (lamina.get_float32_matmul_precision(), matmul.allow_tf32) == ("highest", False)
    assert cudnn.allow_tf32 and cudnn.conv.fp32_precision == cudnn.rnn.fp32_precision == "tf32"
    with cudnn.flags(enabled=True, allow_tf32=False):
        assert precisions(lambda *given: convolve(*given), IMAGE, KERNEL) == {("convolution", "HIGHEST")}
        assert cudnn.rnn.fp32_precision == "ieee"
    assert cudnn.allow_tf32
    cudnn.conv.fp32_precision = "ieee"
    with cudnn.flags(enabled=True):
        assert cudnn.conv.fp32_precision == "tf32"
    assert (cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision, cudnn.allow_tf32) == ("ieee", "tf32", False)


def test_a_kind_without_a_setting_of_its_own_follows_the_general_one_as_in_pytorch(gpu):
    def run(t):
        b, found = t.backends, []

        def note():
            cudnn = b.cudnn
            flags = (b, b.cuda.matmul, cudnn, cudnn.conv, cudnn.rnn)
            found.append([x.fp32_precision for x in flags])

        note()
        for where, precision in (
            (b, "tf32"), (b, "ieee"), (b.cuda.matmul, "tf32"), (b, "ieee"), (b.cuda.matmul, "none"), (b.cudnn, "tf32"),
            (b.cudnn.conv, "ieee"), (b.cudnn.conv, "none"),
        ):  # fmt: skip
            where.fp32_precision = precision
            note()
        return found

    found = subprocess.run(  # PyTorch's flags cannot all be put back
        [sys.executable, "-c", textwrap.dedent(inspect.getsource(run)) + "import torch\nprint(run(torch))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run(lamina) == ast.literal_eval(found.stdout)
    assert precisions(lambda *given: convolve(*given), IMAGE, KERNEL) == {("convolution", "HIGH")}


def test_unknown_flags_and_values():
    with pytest.raises(RuntimeError, match="Unknown precision: tf23"):
        lamina.backends.cuda.matmul.fp32_precision = "tf23"
    with pytest.raises(AttributeError, match="Unknown attribute allow_tf23"):
        lamina.backends.cuda.matmul.allow_tf23 = True
    with pytest.raises(TypeError, match="cudnn.set_flags has no speed"):
        lamina.backends.cudnn.set_flags(speed=1)


def test_recurrent_networks_have_a_switch_of_their_own(gpu):
    def run(x, h, w_ih, w_hh):
        return jax.grad(lambda x: recurrent.gru_cell(x, h, w_ih, w_hh, None, None).sum())(x)

    shapes = ((2, 3), (2, 4), (12, 3), (12, 4))
    assert precisions(run, *map(jnp.ones, shapes)) == {("dot_general", "HIGHEST")}  # PyTorch's cells are products

    def loop(gates, h, w_hh):
        return jax.grad(lambda w: recurrent.rnn_scan(False, False, gates, h, w)[0].sum())(w_hh)

    arrays = jnp.ones((5, 2, 4)), jnp.ones((2, 4)), jnp.ones((4, 4))
    assert precisions(loop, *arrays) == {("dot_general", "HIGH")}


def test_the_processor_is_exact_whatever_is_set():
    lamina.set_float32_matmul_precision("medium")
    try:
        x = lamina.tensor([[1 + 2.0**-20]])
        assert (x @ x).item() == 1 + 2.0**-19
        assert target.platform() == "cpu"
    finally:
        lamina.set_float32_matmul_precision("highest")


def test_programs_follow_a_setting_that_changes():
    """The same line recorded again under another mode is another program."""
    x = lamina.ones(3, dtype=lamina.int32)

    def halves():
        return x / 2

    found = [halves().dtype, halves().dtype]
    lamina.set_default_dtype(lamina.float64)
    try:
        found += [halves().dtype, halves()[0].item()]
    finally:
        lamina.set_default_dtype(lamina.float32)
    assert [*found, halves().dtype] == [lamina.float32, lamina.float32, lamina.float64, 0.5, lamina.float32]


def test_whole_numbers_are_convolved_by_products_on_a_gpu(gpu):
    """XLA's GPU compiler has no convolutions of them."""
    image, kernel = IMAGE.astype(int), KERNEL.astype(int)
    assert {name for name, *_ in precisions(lambda *given: convolve(*given), image, kernel)} == {"dot_general"}
    assert (convolve(image, kernel) == 18).all()
