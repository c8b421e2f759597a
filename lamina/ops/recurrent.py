"""Recurrent layers and cells: RNN (tanh or relu), LSTM, GRU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lamina.ops import target
from lamina.ops.op import Array, Arrays, Key, Number, op
from lamina.ops.random import dropout
from lamina.ops.recurrent_loops import gru_scan, gru_step, lstm_scan, lstm_step, rnn_scan

_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


@op("")
def recurrent(
    input: Array,
    hx: Arrays | None,
    weights: Arrays,
    mode: str,
    bias: bool,
    bidirectional: bool,
    batch_first: bool,
    lengths: Array | None = None,
) -> tuple[jax.Array, ...]:
    """Layers of an RNN, LSTM or GRU over a sequence.

    K is the number of layers times that of directions, H the hidden size (P, the projected one, where there is one).
    The weights come layer by layer, in each the forward direction first: weight_ih, weight_hh, bias_ih, bias_hh (if
    bias), weight_hr (if projected).

    input (L, N, I), (N, L, I) if batch_first, or (L, I); states (K, N, H), or (K, H); None for zeros; lengths (N,):
    how many steps of each sequence count, all if None
    -> output (L, N, directions H) or as the input is, zero where no step counts; final states (K, N, H)
    """
    return _layers(input, hx, weights, mode, bias, bidirectional, batch_first, lengths, lambda output, layer: output)


@op("")
def recurrent_dropout(
    key: Key,
    input: Array,
    hx: Arrays | None,
    weights: Arrays,
    p: Number,
    mode: str,
    bias: bool,
    bidirectional: bool,
    batch_first: bool,
    lengths: Array | None = None,
) -> tuple[jax.Array, ...]:
    """`recurrent` with dropout, of probability p, on the output of each layer but the last."""

    def between(output: jax.Array, layer: int) -> jax.Array:
        # Layer k draws from a stream of its own: the seed differs, so no offset can make two of them meet.
        return dropout(Key(jnp.asarray(key.seed, jnp.uint64) ^ jnp.uint64(layer << 56), key.offset), output, p)

    return _layers(input, hx, weights, mode, bias, bidirectional, batch_first, lengths, between)


@op("lamina", grad_name="TanhBackward0", large=True)
def rnn_tanh_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> jax.Array:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    input (N, I), hx (N, H), w_ih (H, I), w_hh (H, H), biases (H,) -> (N, H)
    """
    return jnp.tanh(sum(_cell_gates("RNNCell", input, hx, w_ih, w_hh, b_ih, b_hh)))


@op("lamina", grad_name="ReluBackward0", large=True)
def rnn_relu_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> jax.Array:
    """h' = relu(W_ih x + b_ih + W_hh h + b_hh).

    input (N, I), hx (N, H), w_ih (H, I), w_hh (H, H), biases (H,) -> (N, H)
    """
    return jax.nn.relu(sum(_cell_gates("RNNCell", input, hx, w_ih, w_hh, b_ih, b_hh)))


@op("lamina", grad_name="MulBackward0", large=True)
def lstm_cell(
    input: Array, hx: Arrays, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> tuple[jax.Array, jax.Array]:
    """(i, f, g, o) = W_ih x + b_ih + W_hh h + b_hh; c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c').

    input (N, I), hx = (h, c) (N, H), w_ih (4 H, I), w_hh (4 H, H), biases (4 H,) -> (h', c') (N, H)
    """
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    gates = sum(_cell_gates("LSTMCell", input, hx[0], w_ih, w_hh, b_ih, b_hh))
    _check_cell_state("LSTMCell", input, hx[1], w_hh.shape[1], 1)
    *_, c, h = lstm_step(gates, hx[1])
    return h, c


@op("lamina", grad_name="AddBackward0", large=True)
def gru_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> jax.Array:
    """r = sigmoid(x_r + h_r); z = sigmoid(x_z + h_z); n = tanh(x_n + r h_n); h' = (1 - z) n + z h,
    with (x_r, x_z, x_n) = W_ih x + b_ih and (h_r, h_z, h_n) = W_hh h + b_hh.

    input (N, I), hx (N, H), w_ih (3 H, I), w_hh (3 H, H), biases (3 H,) -> (N, H)
    """
    gates, recurrent = _cell_gates("GRUCell", input, hx, w_ih, w_hh, b_ih, b_hh)
    return gru_step(gates, recurrent, hx)[-1]


# ---------------------------------------------------------------------------------------------------------- layers


def _layers(
    input: jax.Array,
    hx: Arrays | None,
    weights: Arrays,
    mode: str,
    bias: bool,
    bidirectional: bool,
    batch_first: bool,
    lengths: jax.Array | None,
    between: Callable[[jax.Array, int], jax.Array],
) -> tuple[jax.Array, ...]:
    name = mode.split("_")[0]
    directions = 2 if bidirectional else 1
    hidden = weights[0].shape[0] // _GATES[mode]
    output_size = weights[1].shape[1]
    projected = output_size != hidden
    per_direction = 2 + 2 * bias + projected
    count = len(weights) // per_direction
    sizes = (output_size, hidden) if mode == "LSTM" else (hidden,)
    _check_input(name, input, weights[0], lengths is not None)
    batched = input.ndim == 3
    if not batched:
        input = input[:, None]
    elif batch_first:
        input = input.swapaxes(0, 1)
    L, N = input.shape[:2]
    if L == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    if hx is None:
        states = [jnp.zeros((count, N, size), input.dtype) for size in sizes]
    else:
        _check_states(name, input, hx, [(count, N, size) for size in sizes], batched)
        states = [state if batched else state[:, None] for state in hx]
    valid = None
    if lengths is not None:
        valid = jnp.arange(L, dtype=lengths.dtype)[:, None, None] < lengths[:, None]
        input = jnp.where(valid, input, 0)  # whatever the padding holds, even nan, must reach no gradient

    finals: list[tuple[jax.Array, ...]] = []
    for first in range(0, count, directions):
        if first:
            input = between(input, first // directions)
        outputs = []
        for k in range(first, first + directions):
            own = weights[k * per_direction : (k + 1) * per_direction]
            output, *final = _direction(mode, input, [state[k] for state in states], own, bias, valid, k > first)
            outputs.append(output if valid is None else jnp.where(valid, output, 0))
            finals.append(tuple(final))
        input = outputs[0] if directions == 1 else jnp.concatenate(outputs, -1)
    results = [jnp.stack(each) for each in zip(*finals, strict=True)]
    if not batched:
        return (input[:, 0], *(state[:, 0] for state in results))
    return (input.swapaxes(0, 1) if batch_first else input, *results)


def _direction(
    mode: str,
    input: jax.Array,
    states: list[jax.Array],
    weights: Arrays,
    bias: bool,
    valid: jax.Array | None,
    reverse: bool,
) -> tuple[jax.Array, ...]:
    """One layer in one direction: (L, N, I) -> (L, N, H), final states (N, H)."""
    w_ih, w_hh, *rest = weights
    # What the input adds to the gates is one product for all L steps; only what depends on the state is in the loop.
    gates = target.times(input, w_ih.T)
    if mode == "GRU":
        # b_hh stays inside: the reset gate multiplies its last third.
        b_hh = rest[1] if bias else jnp.zeros(w_hh.shape[:1], w_hh.dtype)
        return gru_scan(reverse, gates + rest[0] if bias else gates, states[0], w_hh, b_hh, valid)
    if bias:
        gates = gates + (rest[0] + rest[1])
    if mode == "LSTM":
        w_hr = rest[-1] if len(rest) > 2 * bias else None
        return lstm_scan(reverse, gates, *states, w_hh, w_hr, valid)
    return rnn_scan(reverse, mode == "RNN_RELU", gates, states[0], w_hh, valid)


# ---------------------------------------------------------------------------------------------------------- cells


def _linear(input: jax.Array, weight: jax.Array, bias: jax.Array | None) -> jax.Array:
    product = jnp.matmul(input, weight.T, precision=target.products())
    return product if bias is None else product + bias


def _cell_gates(
    name: str, input: jax.Array, hx: jax.Array, w_ih: jax.Array, w_hh: jax.Array, b_ih: Any, b_hh: Any
) -> Any:
    """What the input and what the state adds to the gates."""
    if input.ndim not in (1, 2):
        raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
    _check_cell_dims(name, hx, 0)
    if input.shape[-1] != w_ih.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {w_ih.shape[1]}")
    _check_cell_state(name, input, hx, w_hh.shape[1], 0)
    return _linear(input, w_ih, b_ih), _linear(hx, w_hh, b_hh)


# ---------------------------------------------------------------------------------------------------------- checks


def _check_cell_dims(name: str, state: jax.Array, which: int) -> None:
    if state.ndim not in (1, 2):
        called = f"hx[{which}]" if name == "LSTMCell" else "hidden"
        raise ValueError(f"{name}: Expected {called} to be 1D or 2D, got {state.ndim}D instead")


def _check_cell_state(name: str, input: jax.Array, state: jax.Array, hidden: int, which: int) -> None:
    _check_cell_dims(name, state, which)
    if state.ndim > input.ndim:
        raise RuntimeError(f"hidden{which} has inconsistent hidden_size: got {state.shape[0]}, expected {hidden}")
    if input.ndim == 2 and input.shape[0] != state.shape[0]:
        raise RuntimeError(f"Input batch size {input.shape[0]} doesn't match hidden{which} batch size {state.shape[0]}")
    if state.shape[-1] != hidden:
        raise RuntimeError(f"hidden{which} has inconsistent hidden_size: got {state.shape[-1]}, expected {hidden}")


def _check_input(name: str, input: jax.Array, w_ih: jax.Array, packed: bool) -> None:
    if packed and input.ndim != 3:
        raise RuntimeError(f"input must have 2 dimensions, got {input.ndim - 1}")
    if input.ndim not in (2, 3):
        dims = f"{input.ndim}D tensor" if name == "RNN" else f"{input.ndim}D"
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {dims} instead")
    if input.dtype != w_ih.dtype:
        raise ValueError(
            f"RNN input dtype (lamina.{input.dtype}) does not match weight dtype (lamina.{w_ih.dtype}). Convert input: "
            f"input.to(lamina.{w_ih.dtype}), or convert model: model.to(lamina.{input.dtype})"
        )
    if input.shape[-1] != w_ih.shape[1]:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {w_ih.shape[1]}, got {input.shape[-1]}"
        )


def _check_states(name: str, input: jax.Array, hx: Arrays, expected: list[tuple[int, ...]], batched: bool) -> None:
    if len(hx) != len(expected):
        raise RuntimeError(f"{name}: hx must be {len(expected)} tensors, got {len(hx)}.")
    if any(state.ndim != 2 + batched for state in hx):
        kind, dims = ("batched 3-D", 3) if batched else ("unbatched 2-D", 2)
        if len(hx) == 2:
            raise RuntimeError(
                f"For {kind} input, hx and cx should also be {dims}-D but got ({hx[0].ndim}-D, {hx[1].ndim}-D) tensors"
            )
        raise RuntimeError(f"For {kind} input, hx should also be {dims}-D but got {hx[0].ndim}-D tensor")
    for number, (state, shape) in enumerate(zip(hx, expected, strict=True)):
        if state.dtype != input.dtype:
            raise RuntimeError(
                f"{name}: the initial state must be of the input's type, {input.dtype}, got {state.dtype}."
            )
        found = state.shape if batched else (state.shape[0], 1, state.shape[1])
        if found != shape:
            which = f"hidden[{number}]" if len(hx) == 2 else "hidden"
            raise RuntimeError(f"Expected {which} size {shape}, got {list(found)}")
