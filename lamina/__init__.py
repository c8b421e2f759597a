"""lamina: PyTorch's modules, tensors and autograd, run by XLA through JAX."""

from lamina import namespace

namespace.fill(globals())

from lamina import autograd, cuda, dtypes, engine, fft, func, linalg, nn, optim, special  # noqa: E402

__all__ = ["autograd", "cuda", "dtypes", "engine", "fft", "func", "linalg", "nn", "optim", "special"]
__version__ = "0.1.0"
