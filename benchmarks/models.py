"""The models and the contenders. A contender makes a `Step`: a function that trains once and returns its loss, unread.

All of them compute the same: linear layers with ReLU between, mean squared error or cross entropy, Adam with PyTorch's
defaults, on the same numbers.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Step = Callable[[], Any]
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Row:
    """A line of the table: what is trained, and the most its time should be of PyTorch's and of the limit's."""

    name: str
    title: str
    sizes: tuple[int, ...]
    batch: int
    classes: bool = False
    train: bool = True
    read_each: bool = False
    goal_torch: float | None = None
    goal_limit: float | None = None

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """One batch: inputs, and targets or classes."""
        generator = np.random.default_rng(0)
        x = generator.standard_normal((self.batch, self.sizes[0])).astype(np.float32)
        if self.classes:
            return x, generator.integers(0, self.sizes[-1], self.batch)
        return x, generator.standard_normal((self.batch, self.sizes[-1])).astype(np.float32)

    def parameters(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Initial weights (in, out) and biases, from U(-k, k), k = 1 / sqrt(in)."""
        generator = np.random.default_rng(1)
        layers = []
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            k = n_in**-0.5
            weight, bias = generator.uniform(-k, k, (n_in, n_out)), generator.uniform(-k, k, n_out)
            layers.append((weight.astype(np.float32), bias.astype(np.float32)))
        return layers


SMALL = (10, 32, 64, 1)
ROWS = {
    row.name: row
    for row in (
        Row("small5", "10-32-64-1, batch 5", SMALL, 5, goal_torch=0.30, goal_limit=1.6),
        Row("small50", "10-32-64-1, batch 50", SMALL, 50, goal_torch=0.30, goal_limit=1.6),
        Row("deep", "50 layers of 64, batch 32", (64,) * 51, 32, goal_torch=0.5, goal_limit=1.4),
        Row("digits", "784-512-256-10, batch 128", (784, 512, 256, 10), 128, True, goal_torch=0.9, goal_limit=1.15),
        Row("wide", "1024-2048-2048-1024, batch 512", (1024, 2048, 2048, 1024), 512, goal_torch=0.95, goal_limit=1.1),
        Row("forward", "forward 10-32-64-1, batch 1, no gradient", SMALL, 1, train=False, goal_torch=1.0),
        Row("forward_read", "the same, each result read", SMALL, 1, train=False, read_each=True),
    )
}


def lamina(row: Row) -> Step:
    """What this repository is about."""
    return _in_pytorch_style("lamina", row)


def torch(row: Row) -> Step:
    """PyTorch, eager: the very same code with another import."""
    return _in_pytorch_style("torch", row)


def _in_pytorch_style(library: str, row: Row) -> Step:
    t = importlib.import_module(library)
    nn, functional = t.nn, importlib.import_module(f"{library}.nn.functional")
    layers: list[Any] = []
    for weight, bias in row.parameters():
        linear = nn.Linear(*weight.shape)
        with t.no_grad():
            linear.weight.copy_(t.tensor(weight.T.copy()))
            linear.bias.copy_(t.tensor(bias))
        layers += [linear, nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    x, y = (t.tensor(array) for array in row.data())

    if not row.train:

        def forward() -> Any:
            with t.no_grad():
                return net(x)

        def forward_and_read() -> Any:
            with t.no_grad():
                return net(x).item()

        return forward_and_read if row.read_each else forward

    optimizer = t.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    loss_of = functional.cross_entropy if row.classes else functional.mse_loss

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def limit(row: Row) -> Step:
    """Plain JAX by hand: one `jax.jit` of the whole step, its state donated. No library can be much faster on XLA."""
    import jax
    import jax.numpy as jnp

    def forward(parameters: Any, x: Any) -> Any:
        for weight, bias in parameters[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = parameters[-1]
        return x @ weight + bias

    def adam_step(state: Any, x: Any, y: Any) -> Any:
        parameters, first, second, count = state
        loss, gradients = jax.value_and_grad(lambda p: _jax_loss(row, forward(p, x), y))(parameters)
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = LEARNING_RATE / (1 - 0.9**count)
        scale = 1 / jnp.sqrt(1 - 0.999**count)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) * scale + 1e-8), parameters, first, second
        )
        return (parameters, first, second, count), loss

    parameters = jax.tree.map(jnp.array, row.parameters())
    x, y = (jnp.array(array) for array in row.data())
    if not row.train:
        return _jax_forward(row, jax.jit(forward), parameters, x)
    compiled = jax.jit(adam_step, donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.zeros((), jnp.float32))

    def step() -> Any:
        nonlocal state
        state, loss = compiled(state, x, y)
        return loss

    return step


def flax(row: Row) -> Step:
    """flax nnx, as its documentation trains: `nnx.jit` of a step that updates model and optimizer."""
    import jax.numpy as jnp
    import optax
    from flax import nnx

    random = nnx.Rngs(0)
    layers: list[Any] = []
    for weight, bias in row.parameters():
        linear = nnx.Linear(*weight.shape, rngs=random)
        linear.kernel[...] = jnp.array(weight)
        linear.bias[...] = jnp.array(bias)
        layers += [linear, nnx.relu]
    net = nnx.Sequential(*layers[:-1])
    x, y = (jnp.array(array) for array in row.data())
    if not row.train:
        return _jax_forward(row, nnx.jit(lambda net, x: net(x)), net, x)
    optimizer = nnx.Optimizer(net, optax.adam(LEARNING_RATE), wrt=nnx.Param)

    @nnx.jit
    def train(net: Any, optimizer: Any, x: Any, y: Any) -> Any:
        loss, gradients = nnx.value_and_grad(lambda net: _jax_loss(row, net(x), y))(net)
        optimizer.update(net, gradients)
        return loss

    return lambda: train(net, optimizer, x, y)


def equinox(row: Row) -> Step:
    """equinox, as its documentation trains: `filter_jit` of a step from model and state to new ones, donated."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import optax

    layers: list[Any] = []
    for weight, bias in row.parameters():
        linear = eqx.nn.Linear(*weight.shape, key=jax.random.key(0))
        linear = eqx.tree_at(lambda layer: (layer.weight, layer.bias), linear, (jnp.array(weight.T), jnp.array(bias)))
        layers += [linear, eqx.nn.Lambda(jax.nn.relu)]
    net = eqx.nn.Sequential(layers[:-1])
    x, y = (jnp.array(array) for array in row.data())
    if not row.train:
        return _jax_forward(row, eqx.filter_jit(lambda net, x: jax.vmap(net)(x)), net, x)
    optimizer = optax.adam(LEARNING_RATE)
    state = optimizer.init(eqx.filter(net, eqx.is_array))

    @eqx.filter_jit(donate="all-except-first")
    def train(data: Any, net: Any, state: Any) -> Any:
        x, y = data
        loss, gradients = eqx.filter_value_and_grad(lambda net: _jax_loss(row, jax.vmap(net)(x), y))(net)
        updates, state = optimizer.update(gradients, state)
        return eqx.apply_updates(net, updates), state, loss

    def step() -> Any:
        nonlocal net, state
        net, state, loss = train((x, y), net, state)
        return loss

    return step


def _jax_loss(row: Row, output: Any, target: Any) -> Any:
    import jax
    import jax.numpy as jnp

    if row.classes:
        return -jnp.take_along_axis(jax.nn.log_softmax(output), target[:, None], axis=1).mean()
    return ((output - target) ** 2).mean()


def _jax_forward(row: Row, forward: Callable[[Any, Any], Any], net: Any, x: Any) -> Step:
    if row.read_each:
        return lambda: float(forward(net, x)[0, 0])
    return lambda: forward(net, x)


CONTENDERS: dict[str, Callable[[Row], Step]] = {
    "lamina": lamina, "torch": torch, "limit": limit, "flax": flax, "equinox": equinox,
}  # fmt: skip
TITLES = {
    "lamina": "lamina", "torch": "PyTorch", "limit": "`jax.jit` by hand", "flax": "flax nnx", "equinox": "equinox",
}  # fmt: skip


def available(names: list[str] | None = None) -> list[str]:
    """The contenders whose library is installed, in the order of the table."""
    library = {"limit": "jax"}
    found = [name for name in CONTENDERS if importlib.util.find_spec(library.get(name, name)) is not None]
    return [name for name in found if names is None or name in names]
