"""From a batch to its loss: moving it to the model's device, calling the model, in which precision."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from lamina.amp.autocast_mode import autocast
from lamina.amp.grad_scaler import GradScaler
from lamina.fit.feed import tensor_of
from lamina.fit.losses import HOW_TO_GIVE_A_LOSS, loss_of
from lamina.nn.module import Module
from lamina.tensor import Tensor

PRECISIONS = {None: None, "fp32": None, "bf16": "bfloat16", "fp16": "float16"}


NONE: dict[str, Any] = {}


class Outcome(NamedTuple):
    """What a batch gives.

    Attributes:
        loss: one number.
        output, target: for metrics; None where a step of the user's does not tell.
        numbers: more numbers for the history.
    """

    loss: Tensor
    output: Any
    target: Any
    numbers: dict[str, Any]


class Forward:
    """The forward pass of training, validation and prediction.

    Args:
        model: called with the inputs of a batch.
        loss: a name, a module or a function of (output, target).
        step: a function of (model, batch) in place of both, or None.
        precision: None, "bf16" or "fp16".
    """

    def __init__(self, model: Any, loss: Any, step: Callable[..., Any] | None, precision: str | None) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"fit: model must be a Module, got {type(model).__name__}.")
        if precision not in PRECISIONS:
            raise ValueError(f"fit: precision must be None, 'bf16' or 'fp16', got {precision!r}.")
        self.model = model
        own = getattr(type(model), "training_step", None)
        self.step = step if step is not None or loss is not None else own
        self.loss: Any = loss_of(loss) if loss is not None else None
        first = next(iter(model.parameters()), None)
        self.device = None if first is None else first.device
        dtype = PRECISIONS[precision]
        self.casting: Any = None
        if dtype is not None:
            self.casting = autocast(self.device.type if self.device is not None else "cpu", dtype)
        if isinstance(self.loss, Module) and self.device is not None:
            self.loss.to(self.device)

    def scaler(self) -> GradScaler | None:
        """What float16 needs, so that small gradients do not vanish; None for other types."""
        if self.casting is None or self.casting.fast_dtype.name != "float16":
            return None
        return GradScaler(self.casting.device)

    def __call__(self, batch: Any) -> Outcome:
        """The outcome of a batch, recorded."""
        batch = self.prepared(batch)
        if self.casting is None:
            return self._outcome(batch)
        with self.casting:
            return self._outcome(batch)

    def _outcome(self, batch: Any) -> Outcome:
        if self.step is not None:
            return self._by_step(batch)
        if batch.__class__ is not list or len(batch) < 2:
            raise TypeError(
                f"fit: a batch must be (input, ..., target), got {described(batch)}. Give step=, a function of "
                "(model, batch) that computes the loss."
            )
        if self.loss is None:
            raise ValueError(HOW_TO_GIVE_A_LOSS)
        *inputs, target = batch
        output = call_model(self.model, inputs)
        loss = self.loss(output, target)
        if not isinstance(loss, Tensor) or loss.ndim:
            raise ValueError(f"fit: the loss of a batch must be one number, got {described(loss)}.")
        return Outcome(loss, output, target, NONE)

    def output(self, batch: Any, inputs: int | None = None) -> Any:
        """What the model gives for a batch. `inputs`: how many of its parts are inputs; default: all but a target."""
        batch = self.prepared(batch)
        parts = list(batch) if isinstance(batch, (tuple, list)) and not hasattr(batch, "_fields") else [batch]
        if inputs is not None:
            parts = parts[:inputs]
        elif len(parts) > 1:
            parts = parts[:-1]
        with self.casting or nullcontext():
            return call_model(self.model, parts)

    def prepared(self, batch: Any) -> Any:
        """The batch as tensors on the model's device; tuples become lists."""
        device = self.device
        if batch.__class__ is tuple or batch.__class__ is list:
            # The common case costs a look at each tensor's device.
            return [x if x.__class__ is Tensor and x.device is device else self._moved(x) for x in batch]
        return self._moved(batch)

    def _moved(self, x: Any) -> Any:
        if isinstance(x, Tensor):
            return x if self.device is None or x.device == self.device else x.to(self.device)
        if isinstance(x, dict):
            return {name: self._moved(part) for name, part in x.items()}
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*map(self._moved, x))
        if isinstance(x, (tuple, list)):
            return [self._moved(part) for part in x]
        if isinstance(x, (np.ndarray, np.generic)):
            return self._moved(tensor_of(x))
        return x

    def _by_step(self, batch: Any) -> Outcome:
        assert self.step is not None
        found = self.step(self.model, batch)
        parts = dict(found) if isinstance(found, dict) else {"loss": found}
        loss = parts.pop("loss", None)
        if not isinstance(loss, Tensor) or loss.ndim:
            raise ValueError(
                'fit: step must return the loss, one number, or a dict with it under "loss" (and, for metrics, '
                f'"output" and "target"; and more numbers for the history), got {described(found)}.'
            )
        return Outcome(loss, parts.pop("output", None), parts.pop("target", None), parts)


def call_model(model: Any, inputs: list[Any]) -> Any:
    """Call a model; a single dict gives keyword arguments."""
    if len(inputs) == 1:
        (only,) = inputs
        if isinstance(only, dict):
            return model(**only)
        if isinstance(only, (tuple, list)):
            return model(*only)
        return model(only)
    return model(*inputs)


def described(x: Any) -> str:
    """What something is, for errors."""
    if isinstance(x, Tensor):
        return f"a tensor of shape {tuple(x.shape)}"
    if isinstance(x, dict):
        return f"a dict of {', '.join(map(repr, x)) or 'nothing'}"
    if isinstance(x, (tuple, list)):
        return f"{type(x).__name__} of {len(x)}"
    return type(x).__name__
