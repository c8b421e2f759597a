"""Limits on gradients, between `backward` and the optimizer's step.

No number is read (but with `error_if_nonfinite`), so a training step with clipping is still one program. Small
gradients that lie in one flat array stay there.
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable

from lamina import creation, functions
from lamina.autograd import no_grad
from lamina.gradients import JointGradients
from lamina.tensor import Tensor

Tensors = Tensor | Iterable[Tensor]


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of the norms of tensors: (sum |x|^p)^(1/p) over all their elements.

    Args:
        tensors: one or several.
        norm_type: p; may be inf.
        error_if_nonfinite: whether to read the norm, and raise an error if it is nan or infinite.
        foreach: accepted for PyTorch programs.
    Shapes:
        any -> ()
    Source: torch.nn.utils.get_total_norm.
    """
    given = _listed(tensors)
    order = float(norm_type)
    if not given:
        return creation.tensor(0.0)
    with no_grad():
        norms = [functions.norm_of_all(group, order) for group in _by_device(given)]
        total = norms[0]
        if len(norms) > 1:
            total = functions.norm_of_all([norm.to(given[0].device) for norm in norms], order)
    if error_if_nonfinite and not bool(functions.isfinite(total)):
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be clipped. "
            "To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients of parameters in place: grad * min(max_norm / (total_norm + 1e-6), 1).

    Args:
        parameters: one or several; those without a gradient are passed over.
        max_norm: the largest norm that is left as it is.
        total_norm: their norm, as `get_total_norm` gives it.
        foreach: accepted for PyTorch programs.
    Source: torch.nn.utils.clip_grads_with_norm_.
    """
    _scale(JointGradients(_listed(parameters)), float(max_norm), total_norm)


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of parameters in place so that their norm is at most `max_norm`; the norm before.

    Args:
        parameters: one or several; those without a gradient are passed over.
        max_norm: the largest norm.
        norm_type: p of the p-norm; may be inf.
        error_if_nonfinite: whether to read the norm, and raise an error if it is nan or infinite.
        foreach: accepted for PyTorch programs.

    >>> import lamina
    >>> w = lamina.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> lamina.nn.utils.clip_grad_norm_(w, 1.0), w.grad
    (tensor(10.), tensor([0.6000, 0.8000]))

    Source: torch.nn.utils.clip_grad_norm_.
    """
    given = _listed(parameters)
    if isinstance(parameters, types.GeneratorType) and not given:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    grads = JointGradients(given, packed=norm_type != 0)  # norm 0 counts arrays, so it needs each one
    total = get_total_norm(grads.tensors, norm_type, error_if_nonfinite)
    _scale(grads, float(max_norm), total)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of `clip_grad_norm_`.

    Source: torch.nn.utils.clip_grad_norm.
    """
    warnings.warn(
        "`lamina.nn.utils.clip_grad_norm` is now deprecated in favor of `lamina.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Cut the gradients of parameters in place to [-clip_value, clip_value].

    Args:
        parameters: one or several; those without a gradient are passed over.
        clip_value: the largest absolute value.
        foreach: accepted for PyTorch programs.

    >>> import lamina
    >>> w = lamina.tensor([3.0, -0.1], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> lamina.nn.utils.clip_grad_value_(w, 0.5)
    >>> w.grad
    tensor([ 0.5000, -0.2000])

    Source: torch.nn.utils.clip_grad_value_.
    """
    grads, limit = JointGradients(_listed(parameters)), float(clip_value)
    with no_grad():
        for group in _by_device(grads.tensors):
            grads.replace(group, functions.clamp_all(group, limit))


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _by_device(tensors: list[Tensor]) -> list[list[Tensor]]:
    groups: dict[object, list[Tensor]] = {}
    for tensor in tensors:
        groups.setdefault(tensor.device, []).append(tensor)
    return list(groups.values())


def _scale(grads: JointGradients, limit: float, total: Tensor) -> None:
    with no_grad():
        for group in _by_device(grads.tensors):
            grads.replace(group, functions.scale_to_norm(group, total.to(group[0].device), limit))
