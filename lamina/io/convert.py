"""Weights from one format to another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lamina import dtypes
from lamina.io.errors import FileError
from lamina.io.files import FLAT, SAFETENSORS, load, save
from lamina.io.paths import named
from lamina.io.safetensors_files import save_safetensors
from lamina.io.sharded import SUFFIX
from lamina.tensor import Tensor


def convert(
    source: Path,
    target: Path,
    *,
    dtype: Any = None,
    max_shard_size: int | str | None = None,
    overwrite: bool = False,
) -> int:
    """Read weights and write them in the format that the suffix of `target` says.

    Formats that hold a flat dict only, safetensors and npz, get the tensors of nested data by path, if there is nothing
    else in it.

    Args:
        source: a file, an index or a folder.
        target: the new file.
        dtype: a floating type that all floating tensors get.
        max_shard_size: how large one of several safetensors files may be.
        overwrite: whether the new file may replace one.

    Returns:
        how many tensors were written.

    Raises:
        FileExistsError: if there is such a file and it may not be replaced.
        FileError: if the source is damaged, or holds what the new format cannot.
    """
    kind = None if dtype is None else dtypes.of(dtype)
    if kind is not None and not kind.is_floating_point:
        raise ValueError(f"convert: dtype must be a floating type, got {kind.name}. Whole numbers stay as they are.")
    suffix = target.suffix.lower()
    if max_shard_size is not None and suffix != SAFETENSORS:
        raise ValueError(f"convert: only {SAFETENSORS} files come in several, got {target.name}.")
    existing = [path for path in (target, target.with_name(target.name + SUFFIX)) if path.exists()]
    if existing and not overwrite:
        raise FileExistsError(f"convert: {existing[0]} is there already. Give another name, or --force to replace it.")
    found, who = load(source, "cpu"), f"convert: {source.name}"
    for _ in named(who, found):
        pass  # what has no end is refused
    if suffix in FLAT:
        found = flat(found, who)
    count = [0]
    found = _each(found, lambda x: _as(x, kind, count))
    if suffix == SAFETENSORS:
        save_safetensors(found, target, max_shard_size=max_shard_size)
    else:
        save(found, target)
    return count[0]


def flat(x: Any, who: str) -> dict[str, Any]:
    """Nested data as a flat dict of tensors by path. A list has its numbers as names.

    Raises:
        FileError: if there is anything but tensors in it.
    """
    found: dict[str, Any] = {}
    for path, value in named(who, x):
        name = path if isinstance(x, (Mapping, list, tuple)) else "value"
        if not isinstance(value, Tensor):
            raise FileError(
                f"{who}: {name or 'it'} is a {type(value).__name__}, and the new format holds tensors only. Convert it "
                "to .lamina or .pt, or save the tensors by themselves."
            )
        if name in found:
            raise FileError(f"{who}: two tensors have the path {name!r}. Convert it to .lamina or .pt instead.")
        found[name] = value
    return found


def _as(x: Tensor, kind: dtypes.DType | None, count: list[int]) -> Tensor:
    count[0] += 1
    if kind is None or not x.is_floating_point() or x.dtype is kind:
        return x
    made = x.detach().to(kind)
    new = type(x)(made, x.requires_grad) if type(x) is not Tensor else made.requires_grad_(x.requires_grad)
    vars(new).update(vars(x))
    return new


def _each(x: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same data with every tensor changed, each once: what was one tensor twice still is."""
    done: dict[int, tuple[Tensor, Tensor]] = {}

    def visit(x: Any) -> Any:
        if isinstance(x, Tensor):
            if id(x) not in done:
                done[id(x)] = (x, change(x))
            return done[id(x)][1]
        if isinstance(x, OrderedDict):
            new = OrderedDict((key, visit(value)) for key, value in x.items())
            vars(new).update(vars(x))
            return new
        if isinstance(x, dict):
            return {key: visit(value) for key, value in x.items()}
        if type(x) in (list, tuple):
            return type(x)(visit(value) for value in x)
        return x

    return visit(x)
