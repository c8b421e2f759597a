"""Small programs run on the thread that calls them.

On the CPU, XLA hands each program of more than 1000 floating-point operations to a thread of its own. Waking that
thread takes the caller 20 microseconds, and being woken by it as many again: more than the step of a small network
computes. Programs that call back into Python are run where they are called, lest callbacks wait for each other; so a
small program is loaded as one that might. It never does.
"""

from __future__ import annotations

import functools
import io
from typing import Any

import jax

__all__ = ["is_small", "loaded"]

FLOPS, BYTES = 500_000, 1 << 20
"""What a small program computes, and reads and writes, at most: it runs for 20 microseconds or so."""


def is_small(compiled: Any, device: jax.Device) -> bool:
    """Whether a program runs for so short a time that it should run on the thread that calls it."""
    if device.platform != "cpu":
        return False
    try:
        cost = compiled.cost_analysis()
        return bool(cost["flops"] <= FLOPS and cost["bytes accessed"] <= BYTES)
    except Exception:  # another version of JAX may say it in another way
        return False


def loaded(serialized: bytes, arguments: int, results: int, device: jax.Device, at_once: bool) -> Any:
    """The program that JAX has serialized, ready to be called.

    Args:
        serialized: what `jax.experimental.serialize_executable.serialize` gave.
        arguments, results: how many arrays it takes and gives.
        device: where it runs.
        at_once: whether it runs on the thread that calls it.
    """
    from jax.experimental import serialize_executable

    tree_in: Any = jax.tree.structure(((0,) * arguments, {}))
    tree_out = jax.tree.structure([0] * results)
    if at_once:
        try:
            unloaded, infos, no_kwargs = _unpickler()(io.BytesIO(serialized), device.client, [device]).load()
            return jax.stages.Compiled(unloaded.load(), [], tree_in.unflatten(infos), tree_out, no_kwargs=no_kwargs)
        except (AttributeError, TypeError, ValueError):  # another version of JAX does this in another way
            pass
    return serialize_executable.deserialize_and_load(
        serialized, tree_in, tree_out, backend=device.client, execution_devices=[device]
    )


def _never(*arguments: Any) -> Any:
    raise AssertionError("a program called back that has no callbacks")


@functools.cache
def _unpickler() -> Any:
    """JAX's own, but for the callbacks that the program might call."""
    from jax.experimental import serialize_executable

    class Unpickler(serialize_executable._JaxPjrtUnpickler):
        def persistent_load(self, pid: Any) -> Any:
            if pid[0] != "exec":
                return super().persistent_load(pid)
            return self.backend.deserialize_executable(
                pid[1], executable_devices=self.execution_devices, host_callbacks=[_never]
            )

    return Unpickler
