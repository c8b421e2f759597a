"""Operations: one pure JAX function each, by kind. Importing this package fills `op.TABLE`."""

from lamina.ops import (
    activation,
    conv,
    embedding,
    index,
    linalg,
    logic,
    loss,
    norm,
    optim,
    padding,
    pointwise,
    pool,
    random,
    recurrent,
    reduce,
    search,
    shape,
)
from lamina.ops.op import TABLE, Op

__all__ = [
    "TABLE",
    "Op",
    "activation",
    "conv",
    "embedding",
    "index",
    "linalg",
    "logic",
    "loss",
    "norm",
    "optim",
    "padding",
    "pointwise",
    "pool",
    "random",
    "recurrent",
    "reduce",
    "search",
    "shape",
]
