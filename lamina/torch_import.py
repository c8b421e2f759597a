"""`as_torch`: while it holds, `import torch` and everything below it finds lamina."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from lamina.version import __version__ as follows

__all__ = ["as_torch"]

_SAME = frozenset(
    "accelerator amp autograd backends compiler cpu cuda distributed distributions fft func futures hub jit linalg "
    "masked mps multiprocessing nested nn onnx optim profiler quasirandom random signal sparse special testing types "
    "utils version xpu".split()
)
"""Rooms that have the same name here; what lies below them has too."""

_ELSEWHERE = {
    "torch.functional": "lamina",
    "torch.serialization": "lamina.io",
    "torch.storage": "lamina.storage",
    "torch.torch_version": "lamina.version",
    "torch.utils.data": "lamina.data",
    "torch.utils.model_zoo": "lamina.hub",
}
"""Rooms that have another name here, where there is none of the same name."""

_PARTS = ("torch.nn.modules.", "torch.utils.data.")
"""Below these PyTorch sorts its names into files in its own way: any file there shows the names of the whole room."""


def _home(name: str) -> str:
    """The module that `torch.<name>` stands for, or "" if there is none.

    >>> _home("torch.nn.functional"), _home("torch.functional"), _home("torch.fx")
    ('lamina.nn.functional', 'lamina', '')
    """
    rest = name.removeprefix("torch.")
    if rest.partition(".")[0] in _SAME and _exists(f"lamina.{rest}"):
        return f"lamina.{rest}"
    if name in _ELSEWHERE:
        return _ELSEWHERE[name] if _exists(_ELSEWHERE[name]) else ""
    for part in _PARTS:
        if name.startswith(part):
            return _home(part[:-1])
    return ""


def _exists(name: str) -> bool:
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _root() -> ModuleType:
    """The module `torch`: the names of lamina, and the version of PyTorch that it follows."""
    import lamina

    def missing(name: str) -> Any:
        full = f"torch.{name}"
        if hasattr(lamina, name) and (not isinstance(getattr(lamina, name), ModuleType) or _home(full)):
            return getattr(lamina, name)
        if not name.startswith("_") and _home(full):
            return importlib.import_module(full)
        raise AttributeError(f"module 'torch' has no attribute {name!r}: lamina has no {full}")

    torch = ModuleType("torch", "lamina, under the name of torch.")
    names = {name: x for name, x in vars(lamina).items() if not name.startswith("__")}
    for name, x in list(names.items()):
        if isinstance(x, ModuleType) and not _home(f"torch.{name}"):
            del names[name]  # rooms that PyTorch does not have, such as lamina.ops
    vars(torch).update(names)
    vars(torch).update(
        __version__=follows, __getattr__=missing, __path__=[], __file__=lamina.__file__, __dir__=lambda: sorted(names)
    )
    return torch


class _Existing(Loader):
    """Loads a module that is there under another name."""

    def __init__(self, home: str) -> None:
        self.home = home

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _root() if self.home == "lamina" and spec.name == "torch" else importlib.import_module(self.home)
        self.kept = getattr(module, "__spec__", None)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if self.kept is not None:  # the import system has written the name with torch into it
            module.__spec__ = self.kept


class _Finder(MetaPathFinder):
    """Answers for `torch` and all below it: with lamina's module, or by saying that lamina has none."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "torch":
            return ModuleSpec(name, _Existing("lamina"), is_package=True)
        if not name.startswith("torch."):
            return None
        home = _home(name)
        if not home:
            raise ModuleNotFoundError(f"lamina has no {name}", name=name.replace("torch", "lamina", 1))
        return ModuleSpec(name, _Existing(home), is_package=True)


_finder = _Finder()


def _entries() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name == "torch" or name.startswith("torch.")}


def _users() -> str:
    """A few of the modules that have imported the real torch, to name them."""
    torch = sys.modules["torch"]
    inner = ("torch", "lamina")
    found = [
        name
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] not in inner
        and any(x is torch for x in list(getattr(module, "__dict__", {}).values()))
    ]
    return f" (by {', '.join(sorted(found)[:3])})" if found else ""


class as_torch:
    """From now on `import torch` finds lamina; as a context manager, until the end of the block.

    Everything below goes with it: `import torch.nn.functional as F`, `from torch.utils.data import DataLoader`. What
    lamina lacks raises ModuleNotFoundError, or AttributeError, that says so. `torch.__version__` is the version of
    PyTorch that lamina follows. At the end of a block all of `torch` in `sys.modules` is as it was; other modules that
    were imported within it stay, and keep lamina.

    Args:
        swap: put the real torch aside if it has been imported. Without this that is an error, since modules that have
            it would go on using it. At the end of a block it is back.

    >>> import lamina
    >>> with lamina.as_torch(swap=True):
    ...     import torch
    ...     from torch.nn import functional as F
    >>> torch.nn is lamina.nn, F.relu(torch.tensor([-1.0, 2.0]))
    (True, tensor([0., 2.]))
    """

    def __init__(self, swap: bool = False) -> None:
        self._saved = _entries()
        self._had_finder = _finder in sys.meta_path
        if self._had_finder:
            return
        if sys.modules.get("torch") is not None and not swap:
            raise ImportError(
                f"as_torch: the real torch has been imported already{_users()}, and what has it would go on using it. "
                "Call lamina.as_torch() before anything imports torch, run the program by `lamina run`, or put the "
                "real one aside for a while: `with lamina.as_torch(swap=True): ...`"
            )
        for name in self._saved:
            del sys.modules[name]
        sys.meta_path.insert(0, _finder)
        importlib.import_module("torch")

    def __enter__(self) -> ModuleType:
        return sys.modules["torch"]

    def __exit__(self, *error: Any) -> None:
        for name in _entries():
            del sys.modules[name]
        sys.modules.update(self._saved)
        if not self._had_finder:
            sys.meta_path.remove(_finder)
