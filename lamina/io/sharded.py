"""Weights in several files with an index, as the hubs lay them out: `model.safetensors.index.json` and files beside it.

The index says which file a tensor is in. A file must lie beside the index: a name that leads elsewhere is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import reprlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lamina.io import safetensors_layout
from lamina.io.atomic import replacing
from lamina.io.errors import FileError
from lamina.io.safetensors_layout import Header, Piece
from lamina.io.safetensors_tensors import aliases_note, read_tensors
from lamina.io.source import Source, open_source
from lamina.io.tensors import MapLocation
from lamina.io.torch_files import read_torch
from lamina.tensor import Tensor

SUFFIX = ".index.json"
_SUMS = "lamina.shards"


class Index(NamedTuple):
    """Which tensors are in which file, by the file's path, and the checksums of headers by its name."""

    files: dict[Path, list[str]]
    sums: dict[str, str]


def divide(pieces: Sequence[Piece], limit: float) -> list[list[Piece]]:
    """Pieces in order, as many in a file as fit; one that is larger than that has a file of its own."""
    shards: list[list[Piece]] = [[]]
    used = 0
    for piece in pieces:
        if shards[-1] and used + piece.size > limit:
            shards.append([])
            used = 0
        shards[-1].append(piece)
        used += piece.size
    return shards


def write_sharded(
    path: Path, shards: Sequence[Sequence[Piece]], notes: Mapping[str, str], aliases: Mapping[str, str]
) -> None:
    """Write several files. All are complete before the first gets its name; the index gets its name last."""
    stem = path.name.removesuffix(".safetensors")
    names = [f"{stem}-{number:05d}-of-{len(shards):05d}.safetensors" for number in range(1, len(shards) + 1)]
    with contextlib.ExitStack() as stack:  # what is entered first is left last
        index = stack.enter_context(replacing(path.with_name(f"{stem}.safetensors{SUFFIX}"), "w"))
        sums, weights = {}, {}
        for name, pieces in zip(names, shards, strict=True):
            here = {piece.name: name for piece in pieces}
            more = aliases_note({other: first for other, first in aliases.items() if first in here})
            stream = stack.enter_context(replacing(path.with_name(name), "w+b"))
            sums[name] = f"{safetensors_layout.write(stream, pieces, {**notes, **more}):08x}"
            weights.update(here)
        total = sum(piece.size for pieces in shards for piece in pieces)
        json.dump({"metadata": {"total_size": total, _SUMS: sums}, "weight_map": weights}, index, indent=2)


def is_sharded(path: Path) -> bool:
    """Whether a path is that of an index, or of a folder."""
    return path.is_dir() or path.name.endswith(SUFFIX)


def read_sharded(function: str, path: Path, map_location: MapLocation) -> dict[str, Tensor]:
    """The tensors of an index, or of the folder that has one.

    Raises:
        FileError: if the folder has no weights, or several; if the index is damaged; if a file or tensor is missing.
    """
    path = weights_in(function, path)
    if not path.name.endswith(SUFFIX):
        return _read_one(open_source(function, path), map_location, None)
    index = read_index(function, path)
    found: dict[str, Tensor] = {}  # handed out only if every file was read
    sources = [(open_shard(function, file, index), names) for file, names in index.files.items()]
    for source, names in sources:
        for name, tensor in _read_one(source, map_location, names).items():
            if name in found:
                raise FileError(f"{source.who}: {reprlib.repr(name)} is in another file already. Get the files anew.")
            found[name] = tensor
    return found


def weights_in(function: str, path: Path) -> Path:
    """The file to read, given it or its folder: the index if there is one, else the only file of weights."""
    if not path.is_dir():
        return path
    for pattern in (f"*.safetensors{SUFFIX}", "*.safetensors", f"*{SUFFIX}", "*.bin", "*.pt", "*.pth", "*.lamina"):
        found = sorted(file for file in path.glob(pattern) if file.is_file())
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(file.name for file in found[:5])
            raise FileError(
                f"{function}: {path.name}: it has {len(found)} files of weights: {names}. Give one of these."
            )
    raise FileError(f"{function}: {path.name}: the folder has no weights in it, and no index of them.")


def read_index(function: str, path: Path) -> Index:
    """What an index says, after a look at it.

    Raises:
        FileError: if it is damaged, or names a file that is not beside it.
    """
    source = open_source(function, path)
    try:
        found = json.loads(source.copy(source.whole()), object_pairs_hook=safetensors_layout.distinct)
        weights, sums = found["weight_map"], found.get("metadata", {}).get(_SUMS, {})
        if not all(isinstance(file, str) for file in [*weights.values(), *sums.values()]):
            raise ValueError("files must be named by texts")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = safetensors_layout.short(error)
        raise FileError(f"{source.who}: it is no index of weights, or damaged: {what}. Get the file anew.") from None
    files: dict[Path, list[str]] = {}
    for name, file in weights.items():
        if file != os.path.basename(file) or "\\" in file or "\0" in file or file in ("", ".", ".."):
            raise FileError(
                f"{source.who}: it says that {reprlib.repr(name)} is in {reprlib.repr(file)}, which is not beside it. "
                "Do not use this file."
            )
        files.setdefault(path.with_name(file), []).append(name)
    return Index(files, sums)


def open_shard(function: str, file: Path, index: Index) -> Source:
    """One of the files of an index; it must be the one that was written with it, if the index can tell.

    Raises:
        FileError: if it is missing, or of another writing.
    """
    try:
        source = open_source(function, file)
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise FileError(f"{function}: {file.name}: the index names it: {what}. Get this file as well.") from None
    wanted = index.sums.get(file.name)
    if wanted is not None:
        length = int.from_bytes(source.copy(source.whole(8)), "little")
        if f"{zlib.crc32(bytes(source.buffer[8 : 8 + min(length, len(source.buffer))])):08x}" != wanted:
            raise FileError(f"{source.who}: it was not written together with the index. Get all files anew.")
    return source


def _read_one(source: Source, map_location: MapLocation, names: Sequence[str] | None) -> dict[str, Tensor]:
    found: Any
    if safetensors_layout.looks_like(source.buffer):
        header: Header = safetensors_layout.read_header(source)
        present: Any = header.entries
        _all_there(source, names, present)
        return read_tensors(source, header, map_location, names)
    found = read_torch(source, map_location)
    if not isinstance(found, dict):
        raise FileError(f"{source.who}: tensors by name are needed, it holds a {type(found).__name__}.")
    _all_there(source, names, found)
    return found if names is None else {name: found[name] for name in names}


def _all_there(source: Source, names: Sequence[str] | None, present: Mapping[str, Any]) -> None:
    missing = [name for name in names or () if name not in present]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise FileError(f"{source.who}: the index says it has {reprlib.repr(missing[0])}{more}. Get the files anew.")
