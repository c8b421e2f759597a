"""The names of torch for R, for programs and readers that come from its book.

They are derived, not listed:

    nn_batch_norm2d         nn.BatchNorm2d, printing in sections as in R
    nnf_relu                nn.functional.relu
    nn_init_xavier_normal_  nn.init.xavier_normal_
    nn_utils_clip_grad_norm_  nn.utils.clip_grad_norm_
    nn_utils_rnn_pack_sequence  nn.utils.rnn.pack_sequence
    nn_prune_head           nn.utils.prune_head
    torch_randn             lamina.randn
    optim_adam              optim.Adam
    lr_step                 optim.lr_scheduler.StepLR

Python is still Python: dimensions and indices count from 0, and `l$weight` is `l.weight`.

>>> from lamina.rtorch import nn_linear, nn_module, nn_parameter, torch_randn, torch_zeros
>>> def initialize(self, in_features, out_features):
...     self.w = nn_parameter(torch_randn(in_features, out_features))
...     self.b = nn_parameter(torch_zeros(out_features))
>>> my_linear = nn_module(initialize=initialize, forward=lambda self, input: input.mm(self.w) + self.b)
>>> my_linear(7, 1)
An `nn_module` containing 8 parameters.
<BLANKLINE>
── Parameters ──────────────────────────────────────────────────────────────────
● w: Float [1:7, 1:1]
● b: Float [1:1]
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import lamina
from lamina import nn, optim
from lamina.autograd import enable_grad, no_grad
from lamina.optim.optimizer import required

_SPELLED = {
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "Sparsemax": "contrib_sparsemax",
    "LRScheduler": "scheduler",
    "ReduceLROnPlateau": "reduce_on_plateau",
}
"""Names that torch for R does not spell by the rule of `snake_case`."""

_IGNITE = {"Adagrad", "Adam", "AdamW", "RMSprop", "SGD"}
"""Optimizers that torch for R has a second time, faster; here a step is one program anyway."""

_WORD = re.compile(r"[PR]?ReLU\d?|SiLU|[A-Z]{2,}\d?(?=[A-Z][a-z]|\d?d?$)|[A-Z]?[a-z]+(?:\d+d?)?|[A-Z]+\d*")


nn_parameter, nn_buffer, nn_prune_head = nn.Parameter, nn.Buffer, nn.utils.prune_head


def nn_module(
    classname: str | None = None,
    initialize: Callable[..., None] | None = None,
    forward: Callable[..., Any] | None = None,
    *,
    inherit: type[nn.Module] = nn.Module,
    **methods: Any,
) -> type[nn.Module]:
    """A constructor of modules.

    Args:
        classname: its name; shown where a module that contains one is printed.
        initialize: called as `initialize(self, ...)` with the arguments of the constructor.
        forward: called as `forward(self, ...)` with the arguments of a call.
        inherit: the class, or constructor, that it extends.
        methods: further methods and attributes.
    """
    body: dict[str, Any] = {"_prints_in_sections": True, **methods}
    if forward is not None:
        body["forward"] = forward
    if initialize is not None:
        body["initialize"] = initialize
        body["__init__"] = _begin
    body["__module__"] = sys._getframe(1).f_globals.get("__name__", __name__)
    return type(classname or "nn_module", (inherit,), body)


def _begin(self: Any, *args: Any, **kwargs: Any) -> None:
    nn.Module.__init__(self)
    self.initialize(*args, **kwargs)


def optim_required() -> Any:
    """The default of an option of an optimizer that each group of parameters must give."""
    return required


def with_no_grad(function: Callable[[], Any] | None = None) -> Any:
    """Do without gradients: a block in a `with` statement, or the call of a function, whose result is returned."""
    return no_grad() if function is None else no_grad()(function)()


def with_enable_grad(function: Callable[[], Any] | None = None) -> Any:
    """Do with gradients: a block in a `with` statement, or the call of a function, whose result is returned."""
    return enable_grad() if function is None else enable_grad()(function)()


_DEFINED = ("nn_module", "nn_parameter", "nn_buffer", "nn_prune_head", "optim_required")


def snake_case(name: str) -> str:
    """The R name of a class, without its prefix: `BCEWithLogitsLoss` -> `bce_with_logits_loss`.

    >>> snake_case("Conv1d"), snake_case("LSTM"), snake_case("LeakyReLU")
    ('conv1d', 'lstm', 'leaky_relu')
    """
    return _SPELLED.get(name) or "_".join(_WORD.findall(name)).lower()


def _constructor(layer: type[nn.Module], name: str) -> type[nn.Module]:
    body = {"__doc__": layer.__doc__, "__module__": __name__, "_prints_in_sections": True}
    return type(name, (layer,), body)


@functools.cache
def _names() -> dict[str, Callable[[], Any]]:
    """Every derived name and how to get what it means."""
    found: dict[str, Callable[[], Any]] = {}

    def add(name: str, get: Callable[..., Any], *args: Any) -> None:
        found.setdefault(name, functools.partial(get, *args))

    for name in _public(nn):
        thing = getattr(nn, name)
        if isinstance(thing, type) and issubclass(thing, nn.Module) and thing is not nn.Module:
            add(f"nn_{snake_case(name)}", _constructor, thing, f"nn_{snake_case(name)}")
    for prefix, room in (
        ("nnf_", nn.functional),
        ("nn_init_", nn.init),
        ("nn_utils_", nn.utils),
        ("nn_utils_rnn_", nn.utils.rnn),
        ("torch_", lamina),
    ):
        for name in _public(room):
            if name.islower():
                add(prefix + name, getattr, room, name)
    for name in _public(optim):
        if isinstance(getattr(optim, name), type):
            add(f"optim_{name.lower()}", getattr, optim, name)
            if name in _IGNITE:
                add(f"optim_ignite_{name.lower()}", getattr, optim, name)
    schedulers = getattr(optim, "lr_scheduler", None)
    for name in _public(schedulers):
        if isinstance(getattr(schedulers, name), type):
            add(f"lr_{snake_case(name).removesuffix('_lr')}", getattr, schedulers, name)
    return found


def _public(room: Any) -> Iterator[str]:
    """The names a room shows, without what it only imports."""
    for name in dir(room) if room is lamina else getattr(room, "__all__", dir(room)):
        thing = getattr(room, name)
        imported = getattr(thing, "__module__", None) in ("lamina.tensor", "lamina.creation", "__future__", "typing")
        if not name.startswith("_") and not isinstance(thing, ModuleType) and (room is lamina or not imported):
            yield name


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in _names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = _names()[name]()
    return value


def __dir__() -> list[str]:
    return sorted({*_DEFINED, "with_no_grad", "with_enable_grad", *_names()})
