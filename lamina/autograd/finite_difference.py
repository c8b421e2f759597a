"""Slopes of a function by small differences, and tensors as vectors of real numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamina import creation
from lamina.autograd.grad_mode import no_grad
from lamina.tensor import Tensor


class Flat:
    """How a tensor lies as a vector of real numbers: a complex one's real parts, then its imaginary ones."""

    def __init__(self, like: Tensor) -> None:
        self.like = like
        self.complex = like.is_complex()
        self.size = like.numel() * (2 if self.complex else 1)

    def tensor(self, vector: np.ndarray) -> Tensor:
        """The tensor of a vector."""
        if self.complex:
            real, imaginary = np.split(vector, 2)
            vector = real + 1j * imaginary
        return creation.tensor(vector.reshape(tuple(self.like.shape)), dtype=self.like.dtype, device=self.like.device)

    @staticmethod
    def values(x: Tensor) -> np.ndarray:
        """The vector of a tensor."""
        flat = x.detach().cpu().numpy().reshape(-1)
        if np.iscomplexobj(flat):
            flat = np.concatenate([flat.real, flat.imag])
        return flat.astype(np.float64)


Function = Callable[..., Sequence[Any]]


def moved(inputs: Sequence[Tensor], i: int, change: np.ndarray) -> list[Tensor]:
    """The inputs, with one of them changed."""
    found = [x.detach() for x in inputs]
    found[i] = Flat(inputs[i]).tensor(Flat.values(inputs[i]) + change)
    return [x.requires_grad_() for x in found]


def slope_along(function: Function, inputs: Sequence[Tensor], i: int, direction: np.ndarray, eps: float) -> list[Any]:
    """How each result changes along a direction of input i: the difference of both sides, by 2 eps."""
    with no_grad():
        sides = [function(*moved(inputs, i, sign * eps * direction)) for sign in (1, -1)]
    for a, b in zip(*sides, strict=True):
        for what in ("shape", "dtype"):
            if getattr(a, what) != getattr(b, what):
                raise AssertionError(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed by {eps}, but "
                    f"got: {what}s {getattr(a, what)} and {getattr(b, what)}."
                )
    return [(Flat.values(a) - Flat.values(b)) / (2 * eps) for a, b in zip(*sides, strict=True)]


def numerical_jacobian(function: Function, inputs: Sequence[Tensor], i: int, eps: float) -> list[np.ndarray]:
    """For each result of the function the Jacobian (elements of input i, elements of result)."""
    size = Flat(inputs[i]).size
    columns = [slope_along(function, inputs, i, unit, eps) for unit in np.eye(size)]
    if columns:
        return [np.stack([column[k] for column in columns]) for k in range(len(columns[0]))]
    with no_grad():
        return [np.zeros((0, Flat(x).size)) for x in function(*inputs)]
