"""Recurrent layers and cells: RNN (tanh or relu), LSTM, GRU."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.ops.op import Array, Arrays, Key, Number, op
from lamina.ops.random import dropout

_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


@op("")
def recurrent(
    input: Array, hx: Arrays | None, weights: Arrays, mode: str, bias: bool, bidirectional: bool, batch_first: bool
) -> tuple[jax.Array, ...]:
    """Layers of an RNN, LSTM or GRU over a sequence.

    K is the number of layers times that of directions, H the hidden size (P, the projected one, where there is one).
    The weights come layer by layer, in each the forward direction first: weight_ih, weight_hh, bias_ih, bias_hh (if
    bias), weight_hr (if projected).

    input (L, N, I), (N, L, I) if batch_first, or (L, I); states (K, N, H), or (K, H); None for zeros
    -> output (L, N, directions H) or as the input is; final states (K, N, H)
    """
    return _layers(input, hx, weights, mode, bias, bidirectional, batch_first, lambda output, layer: output)


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
) -> tuple[jax.Array, ...]:
    """`recurrent` with dropout, of probability p, on the output of each layer but the last."""

    def between(output: jax.Array, layer: int) -> jax.Array:
        # Layer k draws from a stream of its own: the seed differs, so no offset can make two of them meet.
        return dropout(Key(jnp.asarray(key.seed, jnp.uint64) ^ jnp.uint64(layer << 56), key.offset), output, p)

    return _layers(input, hx, weights, mode, bias, bidirectional, batch_first, between)


@op("lamina", grad_name="TanhBackward0")
def rnn_tanh_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> jax.Array:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    input (N, I), hx (N, H), w_ih (H, I), w_hh (H, H), biases (H,) -> (N, H)
    """
    return jnp.tanh(sum(_cell_gates("RNNCell", input, hx, w_ih, w_hh, b_ih, b_hh)))


@op("lamina", grad_name="ReluBackward0")
def rnn_relu_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> jax.Array:
    """h' = relu(W_ih x + b_ih + W_hh h + b_hh).

    input (N, I), hx (N, H), w_ih (H, I), w_hh (H, H), biases (H,) -> (N, H)
    """
    return jax.nn.relu(sum(_cell_gates("RNNCell", input, hx, w_ih, w_hh, b_ih, b_hh)))


@op("lamina", grad_name="MulBackward0")
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
    *_, c, h = _lstm_step(gates, hx[1])
    return h, c


@op("lamina", grad_name="AddBackward0")
def gru_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> jax.Array:
    """r = sigmoid(x_r + h_r); z = sigmoid(x_z + h_z); n = tanh(x_n + r h_n); h' = (1 - z) n + z h,
    with (x_r, x_z, x_n) = W_ih x + b_ih and (h_r, h_z, h_n) = W_hh h + b_hh.

    input (N, I), hx (N, H), w_ih (3 H, I), w_hh (3 H, H), biases (3 H,) -> (N, H)
    """
    gates, recurrent = _cell_gates("GRUCell", input, hx, w_ih, w_hh, b_ih, b_hh)
    return _gru_step(gates, recurrent, hx)[-1]


# ---------------------------------------------------------------------------------------------------------- layers


def _layers(
    input: jax.Array,
    hx: Arrays | None,
    weights: Arrays,
    mode: str,
    bias: bool,
    bidirectional: bool,
    batch_first: bool,
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
    _check_input(name, input, weights[0])
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

    finals: list[tuple[jax.Array, ...]] = []
    for first in range(0, count, directions):
        if first:
            input = between(input, first // directions)
        outputs = []
        for k in range(first, first + directions):
            own = weights[k * per_direction : (k + 1) * per_direction]
            output, *final = _direction(mode, input, [state[k] for state in states], own, bias, reverse=k > first)
            outputs.append(output)
            finals.append(tuple(final))
        input = outputs[0] if directions == 1 else jnp.concatenate(outputs, -1)
    results = [jnp.stack(each) for each in zip(*finals, strict=True)]
    if not batched:
        return (input[:, 0], *(state[:, 0] for state in results))
    return (input.swapaxes(0, 1) if batch_first else input, *results)


def _direction(
    mode: str, input: jax.Array, states: list[jax.Array], weights: Arrays, bias: bool, reverse: bool
) -> tuple[jax.Array, ...]:
    """One layer in one direction: (L, N, I) -> (L, N, H), final states (N, H)."""
    w_ih, w_hh, *rest = weights
    # What the input adds to the gates is one product for all L steps; only what depends on the state is in the loop.
    gates = input @ w_ih.T
    if mode == "GRU":
        # b_hh stays inside: the reset gate multiplies its last third.
        b_hh = rest[1] if bias else jnp.zeros(w_hh.shape[:1], w_hh.dtype)
        return _gru_scan(reverse, gates + rest[0] if bias else gates, states[0], w_hh, b_hh)
    if bias:
        gates = gates + (rest[0] + rest[1])
    if mode == "LSTM":
        w_hr = rest[-1] if len(rest) > 2 * bias else None
        return _lstm_scan(reverse, gates, *states, w_hh, w_hr)
    return _rnn_scan(reverse, mode == "RNN_RELU", gates, states[0], w_hh)


# ---------------------------------------------------------------------------------------------------------- loops
# Each loop has a derivative of its own, half as long again as fast as JAX's (LSTM, L 64, N 32, H 256, two cores:
# forward and backward 16.1 ms, JAX's 23.3; H 128: 6.6 and 8.5). JAX's backward loop adds up the gradient of the
# weights step by step; here the loop gives the gradients of the gates, and the weights' gradient is one product over
# all steps after it. What needs no state of the backward loop (the slopes of the gates) is computed before it. All
# of it is ordinary JAX, so it can be differentiated again. Unrolling the loops 2, 4 or 16 times gained nothing that
# was worth the compile time, which it doubled.


def _previous(first: jax.Array, sequence: jax.Array, reverse: bool) -> jax.Array:
    """What each step of the loop started from."""
    if reverse:
        return jnp.concatenate([sequence[1:], first[None]])
    return jnp.concatenate([first[None], sequence[:-1]])


def _weight_gradient(grad_outputs: jax.Array, inputs: jax.Array) -> jax.Array:
    """The gradient of W in outputs = inputs @ W.T, over all steps at once: (L, N, O), (L, N, I) -> (O, I)."""
    return jnp.einsum("lno,lni->oi", grad_outputs, inputs)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _rnn_scan(
    reverse: bool, relu: bool, gates: jax.Array, h: jax.Array, w_hh: jax.Array
) -> tuple[jax.Array, jax.Array]:
    w = w_hh.T

    def step(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        pre = x + h @ w
        h = jnp.maximum(pre, 0) if relu else jnp.tanh(pre)
        return h, h

    h, hs = lax.scan(step, h, gates, reverse=reverse)
    return hs, h


def _rnn_forward(reverse: bool, relu: bool, gates: Any, h: Any, w_hh: Any) -> Any:
    hs, last = _rnn_scan(reverse, relu, gates, h, w_hh)
    return (hs, last), (hs, h, w_hh)


def _rnn_backward(reverse: bool, relu: bool, saved: Any, grads: Any) -> Any:
    hs, h, w_hh = saved
    slopes = (hs > 0).astype(hs.dtype) if relu else 1 - hs * hs

    def step(dh: Any, inputs: Any) -> Any:
        dy, slope = inputs
        dx = (dh + dy) * slope
        return dx @ w_hh, dx

    dh, dxs = lax.scan(step, grads[1], (grads[0], slopes), reverse=not reverse)
    return dxs, dh, _weight_gradient(dxs, _previous(h, hs, reverse))


_rnn_scan.defvjp(_rnn_forward, _rnn_backward)


def _lstm_step(gates: jax.Array, c: jax.Array) -> tuple[jax.Array, ...]:
    i, f, g, o = jnp.split(gates, 4, -1)
    i, f, g, o = lax.logistic(i), lax.logistic(f), jnp.tanh(g), lax.logistic(o)
    c = f * c + i * g
    return i, f, g, o, c, o * jnp.tanh(c)


def _lstm_loop(reverse: bool, gates: Any, h: Any, c: Any, w_hh: Any, w_hr: Any, saving: bool) -> Any:
    w = w_hh.T

    def step(state: Any, x: Any) -> Any:
        h, c = state
        *activations, c, h = _lstm_step(x + h @ w, c)
        if w_hr is not None:
            h = h @ w_hr.T
        return (h, c), (h, c, *activations) if saving else (h,)

    return lax.scan(step, (h, c), gates, reverse=reverse)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _lstm_scan(
    reverse: bool, gates: jax.Array, h: jax.Array, c: jax.Array, w_hh: jax.Array, w_hr: jax.Array | None
) -> tuple[jax.Array, jax.Array, jax.Array]:
    (h, c), (hs,) = _lstm_loop(reverse, gates, h, c, w_hh, w_hr, saving=False)
    return hs, h, c


def _lstm_forward(reverse: bool, gates: Any, h: Any, c: Any, w_hh: Any, w_hr: Any) -> Any:
    (last_h, last_c), saved = _lstm_loop(reverse, gates, h, c, w_hh, w_hr, saving=True)
    return (saved[0], last_h, last_c), (saved, h, c, w_hh, w_hr)


def _lstm_backward(reverse: bool, saved: Any, grads: Any) -> Any:
    (hs, cs, i, f, g, o), h, c, w_hh, w_hr = saved
    tanh_c = jnp.tanh(cs)
    slope_c = o * (1 - tanh_c * tanh_c)
    slope_ifg = jnp.concatenate([g * i * (1 - i), _previous(c, cs, reverse) * f * (1 - f), i * (1 - g * g)], -1)
    slope_o = tanh_c * o * (1 - o)

    def step(state: Any, inputs: Any) -> Any:
        dh, dc = state
        dy, slope_c, slope_ifg, slope_o, f = inputs
        total = dh = dh + dy
        if w_hr is not None:
            dh = dh @ w_hr
        dc = dc + dh * slope_c
        dx = jnp.concatenate([jnp.concatenate([dc, dc, dc], -1) * slope_ifg, dh * slope_o], -1)
        return (dx @ w_hh, dc * f), (dx,) if w_hr is None else (dx, total)

    inputs = (grads[0], slope_c, slope_ifg, slope_o, f)
    (dh, dc), (dxs, *totals) = lax.scan(step, grads[1:], inputs, reverse=not reverse)
    d_hh = _weight_gradient(dxs, _previous(h, hs, reverse))
    d_hr = None if w_hr is None else _weight_gradient(totals[0], o * tanh_c)
    return dxs, dh, dc, d_hh, d_hr


_lstm_scan.defvjp(_lstm_forward, _lstm_backward)


def _gru_step(gates: jax.Array, recurrent: jax.Array, h: jax.Array) -> tuple[jax.Array, ...]:
    x_r, x_z, x_n = jnp.split(gates, 3, -1)
    h_r, h_z, h_n = jnp.split(recurrent, 3, -1)
    r, z = lax.logistic(x_r + h_r), lax.logistic(x_z + h_z)
    n = jnp.tanh(x_n + r * h_n)
    return r, z, n, h_n, n + z * (h - n)


def _gru_loop(reverse: bool, gates: Any, h: Any, w_hh: Any, b_hh: Any, saving: bool) -> Any:
    w = w_hh.T

    def step(h: Any, x: Any) -> Any:
        *activations, h = _gru_step(x, h @ w + b_hh, h)
        return h, (h, *activations) if saving else (h,)

    return lax.scan(step, h, gates, reverse=reverse)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _gru_scan(
    reverse: bool, gates: jax.Array, h: jax.Array, w_hh: jax.Array, b_hh: jax.Array
) -> tuple[jax.Array, jax.Array]:
    h, (hs,) = _gru_loop(reverse, gates, h, w_hh, b_hh, saving=False)
    return hs, h


def _gru_forward(reverse: bool, gates: Any, h: Any, w_hh: Any, b_hh: Any) -> Any:
    last, saved = _gru_loop(reverse, gates, h, w_hh, b_hh, saving=True)
    return (saved[0], last), (saved, h, w_hh)


def _gru_backward(reverse: bool, saved: Any, grads: Any) -> Any:
    (hs, r, z, n, h_n), h, w_hh = saved
    before = _previous(h, hs, reverse)
    slope_n = (1 - z) * (1 - n * n)
    slope_r = slope_n * h_n * r * (1 - r)
    slope_z = (before - n) * z * (1 - z)
    # The product with h gives (h_r, h_z, h_n); of these only h_n meets the gate r.
    slopes = jnp.concatenate([slope_r, slope_z, slope_n * r], -1)

    def step(dh: Any, inputs: Any) -> Any:
        dy, slopes, z = inputs
        dh = dh + dy
        d_recurrent = jnp.concatenate([dh, dh, dh], -1) * slopes
        return dh * z + d_recurrent @ w_hh, (dh, d_recurrent)

    dh, (dhs, d_recurrent) = lax.scan(step, grads[1], (grads[0], slopes, z), reverse=not reverse)
    H = h.shape[-1]
    dxs = jnp.concatenate([d_recurrent[..., : 2 * H], dhs * slope_n], -1)
    return dxs, dh, _weight_gradient(d_recurrent, before), d_recurrent.sum((0, 1))


_gru_scan.defvjp(_gru_forward, _gru_backward)


# ---------------------------------------------------------------------------------------------------------- cells


def _linear(input: jax.Array, weight: jax.Array, bias: jax.Array | None) -> jax.Array:
    return input @ weight.T if bias is None else input @ weight.T + bias


def _cell_gates(
    name: str, input: jax.Array, hx: jax.Array, w_ih: jax.Array, w_hh: jax.Array, b_ih: Any, b_hh: Any
) -> Any:
    """What the input and what the state adds to the gates."""
    if input.ndim not in (1, 2):
        raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
    if input.shape[-1] != w_ih.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {w_ih.shape[1]}")
    _check_cell_state(name, input, hx, w_hh.shape[1], 0)
    return _linear(input, w_ih, b_ih), _linear(hx, w_hh, b_hh)


# ---------------------------------------------------------------------------------------------------------- checks


def _check_cell_state(name: str, input: jax.Array, state: jax.Array, hidden: int, which: int) -> None:
    if state.ndim not in (1, 2):
        called = f"hx[{which}]" if name == "LSTMCell" else "hidden"
        raise ValueError(f"{name}: Expected {called} to be 1D or 2D, got {state.ndim}D instead")
    if input.ndim == 2 and input.shape[0] != state.shape[0]:
        raise RuntimeError(f"Input batch size {input.shape[0]} doesn't match hidden{which} batch size {state.shape[0]}")
    if state.shape[-1] != hidden:
        raise RuntimeError(f"hidden{which} has inconsistent hidden_size: got {state.shape[-1]}, expected {hidden}")


def _check_input(name: str, input: jax.Array, w_ih: jax.Array) -> None:
    if input.ndim not in (2, 3):
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.ndim}D instead")
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
