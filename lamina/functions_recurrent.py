"""Recurrent layers as functions of their weights: of a padded batch, or of packed sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import creation, functions
from lamina.tensor import Tensor

PUBLIC = dict.fromkeys(("rnn_tanh", "rnn_relu", "lstm", "gru"), "lamina")
"""Where users find each function."""


def _run(mode: str, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Tensor, ...]:
    """(output, final states): `args` are those after `(input, hx, params)` or `(data, batch_sizes, hx, params)`."""
    names: tuple[str, ...] = ("has_biases", "num_layers", "dropout", "train", "bidirectional")
    packed = len(args) > 2 and isinstance(args[1], Tensor) and not isinstance(args[2], bool | int) and _is_sizes(args)
    head = ("data", "batch_sizes", "hx", "params") if packed else ("input", "hx", "params")
    tail = names if packed else (*names, "batch_first")
    given = dict(zip((*head, *tail), args, strict=False)) | options
    missing = [key for key in (*head, *tail) if key not in given]
    if missing or len(args) + len(options) != len(head) + len(tail):
        raise TypeError(f"{name}() must be given {', '.join((*head, *tail))}; missing: {', '.join(missing) or 'none'}.")
    states = given["hx"] if isinstance(given["hx"], (tuple, list)) else (given["hx"],)
    weights = list(given["params"])
    _check_weights(name, weights, given)
    dropout = given["dropout"] if given["train"] and given["num_layers"] > 1 else 0.0

    def layers(x: Tensor, batch_first: bool, lengths: Tensor | None) -> tuple[Tensor, ...]:
        settings = (mode, bool(given["has_biases"]), bool(given["bidirectional"]), batch_first, lengths)
        if dropout:
            return tuple(functions.recurrent_dropout(x, tuple(states), weights, dropout, *settings))
        return tuple(functions.recurrent(x, tuple(states), weights, *settings))

    if not packed:
        return layers(given["input"], bool(given["batch_first"]), None)
    place = _Packed(given["batch_sizes"])
    output, *finals = layers(place.padded(given["data"]), False, place.lengths.to(given["data"].device))
    return place.packed(output), *finals


def _is_sizes(args: tuple[Any, ...]) -> bool:
    """Whether the second argument is the batch sizes of packed sequences: whole numbers in one dimension."""
    return args[1].ndim == 1 and not args[1].is_floating_point()


def _check_weights(name: str, weights: list[Tensor], given: dict[str, Any]) -> None:
    count = given["num_layers"] * (2 if given["bidirectional"] else 1)
    each = 4 if given["has_biases"] else 2
    if len(weights) not in (count * each, count * (each + 1)):
        raise RuntimeError(f"{name}: params must be {each} tensors for each of {count} layers, got {len(weights)}.")


class _Packed:
    """Where each row of packed sequences lies in the padded batch; `batch_sizes` is read."""

    def __init__(self, batch_sizes: Tensor) -> None:
        sizes = np.asarray(batch_sizes.cpu().numpy())
        self.steps, self.batch = len(sizes), int(sizes[0])
        lengths = (np.arange(self.batch)[:, None] < sizes).sum(1)
        rows = np.concatenate([step * self.batch + np.arange(size) for step, size in enumerate(sizes)])
        back = np.full(self.steps * self.batch, -1)
        back[rows] = np.arange(len(rows))
        self.lengths, self.rows, self.back = (creation.tensor(x, device="cpu") for x in (lengths, rows, back))

    def padded(self, data: Tensor) -> Tensor:
        """(total, *) -> (steps, batch, *)"""
        rows = functions.take_rows(data, self.back.to(data.device), self.rows.to(data.device), 0.0)
        return functions.view(rows, (self.steps, self.batch, *data.shape[1:]))

    def packed(self, x: Tensor) -> Tensor:
        """(steps, batch, *) -> (total, *)"""
        flat = functions.view(x, (self.steps * self.batch, *x.shape[2:]))
        return functions.take_rows(flat, self.rows.to(x.device), self.back.to(x.device), 0.0)


def rnn_tanh(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """`rnn_tanh(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`: see `nn.RNN`.

    Or `rnn_tanh(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)`, of packed
    sequences. `params` come layer by layer, the forward direction first: w_ih, w_hh, b_ih, b_hh.

    input (L, N, I), or (N, L, I) if batch_first, hx (K, N, H) -> output (L, N, directions H), final states (K, N, H)
    """
    output, state = _run("RNN_TANH", "rnn_tanh", args, options)
    return output, state


def rnn_relu(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """`rnn_tanh` with relu in place of tanh."""
    output, state = _run("RNN_RELU", "rnn_relu", args, options)
    return output, state


def lstm(*args: Any, **options: Any) -> tuple[Tensor, Tensor, Tensor]:
    """`nn.LSTM` as a function: arguments as for `rnn_tanh`, with hx = (h_0, c_0); gives output, h_n, c_n."""
    output, state, cell = _run("LSTM", "lstm", args, options)
    return output, state, cell


def gru(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """`nn.GRU` as a function: arguments as for `rnn_tanh`."""
    output, state = _run("GRU", "gru", args, options)
    return output, state
