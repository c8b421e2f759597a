"""The loss and the optimizer that a user names: functions, modules, classes, strings."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from lamina import optim
from lamina.nn import functional as F
from lamina.nn.module import Module

_SHORT = {
    "mae": "l1_loss",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "kl": "kl_div",
}
HOW_TO_GIVE_A_LOSS = (
    "fit: no loss. Give one of\n"
    '  loss="cross_entropy"                a name, a function of (output, target), or a module\n'
    "  step=lambda model, batch: ...       a function that computes the loss of a batch itself\n"
    "  def training_step(self, batch): ... as a method of the model, the same"
)


def loss_of(given: Any) -> Callable[[Any, Any], Any]:
    """A function of (output, target) from a name such as "mse", a function, a module, or a module's class."""
    if isinstance(given, str):
        for name in (_SHORT.get(given, given), f"{given}_loss"):
            if hasattr(F, name):
                return getattr(F, name)
        names = [name.removesuffix("_loss") for name in dir(F) if name.endswith(("_loss", "entropy", "_logits"))]
        near = difflib.get_close_matches(given, [*names, *_SHORT], 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"loss: lamina.nn.functional has neither {given!r} nor {given + '_loss'!r}.{hint}")
    if isinstance(given, type) and issubclass(given, Module):
        return given()
    if callable(given):
        return given
    raise TypeError(f"loss: expected a name, a function or a module, got {type(given).__name__}.")


def optimizer_of(given: Any, model: Any) -> optim.Optimizer:
    """An optimizer from one, from a class or a function of the parameters, or from a name; None: Adam."""
    if given is None:
        given = optim.Adam
    if isinstance(given, optim.Optimizer):
        return given
    if isinstance(given, str):
        kinds = {
            name.lower(): kind
            for name, kind in vars(optim).items()
            if isinstance(kind, type) and issubclass(kind, optim.Optimizer)
        }
        if given.lower() not in kinds:
            near = difflib.get_close_matches(given.lower(), kinds, 1)
            hint = f" Did you mean {kinds[near[0]].__name__!r}?" if near else ""
            raise ValueError(f"optimizer: lamina.optim has no {given!r}.{hint}")
        given = kinds[given.lower()]
    if not callable(given):
        raise TypeError(
            "optimizer: expected an Optimizer, a class such as lamina.optim.Adam, a function of the parameters such as "
            f"partial(lamina.optim.Adam, lr=1e-3), or a name, got {type(given).__name__}."
        )
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError(f"optimizer: {type(model).__name__} has no parameter that requires a gradient.")
    made = given(parameters)
    if not isinstance(made, optim.Optimizer):
        what = getattr(given, "__name__", None) or inspect.getdoc(given) or repr(given)
        raise TypeError(f"optimizer: {what} must return an Optimizer, got {type(made).__name__}.")
    return made
