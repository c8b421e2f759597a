"""Layers that change the shape: Flatten, Unflatten."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.nn.module import Module
from lamina.tensor import Tensor


class Flatten(Module):
    """Dimensions start_dim to end_dim, both included, become one.

    Args:
        start_dim, end_dim: the first and the last of them.
    Shapes:
        input (N, *) -> (N, product of *)
    Source: torch.nn.Flatten.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension becomes several.

    Args:
        dim: which one.
        unflattened_size: the sizes it becomes; one of them may be -1.
    Shapes:
        input (*, product of sizes, *) -> (*, *unflattened_size, *)
    Source: torch.nn.Unflatten.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, "
                    f"but found element of type {type(size).__name__} at pos {place}"
                )
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
