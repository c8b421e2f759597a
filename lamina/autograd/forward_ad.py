"""Derivatives forward: dual numbers, a tensor and its tangent, and what functions make of them.

A tensor's history is enough to push a tangent through it, so nothing is carried along: `unpack_dual` goes backward
twice through what was recorded. `lamina.func.jvp` goes forward once, and costs less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lamina import creation, functions
from lamina.autograd.differentiate import grad
from lamina.autograd.grad_mode import decorated, enable_grad
from lamina.tensor import Tensor

_levels: list[list[tuple[Tensor, Tensor, Tensor]]] = []
"""For each level that was entered, its duals with what they were made of: dual, tensor and tangent."""


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent; None if it depends on no dual."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Begin a level at which duals can be made; returns its number."""
    if _levels:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _levels.append([])
    return len(_levels) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """End the last level; tangents are gone then."""
    if not _levels or (level is not None and level != len(_levels) - 1):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    _levels.pop()


def _level(level: int | None) -> int:
    return len(_levels) - 1 if level is None else level


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor of the same values whose change is `tangent`.

    It requires a gradient until the level ends, for that is how its way to results is followed.
    """
    if _level(level) < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for name, x in (("primal", tensor), ("tangent", tangent)):
        if not (x.is_floating_point() or x.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {x.dtype}")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            f"Expected tangent to have the shape of the primal, {tuple(tensor.shape)}, got {tuple(tangent.shape)}"
        )
    with enable_grad():
        if tensor.requires_grad:
            dual = functions.view(tensor, tuple(tensor.shape))
        else:
            dual = tensor.detach().requires_grad_()
    _levels[_level(level)].append((dual, tensor, tangent.to(tensor.dtype)))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The values and the tangent of a dual, or of something that was computed from duals."""
    if _level(level) < 0:
        return UnpackedDualTensor(tensor, None)
    made = _levels[_level(level)]
    for dual, primal, tangent in made:
        if dual is tensor:
            return UnpackedDualTensor(primal, tangent)
    plain = not any(primal.requires_grad for _, primal, _ in made)
    if not made or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    with enable_grad():
        zeros = creation.zeros_like(tensor).requires_grad_()
        back = grad(tensor, [dual for dual, *_ in made], zeros, create_graph=True, allow_unused=True)
        reached = [(x, tangent) for x, (_, _, tangent) in zip(back, made, strict=True) if x is not None]
        if not reached:
            return UnpackedDualTensor(tensor, None)
        ways, tangents = zip(*reached, strict=True)
        follow = not plain or any(x.requires_grad for x in tangents)
        (found,) = grad(ways, zeros, tangents, retain_graph=True, create_graph=follow, materialize_grads=True)
    return UnpackedDualTensor(tensor.detach() if plain else tensor, found)


class dual_level:
    """A level for duals, for as long as the `with` block lasts.

    >>> import lamina
    >>> from lamina.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(lamina.tensor([1.0, 3.0]), lamina.tensor([1.0, 0.0]))
    ...     forward_ad.unpack_dual(x**2)
    UnpackedDualTensor(primal=tensor([1., 9.]), tangent=tensor([2., 0.]))
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *error: object) -> None:
        exit_dual_level()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return decorated(function, type(self))
