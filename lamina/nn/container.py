"""Containers: modules and parameters in rows and under names."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from itertools import chain
from typing import Any, Self

from lamina.nn.module import Module
from lamina.nn.parameter import Parameter
from lamina.nn.stretch import Rows, changes, repeats
from lamina.tensor import Tensor


class Sequential(Module):
    """Modules in a row: the output of one is the input of the next.

    >>> from lamina import nn
    >>> model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    >>> model[1], len(model)
    (ReLU(), 3)

    Args:
        args: the modules, named "0", "1", ...; or one OrderedDict of modules by name.
    Source: torch.nn.Sequential.
    """

    _modules: dict[str, Any]
    _passes_on = True

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def _call_outermost(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        rows = self.__dict__.get("_rows")
        if (
            rows is not None
            and rows.whole is not None
            and rows.layers == changes.layers
            and len(args) == 1
            and not kwargs
        ):
            found = rows.whole.at_once(args[0])
            if found is not None:
                return found
        return super()._call_outermost(args, kwargs)

    def forward(self, input: Any) -> Any:
        rows = self.__dict__.get("_rows")
        if rows is None:
            rows = self.__dict__["_rows"] = Rows()
        if rows.layers != changes.layers:
            rows.form(self._modules.values(), repeats(self))
        for step in rows.steps:
            input = step(input)
        return input

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return self.__class__(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._name_at(idx)]

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, self._name_at(idx), module)

    def __delitem__(self, idx: int | slice) -> None:
        for name in list(self._modules)[idx] if isinstance(idx, slice) else [self._name_at(idx)]:
            del self._modules[name]
        self._modules = _numbered(self._modules.values())

    def _name_at(self, idx: int) -> str:
        return list(self._modules)[_position(idx, len(self))]

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        modules = list(self)
        if not -len(modules) <= index <= len(modules):
            raise IndexError(f"Index out of range: {index}")
        modules.insert(index, module)
        self._modules = _numbered(modules)
        return self

    def pop(self, key: int | slice) -> Any:
        """Take out and return the module, or the modules, at `key`."""
        taken = self[key]
        del self[key]
        return taken

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_as_sequential(other))

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(_as_sequential(other))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*list(self) * self._factor(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        return self.extend(list(self) * (self._factor(other) - 1))

    def _factor(self, other: int) -> int:
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return other


class ModuleList(Module):
    """A list of modules, without a way to call it: the module that holds it says how they are used.

    Args:
        modules: what it holds at first.
    Source: torch.nn.ModuleList.
    """

    _modules: dict[str, Any]
    _prints_equal_children_once = True

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return self.__class__(list(self)[idx])
        return self._modules[str(_position(idx, len(self)))]

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, str(_position(idx, len(self))), module)

    def __delitem__(self, idx: int | slice) -> None:
        modules = list(self)
        del modules[idx if isinstance(idx, slice) else _position(idx, len(self))]
        self._modules = _numbered(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        _need_iterable("ModuleList.extend should be called with an iterable", modules)
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`."""
        modules = list(self)
        modules.insert(index, module)
        self._modules = _numbered(modules)

    def pop(self, key: int | slice) -> Any:
        """Take out and return the module, or the modules, at `key`."""
        taken = self[key]
        del self[key]
        return taken

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))


class ModuleDict(Module):
    """Modules by name, in the order they were added.

    Args:
        modules: a mapping, or pairs of name and module.
    Source: torch.nn.ModuleDict.
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take out and return one module."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Any:
        """Pairs of name and module."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add modules from a mapping or from pairs; those of a name that is there are replaced."""
        for name, module in _pairs("ModuleDict", modules, ordered=(OrderedDict, ModuleDict, Mapping)):
            self[name] = module


class ParameterList(Module):
    """A list of parameters. A tensor put in becomes a Parameter; any other value is kept as it is.

    Args:
        values: what it holds at first.
    Source: torch.nn.ParameterList.
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return self.__class__(list(self)[idx])
        return getattr(self, str(_position(idx, len(self))))

    def __setitem__(self, idx: int, param: Any) -> None:
        setattr(self, str(_position(idx, len(self))), _as_parameter(param))

    def append(self, value: Any) -> Self:
        """Add a value at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several values at the end."""
        _need_iterable("ParameterList.extend should be called with an iterable", values)
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, parameters: Iterable[Any]) -> Self:
        return self.extend(parameters)

    def extra_repr(self) -> str:
        return _describe(enumerate(self), lambda tensor: tensor.dtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """Parameters by name. A tensor put in becomes a Parameter; any other value is kept as it is.

    Args:
        parameters: a mapping, or pairs of name and value; a plain dict is taken in the order of its sorted names.
    Source: torch.nn.ParameterDict.
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        return getattr(self, _as_key(key))

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, _as_key(key), _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def copy(self) -> ParameterDict:
        """Another ParameterDict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a name, which is `default` from now on if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Take all out."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take out and return one value."""
        taken = self[key]
        del self[key]
        return taken

    def popitem(self) -> tuple[str, Any]:
        """Take out and return the last name and value."""
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or `default` if there is none."""
        return self[key] if key in self._keys else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Another ParameterDict of these names, each with the same value."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Pairs of name and value."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Add values from a mapping or from pairs; those of a name that is there are replaced."""
        for key, value in _pairs("ParameterDict", parameters, ordered=(OrderedDict, ParameterDict)):
            self[key] = value

    def __or__(self, other: ParameterDict) -> ParameterDict:
        combined = self.copy()
        combined.update(other)
        return combined

    def __ror__(self, other: Any) -> ParameterDict:
        combined = other.copy()
        combined.update(self)
        return combined

    def __ior__(self, other: ParameterDict) -> Self:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return _describe(self.items(), Tensor.type)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called.")


def _position(idx: int, length: int) -> int:
    idx = operator.index(idx)
    if not -length <= idx < length:
        raise IndexError(f"index {idx} is out of range")
    return idx % length


def _numbered(modules: Iterable[Module]) -> dict[str, Module | None]:
    return {str(i): module for i, module in enumerate(modules)}


def _as_sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return other


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _as_key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(
            "Index given to ParameterDict cannot be used as a key as it is "
            f"not a string (type is '{type(key).__name__}')."
        )
    return key


def _need_iterable(rule: str, values: Any) -> None:
    if not isinstance(values, Iterable) or isinstance(values, Tensor):
        raise TypeError(f"{rule}, but got {type(values).__name__}")


def _pairs(container: str, entries: Any, ordered: tuple[type, ...]) -> Iterator[tuple[str, Any]]:
    """Names and values from a mapping or from pairs; a mapping whose order does not count is sorted."""
    _need_iterable(f"{container}.update should be called with an iterable of key/value pairs", entries)
    if isinstance(entries, ordered):
        yield from list(entries.items())  # type: ignore[attr-defined]
    elif isinstance(entries, Mapping):
        yield from sorted(entries.items())
    else:
        for i, pair in enumerate(entries):
            if not isinstance(pair, Iterable):
                raise TypeError(f"{container} update sequence element #{i} should be Iterable; is{type(pair).__name__}")
            pair = tuple(pair)
            if len(pair) != 2:
                raise ValueError(f"{container} update sequence element #{i} has length {len(pair)}; 2 is required")
            yield pair


def _describe(entries: Iterable[tuple[Any, Any]], type_of: Callable[[Tensor], Any]) -> str:
    lines = []
    for name, value in entries:
        if isinstance(value, Tensor):
            kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
            what = f"{kind} containing: [{type_of(value)} of size {'x'.join(map(str, value.shape))}]"
        else:
            what = f"Object of type: {type(value).__name__}"
        lines.append(f"  ({name}): {what}")
    return "\n".join(lines)
