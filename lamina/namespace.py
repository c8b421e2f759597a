"""The public names of `lamina`: from the table of operations, and from the files that define the rest."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

ROOMS = (
    "activation", "attention", "class_loss", "convolution", "copies", "difference", "dropout", "embedding", "facts",
    "factor", "fft", "histogram", "index", "legacy", "linalg", "linear_cross_entropy", "loss", "margin_loss", "matrix",
    "native", "native_norm", "norm", "places", "pool", "quantile", "random_activation", "recurrent", "reduce",
    "refused", "root_loss", "scaled", "sequence_loss", "shape", "sparse", "special", "strided", "unique", "vision",
    "window",
)  # fmt: skip
"""The files `functions_*.py`, with functions that are more than one operation."""

_NAMED = {
    "autograd.grad_mode": ("no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "is_grad_enabled",
                           "is_inference_mode_enabled"),
    "autograd.anomaly_mode": ("is_anomaly_enabled", "is_anomaly_check_nan_enabled", "set_anomaly_enabled"),
    "dtypes": ("half", "float", "double", "short", "int", "long", "cfloat", "cdouble", "finfo", "iinfo",
               "get_default_dtype", "set_default_dtype", "dtype"),
    "devices": ("device", "set_default_device", "get_default_device"),
    "random": ("Generator", "manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state",
               "default_generator"),
    "tensor": ("Tensor", "Size"),
    "engine": ("synchronize",),
    "amp.grad_scaler": ("GradScaler",),
    "cuda": ("Event", "Stream", "OutOfMemoryError"),
    "jit": ("fork", "wait"),
    "amp.autocast_mode": (
        "autocast", "is_autocast_enabled", "set_autocast_enabled", "get_autocast_dtype", "set_autocast_dtype",
        "is_autocast_cpu_enabled", "set_autocast_cpu_enabled", "get_autocast_cpu_dtype", "set_autocast_cpu_dtype",
        "get_autocast_gpu_dtype", "set_autocast_gpu_dtype", "is_autocast_cache_enabled",
        "set_autocast_cache_enabled", "clear_autocast_cache", "autocast_increment_nesting",
        "autocast_decrement_nesting",
    ),
    "batching": ("vmap",),
    "control": ("cond", "while_loop"),
    "debugging": ("debug",),
    "inspect": ("set_printoptions",),
    "io.files": ("save", "load"),
    "torch_import": ("as_torch",),
    "layouts": ("layout", "strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "jagged"),
}  # fmt: skip

_ROOT_IN_PLACE = (
    "abs", "acos", "acosh", "addmv", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin", "asinh",
    "atan", "atanh", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "conj_physical", "cos", "cosh", "deg2rad",
    "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor", "frac", "gcd", "i0", "index_put", "lcm", "ldexp", "log",
    "log10", "log1p", "log2", "logit", "nan_to_num", "neg", "negative", "rad2deg", "reciprocal", "round", "rsqrt",
    "sigmoid", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "xlogy",
)  # fmt: skip
"""Operations whose in-place method is a function as well, as in PyTorch: `lamina.exp_(x)`."""


def fill(names: dict[str, Any]) -> None:
    """Put every public name into the package's namespace, and the methods on Tensor."""
    from lamina import binding, creation, dtypes, fft, functions, linalg, operators, settings, special, tensor_types
    from lamina.tensor import Tensor

    homes: dict[str, dict[str, Any]] = {
        "lamina": names,
        "fft": vars(fft),
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
    names.update({f"{name}_": getattr(Tensor, f"{name}_") for name in _ROOT_IN_PLACE})
    names.update({name: getattr(tensor_types, name) for name in (*tensor_types.ALL, "set_default_tensor_type")})
    names.update({name: getattr(settings, name) for name in settings.ALL})
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


def also(name: str, room: ModuleType) -> None:
    """Make a package importable by a second name, where PyTorch has it: with its files, which stay the same modules."""
    above, _, last = name.rpartition(".")
    setattr(sys.modules[above], last, room)
    for module in [x for x in sys.modules if x == room.__name__ or x.startswith(f"{room.__name__}.")]:
        sys.modules[name + module.removeprefix(room.__name__)] = sys.modules[module]
