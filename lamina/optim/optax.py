"""Any optax transformation as an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.foreign import each_gradient, operation
from lamina.optim.optimizer import Optimizer
from lamina.tensor import Tensor, flush, grad_mode, have_gradients, values_of

if TYPE_CHECKING:
    import optax


class Optax(Optimizer):
    """An optax transformation as an optimizer: p' = p + u, where u is what it makes of all gradients together.

    Schedules, clipping and weight decay are part of the transformation; there is one group, without options.

    Args:
        params: tensors, or (name, tensor) pairs. To the transformation they are a list, or a dict by name, as masks and
            `optax.multi_transform` want it. One without a gradient counts as if its gradient were 0.
        tx: the transformation. If it asks for the loss, it gets what the closure returns.
    State:
        optax: the transformation's state, by name: tensors, as `state_dict` shows them.
    Source: optax.GradientTransformation.

    >>> import lamina, optax
    >>> p = lamina.ones(2, requires_grad=True)
    >>> optimizer = lamina.optim.Optax([p], optax.chain(optax.clip_by_global_norm(1.0), optax.lion(0.1)))
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.8999, 0.8999], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], tx: optax.GradientTransformation) -> None:
        super().__init__(params, {})
        self._use(tx)
        found = operation("optax init", lambda given: self._stored(self.tx.init(self._tree(given))))(
            (self.param_groups[0]["params"],)
        )
        flush()
        self.state["optax"] = dict(zip(self._names, found, strict=True))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take the one group; a second raises ValueError."""
        if self.param_groups:
            raise ValueError(
                "Optax: one group of parameters is all there can be; optax.multi_transform treats some of them "
                "differently."
            )
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients; the loss, if a closure computes it."""
        loss = self.evaluate(closure)
        with grad_mode(False):
            group = self.param_groups[0]
            params = group["params"]
            for bucket in self.plan(group):
                idle = [p for p, has in zip(params, have_gradients(params), strict=True) if not has]
                leaves = list(self.state["optax"].values())
                value = [loss] if isinstance(loss, Tensor) else None
                bucket.update(self._rule, [idle, leaves, value], [*bucket.params, *idle, *leaves], None, ...)
        return loss

    def _use(self, tx: Any) -> None:
        """Find the form of the transformation's state, and make the operation that updates."""
        import optax  # not before somebody wants it: importing it takes as long as importing lamina's layers

        self.tx = optax.with_extra_args_support(tx)
        group = self.param_groups[0]
        self._keys = group.get("param_names")
        structs = [value.spec.struct for value in values_of(group["params"])]
        with jax.enable_x64(True):
            state = jax.eval_shape(self.tx.init, self._tree(structs))
        leaves, self._form = jax.tree_util.tree_flatten_with_path(state)
        self._names = [jax.tree_util.keystr(path) for path, _ in leaves]
        self._structs = [leaf for _, leaf in leaves]
        self._update = operation("optax update", self._updated)

    def _tree(self, given: Any) -> Any:
        return list(given) if self._keys is None else dict(zip(self._keys, given, strict=True))

    def _rule(self, params: Any, grads: Any, idle: Any, leaves: Any, value: Any, _: Any, blocks: Any) -> Any:
        where = tuple(have_gradients(self.param_groups[0]["params"]))
        return self._update((params, grads, idle, leaves, value), (where, blocks))

    def _updated(
        self, params: Any, grads: Any, idle: Any, leaves: Any, value: Any, where: tuple[bool, ...], blocks: Any
    ) -> tuple[Any, ...]:
        """The new params, those that are idle, and the state. All are JAX arrays."""
        found = each_gradient(params, grads, blocks)
        found += [jnp.zeros_like(p) for p in idle]
        order = sorted(range(len(where)), key=lambda i: not where[i])
        places = sorted(range(len(where)), key=order.__getitem__)
        everything = [*params, *idle]
        state = jax.tree.unflatten(self._form, [_restored(x, s) for x, s in zip(leaves, self._structs, strict=True)])
        extra = {} if value is None else {"value": value[0]}
        tree = self._tree([everything[i] for i in places])
        updates, state = self.tx.update(self._tree([found[i] for i in places]), state, tree, **extra)
        new = jax.tree.map(lambda p, u: (p + u).astype(p.dtype), tree, updates)
        ordered = [new[i] for i in range(len(new))] if self._keys is None else [new[key] for key in self._keys]
        return (*(ordered[i] for i in order), *self._stored(state))

    def _stored(self, state: Any) -> tuple[Any, ...]:
        """The state as arrays of the types that it began with, for Tensors to hold."""
        return tuple(_storable(x, s) for x, s in zip(jax.tree.leaves(state), self._structs, strict=True))

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "tx": self.tx}

    def __setstate__(self, state: dict[str, Any]) -> None:
        tx = state.pop("tx", None)
        if tx is None:
            own, new = self.state["optax"], state["state"].get("optax", {})
            wrong = [name for name in {**own, **new} if name not in own or name not in new]
            wrong += [name for name in own if name in new and own[name].shape != new[name].shape]
            if wrong:
                raise ValueError(f"Optax: the loaded state belongs to another transformation. It differs in {wrong}.")
            with grad_mode(False):
                copies = {name: new[name].to(dtype=own[name].dtype, device=own[name].device, copy=True) for name in own}
            state["state"]["optax"] = copies
        super().__setstate__(state)
        if tx is not None:
            self._use(tx)


def _storable(x: Any, struct: Any) -> Any:
    """A leaf of a state as an array whose type Tensors have."""
    if jnp.issubdtype(struct.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    else:
        x = jnp.asarray(x).astype(struct.dtype)
    return lax.bitcast_convert_type(x, jnp.int32) if x.dtype == jnp.uint32 else x


def _restored(x: Any, struct: Any) -> Any:
    """The inverse of `_storable`."""
    if jnp.issubdtype(struct.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(lax.bitcast_convert_type(x, jnp.uint32))
    return lax.bitcast_convert_type(x, struct.dtype) if struct.dtype == jnp.uint32 else x
