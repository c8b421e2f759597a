"""Nested tuples, lists and dicts: what transforms take and give. Order is kept, and None is a leaf, as in PyTorch."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

_KINDS = (tuple, list, dict, OrderedDict, defaultdict)


def is_node(x: Any) -> bool:
    """Whether something is a tuple, list or dict, or a named tuple, rather than a leaf."""
    return x.__class__ in _KINDS or (isinstance(x, tuple) and hasattr(x, "_fields"))


def rebuild(x: Any, children: list[Any]) -> Any:
    """A node like x with other children."""
    kind = x.__class__
    if kind is defaultdict:
        return defaultdict(x.default_factory, zip(x, children, strict=True))
    if isinstance(x, dict):
        return kind(zip(x, children, strict=True))
    return kind(*children) if hasattr(x, "_fields") else kind(children)


def children(x: Any) -> list[Any]:
    """What a node holds."""
    return list(x.values()) if isinstance(x, dict) else list(x)


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree, in order."""
    if not is_node(tree):
        return [tree]
    return [leaf for child in children(tree) for leaf in leaves(child)]


def fill(tree: Any, new: Iterator[Any]) -> Any:
    """A tree like this one with other leaves."""
    return rebuild(tree, [fill(child, new) for child in children(tree)]) if is_node(tree) else next(new)


def replaced(tree: Any, new: list[Any]) -> Any:
    """A tree like this one with the leaves of a list."""
    return fill(tree, iter(new))


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The function of every leaf."""
    return replaced(tree, [function(leaf) for leaf in leaves(tree)])


def same(a: Any, b: Any) -> bool:
    """Whether two trees are built alike."""
    if is_node(a) != is_node(b):
        return False
    if not is_node(a):
        return True
    if a.__class__ is not b.__class__ or len(a) != len(b) or (isinstance(a, dict) and list(a) != list(b)):
        return False
    return all(same(x, y) for x, y in zip(children(a), children(b), strict=True))


def broadcast(prefix: Any, tree: Any) -> list[Any] | None:
    """For each leaf of the tree what the prefix says, one of its leaves for all below it; None if they do not fit."""
    if not is_node(prefix):
        return [prefix] * len(leaves(tree))
    if not is_node(tree) or len(prefix) != len(tree) or isinstance(prefix, dict) != isinstance(tree, dict):
        return None
    if isinstance(prefix, dict) and set(prefix) != set(tree):
        return None
    parts = [prefix[key] for key in tree] if isinstance(tree, dict) else children(prefix)
    found: list[Any] = []
    for part, child in zip(parts, children(tree), strict=True):
        below = broadcast(part, child)
        if below is None:
            return None
        found += below
    return found
