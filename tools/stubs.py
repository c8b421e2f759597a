"""Write the stubs of what is made at run time: the functions and methods that come from the table of operations.

    make stubs

Type checkers and editors read them; `tests/test_stubs.py` says when they are out of date.
"""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import lamina
from lamina import binding
from lamina.dtypes import DType
from lamina.ops.op import TABLE, Op, OpParameter, camel
from lamina.tensor import Tensor

ROOT = Path(lamina.__file__).parent
DO = f"Written by {Path(__file__).parent.name}/{Path(__file__).name}."

TYPES = {
    "Array": "Tensor",
    "ArrayLike": "Tensor | Number",
    "Arrays": "Sequence[Tensor]",
    "Numbers": "Sequence[Number]",
    "Shape": "Sequence[int]",
    "Dims": "int | Sequence[int] | None",
    "Plan": "Any",
    "np.dtype": "DType",
    "tuple[int, ...]": "Sequence[int]",
    "tuple[int | None, ...]": "Sequence[int | None]",
    "tuple[float, ...]": "Sequence[float]",
    "tuple[Array, Array]": "tuple[Tensor, Tensor]",
    "jax.Array": "Tensor",
    "tuple[jax.Array, ...]": "tuple[Tensor, ...]",
    "tuple[jax.Array, jax.Array]": "tuple[Tensor, Tensor]",
}
"""What users give for what an operation is declared with."""

IMPORTS = """
from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import object as _object
from builtins import str as _str
from builtins import tuple as _tuple
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import NoReturn
from typing import TypeAlias

import numpy as np

from lamina.dtypes import DType
from lamina.functions_factor import LowRank
from lamina.functions_factor import TriangularSolve
from lamina.ops.optim_blocks import Blocks
from lamina.random import Generator
from lamina.sparse.tensor import SparseTensor
from lamina.storage import TypedStorage
from lamina.storage import UntypedStorage
from lamina.tensor import Size
from lamina.tensor import Tensor
""".splitlines()
"""What stubs may need. The names of Python's types mean something else among the names of lamina."""

NUMBER = "Number: TypeAlias = _bool | _int | _float | _complex"


def spelled(annotation: Any) -> str:
    """An annotation of the library's source as a stub may spell it, whatever else its names mean there."""
    if annotation is inspect.Parameter.empty:
        return "Any"
    if isinstance(annotation, type):
        annotation = annotation.__name__
    parts = [TYPES.get(part, part) for part in _alternatives(str(annotation))]
    text = " | ".join(dict.fromkeys(" | ".join(parts).split(" | "))) if "[" not in "".join(parts) else " | ".join(parts)
    return re.sub(r"(?<![\w.])(bool|complex|float|int|object|str|tuple)\b", r"_\1", text)


def _alternatives(annotation: str) -> Iterator[str]:
    """The sides of every `|` that stands outside of brackets."""
    depth, part = 0, ""
    for letter in annotation:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == "|" and not depth:
            yield part.strip()
            part = ""
        else:
            part += letter
    yield part.strip()


def _default(value: Any) -> str:
    simple = value is None or isinstance(value, (bool, int, float, str)) or value == ()
    return repr(value) if simple else "..."


def _parameter(p: OpParameter) -> str:
    text = f"{p.name}: {spelled(p.annotation)}"
    return text if p.default is inspect.Parameter.empty else f"{text} = {_default(p.default)}"


def result(op: Op) -> str:
    """The type an operation returns."""
    if op.returns:
        return f"{camel(op.name)}Result"
    return spelled(inspect.signature(op.function).return_annotation)


def operation(name: str, op: Op, *, method: bool = False, in_place: bool = False) -> str:
    """The stub of what `binding` makes of an operation."""
    parameters = [p for p in op.parameters if p.kind != "Key"]
    shapes = [p for p in parameters if p.kind == "Shape"]
    variadic = not in_place and len(shapes) == 1 and len(parameters) == 2 and parameters[1] is shapes[0]
    parts, starred = [], variadic
    for place, p in enumerate(parameters):
        if p.keyword_only and not starred:
            parts.append("*")
            starred = True
        if method and place == 0:
            parts.append("self")
        elif variadic and p is shapes[0]:
            parts.append(f"*{p.name}: _int | Sequence[_int]")
        else:
            parts.append(_parameter(p))
    tail = ["generator: Generator | None = None"] if op.random else []
    if not method and not op.view and not op.random:
        tail.append("out: Any = None")
    if tail and not starred:
        parts.append("*")
    return f"def {name}({', '.join(parts + tail)}) -> {'Tensor' if in_place else result(op)}: ..."


def written(name: str, function: Callable[..., Any], *, method: bool = False) -> str:
    """The stub of a function that the library's source defines."""
    signature = inspect.signature(function)
    parts, starred = [], False
    for place, p in enumerate(signature.parameters.values()):
        if p.kind is p.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        starred = starred or p.kind is p.VAR_POSITIONAL
        star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        if method and place == 0 and not star:
            parts.append("self")
            continue
        text = f"{star}{p.name}: {spelled(p.annotation)}"
        parts.append(text if p.default is p.empty else f"{text} = {_default(p.default)}")
    known = signature.return_annotation is not inspect.Signature.empty
    return f"def {name}({', '.join(parts)}) -> {spelled(signature.return_annotation) if known else 'Tensor'}: ..."


def _methods() -> Iterator[str]:
    """The stubs of what `binding`, `namespace` and `operators` add to Tensor, one by one."""
    of_op: dict[str, tuple[Op, bool]] = {}
    for op in TABLE.values():
        for name in (op.method_name, *op.aliases):
            if "Tensor" in op.homes:
                of_op[name] = (op, False)
            if op.inplace:
                of_op[f"{name}_"] = (op, True)
    for name, thing in sorted(vars(Tensor).items()):
        if isinstance(thing, property):
            if thing.fget is None or thing.fget.__module__ == "lamina.tensor":
                continue
            doc = f"@property\n{written(name, thing.fget, method=True)}"
            yield doc if thing.fset is None else f"{doc}\n@{name}.setter\ndef {name}(self, value: Any) -> None: ..."
        elif isinstance(thing, FunctionType) and thing.__module__ == "lamina":
            op, in_place = of_op[name]
            yield operation(name, op, method=True, in_place=in_place)
        elif isinstance(thing, FunctionType) and thing.__module__ != "lamina.tensor":
            comment = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
            yield written(name, thing, method=True) + comment


def page(title: str, body: str, *imports: str) -> str:
    """A stub file: a docstring, the imports that the body needs, the body."""
    body = f"{NUMBER}\n\n{body}\n"
    needed = [line for line in (*IMPORTS, *imports) if not line or re.search(rf"(?<![\w.]){line.split()[-1]}\b", body)]
    return "\n".join((f'"""{title} {DO}"""', *needed, body))


def methods() -> str:
    """The stub of `lamina.methods`."""
    body = "\n".join(f"    {line}" for stub in _methods() for line in stub.splitlines())
    results = (f"from lamina.functions import {result(op)}" for op in TABLE.values() if op.returns)
    return page("What Tensor is given at run time.", f"class Methods:\n    __slots__ = ()\n{body}", *results)


def tensor_functions() -> str:
    """The stub of `lamina.functions`."""
    classes = []
    for op in TABLE.values():
        if op.returns:
            fields = "".join(f"\n    {field}: Tensor" for field in op.returns)
            classes.append(f"class {result(op)}(NamedTuple):{fields}\n")
    body = "\n".join(operation(name, TABLE[name]) for name in sorted(TABLE) if name.isidentifier())
    return page("Every operation as a function of Tensors.", "\n".join(classes) + f"\n{body}")


def origin(place: str, name: str, thing: Any) -> tuple[str, str]:
    """The module that defines a public name of the package or of one of its rooms, and its name there."""
    if isinstance(thing, ModuleType):
        parent, _, child = thing.__name__.rpartition(".")
        return parent, child
    if isinstance(thing, DType) or thing is DType:
        return "lamina.dtypes", name
    if getattr(thing, "__module__", None) == "lamina":
        return "lamina.functions", binding.homes(place)[name]
    if isinstance(thing, (FunctionType, type)):
        return thing.__module__, thing.__name__
    return next(
        (m, name)
        for m in ("lamina.random", "lamina.engine", "lamina.settings", "lamina.debugging", "lamina.layouts")
        if hasattr(importlib.import_module(m), name)
    )


def public(module: ModuleType) -> Iterator[str]:
    """The public names of a room; of modules, only those that its `__all__` lists, and `functions`."""
    listed = (*getattr(module, "__all__", ()), "functions")
    for name in listed:
        getattr(module, name, None)  # rooms that are imported when somebody asks for them
    for name, thing in vars(module).items():
        if not name.startswith("_") and (name in listed or not isinstance(thing, ModuleType)):
            yield name


def room(module: ModuleType, place: str) -> str:
    """The stub of a module that only has names of other modules."""
    imports, others = [], []
    for name in public(module):
        if module is lamina and name.endswith("_") and vars(module)[name].__module__ == "lamina":
            others.append(f"{name}: _Callable[..., Tensor]")
            continue
        source, there = origin(place, name, vars(module)[name])
        # A stub shows what it imports under its own name only.
        if there == name:
            imports.append(f"from {source} import {name} as {name}")
        else:
            others.append(f"{name} = {there}")
    if module is lamina:
        imports.append("from collections.abc import Callable as _Callable")
        others += ["__all__: list[str]", "__version__: str"]
    title = f'"""Public names and where they are defined. {DO}"""'
    return "\n".join((title, "", *sorted(imports), "", *sorted(others), ""))


def stubs() -> dict[str, str]:
    """Every stub by the name of its file, in the package."""
    return {
        "__init__.pyi": room(lamina, "lamina"),
        "functions.pyi": tensor_functions(),
        "methods.pyi": methods(),
        "fft.pyi": room(lamina.fft, "fft"),
        "linalg.pyi": room(lamina.linalg, "linalg"),
        "special.pyi": room(lamina.special, "special"),
        "nn/functional.pyi": room(lamina.nn.functional, "functional"),
    }


if __name__ == "__main__":
    for name, text in stubs().items():
        (ROOT / name).write_text(text)
    files = [str(ROOT / name) for name in stubs()]
    subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "--fix", "--select", "I", *files], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", *files], check=True)
