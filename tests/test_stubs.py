"""The stubs say what is there: they are as `tools/stubs.py` writes them, and no public name is missing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lamina
from lamina.methods import Methods
from tools import stubs

ROOT = Path(lamina.__file__).parent


def statements(text: str) -> set[str]:
    """What a stub says, whatever its layout: every statement of it, those of a class with the name of the class."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom):
            names = [(node.module, alias.name, alias.asname) for alias in node.names]
            found.update(f"from {module} import {name} as {shown}" for module, name, shown in names)
        elif isinstance(node, ast.ClassDef):
            found.update(f"{node.name}: {ast.unparse(part)}" for part in node.body)
        else:
            found.add(ast.unparse(node))
    return found


def names(text: str) -> set[str]:
    """What a stub offers at the top: what it defines, and what it imports under its own name."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom):
            found.update(alias.name for alias in node.names if alias.asname == alias.name)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if ast.unparse(node.annotation) != "TypeAlias":
                found.update({node.target.id} - {"__all__", "__version__"})
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


WRITTEN = stubs.stubs()


@pytest.mark.parametrize("name", WRITTEN)
def test_up_to_date(name):
    there = statements((ROOT / name).read_text())
    assert there == statements(WRITTEN[name]), "run: make stubs"


@pytest.mark.parametrize(("name", "module"), {
    "__init__.pyi": lamina,
    "fft.pyi": lamina.fft,
    "linalg.pyi": lamina.linalg,
    "special.pyi": lamina.special,
    "nn/functional.pyi": lamina.nn.functional,
}.items())  # fmt: skip
def test_every_public_name_of_a_module(name, module):
    there = names((ROOT / name).read_text())
    public = {public for public in vars(module) if not public.startswith("_")}
    modules = {public for public in public if type(vars(module)[public]) is type(lamina)}
    listed = set(getattr(module, "__all__", ()))
    assert public - modules <= there <= public
    assert listed <= there


def test_every_operation():
    there = names((ROOT / "functions.pyi").read_text())
    assert there == {name for name in lamina.ops.TABLE if name.isidentifier()}


def class_body(file: str, name: str) -> list[ast.stmt]:
    tree = ast.parse((ROOT / file).read_text())
    return next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def test_every_attribute_of_tensor():
    there = {part.name for part in class_body("methods.pyi", "Methods") if isinstance(part, ast.FunctionDef)}
    own = set()
    for part in class_body("tensor.py", "Tensor"):
        if isinstance(part, ast.FunctionDef):
            own.add(part.name)
        elif isinstance(part, ast.Assign):
            own.update(target.id for target in part.targets)
    public = {name for name in vars(lamina.Tensor) if not name.startswith("_")}
    assert public <= there | own
    assert not there & own
    assert all(hasattr(lamina.Tensor, name) for name in there)


def test_the_methods_are_tensors_own():
    assert issubclass(lamina.Tensor, Methods)
    assert not [name for name in vars(Methods) if not name.startswith("__")]


def test_spelled():
    assert stubs.spelled("Array | None") == "Tensor | None"
    assert stubs.spelled("int | tuple[int, ...] | None") == "_int | Sequence[_int] | None"
    assert stubs.spelled("ArrayLike | None") == "Tensor | Number | None"
    assert stubs.spelled("np.dtype | None") == "DType | None"
    assert stubs.spelled(bool) == "_bool"
