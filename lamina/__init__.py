"""lamina: PyTorch's modules, tensors and autograd, run by XLA through JAX."""

from lamina import namespace

namespace.fill(globals())

# fmt: off
from lamina import (  # noqa: E402
    accelerator,
    amp,
    autograd,
    backends,
    compiler,
    cpu,
    cuda,
    data,
    distributed,
    dtypes,
    engine,
    fft,
    fit,
    func,
    hub,
    io,
    jit,
    linalg,
    mps,
    multiprocessing,
    nn,
    onnx,
    optim,
    profiler,
    random,
    special,
    testing,
    types,
    utils,
    version,
    xpu,
)

namespace.also("lamina.utils.data", data)

__all__ = [
    "accelerator", "amp", "autograd", "backends", "compiler", "cpu", "cuda", "data", "distributed", "dtypes",
    "engine", "fft", "fit", "func", "hub", "io", "jit", "linalg", "mps", "multiprocessing", "nn", "onnx", "optim",
    "profiler", "random", "special", "testing", "types", "utils", "version", "xpu",
]
# fmt: on
__version__ = "0.1.0"
