"""Compiled programs on disk, so that a fresh process need not compile again.

The key says everything the executable depends on: the instructions, the versions of lamina and JAX, the processor. The
files are the user's own: loading one means trusting the folder, like `__pycache__`. `LAMINA_CACHE_DIR` names another
folder; `LAMINA_CACHE_DIR=off` turns it off.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import io
import os
import pickle
import platform
import tempfile
import zlib
from pathlib import Path
from typing import Any

import jax

from lamina.engine.at_once import is_small, loaded
from lamina.engine.program import GRAD, INPUT, PACKAGE, Node
from lamina.engine.record import config

MAX_BYTES = 1 << 30
"""The folder is trimmed to this size, oldest files first, when a process first writes to it."""


@functools.cache
def folder() -> Path | None:
    """Where compiled programs are kept; None if that is turned off."""
    setting = os.environ.get("LAMINA_CACHE_DIR", "")
    if setting.lower() in ("off", "0", "none"):
        return None
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(setting) if setting else base / "lamina"
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None


@functools.cache
def _versions() -> bytes:
    digest = hashlib.sha256(f"{jax.__version__} {importlib.metadata.version('jaxlib')} {platform.machine()}".encode())
    digest.update(os.environ.get("XLA_FLAGS", "").encode())
    for room in ("", "ops", "engine"):
        for file in sorted(Path(PACKAGE, room).glob("*.py")):
            digest.update(file.read_bytes())
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        digest.update(next((line for line in lines if line.startswith(("flags", "Features"))), "").encode())
    except OSError:
        digest.update(platform.processor().encode())
    return digest.digest()


def key(steps: list[Node], executable: Any, device: jax.Device) -> str | None:
    """A name for the compiled program; None if it holds code that the name would not tell apart."""
    if folder() is None:
        return None
    text = io.StringIO()
    text.write(f"{device.platform} {device.device_kind} {device.id} {config.mode}\n")
    text.write(
        f"{executable.inputs} {executable.outputs} {sorted(executable.donated)} {executable.numbers} "
        f"{executable.streams} {executable.loose_inputs} {executable.loose_outputs}\n"
    )
    for node in steps:
        if node.op is GRAD:
            plan = node.static
            order = [step.first for step in plan.order]
            text.write(
                f"{node.first} backward {plan.roots} {plan.cotangents} {plan.packed} {plan.targets} {plan.links} "
                f"{order}\n"
            )
        elif node.op is INPUT:
            text.write(f"{node.first} input {node.specs} {node.needs}\n")
        else:
            name = node.op.stable_name
            if name is None:
                return None
            text.write(f"{node.first} {name} {node.operands} {node.static!r} {node.specs} {node.needs}\n")
    return hashlib.sha256(_versions() + text.getvalue().encode()).hexdigest()


def _file(name: str) -> Path:
    where = folder()
    assert where is not None
    return where / f"{name}.program"


def load(name: str | None, arguments: int, results: int, device: jax.Device) -> Any:
    """The compiled program of this name, or None. A damaged file counts as absent."""
    if name is None:
        return None
    try:
        serialized, at_once = pickle.loads(zlib.decompress(_file(name).read_bytes()))
        return loaded(serialized, arguments, results, device, at_once)
    except FileNotFoundError:
        return None
    except Exception:
        _file(name).unlink(missing_ok=True)
        return None


def store(name: str | None, compiled: Any, arguments: int, results: int, device: jax.Device) -> Any:
    """Write a compiled program; a failure to do so is no error. What to call: the program, or how a small one runs."""
    at_once = is_small(compiled, device)
    if name is None and not at_once:
        return compiled
    from jax.experimental import serialize_executable

    try:
        serialized, _, _ = serialize_executable.serialize(compiled)
        call = loaded(serialized, arguments, results, device, at_once) if at_once else compiled
    except Exception:
        return compiled
    if name is not None:
        _write(name, zlib.compress(pickle.dumps((serialized, at_once)), 1))
    return call


def _write(name: str, data: bytes) -> None:
    target = _file(name)
    try:
        _trim()
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, target)
    except OSError:
        return


@functools.cache
def _trim() -> None:
    where = folder()
    assert where is not None
    files = sorted(
        ((file.stat().st_mtime, file.stat().st_size, file) for file in where.glob("*.program")), reverse=True
    )
    total = 0
    for _, size, file in files:
        total += size
        if total > MAX_BYTES:
            file.unlink(missing_ok=True)
