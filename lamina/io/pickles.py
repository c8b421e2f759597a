"""Pickles read as data: nothing in them is imported, and nothing is called but what the caller lists.

A pickle is a program for a small stack machine. Python's own reader imports any name a pickle asks for and calls it, so
whoever wrote the file decides what runs. This one has the machine, without the imports: a name is looked up in a table,
and one that is not there ends the reading. Numbers, strings, lists, dicts, tuples and sets need no names.
"""

from __future__ import annotations

import pickletools
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from lamina.io.errors import UnsafeFileError

MOST_INSTRUCTIONS, LARGEST_KEY = 10_000_000, 1000
"""How long a pickle may be, and of how many parts a key: a tuple that holds the last one twice has twice as many."""

Instruction = tuple[str, Any, int | None]
"""What an instruction is called, what stands beside it in the file, and where it is."""


class Call:
    """A function that pickles may call. Only a table of names can hold one; no pickle can make one."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


def _text_as_bytes(text: str = "", encoding: str = "latin1") -> bytes:
    """How the protocols before 3 write bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"bytes are written as latin1, got {encoding!r}")
    return text.encode("latin1")


def _as_bytearray(data: Any = b"", encoding: str = "latin1") -> bytearray:
    if isinstance(data, int):
        raise ValueError("a bytearray is made of bytes, got a length")
    return bytearray(_text_as_bytes(data, encoding) if isinstance(data, str) else data)


def _as_ordered(pairs: Iterable[Any] = ()) -> OrderedDict[Any, Any]:
    found: OrderedDict[Any, Any] = OrderedDict()
    _update(found, [x for key, value in (pairs.items() if isinstance(pairs, dict) else pairs) for x in (key, value)])
    return found


def _as_set(items: Iterable[Any] = ()) -> set[Any]:
    return set(_keys(items))


def _as_frozenset(items: Iterable[Any] = ()) -> frozenset[Any]:
    return frozenset(_keys(items))


_BUILTINS: dict[str, Callable[..., Any]] = {
    "bytearray": _as_bytearray,
    "bytes": lambda: b"",
    "complex": complex,
    "frozenset": _as_frozenset,
    "set": _as_set,
}
PLAIN: dict[str, Any] = {
    "collections.OrderedDict": Call(_as_ordered),
    "_codecs.encode": Call(_text_as_bytes),
    **{f"builtins.{name}": Call(function) for name, function in _BUILTINS.items()},
    **{f"__builtin__.{name}": Call(function) for name, function in _BUILTINS.items()},  # Python 2's, in old protocols
}
"""The names that stand for Python's own data."""


def instructions(who: str, stream: IO[bytes]) -> list[Instruction]:
    """The instructions of the pickle that begins here; the stream then stands behind it.

    Raises:
        UnsafeFileError: if it ends too early or is no pickle.
    """
    found: list[Instruction] = []
    try:
        for opcode, argument, at in pickletools.genops(stream):
            found.append((opcode.name, argument, at))
            if len(found) > MOST_INSTRUCTIONS:
                raise UnsafeFileError(
                    f"{who}: its pickle has more than {MOST_INSTRUCTIONS} instructions. Save numbers as a tensor, not "
                    "one by one."
                )
        return found
    except (ValueError, struct.error, OverflowError, MemoryError, Warning) as error:  # old escapes warn
        raise UnsafeFileError(f"{who}: it is not a whole pickle: {error}. Get the file anew.") from None


def run(
    who: str, program: Iterable[Instruction], names: Mapping[str, Any], persistent: Callable[[Any], Any] | None = None
) -> Any:
    """The object that a pickle describes.

    Args:
        who: begins every message.
        program: the instructions.
        names: what each name that the pickle may use stands for, beside `PLAIN`: a value, or a Call.
        persistent: gives the object for a persistent id, which is how a pickle refers to what lies outside it.

    Raises:
        UnsafeFileError: if it asks for another name, or makes no sense.
    """
    machine = _Machine(who, names, persistent)
    for name, argument, at in program:
        try:
            machine.step(name, argument)
        except _FAILURES as error:
            raise UnsafeFileError(
                f"{who}: its pickle is damaged: {name} at byte {at} fails with {type(error).__name__}: {error}. "
                "Get the file anew."
            ) from error
    if not machine.stack:
        raise UnsafeFileError(f"{who}: its pickle is damaged: there is nothing in it. Get the file anew.")
    return machine.stack.pop()


_FAILURES = (
    IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, MemoryError,
)  # fmt: skip


class _Machine:
    """The stack, the stacks below a mark, and what has a number to be referred to by."""

    def __init__(self, who: str, names: Mapping[str, Any], persistent: Callable[[Any], Any] | None) -> None:
        self.who, self.names, self.persistent = who, names, persistent
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction."""
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _MAKERS:
            self.stack.append(_MAKERS[name]())
        elif name in _SILENT:
            return
        elif name in _STEPS:
            _STEPS[name](self, argument)
        else:
            raise UnsafeFileError(f"{self.who}: its pickle has the instruction {name}, which data does not need.")

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def mark(self, _: None) -> None:
        self.below.append(self.stack)
        self.stack = []

    def put(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def memoize(self, _: None) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, number: int) -> None:
        self.stack.append(self.memo[number])

    # --- collections ---

    def some(self, make: Callable[[list[Any]], Any], count: int | None = None) -> None:
        """A collection of the last `count` objects, or of those since the mark."""
        if count is None:
            items = self.since_mark()
        else:
            items = self.stack[-count:]
            if len(items) < count:
                raise IndexError(f"{count} objects are needed, there are {len(items)}")
            del self.stack[-count:]
        self.stack.append(make(items))

    def into(self, kind: type, add: Callable[[Any, list[Any]], None], items: list[Any]) -> None:
        """Add items to the collection on top, which must be of this kind: what else has such methods is left alone."""
        if not isinstance(self.stack[-1], kind):
            raise TypeError(f"a {kind.__name__} is needed, got {type(self.stack[-1]).__name__}")
        add(self.stack[-1], items)

    def append(self, _: None) -> None:
        item = self.stack.pop()
        self.into(list, list.extend, [item])

    def appends(self, _: None) -> None:
        items = self.since_mark()
        self.into(list, list.extend, items)

    def add_items(self, _: None) -> None:
        items = self.since_mark()
        self.into(set, set.update, _keys(items))

    def set_item(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.into(dict, _update, [key, value])

    def set_items(self, _: None) -> None:
        items = self.since_mark()
        self.into(dict, _update, items)

    # --- names ---

    def name(self, name: str) -> None:
        known = self.names if name in self.names else PLAIN
        if name not in known:
            raise UnsafeFileError(
                f"{self.who}: it asks for {name}, which is not one of the names that stand for data here. "
                "Nothing of it has been run. Save data only, such as a state_dict()."
            )
        self.stack.append(known[name])

    def stack_name(self, _: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name must be a str")
        self.name(f"{module}.{name}")

    def call(self, _: None) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, Call) or not isinstance(arguments, tuple):
            raise TypeError(f"{type(function).__name__} cannot be called with {type(arguments).__name__}")
        self.stack.append(function.function(*arguments))

    def build(self, _: None) -> None:
        """Attributes of an object: an ordered dict may have some, as PyTorch's states do."""
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is not OrderedDict or not isinstance(state, dict):
            raise TypeError(f"{type(target).__name__} takes no state, got {type(state).__name__}")
        for name, value in state.items():
            if hasattr(OrderedDict, name):
                raise ValueError(f"{name} of OrderedDict cannot be replaced")
            setattr(target, name, value)

    def refer(self, argument: Any) -> None:
        if self.persistent is None:
            raise ValueError("it refers to something outside it, and there is nothing")
        self.stack.append(self.persistent(argument))


def _update(target: dict[Any, Any], items: list[Any]) -> None:
    """Add keys and values; a key that is there already was not written by a program that pickles dicts."""
    before = len(target)
    target.update(zip(_keys(items[::2]), items[1::2], strict=True))
    if len(target) != before + len(items) // 2:
        raise ValueError(f"a key is in a {type(target).__name__} twice")


def _dict(items: list[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    _update(found, items)
    return found


def _keys(items: Iterable[Any]) -> list[Any]:
    """Keys of a dict or members of a set, whose parts are counted first: Python would visit each part as often as it
    occurs, which a few instructions can make more often than there is time.
    """
    keys = list(items)
    for key in keys:
        if isinstance(key, (tuple, frozenset)):
            count, left = 0, [key]
            while left:
                part = left.pop()
                if isinstance(part, (tuple, frozenset)):
                    count += 1 + len(part)
                    if count > LARGEST_KEY:
                        raise ValueError(f"a key has more than {LARGEST_KEY} parts")
                    left.extend(part)
    return keys


_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE "
    "SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8".split()
)
_MAKERS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
_SILENT = frozenset(("PROTO", "FRAME", "STOP"))
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    "MARK": _Machine.mark,
    "POP": lambda machine, _: machine.stack.pop() if machine.stack else machine.since_mark(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "MEMOIZE": _Machine.memoize,
    "TUPLE": lambda machine, _: machine.some(tuple),
    "TUPLE1": lambda machine, _: machine.some(tuple, 1),
    "TUPLE2": lambda machine, _: machine.some(tuple, 2),
    "TUPLE3": lambda machine, _: machine.some(tuple, 3),
    "LIST": lambda machine, _: machine.some(list),
    "DICT": lambda machine, _: machine.some(_dict),
    "FROZENSET": lambda machine, _: machine.some(lambda items: frozenset(_keys(items))),
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "ADDITEMS": _Machine.add_items,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": lambda machine, name: machine.name(name.replace(" ", ".", 1)),
    "STACK_GLOBAL": _Machine.stack_name,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.call),
    "BUILD": _Machine.build,
    "PERSID": _Machine.refer,
    "BINPERSID": lambda machine, _: machine.refer(machine.stack.pop()),
}
