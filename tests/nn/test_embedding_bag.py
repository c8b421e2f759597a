"""EmbeddingBag against PyTorch's, with the same table."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from tests.parity import compare, compare_modules, floats, integers

FLAT, OFFSETS, LAST = integers(7, low=0, high=5), np.array([0, 2, 2, 6]), np.array([0, 2, 2, 7])
ROWS = integers(3, 4, low=0, high=5)

OPTIONS = [
    {},
    {"mode": "sum"},
    {"mode": "max"},
    {"padding_idx": 2},
    {"padding_idx": -1, "mode": "sum"},
    {"padding_idx": 0, "mode": "max"},
    {"max_norm": 1.0},
    {"max_norm": 0.5, "norm_type": 1.0, "mode": "max"},
    {"include_last_offset": True},
    {"include_last_offset": True, "mode": "max"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_bags(options):
    def build(nn):
        return nn.EmbeddingBag(5, 3, **options)

    compare_modules(build, ROWS)
    compare_modules(build, FLAT, LAST if options.get("include_last_offset") else OFFSETS)


@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}, {"include_last_offset": True}])
def test_weights_of_samples(options):
    def build(nn):
        return nn.EmbeddingBag(5, 3, mode="sum", **options)

    def call(module, *inputs):
        return module(*inputs[:-1], per_sample_weights=inputs[-1])

    compare_modules(build, ROWS, floats(*ROWS.shape), call=call)
    offsets = LAST if "include_last_offset" in options else OFFSETS
    compare_modules(build, FLAT, offsets, floats(*FLAT.shape), call=call)


@pytest.mark.parametrize("options", [{"mode": "sum"}, {"mode": "mean"}, {"mode": "sum", "padding_idx": 3}])
def test_gradients_by_frequency(options):
    """PyTorch's kernel for the CPU divides by the wrong row's count, so this is compared with its Embedding's rule."""

    def gradient(**more):
        module = nn.EmbeddingBag(5, 3, **options, **more)
        (module(lamina.tensor(ROWS)) * lamina.tensor(floats(3, 3))).sum().backward()
        return module.weight.grad.numpy()

    counts = np.bincount(ROWS.reshape(-1), minlength=5)[:, None]
    np.testing.assert_allclose(gradient(scale_grad_by_freq=True), gradient() / counts, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_types_of_indices(dtype):
    compare_modules(lambda nn: nn.EmbeddingBag(5, 3), FLAT.astype(dtype), OFFSETS.astype(np.int32))


def test_padding_begins_at_zero():
    module = nn.EmbeddingBag(4, 3, padding_idx=-2)
    assert module.padding_idx == 2 and module.weight[2].tolist() == [0, 0, 0] and module.weight[1].tolist() != [0, 0, 0]


def test_the_table_begins_normal():
    weight = nn.EmbeddingBag(100, 100).weight.detach().numpy()
    assert abs(weight.mean()) < 0.05 and abs(weight.std() - 1) < 0.05


@pytest.mark.parametrize("freeze", [True, False])
def test_from_pretrained(freeze):
    table = lamina.tensor([[1.0, 2.0], [3.0, 4.0]])
    module = nn.EmbeddingBag.from_pretrained(table, freeze=freeze, padding_idx=0, mode="sum")
    assert module.weight.requires_grad is not freeze
    assert module(lamina.tensor([[1, 0, 1]])).tolist() == [[6, 8]]
    with pytest.raises(AssertionError, match="^Embeddings parameter is expected to be 2-dimensional$"):
        nn.EmbeddingBag.from_pretrained(lamina.ones(3))


def test_repr():
    for options in (
        {},
        {
            "padding_idx": 1,
            "max_norm": 1.0,
            "norm_type": 1.0,
            "scale_grad_by_freq": True,
            "sparse": True,
            "mode": "sum",
        },
    ):
        assert nn.EmbeddingBag(5, 3, **options).extra_repr() == torch.nn.EmbeddingBag(5, 3, **options).extra_repr()


def test_errors():
    compare(lambda t: t.nn.EmbeddingBag(5, 3, padding_idx=5))
    compare(lambda t: t.nn.EmbeddingBag(5, 3, padding_idx=-6))
    compare(lambda t: t.nn.EmbeddingBag(5, 3, _weight=t.ones(5, 2)))
    compare(lambda t: t.nn.EmbeddingBag(-5, 3))
    compare(lambda t, i: t.nn.EmbeddingBag(5, 3, mode="min")(i), ROWS)
    with pytest.raises(AssertionError) as caught:
        nn.EmbeddingBag(5, 3, padding_idx=7)
    assert str(caught.value) == "padding_idx must be within num_embeddings"


def test_learning_with_bags():
    """A text classifier learns: the table's gradients reach it through the bags."""
    lamina.manual_seed(0)
    bags, head = nn.EmbeddingBag(20, 8), nn.Linear(8, 2)
    optimizer = lamina.optim.Adam([*bags.parameters(), *head.parameters()], lr=0.1)
    words = integers(32, 6, low=0, high=20, seed=1)
    labels = lamina.tensor((words < 10).sum(1) > 2).long()
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(head(bags(lamina.tensor(words))), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize("seed", range(12))
def test_configurations_at_random(seed):
    random = np.random.default_rng(seed)
    rows, bags = int(random.integers(2, 9)), int(random.integers(1, 6))
    options = {
        "mode": str(random.choice(["sum", "mean", "max"])),
        "padding_idx": random.choice([None, int(random.integers(-rows, rows))]),
        "max_norm": random.choice([None, 1.0]),
        "include_last_offset": bool(random.integers(2)),
    }
    if random.integers(2):
        inputs = [random.integers(0, rows, (bags, 4))]
    else:
        ends = np.sort(random.integers(0, 11, bags))
        inputs = [random.integers(0, rows, 10), np.array([0, *ends[:-1], *[10] * options["include_last_offset"]])]
    weighted = options["mode"] == "sum" and random.integers(2)
    if weighted:
        inputs.append(floats(*inputs[0].shape))

    def call(module, *inputs):
        return module(*inputs[:-1], per_sample_weights=inputs[-1]) if weighted else module(*inputs)

    compare_modules(lambda nn: nn.EmbeddingBag(rows, 3, **options), *inputs, call=call)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 72, 203])
@pytest.mark.parametrize("padding_idx", [None, 4])
@pytest.mark.parametrize("weights", [False, True])
def test_bags_of_every_length(length, padding_idx, weights):
    """Up to 64 rows are summed without a loop, in longer bags eight at each turn."""
    indices = integers(5, length, low=0, high=9)

    def build(nn):
        return nn.EmbeddingBag(9, 4, mode="sum" if weights else "mean", padding_idx=padding_idx)

    def call(module, *inputs):
        return module(*inputs[:1], per_sample_weights=inputs[1] if weights else None)

    compare_modules(build, indices, *([floats(5, length)] if weights else []), call=call)


@pytest.mark.parametrize("length", [3, 70])
def test_second_derivatives_of_bags(length):
    indices, weight, weights = integers(2, length, low=0, high=5), floats(5, 3), floats(2, length)

    def second(t):
        inputs = [t.tensor(x, requires_grad=True) for x in (weight, weights)]
        bags = t.nn.functional.embedding_bag(t.tensor(indices), inputs[0], mode="sum", per_sample_weights=inputs[1])
        first = t.autograd.grad((bags**3).sum(), inputs, create_graph=True)
        return [x.detach().numpy() for x in t.autograd.grad(sum((x**2).sum() for x in first), inputs)]

    if length == 3:
        with pytest.raises(RuntimeError, match="not implemented|not differentiable"):
            second(torch)  # whose gradient of bags has none itself
    table = torch.tensor(weight, requires_grad=True)
    factors = torch.tensor(weights, requires_grad=True)
    bags = (table[torch.tensor(indices)] * factors[..., None]).sum(1)
    first = torch.autograd.grad((bags**3).sum(), [table, factors], create_graph=True)
    expected = torch.autograd.grad(sum((x**2).sum() for x in first), [table, factors])
    for ours, theirs in zip(second(lamina), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-3, atol=1e-3)
