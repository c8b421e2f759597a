"""What backward goes through, and what can be asked of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lamina.autograd.hooks import Handle, register_hook
from lamina.autograd.joint_hook import JointHandle, JointHook
from lamina.autograd.saved import disable_saved_tensors_hooks, saved_tensors_hooks
from lamina.autograd.steps import AccumulateGrad, Node
from lamina.rebinding import memory_of
from lamina.tensor import Tensor

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class GradientEdge(NamedTuple):
    """Where a tensor's gradient arrives: its step, and which of the step's results it is."""

    node: Node
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place where the gradient of a tensor arrives."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    step = tensor.grad_fn
    return GradientEdge(AccumulateGrad(tensor) if step is None else step, 0)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a write to each tensor's memory, as if it had been changed in place."""
    for x in (tensor,) if isinstance(tensor, Tensor) else tensor:
        memory_of(x).version += 1


class save_on_cpu(saved_tensors_hooks):
    """Accepted for PyTorch programs: what backward needs is kept by XLA where it was computed.

    `lamina.utils.checkpoint` lets it be computed again instead. Tensors that a `Function` saves do go to the CPU.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda x: (x.device, x.cpu()), lambda packed: packed[1].to(packed[0]))


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Within it, tensors that a `Function` saves may be written to: it keeps copies. Operations always may be."""
    with saved_tensors_hooks(lambda x: x.clone(), lambda x: x):
        yield


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., Any], *, mode: str = "all") -> Handle:
    """Call fn when a backward has computed the gradients of these tensors.

    Args:
        tensors: those that require a gradient.
        fn: with "all", gets the gradients of all, None for those that backward did not pass, at the end of that
            backward; with "any", gets the first gradient that is computed.
        mode: "all" or "any".
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = list(tensors)
    joint = JointHook(fn, len(tensors), mode)
    return JointHandle([register_hook(x, joint.at(i)) for i, x in enumerate(tensors)])
