"""A run described by a file: what `lamina train` reads.

An object is named by a string, or by a table with `name` and its arguments:

    model = "shop.models:Net"
    optimizer = { name = "AdamW", lr = 1e-3 }

"shop.models:Net" is `Net` in the module `shop.models`; names without a colon are lamina's.
"""

from __future__ import annotations

import difflib
import importlib
import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lamina import optim, random
from lamina.fit.callback import Callback
from lamina.fit.checkpoint import Checkpoint
from lamina.fit.fitted import Fitted
from lamina.fit.fitting import fit
from lamina.nn.module import Module
from lamina.optim import lr_scheduler

_OBJECT, _NUMBER = (str, dict), (int, float)
KINDS: dict[str, tuple[type, ...]] = {
    "model": _OBJECT,
    "data": _OBJECT,
    "valid": (str, dict, float),
    "loss": _OBJECT,
    "step": (str,),
    "optimizer": _OBJECT,
    "metrics": (str, list, dict),
    "callbacks": (list,),
    "checkpoint": _OBJECT,
    "epochs": (int,),
    "batch_size": (int,),
    "accumulate": (int,),
    "seed": (int,),
    "shuffle": (bool,),
    "clip_norm": _NUMBER,
    "clip_value": _NUMBER,
    "precision": (str,),
    "device": (str,),
}
_WORDS = {str: "a string", dict: "a table", list: "a list", int: "a whole number", float: "a number", bool: "a bool"}
_PASSED = ("epochs", "batch_size", "accumulate", "shuffle", "clip_norm", "clip_value", "precision")


class ConfigError(ValueError):
    """A key of a configuration, and what is wrong with it, in one line."""


def read(path: Path, changes: list[str]) -> dict[str, Any]:
    """The configuration in a file.

    Args:
        path: a TOML file.
        changes: "key=value", with dots between the keys of tables; a value that is no TOML is a string.

    Raises:
        ConfigError: if a key is unknown, or its value of the wrong kind.
    """
    try:
        config = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: it is no TOML: {error}") from error
    for change in changes:
        _change(config, change)
    for key, value in config.items():
        if key not in KINDS:
            near = difflib.get_close_matches(key, KINDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(KINDS)}."
            raise ConfigError(f"{key}: there is no such key.{hint}")
        kinds = KINDS[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ConfigError(f"{key}: it must be {' or '.join(_WORDS[kind] for kind in kinds)}, got {value!r}.")
    for key in ("model", "data"):
        if key not in config:
            raise ConfigError(f"{key}: it is missing; give one such as {key} = 'module:name'.")
    if "loss" not in config and "step" not in config and not _own_step(config):
        raise ConfigError("loss: it is missing; give a name such as 'cross_entropy', or step = 'module:function'.")
    return config


def train(config: Mapping[str, Any], progress: bool | None = None) -> Fitted:
    """Train what a configuration describes.

    Args:
        config: as `read` gives it.
        progress: whether to show a progress bar; default: if the output is a terminal.
    """
    if "seed" in config:
        random.manual_seed(config["seed"])
    model = _made("model", config["model"])
    if not isinstance(model, Module):
        raise ConfigError(f"model: {_name(config['model'])!r} must give a Module, got {type(model).__name__}.")
    if "device" in config:
        model.to(config["device"])
    given: dict[str, Any] = {key: config[key] for key in _PASSED if key in config}
    if "valid" in config:
        valid = config["valid"]
        given["valid"] = valid if isinstance(valid, float) else _made("valid", valid)
    if "loss" in config:
        given["loss"] = _loss(config["loss"])
    if "step" in config:
        given["step"] = _found("step", config["step"])
    if "optimizer" in config:
        given["optimizer"] = _partial("optimizer", config["optimizer"], optim)
    if "metrics" in config:
        given["metrics"] = _metrics(config["metrics"])
    if "checkpoint" in config:
        saved = config["checkpoint"]
        given["checkpoint"] = saved if isinstance(saved, str) else _called("checkpoint", Checkpoint, saved)
    callbacks = [_callback(f"callbacks[{i}]", x) for i, x in enumerate(config.get("callbacks", ()))]
    return fit(model, _made("data", config["data"]), callbacks=callbacks, progress=progress, **given)


def _change(config: dict[str, Any], change: str) -> None:
    name, equals, text = change.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--set {change}: it must be key=value.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *tables, last = name.strip().split(".")
    place = config
    for table in tables:
        inner = place.setdefault(table, {})
        if isinstance(inner, str):  # "module:name" stands for a table without arguments
            inner = place[table] = {"name": inner}
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {change}: {table} is no table.")
        place = inner
    place[last] = value


def _own_step(config: Mapping[str, Any]) -> bool:
    return hasattr(_found("model", _name(config["model"])), "training_step")


def _name(given: Any) -> str:
    if isinstance(given, str):
        return given
    if "name" not in given:
        raise ConfigError(f"a table must have a name, such as name = 'module:Class', got {given!r}.")
    return str(given["name"])


def _arguments(given: Any) -> dict[str, Any]:
    return {} if isinstance(given, str) else {key: value for key, value in given.items() if key != "name"}


def _found(key: str, name: str, home: Any = None) -> Any:
    """What a name means: "module:name" is imported; without a colon it is looked up in a module of lamina's."""
    module, colon, path = name.partition(":")
    if not colon:
        if home is None:
            raise ConfigError(f"{key}: it must be 'module:name', got {name!r}.")
        return _in_home(key, name, home)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{key}: no module {error.name!r} is found for {name!r}.") from error
    except Exception as error:
        raise ConfigError(f"{key}: importing {module} raised {type(error).__name__}: {error}") from error
    for part in path.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{key}: {module} has no {part!r}.{hint}")
        found = getattr(found, part)
    return found


def _in_home(key: str, name: str, home: Any) -> Any:
    known = {x.lower(): x for x in vars(home) if not x.startswith("_") and callable(getattr(home, x))}
    if name.lower() not in known:
        near = difflib.get_close_matches(name.lower(), known, 1)
        hint = f" Did you mean {known[near[0]]!r}?" if near else " Give 'module:name' for what is not lamina's."
        raise ConfigError(f"{key}: {home.__name__} has no {name!r}.{hint}")
    return getattr(home, known[name.lower()])


def _called(key: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return function(**arguments)
    except TypeError as error:
        raise ConfigError(f"{key}: {error}") from error


def _made(key: str, given: Any) -> Any:
    """The object that a class or function gives, called with the arguments in the table."""
    found = _found(key, _name(given))
    return _called(key, found, _arguments(given)) if callable(found) and not isinstance(found, Module) else found


def _partial(key: str, given: Any, home: Any) -> Any:
    """A function of what comes later: the parameters, the optimizer."""
    found, arguments = _found(key, _name(given), home), _arguments(given)
    return lambda first: _called(key, partial(found, first), arguments)


def _loss(given: Any) -> Any:
    name, arguments = _name(given), _arguments(given)
    if ":" not in name:
        if not arguments:
            return name
        return _called("loss", _in_home("loss", name, importlib.import_module("lamina.nn")), arguments)
    found = _found("loss", name)
    return _called("loss", found, arguments) if arguments or isinstance(found, type) else found


def _metrics(given: Any) -> Any:
    def one(x: Any, key: str) -> Any:
        if isinstance(x, str):
            return _found(key, x) if ":" in x else x
        home = importlib.import_module("lamina.fit.metrics")
        return _called(key, _found(key, _name(x), home), _arguments(x))

    if isinstance(given, dict) and "name" not in given:
        return {name: one(x, f"metrics.{name}") for name, x in given.items()}
    listed = given if isinstance(given, list) else [given]
    return [one(x, f"metrics[{i}]") for i, x in enumerate(listed)]


def _callback(key: str, given: Any) -> Any:
    arguments = _arguments(given)
    if "schedule" in arguments:
        arguments["schedule"] = _partial(f"{key}.schedule", arguments["schedule"], lr_scheduler)
    made = _called(key, _found(key, _name(given), importlib.import_module("lamina.fit")), arguments)
    if not isinstance(made, Callback):
        raise ConfigError(f"{key}: {_name(given)!r} must give a Callback, got {type(made).__name__}.")
    return made
