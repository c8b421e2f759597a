"""Safetensors files: tensors by name, in one file or in several with an index."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lamina.io import safetensors_layout
from lamina.io.safetensors_tensors import aliases_note, pieces_of, read_tensors
from lamina.io.sharded import divide, read_sharded, write_sharded
from lamina.io.source import Readable, name_of, open_source
from lamina.io.target import Writable, writing
from lamina.io.tensors import MapLocation
from lamina.tensor import Tensor


def save_safetensors(
    tensors: Mapping[str, Tensor],
    file: Writable,
    metadata: Mapping[str, str] | None = None,
    *,
    max_shard_size: int | str | None = None,
) -> None:
    """Write tensors by name, as `safetensors.torch.save_file` does.

    A tensor with several names is written under the first; `load_safetensors` finds it under all.

    Args:
        tensors: a flat dict, such as a `state_dict`.
        file: a path, or a file open for writing bytes.
        metadata: texts by name, kept with them.
        max_shard_size: how many bytes of tensors one file may have, such as `5_000_000_000` or `"5GB"`. If more are
            needed, `model.safetensors` becomes `model-00001-of-00002.safetensors` and so on, and an index,
            `model.safetensors.index.json`, as the hubs lay them out. The index is written last.

    Raises:
        NotDataError: for what is no tensor, or of complex128, which the format does not know.
    """
    who = f"save_safetensors: {name_of(file)}"
    pieces, aliases = pieces_of(who, tensors)
    notes = _metadata(who, metadata)
    shards = divide(pieces, _bytes_of(who, max_shard_size))
    if len(shards) == 1:
        with writing(file) as stream:
            safetensors_layout.write(stream, pieces, notes | aliases_note(aliases))
    elif isinstance(file, (str, os.PathLike)):
        write_sharded(Path(file), shards, notes, aliases)
    else:
        raise ValueError(f"{who}: several files need a path, to lie beside each other. Give one, or no max_shard_size.")


def load_safetensors(file: Readable, device: MapLocation = None) -> dict[str, Tensor]:
    """The tensors in a safetensors file, or in several with an index.

    Args:
        file: a path, or a file open for reading bytes; of several files the index, or the folder that has it.
        device: where the tensors shall live; the default device unless given.

    Raises:
        FileError: if anything is damaged or missing.
    """
    if isinstance(file, (str, os.PathLike)) and (Path(file).is_dir() or os.fspath(file).endswith(".json")):
        return read_sharded("load_safetensors", Path(file), device)
    source = open_source("load_safetensors", file)
    return read_tensors(source, safetensors_layout.read_header(source), device)


def safetensors_metadata(file: Readable) -> dict[str, str]:
    """The metadata of a safetensors file, without lamina's own entries."""
    return safetensors_layout.read_header(open_source("safetensors_metadata", file)).notes


def _metadata(who: str, metadata: Mapping[str, str] | None) -> dict[str, str]:
    notes = dict(metadata or {})
    if not all(isinstance(x, str) for item in notes.items() for x in item):
        raise TypeError(f"{who}: metadata must be texts by name; make a number a string, and more a JSON text.")
    if any(name.startswith("lamina.") for name in notes):
        raise ValueError(f"{who}: metadata must not begin with 'lamina.', which is for lamina's own.")
    return {"format": "pt", **notes}


_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def _bytes_of(who: str, size: int | str | None) -> float:
    """A number of bytes, given as such or with a unit."""
    if size is None:
        return float("inf")
    text = str(size).upper().replace(" ", "")
    unit = next((unit for unit in _UNITS if text.endswith(unit)), "")
    number = text.removesuffix(unit)
    if not number.isdigit() or not int(number):
        raise ValueError(f"{who}: max_shard_size must be a number of bytes such as 1000000 or '5GB', got {size!r}.")
    return int(number) * _UNITS.get(unit, 1)
