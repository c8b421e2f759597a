"""The Kullback-Leibler divergence of two distributions, by the functions that are registered for their classes."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from lamina.distributions.distribution import Distribution
from lamina.tensor import Tensor

Function = Callable[[Any, Any], Tensor]

REGISTRY: dict[tuple[type, type], Function] = {}
"""The functions by the classes they were registered for."""

_found: dict[tuple[type, type], Function | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Function], Function]:
    """A decorator: `kl_divergence(p, q)` then calls the function for p and q of these classes or their subclasses.

    Of several functions that fit, that of the most special classes is called; a warning says where it is not clear
    which that is.

    >>> from lamina.distributions import Normal, kl_divergence, register_kl
    >>> class Mine(Normal):
    ...     pass
    >>> @register_kl(Mine, Normal)
    ... def kl_mine_normal(p, q):
    ...     return p.loc - q.loc
    >>> kl_divergence(Mine(3.0, 1.0), Normal(1.0, 1.0))
    tensor(2.)
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {kind}")

    def declare(function: Function) -> Function:
        REGISTRY[type_p, type_q] = function
        _found.clear()
        return function

    return declare


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p || q): the mean of log(p(x) / q(x)) over samples x of p, for each distribution of the batch.

    Raises NotImplementedError for pairs that nothing is registered for.

    >>> from lamina.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0))
    tensor(0.5000)
    """
    pair = type(p), type(q)
    if pair not in _found:
        _found[pair] = _most_special(*pair)
    function = _found[pair]
    if function is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {pair[0].__name__} and q type {pair[1].__name__}"
        )
    return function(p, q)


def _most_special(type_p: type, type_q: type) -> Function | None:
    fitting = [(p, q) for p, q in REGISTRY if issubclass(type_p, p) and issubclass(type_q, q)]
    if not fitting:
        return None
    first = min(fitting, key=functools.cmp_to_key(_by_class))
    second = min(((q, p) for p, q in fitting), key=functools.cmp_to_key(_by_class))[::-1]
    if REGISTRY[first] is not REGISTRY[second]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). "
            f"Please register_kl({first[0].__name__}, {second[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return REGISTRY[first]


def _by_class(one: tuple[type, type], other: tuple[type, type]) -> int:
    """Subclasses come before their bases; the first class decides before the second one."""
    for a, b in zip(one, other, strict=True):
        if a is not b:
            return -1 if issubclass(a, b) else 1
    return 0
