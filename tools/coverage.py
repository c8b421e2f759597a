"""Write `docs/coverage.md`: every public name of `torch.nn` and of torch for R, whether it is here, and what tests it.

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


def here(space: str, name: str) -> bool:
    """Whether lamina has a name."""
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
            found.append((name, f"**not here**: {NOT_MEANT.get(space, {}).get(name, '')}"))
    return found


def page() -> str:
    """The whole page."""
    lines = [
        "# What is here of `torch.nn`",
        "",
        "Every public class and function of PyTorch 2.13's `torch.nn`, and every module, function, optimizer and",
        "schedule that torch for R exports: with the tests that compare it, or the reason why it is not here.",
        "`make coverage` writes this page; a test keeps it true.",
        "",
        "| namespace | names | here |",
        "| --- | ---: | ---: |",
    ]
    tables = {space: rows(space) for space in SPACES}
    for space, table in tables.items():
        lines.append(f"| `torch.{space}` | {len(table)} | {sum('not here' not in said for _, said in table)} |")
    names = r_names()
    lines.append(f"| torch for R | {len(names)} | {sum(hasattr(rtorch, name) for name in names)} |")
    for space, table in tables.items():
        lines += ["", f"## `torch.{space}`", "", "| name | tests |", "| --- | --- |"]
        lines += [f"| `{name}` | {said} |" for name, said in table]
    lines += ["", "## torch for R", "", "All of these are in `lamina.rtorch`:", ""]
    lines.append(", ".join(f"`{name}`" for name in names if hasattr(rtorch, name)) + ".")
    missing = [name for name in names if not hasattr(rtorch, name)]
    if missing:
        lines += ["", "Not here yet: " + ", ".join(f"`{name}`" for name in missing) + "."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
