"""Optimizers: what changes parameters by their gradients."""

from lamina.optim.adam import Adam, AdamW
from lamina.optim.lbfgs import LBFGS
from lamina.optim.optimizer import Optimizer
from lamina.optim.sgd import SGD

__all__ = ["LBFGS", "SGD", "Adam", "AdamW", "Optimizer"]
