"""The public names of `lamina`: from the table of operations, and from the files that define the rest."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

ROOMS = (
    "activation", "attention", "dropout", "embedding", "facts", "index", "linalg", "loss", "native", "norm", "pool",
    "random_activation", "rebind", "reduce", "scaled", "shape", "vision",
)  # fmt: skip
"""The files `functions_*.py`, with functions that are more than one operation."""

_NAMED = {
    "autograd": ("no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "is_grad_enabled"),
    "dtypes": ("half", "float", "double", "short", "int", "long", "cfloat", "cdouble", "finfo", "iinfo",
               "get_default_dtype", "set_default_dtype"),
    "devices": ("device", "set_default_device", "get_default_device"),
    "random": ("Generator", "manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state",
               "default_generator"),
    "tensor": ("Tensor", "Size"),
    "engine": ("synchronize",),
    "inspect": ("set_printoptions",),
}  # fmt: skip


def fill(names: dict[str, Any]) -> None:
    """Put every public name into the package's namespace, and the methods on Tensor."""
    from lamina import binding, creation, dtypes, functions, linalg, operators, special
    from lamina.tensor import Tensor

    homes: dict[str, dict[str, Any]] = {
        "lamina": names,
        "linalg": vars(linalg),
        "special": vars(special),
        "functional": {},
    }
    for room in ROOMS:
        module = importlib.import_module(f"lamina.functions_{room}")
        for name, places in module.PUBLIC.items():
            function = getattr(module, name)
            for place in places.split():
                if place == "Tensor":
                    setattr(Tensor, name, function)
                else:
                    homes[place][name] = function
    for place, namespace in homes.items():
        for name, op in binding.homes(place).items():
            namespace.setdefault(name, getattr(functions, op))
    operators.bind()
    for name in creation.__all__:
        names[name] = getattr(creation, name)
    names.update({dtype.name: dtype for dtype in dtypes.ALL})
    for file, public in _NAMED.items():
        module = importlib.import_module(f"lamina.{file}")
        names.update({name: getattr(module, name) for name in public})
    functional: ModuleType = importlib.import_module("lamina.nn.functional")
    for name, function in homes["functional"].items():
        if not hasattr(functional, name):
            setattr(functional, name, function)
