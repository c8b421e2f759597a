"""lamina: PyTorch's modules, tensors and autograd, run by XLA through JAX."""

import importlib as _importlib
from types import ModuleType as _ModuleType

from lamina import namespace

namespace.fill(globals())

# fmt: off
from lamina import (  # noqa: E402
    amp,
    autograd,
    cuda,
    data,
    dtypes,
    engine,
    fft,
    func,
    io,
    linalg,
    nn,
    optim,
    random,
    sparse,
    special,
    utils,
)

namespace.also("lamina.utils.data", data)

_LATE = (
    "accelerator", "backends", "compiler", "cpu", "distributed", "distributions", "fit", "hub", "jit", "mps",
    "multiprocessing", "nested", "onnx", "profiler", "testing", "types", "version", "xpu",
)
"""Rooms that few programs enter: each is imported when somebody asks for it, as `lamina.fit` or by `import`."""

__all__ = [
    "amp", "autograd", "cuda", "data", "dtypes", "engine", "fft", "func", "io", "linalg", "nn", "optim",
    "random", "sparse", "special", "utils",
    "accelerator", "backends", "compiler", "cpu", "distributed", "distributions", "fit", "hub", "jit", "mps",
    "multiprocessing", "nested", "onnx", "profiler", "testing", "types", "version", "xpu",
]
# fmt: on
__version__ = "0.1.0"


def __getattr__(name: str) -> _ModuleType:
    if name in _LATE:
        return _importlib.import_module(f"lamina.{name}")
    raise AttributeError(f"module 'lamina' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
