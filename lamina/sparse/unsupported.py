"""What `torch.sparse` has and lamina does not: each says so when it is called."""

from __future__ import annotations

from typing import Any, NoReturn

from lamina.refusal import refusing

sampled_addmm = refusing("sparse.sampled_addmm", "it takes CSR matrices, a layout that is not supported", __name__)
spsolve = refusing("sparse.spsolve", "it takes CSR matrices, a layout that is not supported", __name__)
to_sparse_semi_structured = refusing("sparse.to_sparse_semi_structured", "2:4 sparsity is not supported", __name__)
as_sparse_gradcheck = refusing("sparse.as_sparse_gradcheck", "there is no gradcheck of sparse inputs", __name__)


class SparseSemiStructuredTensor:
    """PyTorch's tensors with 2:4 sparsity, which lamina does not have: making one raises NotImplementedError."""

    def __init__(self, *args: Any, **options: Any) -> NoReturn:
        raise NotImplementedError("sparse.SparseSemiStructuredTensor: 2:4 sparsity is not supported.")


class check_sparse_tensor_invariants:
    """A switch of PyTorch's: lamina checks places that are at hand always, others if `check_invariants=True` is given.

    As a context manager, `enable()` and `disable()` it changes nothing.
    """

    def __init__(self, enable: bool = True) -> None:
        self.state = enable

    @staticmethod
    def is_enabled() -> bool:
        """True: places at hand are checked."""
        return True

    @staticmethod
    def enable() -> None:
        """Changes nothing."""

    @staticmethod
    def disable() -> None:
        """Changes nothing."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *args: object) -> None:
        return None
