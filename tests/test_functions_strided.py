"""Tensors that become another view in place, beside PyTorch's."""

from __future__ import annotations

import pytest

import lamina
from tests.parity import compare, floats, integers

CHANGES = {
    "t_": lambda x: x.t_(),
    "transpose_": lambda x: x.transpose_(0, -1),
    "swapaxes_": lambda x: x.swapaxes_(0, 1),
    "swapdims_": lambda x: x.swapdims_(1, 0),
    "squeeze_": lambda x: x.unsqueeze_(0).squeeze_(),
    "unsqueeze_": lambda x: x.unsqueeze_(1),
    "squeeze_dim": lambda x: x.unsqueeze_(0).squeeze_(0),
    "as_strided_": lambda x: x.as_strided_((3, 2), (1, 4), 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_shape_in_place(change):
    def run(t, x):
        y = x * 2
        same = change(y)
        return y, same is y, y.stride(), y.is_contiguous()

    compare(run, floats(3, 4))


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "as_strided_"])
def test_other_views_go_on_sharing(name):
    def run(t, x):
        x = x.clone()
        row, last = x[1], x[:, -1:]
        CHANGES[name](x)
        row.fill_(5)
        x.select(0, 0).add_(1)
        last.mul_(3)
        return x, row, last

    compare(run, floats(3, 4))


def test_a_view_in_place():
    def run(t, x):
        base = x.clone()
        part = base[1:].detach()
        part.t_()
        part[0] = 7.0
        return base, part, part.stride(), part.storage_offset()

    compare(run, floats(3, 4), grad=False)


def test_leaves():
    compare(lambda t, x: x.t_(), floats(2, 3))

    def run(t, x):
        with t.no_grad():
            x.t_()
        (x * x).sum().backward()
        return x.grad, x.requires_grad, x.is_leaf

    compare(run, floats(2, 3), grad=False)
    x = lamina.ones(2, 3, requires_grad=True)
    with lamina.no_grad():
        x.t_()
    (x * x).sum().backward()
    assert x.grad.shape == (3, 2)


def test_resize():
    def run(t, x):
        y, z = x.clone(), x.clone()
        row = y[0]
        y.resize_(2, 2)
        y.zero_()
        z.resize_as_(t.zeros(4, 3))
        return y, row, z, x.clone().resize_(6), t.resize_as_(x.clone(), y)

    compare(run, floats(3, 4), grad=False)
    assert lamina.ones(2).resize_(3).tolist() == [1.0, 1.0, 0.0]
    compare(lambda t, x: x.resize_(2), floats(3))


def test_set():
    def run(t, x, y):
        x, y = x.clone(), y.clone()
        x.set_(y)
        x.add_(1)
        return x, y, x.is_set_to(y), x[0].is_set_to(y[0]), x.is_set_to(y.t()), t.ones(3).set_().shape[0]

    compare(run, floats(2), floats(3, 4), grad=False)
    compare(lambda t, x, y: x.set_(y), floats(2), integers(2), grad=False)


def test_root_forms():
    def run(t, x):
        return t.fill(x, 2), t.fill_(x.clone(), 3), t.zero_(x.clone()), t.detach(x), t.detach_(x * 2)

    compare(run, floats(2, 3))


@pytest.mark.parametrize("name", [
    "abs", "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin", "asinh", "atan",
    "atanh", "ceil", "conj_physical", "cos", "cosh", "deg2rad", "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor",
    "frac", "i0", "log", "log10", "log1p", "log2", "logit", "nan_to_num", "neg", "negative", "rad2deg", "reciprocal",
    "round", "rsqrt", "sigmoid", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
])  # fmt: skip
def test_in_place_functions(name):
    compare(lambda t, x: getattr(t, f"{name}_")(x), floats(5), grad=False)


def test_in_place_functions_of_two():
    def run(t, x, y, n):
        z = x.clone()
        return (
            t.xlogy_(x.clone(), y), t.clamp_(x.clone(), 0, 1), t.clip_(x.clone(), max=0.5), t.clamp_min_(x.clone(), 0),
            t.clamp_max_(x.clone(), 0), t.gcd_(n.clone(), n), t.lcm_(n.clone(), n), t.ldexp_(x.clone(), n),
            t.index_put_(z, (n.abs() % 4,), y), t.addmv_(x.clone(), t.outer(x, y), y),
        )  # fmt: skip

    compare(run, floats(4), floats(4, seed=1), integers(4), grad=False)


def test_python_functions():
    def run(t, x, y):
        return (
            x.clone().apply_(lambda a: a * 2), x.clone().map_(y, lambda a, b: a - b),
            x.clone().map2_(y, y, lambda a, b, c: a + b * c),
        )  # fmt: skip

    compare(run, floats(2, 3), floats(2, 3, seed=1), grad=False)
    compare(lambda t, x: x.apply_(lambda a: a), floats(3))
