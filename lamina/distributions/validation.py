"""When arguments of distributions are checked: always where `validate_args=True` asks for it, else if it costs no wait.

Reading a value that is still to be computed would cut a training step into two programs. So by default a check looks
only at numbers that are on the host already, such as those that the user wrote or a batch of data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import bounds, engine
from lamina.distributions.constraint import Constraint
from lamina.tensor import Tensor
from lamina.views import Alias


def at_hand(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor, or of the one that it was expanded from, if they are computed and on the host."""
    found = bounds.at_hand(tensor)
    alias = tensor._alias
    if found is not None or not isinstance(alias, Alias):
        return found
    whole = alias.storage.value()
    if whole is None or any(cut is not None and cut[0].name != "expand" for cut in alias.cuts):
        return None
    array = whole.array
    if array is None or whole.spec.device is engine.TRACED or whole.spec.device.platform != "cpu":
        return None
    return np.broadcast_to(np.asarray(array), tuple(tensor.shape)) if array.is_ready() else None


def holds(constraint: Constraint, value: Tensor, always: bool) -> bool:
    """Whether a constraint holds for all of a tensor, as far as can be said: unless `always`, without waiting.

    A value inside a JAX transform has no numbers, so nothing is said of it.
    """
    if value.current().spec.device is engine.TRACED:
        return True
    array = np.asarray(value.detach().array()) if always else at_hand(value)
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
    if bound.current().spec.device is engine.TRACED:
        return None
    return np.asarray(bound.detach().array()) if always else at_hand(bound)
