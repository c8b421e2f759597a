"""What an operation is: one pure JAX function, declared once with `@op`.

The declaration is all there is to say: Tensor methods, functions, in-place forms and stubs are made from it
(`lamina/binding.py`). Nothing here knows Tensors or recording.

How a parameter is annotated says what it is:

    Array       a tensor
    ArrayLike   a tensor or a Python number
    Arrays      a sequence of tensors
    Number      a Python number that may differ from call to call without compiling anew
    Key         random bits, given by the engine: always the first parameter
    Numbers     a tuple of Python numbers, each of which may differ from call to call
    Shape       a tuple of ints; a method also takes them one by one: `x.view(2, 3)`
    otherwise   a constant of the program: hashable, part of what is compiled

`Array | None` and so on: may be None.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata

type_names = ("Array", "ArrayLike", "Arrays", "Number", "Numbers", "Key", "Shape")

Array = jax.Array
ArrayLike = jax.Array | float | int | bool | complex
Arrays = Sequence[jax.Array]
Number = float | int | bool | complex
Numbers = tuple[float, ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Key:
    """Where in a random stream an operation reads: `seed` and `offset` are uint64 scalars."""

    seed: Any
    offset: Any


@dataclass(frozen=True)
class OpParameter:
    """One parameter of an operation: its name, its kind (one of `type_names` or "static") and its default."""

    name: str
    kind: str
    optional: bool
    default: Any
    keyword_only: bool
    annotation: str


@dataclass(frozen=True, eq=False)
class Op:
    """One operation. Two Ops are equal when they are the same object, which makes them cheap dictionary keys."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[OpParameter, ...]
    homes: tuple[str, ...]
    grad_name: str | Callable[..., str]
    inplace: bool = False
    returns: tuple[str, ...] = ()
    view: bool = False
    put: Callable[..., Any] | None = None
    piece: Callable[..., Any] | None = None
    large: bool = False
    saves: bool = True
    differentiable: bool = True
    random: bool = False
    aliases: tuple[str, ...] = ()
    method_name: str = ""
    stable_name: str | None = None
    _static: tuple[bool, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "stable_name", self.name)
        object.__setattr__(self, "_static", tuple(p.kind in ("static", "Shape") for p in self.parameters))

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def call(self, operands: Sequence[Any], static: Sequence[Any], function: Callable[..., Any] | None = None) -> Any:
        """The function's result, given its operands and its constants apart, each in the order of the parameters."""
        operand, constant = iter(operands), iter(static)
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter, is_static in zip(self.parameters, self._static, strict=True):
            value = next(constant) if is_static else next(operand)
            if (
                parameter.kind in ("Array", "ArrayLike")
                and not hasattr(value, "shape")
                and not (value is None and parameter.optional)
                and not (parameter.kind == "ArrayLike" and isinstance(value, (int, float, complex)))
            ):
                position = len(positional) + 1 - self.random
                raise TypeError(
                    f"{self.name}(): argument '{parameter.name}' (position {position}) must be Tensor, "
                    f"not {type(value).__name__}"
                )
            if parameter.keyword_only:
                named[parameter.name] = value
            else:
                positional.append(value)
        return (function or self.function)(*positional, **named)

    @functools.cached_property
    def called(self) -> Callable[..., Any]:
        """The function for programs that use it many times: XLA calls it, instead of compiling a copy for each use."""
        constant = [p.name for p, is_static in zip(self.parameters, self._static, strict=True) if is_static]
        function = jax.jit(self.function, static_argnames=constant)

        def call(*args: Any, **named: Any) -> Any:
            with set_xla_metadata(inlineable="false"):
                return function(*args, **named)

        return call


TABLE: dict[str, Op] = {}
"""Every operation by name, in the order of declaration."""


def _parameters(function: Callable[..., Any]) -> tuple[OpParameter, ...]:
    found = []
    for parameter in inspect.signature(function).parameters.values():
        annotation = str(parameter.annotation)
        parts = [part.strip() for part in annotation.split("|")]
        kind = parts[0] if parts[0] in type_names else "static"
        found.append(
            OpParameter(
                parameter.name,
                kind,
                "None" in parts,
                parameter.default,
                parameter.kind is inspect.Parameter.KEYWORD_ONLY,
                annotation,
            )
        )
    return tuple(found)


def camel(name: str) -> str:
    """`log_softmax` -> `LogSoftmax`, as in the names PyTorch gives its gradients."""
    return "".join(part.capitalize() for part in name.split("_"))


def op(
    homes: str = "lamina Tensor",
    *,
    name: str = "",
    grad_name: str | Callable[..., str] = "",
    inplace: bool = False,
    returns: tuple[str, ...] = (),
    view: bool = False,
    put: Callable[..., Any] | None = None,
    piece: Callable[..., Any] | None = None,
    large: bool = False,
    saves: bool = True,
    differentiable: bool = True,
    aliases: tuple[str, ...] = (),
    method_name: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function as an operation.

    Args:
        homes: where users find it: any of `lamina`, `Tensor`, `functional`, `fft`, `linalg`, `special`; empty: nowhere.
        name: its public name where Python's own name would be in the way; default: the function's name.
        grad_name: the name of its gradient as PyTorch prints it; default: `MulBackward0` for `mul`. A function gets the
            operation's arguments, with arrays as shapes and dtypes.
        inplace: whether there is a method `name_` that writes the result into its first operand.
        returns: names of the results when there are several, as PyTorch's named tuples have them.
        view: whether the result shares its memory with the first operand.
        put: for a view, `put(base, value, *args)` -> base with the part that the view shows replaced by value.
        piece: for a view of indices that follow each other, `piece(*args)` -> dimension, first index and how many; None
            where they do not, or are not known yet.
        large: whether it is many operations of XLA's, and often used in a loop of Python's: see `Op.called`.
        saves: False if its gradient needs no value of the forward pass, so going backward twice is harmless.
        differentiable: False if no gradient passes.
        aliases: further public names.
        method_name: the name as a Tensor method where it differs.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        public = name or function.__name__.rstrip("_")
        if public in TABLE:
            raise ValueError(f"op: {public} is declared twice.")
        parameters = _parameters(function)
        TABLE[public] = Op(
            name=public,
            function=function,
            parameters=parameters,
            homes=tuple(homes.split()),
            grad_name=grad_name or f"{camel(public)}Backward0",
            inplace=inplace,
            returns=returns,
            view=view,
            put=put,
            piece=piece,
            large=large,
            saves=saves,
            differentiable=differentiable,
            random=bool(parameters) and parameters[0].kind == "Key",
            aliases=aliases,
            method_name=method_name or public,
        )
        return function

    return declare
