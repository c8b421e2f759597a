"""PyTorch's files, read without PyTorch and without running what is in them.

`torch.save` writes objects as a pickle, and the numbers of their tensors beside it: since PyTorch 1.6 as members of a
zip archive, before that behind the pickle. The pickle is followed by `pickles.run`, which knows no names but those
below; and twice: first to see which tensors there are, then to make them.
"""

from __future__ import annotations

import io
import reprlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lamina import dtypes
from lamina.devices import device as Device
from lamina.io import pickles
from lamina.io.errors import FileError
from lamina.io.pickles import Call, Instruction
from lamina.io.source import Readable, Source, Span, open_source
from lamina.io.storages import Cut, Storage, Storages, cut_of
from lamina.io.tensors import MapLocation, device_for
from lamina.io.zips import MARK, Archive
from lamina.nn.parameter import Parameter
from lamina.tensor import Size, Tensor

_DEEPEST = 500
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
"""What files of the older format begin with."""


def load_torch(file: Readable, device: MapLocation = None, *, mmap: bool | None = None) -> Any:
    """What `torch.save` wrote: tensors, alone or in dicts, lists and tuples, such as a `state_dict`.

    Nothing in the file is run. It may use the names of tensors, their types and Python's own data; one that asks for
    any other name is refused. Tensors that shared memory share it here too, but for those that overlap others and have
    gaps between their elements. A path is mapped into memory, and what is needed of it is read once.

    Args:
        file: a path, or a file open for reading in binary mode.
        device: where the tensors shall live, as `map_location` of `lamina.load`; the default device unless given.
        mmap: whether to map the file; by default, if it has a path.

    Raises:
        FileError: if the file is incomplete, damaged, a TorchScript program, or asks for a name that is not data.
    """
    return read_torch(open_source("load_torch", file, mmap), device)


def read_torch(source: Source, map_location: MapLocation) -> Any:
    """What is in a file of PyTorch's that is open."""
    who, buffer = source
    found = (_open_zip if bytes(buffer[:4]) == MARK else _open_old)(source)
    storages = Storages(source, found.where, found.cuts, device_for(who, map_location), found.order)
    made = pickles.run(who, found.program, _names(who, storages.tensor, _parameter, _with_attributes), _storage)
    _look_at_depth(who, made)
    return made


def _look_at_depth(who: str, x: Any) -> None:
    """Refuse what is nested so deeply that it could not be printed or compared. A cycle is not deep."""
    seen: set[int] = set()
    left = [(x, 0)]
    while left:
        x, depth = left.pop()
        if not isinstance(x, (dict, list, tuple)) or id(x) in seen:
            continue
        if depth > _DEEPEST:
            raise FileError(f"{who}: it is nested more than {_DEEPEST} deep. Save something flatter.")
        seen.add(id(x))
        left.extend((item, depth + 1) for item in (x.values() if isinstance(x, dict) else x))


# The two formats.


class _Found(NamedTuple):
    """What makes the objects of a file: the pickle, the tensors in it, and where and how their numbers are."""

    program: Sequence[Instruction]
    cuts: Sequence[Cut]
    where: Callable[[str], Span]
    order: str


def _open_zip(source: Source) -> _Found:
    """An archive with the members `*/data.pkl`, `*/byteorder`, and `*/data/0` and so on for the storages."""
    who = source.who
    archive = Archive(source)
    members = archive.members
    root = next((name[:-8] for name in members if name.endswith("/data.pkl") and name.count("/") == 1), None)
    if root is None:
        raise FileError(f"{who}: it is a zip archive, but torch.save did not write it: it has no data.pkl.")
    if f"{root}constants.pkl" in members:
        raise FileError(f"{who}: it is a TorchScript program. What can be read is its state_dict(), by torch.save.")

    program = pickles.instructions(who, io.BytesIO(archive.stored(f"{root}data.pkl")))
    big = f"{root}byteorder" in members and archive.stored(f"{root}byteorder") == b"big"
    cuts, _ = _survey(who, program)
    return _Found(program, cuts, lambda key: archive.checked(f"{root}data/{key}"), ">" if big else "<")


def _open_old(source: Source) -> _Found:
    """Five pickles (a number, a version, the machine, the object, the keys of its storages), then each storage."""
    who, buffer = source
    stream = source.stream()
    if (magic := pickles.run(who, pickles.instructions(who, stream), {})) != _MAGIC:
        raise FileError(
            f"{who}: it is a pickle, but torch.save did not write it: it begins with {reprlib.repr(magic)}."
        )
    if (version := pickles.run(who, pickles.instructions(who, stream), {})) != _VERSION:
        raise FileError(f"{who}: its format has the version {reprlib.repr(version)}; {_VERSION} is known.")
    pickles.run(who, pickles.instructions(who, stream), {})
    program = pickles.instructions(who, stream)
    cuts, types = _survey(who, program)
    keys = pickles.run(who, pickles.instructions(who, stream), {})
    spans, position = {}, stream.tell()
    for key in keys if isinstance(keys, list) else [keys]:
        if not isinstance(key, str) or key not in types or position + 8 > len(buffer):
            raise FileError(
                f"{who}: the file is incomplete, or damaged: storage {reprlib.repr(key)} is not in it. "
                "Get the file anew."
            )
        size = int.from_bytes(buffer[position : position + 8], "little") * types[key].itemsize
        spans[key] = Span(position + 8, size)
        position += 8 + size

    def where(key: str) -> Span:
        if key not in spans:
            raise FileError(
                f"{who}: the file is incomplete, or damaged: storage {key} is not in it. Get the file anew."
            )
        return spans[key]

    return _Found(program, cuts, where, "<")


def _survey(who: str, program: Sequence[Instruction]) -> tuple[list[Cut], dict[str, dtypes.DType]]:
    """All tensors that a pickle makes, and the types of their storages by key; nothing is made yet."""
    cuts: list[Cut] = []
    seen: list[Storage] = []

    def persistent(identity: Any) -> Storage:
        seen.append(_storage(identity))
        return seen[-1]

    pickles.run(who, program, _names(who, cuts.append, _nothing, _nothing), persistent)
    if len(seen) > len(cuts):
        raise FileError(f"{who}: it has a storage that is not a tensor's. Save the tensor in its place.")
    return cuts, {storage.key: storage.dtype for storage in seen}


# What the names in a file mean.


def _storage(identity: Any) -> Storage:
    """The storage of a persistent id. The last part, in the older format, says if it is a part of another."""
    kind, dtype, key, place, numel, *part = identity
    start = 0
    if part and part[0] is not None:
        _, start, numel = part[0]
    if kind != "storage" or not isinstance(dtype, dtypes.DType) or not isinstance(key, str):
        raise ValueError(f"{reprlib.repr(identity)} is no storage")
    if not all(type(x) is int and x >= 0 for x in (start, numel)):
        raise ValueError(f"{reprlib.repr(identity)} has no whole number of elements")
    return Storage(key, dtype, numel, start, str(place))


def _names(who: str, tensor: Callable[[Cut], Any], parameter: Any, with_attributes: Any) -> dict[str, Any]:
    """The names of PyTorch's that files may use, given what makes tensors and parameters and gives them attributes."""

    def rebuild(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, hooks: Any = None,
                metadata: Any = None, dtype: Any = None) -> Any:  # fmt: skip
        flags = metadata or {}
        if not flags.keys() <= {"conj", "neg"}:
            raise ValueError(f"a tensor with {reprlib.repr(flags)}")
        made = tensor(cut_of(who, storage, dtype, offset, size, stride, **flags))
        return made.requires_grad_() if made is not None and requires_grad else made

    def rebuild_typed(*arguments: Any) -> Any:
        *first, dtype = arguments[:7]
        return rebuild(*first, *arguments[7:], dtype=dtype)  # type: ignore[misc]

    def rebuild_from_type(function: Call, kind: Any, arguments: Any, state: Any) -> Any:
        if not isinstance(function, Call):
            raise TypeError(f"{type(function).__name__} makes no tensor")
        return with_attributes(function.function(*arguments), state)

    return _CONSTANTS | {
        "torch._utils._rebuild_tensor": Call(rebuild),
        "torch._utils._rebuild_tensor_v2": Call(rebuild),
        "torch._utils._rebuild_tensor_v3": Call(rebuild_typed),
        "torch._utils._rebuild_parameter": Call(parameter),
        "torch._utils._rebuild_parameter_with_state": Call(
            lambda data, requires_grad, hooks, state: with_attributes(parameter(data, requires_grad, hooks), state)
        ),
        "torch._tensor._rebuild_from_type_v2": Call(rebuild_from_type),
        "torch.tensor._rebuild_from_type_v2": Call(rebuild_from_type),
    }


def _device(*arguments: Any) -> Device:
    try:
        return Device(*arguments)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


_CONSTANTS: dict[str, Any] = {
    "torch.Size": Call(lambda sizes=(): Size(sizes)),
    "torch.Tensor": Tensor,
    "torch.device": Call(_device),
    "torch.nn.parameter.Parameter": Parameter,
    "torch.storage.UntypedStorage": dtypes.uint8,
    **{f"torch.{dtype.name}": dtype for dtype in dtypes.ALL},
    **{f"torch.{place}{dtype.tensor_name}Storage": dtype for dtype in dtypes.ALL for place in ("", "cuda.")},
}


def _parameter(data: Any, requires_grad: Any, hooks: Any) -> Parameter:
    return Parameter(data, requires_grad)


def _with_attributes(tensor: Any, state: Any) -> Any:
    """The tensor with attributes that users gave it. They may not hide what tensors have."""
    for name, value in (state[0] if isinstance(state, tuple) else state or {}).items():
        if hasattr(type(tensor), name):
            raise ValueError(f"a tensor's {name} cannot be replaced")
        setattr(tensor, name, value)
    return tensor


def _nothing(*_: Any) -> None:
    return None
