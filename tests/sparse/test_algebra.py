"""Products, sums and arithmetic of sparse tensors beside PyTorch's, with gradients; a graph network that learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from tests.parity import compare, floats
from tests.sparse.test_tensor import INDICES, SIZE, VALUES

pytestmark = pytest.mark.filterwarnings("ignore:Sparse")


@pytest.fixture(autouse=True)
def _quiet():
    with torch.sparse.check_sparse_tensor_invariants(True):
        yield


def dense(x):
    return x.to_dense() if x.is_sparse else x


def test_products():
    def run(t, values, right, left, vector, more):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        return [
            t.sparse.mm(s, right), t.mm(s, right), s @ right, t.matmul(s, right), left @ s, t.mv(s, vector), s @ vector,
            t.addmm(more, s, right, beta=2, alpha=0.5), t.sparse.addmm(more, s, right), s.mm(right), t.spmm(s, right),
            t.sparse.mm(s, s.t()).to_dense(),
        ]  # fmt: skip

    compare(run, VALUES, floats(3, 2), floats(2, 4), floats(3), floats(4, 2))


def test_products_that_are_sparse():
    def run(t, values, right):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        return [t.smm(s, right).to_dense(), t.hspmm(s, right).to_dense(), t.sspaddmm(s, s, t.eye(3)).to_dense()]

    compare(run, VALUES, floats(3, 2), grad=False)


def test_arithmetic():
    def run(t, values, other, full):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        z = t.sparse_coo_tensor(t.tensor(INDICES[:, 1:4]), other, SIZE)
        found = [s * 2, 2 * s, s / 4, -s, s + z, s - z, t.add(s, z, alpha=3), s * z, s * full, full + s]
        return [dense(x) for x in found]

    compare(run, VALUES, floats(3, seed=1), floats(*SIZE))


def test_sparse_tensors_one_after_the_other():
    def run(t, values, other):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        z = t.sparse_coo_tensor(t.tensor(INDICES[:, 1:4]), other, SIZE)
        return [t.cat([s, z]).to_dense(), t.cat([z, s, z], -1).to_dense()]

    compare(run, VALUES, floats(3, seed=1), grad=False)
    with pytest.raises(RuntimeError) as caught:
        lamina.cat([lamina.eye(2).to_sparse(), lamina.eye(3).to_sparse()])
    assert str(caught.value) == "cat: sizes must be equal except in dimension 0, got [[2, 2], [3, 3]]"


def test_functions_that_keep_zeros():
    def run(t, values):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        names = ("abs", "sin", "tanh", "expm1", "log1p", "relu", "sign", "floor", "asinh")
        return [getattr(s * 0.3, name)().to_dense() for name in names] + [t.abs(s).to_dense(), s.pow(2).to_dense()]

    compare(run, np.abs(VALUES), grad=False)


def test_sums_and_softmax():
    def run(t, values):
        s = t.sparse_coo_tensor(t.tensor(INDICES), values, SIZE)
        found = [t.sparse.sum(s), t.sparse.sum(s, 0), t.sparse.sum(s, [0, 1]), t.sparse.sum(s, dim=-1)]
        found += [t.sparse.softmax(s, 1), t.sparse.softmax(s, 0), t.sparse.log_softmax(s, 1)]
        return [dense(x) for x in found] + [t.sparse.sum(s, dtype=t.float64).dtype]

    compare(run, VALUES)


def test_softmax_of_a_dense_dimension():
    def run(t, values):
        s = t.sparse_coo_tensor(t.tensor(INDICES[:1, [0, 1, 4]]), values, (4, 3))
        return [t.sparse.softmax(s, 1).to_dense(), t.sparse.softmax(s, 0).to_dense(), t.sum(s)]

    compare(run, floats(3, 3))


def test_masks_and_diagonals():
    def run(t, full, diagonals):
        mask = t.sparse_coo_tensor(t.tensor(INDICES), t.ones(5), SIZE).coalesce()
        bands = t.sparse.spdiags(diagonals, t.tensor([0, -1, 2]), (4, 4))
        return [full.sparse_mask(mask).to_dense(), bands.to_dense()]

    compare(run, floats(*SIZE), floats(3, 4), grad=False)


def test_no_value_is_read():
    values = lamina.tensor(VALUES, requires_grad=True)
    s = lamina.sparse_coo_tensor(lamina.tensor(INDICES), values * 2, SIZE)
    runs = lamina.engine.state.trace.runs
    loss = (s.coalesce() @ lamina.ones(3, 2)).sum() + lamina.sparse.softmax(s, 1).sum()
    loss.backward()
    assert lamina.engine.state.trace.runs == runs


class GCN:
    """Two layers of a graph convolutional network (Kipf and Welling 2017): A relu(A X W0) W1."""

    def __init__(self, t, sizes):
        self.first = t.nn.Linear(sizes[0], sizes[1], bias=False)
        self.second = t.nn.Linear(sizes[1], sizes[2])

    def parameters(self):
        return [*self.first.parameters(), *self.second.parameters()]

    def __call__(self, t, adjacency, x):
        hidden = t.sparse.mm(adjacency, self.first(x)).relu()
        return adjacency @ self.second(hidden)


def graph(nodes=20):
    """Two groups of nodes with more edges inside than between: normalized adjacency with loops, features, groups."""
    rng = np.random.default_rng(0)
    group = np.arange(nodes) % 2
    chance = np.where(group[:, None] == group[None], 0.5, 0.05)
    edge = np.triu(rng.random((nodes, nodes)) < chance, 1)
    adjacency = edge | edge.T | np.eye(nodes, dtype=bool)
    degree = adjacency.sum(1)
    rows, columns = np.nonzero(adjacency)
    weights = 1 / np.sqrt(degree[rows] * degree[columns])
    return np.stack([rows, columns]), weights.astype(np.float32), floats(nodes, 4), group


def test_a_graph_network_learns_as_in_pytorch():
    indices, weights, features, group = graph()
    losses = {}
    initial = [floats(8, 4), floats(2, 8), floats(2)]
    for t in (torch, lamina):
        adjacency = t.sparse_coo_tensor(t.tensor(indices), t.tensor(weights), (20, 20))
        net = GCN(t, (4, 8, 2))
        with t.no_grad():
            for parameter, value in zip(net.parameters(), initial, strict=True):
                parameter.copy_(t.tensor(value) * 0.5)
        optimizer = t.optim.Adam(net.parameters(), lr=0.05)
        x, y = t.tensor(features), t.tensor(group)
        losses[t] = []
        for _ in range(30):
            optimizer.zero_grad()
            loss = t.nn.functional.cross_entropy(net(t, adjacency, x), y)
            loss.backward()
            optimizer.step()
            losses[t].append(loss.detach())
    ours, theirs = ([float(x) for x in losses[t]] for t in (lamina, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert ours[-1] < ours[0] / 2
