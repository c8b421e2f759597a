"""What a tensor says about itself beyond shape and type: where it lies, what it shares, what it is not."""

from __future__ import annotations

from typing import Any

from lamina.tensor import Tensor

PUBLIC = {
    "get_device": "lamina Tensor",
    "is_nonzero": "lamina Tensor",
    "is_same_size": "lamina Tensor",
    "is_set_to": "Tensor",
    "is_conj": "lamina Tensor",
    "is_neg": "lamina Tensor",
    "resolve_conj": "lamina Tensor",
    "resolve_neg": "lamina Tensor",
    "is_inference": "lamina Tensor",
    "is_distributed": "lamina Tensor",
    "is_shared": "Tensor",
    "is_coalesced": "Tensor",
    "sparse_dim": "Tensor",
    "dense_dim": "Tensor",
    "dim_order": "Tensor",
    "const_data_ptr": "Tensor",
    "name": "Tensor",
    "output_nr": "Tensor",
    "is_mkldnn": "Tensor",
    "is_xla": "Tensor",
    "is_xpu": "Tensor",
    "is_mps": "Tensor",
    "is_ipu": "Tensor",
    "is_vulkan": "Tensor",
    "is_mtia": "Tensor",
    "is_maia": "Tensor",
    "is_sparse_csr": "Tensor",
}
"""Where users find each."""


def get_device(input: Tensor) -> int:
    """The number of the GPU it lives on; -1 for the CPU."""
    return -1 if input.is_cpu else input.device.index or 0


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero.

    >>> import lamina
    >>> lamina.is_nonzero(lamina.tensor([1.5]))
    True
    """
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are the same."""
    return input.shape == other.shape


def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same part of the same memory, under one shape."""
    return _memory(input) is _memory(tensor) and all(
        own == other
        for own, other in (
            (input.shape, tensor.shape),
            (input.stride(), tensor.stride()),
            (input.storage_offset(), tensor.storage_offset()),
        )
    )


def _memory(tensor: Tensor) -> Any:
    return tensor if tensor._alias is None else tensor._alias.storage


def is_conj(input: Tensor) -> bool:
    """False: the conjugate of a tensor is computed, not noted."""
    return False


def is_neg(input: Tensor) -> bool:
    """False: the negative of a tensor is computed, not noted."""
    return False


def resolve_conj(input: Tensor) -> Tensor:
    """The input: see `is_conj`."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The input: see `is_neg`."""
    return input


def is_inference(input: Tensor) -> bool:
    """False: what is made within `inference_mode` is a tensor like any other."""
    return False


def is_distributed(input: Tensor) -> bool:
    """False, as in PyTorch."""
    return False


def is_shared(input: Tensor) -> bool:
    """False: no other process reads its memory."""
    return False


def is_coalesced(input: Tensor) -> bool:
    """Only of sparse tensors can this be asked."""
    raise RuntimeError("is_coalesced expected sparse coordinate tensor layout but got Strided")


def sparse_dim(input: Tensor) -> int:
    """0: no dimension is sparse."""
    return 0


def dense_dim(input: Tensor) -> int:
    """The number of dimensions: all are dense."""
    return input.ndim


def dim_order(input: Tensor) -> tuple[int, ...]:
    """The dimensions from the one with the largest steps in memory to the one with the smallest.

    >>> import lamina
    >>> lamina.zeros(2, 3).t().dim_order()
    (1, 0)
    """
    strides = input.stride()
    return tuple(sorted(range(input.ndim), key=lambda dim: -strides[dim]))


def const_data_ptr(input: Tensor) -> int:
    """The address of the array, as `data_ptr`."""
    return input.data_ptr()


name = property(lambda input: None, doc="None, as in PyTorch.")
output_nr = property(lambda input: 0, doc="Which of the results of its `grad_fn` it is.")
is_mkldnn = is_xla = is_xpu = is_mps = is_ipu = is_vulkan = is_mtia = is_maia = is_sparse_csr = property(
    lambda input: False, doc="False: there are no such tensors here."
)
