"""Gradients of pieces of a tensor, as slices and single rows are: joined to one array, not padded and added up.

n pieces that are padded first cost n times the work of the whole: a loop over the steps of a sequence would spend its
time adding zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lamina.engine.program import Node, resolve


class Piece(NamedTuple):
    """Which part of a tensor: indices from `start`, `size` of them, of dimension `dim`."""

    dim: int
    start: int
    size: int


def piece_of(node: Node, values: Callable[[int], Any]) -> Piece | None:
    """The part of its operand that a node gives; None if it gives no such part, or one that is not known yet."""
    find = getattr(node.op, "piece", None)
    if find is None:
        return None
    found = node.op.call(resolve(node.operands, values), node.static, find)
    return None if found is None else Piece(*found)


class Pieces:
    """Cotangents of pieces of tensors, by the tensor's slot, until all of them are known."""

    def __init__(self) -> None:
        self.found: dict[int, list[tuple[Piece, Any]]] = {}

    def add(self, slot: int, piece: Piece, cotangent: Any) -> None:
        """Keep a cotangent."""
        self.found.setdefault(slot, []).append((piece, cotangent))

    def joined(self, slot: int, shape: tuple[int, ...]) -> list[Any]:
        """Arrays of the tensor's shape, whose sum is its cotangent; they are forgotten here."""
        rows: list[list[tuple[Piece, Any]]] = []
        for piece, cotangent in sorted(self.found.pop(slot, ()), key=lambda item: item[0]):
            for row in rows:
                last = row[-1][0]
                if last.dim == piece.dim and last.start + last.size <= piece.start:
                    row.append((piece, cotangent))
                    break
            else:
                rows.append([(piece, cotangent)])
        return [_join(row, shape) for row in rows]


def _join(row: list[tuple[Piece, Any]], shape: tuple[int, ...]) -> Any:
    """The pieces of one row at their places along its dimension, zeros elsewhere."""
    dim = row[0][0].dim
    parts = [x.reshape((*shape[:dim], piece.size, *shape[dim + 1 :])) for piece, x in row]
    zero = jnp.zeros((), parts[0].dtype)
    if len(row) == 1:
        (piece, _), (part,) = row[0], parts
        spread = [(0, 0, 0)] * len(shape)
        spread[dim] = (piece.start, shape[dim] - piece.start - piece.size, 0)
        return jax.lax.pad(part, zero, spread)
    filled, end = [], 0
    for (piece, _), part in zip(row, parts, strict=True):
        filled += _gap(zero, shape, dim, piece.start - end)
        filled.append(part)
        end = piece.start + piece.size
    filled += _gap(zero, shape, dim, shape[dim] - end)
    # Without the barriers XLA computes the whole element by element, asking for each which part it comes from.
    filled = jax.lax.optimization_barrier(filled)
    return jax.lax.optimization_barrier(jax.lax.concatenate(filled, dim))


def _gap(zero: Any, shape: tuple[int, ...], dim: int, size: int) -> list[Any]:
    return [jnp.broadcast_to(zero, (*shape[:dim], size, *shape[dim + 1 :]))] if size else []
