"""How the elements of a tensor may be stored: `lamina.strided` and the names of others."""

from __future__ import annotations

from typing import Any


class layout:
    """A way to store elements. `lamina.strided` is that of every dense tensor."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"lamina.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided, sparse_coo, sparse_csr, sparse_csc, sparse_bsr, sparse_bsc, jagged = map(
    layout, ("strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "jagged")
)


def require_strided(who: str, wanted: Any) -> None:
    """NotImplementedError if a function that makes a dense tensor is asked for another layout."""
    if wanted not in (None, strided):
        raise NotImplementedError(f"{who}: only layout={strided} is supported, got {wanted}; see sparse_coo_tensor.")
