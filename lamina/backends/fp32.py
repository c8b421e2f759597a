"""How exactly float32 is multiplied on GPUs: `allow_tf32` and `fp32_precision`, in both of PyTorch's spellings."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from lamina import settings
from lamina.ops import target

__all__ = ["CONVOLUTIONS", "RECURRENT", "BackendsModule", "CudnnModule", "Kind", "Products"]

_MEANT = {"none": "none", "ieee": "highest", "tf32": "high"}
_TOLD = {"none": "none", "highest": "ieee", "high": "tf32", "medium": "tf32"}


class _AllowsTf32:
    """The older spelling of the flag."""

    fp32_precision: str

    @property
    def allow_tf32(self) -> bool:
        """Whether TF32 is used."""
        return self.fp32_precision == "tf32"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        self.fp32_precision = "tf32" if allowed else "ieee"


class Kind:
    """Flags of a kind of operations. Setting one makes new programs.

    Attributes:
        fp32_precision: "ieee" (exact), "tf32", or "none", which is what was so at first.
    """

    _kind: str
    _first: str

    def __init__(self, kind: str, first: str) -> None:
        vars(self).update(_kind=kind, _first=first)

    @property
    def fp32_precision(self) -> str:
        """How float32 is multiplied."""
        return _TOLD[target.told(self._kind)]

    @fp32_precision.setter
    def fp32_precision(self, precision: str) -> None:
        if precision not in _MEANT:
            raise RuntimeError(f"Unknown precision: {precision}; it is one of {', '.join(_MEANT)}.")
        settings.set_precision(self._kind, _MEANT[self._first if precision == "none" else precision])

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


CONVOLUTIONS, RECURRENT = Kind("convolutions", "tf32"), Kind("recurrent", "tf32")


class CudnnModule(_AllowsTf32, ModuleType):
    """`backends.cudnn`, in which two names are switches."""

    @property
    def fp32_precision(self) -> str:
        """How float32 is multiplied in convolutions; setting it is for recurrent networks too."""
        return CONVOLUTIONS.fp32_precision

    @fp32_precision.setter
    def fp32_precision(self, precision: str) -> None:
        CONVOLUTIONS.fp32_precision = RECURRENT.fp32_precision = precision


class BackendsModule(ModuleType):
    """`backends`, in which one name is a switch of all kinds."""

    _fp32_precision = "none"

    @property
    def fp32_precision(self) -> str:
        """How float32 is multiplied in whatever has no setting of its own."""
        return self._fp32_precision

    @fp32_precision.setter
    def fp32_precision(self, precision: str) -> None:
        for kind in (self.cuda.matmul, CONVOLUTIONS, RECURRENT):
            kind.fp32_precision = precision
        self._fp32_precision = precision
