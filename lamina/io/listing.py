"""What is in a file of weights: names, types, shapes, sizes, and facts of the numbers.

Safetensors files, in one or several, and lamina's own are told from their headers; their numbers are read only for
facts, one tensor at a time. Other files are loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lamina import dtypes
from lamina.io import native, safetensors_layout
from lamina.io.files import format_of, load
from lamina.io.paths import named
from lamina.io.safetensors_layout import Header
from lamina.io.sharded import SUFFIX, open_shard, read_index, weights_in
from lamina.io.source import Source, open_source
from lamina.io.tensors import TYPES, numbers_of
from lamina.tensor import Tensor

_NAMES = frozenset(dtype.name for dtype in dtypes.ALL)


class Facts(NamedTuple):
    """What is known of numbers: how many are no numbers or infinite, and the least, largest and mean of the others."""

    nan: int
    inf: int
    min: float | None
    max: float | None
    mean: float | None


class Line(NamedTuple):
    """One tensor or array: its name, type, shape, bytes, the file it is in, and facts if they were asked for."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    file: str
    facts: Facts | None


class Listing(NamedTuple):
    """A file of weights: its format, its metadata, its tensors."""

    format: str
    metadata: dict[str, str]
    lines: list[Line]


def listing(function: str, path: Path, facts: bool = False) -> Listing:
    """What is in a file, an index or a folder.

    Args:
        function: what messages begin with.
        path: where it is.
        facts: whether to read the numbers.

    Raises:
        FileError: if anything is damaged.
    """
    path = weights_in(function, path)
    if path.name.endswith(SUFFIX):
        return _of_index(function, path, facts)
    source = open_source(function, path)
    if safetensors_layout.looks_like(source.buffer):
        header = safetensors_layout.read_header(source)
        form = "lamina" if native.is_native(header) else "safetensors"
        return Listing(form, header.notes, _of_header(source, header, path.name, facts))
    found = named(source.who, load(path, "cpu"), (list, tuple, set))
    lines = [_line(name or "value", x, path.name, facts) for name, x in found if isinstance(x, (Tensor, np.ndarray))]
    return Listing(format_of(source), {}, lines)


def facts_of(array: np.ndarray) -> Facts | None:
    """Facts of numbers; None of what is none, such as text. Complex numbers have no least and largest."""
    if array.dtype.kind in "USMm":
        return None
    if array.dtype.kind in "fcV":
        wide = array.astype(np.float32) if array.dtype.kind == "V" else array
        nan, good = np.isnan(wide), np.isfinite(wide)
        counts = int(nan.sum()), int((~nan & ~good).sum())
        numbers = wide[good] if array.dtype.kind != "c" else wide[:0].real
    else:
        counts, numbers = (0, 0), array.astype(np.uint8) if array.dtype.kind == "b" else array
    if not numbers.size:
        return Facts(*counts, None, None, None)
    return Facts(*counts, float(numbers.min()), float(numbers.max()), float(numbers.mean(dtype=np.float64)))


def _of_index(function: str, path: Path, facts: bool) -> Listing:
    index = read_index(function, path)
    lines: list[Line] = []
    metadata: dict[str, str] = {}
    for file, names in index.files.items():
        source = open_shard(function, file, index)
        if safetensors_layout.looks_like(source.buffer):
            header = safetensors_layout.read_header(source)
            metadata.update(header.notes)
            found = _of_header(source, header, file.name, facts)
        else:
            found = listing(function, file, facts).lines
        wanted = set(names)
        lines += [line for line in found if line.name in wanted]
    form = "sharded safetensors" if path.name.endswith(f".safetensors{SUFFIX}") else "sharded PyTorch"
    return Listing(form, metadata, lines)


def _of_header(source: Source, header: Header, file: str, facts: bool) -> list[Line]:
    outline = native.outline(source, header) if native.is_native(header) else {}
    lines = []
    for name, entry in header.entries.items():
        known = TYPES.get(entry.kind)
        dtype, shape = outline.get(name, (known.name if known is not None else entry.kind, entry.shape))
        found = None
        if facts:
            safetensors_layout.verify(source, header, name)
            if dtype in _NAMES:
                found = facts_of(source.numbers(entry.span).view(dtypes.of(dtype).numpy))
            source.release(entry.span)
        lines.append(Line(name, dtype, shape, entry.span.size, file, found))
    return lines


def _line(name: str, x: Any, file: str, facts: bool) -> Line:
    array = numbers_of(x) if isinstance(x, Tensor) else x
    dtype = x.dtype.name if isinstance(x, Tensor) else str(x.dtype)
    return Line(name, dtype, tuple(x.shape), array.nbytes, file, facts_of(array) if facts else None)
