"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from lamina import functions
from lamina.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after another; gradients pass to the parameters.

    Args:
        parameters: on one device.
    Shapes:
        any -> (number of elements,)

    >>> import lamina
    >>> lamina.nn.utils.parameters_to_vector(lamina.nn.Linear(10, 2).parameters()).shape
    lamina.Size([22])

    Source: torch.nn.utils.parameters_to_vector.
    """
    given = list(parameters)
    _check_devices(given)
    return functions.cat([parameter.view(-1) for parameter in given])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let parameters have the values of a vector, one after another. They stay the ones an optimizer knows.

    Args:
        vec: the values.
        parameters: on one device.
    Shapes:
        vec (at least the number of elements,)
    Source: torch.nn.utils.vector_to_parameters.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected lamina.Tensor, but got: {type(vec).__name__}")
    given = list(parameters)
    _check_devices(given)
    start, flat = 0, vec.detach()
    for parameter in given:
        parameter.data = flat[start : start + parameter.numel()].view_as(parameter)
        start += parameter.numel()


def _check_devices(parameters: list[Tensor]) -> None:
    if any(parameter.device != parameters[0].device for parameter in parameters):
        raise TypeError("Found two parameters on different devices, this is currently not supported.")
