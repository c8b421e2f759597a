"""Products of vectors and matrices.

Products are exact to the type unless `set_float32_matmul_precision` says otherwise: float32 is multiplied as float32 on
every device. float16 and bfloat16 are summed up in float32.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.ops import check, promote, target
from lamina.ops.op import Array, Number, Shape, op
from lamina.ops.shape import expand_to

# --- products ---------------------------------------------------------------------------------------------------------

_C_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long",
    "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def sum_type(dtype: Any) -> Any:
    """The type in which products are summed up."""
    return np.dtype(np.float32) if promote.category(dtype) == 2 and dtype.itemsize == 2 else dtype


def _contract(a: Array, b: Array, dims: Any, batch: Any = ((), ())) -> Array:
    if a.dtype == np.bool_:
        raise NotImplementedError("matrix products are not implemented for 'Bool'")
    out = lax.dot_general(a, b, (dims, batch), precision=target.products(), preferred_element_type=sum_type(a.dtype))
    return promote.cast(out, a.dtype)


def _contract_rows(a: Array, b: Array, axis: int) -> Array:
    """The last axis of a against one of a matrix: (..., K), (K, M) or (M, K) -> (..., M)."""
    out = _contract(target.rows(a), b, ((1,), (axis,)))
    return lax.reshape(out, (*a.shape[:-1], out.shape[1]))


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
        return _contract_rows(input, other, 0)
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
    output = _contract_rows(input, weight, 1)
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
