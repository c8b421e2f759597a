"""Products of vectors and matrices, and norms.

Products are exact to the type: float32 is multiplied as float32 on every device, and float16 and bfloat16 are summed
up in float32.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote
from lamina.ops.op import Array, Arrays, Number, Shape, op
from lamina.ops.shape import expand_to

# --- products ---------------------------------------------------------------------------------------------------------

_C_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long",
    "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def _sum_type(dtype: Any) -> Any:
    """The type in which products are summed up."""
    return np.dtype(np.float32) if promote.category(dtype) == 2 and dtype.itemsize == 2 else dtype


def _contract(a: Array, b: Array, dims: Any, batch: Any = ((), ())) -> Array:
    if a.dtype == np.bool_:
        raise NotImplementedError("matrix products are not implemented for 'Bool'")
    out = lax.dot_general(
        a, b, (dims, batch), precision=lax.Precision.HIGHEST, preferred_element_type=_sum_type(a.dtype)
    )
    return promote.cast(out, a.dtype)


def _same_type(a: Array, b: Array) -> None:
    if a.dtype != b.dtype:
        first, second = _C_NAMES[a.dtype.name], _C_NAMES[b.dtype.name]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {first} != {second}")


def _check_matrices(rows: int, inner: int, b: Array) -> None:
    if b.shape[-2] != inner:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{inner} and {b.shape[-2]}x{b.shape[-1]})"
        )


@op()
def mm(input: Array, mat2: Array) -> Array:
    """The product of two matrices: (N, K), (K, M) -> (N, M)."""
    for name, x in (("self", input), ("mat2", mat2)):
        if x.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix")
    _check_matrices(input.shape[0], input.shape[1], mat2)
    _same_type(input, mat2)
    return _contract(input, mat2, ((1,), (0,)))


@op()
def bmm(input: Array, mat2: Array) -> Array:
    """The products of matrices, pair by pair: (B, N, K), (B, K, M) -> (B, N, M)."""
    for name, x in (("batch1", input), ("batch2", mat2)):
        if x.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    _check_batches(input, mat2)
    if input.dtype != mat2.dtype:
        own, other = check.type_name(input.dtype), check.type_name(mat2.dtype)
        raise RuntimeError(f"expected scalar type {own} but found {other}")
    return _contract(input, mat2, ((2,), (1,)), ((0,), (0,)))


def _check_batches(a: Array, b: Array) -> None:
    if b.shape[:2] != (a.shape[0], a.shape[2]):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] "
            f"but got: [{b.shape[0]}, {b.shape[1]}]."
        )


@op()
def mv(input: Array, vec: Array) -> Array:
    """The product of a matrix and a vector: (N, K), (K,) -> (N,)."""
    if input.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}")
    return _mv(input, vec)


def _mv(input: Array, vec: Array) -> Array:
    if input.shape[1] != vec.shape[0]:
        rows, columns = input.shape
        raise RuntimeError(f"size mismatch, got input ({rows}), mat ({rows}x{columns}), vec ({vec.shape[0]})")
    if input.dtype != vec.dtype:
        own, other = check.type_name(input.dtype), check.type_name(vec.dtype)
        raise RuntimeError(f"addmv input tensors must have the same dtype, but got {other}, {own}, and {other}")
    return _contract(input, vec, ((1,), (0,)))


def _check_vectors(a: Array, b: Array) -> None:
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        own, other = check.type_name(a.dtype), check.type_name(b.dtype)
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {own} and {other}")
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.size}] and src [{b.size}] to have the same number of "
            f"elements, but got {a.size} and {b.size} elements respectively"
        )


@op()
def dot(input: Array, tensor: Array) -> Array:
    """The sum of the products of the elements of two vectors: (K,), (K,) -> ()."""
    _check_vectors(input, tensor)
    return _contract(input, tensor, ((0,), (0,)))


@op()
def vdot(input: Array, other: Array) -> Array:
    """Like `dot`, with the complex conjugate of the first vector: (K,), (K,) -> ()."""
    _check_vectors(input, other)
    return _contract(jnp.conj(input), other, ((0,), (0,)))


def _matmul_name(input: Any, other: Any, *args: Any, **named: Any) -> str:
    names = {(1, 1): "Dot", (2, 2): "Mm", (2, 1): "Mv", (1, 2): "Squeeze"}
    return names.get((len(input.shape), len(other.shape)), "UnsafeView") + (
        "Backward4" if (len(input.shape), len(other.shape)) == (1, 2) else "Backward0"
    )


@op(grad_name=_matmul_name)
def matmul(input: Array, other: Array) -> Array:
    """The matrix product of the last two dimensions; those before are batches and broadcast.

    (..., N, K), (..., K, M) -> (..., N, M); a vector is a row on the left and a column on the right.

    >>> import lamina
    >>> (lamina.ones(5, 1, 2, 3) @ lamina.ones(4, 3, 7)).shape
    lamina.Size([5, 4, 2, 7])
    """
    if input.ndim == 0 or other.ndim == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {input.ndim}D and {other.ndim}D"
        )
    if input.ndim == 1 and other.ndim == 1:
        return dot(input, other)
    if other.ndim == 1:
        rows = math.prod(input.shape[:-1])
        return lax.reshape(_mv(lax.reshape(input, (rows, input.shape[-1])), other), input.shape[:-1])
    if input.ndim == 1:
        _check_matrices(1, input.shape[0], other)
        _same_type(input, other)
        return _contract(other, input, ((other.ndim - 2,), (0,)))
    batched = input.ndim > 2 and other.ndim > 2
    rows = input.shape[-2] if batched else math.prod(input.shape[:-1])
    if not batched or input.shape[-1] != other.shape[-2]:
        _check_inner(input, other, rows, batched)
    _same_type(input, other)
    if other.ndim == 2:
        return _contract(input, other, ((input.ndim - 1,), (0,)))
    if input.ndim == 2:
        out = _contract(other, input, ((other.ndim - 2,), (1,)))
        return jnp.swapaxes(out, -1, -2)
    return _batched(input, other)


def _check_inner(input: Array, other: Array, rows: int, batched: bool) -> None:
    if batched and input.shape[-1] != other.shape[-2]:
        check.broadcast(*(np.broadcast_to(False, x.shape[:-2]) for x in (input, other)))
        batch = math.prod(check.broadcast(*(np.broadcast_to(False, x.shape[:-2]) for x in (input, other))))
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{batch}, {input.shape[-1]}] "
            f"but got: [{batch}, {other.shape[-2]}]."
        )
    _check_matrices(rows, input.shape[-1], other)


def _batched(a: Array, b: Array) -> Array:
    """Both have batch dimensions, which broadcast."""
    batch = check.broadcast(*(np.broadcast_to(False, x.shape[:-2]) for x in (a, b)))
    a, b = (expand_to(x, (*batch, *x.shape[-2:])) for x in (a, b))
    axes, last = tuple(range(len(batch))), len(batch)
    return _contract(a, b, ((last + 1,), (last,)), (axes, axes))


@op(aliases=("ger",), grad_name="MulBackward0")
def outer(input: Array, vec2: Array) -> Array:
    """All products of the elements of two vectors: (N,), (M,) -> (N, M)."""
    for name, x in (("self", input), ("vec2", vec2)):
        if x.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    a, b = promote.promote(input, vec2)
    return jnp.logical_and(a[:, None], b) if a.dtype == np.bool_ else a[:, None] * b


@op(grad_name="ViewBackward0")
def inner(input: Array, other: Array) -> Array:
    """Products summed over the last dimension of both: (*, K), (**, K) -> (*, **)."""
    if input.dtype != other.dtype and input.ndim and other.ndim:
        raise RuntimeError("both inputs should have same dtype")
    if input.ndim == 0 or other.ndim == 0:
        a, b = promote.promote(input, other)
        return a * b
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} and "
            f"{list(other.shape)}"
        )
    return _contract(input, other, ((input.ndim - 1,), (other.ndim - 1,)))


@op(grad_name="UnsafeViewBackward0")
def kron(input: Array, other: Array) -> Array:
    """The Kronecker product: every element of the input times the whole of other, side by side."""
    a, b = promote.promote(input, other)
    ndim = max(a.ndim, b.ndim)
    a, b = (lax.reshape(x, (1,) * (ndim - x.ndim) + x.shape) for x in (a, b))
    left = lax.expand_dims(a, tuple(range(1, 2 * ndim, 2)))
    right = lax.expand_dims(b, tuple(range(0, 2 * ndim, 2)))
    product = jnp.logical_and(left, right) if a.dtype == np.bool_ else left * right
    return lax.reshape(product, tuple(m * n for m, n in zip(a.shape, b.shape, strict=True)))


@op("", grad_name="ViewBackward0")
def tensordot_at(input: Array, other: Array, dims_self: Shape, dims_other: Shape) -> Array:
    """Products summed over pairs of dimensions; the dimensions of input that are left, then those of other."""
    if input.dtype != other.dtype:
        raise RuntimeError("both inputs should have same dtype")
    if len(dims_self) != len(dims_other):
        raise RuntimeError("both dimension lists should have same length")
    first = check.dims(dims_self, input.ndim) if dims_self else ()
    second = check.dims(dims_other, other.ndim) if dims_other else ()
    for (a, given), (b, also) in zip(
        zip(first, dims_self, strict=True), zip(second, dims_other, strict=True), strict=True
    ):
        if input.shape[a] == 1 or other.shape[b] == 1 or input.shape[a] == other.shape[b]:
            continue
        raise RuntimeError(
            f"contracted dimensions need to match, but first has size {input.shape[a]} in dim {given} and second has "
            f"size {other.shape[b]} in dim {also}"
        )
    # A size of 1 broadcasts: the other side is summed up first.
    for a, b in zip(first, second, strict=True):
        if input.shape[a] != other.shape[b]:
            input = jnp.sum(input, a, keepdims=True, dtype=input.dtype) if other.shape[b] == 1 else input
            other = jnp.sum(other, b, keepdims=True, dtype=other.dtype) if input.shape[a] == 1 else other
    return _contract(input, other, (first, second))


# --- products that are added to something -----------------------------------------------------------------------------


def _scaled(factor: Number, x: Array) -> Array:
    """factor * x in the type of x."""
    if isinstance(factor, (int, float)) and factor == 1:
        return x
    if promote.category(x.dtype) == 1 and isinstance(factor, float):
        factor = int(factor)
    return x * promote.cast(factor, x.dtype)


def _added(input: Array, product: Array, beta: Number, alpha: Number) -> Array:
    """beta * input + alpha * product; a beta of 0 ignores what is in the input, even NaN."""
    start = expand_to(input, product.shape)
    if isinstance(beta, (int, float)) and beta == 0:
        return _scaled(alpha, product)
    if not isinstance(beta, (bool, int, float, complex)):
        start = jnp.where(beta == 0, jnp.zeros((), start.dtype), start)
    return _scaled(beta, start) + _scaled(alpha, product)


def _check_added(input: Array, product: Array) -> None:
    if input.dtype != product.dtype:
        own, other = check.type_name(input.dtype), check.type_name(product.dtype)
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {own} and {other}")


@op(inplace=True)
def addmm(input: Array, mat1: Array, mat2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """beta * input + alpha * mat1 @ mat2: input broadcasts to (N, M), (N, K), (K, M) -> (N, M)."""
    for name, x in (("mat1", mat1), ("mat2", mat2)):
        if x.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {x.ndim}-D tensor")
    product = mm(mat1, mat2)
    _check_added(input, product)
    return _added(input, product, beta, alpha)


@op(inplace=True)
def addmv(input: Array, mat: Array, vec: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """beta * input + alpha * mat @ vec: input broadcasts to (N,), (N, K), (K,) -> (N,)."""
    if mat.ndim != 2 or vec.ndim != 1 or input.ndim > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {input.ndim}, {mat.ndim}, {vec.ndim}")
    rows, columns = mat.shape
    if vec.shape[0] != columns or input.size not in (1, rows):
        size = input.size
        raise RuntimeError(f"size mismatch, got input ({size}), mat ({rows}x{columns}), vec ({vec.shape[0]})")
    if not input.dtype == mat.dtype == vec.dtype:
        names = [check.type_name(x.dtype) for x in (input, mat, vec)]
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {names[0]}, {names[1]}, and {names[2]}"
        )
    return _added(input, _mv(mat, vec), beta, alpha)


@op(inplace=True)
def addr(input: Array, vec1: Array, vec2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """beta * input + alpha * outer(vec1, vec2): input broadcasts to (N, M), (N,), (M,) -> (N, M)."""
    for place, x in ((1, vec1), (2, vec2)):
        if x.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument vec{place}, but got {x.ndim}-D")
    dtype = promote.result_type(input, vec1, vec2)
    product = outer(promote.cast(vec1, dtype), promote.cast(vec2, dtype))
    return _added(promote.cast(input, dtype), product, beta, alpha)


def _check_batch_types(input: Array, batch1: Array, batch2: Array) -> None:
    for place, x in ((1, batch1), (2, batch2)):
        if x.ndim != 3:
            raise RuntimeError(f"batch{place} must be a 3D tensor")
    _check_batches(batch1, batch2)
    if not input.dtype == batch1.dtype == batch2.dtype:
        names = [_C_NAMES[x.dtype.name] for x in (input, batch1, batch2)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, batch2: {names[2]}"
        )


@op(inplace=True)
def baddbmm(input: Array, batch1: Array, batch2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """beta * input + alpha * bmm(batch1, batch2): input broadcasts to (B, N, M)."""
    _check_batch_types(input, batch1, batch2)
    return _added(input, bmm(batch1, batch2), beta, alpha)


@op(inplace=True)
def addbmm(input: Array, batch1: Array, batch2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """beta * input + alpha * the sum of bmm(batch1, batch2) over the batch: input broadcasts to (N, M)."""
    _check_batch_types(input, batch1, batch2)
    return _added(input, _contract(batch1, batch2, ((0, 2), (0, 1))), beta, alpha)


def _linear_name(input: Any, weight: Any, bias: Any = None) -> str:
    ndim = len(input.shape)
    if len(weight.shape) == 1:
        if ndim == 1:
            return "DotBackward0" if bias is None else "AddBackward0"
        return "MvBackward0" if ndim == 2 else "UnsafeViewBackward0"
    if bias is not None:
        return "AddmmBackward0" if ndim == 2 else "ViewBackward0"
    return {1: "SqueezeBackward4", 2: "MmBackward0"}.get(ndim, "UnsafeViewBackward0")


@op("functional", grad_name=_linear_name)
def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    """output[*, o] = sum over i of input[*, i] weight[o, i], plus bias[o].

    input (*, I), weight (O, I) or (I,), bias (O,) or () or None -> (*, O) or (*)
    """
    if input.ndim == 0 or weight.ndim not in (1, 2):
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and {weight.ndim}D"
        )
    rows = math.prod(input.shape[:-1])
    if weight.ndim == 1:
        if bias is not None and input.ndim > 1:
            raise RuntimeError("mat2 must be a matrix, got 1-D tensor")
        output = matmul(input, weight)
        return output if bias is None else jnp.add(*promote.promote(output, bias))
    if weight.shape[1] != input.shape[-1]:
        outputs, inputs = weight.shape
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{input.shape[-1]} and {inputs}x{outputs})"
        )
    _same_type(input, weight)
    output = _contract(input, weight, ((input.ndim - 1,), (1,)))
    if bias is None:
        return output
    _check_added(bias, output)
    if bias.ndim > 2 or (bias.ndim == 2 and input.ndim != 2) or bias.shape not in ((), (1,), (weight.shape[0],)):
        flat = expand_to(bias, (rows, weight.shape[0]))
        return output + lax.reshape(flat, output.shape)
    return output + bias


@op("functional lamina", grad_name="AddBackward0")
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    """output[*, o] = sum over i, j of input1[*, i] weight[o, i, j] input2[*, j], plus bias[o].

    input1 (*, I), input2 (*, J), weight (O, I, J), bias (O,) or None -> (*, O)
    """
    check.shape("bilinear", "input1", input1, (..., weight.shape[1]), weight=weight)
    check.shape("bilinear", "input2", input2, (*input1.shape[:-1], weight.shape[2]), input1=input1, weight=weight)
    if bias is not None:
        check.shape("bilinear", "bias", bias, (weight.shape[0],), weight=weight)
    if not input1.dtype == input2.dtype == weight.dtype:
        names = [_C_NAMES[x.dtype.name] for x in (input1, input2, weight)]
        raise RuntimeError(
            f"All tensors must have the same dtype, got input1: {names[0]}, input2: {names[1]}, weight: {names[2]}"
        )
    # (*, I), (O, I, J) -> (*, O, J), then the sum over J: smaller than all products of input1 and input2 at once.
    partial_sums = _contract(input1, weight, ((input1.ndim - 1,), (1,)))
    axes = tuple(range(input1.ndim - 1))
    output = _contract(partial_sums, input2, ((partial_sums.ndim - 1,), (input2.ndim - 1,)), (axes, axes))
    return output if bias is None else output + bias


# --- einsum -----------------------------------------------------------------------------------------------------------


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
        precision=lax.Precision.HIGHEST,
        preferred_element_type=_sum_type(dtype),
    )
    # PyTorch sums up a lone operand with `sum`, which widens integers.
    if len(operands) == 1 and promote.category(dtype) == 1 and set("".join(terms)) - set(output):
        return promote.cast(result, np.dtype(np.int64))
    return promote.cast(result, dtype)


# --- cross, trace, distances ------------------------------------------------------------------------------------------


def _cross(input: Array, other: Array, dim: int) -> Array:
    if input.dtype != other.dtype:
        own, found = check.type_name(input.dtype), check.type_name(other.dtype)
        raise RuntimeError(f"expected scalar type {own} but found {found}")
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = check.dim(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[axis]} and {other.shape[axis]}"
        )
    check.broadcast(input, other)
    a, b = ([lax.index_in_dim(x, place, axis) for place in range(3)] for x in (input, other))
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return lax.concatenate(parts, axis)


@op(grad_name="LinalgCrossBackward0")
def cross(input: Array, other: Array, dim: int | None = None) -> Array:
    """The vector product of vectors of three along a dimension (None: the first of size 3)."""
    if dim is None:
        dim = next((axis for axis, size in enumerate(input.shape) if size == 3), -1)
        if dim < 0:
            raise RuntimeError("no dimension of size 3 in input")
    return _cross(input, other, dim)


@op("", grad_name="LinalgCrossBackward0")
def linalg_cross(input: Array, other: Array, *, dim: int = -1) -> Array:
    """The vector product of vectors of three along a dimension."""
    return _cross(input, other, dim)


@op(saves=False)
def trace(input: Array) -> Array:
    """The sum of the diagonal of a matrix: (N, M) -> ()."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    if input.dtype == np.bool_:
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    dtype = np.dtype(np.int64) if promote.category(input.dtype) == 1 else input.dtype
    length = min(input.shape)
    place = jnp.arange(length, dtype=jnp.int32)
    return jnp.sum(input.at[place, place].get(mode="promise_in_bounds"), dtype=dtype)


@op("lamina", grad_name="CdistBackward0")
def cdist(x1: Array, x2: Array, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Array:
    """The p-norm distance of every row of x1 to every row of x2; p = inf for the largest difference.

    x1 (*, P, M), x2 (*, R, M) -> (*, P, R)
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if x1.dtype != x2.dtype:
        raise RuntimeError(f"expected scalar type {check.type_name(x1.dtype)} but found {check.type_name(x2.dtype)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    difference = x1[..., :, None, :] - x2[..., None, :, :]
    if difference.shape[-1] == 0:
        return jnp.zeros(difference.shape[:-1], x1.dtype)
    return _vector_norm(difference, p, (difference.ndim - 1,), False)


# --- norms ------------------------------------------------------------------------------------------------------------


def _largest(x: Array, dims: Shape, keepdim: bool, smallest: bool) -> Array:
    """max or min of |x|; elements that tie share the gradient equally."""
    size = _abs(x)
    best = (jnp.min if smallest else jnp.max)(size, dims, keepdims=True)
    best = lax.stop_gradient(best)
    tie = lax.stop_gradient((size == best).astype(size.dtype))
    count = jnp.sum(tie, dims, keepdims=True)
    # The value is `best`; the gradient is that of the mean of the elements that reach it.
    shared = jnp.where(tie != 0, size, jnp.zeros((), size.dtype)) / jnp.where(count == 0, 1, count).astype(size.dtype)
    total = jnp.sum(shared - lax.stop_gradient(shared), dims, keepdims=True)
    result = best + jnp.where(jnp.isfinite(total), total, jnp.zeros((), total.dtype))
    return result if keepdim else lax.squeeze(result, dims)


def _vector_norm(x: Array, order: float, dims: Shape, keepdim: bool) -> Array:
    """The norm over dims, with PyTorch's gradients: zero where the norm or, for order 1, the element is zero."""
    if order in (math.inf, -math.inf):
        return _largest(x, dims, keepdim, order < 0)
    zero = jnp.zeros((), x.real.dtype)
    if order == 0:
        return jnp.sum((x != 0).astype(zero.dtype), dims, keepdims=keepdim)
    if order == 1:
        return jnp.sum(_abs(x), dims, keepdims=keepdim)
    if order == 2:
        square = jnp.sum((x * jnp.conj(x)).real if jnp.iscomplexobj(x) else x * x, dims, keepdims=keepdim)
        return jnp.where(square == 0, zero, jnp.sqrt(jnp.where(square == 0, jnp.ones((), zero.dtype), square)))
    is_zero = x == 0
    size = jnp.abs(jnp.where(is_zero, jnp.ones((), x.dtype), x))
    powers = jnp.where(is_zero, zero if order > 0 else jnp.asarray(jnp.inf, zero.dtype), size**order)
    total = jnp.sum(powers, dims, keepdims=keepdim)
    flat = (total == 0) | jnp.isinf(total)
    root = jnp.where(flat, jnp.ones((), zero.dtype), total) ** (1 / order)
    return jnp.where(flat, total if order > 0 else jnp.where(total == 0, jnp.asarray(jnp.inf, zero.dtype), zero), root)


def _abs(x: Array) -> Array:
    """|x| with gradient 0 at 0."""
    is_zero = x == 0
    return jnp.where(is_zero, jnp.zeros((), x.real.dtype), jnp.abs(jnp.where(is_zero, jnp.ones((), x.dtype), x)))


def _for_norm(name: str, x: Array, dtype: Any) -> Array:
    if promote.category(x.dtype) < 2:
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {check.type_name(x.dtype)}"
        )
    if dtype is None:
        return x
    if promote.promote_types(x.dtype, dtype) != dtype:
        raise RuntimeError(
            f"linalg.{name}: the dtype of the input ({check.type_name(x.dtype)}) should be convertible without "
            f"narrowing to the specified dtype ({check.type_name(dtype)})"
        )
    return promote.cast(x, dtype)


@op("linalg", grad_name="LinalgVectorNormBackward0")
def vector_norm(
    x: Array, ord: float = 2, dim: int | Shape | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """The vector norm (sum |x|^ord)^(1/ord) over dimensions; ord inf: the largest |x|, -inf: the smallest, 0: how many
    are not zero.
    """
    if not isinstance(ord, (int, float)):
        raise TypeError(f"vector_norm(): argument 'ord' must be Number, not {type(ord).__name__}")
    x = _for_norm("vector_norm", x, dtype)
    dims = check.dims(dim, x.ndim)
    empty = [axis for axis in dims if x.shape[axis] == 0]
    if empty and (ord == math.inf or ord < 0):
        where = "an empty tensor" if dim is None else f"the dimension {empty[0]}"
        order = "inf" if ord == math.inf else f"{ord:g}"
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {order} norm on {where} because the operation does not have an "
            "identity"
        )
    half = promote.category(x.dtype) == 2 and x.dtype.itemsize == 2
    wide = x.astype(jnp.float32) if half else x
    result = _vector_norm(wide, ord, dims, keepdim)
    return result.astype(x.dtype) if half else result


_MATRIX_ORDERS = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@op("linalg", grad_name="LinalgVectorNormBackward0")
def matrix_norm(
    A: Array, ord: float | str = "fro", dim: Shape = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """A norm of matrices: "fro", "nuc" (sum of singular values), 2, -2 (largest, smallest singular value), 1, -1
    (largest, smallest column sum of |A|), inf, -inf (row sum).
    """
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    if ord not in _MATRIX_ORDERS:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    A = _for_norm("matrix_norm", A, dtype)
    rows, columns = check.dim(dim[0], A.ndim), check.dim(dim[1], A.ndim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return _vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        values = jnp.linalg.svd(jnp.moveaxis(A, (rows, columns), (-2, -1)), compute_uv=False)
        last = (values.ndim - 1,)
        result = jnp.sum(values, last) if ord == "nuc" else _largest(values, last, False, ord == -2)
    else:
        over, along = (rows, columns) if ord in (1, -1) else (columns, rows)
        sums = jnp.sum(_abs(A), over, keepdims=True)
        result = lax.squeeze(_largest(sums, (along,), True, ord in (-1, -math.inf)), (rows, columns))
    return lax.expand_dims(result, sorted((rows, columns))) if keepdim else result
