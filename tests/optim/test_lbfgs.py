"""LBFGS takes PyTorch's iterations: the same points, as many evaluations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.optim import LBFGS

pytestmark = pytest.mark.filterwarnings("ignore:lamina compiled")  # several optimizers share a line


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def run(t, dtype, steps, start=(-1.5, 2.0), loss=rosenbrock, **options):
    """Points and losses after each step, the points at which the closure was called, and the optimizer."""
    params = [t.tensor(np.array([value], dtype), requires_grad=True) for value in start]
    optimizer = t.optim.LBFGS(params, **options)
    visited, found = [], []

    def closure():
        visited.append([p.item() for p in params])
        optimizer.zero_grad()
        value = loss(*params).sum()
        value.backward()
        return value

    for _ in range(steps):
        value = optimizer.step(closure)
        found.append([p.item() for p in params] + [value.item()])
    return np.array(found), np.array(visited), optimizer


def agree(dtype, steps, **options):
    (ours, our_visits, optimizer), (theirs, their_visits, reference) = (
        run(t, dtype, steps, **options) for t in (lamina, torch)
    )
    rtol, atol = (1e-3, 1e-4) if dtype == "float32" else (1e-6, 1e-9)
    assert our_visits.shape == their_visits.shape
    np.testing.assert_allclose(our_visits, their_visits, rtol=rtol, atol=atol)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
    state, wanted = (next(iter(each.state.values())) for each in (optimizer, reference))
    assert (state["n_iter"], state["func_evals"]) == (wanted["n_iter"], wanted["func_evals"])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("options", [{}, {"max_iter": 4}, {"lr": 0.5, "max_iter": 10, "max_eval": 7}], ids=str)
def test_with_line_search(dtype, options):
    if dtype == "float32":
        # The valley multiplies differences by about 1.5 an evaluation: later ones would be nothing but noise.
        options = {"max_iter": 8} | options
    agree(dtype, 3 if dtype == "float64" else 1, line_search_fn="strong_wolfe", **options)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_without_line_search(dtype):
    agree(dtype, 3, start=(0.9, 0.7), lr=0.1, max_iter=5)


@pytest.mark.parametrize("history_size", [1, 2, 3])
def test_a_short_history_forgets_the_oldest(history_size):
    agree("float64", 2, line_search_fn="strong_wolfe", max_iter=6, history_size=history_size)


def test_one_iteration_a_step():
    agree("float64", 12, line_search_fn="strong_wolfe", max_iter=1)


def test_stops_at_the_minimum():
    agree("float64", 4, start=(1.0, 1.0), line_search_fn="strong_wolfe")
    agree("float64", 6, start=(0.5, -0.2), loss=lambda x, y: x**2 + 3 * y**2, line_search_fn="strong_wolfe")


def test_a_hard_search_that_zooms():
    agree("float64", 3, start=(3.0, -2.0), line_search_fn="strong_wolfe", max_iter=6)

    def wavy(x, y):
        return (x**4 - 3 * x + y**6 + x * y).cos() + x**2 + y**2

    agree("float64", 2, start=(1.2, 0.3), loss=wavy, lr=5, max_iter=5, line_search_fn="strong_wolfe")


def test_a_growing_history_compiles_nothing_new():
    p = lamina.tensor([-1.5, 2.0], requires_grad=True)
    optimizer = LBFGS([p], max_iter=1, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(p[0], p[1])
        loss.backward()
        return loss

    for _ in range(4):
        optimizer.step(closure)
    before = lamina.engine.compilations()
    for _ in range(8):
        optimizer.step(closure)
    assert lamina.engine.compilations() == before


def test_parameters_without_gradient_stay():
    used, unused = lamina.tensor([2.0], requires_grad=True), lamina.tensor([3.0], requires_grad=True)
    optimizer = LBFGS([used, unused], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (used**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert abs(used.item()) < 1e-6 and unused.item() == 3


def test_a_saved_state_continues_the_same_way():
    def build():
        p = lamina.tensor([-1.5, 2.0], dtype=lamina.float64, requires_grad=True)
        return p, LBFGS([p], max_iter=3, line_search_fn="strong_wolfe")

    def step(p, optimizer):
        def closure():
            optimizer.zero_grad()
            loss = rosenbrock(p[0], p[1])
            loss.backward()
            return loss

        optimizer.step(closure)

    p, optimizer = build()
    step(p, optimizer)
    q, loaded = build()
    with lamina.no_grad():
        q.copy_(p)
    loaded.load_state_dict(optimizer.state_dict())
    step(p, optimizer)
    step(q, loaded)
    assert p.tolist() == q.tolist()


def test_a_state_saved_by_pytorch_is_taken_over():
    _, _, reference = run(torch, "float64", 1, max_iter=5, line_search_fn="strong_wolfe")
    saved = reference.state_dict()

    def convert(x):
        if isinstance(x, torch.Tensor):
            return lamina.tensor(x.numpy())
        return [convert(y) for y in x] if isinstance(x, list) else x

    points = [p.item() for p in reference.param_groups[0]["params"]]
    params = [lamina.tensor(np.array([value]), requires_grad=True) for value in points]
    optimizer = LBFGS(params, max_iter=5, line_search_fn="strong_wolfe")
    state = {name: convert(value) for name, value in saved["state"][0].items()}
    optimizer.load_state_dict({"state": {0: state}, "param_groups": saved["param_groups"]})
    for t, opt in ((lamina, optimizer), (torch, reference)):
        assert t

        def closure(opt=opt):
            opt.zero_grad()
            loss = rosenbrock(*opt.param_groups[0]["params"]).sum()
            loss.backward()
            return loss

        opt.step(closure)
    expected = [p.item() for p in reference.param_groups[0]["params"]]
    np.testing.assert_allclose([p.item() for p in params], expected, rtol=1e-9)


def test_what_pytorch_refuses():
    p = lamina.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match=r"^LBFGS doesn't support per-parameter options \(parameter groups\)$"):
        LBFGS([{"params": [p]}, {"params": [lamina.ones(1, requires_grad=True)]}])
    with pytest.raises(ValueError, match="^Invalid learning rate: -1$"):
        LBFGS([p], lr=-1)
    with pytest.raises(RuntimeError, match="^only 'strong_wolfe' is supported$"):
        LBFGS([p], line_search_fn="armijo").step(lambda: (p * p).sum())
