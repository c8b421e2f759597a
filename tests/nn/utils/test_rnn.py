"""Packing and padding, and the layers that take packed sequences, against PyTorch's."""

from __future__ import annotations

import copy
import pickle
import random

import jax
import numpy as np
import pytest
import torch

import lamina
from lamina.nn.utils import rnn
from tests.parity import compare, compare_modules, floats, integers

E, H, T = 3, 4, 6
UNSORTED, SORTED = [2, 5, 1, 5], [5, 3, 3, 1]


def both(call, *inputs, **options):
    """Compare `call(rnn, t, *inputs)`."""
    compare(lambda t, *x: call(t.nn.utils.rnn, t, *x), *inputs, **options)


def test_names_are_pytorchs():
    assert set(torch.nn.utils.rnn.__all__) == set(rnn.__all__)
    assert rnn.PackedSequence._fields == torch.nn.utils.rnn.PackedSequence._fields


@pytest.mark.parametrize(("lengths", "enforce"), [(UNSORTED, False), (SORTED, True), (SORTED, False)])
@pytest.mark.parametrize("batch_first", [True, False])
def test_packing_and_back(lengths, enforce, batch_first):
    x = floats(4, T, E) if batch_first else floats(T, 4, E)

    def call(r, t, x):
        packed = r.pack_padded_sequence(x, lengths, batch_first, enforce)
        # Before the rows are looked at, and after.
        before = r.pad_packed_sequence(packed, not batch_first, -1.0, 7), r.pad_packed_sequence(packed, batch_first)
        return before, packed, r.pad_packed_sequence(packed, True, -2.0, 6), r.pad_packed_sequence(packed)

    both(call, x)


def test_batches_without_features_of_whole_numbers_and_of_halves():
    both(lambda r, t, x: r.pack_padded_sequence(x, t.tensor([2, 3]), enforce_sorted=False), integers(4, 2))
    both(lambda r, t, x: r.pad_packed_sequence(r.pack_padded_sequence(x, [3, 2]), padding_value=1.5), floats(4, 2))
    both(lambda r, t, x: r.pack_padded_sequence(x, [3.7, 2.2]), floats(4, 2, 1, 2, dtype=np.float64))
    both(lambda r, t, x: r.pad_packed_sequence(r.pack_padded_sequence(x, [3, 2])), floats(4, 2).astype(np.float16))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("side", ["left", "right"])
def test_pad_sequence(batch_first, side):
    def call(r, t, *x):
        return r.pad_sequence(x, batch_first, 2.0, side), r.pad_sequence([y * 2 for y in x], batch_first, 0.5, side)

    both(call, floats(3, 2), floats(1, 2), floats(4, 2))
    both(call, floats(3), floats(1), grad=False)
    both(call, integers(3), integers(1))


def test_pad_sequence_of_a_tensor_and_of_mixed_types():
    both(lambda r, t, x: r.pad_sequence(x), floats(2, 3))
    both(lambda r, t, x, y: r.pad_sequence([x, y]), floats(2), integers(3), grad=False)


def test_unpacking_into_sequences():
    both(lambda r, t, *x: r.unpack_sequence(r.pack_sequence(x, enforce_sorted=False)), floats(3, 2), floats(4, 2))
    both(lambda r, t, *x: r.pack_sequence([y * 2 for y in x]), floats(3, 2), floats(1, 2))
    both(lambda r, t, x: r.unpad_sequence(x * 1, t.tensor([3, 1])), floats(4, 2, 2))
    both(lambda r, t, x: r.unpad_sequence(x, t.tensor([3, 1]), True), floats(2, 4))


def test_invert_permutation():
    both(lambda r, t, x: (r.invert_permutation(x), r.invert_permutation(None)), np.array([2, 0, 1, 3]))
    pending = lamina.tensor([1, 2, 0]) + 0
    assert rnn.invert_permutation(pending).tolist() == [2, 0, 1]


def test_a_packed_sequence_made_by_hand():
    def call(r, t, data):
        sizes = t.tensor([2, 1])
        by_hand = r.PackedSequence(data, sizes, t.tensor([1, 0]))
        return by_hand, r.PackedSequence((data, sizes)), r.pad_packed_sequence(by_hand), by_hand[0], by_hand[1:]

    both(call, floats(3, 2))


def test_what_a_packed_sequence_knows():
    packed = rnn.pack_sequence([lamina.ones(3), lamina.ones(1)])
    assert not packed.is_cuda and not packed.is_pinned()
    assert packed.to(lamina.float32) is packed and packed.cpu() is packed and packed.pin_memory() is packed
    kinds = ("double", "float", "half", "long", "int", "short", "char", "byte")
    expected = torch.nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(1)])
    for kind in kinds:
        for looked_at in (False, True):
            packed = rnn.pack_sequence([lamina.ones(3), lamina.ones(1)])
            if looked_at:
                assert packed.data.shape == (4,)
            converted = getattr(packed, kind)()
            assert str(converted.data.dtype)[7:] == str(getattr(expected, kind)().data.dtype)[6:]
            assert converted.batch_sizes.tolist() == [2, 1, 1]
    data, sizes, *indices = packed
    assert data is packed.data and sizes is packed.batch_sizes and indices == [None, None]
    assert repr(packed) == repr(expected)
    for other in (copy.copy(packed), copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert isinstance(other, rnn.PackedSequence) and other.data.tolist() == packed.data.tolist()


def test_writing_to_the_batch_does_not_reach_what_was_packed():
    def call(r, t, x):
        x = x * 1
        packed = r.pack_padded_sequence(x, [3, 2])
        x.zero_()
        first = packed.data * 1
        packed.data.mul_(2)
        return first, r.pad_packed_sequence(packed)

    both(call, floats(3, 2))


def test_packing_without_gradients():
    def call(r, t, x):
        with t.no_grad():
            packed = r.pack_padded_sequence(x, [3, 2])
        return r.pad_packed_sequence(packed)[0], packed.data, r.pack_padded_sequence(x, [2, 1]).data

    both(call, floats(3, 2))


@pytest.mark.parametrize(
    "call",
    [
        lambda r, t, x: r.pack_padded_sequence(x, [3, 2, 1]),
        lambda r, t, x: r.pack_padded_sequence(x, [2, 3]),
        lambda r, t, x: r.pack_padded_sequence(x, [2, 0]),
        lambda r, t, x: r.pack_padded_sequence(x, []),
        lambda r, t, x: r.pack_padded_sequence(x, [[2, 1]]),
        lambda r, t, x: r.pack_padded_sequence(x[:0], [0, 0]),
        lambda r, t, x: r.pack_padded_sequence(x[0, 0], [1]),
        lambda r, t, x: r.pad_packed_sequence(r.pack_padded_sequence(x, [3, 2]), total_length=2),
        lambda r, t, x: r.pad_sequence([]),
        lambda r, t, x: r.pad_sequence(3),
        lambda r, t, x: r.pad_sequence([x, x[:, 0]]),
        lambda r, t, x: r.pad_sequence([x, x[:, :, :1]]),
        lambda r, t, x: r.pad_sequence([x], padding_side="up"),
        lambda r, t, x: r.pad_sequence([x[0, 0, 0]]),
        lambda r, t, x: r.pack_sequence([x[:1], x]),
        lambda r, t, x: r.pack_sequence([]),
        lambda r, t, x: r.PackedSequence(x),
        lambda r, t, x: r.unpad_sequence(x * 1, t.tensor([2])),
    ],
)
def test_what_pytorch_refuses(call):
    both(call, floats(3, 2, 2))


def test_messages():
    x = lamina.ones(3, 2)
    with pytest.raises(RuntimeError) as caught:
        rnn.pack_padded_sequence(x, [2])
    assert str(caught.value) == "Expected `len(lengths)` to be equal to batch_size, but got 1 (batch_size=2)"
    with pytest.raises(RuntimeError) as caught:
        rnn.pack_padded_sequence(x, [4, 1])
    assert str(caught.value) == "pack_padded_sequence: no length may be larger than the 3 steps of input (3, 2), got 4."
    with pytest.raises(ValueError) as caught:
        rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [3, 1]), total_length=1)
    assert str(caught.value) == (
        "Expected total_length to be at least the length of the longest sequence in input, but got "
        "total_length=1 and max sequence length being 3"
    )
    with pytest.raises(RuntimeError) as caught:
        rnn.pad_sequence([x, lamina.ones(1, 3)])
    assert str(caught.value) == "pad_sequence: all sequences must be (*, 2), as the first is, got (1, 3)."
    with pytest.raises(RuntimeError) as caught:
        rnn.pad_packed_sequence(rnn.PackedSequence(x, lamina.tensor([3, 2])))
    assert str(caught.value) == "PackedSequence: data must have 5 rows for its batch_sizes, got (3, 2)."


# --- layers ---


def configurations():
    rng = random.Random(1)
    for number in range(9):
        kind = ("RNN", "LSTM", "GRU")[number % 3]
        options = {"num_layers": rng.choice([1, 2]), "bidirectional": rng.random() < 0.5, "bias": rng.random() < 0.8}
        options["batch_first"] = rng.random() < 0.5  # makes no difference to a packed sequence
        if kind == "RNN" and number > 2:
            options["nonlinearity"] = "relu"
        if kind == "LSTM" and number > 2:
            options["proj_size"] = 2
        yield kind, options, number % 2 == 0, number % 4 < 2, number < 6


@pytest.mark.parametrize(("kind", "options", "given", "ordered", "lazy"), list(configurations()))
def test_layers_agree(kind, options, given, ordered, lazy):
    """With states given in the order of the batch, from a batch that stays padded inside, and from packed rows."""
    count = options["num_layers"] * (2 if options["bidirectional"] else 1)
    sizes = [options.get("proj_size", H)] + [H] * (kind == "LSTM")
    states = [floats(count, 4, size, seed=k) for k, size in enumerate(sizes)] if given else []
    lengths = SORTED if ordered else UNSORTED

    def call(module, x, *states):
        r = torch.nn.utils.rnn if isinstance(x, torch.Tensor) else rnn
        packed = r.pack_padded_sequence(x, lengths, enforce_sorted=ordered)
        if not lazy:
            packed = r.PackedSequence(packed.data * 2, *packed[1:])
        output, state = module(packed, *((states if kind == "LSTM" else states[0],) if given else ()))
        return r.pad_packed_sequence(output, padding_value=-1.0), output, state

    compare_modules(
        lambda nn: getattr(nn, kind)(E, H, **options), floats(T, 4, E), *states, call=call, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_padding_reaches_nothing(kind):
    """Even nan in the padding gives the same results and gradients."""
    layer = getattr(lamina.nn, kind)(E, H, 2, bidirectional=True)
    found = []
    for padding in (0.0, np.nan, 1e30):
        x = floats(T, 4, E)
        for n, length in enumerate(UNSORTED):
            x[length:, n] = padding
        x = lamina.tensor(x, requires_grad=True)
        output, _ = layer(rnn.pack_padded_sequence(x, UNSORTED, enforce_sorted=False))
        layer.zero_grad()
        (rnn.pad_packed_sequence(output)[0] ** 2).sum().backward()
        found.append([x.grad.numpy(), *(p.grad.numpy() for p in layer.parameters())])
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_double_and_dropout():
    compare_modules(
        lambda nn: nn.GRU(E, H).double(),
        floats(T, 4, E, dtype=np.float64),
        call=lambda module, x: module(
            (torch.nn.utils.rnn if isinstance(x, torch.Tensor) else rnn).pack_padded_sequence(x, SORTED)
        ),
    )
    layer = lamina.nn.LSTM(E, 32, 2, dropout=0.5)
    packed = rnn.pack_padded_sequence(lamina.randn(T, 4, E), SORTED)
    assert not lamina.equal(layer(packed)[0].data, layer(packed)[0].data)
    layer.eval()
    assert lamina.equal(layer(packed)[0].data, layer(packed)[0].data)


def test_gradients_of_packed_rows():
    """Rows that were asked for are what the layer was given, so gradients of them can be asked for too."""

    def call(t, x):
        t.manual_seed(0)
        layer = t.nn.GRU(E, H)
        with t.no_grad():
            for p in layer.parameters():
                p.fill_(0.1)
        packed = t.nn.utils.rnn.pack_padded_sequence(x, SORTED)
        packed.data.retain_grad()
        layer(packed)[1].sum().backward()
        return packed.data.grad

    compare(call, floats(T, 4, E), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_packed_inputs_that_pytorch_refuses(kind):
    def call(shape, dtype=np.float32):
        def packed(module, x):
            r = torch.nn.utils.rnn if isinstance(x, torch.Tensor) else rnn
            return module(r.PackedSequence(x, (torch if r is not rnn else lamina).tensor([2, 1])))

        compare_modules(lambda nn: getattr(nn, kind)(E, H), floats(*shape, dtype=dtype), call=packed)

    for shape in ((3,), (3, 2, E), (3, E + 1)):
        call(shape)
    with pytest.raises(RuntimeError, match=r"^input must have 2 dimensions, got 3\n"):
        getattr(lamina.nn, kind)(E, H)(rnn.PackedSequence(lamina.ones(3, 2, E), lamina.tensor([2, 1])))
    wrong = rnn.pack_padded_sequence(lamina.ones(T, 4, E), SORTED)
    state = lamina.ones(1, 2, H)
    with pytest.raises(RuntimeError, match=r"^Expected hidden(\[0\])? size \(1, 4, 4\), got \[1, 2, 4\]\n"):
        getattr(lamina.nn, kind)(E, H)(wrong, (state, state) if kind == "LSTM" else state)


def test_inside_jax_transforms():
    class Net(lamina.nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = lamina.nn.GRU(E, H, bidirectional=True)

        def forward(self, x):
            output, h = self.gru(rnn.pack_padded_sequence(x, UNSORTED, enforce_sorted=False))
            return rnn.pad_packed_sequence(output)[0].sum() + (output.data**2).sum() + h.sum()

    net, x = Net(), lamina.tensor(floats(T, 4, E))
    net(x).backward()
    parameters = {name: p.array() for name, p in net.named_parameters()}
    found = jax.jit(jax.grad(lambda p: lamina.func.functional_call(net, p, x.array())))(parameters)
    for name, p in net.named_parameters():
        np.testing.assert_allclose(found[name], p.grad.numpy(), rtol=1e-4, atol=1e-5)


# --- programs ---


def train(steps, batch):
    """Programs compiled in so many training steps on the batches that `batch(step)` makes."""
    embedding, layer, head = lamina.nn.Embedding(20, E), lamina.nn.LSTM(E, H), lamina.nn.Linear(H, 2)
    modules = lamina.nn.ModuleList([embedding, layer, head])
    optimizer = lamina.optim.SGD(modules.parameters(), lr=0.1)
    lamina.synchronize()
    compiled = []
    for step in range(steps):
        before = lamina.engine.compilations()
        optimizer.zero_grad()
        batch(step, embedding, layer, head).backward()
        optimizer.step()
        compiled.append(lamina.engine.compilations() - before)
    return compiled


def test_other_lengths_are_no_new_program():
    rng = np.random.default_rng(0)
    tokens = lamina.tensor(rng.integers(0, 20, (4, 12)))

    def batch(step, embedding, layer, head):
        lengths = lamina.tensor(rng.integers(1, 13, 4))
        packed = rnn.pack_padded_sequence(embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        output, (h, _) = layer(packed)
        padded, _ = rnn.pad_packed_sequence(output, batch_first=True, total_length=12)
        return head(padded).sum() + head(h[-1]).sum()

    assert train(6, batch) == [1, 0, 0, 0, 0, 0], lamina.engine.explain()


def test_sequences_of_any_length_are_few_programs():
    """Lengths 40 to 47 are rounded up to 40, 44 or 48: three shapes."""
    rng = np.random.default_rng(0)

    def batch(step, embedding, layer, head):
        sequences = [
            lamina.tensor(rng.standard_normal((length, E)).astype(np.float32)) for length in (40 + step, 30, 9)
        ]
        _, (h, _) = layer(rnn.pack_sequence(sequences))
        return head(h[-1]).sum() + embedding.weight.sum()

    assert sum(train(8, batch)) == 3
