"""The old name of a tensor."""

from __future__ import annotations

from tests.parity import compare, floats


def test_variable():
    def run(t, x):
        v = t.autograd.Variable(x, requires_grad=True)
        return v * 2, isinstance(v, t.autograd.Variable), isinstance(1, t.autograd.Variable), v.requires_grad

    compare(run, floats(3), grad=False)
    compare(lambda t, x: t.autograd.variable(x), floats(3))
