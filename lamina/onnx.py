"""`torch.onnx`: importing it is fine, since many programs do so at their top; exporting is not here."""

from __future__ import annotations

from typing import Any

__all__ = ["export", "is_in_onnx_export"]


def export(*args: Any, **options: Any) -> None:
    """Not here: lamina writes no ONNX files."""
    raise NotImplementedError("onnx.export: lamina writes no ONNX files; save the model's state_dict().")


def is_in_onnx_export() -> bool:
    """False."""
    return False
