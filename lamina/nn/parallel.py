"""DataParallel, for programs that wrap their model in it, and the name of DistributedDataParallel."""

from __future__ import annotations

from typing import Any

from lamina.nn.module import Module


class DataParallel(Module):
    """A module under the name `module`, called as it is.

    PyTorch splits a batch over several GPUs of one process; where there are none, it calls the module as it is, and so
    does this. `state_dict` has the same names as PyTorch's, so checkpoints of wrapped models load.

    >>> import lamina
    >>> from lamina import nn
    >>> list(nn.DataParallel(nn.Linear(3, 4)).state_dict())
    ['module.weight', 'module.bias']

    Args:
        module: what to wrap.
        device_ids: None or at most one device; several raise NotImplementedError.
        output_device: ignored.
        dim: along which PyTorch splits the batch.
    Source: torch.nn.DataParallel.
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        if device_ids is not None and len(device_ids) > 1:
            raise NotImplementedError(
                f"DataParallel: a batch is not split over several devices, got device_ids={list(device_ids)}."
            )
        self.dim = dim
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(Module):
    """For programs that import its name: training on several processes is not here.

    Args:
        module: what would be wrapped.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    def __init__(self, module: Module, *args: Any, **options: Any) -> None:
        super().__init__()
        raise NotImplementedError(
            "DistributedDataParallel: lamina has no groups of processes; use the module as it is."
        )
