"""Limits on gradients, against PyTorch's; and what they cost: no program, no array more."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamina
from lamina import nn, optim
from lamina.nn import utils
from lamina.tensor import packed_gradients
from tests.parity import compare, floats

SHAPES = [(3, 4), (4,), (2, 0), (5, 2)]
"""All small, so their gradients lie in one array."""


def clipped(clip, *kinds, scale=1.0):
    """Compare the gradients after `clip(utils, parameters)`, and what it returns."""

    def call(t, *ws):
        unused = t.ones(2, requires_grad=True)
        sum((w * w * w).sum() for w in ws).backward()
        return clip(t.nn.utils, [*ws, unused]), [w.grad for w in ws], unused.grad

    kinds = kinds or (np.float32,) * len(SHAPES)
    arrays = [floats(*s, dtype=k, seed=i, scale=scale) for i, (s, k) in enumerate(zip(SHAPES, kinds, strict=True))]
    compare(lambda t, *xs: call(t, *(x.requires_grad_() for x in xs)), *arrays, grad=False)


@pytest.mark.parametrize("norm_type", [2, 1, 0.5, 3.0])
@pytest.mark.parametrize("limit", [0.5, 1e4])
def test_clip_grad_norm(norm_type, limit):
    clipped(lambda u, ws: u.clip_grad_norm_(ws, limit, norm_type))


def test_other_norms_of_parameters_that_are_not_empty():
    def call(t, order):
        ws = [t.tensor(floats(*s, seed=i)).requires_grad_() for i, s in enumerate([(3, 4), (4,)])]
        sum((w * w).sum() for w in ws).backward()
        total = t.nn.utils.clip_grad_norm_(ws, 0.7, order)
        return total, [w.grad for w in ws]

    for order in (math.inf, -math.inf, 0, "inf"):
        compare(lambda t, order=order: call(t, order), grad=False)


def test_total_norm_and_clipping_by_it():
    clipped(lambda u, ws: u.get_total_norm([w.grad for w in ws if w.grad is not None], foreach=True))
    clipped(lambda u, ws: u.get_total_norm(ws[0].grad, 1))
    clipped(lambda u, ws: u.clip_grads_with_norm_(iter(ws), 0.3, u.get_total_norm([w.grad for w in ws[:2]])))
    compare(lambda t: (t.nn.utils.get_total_norm([]), t.nn.utils.clip_grad_norm_([t.ones(2)], 1.0)))


def test_clip_grad_value():
    clipped(lambda u, ws: u.clip_grad_value_(ws, 0.8))
    clipped(lambda u, ws: u.clip_grad_value_(ws[0], 1, foreach=False))


def test_some_of_the_parameters_and_types_side_by_side():
    clipped(lambda u, ws: u.clip_grad_norm_(ws[1:3], 0.1))
    clipped(lambda u, ws: u.clip_grad_norm_(ws, 0.1), np.float32, np.float64, np.float32, np.float64)
    clipped(lambda u, ws: u.clip_grad_value_(ws, 0.1), np.float16, np.float64, np.float32, np.float16)


def test_values_that_are_not_finite():
    def call(t, x, **options):
        x.requires_grad_()
        (x * t.tensor(math.inf)).sum().backward()
        return t.nn.utils.clip_grad_norm_(x, 1.0, **options), x.grad

    compare(call, floats(3), grad=False)
    compare(lambda t, x: call(t, x, error_if_nonfinite=True), floats(3), grad=False)
    w = lamina.ones(3, requires_grad=True)
    (w * math.nan).sum().backward()
    with pytest.raises(RuntimeError) as caught:
        utils.clip_grad_norm_(w, 1.0, error_if_nonfinite=True)
    assert str(caught.value) == (
        "The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot be clipped. To "
        "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
    )


def test_gradients_are_changed_in_place():
    def call(t, x, y):
        (x * x).sum().backward()
        held = x.grad
        t.nn.utils.clip_grad_norm_([x, y], 0.5)
        t.nn.utils.clip_grad_value_(x, 0.2)
        return held, held is x.grad

    compare(lambda t, x, y: call(t, x.requires_grad_(), y.requires_grad_()), floats(3), floats(2), grad=False)


def test_warnings():
    w = lamina.ones(3, requires_grad=True)
    (w * w).sum().backward()
    with pytest.warns(FutureWarning) as caught:
        utils.clip_grad_norm(w, 1.0)
    assert str(caught[0].message) == (
        "`lamina.nn.utils.clip_grad_norm` is now deprecated in favor of `lamina.nn.utils.clip_grad_norm_`."
    )
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=r"^`parameters` is an empty generator, no gradient clipping will occur.$"):
        utils.clip_grad_norm_((p for p in ()), 1.0)


@pytest.mark.parametrize("clip", ["norm", "value", None])
def test_a_step_with_clipping_is_one_program_and_packed_gradients_stay_packed(clip):
    model = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 2))
    large = nn.Linear(200, 100, bias=False)  # too large to be packed
    optimizer = optim.SGD([*model.parameters(), *large.parameters()], lr=0.1, momentum=0.9)
    x, y = lamina.ones(4, 5), lamina.ones(1, 200)
    lamina.synchronize()
    compiled = []
    for _ in range(4):
        before = lamina.engine.compilations()
        optimizer.zero_grad()
        (model(x).sum() + large(y).sum()).backward()
        parameters = [*model.parameters(), *large.parameters()]
        if clip == "norm":
            utils.clip_grad_norm_(parameters, 1.0)
        elif clip == "value":
            utils.clip_grad_value_(parameters, 0.01)
        assert packed_gradients(list(model.parameters())) is not None
        optimizer.step()
        compiled.append(lamina.engine.compilations() - before)
    assert compiled == [1, 0, 0, 0], lamina.engine.explain()
    if clip == "value":
        assert all(float(abs(p.grad).max()) <= 0.0101 for p in model.parameters())


def test_training_with_clipping_agrees():
    def call(t, x):
        t.manual_seed(0)
        model = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 1))
        with t.no_grad():
            for i, p in enumerate(model.parameters()):
                p.copy_(t.tensor(floats(*p.shape, seed=i)))
        optimizer = t.optim.Adam(model.parameters(), lr=0.1)
        norms = []
        for _ in range(4):
            optimizer.zero_grad()
            (model(x) ** 2).sum().backward()
            norms.append(t.nn.utils.clip_grad_norm_(model.parameters(), 0.5))
            optimizer.step()
        return norms, [p.detach() for p in model.parameters()]

    compare(call, floats(6, 3), grad=False, rtol=1e-4, atol=1e-5)


def test_a_limit_that_changes_compiles_at_most_once_more():
    w = lamina.ones(3, requires_grad=True)
    before = lamina.engine.compilations()
    for step in range(5):
        w.grad = None
        (w * w).sum().backward()
        utils.clip_grad_norm_(w, 0.5 / (step + 1))
        w.grad.tolist()
    assert lamina.engine.compilations() - before <= 2
