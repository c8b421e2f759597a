"""How pruning chooses: each class makes a mask, and is the hook that applies it before each call."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from lamina import creation, functions
from lamina.nn.module import Module
from lamina.nn.utils.hooks import find, take_away
from lamina.tensor import Tensor


class BasePruningMethod(ABC):
    """The base of pruning methods. A subclass has `PRUNING_TYPE` and `compute_mask`.

    `PRUNING_TYPE` says what a further pruning looks at: "unstructured", single elements that are left; "structured",
    slices along `dim` that are left; "global", all.

    Source: torch.nn.utils.prune.BasePruningMethod.
    """

    _tensor_name: Any
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask, of the shape of t: 0 where it prunes, and where the mask so far is 0.

        Args:
            t: how important each element is.
            default_mask: the mask so far.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """The original times the mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        mask, original = getattr(module, f"{self._tensor_name}_mask"), getattr(module, f"{self._tensor_name}_orig")
        return mask.to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter: it becomes name_orig, beside the buffer name_mask; name is their product.

        Args:
            module: whose parameter it is.
            name: its name.
            args, kwargs: the arguments of the class.
            importance_scores: how important each element is; default: the parameter itself.
        """

        def prunes(hook: Any) -> bool:
            return isinstance(hook, BasePruningMethod) and hook._tensor_name == name

        found = find(module, "forward_pre", prunes)
        if len(found) > 1:
            raise AssertionError(
                f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. "
                "Use a PruningContainer."
            )
        take_away(module, "forward_pre", prunes)
        method = cls(*args, **kwargs)
        method._tensor_name = name
        if found:
            container = found[0] if isinstance(found[0], PruningContainer) else PruningContainer(found[0])
            container.add_pruning_method(method)
            method = container
        original = getattr(module, name)
        if importance_scores is not None:
            if importance_scores.shape != original.shape:
                raise AssertionError(
                    f"importance_scores should have the same shape as parameter {name} of {module}, "
                    f"got {importance_scores.shape} vs {original.shape}"
                )
        else:
            importance_scores = original
        first = not isinstance(method, PruningContainer)
        if first:
            module.register_parameter(f"{name}_orig", original)
            del module._parameters[name]
            mask = creation.ones_like(original)
        else:
            mask = getattr(module, f"{name}_mask").detach().clone()
        try:
            module.register_buffer(f"{name}_mask", method.compute_mask(importance_scores, default_mask=mask))
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if first:
                original = getattr(module, f"{name}_orig")
                module.register_parameter(name, original)
                del module._parameters[f"{name}_orig"]
            raise
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A tensor times the mask made for it.

        Args:
            t: the tensor.
            default_mask: the mask so far; default: ones.
            importance_scores: how important each element is; default: the tensor itself.
        """
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t, got {importance_scores.shape} vs {t.shape}"
            )
        scores = t if importance_scores is None else importance_scores
        mask = creation.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=mask)

    def remove(self, module: Module) -> None:
        """Make the product the parameter again. What was pruned stays zero."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        name = self._tensor_name
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters[f"{name}_orig"]
        assert original is not None
        original.data = weight.detach()
        del module._parameters[f"{name}_orig"]
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Pruning methods that were applied to one tensor, in order. The last one makes the mask, on top of those before.

    Args:
        args: the methods.
    Source: torch.nn.utils.prune.PruningContainer.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method that acts on the same tensor."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                f"PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far, and in what it has left, as the last method looks at it, that method's mask."""
        method: Any = self._pruning_methods[-1]
        mask = default_mask.to(t.dtype).clone()
        part: Any
        if method.PRUNING_TYPE == "unstructured":
            part = (default_mask == 1,)
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
                )
            dim = method.dim + t.ndim if method.dim < 0 else method.dim
            if dim < 0:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
            left = default_mask.sum([d for d in range(t.ndim) if d != dim]) != 0
            part = tuple(left if d == dim else slice(None) for d in range(t.ndim))
        elif method.PRUNING_TYPE == "global":
            part = (slice(None),) * t.ndim
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask[part] = method.compute_mask(t[part], default_mask=default_mask[part]).to(mask.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but lets a parameter have a mask.

    Source: torch.nn.utils.prune.Identity.
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> BasePruningMethod:  # type: ignore[override]
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name)


class RandomUnstructured(BasePruningMethod):
    """Prunes elements at random.

    Args:
        amount: how many, or, as a float from 0 to 1, which part of them.
    Source: torch.nn.utils.prune.RandomUnstructured.
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return _without(creation.rand_like(t), _count(self.amount, t.numel()), default_mask)

    @classmethod
    def apply(cls, module: Module, name: str, amount: float) -> BasePruningMethod:  # type: ignore[override]
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(BasePruningMethod):
    """Prunes the elements with the smallest absolute values.

    Args:
        amount: how many, or, as a float from 0 to 1, which part of them.
    Source: torch.nn.utils.prune.L1Unstructured.
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return _without(t.abs(), _count(self.amount, t.numel()), default_mask)

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: float, importance_scores: Tensor | None = None
    ) -> BasePruningMethod:
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class RandomStructured(BasePruningMethod):
    """Prunes whole slices at random.

    Args:
        amount: how many, or, as a float from 0 to 1, which part of them.
        dim: the dimension that the slices are taken along.
    Source: torch.nn.utils.prune.RandomStructured.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount, self.dim = amount, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _slice_count(t, self.amount, self.dim)
        if count == 0:
            return default_mask
        score = creation.rand(t.shape[self.dim], device=t.device)
        keep = score > functions.kthvalue(score, count).values
        return _along(keep, t, self.dim) * default_mask.to(t.dtype)

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: float, dim: int = -1
    ) -> BasePruningMethod:
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(BasePruningMethod):
    """Prunes the slices with the smallest norms.

    Args:
        amount: how many, or, as a float from 0 to 1, which part of them.
        n: the order of the norm: a number, inf, -inf, "fro" or "nuc".
        dim: the dimension that the slices are taken along.
    Source: torch.nn.utils.prune.LnStructured.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: float | str, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count, size = _slice_count(t, self.amount, self.dim), t.shape[self.dim]
        dim = self.dim % t.ndim
        length = functions.norm(t, self.n, [d for d in range(t.ndim) if d != dim])
        kept = functions.topk(length, size - count, largest=True).indices
        if count == 0:
            return default_mask
        keep = creation.zeros(size, dtype=t.dtype, device=t.device).scatter(0, kept, 1)
        return _along(keep, t, self.dim) * default_mask.to(t.dtype)

    @classmethod
    def apply(  # type: ignore[override]
        cls,
        module: Module,
        name: str,
        amount: float,
        n: float | str,
        dim: int,
        importance_scores: Tensor | None = None,
    ) -> BasePruningMethod:
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask is 0.

    Args:
        mask: of the shape of the parameter.
    Source: torch.nn.utils.prune.CustomFromMask.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Tensor) -> BasePruningMethod:  # type: ignore[override]
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, mask=mask)


def _check_amount(amount: Any) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    whole = isinstance(amount, numbers.Integral)
    if (whole and amount < 0) or (not whole and not 0.0 <= float(amount) <= 1.0):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _count(amount: Any, size: int) -> int:
    """How many of `size` things an amount is."""
    count = int(amount) if isinstance(amount, numbers.Integral) else round(amount * size)
    if count > size:
        raise ValueError(f"amount={count} should be smaller than the number of parameters to prune={size}")
    return count


def _slice_count(t: Tensor, amount: Any, dim: int) -> int:
    if t.ndim <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. "
            f"Found tensor of shape {t.shape} with {t.ndim} dims"
        )
    if dim >= t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")
    return _count(amount, t.shape[dim])


def _without(scores: Tensor, count: int, mask: Tensor) -> Tensor:
    """The mask with zeros at the `count` smallest scores."""
    if count == 0:
        return mask.clone()
    lowest = functions.topk(scores.reshape(-1), count, largest=False).indices
    return mask.reshape(-1).scatter(0, lowest, 0).reshape(mask.shape)


def _along(keep: Tensor, t: Tensor, dim: int) -> Tensor:
    """A mask like t from one number for each slice."""
    shape = [1] * t.ndim
    shape[dim] = t.shape[dim]
    return keep.to(t.dtype).reshape(shape).expand(t.shape)
