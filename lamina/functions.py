"""Every operation as a function of Tensors, public or not, by the operation's name."""

from __future__ import annotations

from typing import Any

from lamina import binding, ops

assert ops
_bound = binding.bind()
globals().update(_bound)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"There is no operation {name!r} in lamina.ops.")


def __dir__() -> list[str]:
    return sorted(_bound)
