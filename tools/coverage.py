"""Write `docs/coverage.md`: the public names of PyTorch and of torch for R, whether each is here, and what tests it.

    make coverage

`tests/test_coverage.py` says when the page is out of date, and when a name is neither here nor given a reason.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import lamina
from lamina import rtorch
from tools.coverage_reasons import REASONS

ROOT = Path(lamina.__file__).parent.parent
PAGE = ROOT / "docs" / "coverage.md"
R_NAMES = ROOT / "tests" / "book" / "torch_for_r_names.txt"

SPACES = (
    "nn",
    "nn.functional",
    "nn.init",
    "nn.parameter",
    "nn.utils",
    "nn.utils.rnn",
    "nn.utils.parametrize",
    "nn.utils.parametrizations",
    "nn.utils.prune",
    "nn.utils.stateless",
)
"""The namespaces, below `torch` and below `lamina`."""

FUNCTIONS = (
    "",
    "Tensor",
    "linalg",
    "fft",
    "special",
    "func",
    "autograd",
    "autograd.anomaly_mode",
    "autograd.forward_ad",
    "autograd.function",
    "autograd.functional",
    "autograd.grad_mode",
    "autograd.gradcheck",
    "autograd.graph",
    "autograd.profiler",
)
"""Namespaces of functions and methods; `tests/against_torch/test_every_operation.py` compares them by its own table."""

NOT_MEANT = {
    "nn.functional": {
        "boolean_dispatch": "chooses between two functions inside PyTorch",
        "assert_int_or_pair": "a check inside PyTorch",
        "handle_torch_function": "PyTorch's protocol for tensor-like classes",
        "has_torch_function": "PyTorch's protocol for tensor-like classes",
        "has_torch_function_unary": "PyTorch's protocol for tensor-like classes",
        "has_torch_function_variadic": "PyTorch's protocol for tensor-like classes",
        "BroadcastingList1": "a type annotation of TorchScript",
        "BroadcastingList2": "a type annotation of TorchScript",
        "BroadcastingList3": "a type annotation of TorchScript",
        "ScalingType": "for `scaled_mm`, which needs the eight-bit types of particular processors",
        "SwizzleType": "for `scaled_mm`, which needs the eight-bit types of particular processors",
        "DType": "the type of dtypes, for annotations",
    },
}
"""Names that are not here, and why, by namespace."""


def public(space: str) -> list[str]:
    """The names of a namespace of PyTorch that are meant for users, in alphabetical order."""
    if space in FUNCTIONS:
        return _names_of(space)
    module = importlib.import_module(f"torch.{space}")
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    return sorted({name for name in names if _is_public(module, name)}, key=lambda name: (name.lower(), name))


def _is_public(module: ModuleType, name: str) -> bool:
    """Whether a name is a class or function of PyTorch's, and not one that the module only imports for itself."""
    value = getattr(module, name)
    if inspect.ismodule(value) or not callable(value):
        return False
    home = getattr(value, "__module__", None) or "torch"
    borrowed = home.startswith(("typing", "collections", "abc", "enum", "copy", "functools", "contextlib", "warnings"))
    elsewhere = home in ("torch", "torch.types") and inspect.isclass(value)  # Tensor and its like
    layers = home.startswith(("torch.nn.modules", "torch.nn.parameter")) and ".utils" in module.__name__
    return not (borrowed or elsewhere or layers) or name == "DType"


def _place(package: str, space: str) -> Any:
    """A module of a package, or a class or the package itself; None if there is none."""
    if space == "Tensor":
        return importlib.import_module(package).Tensor
    try:
        return importlib.import_module(f"{package}.{space}".rstrip("."))
    except ModuleNotFoundError:
        return None


def _names_of(space: str) -> list[str]:
    """The names of a namespace of functions: those it lists, or else all that do not begin with an underscore."""
    place = _place("torch", space)
    listed = getattr(place, "__all__", None) if space not in ("", "Tensor") else None
    protocol = re.compile(r"__\w+__") if space == "Tensor" else re.compile(r"(?!)")
    found = listed or [name for name in dir(place) if not name.startswith("_") or protocol.fullmatch(name)]
    found = set(found) - {"__slotnames__"}  # Python's, once a class has been copied
    return sorted((n for n in found if not _is_borrowed(place, n)), key=lambda name: (name.lower(), name))


def _is_borrowed(place: Any, name: str) -> bool:
    """Whether a namespace only imports a name: a module of Python's, a type for annotations, a text for docstrings."""
    value = getattr(place, name)
    if inspect.ismodule(value):
        return not value.__name__.startswith("torch") or value.__name__ == "torch"
    home = getattr(value, "__module__", None) or ""
    elsewhere = ("typing", "collections", "abc", "functools", "contextlib", "warnings", "itertools", "enum", "logging")
    docs = (isinstance(value, (str, dict)) or name == "Tensor" != place.__name__) and inspect.ismodule(place)
    return docs or home.startswith((*elsewhere, "dataclasses", "typing_extensions", "_weakref", "weakref"))


def here(space: str, name: str) -> bool:
    """Whether lamina has a name, and not only to say that it does not do what is asked for."""
    if space in FUNCTIONS:
        place = _place("lamina", space)
        return hasattr(place, name) and not hasattr(getattr(place, name), "refuses")
    try:
        module: Any = importlib.import_module(f"lamina.{space}")
    except ModuleNotFoundError:
        return False
    return hasattr(module, name)


def mentions() -> dict[str, set[str]]:
    """For each word in the tests, the files that it stands in."""
    found: dict[str, set[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if file.name == "test_coverage.py":
            continue
        for word in set(re.findall(r"\w+", file.read_text())):
            found.setdefault(word, set()).add(str(file.relative_to(ROOT / "tests")))
    return found


def tested(name: str, words: dict[str, set[str]]) -> list[str]:
    """Up to three test files that name something; `MaxPool2d` is often written `f"MaxPool{space}d"`."""
    files = set(words.get(name, ()))
    numbered = re.fullmatch(r"(\w*?)([123])d(\w*)", name)
    if numbered:
        pattern = re.compile(rf"{re.escape(numbered[1])}\{{[^}}]+\}}d{re.escape(numbered[3])}")
        files |= {
            str(file.relative_to(ROOT / "tests"))
            for file in sorted((ROOT / "tests").rglob("test_*.py"))
            if pattern.search(file.read_text())
        }
    return sorted(files, key=lambda file: (not file.startswith(("against_torch", "nn", "ops")), file))[:3]


def r_names() -> list[str]:
    """What torch for R exports of modules, functions, optimizers and schedules."""
    lines = R_NAMES.read_text().splitlines() if R_NAMES.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def rows(space: str) -> list[tuple[str, str]]:
    """(name, what is to be said of it) for a namespace of PyTorch."""
    words = mentions()
    found = []
    for name in public(space):
        if here(space, name):
            found.append((name, ", ".join(tested(name, words)) or "not tested"))
        else:
            found.append((name, f"**not here**: {reason(space, name)}"))
    return found


def reason(space: str, name: str) -> str:
    """Why a name is not here; empty if nothing says so."""
    return REASONS.get(name, "") if space in FUNCTIONS else NOT_MEANT.get(space, {}).get(name, "")


def missing(space: str) -> dict[str, str]:
    """The names of a namespace that are not here, with their reasons."""
    return {name: reason(space, name) for name in public(space) if not here(space, name)}


def _title(space: str) -> str:
    return f"torch.{space}".rstrip(".")


def _functions(space: str) -> list[str]:
    """What is said of a namespace of functions: what is not here, by reason."""
    by_reason: dict[str, list[str]] = {}
    for name, said in missing(space).items():
        by_reason.setdefault(said, []).append(name)
    lines = ["", f"## `{_title(space)}`", ""]
    if not by_reason:
        return [*lines, "All names are here."]
    lines += ["| not here | why |", "| --- | --- |"]
    return lines + [
        f"| {', '.join(f'`{name}`' for name in names)} | {said} |" for said, names in sorted(by_reason.items())
    ]


def page() -> str:
    """The whole page."""
    lines = [
        "# What is here of PyTorch",
        "",
        "The public names of PyTorch 2.13's `torch`, `torch.Tensor` and the modules of functions; every class and",
        "function of `torch.nn`; and every module, function, optimizer and schedule that torch for R exports. What is",
        "not here has a reason. Of `torch.nn` each name stands with the tests that compare it; functions and methods",
        "are compared by `tests/against_torch/test_every_operation.py`. `make coverage` writes this page; a test keeps",
        "it true.",
        "",
        "| namespace | names | here |",
        "| --- | ---: | ---: |",
    ]
    for space in FUNCTIONS:
        count = len(public(space))
        lines.append(f"| `{_title(space)}` | {count} | {count - len(missing(space))} |")
    tables = {space: rows(space) for space in SPACES}
    for space, table in tables.items():
        lines.append(f"| `torch.{space}` | {len(table)} | {sum('not here' not in said for _, said in table)} |")
    names = r_names()
    lines.append(f"| torch for R | {len(names)} | {sum(hasattr(rtorch, name) for name in names)} |")
    for space in FUNCTIONS:
        lines += _functions(space)
    for space, table in tables.items():
        lines += ["", f"## `torch.{space}`", "", "| name | tests |", "| --- | --- |"]
        lines += [f"| `{name}` | {said} |" for name, said in table]
    lines += ["", "## torch for R", "", "All of these are in `lamina.rtorch`:", ""]
    lines.append(", ".join(f"`{name}`" for name in names if hasattr(rtorch, name)) + ".")
    lacking = [name for name in names if not hasattr(rtorch, name)]
    if lacking:
        lines += ["", "Not here yet: " + ", ".join(f"`{name}`" for name in lacking) + "."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
