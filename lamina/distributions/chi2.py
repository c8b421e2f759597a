"""Chi2: the sum of squares of normal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lamina.distributions import constraints
from lamina.distributions.gamma import Gamma
from lamina.distributions.utils import Parameter, broadcast_all
from lamina.tensor import Tensor


class Chi2(Gamma):
    """The gamma distribution with concentration df / 2 and rate 1 / 2.

    Args:
        df: the degrees of freedom, positive.
        validate_args: as for Distribution.
    Source: torch.distributions.Chi2.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"df": constraints.positive}

    def __init__(self, df: Parameter, validate_args: bool | None = None) -> None:
        # Kept as it was given, so that it is at hand when it is checked.
        (self._df,) = broadcast_all(df)
        super().__init__(0.5 * self._df, 0.5, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(Chi2, batch_shape, _instance, "_df", "concentration", "rate")

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df
