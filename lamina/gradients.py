"""The gradients of many tensors at once: packed ones stay packed, so few arrays go in and come out."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.engine import Leaf, Packed
from lamina.tensor import Tensor, assign, values_of, wrap


class JointGradients:
    """The gradients that some tensors have.

    Small gradients of one backward pass lie in one flat array. Where all of them are asked for, that array stands for
    them; else, or if not `packed`, each is taken out of it.

    Attributes:
        tensors: the gradients, or flat arrays of several, in the order of the tensors.
    """

    def __init__(self, tensors: Sequence[Tensor], packed: bool = True) -> None:
        leaves = list({id(t._grads): t._grads for t in tensors if t._grads is not None}.values())
        together: dict[Packed, list[Leaf]] = {}
        for leaf in leaves:
            if leaf.part is not None:
                together.setdefault(leaf.part[0], []).append(leaf)
        whole = {place: held for place, held in together.items() if packed and len(held) == len(place.layout)}
        self.tensors: list[Tensor] = []
        self._packed: dict[int, tuple[Packed, list[Leaf]]] = {}
        for leaf in leaves:
            place = None if leaf.part is None else leaf.part[0]
            if place is None or place not in whole:
                if leaf.grad is not None:
                    self.tensors.append(leaf.grad)
            elif leaf is whole[place][0]:
                flat = wrap(place.value)
                self.tensors.append(flat)
                self._packed[id(flat)] = (place, whole[place])

    def replace(self, old: Sequence[Tensor], new: Sequence[Tensor]) -> None:
        """Write new values in place of some of `tensors`, without autograd."""
        for before, after in zip(old, new, strict=True):
            if id(before) not in self._packed:
                assign([before], values_of([after]))
                continue
            place, leaves = self._packed[id(before)]
            fresh = Packed(after.current(), place.layout)
            for leaf in leaves:
                assert leaf.part is not None
                leaf.part = (fresh, leaf.part[1])
