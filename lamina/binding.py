"""From the table of operations to functions and methods on Tensors.

For each operation the source of one small function is written and compiled, as `dataclasses` does for `__init__`: so a
call costs nothing to look up, and `help()` shows the signature and the docstring of the pure function.
"""

from __future__ import annotations

import builtins
import inspect
import linecache
import operator
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina import dtypes, engine
from lamina.bounds import LOOK
from lamina.known import JOINS, MANY, are_on_host
from lamina.ops.check import type_name
from lamina.ops.op import TABLE, Key, Op, OpParameter
from lamina.ops.optim_blocks import Blocks
from lamina.tensor import Tensor, alias_value, call, call_view, wrap, write

engine.set_key_class(Key)

_PLAIN = frozenset((builtins.int, builtins.bool, builtins.str, type(None), np.dtype, Blocks))
_NO_DEFAULT = inspect.Parameter.empty


def constant(x: Any) -> Any:
    """A constant of a program as operations take it: hashable, with dtypes as NumPy's."""
    if x.__class__ in _PLAIN:
        return x
    if isinstance(x, dtypes.DType):
        return x.numpy
    if isinstance(x, (tuple, list)):
        return tuple([constant(y) for y in x])
    if isinstance(x, (Tensor, np.generic)):
        return x.item()
    if isinstance(x, (type, np.dtype)):
        return dtypes.of(x).numpy
    return x


def sizes(x: Any) -> tuple[int, ...]:
    """The ints of `view(2, 3)`, `view((2, 3))` or `view([2, 3])`."""
    if len(x) == 1 and isinstance(x[0], (tuple, list)):
        x = x[0]
    return tuple([y if y.__class__ is builtins.int else operator.index(y) for y in x])


def shape_constant(x: Any) -> tuple[int, ...]:
    """A shape given as one argument: an int or a sequence of them."""
    return sizes(x if isinstance(x, (tuple, list)) else (x,))


class Generated:
    """Looks up the random stream that a call reads: the default one unless `generator` is given."""

    @staticmethod
    def draw(generator: Any) -> Any:
        from lamina import random

        return (random.default_generator if generator is None else generator).source.draw()


def _argument(p: OpParameter) -> str:
    if p.kind == "Shape":
        return f"_shape({p.name})"
    if p.kind == "static":
        return f"{p.name} if {p.name}.__class__ in _plain else _constant({p.name})"
    return p.name


def _signature(op: Op, variadic: bool, out: bool) -> str:
    parts: list[str] = []
    starred = False
    for p in op.parameters:
        if p.kind == "Key":
            continue
        if p.kind == "Shape" and variadic:
            parts.append(f"*{p.name}")
            starred = True
            continue
        if p.keyword_only and not starred:
            parts.append("*")
            starred = True
        parts.append(p.name if p.default is _NO_DEFAULT else f"{p.name}=_default_{p.name}")
    tail = (["generator=None"] if op.random else []) + (["out=None"] if out else [])
    if tail and not starred:
        parts.append("*")
    return ", ".join(parts + tail)


def make(op: Op, *, method: bool = False) -> Callable[..., Any]:
    """The function of Tensors for an operation; a method takes the sizes of a shape one by one as well."""
    shapes = [p for p in op.parameters if p.kind == "Shape"]
    own = [p for p in op.parameters if p.kind != "Key"]
    variadic = len(shapes) == 1 and len(own) == 2 and own[1] is shapes[0]
    out = not method and not op.view and not op.random
    operands = [p.name for p in own if p.kind not in ("static", "Shape")]
    statics = [_argument(p) for p in own if p.kind in ("static", "Shape")]
    if op.random:
        operands.insert(0, "_draw(generator)")
    names = f"({', '.join(operands)}{',' if len(operands) == 1 else ''})"
    constants = f"({', '.join(statics)}{',' if len(statics) == 1 else ''})"
    lines = []
    signature = _signature(op, variadic, out)
    if variadic:
        name = shapes[0].name
        default = "" if shapes[0].default is _NO_DEFAULT else f" else _default_{name}"
        signature += ", **_named"
        lines.append(f"if _named: {name} = _only(_named, '{op.name}', '{name}')")
        if default:
            lines.append(f"{name} = {name} if {name}{default}")
    if op.name in LOOK:
        lines.append(f"_look({', '.join(p.name for p in own)})")
    if op.name in JOINS:
        lines += [
            f"if tensors.__class__ in _rows and (len(tensors) >= {MANY} or _on_host(tensors)):",
            "    result = _join(tensors, dim)",
            "    if result is not None:",
            "        return result if out is None else _out(out, result)",
        ]
    arguments = f"(_op, {names}, {constants})"
    if op.view or op.returns:
        result = f"_returns(*_call{arguments})" if op.returns else f"_view{arguments}"
        lines.append(f"result = {result}")
    else:
        # What `tensor.call` does, without the call.
        lines += [
            "try:",
            f"    value = _record{arguments}",
            "except _Unknown:",
            f"    result = _call{arguments}",
            "    return result if out is None else _out(out, result)" if out else "    return result",
            "if value.__class__ is _Value:",
            "    result = _new(_Tensor)",
            "    result._value = value",
            "    result._alias = result._grads = None",
            "else:",
            "    result = tuple([_wrap(part) for part in value])",
        ]
    lines.append("return result if out is None else _out(out, result)" if out else "return result")
    function = op.name if op.name.isidentifier() else f"op_{op.name}"
    source = f"def {function}({signature}):\n" + "".join(f"    {line}\n" for line in lines)
    return _compile(op, function, source)


def make_inplace(op: Op, function: Callable[..., Any]) -> Callable[..., Any]:
    """The method `name_`: what the operation's function gives, written into its first operand."""
    own = [p for p in op.parameters if p.kind != "Key"]
    call = ", ".join(f"{p.name}={p.name}" if p.keyword_only else p.name for p in own)
    call += ", generator=generator" if op.random else ""
    first, refuses = own[0].name, op.name in _REFUSES
    lines = [f"result = _function({call})", *([f"_refuse({first}, result)"] if refuses else [])]
    lines.append(f"return _write({first}, result)")
    source = f"def {op.name}_({_signature(op, False, False)}):\n" + "".join(f"    {line}\n" for line in lines)
    method = _compile(op, f"{op.name}_", source, _function=function, _refuse=_REFUSES.get(op.name))
    method.__doc__ = f"`{op.name}`, written into this tensor; returns it."
    return method


def _abs_of_real_numbers(input: Tensor, result: Tensor) -> None:
    if input.is_complex():
        raise RuntimeError("In-place abs is not supported for complex tensors.")


def _power_of_double(input: Tensor, result: Tensor) -> None:
    old, new = input.current().spec.dtype, result.current().spec.dtype
    if old != new:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {type_name(old)} but the operation's result requires dtype "
            f"{type_name(new)}"
        )


_REFUSES = {"abs": _abs_of_real_numbers, "float_power": _power_of_double}
"""Operations whose result would fit, but which PyTorch does not write in place: what looks at both."""


def _compile(op: Op, name: str, source: str, **more: Any) -> Callable[..., Any]:
    filename = f"<lamina {op.name}>"
    namespace: dict[str, Any] = {
        "_op": op,
        "_call": call,
        "_record": engine.record,
        "_Unknown": engine.Unknown,
        "_Value": engine.Value,
        "_Tensor": Tensor,
        "_new": object.__new__,
        "_wrap": wrap,
        "_view": call_view,
        "_write": write,
        "_out": write_out,
        "_only": only,
        "_plain": _PLAIN,
        "_constant": constant,
        "_shape": sizes
        if "*" + next((p.name for p in op.parameters if p.kind == "Shape"), "?") in source
        else shape_constant,
        "_draw": Generated.draw,
        "_look": LOOK.get(op.name),
        "_rows": (list, tuple),
        "_on_host": are_on_host,
        "_join": JOINS.get(op.name),
        "_returns": result_type(op),
        **{f"_default_{p.name}": p.default for p in op.parameters},
        **more,
    }
    exec(compile(source, filename, "exec"), namespace)
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    function: Callable[..., Any] = namespace[name]
    function.__doc__ = op.function.__doc__
    function.__module__ = "lamina"
    return function


def result_type(op: Op) -> Any:
    """The named tuple of an operation with several named results."""
    return namedtuple(op.name.split("_")[0], op.returns) if op.returns else None


def only(named: dict[str, Any], function: str, name: str) -> Any:
    """The value of the one keyword that a variadic function knows."""
    value = named.pop(name, None)
    if named or value is None:
        raise TypeError(f"{function}() got an unexpected keyword argument '{next(iter(named), name)}'")
    return value if isinstance(value, (tuple, list)) else (value,)


def write_out(out: Any, result: Any) -> Any:
    """Write a result into the tensors given as `out`."""
    if isinstance(result, tuple):
        for target, part in zip(out, result, strict=True):
            write_out(target, part)
        return out
    if out.shape != result.shape:
        out._bind(alias_value(result.current()))
        return out
    return write(out, result)


def bind() -> dict[str, Callable[..., Any]]:
    """Make all functions, give Tensor its methods, and return the functions by the operations' names."""
    functions: dict[str, Callable[..., Any]] = {}
    for op in TABLE.values():
        functions[op.name] = make(op)
        if "Tensor" in op.homes:
            for name in (op.method_name, *op.aliases):
                if name not in Tensor.__dict__:
                    setattr(Tensor, name, make(op, method=True))
        if op.inplace:
            in_place = make_inplace(op, functions[op.name])
            for name in (op.method_name, *op.aliases):
                setattr(Tensor, f"{name}_", in_place)
    return functions


def homes(name: str) -> dict[str, str]:
    """Which operations live in a namespace: public name -> operation."""
    found = {}
    for op in TABLE.values():
        if name in op.homes:
            for public in (op.name, *op.aliases):
                found[public] = op.name
    return found
