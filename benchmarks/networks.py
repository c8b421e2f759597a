"""Networks of more than linear layers: a residual network, recurrent ones, a transformer, a bag of words.

Each is written twice: once in PyTorch's style, which lamina and PyTorch both run, and once as a hand-written JAX
function of a dictionary of the same parameters, laid out as one would by hand for JAX.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

Arrays = dict[str, Any]
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Network:
    """A line of the table.

    Attributes:
        name, title: of the row.
        build: makes the module from `torch` or `lamina`.
        data: one batch, inputs and classes.
        prepare: from the arrays of `state_dict` to the parameters and the other state of the hand-written step.
        loss: `loss(parameters, state, x, y) -> loss, state` by hand.
        goal_torch, goal_limit: the most its time should be of PyTorch's and of the hand-written step's.
    """

    name: str
    title: str
    build: Callable[[Any], Any]
    data: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]
    prepare: Callable[[Arrays], tuple[Arrays, Arrays]]
    loss: Callable[[Arrays, Arrays, Any, Any], tuple[Any, Arrays]]
    goal_torch: float | None = None
    goal_limit: float = 1.1


def start(network: Network) -> Arrays:
    """The initial parameters and buffers, the same for all contenders."""
    import lamina

    lamina.manual_seed(0)
    state = network.build(lamina).state_dict()
    return {name: tensor.detach().numpy().copy() for name, tensor in state.items()}


def in_pytorch_style(library: str, network: Network, begin: Arrays) -> Callable[[], Any]:
    """The training step as users of PyTorch write it."""
    t = importlib.import_module(library)
    functional = importlib.import_module(f"{library}.nn.functional")
    net = network.build(t)
    net.load_state_dict({name: t.tensor(array) for name, array in begin.items()})
    x, y = (t.tensor(array) for array in network.data(np.random.default_rng(0)))
    optimizer = t.optim.Adam(net.parameters(), lr=LEARNING_RATE)

    def step() -> Any:
        optimizer.zero_grad()
        output = net(x)
        loss = functional.cross_entropy(output.flatten(0, -2), y.flatten())
        loss.backward()
        optimizer.step()
        return loss

    return step


def by_hand(network: Network, begin: Arrays) -> Callable[[], Any]:
    """The training step as one donated `jax.jit`."""
    import jax
    import jax.numpy as jnp

    parameters, state = jax.tree.map(jnp.array, network.prepare(begin))
    x, y = (jnp.array(array.astype(np.int32) if array.dtype == np.int64 else array)
            for array in network.data(np.random.default_rng(0)))  # fmt: skip

    def adam_step(everything: Any, x: Any, y: Any) -> Any:
        parameters, state, first, second, count = everything
        (loss, state), gradients = jax.value_and_grad(network.loss, has_aux=True)(parameters, state, x, y)
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = LEARNING_RATE / (1 - 0.9**count)
        scale = 1 / jnp.sqrt(1 - 0.999**count)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) * scale + 1e-8), parameters, first, second
        )
        return (parameters, state, first, second, count), loss

    compiled = jax.jit(adam_step, donate_argnums=0)
    everything = (
        parameters,
        state,
        jax.tree.map(jnp.zeros_like, parameters),
        jax.tree.map(jnp.zeros_like, parameters),
        jnp.zeros((), jnp.float32),
    )

    def step() -> Any:
        nonlocal everything
        everything, loss = compiled(everything, x, y)
        return loss

    return step


def _cross_entropy(logits: Any, y: Any) -> Any:
    import jax
    import jax.numpy as jnp

    logits = logits.reshape(-1, logits.shape[-1])
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y.reshape(-1, 1), axis=1).mean()


# ------------------------------------------------------------------------------------------------- residual network

STAGES = ((16, 16, 1), (16, 32, 2), (32, 64, 2))
"""Channels in and out, and stride, of each residual block."""


def _resnet(t: Any) -> Any:
    nn = t.nn

    class Block(nn.Module):
        def __init__(self, n_in: int, n_out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(n_out)
            self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(n_out)
            self.short = nn.Conv2d(n_in, n_out, 1, stride, bias=False) if stride > 1 else nn.Identity()

        def forward(self, x: Any) -> Any:
            h = self.bn1(self.conv1(x)).relu()
            return (self.bn2(self.conv2(h)) + self.short(x)).relu()

    class ResNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
            self.bn = nn.BatchNorm2d(16)
            self.blocks = nn.Sequential(*[Block(*stage) for stage in STAGES])
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            h = self.blocks(self.bn(self.conv(x)).relu())
            return self.head(h.mean((2, 3)))

    return ResNet()


def _prepare_resnet(arrays: Arrays) -> tuple[Arrays, Arrays]:
    """Kernels as (H, W, in, out), so that images can be (N, H, W, C), which XLA's CPU convolutions like best."""
    state = {name: value for name, value in arrays.items() if "running" in name}
    parameters = {}
    for name, value in arrays.items():
        if name not in state and "tracked" not in name:
            parameters[name] = value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T
    return parameters, state


def _resnet_by_hand(p: Arrays, state: Arrays, x: Any, y: Any) -> tuple[Any, Arrays]:
    import jax
    import jax.numpy as jnp

    new = {}

    def conv(name: str, x: Any, stride: int = 1) -> Any:
        w = p[f"{name}.weight"]
        pad = [(w.shape[0] // 2,) * 2] * 2
        return jax.lax.conv_general_dilated(x, w, (stride, stride), pad, dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def norm(name: str, x: Any) -> Any:
        mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        count = x.size // x.shape[-1]
        for stat, value in (("mean", mean), ("var", var * count / (count - 1))):
            key = f"{name}.running_{stat}"
            new[key] = 0.9 * state[key] + 0.1 * jax.lax.stop_gradient(value)
        return (x - mean) * jax.lax.rsqrt(var + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]

    h = jax.nn.relu(norm("bn", conv("conv", x.transpose(0, 2, 3, 1))))
    for i, (_, _, stride) in enumerate(STAGES):
        name = f"blocks.{i}"
        g = jax.nn.relu(norm(f"{name}.bn1", conv(f"{name}.conv1", h, stride)))
        short = conv(f"{name}.short", h, stride) if stride > 1 else h
        h = jax.nn.relu(norm(f"{name}.bn2", conv(f"{name}.conv2", g)) + short)
    logits = jnp.mean(h, (1, 2)) @ p["head.weight"] + p["head.bias"]
    return _cross_entropy(logits, y), new


# ----------------------------------------------------------------------------------------------- recurrent networks

STEPS, SEQUENCES, FEATURES, HIDDEN = 64, 32, 128, 256


def _recurrent(kind: str) -> Callable[[Any], Any]:
    def build(t: Any) -> Any:
        class Recurrent(t.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.rnn = getattr(t.nn, kind)(FEATURES, HIDDEN)
                self.head = t.nn.Linear(HIDDEN, 10)

            def forward(self, x: Any) -> Any:
                return self.head(self.rnn(x)[0][-1])

        return Recurrent()

    return build


def _prepare_recurrent(arrays: Arrays) -> tuple[Arrays, Arrays]:
    return {name: np.ascontiguousarray(value.T) for name, value in arrays.items()}, {}


def _lstm_by_hand(p: Arrays, state: Arrays, x: Any, y: Any) -> tuple[Any, Arrays]:
    import jax
    import jax.numpy as jnp

    gates = x @ p["rnn.weight_ih_l0"] + p["rnn.bias_ih_l0"] + p["rnn.bias_hh_l0"]

    def step(carry: Any, gates: Any) -> Any:
        h, c = carry
        i, f, g, o = jnp.split(gates + h @ p["rnn.weight_hh_l0"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), None

    zeros = jnp.zeros((x.shape[1], HIDDEN))
    (h, _), _ = jax.lax.scan(step, (zeros, zeros), gates)
    return _cross_entropy(h @ p["head.weight"] + p["head.bias"], y), state


def _gru_by_hand(p: Arrays, state: Arrays, x: Any, y: Any) -> tuple[Any, Arrays]:
    import jax
    import jax.numpy as jnp

    gates = x @ p["rnn.weight_ih_l0"] + p["rnn.bias_ih_l0"]

    def step(h: Any, gates: Any) -> Any:
        r, z, n = jnp.split(gates, 3, axis=-1)
        hr, hz, hn = jnp.split(h @ p["rnn.weight_hh_l0"] + p["rnn.bias_hh_l0"], 3, axis=-1)
        r, z = jax.nn.sigmoid(r + hr), jax.nn.sigmoid(z + hz)
        return (1 - z) * jnp.tanh(n + r * hn) + z * h, None

    h, _ = jax.lax.scan(step, jnp.zeros((x.shape[1], HIDDEN)), gates)
    return _cross_entropy(h @ p["head.weight"] + p["head.bias"], y), state


# ------------------------------------------------------------------------------------------------------ transformer

LAYERS, WIDTH, HEADS, LENGTH, VOCABULARY = 6, 192, 6, 128, 96


def _gpt(t: Any) -> Any:
    nn, F = t.nn, t.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            n, length, _ = x.shape
            q, k, v = (
                part.view(n, length, HEADS, WIDTH // HEADS).transpose(1, 2)
                for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
            )
            h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(h.transpose(1, 2).reshape(n, length, WIDTH))
            return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
            self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)

        def forward(self, x: Any) -> Any:
            h = self.token(x) + self.position(t.arange(x.shape[1]))
            return self.head(self.norm(self.blocks(h)))

    return GPT()


def _prepare_gpt(arrays: Arrays) -> tuple[Arrays, Arrays]:
    tables = ("token.weight", "position.weight")
    return {name: value if name in tables else np.ascontiguousarray(value.T) for name, value in arrays.items()}, {}


def _gpt_by_hand(p: Arrays, state: Arrays, x: Any, y: Any) -> tuple[Any, Arrays]:
    import jax
    import jax.numpy as jnp

    def linear(name: str, x: Any) -> Any:
        return x @ p[f"{name}.weight"] + p[f"{name}.bias"]

    def norm(name: str, x: Any) -> Any:
        mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(var + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]

    n, length = x.shape
    mask = jnp.tril(jnp.ones((length, length), bool))
    h = p["token.weight"][x] + p["position.weight"][:length]
    for i in range(LAYERS):
        name = f"blocks.{i}"
        qkv = linear(f"{name}.qkv", norm(f"{name}.norm1", h)).reshape(n, length, 3, HEADS, WIDTH // HEADS)
        q, k, v = qkv.transpose(2, 0, 3, 1, 4)  # each N heads L E
        scores = q @ k.swapaxes(-1, -2) / (WIDTH // HEADS) ** 0.5
        weights = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf))
        mixed = (weights @ v).transpose(0, 2, 1, 3).reshape(n, length, WIDTH)
        h = h + linear(f"{name}.out", mixed)
        h = h + linear(f"{name}.down", jax.nn.gelu(linear(f"{name}.up", norm(f"{name}.norm2", h))))
    return _cross_entropy(norm("norm", h) @ p["head.weight"], y), state


# ----------------------------------------------------------------------------------------------------- bag of words

WORDS, BAGS, TOKENS, DIM, CLASSES = 10_000, 64, 50, 64, 4


def _bag(t: Any) -> Any:
    class Bag(t.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = t.nn.EmbeddingBag(WORDS, DIM, mode="mean")
            self.head = t.nn.Linear(DIM, CLASSES)

        def forward(self, x: Any) -> Any:
            return self.head(self.embedding(x))

    return Bag()


def _prepare_bag(arrays: Arrays) -> tuple[Arrays, Arrays]:
    return {**arrays, "head.weight": np.ascontiguousarray(arrays["head.weight"].T)}, {}


def _bag_by_hand(p: Arrays, state: Arrays, x: Any, y: Any) -> tuple[Any, Arrays]:
    return _cross_entropy(p["embedding.weight"][x].mean(1) @ p["head.weight"] + p["head.bias"], y), state


def _images(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return random.standard_normal((32, 3, 32, 32)).astype(np.float32), random.integers(0, 10, 32)


def _sequences(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (STEPS, SEQUENCES, FEATURES)
    return random.standard_normal(shape).astype(np.float32), random.integers(0, 10, SEQUENCES)


def _text(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    text = random.integers(0, VOCABULARY, (8, LENGTH + 1))
    return text[:, :-1], text[:, 1:]


def _words(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return random.integers(0, WORDS, (BAGS, TOKENS)), random.integers(0, CLASSES, BAGS)


NETWORKS = {
    network.name: network
    for network in (
        Network("resnet", "ResNet, 3 blocks of 16 to 64, images 3x32x32, batch 32",
                _resnet, _images, _prepare_resnet, _resnet_by_hand),
        Network("lstm", "LSTM 128 to 256, 64 steps, batch 32",
                _recurrent("LSTM"), _sequences, _prepare_recurrent, _lstm_by_hand),
        Network("gru", "GRU 128 to 256, 64 steps, batch 32",
                _recurrent("GRU"), _sequences, _prepare_recurrent, _gru_by_hand),
        Network("gpt", "GPT, 6 layers of 192, 128 tokens, batch 8",
                _gpt, _text, _prepare_gpt, _gpt_by_hand, goal_torch=1.0),
        Network("bag", "EmbeddingBag 10000 x 64, 64 bags of 50",
                _bag, _words, _prepare_bag, _bag_by_hand, goal_torch=1.0),
    )
}  # fmt: skip

CONTENDERS: dict[str, Callable[[Network, Arrays], Callable[[], Any]]] = {
    "lamina": partial(in_pytorch_style, "lamina"),
    "torch": partial(in_pytorch_style, "torch"),
    "limit": by_hand,
}
