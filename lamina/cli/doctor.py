"""`lamina doctor`: versions, devices, caches, and whether a training step computes what it should."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import typer

import lamina
from lamina import nn

TOLERANCE = 1e-5
"""How far a step may be from NumPy's, beside numbers of about 1."""


def doctor() -> None:
    """Say what lamina finds on this machine, and check that a training step computes what it should.

    Exit code 1 means that the check failed.

    [bold]Examples[/bold]

        lamina doctor

        JAX_PLATFORMS=cpu lamina doctor
    """
    for title, lines in (("Versions", versions()), ("Devices", devices()), ("Caches", caches())):
        typer.echo(title)
        for name, text in lines:
            typer.echo(f"  {name:20} {text}")
    typer.echo("Self-check")
    for place in ["cpu", *(["cuda"] if lamina.cuda.is_available() else [])]:
        error, first, later = check(place)
        times = f"first {first:.2f} s, then {later * 1e6:.0f} us"
        typer.echo(f"  {place:20} a training step agrees with NumPy to {error:.1e}; {times}")
        if not error < TOLERANCE:
            raise RuntimeError(
                f"a training step on {place} differs from NumPy's by {error:.1e}, allowed is {TOLERANCE}"
            )


def versions() -> Iterator[tuple[str, str]]:
    """What is installed: name and version."""
    yield "lamina", f"{lamina.__version__}, follows PyTorch {lamina.version.__version__}"
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in ("jax", "jaxlib", "numpy", "optax", "safetensors", "grain", "tensorboardX", "torch"):
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, "not installed"


def devices() -> Iterator[tuple[str, str]]:
    """The devices that JAX sees: number and kind."""
    for kind in ("cpu", "gpu", "tpu"):
        try:
            found = jax.devices(kind)
        except RuntimeError:
            yield kind, "none"
            continue
        yield kind, f"{len(found)} x {found[0].device_kind}"
    yield "processors", str(os.cpu_count())


def caches() -> Iterator[tuple[str, str]]:
    """The folders in which something is kept, and how much."""
    for name, folder in (("programs", lamina.engine.cache_folder()), ("downloads", Path(lamina.hub.get_dir()))):
        if folder is None:
            yield name, "off"
            continue
        files = [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
        size = sum(file.stat().st_size for file in files)
        yield name, f"{folder} ({len(files)} files, {size / 2**20:.1f} MB)"


def check(place: str) -> tuple[float, float, float]:
    """The greatest difference of two steps of SGD from NumPy's, and the seconds of the first and of the second.

    Args:
        place: the device.
    """
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 3)).astype(np.float32), rng.normal(size=(16, 1)).astype(np.float32)
    net = nn.Linear(3, 1).to(place)
    weight, bias = (p.detach().cpu().numpy().astype(np.float64) for p in (net.weight, net.bias))
    optimizer = lamina.optim.SGD(net.parameters(), lr=0.1)
    inputs, targets = lamina.tensor(x, device=place), lamina.tensor(y, device=place)
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        optimizer.zero_grad()
        nn.functional.mse_loss(net(inputs), targets).backward()
        optimizer.step()
        lamina.synchronize()
        seconds.append(time.perf_counter() - began)
        residual = (x @ weight.T + bias - y) * 2 / len(x)
        weight, bias = weight - 0.1 * residual.T @ x, bias - 0.1 * residual.sum(axis=0)
    ours = (p.detach().cpu().numpy() for p in (net.weight, net.bias))
    error = max(float(np.abs(a - b).max()) for a, b in zip(ours, (weight, bias), strict=True))
    return error, seconds[0], seconds[1]
