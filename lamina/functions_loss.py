"""Losses of numbers and probabilities as `lamina.nn.functional` has them.

That is with warnings, with the names of reductions, and with the arguments that came before these.
"""

from __future__ import annotations

import warnings

from lamina import bounds, functions
from lamina.ops.loss import MEAN, NONE, SUM
from lamina.tensor import Tensor


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)^2, and of that the mean, the sum, or for reduction "none" all elements.

    input, target and weight (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.mse_loss(input, target, weight, reduction_code(reduction, size_average, reduce))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|, and of that the mean, the sum, or for reduction "none" all elements.

    input, target and weight (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.l1_loss(input, target, weight, reduction_code(reduction, size_average, reduce))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """0.5 d^2 / beta where |d| < beta, else |d| - 0.5 beta, with d = input - target; reduced.

    input and target (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.smooth_l1_loss(input, target, reduction_code(reduction, size_average, reduce), beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """0.5 d^2 where |d| <= delta, else delta (|d| - 0.5 delta), with d = input - target; reduced.

    input, target and weight (*) -> () or (*)
    """
    _warn_of_sizes(input, target)
    return functions.huber_loss(input, target, reduction_code(reduction), delta, weight)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-weight * (target * log(input) + (1 - target) * log(1 - input)), logarithms being at least -100; reduced.

    input (probabilities) and target (*) -> () or (*)
    """
    return functions.binary_cross_entropy(input, target, weight, reduction_code(reduction, size_average, reduce))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), without the loss of digits; positive targets count pos_weight times.

    input and target (*) -> () or (*)
    """
    code = reduction_code(reduction, size_average, reduce)
    return functions.binary_cross_entropy_with_logits(input, target, weight, pos_weight, code)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log(target) - input), input being log-probabilities; reduced.

    "batchmean" divides the sum by the first size, as the definition has it.
    input and target (*), with log_target the logarithm -> () or (*)
    """
    legacy = size_average is not None or reduce is not None
    if reduction == "mean" and not legacy:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. "
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition. "
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction == "batchmean" and not legacy:
        loss = functions.kl_div(input, target, reduction_code("sum"), log_target=log_target)
        return loss / input.shape[0] if input.ndim else loss
    code = reduction_code(reduction, size_average, reduce)
    return functions.kl_div(input, target, code, log_target=log_target)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-log of Poisson's probability of target, but for a constant; input is the logarithm of the mean, if `log_input`.

    That is exp(input) - target * input, or input - target * log(input + eps); reduced. `full` adds Stirling's
    approximation of the constant log(target!).
    input and target (*) -> () or (*)
    """
    code = reduction_code(reduction, size_average, reduce)
    return functions.poisson_nll_loss(input, target, log_input, full, eps, code)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """0.5 * (log(var) + (input - target)^2 / var), where var is at least eps; reduced. `full` adds 0.5 * log(2 pi).

    A negative variance is an error if it is known already, else the loss is NaN.
    input and target (*, E), var (*, E), (*, 1), (*) or a number -> () or (*, E)

    >>> import lamina
    >>> mean, target = lamina.tensor([0.0, 1.0]), lamina.tensor([1.0, 1.0])
    >>> lamina.nn.functional.gaussian_nll_loss(mean, target, lamina.tensor([1.0, 1.0]))
    tensor(0.2500)
    """
    if var < 0 if isinstance(var, (int, float)) else bounds.any_negative(var):
        raise ValueError("var has negative entry/entries")
    return functions.gaussian_nll_loss(input, target, var, full, eps, reduction_code(reduction))


def reduction_code(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> int:
    """The number of a reduction, as operations take it."""
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction, stacklevel=4)
    if reduction == "elementwise_mean":
        warnings.warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.", stacklevel=3)
        return _CODES["mean"]
    code = _CODES.get(reduction)
    if code is None:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return code


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str, stacklevel: int = 3) -> str:
    """What `size_average` and `reduce`, if given, mean as a `reduction`."""
    if size_average is None and reduce is None:
        return reduction
    summed = reduce is None or reduce
    reduction = "none" if not summed else "mean" if size_average is None or size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
        stacklevel=stacklevel,
    )
    return reduction


_CODES = {"none": NONE, "mean": MEAN, "sum": SUM}


def _warn_of_sizes(input: Tensor, target: Tensor) -> None:
    if target.shape != input.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
            "This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


PUBLIC = dict.fromkeys(
    (
        "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss", "gaussian_nll_loss",
    ),
    "functional",
)  # fmt: skip
"""Where users find each function."""
