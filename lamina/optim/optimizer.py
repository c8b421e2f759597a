"""What all optimizers share: groups of parameters with their options, the state of each parameter, hooks, loading."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from lamina import creation
from lamina.nn.hooks import RemovableHandle
from lamina.repeat import Repeat
from lamina.tensor import (
    Tensor,
    assign,
    drop_gradients,
    flat_parts,
    flush,
    grad_mode,
    gradient_blocks,
    gradients,
    have_gradients,
    packed_gradients,
    values_of,
)

required: Any = object()
"""The default of an option that each group must give."""

_everywhere_pre: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_everywhere_post: OrderedDict[int, Callable[..., Any]] = OrderedDict()


SMALL = 1 << 14
"""Parameters of at most so many elements share flat tensors for their states: each result of a program costs a
microsecond, which is more than the arithmetic of a small one."""


class Bucket:
    """Parameters of one group that one operation updates: all that have a gradient, unless their histories differ.

    Attributes:
        params, states: the parameters and their states.
        positions: their places among the group's parameters with a gradient.
        blocks: places in `params`; the states of a block's parameters lie in one flat tensor, one after another. What
            `optimizer.state` shows of them are views.
    """

    def __init__(self, params: list[Tensor], states: list[dict[str, Any]], positions: list[int]) -> None:
        self.params, self.states, self.positions = params, states, positions
        small: dict[Any, list[int]] = {}
        for i, p in enumerate(params):
            packs = p.numel() <= SMALL and p.is_floating_point()
            small.setdefault((p.dtype, p.device) if packs else i, []).append(i)
        self.blocks = tuple(tuple(block) for block in small.values())
        self._members = [[params[i] for i in block] for block in self.blocks]
        self._blocks: dict[Any, Any] = {}
        self._held: dict[str, tuple[list[Tensor], list[int]]] = {}
        self._repeat = Repeat()

    def held(self, name: str) -> list[Tensor]:
        """The state `name` as an operation takes it: one tensor for each block."""
        found = self._held.get(name)
        if found is None or [id(state[name]) for state in self.states] != found[1]:
            tensors = [self._pack(name, block) for block in self.blocks]
            found = self._held[name] = (tensors, [id(state[name]) for state in self.states])
        return found[0]

    def grads(self) -> tuple[list[Any], Any]:
        """The gradients as an operation takes them, and how they lie."""
        values: list[Any] = []
        starts: list[tuple[int, ...] | None] = []
        for members in self._members:
            packed = packed_gradients(members)
            if packed is None:
                values += values_of(gradients(members))
                starts.append(None)
            else:
                values.append(packed[0])
                starts.append(packed[1])
        places = tuple(starts)
        blocks = self._blocks.get(places)
        if blocks is None:
            blocks = self._blocks[places] = gradient_blocks(self.blocks, places)
        return values, blocks

    def update(
        self, rule: Callable[..., Any], states: Sequence[Any], targets: Sequence[Tensor], lr: Any, *options: Any
    ) -> None:
        """Let the targets be `rule(params, grads, *states, lr, *options)`.

        Args:
            rule: the operation.
            states: tensors, lists of tensors, or None.
            targets: what its results replace.
            lr: the learning rate, a number or a tensor.
            options: numbers and bools; an `Ellipsis` stands for `blocks`.
        """
        grads, blocks = self.grads()
        tensors = self.params.copy()
        for state in states:
            if state.__class__ is list:
                tensors += state
            elif state is not None:
                tensors.append(state)
        if isinstance(lr, Tensor):
            tensors.append(lr)
            key: Any = (blocks, Tensor, options)
        else:
            key = (blocks, lr, options)
        values = values_of(tensors) + grads
        new = self._repeat.again(values, key)
        if new is None:
            mark = self._repeat.begin()
            options = tuple(blocks if option is ... else option for option in options)
            results = rule(self.params, grads, *states, lr, *options)
            self._repeat.end(mark, values, results, key)
            new = values_of(results)
        assign(targets, new)

    def _pack(self, name: str, block: tuple[int, ...]) -> Tensor:
        if len(block) == 1:
            return self.states[block[0]][name]
        parts = [self.states[i][name] for i in block]
        flat = creation.tensor(np.concatenate([part.numpy().reshape(-1) for part in parts]), device=parts[0].device)
        for i, view in zip(block, flat_parts(flat, parts), strict=True):
            self.states[i][name] = view
        return flat


class Plan:
    """Which parameters of a group have a gradient, in buckets: made once and used until that changes."""

    def __init__(self, optimizer: Optimizer, group: dict[str, Any], variant: Any) -> None:
        self.variant = variant
        self.params = list(group["params"])
        self._ids = list(map(id, self.params))
        have = have_gradients(self.params)
        self.active = [p for p, has in zip(self.params, have, strict=True) if has]
        self.idle = [p for p, has in zip(self.params, have, strict=True) if not has]
        self.state = optimizer.state
        self.buckets = []
        for positions in optimizer.arrange(group, self.active):
            params = [self.active[i] for i in positions]
            # An optimizer without states leaves `state` empty, as PyTorch's does.
            states = [self.state.get(p, {}) for p in params]
            self.buckets.append(Bucket(params, states, positions))
        self.state_count = len(self.state)

    def fits(self, optimizer: Optimizer, group: dict[str, Any], variant: Any) -> bool:
        """Whether nothing has changed since it was made."""
        return (
            self.variant == variant
            and self.state is optimizer.state
            and self.state_count == len(self.state)
            and list(map(id, group["params"])) == self._ids
            and all(have_gradients(self.active))
            and not (self.idle and any(have_gradients(self.idle)))
        )


class Optimizer:
    """The base of all optimizers. A subclass defines `step`; what it leaves pending is run when it ends.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        defaults: the options of groups that do not give them.
    Source: torch.optim.Optimizer.
    """

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


def check_options(name: str, lr: Any, differentiable: bool, foreach: bool | None, fused: bool | None) -> None:
    """Raise what all optimizers raise for a wrong learning rate, or for ways to compute a step that exclude each other.

    `foreach`, `fused` and `capturable` only say how PyTorch should be fast; a step here is always one program.
    """
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not float(lr) >= 0.0:
        raise ValueError(f"Invalid learning rate: {lr}")
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
