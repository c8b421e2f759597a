"""Sparse tensors beside PyTorch's: places, values, coalescing, printing, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from tests.parity import compare, floats

INDICES = np.array([[0, 1, 1, 0, 3], [2, 0, 2, 2, 1]])
VALUES = floats(5)
SIZE = (4, 3)


@pytest.fixture(autouse=True)
def _quiet():
    with torch.sparse.check_sparse_tensor_invariants(True):
        yield


def facts(s):
    return [
        list(s.shape), s.ndim, s.dim(), s.numel(), len(s), s.sparse_dim(), s.dense_dim(), s.is_coalesced(), s.is_sparse,
        s._nnz(), s.dtype, s.requires_grad, s.is_leaf, s.size(-1),
    ]  # fmt: skip


def test_what_a_sparse_tensor_is():
    def run(t, values):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        c = s.coalesce()
        parts = [
            c.indices(),
            c.values(),
            s._indices(),
            s._values(),
            s.to_dense(),
            c.to_dense(),
            s.detach()[1].to_dense(),
        ]
        return [facts(s), facts(c), *parts, s.t().to_dense(), s.transpose(0, -1).to_dense(), s.clone().to_dense()]

    compare(run, VALUES)


def test_values_may_be_rows():
    def run(t, values):
        s = t.sparse_coo_tensor(t.tensor(INDICES[:1]), values, (4, 2))
        return [facts(s), s.to_dense(), s.coalesce().values(), t.sparse.sum(s, 1).to_dense(), t.sparse.sum(s, 0)]

    compare(run, floats(5, 2))


@pytest.mark.parametrize("array", [np.diag([1.0, 0, 2]), np.array([[0, 3], [1, 0]]), np.zeros((2, 2))])
def test_to_sparse_and_back(array):
    def run(t, x):
        s = x.to_sparse()
        rows = x.to_sparse(1)
        return [facts(s)[:-3], s.indices(), s.values(), s.to_dense(), rows.indices(), rows.values(), rows.to_dense()]

    compare(run, array)


def test_layouts_are_those_of_pytorch():
    def run(t, x):
        s = x.to_sparse(layout=t.sparse_coo)
        bands = t.sparse.spdiags(t.ones(1, 3), t.tensor([1]), (3, 3), layout=t.sparse_coo)
        again = [s.to_sparse(), s.to_sparse(2), s.to_sparse(layout=s.layout), s.to_sparse_coo()]
        layouts = [s.layout is t.sparse_coo, bands.layout is t.sparse_coo, x.layout is t.strided]
        return [layouts, s.to_dense(), bands.to_dense(), [y is s for y in again[:1]], [y._nnz() for y in again]]

    compare(run, np.eye(3))


def test_places_and_sizes_that_are_left_out():
    def run(t):
        return [
            facts(t.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0])),
            facts(t.sparse_coo_tensor([[0, 1], [2, 0]], [3, 4], dtype=t.float64)),
            facts(t.sparse_coo_tensor((2, 3))),
            facts(t.sparse_coo_tensor(size=(2, 3))),
            facts(t.sparse_coo_tensor([[0]], [1.0], (2,), requires_grad=True)),
            t.sparse_coo_tensor([[0]], [1.0], (2,)).to(t.float64).dtype,
            t.sparse_coo_tensor([[0]], [1.0], (2,)).double().dtype,
        ]

    compare(run)


def test_a_leaf_gets_a_sparse_gradient():
    results = []
    for t in (torch, lamina):
        s = t.sparse_coo_tensor(t.tensor(INDICES), t.tensor(VALUES), SIZE).coalesce().requires_grad_()
        (t.sparse.mm(s, t.ones(3, 2)) * t.arange(8.0).view(4, 2)).sum().backward()
        results.append(s.grad.to_dense().numpy())
        assert s.detach().requires_grad is False
    np.testing.assert_allclose(results[1], results[0])


def test_printing():
    for more in ({}, {"dtype": "float64"}):
        texts = []
        for t in (torch, lamina):
            options = {name: getattr(t, value) for name, value in more.items()}
            s = t.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3), **options)
            texts.append(repr(s).replace("torch.", "lamina."))
        assert texts[1] == texts[0]


REFUSED = {
    "sizes differ": lambda t: t.sparse_coo_tensor([[0, 1], [2, 0]], [3.0], (2, 3)),
    "a place too far": lambda t: t.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (1, 3)),
    "a place below 0": lambda t: t.sparse_coo_tensor([[0, -1], [2, 0]], [3.0, 4.0], (2, 3)),
    "indices of one dimension": lambda t: t.sparse_coo_tensor([0, 1], [3.0, 4.0], (2, 3)),
    "uncoalesced indices": lambda t: t.sparse_coo_tensor([[0, 0]], [1.0, 2.0], (2,)).indices(),
    "uncoalesced values": lambda t: t.sparse_coo_tensor([[0, 0]], [1.0, 2.0], (2,)).values(),
    "values of a dense one": lambda t: t.ones(2).values(),
    "numpy": lambda t: t.sparse_coo_tensor([[0]], [1.0], (2,)).numpy(),
    "item": lambda t: t.sparse_coo_tensor([[0]], [1.0], (2,)).item(),
    "t of three": lambda t: t.sparse_coo_tensor([[0], [0], [0]], [1.0], (2, 2, 2)).t(),
    "to_dense of a type": lambda t: t.sparse_coo_tensor([[0]], [1.0], (2,)).to_dense(dtype=t.float64),
    "a function that keeps no zeros": lambda t: t.exp(t.sparse_coo_tensor([[0]], [1.0], (2,))),
    "sparse and dense": lambda t: t.sparse_coo_tensor([[0]], [1.0], (2,)) + t.ones(2),
    "divided by a tensor": lambda t: t.sparse_coo_tensor([[0]], [1.0], (2,)) / t.ones(2),
    "shapes of a product": lambda t: t.sparse.mm(t.sparse_coo_tensor([[0], [0]], [1.0], (2, 2)), t.ones(3, 2)),
    "transpose": lambda t: t.sparse_coo_tensor([[0], [0]], [1.0], (2, 2)).transpose(0, 5),
    "size": lambda t: t.sparse_coo_tensor([[0], [0]], [1.0], (2, 2)).size(2),
    "other sparse dimensions": lambda t: t.sparse_coo_tensor([[0], [0]], [1.0], (2, 2)).to_sparse(1),
    "not coalesced": lambda t: t.sparse_coo_tensor(
        [[1, 0]], [1.0, 2.0], (2,), is_coalesced=True, check_invariants=True
    ),
    "index": lambda t: t.sparse_coo_tensor([[0]], [1.0], (2,))[2],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused(name):
    compare(lambda t: REFUSED[name](t))


def test_the_messages():
    with pytest.raises(RuntimeError) as caught:
        lamina.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (1, 3))
    assert str(caught.value) == "size is inconsistent with indices: for dim 0, size is 1 but found index 1"
    with pytest.raises(NotImplementedError) as caught:
        lamina.exp(lamina.sparse_coo_tensor([[0]], [1.0], (2,)))
    assert str(caught.value) == "exp: sparse tensors are not supported. Use to_dense()."


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lamina.sparse_csr_tensor([0, 1], [0], [1.0]),
            "sparse_csr_tensor: compressed sparse layouts are not supported; use sparse_coo_tensor.",
        ),
        (
            lambda: lamina.ones(2, 2).to_sparse_csr(),
            "to_sparse_csr: compressed sparse layouts are not supported; use sparse_coo_tensor.",
        ),
        (
            lambda: lamina.eye(2).to_sparse().to_sparse(layout=lamina.sparse_csr),
            "to_sparse: only layout=lamina.sparse_coo is supported, got lamina.sparse_csr.",
        ),
        (
            lambda: lamina.zeros(2, layout=lamina.sparse_coo),
            "zeros: only layout=lamina.strided is supported, got lamina.sparse_coo; see sparse_coo_tensor.",
        ),
        (
            lambda: lamina.quantize_per_tensor(lamina.ones(2), 0.1, 0, None),
            "quantize_per_tensor: quantized tensors are not supported; XLA computes in floating types, such as "
            "bfloat16.",
        ),
        (
            lambda: lamina.nested.nested_tensor([lamina.ones(2)]),
            "nested.nested_tensor: nested tensors are not supported; pad the rows and keep a mask, or use "
            "nn.utils.rnn.pack_padded_sequence.",
        ),
        (
            lambda: lamina.sparse.sampled_addmm(1, 2, 3),
            "sparse.sampled_addmm: it takes CSR matrices, a layout that is not supported.",
        ),
    ],
)
def test_what_is_not_supported_says_so(call, message):
    with pytest.raises(NotImplementedError) as caught:
        call()
    assert str(caught.value) == message


def test_all_names_exist():
    words = ("sparse", "quant", "nested", "csr")
    theirs = [name for name in dir(torch) if any(word in name for word in words) and not name.startswith("_")]
    missing = {name for name in theirs if not hasattr(lamina, name)}
    assert missing <= {"quantization"}, missing
    methods = [name for name in dir(torch.Tensor) if ("sparse" in name or "dense" in name) and not name.startswith("_")]
    assert [name for name in methods if not hasattr(lamina.Tensor, name)] == []
    theirs = [n for n in torch.sparse.__all__ if hasattr(torch.sparse, n) and "StructuredTensorCU" not in n]
    assert [name for name in theirs if not hasattr(lamina.sparse, name)] == []
