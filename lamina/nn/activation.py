"""Activation layers: each is a function of `lamina.nn.functional`, with its options kept."""

from __future__ import annotations

import warnings
from typing import Any

from lamina.creation import empty
from lamina.nn import functional as F
from lamina.nn import init as initial
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor


class _Inplace(Module):
    """What layers share whose only option is to write into their input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class _Along(Module):
    """What the softmax layers share."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class ReLU(_Inplace):
    """output = max(0, input).

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.ReLU.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class Sigmoid(Module):
    """output = 1 / (1 + exp(-input)).

    Shapes:
        input (*) -> (*)
    Source: torch.nn.Sigmoid.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(Module):
    """output = tanh(input).

    Shapes:
        input (*) -> (*)
    Source: torch.nn.Tanh.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softmax(_Along):
    """output = exp(input) / sum of exp(input) along dim.

    Args:
        dim: the dimension that sums to 1.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Softmax.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(_Along):
    """output = input - log of the sum of exp(input) along dim.

    Args:
        dim: the dimension that sums to 1.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.LogSoftmax.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmin(_Along):
    """output = softmax(-input) along dim.

    Args:
        dim: the dimension that sums to 1.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Softmin.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """Softmax over the channels at each place of an image.

    Shapes:
        input (N, C, H, W) or (C, H, W) -> same
    Source: torch.nn.Softmax2d.
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)


class GELU(Module):
    """output = input * Phi(input), Phi the distribution function of the standard normal.

    Args:
        approximate: "none", or "tanh" for 0.5 input (1 + tanh(sqrt(2 / pi) (input + 0.044715 input^3))).
    Shapes:
        input (*) -> (*)
    Source: torch.nn.GELU.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class LeakyReLU(Module):
    """output = input where it is positive, else negative_slope * input.

    Args:
        negative_slope: the slope for negative inputs.
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.LeakyReLU.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}{', inplace=True' if self.inplace else ''}"


class ELU(Module):
    """output = input where it is positive, else alpha * (exp(input) - 1).

    Args:
        alpha: minus the lower limit.
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.ELU.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{', inplace=True' if self.inplace else ''}"


class SELU(_Inplace):
    """output = scale * elu(input, alpha), with scale = 1.0507 and alpha = 1.6733: mean 0 and variance 1 are kept.

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.SELU.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class CELU(Module):
    """output = input where it is positive, else alpha * (exp(input / alpha) - 1).

    Args:
        alpha: minus the lower limit.
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.CELU.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{', inplace=True' if self.inplace else ''}"


class SiLU(_Inplace):
    """output = input * sigmoid(input).

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.SiLU.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(_Inplace):
    """output = input * tanh(softplus(input)).

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Mish.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Softplus(Module):
    """output = log(1 + exp(beta * input)) / beta.

    Args:
        beta: how sharp the bend is.
        threshold: where beta * input is above it, the output is the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Softplus.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    """output = input / (1 + |input|).

    Shapes:
        input (*) -> (*)
    Source: torch.nn.Softsign.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Hardtanh(Module):
    """output = input, held between min_val and max_val.

    Args:
        min_val, max_val: the bounds.
        inplace: whether to write the result into the input.
        min_value, max_value: old names of the bounds.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Hardtanh.
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        if min_value is not None or max_value is not None:
            old = "min_value" if min_value is not None else "max_value"
            message = f"keyword argument `{old}` is deprecated and renamed to `{old[:-2]}`"
            warnings.warn(message, FutureWarning, stacklevel=2)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}{', inplace=True' if self.inplace else ''}"


class ReLU6(Hardtanh):
    """output = min(max(0, input), 6).

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.ReLU6.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(_Inplace):
    """output = min(max(0, input + 3), 6) / 6.

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Hardsigmoid.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(_Inplace):
    """output = input * min(max(0, input + 3), 6) / 6.

    Args:
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Hardswish.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class LogSigmoid(Module):
    """output = log(sigmoid(input)).

    Shapes:
        input (*) -> (*)
    Source: torch.nn.LogSigmoid.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class GLU(Module):
    """output = a * sigmoid(b), a and b the halves of input along dim.

    Args:
        dim: the dimension that is halved.
    Shapes:
        input (*, 2 E, *) -> (*, E, *)
    Source: torch.nn.GLU.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Threshold(Module):
    """output = input where it is greater than threshold, else value.

    Args:
        threshold: the largest input that is replaced.
        value: what it is replaced by.
        inplace: whether to write the result into the input.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Threshold.
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{', inplace=True' if self.inplace else ''}"


class Tanhshrink(Module):
    """output = input - tanh(input).

    Shapes:
        input (*) -> (*)
    Source: torch.nn.Tanhshrink.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Hardshrink(Module):
    """output = input where |input| > lambd, else 0.

    Args:
        lambd: the largest size that becomes 0.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Hardshrink.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """output = input moved by lambd towards 0, and 0 where it would cross it.

    Args:
        lambd: how far it moves.
    Shapes:
        input (*) -> (*)
    Source: torch.nn.Softshrink.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class PReLU(Module):
    """output = input where it is positive, else weight * input, with a learned weight.

    Args:
        num_parameters: one weight for all channels, or one for each.
        init: the weights' initial value.
    Shapes:
        input (N, C, *) or (*) -> same
    Parameters:
        weight (num_parameters,): init
    Source: torch.nn.PReLU.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weights to their initial value."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
