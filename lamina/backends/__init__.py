"""What programs ask and set of PyTorch's backends. XLA has its own: flags are remembered, answers are about it."""

from lamina.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]
