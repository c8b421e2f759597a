"""Recurrent layers: RNN, LSTM, GRU."""

from __future__ import annotations

import math
import warnings
from typing import Any, TypeVar

from lamina import functions
from lamina.creation import empty
from lamina.nn import init
from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.nn.utils.packed_sequence import PackedSequence
from lamina.tensor import Tensor

Sequence = TypeVar("Sequence", Tensor, PackedSequence)
"""What a layer takes, and then returns: a padded batch, one sequence, or a packed batch."""

_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: options, parameters, and the run through layers and directions.

    Args:
        mode: 'RNN_TANH', 'RNN_RELU', 'LSTM' or 'GRU'.
        input_size, hidden_size: last sizes of the input and of the state.
        num_layers: how many layers; each after the first takes the output of the one before.
        bias: whether to add biases.
        batch_first: whether input and output are (N, L, *) instead of (L, N, *).
        dropout: in training, the probability of zeroing an element of the output of each layer but the last.
        bidirectional: whether a second set of parameters goes through the sequence backwards.
        proj_size: if positive, h is projected to this size (LSTM only).

    A `PackedSequence` in place of the input gives a `PackedSequence`, whose order the states keep: h_n is that of each
    sequence's own last step. `lamina.nn.utils.rnn` says what other lengths compile anew.
    Source: torch.nn.RNNBase.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_options(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        output_size = proj_size or hidden_size
        gates = _GATES[mode] * hidden_size
        self._names: list[list[str]] = []
        for layer in range(num_layers):
            size = input_size if layer == 0 else output_size * (2 if bidirectional else 1)
            for suffix in ("", "_reverse") if bidirectional else ("",):
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, size), "weight_hh": (gates, output_size)}
                if bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                self._names.append([f"{name}_l{layer}{suffix}" for name in shapes])
                for name, shape in zip(self._names[-1], shapes.values(), strict=True):
                    setattr(self, name, Parameter(empty(*shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: here for code that calls it to please cuDNN."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names]

    def _run(self, input: Tensor | PackedSequence, hx: Any) -> Any:
        if isinstance(input, PackedSequence):
            # States come and go in the order of the batch, so nothing need be sorted.
            x, batch_first, _ = input.padded()
            lengths = input.packing.lengths_on(x.device)
            output, *states = self._run_padded(x, hx, batch_first, lengths)
            return input.with_padded(output), *states
        return self._run_padded(input, hx, self.batch_first, None)

    def _run_padded(self, input: Tensor, hx: Any, batch_first: bool, lengths: Tensor | None) -> Any:
        weights = [getattr(self, name) for names in self._names for name in names]
        options = (self.mode, self.bias, self.bidirectional, batch_first, lengths)
        if self.training and self.dropout and self.num_layers > 1:
            return functions.recurrent_dropout(input, hx, weights, self.dropout, *options)
        return functions.recurrent(input, hx, weights, *options)

    def extra_repr(self) -> str:
        """The constructor's arguments, as far as they are not the defaults."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False
        }  # fmt: skip
        parts += [f"{name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        return ", ".join(parts)


class RNN(RNNBase):
    """An Elman RNN: h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or relu instead of tanh.

    >>> import lamina
    >>> from lamina import nn
    >>> output, h_n = nn.RNN(10, 20, num_layers=2)(lamina.ones(5, 3, 10))
    >>> output.shape, h_n.shape
    (lamina.Size([5, 3, 20]), lamina.Size([2, 3, 20]))

    Args:
        nonlinearity: 'tanh' or 'relu'. The others: see `RNNBase`.
    Shapes:
        input (L, N, input_size), (N, L, input_size) if batch_first, or (L, input_size); hx (K, N, hidden_size) or
        (K, hidden_size), default zeros -> output (L, N, D hidden_size) or as the input is; h_n as hx.
        D is 2 if bidirectional, else 1; K = D num_layers.
    Parameters:
        weight_ih_l[k] (hidden_size, input_size; for k > 0 D hidden_size): from U(-b, b), b = 1 / sqrt(hidden_size)
        weight_hh_l[k] (hidden_size, hidden_size): from U(-b, b)
        bias_ih_l[k], bias_hh_l[k] (hidden_size,), if bias: from U(-b, b)
        the same with _reverse, if bidirectional
    Source: torch.nn.RNN.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        proj_size: Any = None,
    ) -> None:
        _refuse_projection(proj_size)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )
        self.nonlinearity = nonlinearity

    def forward(self, input: Sequence, hx: Tensor | None = None) -> tuple[Sequence, Tensor]:
        """The outputs of the last layer, and the last state of each layer."""
        output, h_n = self._run(input, None if hx is None else (hx,))
        return output, h_n


class LSTM(RNNBase):
    """Long short-term memory: (i, f, g, o) = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh;
    c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g); h_t = sigmoid(o) tanh(c_t), or W_hr times that if projected.

    >>> import lamina
    >>> from lamina import nn
    >>> output, (h_n, c_n) = nn.LSTM(10, 20, num_layers=2)(lamina.ones(5, 3, 10))
    >>> output.shape, h_n.shape, c_n.shape
    (lamina.Size([5, 3, 20]), lamina.Size([2, 3, 20]), lamina.Size([2, 3, 20]))

    Args: see `RNNBase`.
    Shapes:
        input (L, N, input_size), (N, L, input_size) if batch_first, or (L, input_size); hx = (h_0, c_0), h_0 (K, N, P),
        c_0 (K, N, hidden_size), or both without N; default zeros -> output (L, N, D P) or as the input is; (h_n, c_n).
        D is 2 if bidirectional, else 1; K = D num_layers; P is proj_size if positive, else hidden_size.
    Parameters:
        weight_ih_l[k] (4 hidden_size, input_size; for k > 0 D P): from U(-b, b), b = 1 / sqrt(hidden_size)
        weight_hh_l[k] (4 hidden_size, P): from U(-b, b)
        bias_ih_l[k], bias_hh_l[k] (4 hidden_size,), if bias: from U(-b, b)
        weight_hr_l[k] (proj_size, hidden_size), if proj_size: from U(-b, b)
        the same with _reverse, if bidirectional
    Source: torch.nn.LSTM.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = (num_layers, bias, batch_first, dropout, bidirectional, proj_size)
        super().__init__("LSTM", input_size, hidden_size, *options, device, dtype)

    def forward(
        self, input: Sequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Sequence, tuple[Tensor, Tensor]]:
        """The outputs of the last layer, and the last state of each layer, (h_n, c_n)."""
        output, h_n, c_n = self._run(input, hx)
        return output, (h_n, c_n)


class GRU(RNNBase):
    """Gated recurrent unit: r = sigmoid(x_r + h_r); z = sigmoid(x_z + h_z); n = tanh(x_n + r h_n);
    h_t = (1 - z) n + z h_(t-1), with (x_r, x_z, x_n) = W_ih x_t + b_ih and (h_r, h_z, h_n) = W_hh h_(t-1) + b_hh.

    >>> import lamina
    >>> from lamina import nn
    >>> output, h_n = nn.GRU(10, 20, bidirectional=True)(lamina.ones(5, 3, 10))
    >>> output.shape, h_n.shape
    (lamina.Size([5, 3, 40]), lamina.Size([2, 3, 20]))

    Args: see `RNNBase`.
    Shapes:
        as for `RNN`.
    Parameters:
        weight_ih_l[k] (3 hidden_size, input_size; for k > 0 D hidden_size): from U(-b, b), b = 1 / sqrt(hidden_size)
        weight_hh_l[k] (3 hidden_size, hidden_size): from U(-b, b)
        bias_ih_l[k], bias_hh_l[k] (3 hidden_size,), if bias: from U(-b, b)
        the same with _reverse, if bidirectional
    Source: torch.nn.GRU.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        proj_size: Any = None,
    ) -> None:
        _refuse_projection(proj_size)
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )

    def forward(self, input: Sequence, hx: Tensor | None = None) -> tuple[Sequence, Tensor]:
        """The outputs of the last layer, and the last state of each layer."""
        output, h_n = self._run(input, None if hx is None else (hx,))
        return output, h_n


def _refuse_projection(proj_size: Any) -> None:
    if proj_size is not None:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


def _check_options(
    input_size: Any, hidden_size: Any, num_layers: Any, bias: Any, batch_first: Any, dropout: Any, proj_size: Any
) -> None:
    float(dropout)  # raises what PyTorch raises for what is no number at all
    if not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (("bias", bias, bool), ("batch_first", batch_first, bool)):
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(value, int):
            raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
