"""Every function of `torch`, `torch.Tensor`, `torch.linalg`, `torch.fft`, `torch.special`, beside the real one.

The cases are PyTorch's own: its table of operators makes arguments for each (see `op_samples.py`). Values, types,
shapes, gradients and errors are compared, of functions, methods and methods in place. Here each operator gets one
sample, whose matrices lie column by column for the function and row by row for methods; with `LAMINA_EVERY_SAMPLE=12`,
or another number, so many of each of five types (tests marked `slow`).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch

import lamina
from tests.against_torch import op_samples
from tests.against_torch.more_operations import (
    CASES,
    DIFFERENT,
    ELSEWHERE,
    EXCUSED,
    INEXACT,
    NOT_COMPARED,
    UNORDERED,
    VALUES_ONLY,
)
from tests.against_torch.op_samples import Sample, found, given_to, samples
from tests.parity import DEVICE, compare

MANY = int(os.environ.get("LAMINA_EVERY_SAMPLE", "0"))
MANY_ON = 1 if MANY else 0
SPACES = {"": "", "linalg": "linalg.", "fft": "fft.", "special": "special."}
KNOWN = {
    key: op
    for key, op in op_samples.operators().items()
    if key not in NOT_COMPARED
    and op.name not in NOT_COMPARED
    and not op.name.startswith(("jiterator", "torch.", "_", "sparse.", "masked.", "signal."))
    and (found(lamina, op.name) or hasattr(lamina.Tensor, op.name))
}
OPERATORS = {key: op for key, op in KNOWN.items() if not op.name.startswith("nn.")}
"""PyTorch's entries for names that lamina has."""
LAYERS = {key: op for key, op in KNOWN.items() if op.name.startswith("nn.functional.")}
"""Of `torch.nn.functional`: tests/ops compares them, in `torch` as well where they have the same arguments."""
TYPES = (torch.float64, torch.complex64, torch.int64, torch.bfloat16, torch.bool)
QUICK = (torch.float32, torch.int64, torch.bool, torch.complex64)
TOLERANCES = {
    torch.float32: (1e-4, 1e-4),
    torch.complex64: (1e-3, 1e-3),
    torch.float64: (1e-7, 1e-7),
    torch.bfloat16: (5e-2, 5e-2),
}


def call(op: Any, t: Any, args: Any, kwargs: Any, how: str) -> Any:
    """The operator of one library: as a function, as a method, or as a method in place."""
    args, kwargs = given_to(t, args), given_to(t, kwargs)
    name = op.name.rpartition(".")[2]
    if how == "in place":
        first = args[0].clone()
        return getattr(first, f"{name}_")(*args[1:], **kwargs)
    function = found(t, op.name) if found(torch, op.name) else None  # `lamina.repeat` is a module
    if how == "function" and callable(function):
        return function(*args, **kwargs)
    method = getattr(args[0], name)
    return method(*args[1:], **kwargs) if callable(method) else method


def check(key: str, dtype: torch.dtype, sample: Sample, how: str, turn: bool = False) -> bool:
    """Compare one call, with operands that lie column by column if so; whether PyTorch had a result and no error."""
    returned = False
    op = OPERATORS[key]
    rtol, atol = TOLERANCES.get(dtype, (None, None))
    # A method in place writes to a copy that needs no gradient, which is what PyTorch allows.
    grad: Any = False if how == "in place" or op.name in DIFFERENT else sample.grad

    def run(t: Any, args: Any, kwargs: Any) -> Any:
        nonlocal returned
        if turn:
            args, kwargs = op_samples.mapped(op_samples.turned, (args, kwargs))
        result = call(op, t, args, kwargs, how)
        returned = True
        return result[0] if op.name in UNORDERED and isinstance(result, tuple) else result

    compare(run, sample.args, sample.kwargs, grad=grad, rtol=rtol, atol=atol, at_once=True)
    return returned


def type_of(op: Any) -> torch.dtype:
    """The first type that the operator has."""
    if op.name in INEXACT:
        return torch.float64
    return next((dtype for dtype in QUICK if dtype in op.dtypes), torch.float32)


def forms(op: Any) -> list[str]:
    """How it can be called beside as a function: those of both libraries."""
    name = op.name.rpartition(".")[2]
    methods = (
        ["method"] if "." not in op.name and op.method_variant is not None and callable(found(torch, op.name)) else []
    )
    return methods + (["in place"] if op.inplace_variant is not None and "." not in op.name and _both(name) else [])


def _both(name: str) -> bool:
    return hasattr(torch.Tensor, f"{name}_") and hasattr(lamina.Tensor, f"{name}_")


ROW_BY_ROW = {"view", "view_as", "view_as_complex"}
"""What PyTorch refuses to do with operands that lie column by column, which the others get."""

FIRST = list({op.name: key for key, op in reversed(OPERATORS.items())}.values())[::-1]
"""Each operator once; the variants of its arguments come with `LAMINA_EVERY_SAMPLE`."""


def few_quick(names: Any) -> list[Any]:
    """Each third by itself; the others when there is time for slow tests."""
    return [name if i % 3 == 0 else pytest.param(name, marks=pytest.mark.slow) for i, name in enumerate(names)]


@pytest.mark.parametrize("key", few_quick(FIRST))
def test_operator(key):
    op = OPERATORS[key]
    turn = op.name not in ROW_BY_ROW
    results = [check(key, type_of(op), sample, "function", turn) for sample in samples(op, type_of(op), 1)]
    assert any(results), "PyTorch takes none of the samples in this way: the operator needs a case of its own"


@pytest.mark.parametrize("key", few_quick(key for key in FIRST if forms(OPERATORS[key])))
def test_methods_are_the_function(key):
    """Compared with lamina's own function, which has been compared: so nothing new is compiled."""
    op = OPERATORS[key]
    lamina.engine.reset()  # many operators of one line are no sign that programs do not settle
    for sample in samples(op, type_of(op), 1):
        arguments = op_samples.mapped(
            lambda x: lamina.tensor(x, device=DEVICE) if isinstance(x, np.ndarray) else x, (sample.args, sample.kwargs)
        )
        for how in forms(op):
            if how == "in place" and not _fits(op, sample):
                continue
            pairs = [list(op_samples.leaves(call(op, lamina, *arguments, form))) for form in ("function", how)]
            for a, b in zip(*pairs, strict=True):
                if isinstance(a, lamina.Tensor):
                    # What is written in place keeps the type of the tensor it is written to.
                    a = a.to(b.dtype) if how == "in place" else a
                    assert a.shape == b.shape
                    assert a.dtype is b.dtype
                    assert op.name in UNORDERED or lamina.allclose(a, b, equal_nan=True)


def _fits(op: Any, sample: Sample) -> bool:
    """Whether PyTorch can write the result into the first argument."""
    args, kwargs = op_samples.mapped(
        lambda x: torch.from_numpy(x.copy()) if isinstance(x, np.ndarray) else x, (sample.args, sample.kwargs)
    )
    try:
        call(op, torch, args, kwargs, "in place")
    except Exception:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "dtype"),
    [
        (key, dtype)
        for key, op in OPERATORS.items()
        for dtype in TYPES
        if dtype in op.dtypes and (key, str(dtype).removeprefix("torch.")) not in EXCUSED
    ]
    * MANY_ON,
)
def test_many_samples(key, dtype):
    op, wrong = OPERATORS[key], []
    for sample in samples(op, dtype, MANY):
        for how in ("function", *forms(op)):
            try:
                check(key, dtype, sample, how)
            except AssertionError as error:
                wrong.append(f"{how} {sample}: {error}")
    assert not wrong, "\n\n".join(wrong[:5])


@pytest.mark.parametrize("name", few_quick(CASES))
def test_other_functions(name):
    case, *inputs = CASES[name]
    compare(case, *inputs, grad=name not in VALUES_ONLY, rtol=1e-4, atol=1e-5, at_once=True)


# --- nobody is forgotten ---


def covered() -> set[str]:
    """The names that have a case: functions with their namespace, methods with `Tensor.` before them."""
    names: set[str] = set(CASES)
    for op in (*OPERATORS.values(), *LAYERS.values()):
        for path in (op.name, *(alias.name for alias in op.aliases)):
            names |= {path, f"{path}_", path.removeprefix("nn.functional.")}
            if "." not in path:
                names |= {f"Tensor.{path}", f"Tensor.{path}_"}
    return names


def functions(space: str) -> list[str]:
    """The functions of a namespace that both libraries have."""
    theirs, ours = (found(t, space) if space else t for t in (torch, lamina))
    both = [name for name in dir(theirs) if not name.startswith("_") and callable(getattr(ours, name, None))]
    both = [name for name in both if not hasattr(getattr(ours, name), "refuses")]
    return [name for name in both if callable(getattr(theirs, name)) and not isinstance(getattr(theirs, name), type)]


@pytest.mark.parametrize("space", [*SPACES, "Tensor"])
def test_every_name_has_a_case(space):
    prefix = "Tensor." if space == "Tensor" else SPACES[space]
    names = {f"{prefix}{name}" for name in functions(space)}
    listed = {f"{place}{name}{end}" for name in NOT_COMPARED for place in ("", prefix) for end in ("", "_")}
    assert sorted(names - covered() - set(ELSEWHERE) - listed) == []
