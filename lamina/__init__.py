"""lamina: PyTorch's modules, tensors and autograd, run by XLA through JAX."""

from lamina import namespace

namespace.fill(globals())

from lamina import (  # noqa: E402
    amp,
    autograd,
    cuda,
    data,
    dtypes,
    engine,
    fft,
    fit,
    func,
    io,
    linalg,
    nn,
    optim,
    special,
    utils,
)

namespace.also("lamina.utils.data", data)

__all__ = [
    "amp", "autograd", "cuda", "data", "dtypes", "engine", "fft", "fit", "func", "io", "linalg", "nn", "optim",
    "special", "utils",
]  # fmt: skip
__version__ = "0.1.0"
