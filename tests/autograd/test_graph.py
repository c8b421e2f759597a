"""The graph that backward goes through: its steps, their hooks, edges, hooks on several tensors."""

from __future__ import annotations

import pytest
import torch

import lamina
from tests.parity import compare, floats

X, Y = floats(3), floats(3, seed=1)


def test_hooks_on_steps():
    def run(t, x, y):
        seen = []
        h = (x * 2).sin()
        h.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs, outputs)))
        h.grad_fn.register_prehook(lambda outputs: (outputs[0] * 3,))
        doubled = (h * y).exp()
        handle = doubled.grad_fn.register_hook(lambda inputs, outputs: seen.append("taken away"))
        doubled.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2,))
        handle.remove()
        doubled.sum().backward()
        return seen

    compare(run, X, Y)


def test_hooks_on_a_tensor_and_on_its_step():
    def run(t, x):
        seen = []
        h = x * 2
        h.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs[0]))
        h.register_hook(lambda grad: seen.append(grad) or grad * 2)
        h.retain_grad()
        (h**2).sum().backward()
        return seen, h.grad

    compare(run, X)


def test_steps():
    def run(t, x):
        y = (x * 2).sin()
        step = y.grad_fn
        (before, index), *_ = step.next_functions
        (leaf, _), *_ = before.next_functions
        assert isinstance(step, t.autograd.graph.Node) and isinstance(leaf, t.autograd.graph.Node)
        assert leaf.next_functions == () and leaf.variable.requires_grad
        return step.name(), before.name(), index, leaf.name(), leaf.variable.detach()

    compare(run, X)


def test_hooks_on_the_step_of_a_leaf():
    def run(t, x):
        seen = []
        edge = t.autograd.graph.get_gradient_edge(x)
        edge.node.register_hook(lambda inputs, outputs: seen.append(len(inputs)))
        edge.node.register_prehook(lambda outputs: (outputs[0] * 3,))
        (x * x).sum().backward()
        return seen, x.grad

    compare(run, X)


def test_edges():
    def run(t, x):
        h = x * 2
        edge = t.autograd.graph.get_gradient_edge(h)
        leaf = t.autograd.graph.get_gradient_edge(x)
        assert edge.output_nr == 0
        return t.autograd.grad((h**3).sum(), (edge, leaf))

    compare(run, X)
    with pytest.raises(RuntimeError, match="^It is not possible to get the gradient edge for a Tensor that does not"):
        lamina.autograd.graph.get_gradient_edge(lamina.ones(2))


@pytest.mark.parametrize("mode", ["all", "any"])
def test_a_hook_on_several_tensors(mode):
    def run(t, x, y):
        seen = []
        unused = t.ones(2, requires_grad=True)
        h = x * 2
        handle = t.autograd.graph.register_multi_grad_hook((h, y, unused), seen.append, mode=mode)
        (h * y).sum().backward(retain_graph=True)
        t.autograd.grad(h.sum(), x, retain_graph=True)
        count = len(seen)
        handle.remove()
        (h * y).sum().backward()
        assert len(seen) == count
        # In mode "any" the order of gradients is not said.
        return seen if mode == "all" else count

    compare(run, X, Y)
    with pytest.raises(ValueError, match="Expects mode to be one of"):
        lamina.autograd.graph.register_multi_grad_hook((), print, mode="some")


@pytest.mark.parametrize("mode", ["all", "any"])
@pytest.mark.parametrize("t", [torch, lamina], ids=["torch", "lamina"])
def test_a_backward_that_fails_leaves_nothing_to_a_hook_on_several_tensors(t, mode):
    def fails(grad):
        raise ValueError("stop")

    seen = []
    x, y = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True)
    h = x * 2
    t.autograd.graph.register_multi_grad_hook((h, y), seen.append, mode=mode)
    with h.register_hook(fails), pytest.raises(ValueError, match="^stop$"):
        (h * y).sum().backward(retain_graph=True)
    before = len(seen)
    h.sum().backward()
    (found,) = seen[before:]
    if mode == "all":
        assert found[1] is None
    assert (found[0] if mode == "all" else found).tolist() == [1.0, 1.0]


def test_versions():
    def run(t, x):
        before = x._version
        t.autograd.graph.increment_version(x)
        t.autograd.graph.increment_version([x, x])
        return x._version - before

    compare(run, X, grad=False)


def test_writing_after_saving():
    x = lamina.tensor(X, requires_grad=True)
    with lamina.autograd.graph.allow_mutation_on_saved_tensors():
        h = x * 1
        y = h**2
        h.mul_(0)
        y.sum().backward()
    assert lamina.allclose(x.grad, 2 * x)


def test_a_prehook_on_a_step_with_several_results():
    largest = lamina.tensor(X, requires_grad=True).sort()[0]
    with pytest.raises(NotImplementedError, match="register_prehook is there for steps with one result only"):
        largest.grad_fn.register_prehook(print)
