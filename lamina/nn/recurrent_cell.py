"""Single steps of recurrent layers: RNNCell, LSTMCell, GRUCell."""

from __future__ import annotations

import math
from typing import Any

from lamina import functions
from lamina.creation import empty, zeros
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.tensor import Tensor


class RNNCellBase(Module):
    """What the cells share: one step of a layer, its parameters and their options.

    Args:
        input_size, hidden_size: last sizes of the input and of the state.
        bias: whether to add biases.
        num_chunks: the number of gates.
    Source: torch.nn.RNNCellBase.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(gates, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(gates, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(gates, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _zeros(self, input: Tensor) -> Tensor:
        """The state before the first step."""
        return zeros(*input.shape[:-1], self.hidden_size, dtype=input.dtype, device=input.device)

    def extra_repr(self) -> str:
        """The constructor's arguments, as far as they are not the defaults."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias is True else f", bias={self.bias}")


class RNNCell(RNNCellBase):
    """One step of an RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu instead of tanh.

    Args:
        input_size, hidden_size: last sizes of the input and of the state.
        bias: whether to add biases.
        nonlinearity: 'tanh' or 'relu'.
    Shapes:
        input (N, input_size), hx (N, hidden_size), default zeros, or both without N -> h' as hx
    Parameters:
        weight_ih (hidden_size, input_size): from U(-b, b), b = 1 / sqrt(hidden_size)
        weight_hh (hidden_size, hidden_size): from U(-b, b)
        bias_ih, bias_hh (hidden_size,) or None: from U(-b, b)
    Source: torch.nn.RNNCell.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        cell = functions.rnn_tanh_cell if self.nonlinearity == "tanh" else functions.rnn_relu_cell
        hx = self._zeros(input) if hx is None else hx
        return cell(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self) -> str:
        """The constructor's arguments, as far as they are not the defaults."""
        nonlinearity = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + nonlinearity


class LSTMCell(RNNCellBase):
    """One step of an LSTM, see `LSTM` for the formula.

    Args:
        input_size, hidden_size: last sizes of the input and of the states.
        bias: whether to add biases.
    Shapes:
        input (N, input_size), hx = (h, c) (N, hidden_size), default zeros, or all without N -> (h', c') as h and c
    Parameters:
        weight_ih (4 hidden_size, input_size): from U(-b, b), b = 1 / sqrt(hidden_size)
        weight_hh (4 hidden_size, hidden_size): from U(-b, b)
        bias_ih, bias_hh (4 hidden_size,) or None: from U(-b, b)
    Source: torch.nn.LSTMCell.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The next states, (h', c')."""
        if hx is None:
            hx = (self._zeros(input), self._zeros(input))
        return functions.lstm_cell(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class GRUCell(RNNCellBase):
    """One step of a GRU, see `GRU` for the formula.

    Args:
        input_size, hidden_size: last sizes of the input and of the state.
        bias: whether to add biases.
    Shapes:
        input (N, input_size), hx (N, hidden_size), default zeros, or both without N -> h' as hx
    Parameters:
        weight_ih (3 hidden_size, input_size): from U(-b, b), b = 1 / sqrt(hidden_size)
        weight_hh (3 hidden_size, hidden_size): from U(-b, b)
        bias_ih, bias_hh (3 hidden_size,) or None: from U(-b, b)
    Source: torch.nn.GRUCell.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        hx = self._zeros(input) if hx is None else hx
        return functions.gru_cell(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
