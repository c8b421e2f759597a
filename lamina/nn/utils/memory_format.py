"""Layouts of weights in memory, which XLA chooses."""

from __future__ import annotations

from typing import Any, TypeVar

from lamina.nn.module import Module

M = TypeVar("M", bound=Module)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """The module, unchanged: XLA lays out the weights of a program as is best for it. Here for PyTorch programs.

    Args:
        module: any.
        memory_format: accepted.
    Source: torch.nn.utils.convert_conv2d_weight_memory_format.
    """
    return module


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """The module, unchanged: XLA lays out the weights of a program as is best for it. Here for PyTorch programs.

    Args:
        module: any.
        memory_format: accepted.
    Source: torch.nn.utils.convert_conv3d_weight_memory_format.
    """
    return module
