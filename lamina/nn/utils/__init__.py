"""Tools for modules: clipping, packing, parametrizing, pruning, fusing."""

from lamina.nn.utils import rnn

__all__ = ["rnn"]
