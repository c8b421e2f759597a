"""lamina: PyTorch's modules, tensors and autograd, run by XLA through JAX."""

from lamina import namespace

namespace.fill(globals())

from lamina import (  # noqa: E402
    amp,
    autograd,
    cuda,
    distributions,
    dtypes,
    engine,
    fft,
    func,
    io,
    linalg,
    nested,
    nn,
    optim,
    sparse,
    special,
    utils,
)

__all__ = [
    "amp", "autograd", "cuda", "distributions", "dtypes", "engine", "fft", "func", "io", "linalg", "nested", "nn",
    "optim", "sparse", "special", "utils",
]  # fmt: skip
__version__ = "0.1.0"
