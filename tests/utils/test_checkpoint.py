"""Checkpoints and control flow, beside PyTorch's."""

from __future__ import annotations

import pytest
import torch.utils.checkpoint

import lamina
from lamina.utils.checkpoint import checkpoint
from tests.parity import compare, floats

assert torch.utils.checkpoint


def test_checkpoint():
    def run(t, x, w):
        def layer(x, *, scale):
            return {"y": (x @ w).tanh() * scale, "n": 3}

        found = t.utils.checkpoint.checkpoint(layer, x, scale=2.0, use_reentrant=False)
        return found["y"].exp(), found["n"]

    compare(run, floats(4, 3), floats(3, 3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("segments", [1, 2, 3])
def test_checkpoint_sequential(segments):
    def run(t, x):
        layers = [t.nn.Linear(3, 3), t.nn.Tanh(), t.nn.Linear(3, 3)]
        for layer in layers[::2]:
            t.nn.init.constant_(layer.weight, 0.3)
            t.nn.init.zeros_(layer.bias)
        return t.utils.checkpoint.checkpoint_sequential(t.nn.Sequential(*layers), segments, x, use_reentrant=False)

    compare(run, floats(4, 3), rtol=1e-4, atol=1e-5)


def test_random_numbers_are_the_same_both_times():
    x = lamina.ones(100, requires_grad=True)
    y = checkpoint(lambda x: lamina.nn.functional.dropout(x), x, use_reentrant=False)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_running_statistics_move_once():
    norm = lamina.nn.BatchNorm1d(3)
    checkpoint(norm, lamina.tensor(floats(4, 3)), use_reentrant=False).sum().backward()
    assert norm.num_batches_tracked.item() == 1
    assert norm.running_mean.tolist() != [0.0, 0.0, 0.0]


def test_what_is_not_supported():
    with pytest.raises(NotImplementedError, match="context_fn"):
        checkpoint(lamina.sin, lamina.ones(2), context_fn=lambda: (None, None))


def test_cond():
    x = lamina.tensor([1.0, 2.0], requires_grad=True)
    for limit, expected in ((4, [2.0, 2.0]), (2, [3.0, 3.0])):
        x.grad = None
        lamina.cond(x.sum() > limit, lambda x: x * 3, lambda x: x * 2, (x,)).sum().backward()
        assert x.grad.tolist() == expected
    assert lamina.cond(True, lambda: 1, lambda: 2) == 1
    with pytest.raises(RuntimeError, match="must return the same shapes and types"):
        lamina.cond(x.sum() > 0, lambda x: x, lambda x: x.sum(), (x,))
    with pytest.raises(RuntimeError, match="callable"):
        lamina.cond(x.sum() > 0, 1, 2, (x,))


def test_while_loop():
    step = lamina.tensor(2.0)
    i, x = lamina.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * step), (lamina.tensor(0), lamina.ones(2)))
    assert (i.item(), x.tolist()) == (3, [8.0, 8.0])
    with pytest.raises(RuntimeError, match="must return shapes and types like carried_inputs"):
        lamina.while_loop(lambda x: x.sum() < 3, lambda x: x.sum(), (lamina.ones(2),))
