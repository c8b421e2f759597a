"""Helpers: `checkpoint`."""

from lamina.utils import checkpoint

__all__ = ["checkpoint"]
