"""Gradients beside differences: is what a backward gives the slope of the function?

Everything is compared as real numbers: a complex element counts as two, its real and its imaginary part.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamina import creation, dtypes, random
from lamina.autograd.differentiate import grad
from lamina.autograd.finite_difference import Flat, numerical_jacobian, slope_along
from lamina.autograd.grad_mode import enable_grad
from lamina.tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
    "values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism was "
)


class GradcheckError(RuntimeError):
    """A gradient is not what differences of the function say."""


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _differentiable(x: Any) -> list[Tensor]:
    return [y for y in _as_tuple(x) if isinstance(y, Tensor) and y.requires_grad]


def _check_inputs(inputs: Sequence[Any]) -> list[int]:
    """The positions of the inputs to differentiate by."""
    if any(getattr(x, "is_sparse", False) and x.requires_grad for x in inputs):
        raise NotImplementedError("gradcheck: sparse inputs are not implemented; check a function of their values().")
    wanted = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    for i in wanted:
        if inputs[i].dtype not in (dtypes.float64, dtypes.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=4,
            )
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    return wanted


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of func are those that small differences of its inputs show.

    Args:
        func: takes the inputs, gives a tensor or a tuple of them.
        inputs: a tensor or a tuple; those that require a gradient are checked, and should be float64 or complex128.
        eps: how far inputs are moved.
        atol, rtol: how far numbers may lie apart.
        raise_exception: whether a difference raises `GradcheckError`; else it returns False.
        nondet_tol: how far two runs of the same backward may lie apart.
        check_undefined_grad: whether gradients of zeros have to give zeros.
        check_grad_dtypes: whether a gradient must have its input's type.
        check_batched_grad: whether gradients of a batch at once must be those one by one.
        check_batched_forward_grad: the same for forward derivatives.
        check_forward_ad: whether forward derivatives (`lamina.func.jvp`) are checked too.
        check_backward_ad: whether backward is checked.
        fast_mode: compare along random directions only.
        masked: changes nothing: there are no sparse inputs.

    >>> import lamina
    >>> x = lamina.tensor([0.5, 2.0], dtype=lamina.float64, requires_grad=True)
    >>> lamina.autograd.gradcheck(lamina.sin, x)
    True
    """
    for needed, option in (
        (check_forward_ad or check_backward_ad, "at least one of check_forward_ad or check_backward_ad"),
        (check_backward_ad or not check_batched_grad, "check_backward_ad, because of check_batched_grad=True,"),
        (
            check_forward_ad or not check_batched_forward_grad,
            "check_forward_ad, because of check_batched_forward_grad,",
        ),
    ):
        if not needed:
            raise AssertionError(f"Expected {option} to be True")
    given = _as_tuple(inputs)
    wanted = _check_inputs(given)
    check = _Check(func, given, wanted, eps, atol, rtol, fast_mode)
    try:
        with warnings.catch_warnings():
            # Each shape and each way of differentiating is a program of its own, once: that is no loop to be mended.
            warnings.filterwarnings("ignore", "lamina compiled", RuntimeWarning)
            if check_backward_ad:
                check.backward(nondet_tol, check_grad_dtypes)
            if check_forward_ad:
                check.forward()
            if check_batched_forward_grad:
                check.forward_of_a_batch()
            if check_batched_grad:
                check.batch()
            if check_backward_ad and check_undefined_grad:
                check.zeros()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


class _Check:
    """One function at one point: its results there, and its slopes by differences."""

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: tuple[Any, ...],
        wanted: list[int],
        eps: float,
        atol: float,
        rtol: float,
        fast: bool,
    ) -> None:
        self.func, self.inputs, self.wanted = func, inputs, wanted
        self.eps, self.atol, self.rtol, self.fast = eps, atol, rtol, fast
        self.primals = [inputs[i] for i in wanted]
        with enable_grad():
            self.results = _as_tuple(func(*inputs))
        self.outputs = _differentiable(self.results)
        self.kept = [i for i, x in enumerate(self.results) if isinstance(x, Tensor) and x.requires_grad]
        self.numerical: dict[int, list[np.ndarray]] = {}
        self.directions = np.random.default_rng(0)

    def _run(self, *changed: Tensor) -> list[Any]:
        """All results for other values of the checked inputs."""
        given = list(self.inputs)
        for i, x in zip(self.wanted, changed, strict=True):
            given[i] = x
        return list(_as_tuple(self.func(*given)))

    def _numerical(self, i: int) -> list[np.ndarray]:
        """d result / d input i for each result that has a gradient, or for all if none has."""
        if i not in self.numerical:
            self.numerical[i] = numerical_jacobian(self._run, self.primals, i, self.eps)
        rows = self.numerical[i]
        return [rows[k] for k in self.kept] if self.kept else rows

    def _compare(self, actual: np.ndarray, numerical: np.ndarray, output: int, i: int, mode: str = "") -> None:
        if not np.allclose(actual, numerical, rtol=self.rtol, atol=self.atol):
            raise GradcheckError(
                f"Jacobian {mode}mismatch for output {output} with respect to input {i},\n"
                f"numerical:{numerical}\nanalytical:{actual}\n"
            )

    def _unit(self, size: int) -> np.ndarray:
        vector = self.directions.standard_normal(size)
        found: np.ndarray = vector / max(float(np.linalg.norm(vector)), 1e-30)
        return found

    def backward(self, nondet_tol: float, check_dtypes: bool) -> None:
        """Compare the rows that backward gives."""
        if not self.outputs:
            for i in range(len(self.primals)):
                if any(np.any(x != 0) for x in self._numerical(i)):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        for k, output in enumerate(self.outputs):
            if self.fast:
                self._backward_along(k, output)
                continue
            columns = [self._rows(output, check_dtypes) for _ in range(2)]
            for i in range(len(self.primals)):
                self._compare(columns[0][i], self._numerical(i)[k], k, i)
                if not np.allclose(columns[0][i], columns[1][i], rtol=0, atol=nondet_tol):
                    raise GradcheckError(f"{NOT_REENTRANT}{nondet_tol}.\n")

    def _backward_along(self, k: int, output: Tensor) -> None:
        across = Flat(output)
        v = self._unit(across.size)
        found = self._gradients(output, across.tensor(v))
        for i, x in enumerate(self.primals):
            u = self._unit(Flat(x).size)
            slopes = slope_along(self._run, self.primals, i, u, self.eps)
            numerical = np.dot(slopes[self.kept[k]], v)
            self._compare(np.dot(Flat.values(found[i]), u), numerical, k, i)

    def _rows(self, output: Tensor, check_dtypes: bool) -> list[np.ndarray]:
        """For each input the Jacobian (elements of input, elements of output), a row of it for each gradient."""
        flat = Flat(output)
        rows: list[list[np.ndarray]] = []
        for unit in np.eye(flat.size):
            found = self._gradients(output, flat.tensor(unit))
            for i, (x, gradient) in enumerate(zip(self.primals, found, strict=True)):
                if check_dtypes and gradient.dtype != x.dtype:
                    raise GradcheckError(f"Backward for input {i} gives {gradient.dtype} where it must give {x.dtype}.")
            rows.append([Flat.values(x) for x in found])
        return [
            np.stack([row[i] for row in rows], 1) if rows else np.zeros((Flat(x).size, 0))
            for i, x in enumerate(self.primals)
        ]

    def _gradients(self, output: Tensor, cotangent: Tensor) -> list[Tensor]:
        found = grad(output, self.primals, cotangent, retain_graph=True, allow_unused=True)
        return [creation.zeros_like(y) if x is None else x for x, y in zip(found, self.primals, strict=True)]

    def forward(self) -> None:
        """Compare the columns that forward derivatives give."""
        for i, x in enumerate(self.primals):
            flat, numerical = Flat(x), self._numerical(i)
            columns = [self._pushed(i, flat.tensor(unit)) for unit in np.eye(flat.size)]
            for k in range(len(self.outputs)):
                actual = np.stack([Flat.values(column[k]) for column in columns]) if columns else numerical[k]
                self._compare(actual, numerical[k], k, i, "computed with forward mode ")

    def _pushed(self, i: int, tangent: Tensor) -> list[Tensor]:
        from lamina.transforms import jvp

        tangents = [tangent if j == i else creation.zeros_like(x) for j, x in enumerate(self.primals)]

        def run(*primals: Tensor) -> tuple[Any, ...]:
            found = self._run(*primals)
            return tuple(found[k] for k in self.kept)

        return list(jvp(run, tuple(x.detach() for x in self.primals), tuple(x.detach() for x in tangents))[1])

    def forward_of_a_batch(self) -> None:
        """Compare forward derivatives of a batch at once with those one by one."""
        from lamina.batching import vmap

        for i, x in enumerate(self.primals):
            batch = creation.tensor(self.directions.standard_normal((2, *x.shape)), dtype=x.dtype, device=x.device)
            together = vmap(lambda tangent, i=i: tuple(self._pushed(i, tangent)))(batch)
            for k, found in enumerate(together):
                for j in range(2):
                    self._same_batch(found[j], self._pushed(i, batch[j])[k], k, i)

    def batch(self) -> None:
        """Compare gradients of a batch at once with those one by one."""
        for k, output in enumerate(self.outputs):
            values = self.directions.standard_normal((2, *output.shape))
            batch = creation.tensor(values, dtype=output.dtype, device=output.device)
            together = grad(output, self.primals, batch, retain_graph=True, allow_unused=True, is_grads_batched=True)
            for j in range(2):
                for i, one in enumerate(self._gradients(output, batch[j])):
                    found = creation.zeros_like(one) if together[i] is None else together[i][j]
                    self._same_batch(found, one, k, i)

    def _same_batch(self, found: Tensor, one: Tensor, output: int, i: int) -> None:
        if not np.allclose(Flat.values(found), Flat.values(one)):
            raise GradcheckError(
                f"For output {output} and input {i}, the derivatives of a batch at once differ from those one by one:\n"
                f"at once:{found}\none by one:{one}\n"
            )

    def zeros(self) -> None:
        """Gradients of zeros have to give zeros."""
        if not self.outputs:
            return
        given = [creation.zeros_like(x) for x in self.outputs]
        found = grad(self.outputs, self.primals, given, retain_graph=True, allow_unused=True)
        if any(x is not None and bool((x != 0).any()) for x in found):
            raise GradcheckError("backward not multiplied by grad_output")


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """`gradcheck` of the gradients of func: whether backward through them is right.

    Args:
        grad_outputs: the gradients of the results; random ones without it.
        gen_non_contig_grad_outputs: whether random ones are views of every other column.
        check_fwd_over_rev: whether the gradients are differentiated forward.
        check_rev_over_rev: whether they are differentiated backward.
        func, inputs, and the others: as for `gradcheck`.

    >>> import lamina
    >>> x = lamina.tensor([0.5, 2.0], dtype=lamina.float64, requires_grad=True)
    >>> lamina.autograd.gradgradcheck(lamina.sin, x)
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    given = _as_tuple(inputs)
    if grad_outputs is None:
        with enable_grad():
            outputs = _differentiable(func(*given))
        cotangents = [_random_like(x, gen_non_contig_grad_outputs) for x in outputs]
    else:
        cotangents = list(_as_tuple(grad_outputs))
    wanted = _check_inputs(given)

    def gradients(*arguments: Any) -> tuple[Tensor, ...]:
        values, vectors = list(arguments[: len(given)]), arguments[len(given) :]
        with enable_grad():
            for i in wanted:
                if not values[i].requires_grad:
                    values[i] = values[i].detach().requires_grad_()
            outputs = _differentiable(func(*values))
            found = grad(outputs, [values[i] for i in wanted], vectors, create_graph=True, allow_unused=True)
        return tuple(x for x in found if x is not None)

    return gradcheck(
        gradients,
        (*given, *cotangents),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad and check_rev_over_rev,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad and check_rev_over_rev,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _random_like(x: Tensor, apart: bool) -> Tensor:
    """Numbers between -1 and 1 that require a gradient."""
    generator = random.Generator().manual_seed(0)
    size = (*x.shape[:-1], 2 * x.shape[-1]) if apart and x.ndim else tuple(x.shape)
    values = creation.rand(*size, generator=generator, dtype=dtypes.float64).to(x.device, x.dtype) * 2 - 1
    if apart and x.ndim:
        values = values[..., ::2]
    return values.detach().requires_grad_()
