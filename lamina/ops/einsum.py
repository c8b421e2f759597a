"""Einstein's sums."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote, target
from lamina.ops.op import Array, Arrays, op
from lamina.ops.products import sum_type


def _subscripts(equation: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the output; dimensions under `...` get letters of their own."""
    spaceless = equation.replace(" ", "")
    left, arrow, right = spaceless.partition("->")
    terms = left.split(",")
    for place, letter in enumerate(spaceless.replace("->", "").replace(",", "").replace("...", "")):
        if not (letter.isascii() and letter.isalpha()):
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {place} in the equation string, subscripts must be in "
                "[a-zA-Z]"
            )
    if len(terms) > len(ndims):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(terms) < len(ndims):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    hidden = 0
    for place, (term, ndim) in enumerate(zip(terms, ndims, strict=True)):
        named = len(term.replace("...", ""))
        if named != ndim if "..." not in term else named > ndim:
            suffix = " and no ellipsis was given" if "..." not in term else ", even with an ellipsis"
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({ndim}) for operand {place}{suffix}"
            )
        hidden = max(hidden, ndim - named)
    dots = "".join(chr(0x3B1 + place) for place in range(hidden))
    full = [
        term.replace("...", dots[hidden - (ndim - len(term) + 3) :] if ndim - len(term) + 3 else "")
        for term, ndim in zip(terms, ndims, strict=True)
    ]
    letters = "".join(full)
    if not arrow:
        single = sorted(letter for letter in set(letters) if letter not in dots and letters.count(letter) == 1)
        return full, dots + "".join(single)
    for letter in right.replace("...", ""):
        if right.count(letter) > 1:
            raise RuntimeError(f"einsum(): output subscript {letter} appears more than once in the output")
        if letter not in letters:
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any input operand"
            )
    return full, right.replace("...", dots)


@op("", grad_name="ViewBackward0")
def einsum_of(equation: str, operands: Arrays) -> Array:
    """Products summed as an equation says: see `einsum`."""
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    terms, output = _subscripts(equation, [x.ndim for x in operands])
    for x in operands[1:]:
        if x.dtype != operands[0].dtype:
            own, other = check.type_name(operands[0].dtype), check.type_name(x.dtype)
            raise RuntimeError(f"expected scalar type {own} but found {other}")
    sizes: dict[str, int] = {}
    for place, (term, x) in enumerate(zip(terms, operands, strict=True)):
        here: dict[str, int] = {}
        for letter, size in zip(term, x.shape, strict=True):
            if here.setdefault(letter, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {letter} is repeated for operand {place} but the sizes don't match, "
                    f"{size} != {here[letter]}"
                )
            seen = sizes.get(letter, 1)
            if size != 1 and seen not in (1, size):
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {size} for operand {place} which does not broadcast with "
                    f"previously seen size {seen}"
                )
            sizes[letter] = size if seen == 1 else seen
    # A size of 1 broadcasts: that operand simply lacks the letter.
    arrays = []
    for place, (term, x) in enumerate(zip(terms, operands, strict=True)):
        kept = [axis for axis, letter in enumerate(term) if not (x.shape[axis] == 1 and sizes[letter] != 1)]
        arrays.append(lax.squeeze(x, tuple(axis for axis in range(x.ndim) if axis not in kept)))
        terms[place] = "".join(term[axis] for axis in kept)
    dtype = operands[0].dtype
    if dtype == np.bool_:
        raise NotImplementedError("einsum is not implemented for 'Bool'")
    missing = [letter for letter in output if letter not in "".join(terms)]
    core = "".join(letter for letter in output if letter not in missing)
    result = jnp.einsum(
        f"{','.join(terms)}->{core}",
        *arrays,
        precision=target.products(),
        preferred_element_type=sum_type(dtype),
    )
    # PyTorch sums up a lone operand with `sum`, which widens integers.
    if len(operands) == 1 and promote.category(dtype) == 1 and set("".join(terms)) - set(output):
        return promote.cast(result, np.dtype(np.int64))
    return promote.cast(result, dtype)
