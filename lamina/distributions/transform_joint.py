"""Transforms of parts of a tensor: one for each piece along a dimension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import lamina
from lamina.distributions import constraints
from lamina.distributions.transform import Transform
from lamina.distributions.utils import lazy_property, sum_rightmost
from lamina.tensor import Tensor


class _JointTransform(Transform):
    """A transform for each piece along `dim`."""

    def __init__(self, tseq: Sequence[Any], dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(transform, Transform) for transform in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size=cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq] if cache_size else list(tseq)
        self.dim = dim

    @property
    def bijective(self) -> bool:
        """Whether all of them are."""
        return all(transform.bijective for transform in self.transforms)

    def _require_size(self, name: str, x: Tensor, size: int) -> None:
        if not -x.ndim <= self.dim < x.ndim:
            raise AssertionError(f"dim {self.dim} out of range for {name} with {x.ndim} dimensions")
        if x.size(self.dim) != size:
            raise AssertionError(f"{name}.size({self.dim}) = {x.size(self.dim)} must equal {size}")


class CatTransform(_JointTransform):
    """Transforms for pieces of `lengths` along `dim`, as `lamina.cat` puts them together.

    Args:
        tseq: the transforms.
        dim: the dimension.
        lengths: how long each piece is; default: 1.
        cache_size: as for Transform.
    Source: torch.distributions.transforms.CatTransform.

    >>> import lamina
    >>> from lamina.distributions.transforms import CatTransform, ExpTransform, identity_transform
    >>> CatTransform([ExpTransform(), identity_transform], lengths=[1, 2])(lamina.zeros(3))
    tensor([1., 0., 0.])
    """

    def __init__(
        self, tseq: Sequence[Any], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0
    ) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})")

    @lazy_property
    def event_dim(self) -> int:
        """The largest of theirs."""
        return max(transform.event_dim for transform in self.transforms)

    @lazy_property
    def length(self) -> int:
        """How long all pieces are together."""
        return sum(self.lengths)

    def _recached(self, cache_size: int) -> Transform:
        return CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _pieces(self, name: str, x: Tensor) -> list[Tensor]:
        self._require_size(name, x, self.length)
        return list(x.split(self.lengths, self.dim))

    def _call(self, x: Tensor) -> Tensor:
        pieces = self._pieces("x", x)
        return lamina.cat([t(piece) for t, piece in zip(self.transforms, pieces, strict=True)], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        pieces = self._pieces("y", y)
        return lamina.cat([t.inv(piece) for t, piece in zip(self.transforms, pieces, strict=True)], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Any:
        """Theirs: side by side along `dim`, or their sum if that is a dimension of the event."""
        found = [
            sum_rightmost(t.log_abs_det_jacobian(before, after), self.event_dim - t.event_dim)
            for t, before, after in zip(self.transforms, self._pieces("x", x), self._pieces("y", y), strict=True)
        ]
        dim = (self.dim - x.ndim if self.dim >= 0 else self.dim) + self.event_dim
        return lamina.cat(found, dim) if dim < 0 else sum(found)

    @constraints.dependent_property
    def domain(self) -> Any:
        """Theirs, side by side."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self) -> Any:
        """Theirs, side by side."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)


class StackTransform(_JointTransform):
    """Transforms for the slices along `dim`, as `lamina.stack` puts them together.

    Args:
        tseq: the transforms.
        dim: the dimension.
        cache_size: as for Transform.
    Source: torch.distributions.transforms.StackTransform.
    """

    def _recached(self, cache_size: int) -> Transform:
        return StackTransform(self.transforms, self.dim, cache_size)

    def _slices(self, name: str, x: Tensor) -> Sequence[Tensor]:
        self._require_size(name, x, len(self.transforms))
        return x.unbind(self.dim)

    def _stacked(self, apply: Callable[..., Any], *slices: Sequence[Tensor]) -> Tensor:
        return lamina.stack([apply(*each) for each in zip(self.transforms, *slices, strict=True)], self.dim)

    def _call(self, x: Tensor) -> Tensor:
        return self._stacked(lambda t, piece: t(piece), self._slices("x", x))

    def _inverse(self, y: Tensor) -> Tensor:
        return self._stacked(lambda t, piece: t.inv(piece), self._slices("y", y))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """Theirs, stacked."""
        before, after = self._slices("x", x), self._slices("y", y)
        return self._stacked(lambda t, a, b: t.log_abs_det_jacobian(a, b), before, after)

    @constraints.dependent_property
    def domain(self) -> Any:
        """Theirs, stacked."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self) -> Any:
        """Theirs, stacked."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)
