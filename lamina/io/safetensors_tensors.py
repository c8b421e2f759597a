"""Tensors by name as the pieces of a safetensors file, and back."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

from lamina.io import safetensors_layout
from lamina.io.advice import place_of, refuse
from lamina.io.errors import FileError, NotDataError
from lamina.io.safetensors_layout import Header, Piece
from lamina.io.sharing import plan, row_major
from lamina.io.source import Source
from lamina.io.storages import Storage, Storages, cut_of
from lamina.io.tensors import KINDS, TYPES, MapLocation, device_for, numbers_of
from lamina.tensor import Tensor

ALIASES = "lamina.aliases"
"""The metadata that gives a tensor its other names; other programs find it under the first."""


def pieces_of(who: str, tensors: Any) -> tuple[list[Piece], dict[str, str]]:
    """What to write of tensors by name, and the other names of what is written under one already."""
    if not isinstance(tensors, Mapping):
        raise NotDataError(
            f"{who}: tensors by name are needed, got {type(tensors).__name__}. Save {{'name': tensor}}, or use "
            "lamina.save with another suffix for nested data."
        )
    for name, x in tensors.items():
        _check(who, name, x)
    pieces: list[Piece] = []
    aliases: dict[str, str] = {}
    first: dict[object, str] = {}
    for (name, tensor), place in zip(tensors.items(), plan(list(tensors.values()))[1], strict=True):
        key = (place, tensor.dtype.name)
        if key in first and tensor.numel():
            aliases[name] = first[key]
            continue
        first[key] = name
        pieces.append(_piece(name, tensor))
    return pieces, aliases


def _check(who: str, name: Any, x: Any) -> None:
    if not isinstance(x, Tensor) and type(x).__module__ != "builtins":
        raise refuse(who, x, (name,))
    if not isinstance(x, Tensor) or not isinstance(name, str) or name == "__metadata__":
        raise NotDataError(
            f"{who}: {place_of((name,))} must be a tensor with a str as its name; it is a {type(x).__name__}. Use "
            "lamina.save with another suffix for nested data."
        )
    if x.dtype.name not in KINDS:
        raise NotDataError(
            f"{who}: {place_of((name,))} is of {x.dtype.name}, which safetensors has not. Convert it, or use "
            "lamina.save with another suffix."
        )


def _piece(name: str, tensor: Tensor) -> Piece:
    return Piece(name, KINDS[tensor.dtype.name], tuple(tensor.shape), lambda: numbers_of(tensor))


def aliases_note(aliases: Mapping[str, str]) -> dict[str, str]:
    """The metadata for other names, if there are any."""
    return {ALIASES: json.dumps(aliases, separators=(",", ":"))} if aliases else {}


def read_tensors(
    source: Source, header: Header, map_location: MapLocation, names: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """The tensors in a file that is open: all, or those that are named; and under their other names as well."""
    aliases = _aliases(source.who, header)
    wanted = [*(header.entries if names is None else names), *aliases]
    cuts = {}
    for name in wanted:
        first = aliases.get(name, name)
        entry = header.entries[first]
        if entry.kind not in TYPES:
            raise FileError(
                f"{source.who}: {reprlib.repr(name)} is of type {entry.kind}, which no tensor here has. Convert it "
                "with the program that wrote it."
            )
        storage = Storage(first, TYPES[entry.kind], entry.span.size // TYPES[entry.kind].itemsize)
        cuts[name] = cut_of(source.who, storage, None, 0, entry.shape, row_major(entry.shape))
    for name in dict.fromkeys(cut.storage.key for cut in cuts.values()):
        safetensors_layout.verify(source, header, name)
    storages = Storages(
        source, lambda name: header.entries[name].span, list(cuts.values()), device_for(source.who, map_location)
    )
    return {name: storages.tensor(cut) for name, cut in cuts.items()}


def _aliases(who: str, header: Header) -> dict[str, str]:
    """Other names of tensors, and the names they are written under."""
    try:
        found = json.loads(header.metadata.get(ALIASES, "{}"), object_pairs_hook=safetensors_layout.distinct)
        good = all(name not in header.entries and first in header.entries for name, first in found.items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        good = False
    if not good:
        raise FileError(f"{who}: its metadata is damaged: {ALIASES} must give tensors other names.")
    return dict(found)
