"""Shapes and dtypes of results, from those of the operands: an operation is traced once for each combination."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.engine import program
from lamina.engine.program import Const, NumberRef, RandomRef, Spec

_inferred: dict[Any, Any] = {}
_NUMBER_STRUCTS = {
    bool: jax.ShapeDtypeStruct((), np.bool_),
    int: jax.ShapeDtypeStruct((), np.int64, weak_type=True),
    float: jax.ShapeDtypeStruct((), np.float64, weak_type=True),
    complex: jax.ShapeDtypeStruct((), np.complex128, weak_type=True),
}
_RANDOM_STRUCT = jax.ShapeDtypeStruct((), np.uint64)


def infer(op: Any, static: Any, operands: Any, specs: list[Spec], mode: Any) -> tuple[Any, bool]:
    """Shapes and dtypes of the results, without running anything; raises what the operation raises."""
    key = (op, static, mode, _forget_slots(operands, iter(specs)))
    found = _inferred.get(key)
    if found is None:
        structs = iter(specs)
        arguments: list[Any] = []

        def place(struct: Any) -> Any:
            arguments.append(struct)
            return Place(len(arguments) - 1)

        def special(ref: Any) -> Any:
            if isinstance(ref, NumberRef):
                return place(_NUMBER_STRUCTS[ref.kind])
            return random_key(place(_RANDOM_STRUCT), place(_RANDOM_STRUCT))

        template = program.resolve(operands, lambda _: place(next(structs).struct), special)

        def run(*arrays: Any) -> Any:
            return op.call(fill(template, arrays), static)

        with jax.enable_x64(True):
            try:
                result = jax.eval_shape(run, *arguments)
            except Exception as error:
                shorten(error)
                raise
        single = not isinstance(result, (tuple, list))
        results = (result,) if single else result
        found = _inferred[key] = (tuple((tuple(r.shape), np.dtype(r.dtype)) for r in results), single)
    return found


def shorten(error: BaseException) -> None:
    """Drop JAX's own notes: the error is about the user's line."""
    notes = getattr(error, "__notes__", None)
    if notes:
        notes[:] = [note for note in notes if "JAX" not in note]
    error.__cause__ = None if type(error.__cause__).__name__ == "JaxStackTraceBeforeTransformation" else error.__cause__


class Place:
    """Where an array goes in a template of operands."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


def random_key(seed: Any, offset: Any) -> Any:
    """The operand that random operations get; the class is set by whoever declares operations."""
    return config_key(seed, offset)


config_key: Any = tuple


def set_key_class(key: Any) -> None:
    """Say what random operations get as their first operand: `key(seed, offset)`."""
    global config_key
    config_key = key


def fill(template: Any, arrays: Any) -> list[Any]:
    """The template with its places filled from arrays."""
    found: list[Any] = []
    for x in template:
        if x.__class__ is Place:
            found.append(arrays[x.index])
        elif x.__class__ is tuple or x.__class__ is list:
            found.append(tuple(fill(x, arrays)))
        elif hasattr(x, "seed"):
            found.append(random_key(*fill((x.seed, x.offset), arrays)))
        else:
            found.append(x)
    return found


def _forget_slots(operands: Any, specs: Any) -> tuple[Any, ...]:
    """The operands as a key that says only what shapes depend on."""
    found: list[Any] = []
    for x in operands:
        if x.__class__ is int:
            found.append(next(specs))
        elif x.__class__ is tuple:
            found.append(_forget_slots(x, specs))
        elif x.__class__ is NumberRef:
            found.append(x.kind)
        elif x.__class__ is Const:
            found.append((x.value.__class__, repr(x.value)))
        else:
            found.append("random" if x.__class__ is RandomRef else x)
    return tuple(found)
