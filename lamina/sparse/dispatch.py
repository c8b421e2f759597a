"""What operations do when an operand is sparse: `lamina.mm(sparse, dense)`, `dense @ sparse`, `sparse * 2`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamina.sparse import algebra, construct, elementwise, reduce
from lamina.sparse.tensor import SparseTensor


def _sum(input: SparseTensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    if keepdim:
        raise NotImplementedError("sum: keepdim=True is not supported for a sparse tensor.")
    return reduce.sum(input, dim, dtype)


def _rsub(input: Any, other: Any, alpha: Any = 1) -> Any:
    return elementwise.sub(other, input, alpha)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "mm": algebra.mm,
    "mv": algebra.mv,
    "matmul": algebra.matmul,
    "addmm": algebra.addmm,
    "add": elementwise.add,
    "sub": elementwise.sub,
    "rsub": _rsub,
    "mul": elementwise.mul,
    "div": elementwise.div,
    "pow": elementwise.power,
    "sum": _sum,
    "t": SparseTensor.t,
    "transpose": SparseTensor.transpose,
    "cat": construct.cat,
}
"""By the operation's name."""


def call(op: Any, operands: Sequence[Any], static: Sequence[Any]) -> Any:
    """The result of an operation one of whose operands is sparse."""
    if op.name in elementwise.KEEPING_ZERO or op.name in elementwise.LINEAR:
        return elementwise.unary(op.name, operands[0])
    function = FUNCTIONS.get(op.name)
    if function is None:
        raise NotImplementedError(f"{op.name}: sparse tensors are not supported. Use to_dense().")
    return op.call(operands, static, function)


def _method(name: str) -> Callable[..., Any]:
    def method(self: SparseTensor, *args: Any, **options: Any) -> Any:
        return FUNCTIONS[name](self, *args, **options)

    method.__name__, method.__doc__ = name, FUNCTIONS[name].__doc__ or f"`lamina.{name}`."
    return method


def _unary_method(name: str) -> Callable[..., Any]:
    def method(self: SparseTensor) -> Any:
        return elementwise.unary(name, self)

    method.__name__, method.__doc__ = name, f"`lamina.{name}` of each element."
    return method


def _conversion(name: str) -> Callable[..., Any]:
    def method(self: SparseTensor) -> Any:
        return self.with_values(getattr(self._numbers, name)())

    method.__name__, method.__doc__ = name, f"The same numbers as `Tensor.{name}` gives them."
    return method


def bind() -> None:
    """Give SparseTensor its operators and methods."""
    for name in ("float", "double", "half", "bfloat16"):
        setattr(SparseTensor, name, _conversion(name))
    for name in ("mm", "mv", "matmul", "addmm", "add", "sub", "mul", "div", "pow", "sum"):
        setattr(SparseTensor, name, _method(name))
    for name in (*elementwise.KEEPING_ZERO, *elementwise.LINEAR):
        setattr(SparseTensor, name, _unary_method(name))
    for special, name in (("matmul", "matmul"), ("add", "add"), ("sub", "sub"), ("mul", "mul"), ("rmul", "mul")):
        setattr(SparseTensor, f"__{special}__", _method(name))
    for special, name in (("truediv", "div"), ("pow", "pow")):
        setattr(SparseTensor, f"__{special}__", _method(name))
    for special, name in (("neg", "neg"), ("abs", "abs")):
        setattr(SparseTensor, f"__{special}__", _unary_method(name))


bind()
