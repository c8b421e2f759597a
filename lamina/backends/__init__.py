"""What programs ask and set of PyTorch's backends. XLA has its own: flags are remembered, answers are about it."""

import sys

from lamina.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum
from lamina.backends.fp32 import BackendsModule

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]

sys.modules[__name__].__class__ = BackendsModule
