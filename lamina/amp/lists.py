"""Which operations `autocast` computes in which type, by PyTorch's lists for the CPU and for GPUs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

LOWER, FLOAT32, WIDEST = "lower", "float32", "widest"

_BOTH_LOWER = (
    "conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d prelu matmul mm bmm linear addmm "
    "addbmm baddbmm attention attention_dropout"
)
_LOWER = {
    "cpu": f"{_BOTH_LOWER} einsum_of recurrent recurrent_dropout",
    "gpu": f"{_BOTH_LOWER} addmv addr mv einsum_of lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell recurrent "
    "recurrent_dropout",
}
_FLOAT32 = {
    "cpu": (
        "avg_pool3d binary_cross_entropy binary_cross_entropy_with_logits grid_sampler prod trace cdist inv pinv qr "
        "geqrf householder_product svd svdvals solve matrix_exp max_pool3d_values max_pool3d_with_indices max_unpool2d "
        "max_unpool3d adaptive_avg_pool3d adaptive_max_pool3d fractional_max_pool2d fractional_max_pool3d mse_loss "
        "nll_loss cross_entropy l1_loss smooth_l1_loss huber_loss kl_div quantile nanquantile cholesky "
        "cholesky_inverse cholesky_solve lu_solve ctc_loss"
    ),
    "gpu": (
        "acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan pow rpow softplus layer_norm "
        "rms_norm group_norm nll_loss cross_entropy kl_div l1_loss smooth_l1_loss huber_loss mse_loss "
        "binary_cross_entropy_with_logits dist cdist logsumexp interpolate prod softmax softmin log_softmax cumprod "
        "cumsum vector_norm matrix_norm norm norm_of_all sum"
    ),
}
_WIDEST = {
    "cpu": "stack cat index_copy",
    "gpu": "addcdiv addcmul atan2 bilinear cross dot vdot grid_sampler index_put_at tensordot_at scatter_add stack cat",
}


def _table(platform: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for how, names in ((LOWER, _LOWER), (FLOAT32, _FLOAT32), (WIDEST, _WIDEST)):
        found.update(dict.fromkeys(names[platform].split(), how))
    return found


TABLE = {"cpu": _table("cpu"), "gpu": _table("gpu")}
"""By platform and operation: `lower` (the type of autocast), `float32`, or `widest` of the operands' types."""


class Cast:
    """An operation whose floating operands are cast first."""

    def __init__(self, op: Any, how: str, dtype: np.dtype) -> None:
        self.op, self.how, self.dtype = op, how, dtype
        self.name, self.random, self.saves = op.name, op.random, op.saves
        self.differentiable, self.grad_name = op.differentiable, op.grad_name
        self.stable_name = None if op.stable_name is None else f"{op.stable_name} cast {how} {dtype.name}"

    def __repr__(self) -> str:
        return f"<op {self.name}, cast to {self.dtype.name if self.how == LOWER else self.how}>"

    def call(self, operands: Any, static: Any, function: Any = None) -> Any:
        """The operation's results, of operands that were cast."""
        if function is not None:
            return self.op.call(operands, static, function)
        if self.how == WIDEST:
            kinds = {x.dtype for x in _arrays(operands) if _eligible(x)}
            if len(kinds) < 2:
                return self.op.call(operands, static)
        return self.op.call(_cast(operands, self.dtype if self.how == LOWER else np.dtype(np.float32)), static)


def _eligible(x: Any) -> bool:
    return (
        hasattr(x, "dtype")
        and not getattr(x, "weak_type", False)
        and jnp.issubdtype(x.dtype, jnp.floating)
        and x.dtype != np.float64
    )


def _arrays(operands: Any) -> list[Any]:
    return [y for x in operands for y in (_arrays(x) if isinstance(x, (tuple, list)) else [x])]


def _cast(operands: Any, dtype: Any) -> tuple[Any, ...]:
    return tuple(
        _cast(x, dtype) if isinstance(x, (tuple, list)) else x.astype(dtype) if _eligible(x) else x for x in operands
    )


@dataclass(frozen=True)
class Casting:
    """What autocast does to operations: the type that each platform computes in, for those where it is on."""

    dtypes: tuple[tuple[str, np.dtype], ...]

    def of(self, op: Any, platform: str, static: Any = ()) -> Any:
        """The operation to record in place of op, which has these constants."""
        for name, dtype in self.dtypes:
            if platform in (name, "traced") and op.__class__ is not Cast:
                how = TABLE[name].get(op.name)
                if how is not None and not (name == "cpu" and "GRU" in static):  # PyTorch's own omission
                    return _variant(op, how, dtype)
        return op


@functools.cache
def _variant(op: Any, how: str, dtype: np.dtype) -> Cast:
    return Cast(op, how, dtype)


@functools.cache
def casting(dtypes: tuple[tuple[str, np.dtype], ...]) -> Casting | None:
    """The one Casting of these; None where autocast is off."""
    return Casting(dtypes) if dtypes else None
