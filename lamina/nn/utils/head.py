"""Models without their last layers."""

from __future__ import annotations

from lamina.nn.container import Sequential
from lamina.nn.module import Module


def prune_head(x: Module, head_size: int = 1) -> Sequential:
    """The children of a module but the last ones, in a row: to put another head on them, or to use what they compute.

    Args:
        x: a model whose children are called one after another.
        head_size: how many of them to leave out.

    >>> import lamina
    >>> from lamina import nn
    >>> net = nn.Sequential(nn.Linear(2, 10), nn.Tanh(), nn.Linear(10, 3))
    >>> nn.utils.prune_head(net)(lamina.ones(1, 2)).shape
    lamina.Size([1, 10])

    Source: nn_prune_head of torch for R.
    """
    children = dict(x.named_children())
    if not 0 <= head_size < len(children):
        raise ValueError(
            f"prune_head: head_size must be at least 0 and less than the {len(children)} children of "
            f"{type(x).__name__}, got {head_size}."
        )
    kept = Sequential()
    for name in list(children)[: len(children) - head_size]:
        kept.add_module(name, children[name])
    return kept
