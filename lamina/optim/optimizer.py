"""What all optimizers share: groups of parameters with their options, the state of each parameter, hooks, loading."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from lamina import creation
from lamina.nn.hooks import RemovableHandle
from lamina.optim.bucket import Bucket, Plan
from lamina.tensor import Tensor, drop_gradients, flush, grad_mode, gradients

required: Any = object()
"""The default of an option that each group must give."""

_everywhere_pre: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_everywhere_post: OrderedDict[int, Callable[..., Any]] = OrderedDict()


class Optimizer:
    """The base of all optimizers. A subclass defines `step`; what it leaves pending is run when it ends.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        defaults: the options of groups that do not give them.
    Source: torch.optim.Optimizer.
    """

    scheduled = False
    """Whether a schedule will change the learning rate: then no program is compiled for that of the first steps."""

    _step_pre_hooks: OrderedDict[int, Any]
    _step_post_hooks: OrderedDict[int, Any]
    _state_dict_pre_hooks: OrderedDict[int, Any]
    _state_dict_post_hooks: OrderedDict[int, Any]
    _load_state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_post_hooks: OrderedDict[int, Any]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._add_hook_tables()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be "
                f"an iterable of Tensors or dicts, but got {type(params).__name__}"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._plans: dict[int, Plan] = {}
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients. A closure, if given, computes the loss and the gradients again."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or make them zero if not `set_to_none`."""
        for group in self.param_groups:
            if set_to_none:
                drop_gradients(group["params"])
                continue
            for grad in gradients(group["params"]):
                if grad is not None:
                    with grad_mode(False):
                        grad.detach_().zero_()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with options of its own where it gives them."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but "
                "the ordering of tensors in sets will change between runs. Please use a list instead."
            )
        entries = [params] if isinstance(params, Tensor) else list(params)
        names = [entry[0] for entry in entries if isinstance(entry, tuple)]
        param_group["params"] = params = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
            if not (param.is_leaf or getattr(param, "retains_grad", False)):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        self._check_new(param_group)
        self.param_groups.append(param_group)

    def state_dict(self) -> dict[str, Any]:
        """The states by the number of their parameter, and the groups with numbers in place of parameters."""
        for hook in self._state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups, start = [], 0
        for group in self.param_groups:
            for number, p in enumerate(group["params"], start):
                numbers.setdefault(id(p), number)
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            start += len(packed["params"])
            groups.append(packed)
        state = {numbers[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        result: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._state_dict_post_hooks.values():
            changed = hook(self, result)
            result = result if changed is None else changed
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that `state_dict` gave. Floating tensors are cast to the type of their parameter."""
        state_dict = dict(state_dict)
        for hook in self._load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        groups = self.param_groups
        saved = deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(group["params"]) != len(new["params"]) for group, new in zip(groups, saved, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        numbers = chain.from_iterable(new["params"] for new in saved)
        params = dict(zip(numbers, chain.from_iterable(group["params"] for group in groups), strict=True))
        state: defaultdict[Any, Any] = defaultdict(dict)
        copies: dict[tuple[int, Any], Any] = {}
        for key, value in state_dict["state"].items():
            state[params.get(key, key)] = _cast(params[key], value, copies) if key in params else value
        for group, new in zip(groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._load_state_dict_post_hooks.values():
            hook(self)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new (args, kwargs)."""
        return _register(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return _register(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict` collects."""
        return _register(self._state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` on what `state_dict` returns; it may return another."""
        return _register(self._state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before `load_state_dict` looks; it may return another."""
        return _register(self._load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after `load_state_dict`."""
        return _register(self._load_state_dict_post_hooks, hook, prepend)

    def arrange(self, group: dict[str, Any], params: list[Tensor]) -> list[list[int]]:
        """Give those params that have none a state; the positions of those that one operation can update together."""
        return [list(range(len(params)))] if params else []

    def plan(self, group: dict[str, Any], variant: Any = None) -> list[Bucket]:
        """The buckets of a group. Where `variant` differs, they are arranged anew."""
        plan = self._plans.get(id(group))
        if plan is None or not plan.fits(self, group, variant):
            plan = self._plans[id(group)] = Plan(self, group, variant)
        return plan.buckets

    def evaluate(self, closure: Callable[[], Any] | None) -> Any:
        """What the closure returns, called with gradients on."""
        if closure is None:
            return None
        with grad_mode(True):
            return closure()

    def _check_new(self, new: dict[str, Any]) -> None:
        ids = {id(p) for p in new["params"]}
        if len(ids) != len(new["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        for group in self.param_groups:
            if ("param_names" in new) != ("param_names" in group):
                kind = "with names" if "param_names" in new else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. "
                    f"cannot add param group {kind} to the optimizer"
                )
            if not ids.isdisjoint(id(p) for p in group["params"]):
                raise ValueError("some parameters appear in more than one parameter group")

    def _add_hook_tables(self) -> None:
        for moment in ("step", "state_dict", "load_state_dict"):
            for when in ("pre", "post"):
                self.__dict__.setdefault(f"_{moment}_{when}_hooks", OrderedDict())

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._plans = {}
        self._add_hook_tables()

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            options = (f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            text += f"\nParameter Group {number}\n{''.join(options)}"
        return text + ")"


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of any optimizer."""
    return _register(_everywhere_pre, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of any optimizer."""
    return _register(_everywhere_post, hook)


def check_lr(lr: Any, complaint: str = "Invalid learning rate") -> None:
    """Raise what PyTorch raises for a learning rate that is several numbers or negative; `complaint` begins it."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not float(lr) >= 0.0:
        raise ValueError(f"{complaint}: {lr}")


def check_options(name: str, lr: Any, differentiable: bool, foreach: bool | None, fused: bool | None) -> None:
    """Raise what all optimizers raise for a wrong learning rate, or for ways to compute a step that exclude each other.

    `foreach`, `fused` and `capturable` only say how PyTorch should be fast; a step here is always one program.
    """
    check_lr(lr)
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise NotImplementedError(f"{name}: differentiable=True, gradients through the step, is not supported.")


def zeros_like(p: Tensor) -> Tensor:
    """Zeros as an array, not as an operation to run: so a first step is the same program as the others."""
    return creation.tensor(np.zeros(p.shape, p.dtype.numpy), dtype=p.dtype, device=p.device)


def is_zero(option: Any) -> bool:
    """Whether an option is the number 0. A Tensor never is: looking would mean reading it."""
    return not isinstance(option, Tensor) and option == 0


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._step_pre_hooks or _everywhere_pre:
            for hook in (*_everywhere_pre.values(), *self._step_pre_hooks.values()):
                changed = hook(self, (self, *args), kwargs)
                if changed is None:
                    continue
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                (_, *args), kwargs = changed
        result = step(self, *args, **kwargs)
        if self._step_post_hooks or _everywhere_post:
            for hook in (*self._step_post_hooks.values(), *_everywhere_post.values()):
                hook(self, (self, *args), kwargs)
        flush()
        return result

    return hooked


def _register(hooks: OrderedDict[int, Any], hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def _cast(param: Tensor, value: Any, copies: dict[tuple[int, Any], Any], key: Any = None) -> Any:
    """A copy of a state; a tensor that several parameters share, as those of a group share `step`, stays shared."""
    if isinstance(value, Tensor):
        casts = param.is_floating_point() and value.is_floating_point() and key != "step"
        dtype = param.dtype if casts else value.dtype
        place = (id(value), dtype)
        if place not in copies:
            with grad_mode(False):
                copies[place] = value.to(dtype=dtype, device=param.device, copy=True)
        return copies[place]
    if isinstance(value, dict):
        return {name: _cast(param, item, copies, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(param, item, copies) for item in value)
    return value
