"""What tensors share: which memory, and the numbers in it.

XLA owns its buffers, so a storage is for looking: two tensors share memory exactly if `untyped_storage().data_ptr()`
is the same number, which is no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from lamina import dtypes
from lamina.rebinding import memory_of, whole_of
from lamina.tensor import Tensor


class UntypedStorage:
    """The memory of a tensor, as bytes.

    >>> import lamina
    >>> x = lamina.zeros(2, 3)
    >>> x.untyped_storage().data_ptr() == x[1].untyped_storage().data_ptr(), x[1].untyped_storage().nbytes()
    (True, 24)
    """

    def __init__(self, tensor: Tensor) -> None:
        if not isinstance(tensor, Tensor):
            raise NotImplementedError("A storage is made by a tensor: use lamina.empty(n).untyped_storage().")
        self._memory = memory_of(tensor)
        whole = whole_of(tensor)
        self._whole = tensor if whole is None else whole

    @property
    def device(self) -> Any:
        """Where it lives."""
        return self._whole.device

    def data_ptr(self) -> int:
        """A number that tells memories apart while they are alive."""
        return id(self._memory)

    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._whole.nbytes

    def element_size(self) -> int:
        """Bytes of one element: 1."""
        return 1

    def size(self) -> int:
        """The number of elements."""
        return self.nbytes() // self.element_size()

    def __len__(self) -> int:
        return self.size()

    def tolist(self) -> list[Any]:
        """The elements, read."""
        return list(self._whole.detach().numpy().tobytes())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, index: Any) -> Any:
        return self.tolist()[index]

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise NotImplementedError("A storage cannot be written to: write to a tensor, such as x.view(-1)[i] = value.")

    def resize_(self, size: int) -> NoReturn:
        """Not possible: XLA owns its buffers."""
        raise NotImplementedError("A storage cannot be resized: use Tensor.resize_.")

    def __repr__(self) -> str:
        return f"[lamina.storage.{type(self).__name__}(device={self.device}) of size {self.size()}]"


class TypedStorage(UntypedStorage):
    """The memory of a tensor, as elements of its type."""

    @property
    def dtype(self) -> dtypes.DType:
        """The number type."""
        return self._whole.dtype

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._whole.itemsize

    def tolist(self) -> list[Any]:
        """The elements, read."""
        found: list[Any] = self._whole.detach().reshape(-1).tolist()
        return found

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._whole)

    def __repr__(self) -> str:
        return f"[lamina.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {self.size()}]"


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory of this tensor, as bytes: for telling which tensors share it."""
    return UntypedStorage(self)


def storage(self: Tensor) -> TypedStorage:
    """The memory of this tensor, as elements."""
    return TypedStorage(self)
