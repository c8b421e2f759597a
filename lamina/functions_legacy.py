"""Older names of Tensor, and questions about kinds of tensors that lamina has not."""

from __future__ import annotations

from typing import Any, NoReturn

from lamina import creation, functions
from lamina.storage import TypedStorage
from lamina.tensor import Tensor, alias_value, wrap

PUBLIC = {
    **dict.fromkeys(("is_ipu", "is_maia", "is_mkldnn", "is_mps", "is_mtia", "is_vulkan", "is_xla", "is_xpu"), "Tensor"),
    **dict.fromkeys(("is_sparse_csr", "name", "volatile", "output_nr", "grad_dtype"), "Tensor"),
    **dict.fromkeys(("new", "new_empty_strided", "as_subclass", "module_load", "reinforce", "is_shared"), "Tensor"),
    **dict.fromkeys(("const_data_ptr", "storage_type", "resize", "resize_as", "__reversed__"), "Tensor"),
    **dict.fromkeys(("__div__", "__rdiv__", "__idiv__", "__nonzero__", "__long__"), "Tensor"),
    **dict.fromkeys(("__array_priority__", "__cuda_array_interface__"), "Tensor"),
}
"""Where users find each function."""


def _never(what: str) -> Any:
    def get(self: Tensor) -> bool:
        return False

    return property(get, doc=f"False: {what}.")


is_ipu, is_maia, is_mps, is_mtia, is_xla, is_xpu, is_vulkan = (
    _never(f"it does not live on {kind}")
    for kind in ("an IPU", "Maia", "Metal", "MTIA", "torch_xla", "an XPU", "Vulkan")
)
is_mkldnn = _never("there is no opaque layout")
is_sparse_csr = _never("it is dense")
volatile = _never("as in PyTorch, which has it no more")


def _name(self: Tensor) -> None:
    return None


def _first(self: Tensor) -> int:
    return 0


def _grad_dtype(self: Tensor) -> Any:
    return self.dtype


name = property(_name, doc="None: tensors have no names.")
output_nr = property(_first, doc="0: each tensor has a step of its own in the history.")
grad_dtype = property(_grad_dtype, doc="The type of its gradient: its own.")


def new(self: Tensor, *data: Any, device: Any = None) -> Tensor:
    """A tensor of this one's type: of data, `x.new([1, 2])`, or of a size, `x.new(2, 3)`."""
    device = self.device if device is None else device
    if data and all(isinstance(size, int) for size in data):
        return creation.zeros(*data, dtype=self.dtype, device=device)
    if not data:
        return creation.empty(0, dtype=self.dtype, device=device)
    return creation.tensor(data[0], dtype=self.dtype, device=device)


def new_empty_strided(self: Tensor, size: Any, stride: Any, **options: Any) -> Tensor:
    """A tensor of this size, with this tensor's type and device unless given; it lies in row-major order."""
    return creation.zeros(tuple(size), **{"dtype": self.dtype, "device": self.device, **options})


def as_subclass(self: Tensor, cls: Any) -> Any:
    """The same numbers under a subclass of Tensor."""
    return wrap(alias_value(self.current()), cls)


def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What `load_state_dict` puts in the place of this tensor for an entry: a copy, or the entry itself."""
    return other.detach() if assign else self.detach().copy_(other)


def reinforce(self: Tensor, *args: Any, **options: Any) -> NoReturn:
    """Not there any more, as in PyTorch."""
    raise RuntimeError("reinforce() was removed: differentiate -log_prob * reward, with log_prob of a distribution.")


def is_shared(self: Tensor) -> bool:
    """Whether its memory is shared between processes: never."""
    return False


def const_data_ptr(self: Tensor) -> int:
    """The address of the array; runs what is pending."""
    return self.data_ptr()


def storage_type(self: Tensor) -> type:
    """The class that `storage()` gives."""
    return TypedStorage


def resize(self: Tensor, *sizes: int) -> Tensor:
    """The same elements under another shape; an old name of `view`."""
    return functions.view(self, tuple(sizes))


def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """The same elements under the shape of another tensor; an old name of `view_as`."""
    return functions.view(self, tuple(tensor.shape))


def __reversed__(self: Tensor) -> Tensor:
    """The elements in reverse order along the first dimension."""
    return functions.flip(self, (0,)) if self.ndim else self


def __div__(self: Tensor, other: Any) -> Tensor:
    """`self / other`; Python 2's name."""
    return self / other


def __rdiv__(self: Tensor, other: Any) -> Tensor:
    """`other / self`; Python 2's name."""
    return other / self


def __idiv__(self: Tensor, other: Any) -> Tensor:
    """`self /= other`; Python 2's name."""
    return self.div_(other)


def __nonzero__(self: Tensor) -> bool:
    """`bool(self)`; Python 2's name."""
    return bool(self)


def __long__(self: Tensor) -> int:
    """`int(self)`; Python 2's name."""
    return int(self)


__array_priority__ = 1000
"""Above NumPy's arrays."""


def _cuda_array_interface(self: Tensor) -> Any:
    if self.device.type == "cpu":
        raise AttributeError(
            f"Can't get __cuda_array_interface__ on non-CUDA tensor type: {self.type()} If CUDA data is required use "
            "tensor.cuda() to copy tensor to device memory."
        )
    return self.array().__cuda_array_interface__


__cuda_array_interface__ = property(_cuda_array_interface, doc="Where the array lies on a GPU, for other libraries.")
