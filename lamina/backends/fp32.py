"""How exactly float32 is multiplied on GPUs: `allow_tf32` and `fp32_precision`, in both of PyTorch's spellings."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from lamina import settings
from lamina.ops import target

__all__ = ["CONVOLUTIONS", "RECURRENT", "BackendsModule", "CudnnModule", "Kind", "Products"]

_MEANT = {"none": None, "ieee": "highest", "tf32": "high"}
_TOLD = {"highest": "ieee", "high": "tf32", "medium": "tf32"}


class _Switch:
    """Something with a flag `fp32_precision`: a kind of operations, or several."""

    _kind = ""
    _first = "none"

    @property
    def fp32_precision(self) -> str:
        """How float32 is multiplied: "ieee" (exactly), "tf32", or "none": as is said of more kinds than this one."""
        told = target.told(self._kind)
        return self._first if told is None else _TOLD[told]

    @fp32_precision.setter
    def fp32_precision(self, precision: str) -> None:
        if precision not in _MEANT:
            raise RuntimeError(f"Unknown precision: {precision}; it is one of {', '.join(_MEANT)}.")
        settings.set_precision(self._kind, _MEANT[precision])


class _AllowsTf32:
    """The older spelling of the flag."""

    def _switches(self) -> tuple[_Switch, ...]:
        raise NotImplementedError

    @property
    def allow_tf32(self) -> bool:
        """Whether TF32 is used."""
        return all(switch.fp32_precision == "tf32" for switch in self._switches())

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        for switch in self._switches():
            switch.fp32_precision = "tf32" if allowed else "ieee"


class Kind(_Switch):
    """Flags of a kind of operations. Setting one makes new programs."""

    def __init__(self, kind: str, first: str) -> None:
        self._kind, self._first = kind, first

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(self, name):
            raise AttributeError(f"Unknown attribute {name}")
        super().__setattr__(name, value)


class Products(_AllowsTf32, Kind):
    """Flags of products of matrices.

    Attributes:
        allow_tf32: whether TF32 is used; the same switch as `set_float32_matmul_precision("high")`.
        allow_fp16_reduced_precision_reduction, allow_bf16_reduced_precision_reduction, allow_fp16_accumulation: are
            remembered; halves are always added up in float32.
    """

    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True
    allow_fp16_accumulation = False

    def __init__(self) -> None:
        super().__init__("products", "none")

    def _switches(self) -> tuple[_Switch, ...]:
        return (self,)


CONVOLUTIONS, RECURRENT = Kind("convolutions", "tf32"), Kind("recurrent", "tf32")


class CudnnModule(_AllowsTf32, _Switch, ModuleType):
    """`backends.cudnn`, in which two names are switches."""

    _kind = "cudnn"

    def _switches(self) -> tuple[_Switch, ...]:
        return (CONVOLUTIONS, RECURRENT)


class BackendsModule(_Switch, ModuleType):
    """`backends`, in which one name is a switch of all kinds that have no setting of their own."""

    _kind = "all"
