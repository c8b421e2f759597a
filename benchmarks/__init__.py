"""Whole training steps of lamina beside PyTorch's, plain JAX's and other libraries'."""
