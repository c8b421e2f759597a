"""Programs of views, writes, reads and backward passes, drawn at random and run by PyTorch and by lamina.

A program is a list of lines of Python that begin with the four tensors of `START`; each line is drawn for what PyTorch
has by then. PyTorch runs a line first. What it refuses, lamina must refuse too, with the same class of exception, but
for what docs/guide.md says is allowed here; such lines are left out. After each line every name must mean the same in
both. To run one, or a great many of them:

    python -m tests.against_torch.programs 17
    python -m tests.against_torch.programs 0 5000
"""

from __future__ import annotations

import builtins
import contextlib
import random
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import torch

import lamina

torch.set_num_threads(1)

START = [
    "a = t.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], requires_grad=True)",
    "b = a * 1.5",
    "c = t.tensor([[1.0, -2.0, 0.5], [-0.25, 3.0, 1.25]])",
    "d = t.tensor([3, -1, 2, 0])",
]
SMALL = [
    "a = t.tensor([[0.5, -1.0], [1.5, 0.25]], requires_grad=True)",
    "b = a * 1.5",
    "c = t.tensor([[1.0, -2.0], [-0.25, 3.0]])",
    "d = t.tensor([3, -1])",
]
"""Instead of `START`, for many programs in little time: they have few shapes, and each shape takes time to compile."""

ALLOWED = (
    "modified by an inplace operation",
    "is being modified inplace because it",
    "is a view and is being modified inplace",
    "is the output of a function that returns multiple views",
    "is a view and its base or another view of its base has been modified inplace",
    "partially overlapping",
    "of the input operand and the",
    "some elements of the input tensor and the written-to tensor refer to a single memory location",
    "view size is not compatible",
)
"""Pieces of PyTorch's messages for what it refuses and lamina computes: versions, views of several, overlap, layout."""

Draw = random.Random
MAX_NDIM, MAX_SIZE = 4, 36


# --- how a line is drawn: each function gives the text of an expression on the tensor `x`, or None ---


def _slice(r: Draw, size: int) -> str:
    start, stop = r.randint(-size, size), r.randint(-size - 1, size + 1)
    return r.choice([":", f"{start}:", f":{stop}", f"{start}:{stop}", "::2", f"{r.randint(0, size)}::3"])


def _index(r: Draw, x: Any) -> str:
    """An index of ints, slices, None and Ellipsis."""
    items = []
    for size in x.shape:
        if r.random() < 0.25:
            break
        items.append(str(r.randrange(-size, size)) if size and r.random() < 0.4 else _slice(r, size))
    if r.random() < 0.2:
        items.insert(r.randint(0, len(items)), "...")
    if r.random() < 0.15 and x.dim() < MAX_NDIM:
        items.insert(r.randint(0, len(items)), "None")
    return ", ".join(items) if items else "..."


def _tensor_index(r: Draw, x: Any) -> str | None:
    """An index with a tensor, list or mask in it."""
    if not x.dim() or 0 in x.shape:
        return None
    dim = r.randrange(x.dim())
    size = x.shape[dim]
    numbers = [r.randrange(-size, size) for _ in range(r.randint(1, 3))]
    text = r.choice([f"t.tensor({numbers})", f"{numbers}", f"t.tensor({[numbers]})", f"t.tensor({numbers[0]})"])
    before = [":"] * dim
    if before and r.random() < 0.3:
        before[-1] = str(r.randrange(x.shape[dim - 1]))
    return ", ".join([*before, text])


def _dim(r: Draw, x: Any, extra: int = 0) -> int:
    ndim = x.dim() + extra
    return r.randrange(-ndim, ndim) if ndim else 0


def _factors(r: Draw, size: int) -> list[int]:
    shape, rest = [], size
    for _ in range(r.randint(0, 2)):
        factor = r.choice([n for n in range(1, rest + 1) if rest % n == 0] or [1])
        shape.append(factor)
        rest //= factor
    shape.append(rest)
    if r.random() < 0.3 and size:
        shape[r.randrange(len(shape))] = -1
    return shape


def _permute(r: Draw, x: Any) -> str:
    order = list(range(x.dim()))
    r.shuffle(order)
    return f"permute({', '.join(map(str, order))})" if order else "permute(())"


def _expand(r: Draw, x: Any) -> str:
    sizes = [r.choice([size, -1, 2]) if size == 1 else r.choice([size, -1]) for size in x.shape]
    if r.random() < 0.4 and x.dim() < MAX_NDIM:
        sizes.insert(0, 2)
    return f"expand({', '.join(map(str, sizes))})" if sizes else "expand(2)"


def _diagonal(r: Draw, x: Any) -> str | None:
    if x.dim() < 2:
        return None
    return f"diagonal({r.randint(-1, 1)}, {', '.join(map(str, r.sample(range(x.dim()), 2)))})"


def _unfold(r: Draw, x: Any) -> str | None:
    if not x.dim() or x.dim() == MAX_NDIM:
        return None
    dim = _dim(r, x)
    return f"unfold({dim}, {r.randint(1, max(1, x.shape[dim]))}, {r.randint(1, 2)})"


def _piece(r: Draw, x: Any) -> str | None:
    if not x.dim():
        return None
    dim = _dim(r, x)
    size = x.shape[dim]
    cut = r.randint(0, size)
    return r.choice(
        [
            f"unbind({dim})[{r.randint(-1, 0)}]",
            f"chunk({r.randint(1, 3)}, {dim})[-1]",
            f"split({r.randint(1, 3)}, {dim})[0]",
            f"split([{cut}, {size - cut}], {dim})[{r.randint(0, 1)}]",
            f"tensor_split({r.randint(1, 3)}, {dim})[0]",
        ]
    )


def _narrow(r: Draw, x: Any) -> str | None:
    if not x.dim():
        return None
    dim = _dim(r, x)
    start = r.randint(0, x.shape[dim])
    return f"narrow({dim}, {start}, {r.randint(0, x.shape[dim] - start)})"


def _select(r: Draw, x: Any) -> str | None:
    dim = _dim(r, x)
    return f"select({dim}, {r.randrange(-x.shape[dim], x.shape[dim])})" if x.dim() and x.shape[dim] else None


VIEWS: list[tuple[int, Callable[[Draw, Any], str | None]]] = [
    (4, lambda r, x: f"[{_index(r, x)}]"),
    (2, lambda r, x: f".transpose({_dim(r, x)}, {_dim(r, x)})"),
    (1, lambda r, x: "." + _permute(r, x)),
    (1, lambda r, x: ".T" if x.dim() == 2 else ".mT" if x.dim() > 2 else None),
    (2, lambda r, x: f".view({_factors(r, x.numel())})"),
    (2, lambda r, x: f".reshape({_factors(r, x.numel())})"),
    (1, lambda r, x: ".flatten()"),
    (2, lambda r, x: "." + _expand(r, x)),
    (1, lambda r, x: r.choice([".squeeze()", f".squeeze({_dim(r, x)})"])),
    (1, lambda r, x: f".unsqueeze({_dim(r, x, 1)})"),
    (1, lambda r, x: (s := _select(r, x)) and "." + s),
    (1, lambda r, x: (s := _narrow(r, x)) and "." + s),
    (2, lambda r, x: (s := _diagonal(r, x)) and "." + s),
    (3, lambda r, x: (s := _piece(r, x)) and "." + s),
    (1, lambda r, x: f".movedim({_dim(r, x)}, {_dim(r, x)})"),
    (1, lambda r, x: (s := _unfold(r, x)) and "." + s),
    (1, lambda r, x: ".data"),
    (2, lambda r, x: ".detach()"),
    (1, lambda r, x: f".unflatten({_dim(r, x)}, [-1, 1])" if x.dim() else None),
    (1, lambda r, x: ".view_as(c)" if x.numel() == 6 else None),
    (1, lambda r, x: ".contiguous()"),
]


def _number(r: Draw) -> str:
    return r.choice(["0.5", "-1.25", "2.0", "3", "True"])


def _fitting(r: Draw, x: Any, env: dict[str, Any]) -> str:
    """A name whose tensor broadcasts to x, or a number. It shares no memory with x unless it is the same part of it."""
    names = []
    for name, y in env.items():
        if isinstance(y, torch.Tensor) and y.dim() <= x.dim() and (_same_place(x, y) or not _same_memory(x, y)):
            own = tuple(x.shape)[x.dim() - y.dim() :]
            if all(size in (1, there) for size, there in zip(y.shape, own, strict=True)):
                names.append(name)
    return r.choice(names) if names and r.random() < 0.6 else _number(r)


def _same_memory(x: Any, y: Any) -> bool:
    return bool(x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr())


def _same_place(x: Any, y: Any) -> bool:
    return bool(x.data_ptr() == y.data_ptr() and x.shape == y.shape and x.stride() == y.stride())


def _index_add(r: Draw, x: Any) -> str | None:
    if not x.dim() or not x.shape[0]:
        return None
    rows = [r.randrange(x.shape[0]) for _ in range(2)]
    return f"X.index_add_(0, t.tensor({rows}), t.ones({[2, *x.shape[1:]]}, dtype=X.dtype))"


def _scatter(r: Draw, x: Any) -> str | None:
    if x.dim() != 1 or not x.shape[0]:
        return None
    rows = [r.randrange(x.shape[0]) for _ in range(2)]
    return f"X.{r.choice(['scatter_', 'scatter_add_'])}(0, t.tensor({rows}), t.ones(2, dtype=X.dtype))"


def _rebinding(r: Draw, x: Any) -> str | None:
    """The tensor itself becomes another view."""
    if x.dim() == 2 and r.random() < 0.5:
        return "X.t_()"
    return r.choice([f"X.unsqueeze_({_dim(r, x, 1)})", "X.squeeze_()", f"X.transpose_({_dim(r, x)}, {_dim(r, x)})"])


WRITES: list[tuple[int, Callable[[Draw, Any, str], str | None]]] = [
    (3, lambda r, x, y: f"X.{r.choice(['add_', 'sub_', 'mul_', 'copy_'])}(t.as_tensor({y}))"),
    (2, lambda r, x, y: f"X.{r.choice(['add_', 'mul_'])}({y}{r.choice(['', ''])})"),
    (1, lambda r, x, y: f"X.add_({y}, alpha=2)"),
    (2, lambda r, x, y: f"X.fill_({_number(r)})"),
    (2, lambda r, x, y: "X.zero_()"),
    (2, lambda r, x, y: f"X.{r.choice(['neg_', 'abs_', 'tanh_', 'relu_', 'square_'])}()"),
    (1, lambda r, x, y: f"X.clamp_({r.choice(['min=0', 'max=1', '-1, 1'])})"),
    (3, lambda r, x, y: f"X {r.choice(['+=', '-=', '*='])} {y}"),
    (5, lambda r, x, y: f"X[{_index(r, x)}] = {y if r.random() < 0.3 else _number(r)}"),
    (3, lambda r, x, y: f"X[{_index(r, x)}] {r.choice(['+=', '*='])} {_number(r)}"),
    (2, lambda r, x, y: f"X[X > {r.choice(['0', '0.5'])}] = {_number(r)}"),
    (1, lambda r, x, y: f"X[X > 0] *= {_number(r)}"),
    (3, lambda r, x, y: (s := _tensor_index(r, x)) and f"X[{s}] = {_number(r)}"),
    (2, lambda r, x, y: (s := _tensor_index(r, x)) and f"X[{s}] *= {_number(r)}"),
    (1, lambda r, x, y: f"X.masked_fill_(X < 0, {_number(r)})"),
    (1, lambda r, x, y: f"X.index_fill_(0, t.tensor([0]), {_number(r)})" if x.dim() and x.shape[0] else None),
    (1, lambda r, x, y: _index_add(r, x)),
    (1, lambda r, x, y: _scatter(r, x)),
    (1, lambda r, x, y: "X.addcmul_(X, X, value=0.5)"),
    (1, lambda r, x, y: "X.lerp_(X * 2, 0.5)" if x.is_floating_point() else None),
    (1, lambda r, x, y: f"X[{_index(r, x)}].{r.choice(['zero_()', 'mul_(2)', 'clamp_(min=0)', 'neg_()'])}"),
    (1, lambda r, x, y: f"X.data.{r.choice(['zero_()', 'mul_(0.5)', 'add_(1)'])}"),
    (1, lambda r, x, y: f"X.detach().{r.choice(['fill_(2)', 'mul_(0.5)'])}"),
    (1, lambda r, x, y: "X.detach_()"),
    (1, lambda r, x, y: f"X.requires_grad_({r.choice(['', 'False'])})"),
    (1, lambda r, x, y: None if x._is_view() or x.dtype == torch.int64 else "X.data = (X.detach() * 2).contiguous()"),
    (1, lambda r, x, y: _rebinding(r, x)),
]  # fmt: skip


def _reduction(r: Draw, x: Any) -> str | None:
    return f"X.{r.choice(['sum', 'mean', 'prod'])}({_dim(r, x)})" if x.is_floating_point() and x.dim() else None


READS: list[tuple[int, Callable[[Draw, Any, str], str | None]]] = [
    (3, lambda r, x, y: f"(X {r.choice('+-*')} {y}).contiguous()"),
    (1, lambda r, x, y: "X.clone().contiguous()"),
    (1, lambda r, x, y: _reduction(r, x)),
    (1, lambda r, x, y: "X.sum()"),
    (1, lambda r, x, y: f"t.where(X > 0, X, {y}).contiguous()"),
    (1, lambda r, x, y: "(X @ X.mT)" if x.dim() == 2 and x.is_floating_point() else None),
    (1, lambda r, x, y: (s := _tensor_index(r, x)) and f"X[{s}].contiguous()"),
    (1, lambda r, x, y: "X[X > 0]"),
    (1, lambda r, x, y: "X.tanh().contiguous()"),
    (1, lambda r, x, y: f"t.{r.choice(['cat', 'stack'])}([X, X])" if 0 < x.dim() < MAX_NDIM else None),
    (1, lambda r, x, y: "X.to(t.float64).contiguous()"),
]  # fmt: skip


def _overlaps(x: Any) -> bool:
    """Whether two elements are one in memory, other than by `expand`: what writing then means is not defined."""
    if 0 in x.stride() or not x.numel():
        return False
    places = torch.zeros((), dtype=torch.int64)
    for size, stride in zip(x.shape, x.stride(), strict=True):
        places = places[..., None] + torch.arange(size) * stride
    return places.unique().numel() < x.numel()


def _pick(r: Draw, choices: list[tuple[int, Any]]) -> Any:
    return r.choices([item for _, item in choices], [weight for weight, _ in choices])[0]


def _name(r: Draw, env: dict[str, Any]) -> str:
    names = [name for name, x in env.items() if isinstance(x, torch.Tensor)]
    return r.choice(names if r.random() < 0.5 else names[-4:])


def _line(r: Draw, env: dict[str, Any], fresh: str) -> str | None:
    kinds = ["view", "write", "read", "backward", "of inputs", "grad"]
    kind = r.choices(kinds, [34, 38, 14, 8, 5, 4])[0]
    name = _name(r, env)
    x = env[name]
    y = _fitting(r, x, env)
    if kind == "view":
        text = _pick(r, VIEWS)(r, x)
        line = text and f"{fresh} = {name}{text}"
    elif kind == "read":
        text = _pick(r, READS)(r, x, y)
        line = text and f"{fresh} = {text.replace('X', name)}"
    elif kind == "write":
        if _overlaps(x):
            return None
        text = _pick(r, WRITES)(r, x, y)
        if text in ("X.detach_()", "X.requires_grad_()") and any(
            x is not other and _same_memory(x, other) for other in env.values()
        ):
            return None  # what its views then are follows from how PyTorch stores them
        line = text and text.replace("X", name)
    elif kind == "of inputs":
        of = [n for n in dict.fromkeys([_name(r, env), "a", "b"]) if env[n].requires_grad][:2]
        if not x.requires_grad or not of:
            return None
        wanted = r.choice([of, of[:1]])
        keep = r.choice(["", ", retain_graph=True"])
        results = ", ".join(f"{fresh}{letter}" for _, letter in zip(wanted, "gh", strict=False))
        grads = f"t.autograd.grad(({name} * {name}).sum(), [{', '.join(wanted)}], allow_unused=True{keep})"
        line = f"{results}, = (g if g is None else g.clone().contiguous() for g in {grads})"
    elif kind == "grad":
        line = r.choice(["a.grad = None", "a.grad.zero_()", f"{name}.grad = None", f"{fresh} = a.grad"])
    else:
        others = [n for n in {name, _name(r, env), "b"} if env[n].requires_grad]
        if not others:
            return None
        loss = " + ".join(f"({n} * {n}).sum()" for n in sorted(others))
        keep = r.choice(["", "", "retain_graph=True"])
        line = f"({loss}).backward({keep})"
    # A view that is cut without gradients says in PyTorch that it requires one, of a tensor that does.
    cuts = kind in ("view", "read") or (line and re.search(r"\.(t|transpose|squeeze|unsqueeze)_\(", line))
    if line and kind not in ("backward", "of inputs") and not (cuts and x.requires_grad) and r.random() < 0.15:
        line = f"with t.no_grad(): {line}"
    return line


# --- how it is run ---


def _close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return np.allclose(found, wanted, rtol=1e-4, atol=1e-5, equal_nan=True)


def _steps(x: Any) -> list[int]:
    """The strides that mean something."""
    return [stride for stride, size in zip(x.stride(), x.shape, strict=True) if size > 1]


def _difference(name: str, mine: Any, theirs: Any, strides: bool) -> str | None:
    """What differs between a tensor of lamina's and PyTorch's."""
    facts = {
        "shape": (tuple(mine.shape), tuple(theirs.shape)),
        "dtype": (mine.dtype.name, str(theirs.dtype).split(".")[1]),
        "requires_grad": (mine.requires_grad, theirs.requires_grad),
        "is_leaf": (mine.is_leaf, theirs.is_leaf),
        "has grad_fn": (mine.grad_fn is not None, theirs.grad_fn is not None),
    }
    if strides and theirs.numel():
        facts["stride"] = (_steps(mine), _steps(theirs))
        facts["storage_offset"] = (mine.storage_offset(), theirs.storage_offset())
    for fact, (own, other) in facts.items():
        if own != other:
            return f"{name}: {fact} is {own}, PyTorch's {other}"
    own, other = mine.detach().numpy(), theirs.detach().numpy()
    return None if _close(own, other) else f"{name} is\n{own}\nPyTorch's\n{other}"


def _compare(mine: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """The first difference between two namespaces; which names mean one object must agree as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `.grad` of what is no leaf
        for name, x in theirs.items():
            if isinstance(x, torch.Tensor):
                if not isinstance(mine[name], lamina.Tensor):
                    return f"{name} is {mine[name]!r}, PyTorch's a tensor"
                found = _difference(name, mine[name], x, strides=True)
                if found is None and (mine[name].grad is None) != (x.grad is None):
                    found = f"{name}.grad is {mine[name].grad}, PyTorch's {x.grad}"
                if found is None and x.grad is not None:
                    found = _difference(f"{name}.grad", mine[name].grad, x.grad, strides=False)
                if found is not None:
                    return found
            elif x is None and mine[name] is not None:
                return f"{name} is {mine[name]!r}, PyTorch's None"
    return None


def _same_class(found: Exception, wanted: Exception) -> bool:
    def plain(error: Exception) -> type:
        return next(c for c in type(error).__mro__ if getattr(builtins, c.__name__, None) is c)

    return plain(found) is plain(wanted)


class Run:
    """A program in progress: the namespaces of both libraries."""

    def __init__(self) -> None:
        self.theirs: dict[str, Any] = {"t": torch}
        self.mine: dict[str, Any] = {"t": lamina}
        self.over = False

    def tensors(self) -> dict[str, Any]:
        return {name: x for name, x in self.theirs.items() if isinstance(x, torch.Tensor)}

    def forget(self) -> None:
        """Drop names that PyTorch does not let one look at: views of several, whose base was written to."""
        for name, x in self.tensors().items():
            try:
                x.grad_fn
            except RuntimeError:
                del self.theirs[name]
                self.mine.pop(name, None)

    def step(self, line: str) -> tuple[bool, str | None]:
        """Run a line; whether it is worth keeping, and what differs afterwards."""
        code = compile(line, "<program>", "exec")
        refused: Exception | None = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(code, self.theirs)
            except Exception as error:
                refused = error
        if refused is not None and any(piece in str(refused) for piece in ALLOWED):
            self.over = "backward" in line or "autograd" in line  # some of the gradients may have been accumulated
            return False, None
        try:
            exec(code, self.mine)
        except Exception as error:
            if refused is None:
                if "more than one element of the written-to tensor" in str(error):
                    self.over = True  # lamina writes to no part of an expanded tensor
                    return False, None
                return True, f"lamina raises {type(error).__name__}: {error}"
            if not _same_class(error, refused):
                return True, f"lamina raises {error!r}, PyTorch {refused!r}"
            self.over = "backward" in line or "autograd" in line
            self.forget()
            return True, _compare(self.mine, self.theirs) if not self.over else None
        if refused is not None:
            return True, f"lamina runs it, PyTorch raises {type(refused).__name__}: {refused}"
        self.forget()
        return True, _compare(self.mine, self.theirs)


def draw(seed: int, length: int = 14, start: list[str] = START) -> tuple[list[str], str | None]:
    """Draw a program and run it; its lines, and the first difference, which is that of the last line."""
    r = random.Random(seed)
    lamina.engine.reset()
    run, lines = Run(), []
    for line in start:
        run.step(line)
    for place in range(length):
        line = _line(r, run.tensors(), f"v{place}")
        if line is None:
            continue
        kept, found = run.step(line)
        if kept:
            lines.append(line)
        if found is not None or run.over:
            return lines, found
        fresh = run.theirs.get(f"v{place}")
        if isinstance(fresh, torch.Tensor) and (fresh.dim() > MAX_NDIM or fresh.numel() > MAX_SIZE):
            return lines, None
    return lines, None


def replay(lines: list[str], start: list[str] = START) -> str | None:
    """The first difference of a program."""
    lamina.engine.reset()
    run = Run()
    for line in [*start, *lines]:
        _, found = run.step(line)
        if found is not None:
            return f"{line}\n{found}"
        if run.over:
            return None
    return None


def shrink(lines: list[str], start: list[str] = START) -> list[str]:
    """A shorter program that still makes a difference, and not because a name is missing."""
    place = len(lines) - 2
    while place >= 0:
        shorter = lines[:place] + lines[place + 1 :]
        found = replay(shorter, start)
        if found is not None and "NameError" not in found:
            lines = shorter
        place -= 1
    return lines


def failure(seed: int, length: int = 14, start: list[str] = START) -> str | None:
    """The smallest form of the program of a seed that differs, as code, or None if nothing does."""
    lines, found = draw(seed, length, start)
    if found is None:
        return None
    lines = shrink(lines, start)
    return "\n".join([f"seed {seed}:", "import lamina as t", *start, *lines, "", replay(lines, start) or found])


@contextlib.contextmanager
def interpreted() -> Iterator[None]:
    """Run operation by operation what lamina would compile: thousands of programs would take hours."""
    from lamina.engine import lower
    from lamina.engine.run import Executable

    def take(self: Any, plan: Any, steps: Any, trace: Any) -> Any:
        function = lower.lower(steps, plan.needs, self.inputs, self.outputs, self.numbers)

        def call(*arguments: Any) -> Any:
            with jax.enable_x64(True):
                return function(*arguments)

        return call

    compiled, Executable._compile = Executable._compile, take  # type: ignore[method-assign]
    try:
        yield
    finally:
        Executable._compile = compiled  # type: ignore[method-assign]


def main(arguments: list[str]) -> int:
    first = int(arguments[0])
    seeds = range(first, int(arguments[1])) if len(arguments) > 1 else [first]
    failed = 0
    with interpreted():
        for seed in seeds:
            found = failure(seed)
            if seed % 100 == 99:
                jax.clear_caches()  # of each operation and shape, or a long sweep fills the memory
            if found is not None:
                failed += 1
                print(found, "-" * 40, sep="\n", flush=True)
    print(f"{failed} of {len(seeds)} programs differ")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
