"""When arguments of distributions are checked: always where `validate_args=True` asks for it, else if it costs no wait.

Reading a value that is still to be computed would cut a training step into two programs. So by default a check looks
only at numbers that are on the host already, such as those that the user wrote or a batch of data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.bounds import expanded_at_hand, is_traced
from lamina.distributions.constraint import Constraint
from lamina.tensor import Tensor


def holds(constraint: Constraint, value: Tensor, always: bool) -> bool:
    """Whether a constraint holds for all of a tensor, as far as can be said: unless `always`, without waiting.

    A value inside a JAX transform has no numbers, so nothing is said of it.
    """
    if is_traced(value):
        return True
    array = np.asarray(value.detach().array()) if always else expanded_at_hand(value)
    if array is None:
        return True
    if constraint.of_arrays:
        known = constraint.with_numbers(lambda bound: _number(bound, always))
        with np.errstate(all="ignore"):
            return known is None or bool(np.all(known.check(array)))
    return bool(constraint.check(value.detach()).all())


def _number(bound: Any, always: bool) -> Any:
    if not isinstance(bound, Tensor):
        return bound
    if is_traced(bound):
        return None
    return np.asarray(bound.detach().array()) if always else expanded_at_hand(bound)
