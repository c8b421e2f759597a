"""Weight normalization, spectral normalization and orthogonal matrices, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina import nn, optim
from tests.parity import compare_modules, floats

P = nn.utils.parametrizations
LINEAR = lambda nn: nn.Linear(4, 3)  # noqa: E731
CONV = lambda nn: nn.Conv1d(4, 3, 2)  # noqa: E731


def lib_of(module):
    return torch if isinstance(module, torch.nn.Module) else lamina


def apply(which, layer=LINEAR, **options):
    return lambda nn: getattr(nn.utils.parametrizations, which)(layer(nn), **options)


def twice(module, x):
    """Two calls, for what changes from call to call, and the weight itself."""
    return module(x), module(x), module.weight


@pytest.mark.parametrize("dim", [0, 1, -1, None])
def test_weight_norm(dim):
    compare_modules(apply("weight_norm", dim=dim), floats(2, 4), call=twice)
    compare_modules(apply("weight_norm", CONV, dim=dim), floats(2, 4, 5), call=twice)


def test_weight_norm_of_a_bias_and_removed():
    compare_modules(apply("weight_norm", name="bias"), floats(2, 4))
    removed = lambda nn: nn.utils.parametrize.remove_parametrizations(apply("weight_norm")(nn), "weight")  # noqa: E731
    compare_modules(removed, floats(2, 4))


def test_weight_norm_loads_the_older_states():
    with pytest.warns(FutureWarning):
        old = nn.utils.weight_norm(nn.Linear(4, 3))
    new = P.weight_norm(nn.Linear(4, 3))
    new.load_state_dict(old.state_dict())
    x = lamina.randn(2, 4)
    assert lamina.allclose(new(x), old(x))


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("options", [{}, {"dim": 1, "n_power_iterations": 3}, {"dim": -1, "eps": 0.1}])
def test_spectral_norm(train, options):
    compare_modules(apply("spectral_norm", **options), floats(2, 4), call=twice, train=train, rtol=1e-4, atol=1e-5)
    compare_modules(
        apply("spectral_norm", CONV, **options), floats(2, 4, 5), call=twice, train=train, rtol=1e-4, atol=1e-5
    )


def test_spectral_norm_of_a_vector_and_of_doubles():
    compare_modules(apply("spectral_norm", name="bias"), floats(2, 4))
    compare_modules(
        lambda nn: apply("spectral_norm")(nn).double(), floats(2, 4, dtype=np.float64), call=twice, rtol=1e-6
    )


def test_spectral_norm_finds_the_largest_singular_value():
    layer = P.spectral_norm(nn.Linear(5, 7))
    for _ in range(30):
        layer.weight
    assert float(lamina.linalg.svdvals(layer.eval().weight)[0]) == pytest.approx(1, abs=1e-3)


def test_spectral_norm_trains_in_one_program():
    layer = P.spectral_norm(nn.Linear(4, 3))
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x = lamina.ones(2, 4)
    lamina.synchronize()
    compiled = []
    for _ in range(4):
        before = lamina.engine.compilations()
        optimizer.zero_grad()
        (layer(x) ** 2).sum().backward()
        optimizer.step()
        compiled.append(lamina.engine.compilations() - before)
    assert compiled[1:] == [0, 0, 0]


class Matrix:
    """A module with a weight of any shape and type."""

    def __init__(self, *shape, dtype=np.float64, seed=0):
        self.value = floats(*shape, dtype=dtype, seed=seed)

    def __call__(self, nn):
        t = torch if nn is torch.nn else lamina

        class Holder(nn.Module):
            def __init__(self, value):
                super().__init__()
                self.weight = nn.Parameter(t.tensor(value))

            def forward(self, x):
                return self.weight @ x

        return Holder(self.value)


MAPS = ["matrix_exp", "cayley", "householder"]


@pytest.mark.parametrize("orthogonal_map", MAPS)
@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (2, 4, 3)])
def test_orthogonal(orthogonal_map, shape):
    """With PyTorch's base, of which part is random, and an original away from where it starts."""

    def call(module, x):
        original = module.parametrizations.weight.original
        moved = floats(*shape, dtype=np.float64, seed=3, scale=0.3)
        with lib_of(module).no_grad():
            original.copy_(
                original + lib_of(module).tensor(moved if orthogonal_map != "householder" else np.tril(moved, -1))
            )
        return module(x), module.weight

    layer = Matrix(*shape)
    compare_modules(
        apply("orthogonal", layer, orthogonal_map=orthogonal_map),
        floats(shape[-1], 2, dtype=np.float64),
        call=call,
        rtol=1e-6,
        atol=1e-8,
    )


@pytest.mark.parametrize("orthogonal_map", MAPS)
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
@pytest.mark.parametrize("trivialize", [True, False])
def test_orthogonal_is_orthogonal_from_the_start(orthogonal_map, shape, trivialize):
    layer = P.orthogonal(
        Matrix(*shape, dtype=np.float32)(nn), orthogonal_map=orthogonal_map, use_trivialization=trivialize
    )
    Q = layer.weight
    Q = Q if shape[0] >= shape[1] else Q.T
    assert lamina.allclose(Q.T @ Q, lamina.eye(min(shape)), atol=1e-5)
    assert hasattr(layer.parametrizations.weight[0], "base") is trivialize


def test_householder_without_a_base_keeps_what_it_was_given():
    def build(nn):
        return nn.utils.parametrizations.orthogonal(Matrix(5, 3)(nn), use_trivialization=False)

    ours, theirs = build(nn), build(torch.nn)
    for name in ("weight", "parametrizations"):
        read = (lambda m: m.weight) if name == "weight" else (lambda m: m.parametrizations.weight.original)
        np.testing.assert_allclose(read(ours).detach().numpy(), read(theirs).detach().numpy(), atol=1e-10)


def test_orthogonal_may_be_assigned_to():
    rotation = np.linalg.qr(floats(4, 4, dtype=np.float64, seed=9))[0]

    def call(module, x):
        module.weight = x
        return module.weight

    for name in (*MAPS, None):
        compare_modules(apply("orthogonal", Matrix(4, 4), orthogonal_map=name), rotation, call=call, atol=1e-9)
    layer = P.orthogonal(Matrix(4, 4)(nn), orthogonal_map="cayley", use_trivialization=False)
    with pytest.raises(NotImplementedError) as caught:
        layer.weight = lamina.tensor(rotation)
    assert str(caught.value) == (
        "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
        "use_trivialization=False."
    )
    with pytest.raises(ValueError) as refused:
        P.orthogonal(Matrix(4, 4)(nn)).weight = lamina.ones(2, 2)
    assert str(refused.value) == (
        "Expected a matrix or batch of matrices of shape lamina.Size([4, 4]). "
        "Got a tensor of shape lamina.Size([2, 2])."
    )


def test_orthogonal_stays_so_in_training():
    layer = P.orthogonal(nn.Linear(6, 4))
    optimizer = optim.SGD(layer.parameters(), lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        ((layer(lamina.ones(2, 6)) - 3) ** 2).sum().backward()
        optimizer.step()
    Q = layer.weight
    assert lamina.allclose(Q @ Q.T, lamina.eye(4), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "layer", "options"),
    [
        ("orthogonal", LINEAR, {"name": "bias"}),
        ("orthogonal", LINEAR, {"name": "nothing"}),
        ("orthogonal", LINEAR, {"orthogonal_map": "qr"}),
        ("spectral_norm", LINEAR, {"name": "nothing"}),
        ("spectral_norm", LINEAR, {"dim": 2}),
        ("spectral_norm", LINEAR, {"n_power_iterations": 0}),
        ("weight_norm", LINEAR, {"name": "nothing"}),
    ],
)
def test_what_pytorch_refuses(name, layer, options):
    def message(nn):
        with pytest.raises((ValueError, IndexError)) as caught:
            apply(name, layer, **options)(nn)
        # A module prints more lines here than in PyTorch.
        return type(caught.value), str(caught.value).split("(in_features")[0]

    assert message(nn) == message(torch.nn)


def test_householder_refuses_complex_matrices():
    module = nn.Module()
    module.weight = nn.Parameter(lamina.complex(lamina.ones(2, 2), lamina.ones(2, 2)))
    with pytest.raises(ValueError, match=r"^The householder parametrization does not support complex tensors.$"):
        P.orthogonal(module, orthogonal_map="householder")
