"""Constraints beside PyTorch's, on tensors and on NumPy arrays; printing; transforms onto them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.distributions import constraints
from tests.distributions.cases import correlation, definite, factor, real, simplex
from tests.parity import compare

NUMBERS = np.array([-1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, np.nan])
VECTORS = np.stack([simplex(3), np.eye(3)[1], np.ones(3), -np.ones(3), np.array([1.0, 2, 0])])
MATRICES = np.stack(
    [correlation(), factor(), definite(), -definite(), np.ones((3, 3)), real(3, 3), np.diag([1.0, 1, -1]), np.eye(3)]
)
CONSTRAINTS = {
    "boolean": (lambda c: c.boolean, NUMBERS),
    "real": (lambda c: c.real, NUMBERS),
    "positive": (lambda c: c.positive, NUMBERS),
    "nonnegative": (lambda c: c.nonnegative, NUMBERS),
    "greater_than": (lambda c: c.greater_than(0.5), NUMBERS),
    "greater_than_eq": (lambda c: c.greater_than_eq(0.5), NUMBERS),
    "less_than": (lambda c: c.less_than(0.5), NUMBERS),
    "interval": (lambda c: c.interval(-1, 1), NUMBERS),
    "unit_interval": (lambda c: c.unit_interval, NUMBERS),
    "half_open_interval": (lambda c: c.half_open_interval(-1, 1), NUMBERS),
    "integer_interval": (lambda c: c.integer_interval(0, 2), NUMBERS),
    "nonnegative_integer": (lambda c: c.nonnegative_integer, NUMBERS),
    "positive_integer": (lambda c: c.positive_integer, NUMBERS),
    "one_hot": (lambda c: c.one_hot, VECTORS),
    "simplex": (lambda c: c.simplex, VECTORS),
    "multinomial": (lambda c: c.multinomial(3), VECTORS),
    "real_vector": (lambda c: c.real_vector, VECTORS),
    "independent": (lambda c: c.independent(c.positive, 2), MATRICES),
    "mixture": (lambda c: c.MixtureSameFamilyConstraint(c.real_vector), VECTORS),
    "lower_triangular": (lambda c: c.lower_triangular, MATRICES),
    "lower_cholesky": (lambda c: c.lower_cholesky, MATRICES),
    "corr_cholesky": (lambda c: c.corr_cholesky, MATRICES),
    "square": (lambda c: c.square, MATRICES),
    "symmetric": (lambda c: c.symmetric, MATRICES),
    "positive_semidefinite": (lambda c: c.positive_semidefinite, MATRICES[:5]),
    "positive_definite": (lambda c: c.positive_definite, MATRICES),
    "cat": (lambda c: c.cat([c.positive, c.real], 0, [3, 5]), NUMBERS),
    "stack": (lambda c: c.stack([c.positive, c.real, c.boolean], 1), VECTORS),
}
MIXED = ("positive_semidefinite", "positive_definite")
"""PyTorch asks about symmetry for the whole batch at once: with one matrix that is not, the others get that answer."""


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints_are_those_of_pytorch(name):
    lamina.engine.reset()  # many constraints of one line are no sign that programs do not settle
    make, value = CONSTRAINTS[name]
    theirs, ours = make(torch.distributions.constraints), make(constraints)
    values = [matrix[None] for matrix in value] if name in MIXED else [value]
    for x in values:
        expected = theirs.check(torch.from_numpy(x)).numpy()
        np.testing.assert_array_equal(ours.check(lamina.tensor(x)).numpy(), expected)
        if ours.of_arrays:
            np.testing.assert_array_equal(ours.check(x), expected)
    assert repr(ours) == repr(theirs) or name in ("cat", "stack")
    assert ours.event_dim == theirs.event_dim
    assert ours.is_discrete == theirs.is_discrete


def test_dependent_constraints():
    assert constraints.is_dependent(constraints.dependent)
    for unknown in ("is_discrete", "event_dim"):
        with pytest.raises(NotImplementedError) as caught:
            getattr(constraints.dependent, unknown)
        assert str(caught.value) == f".{unknown} cannot be determined statically"
    known = constraints.dependent(event_dim=2)
    assert known.event_dim == 2
    with pytest.raises(ValueError) as caught:
        known.check(lamina.ones(2))
    assert str(caught.value) == "Cannot determine validity of dependent constraint"


def test_a_constraint_of_more_dimensions_than_there_are():
    compare(lambda t, x: t.distributions.constraints.independent(t.distributions.constraints.real, 2).check(x), real(3))


def test_the_names_are_those_of_pytorch():
    assert set(torch.distributions.constraints.__all__) <= set(constraints.__all__)
    assert set(torch.distributions.__all__) <= set(lamina.distributions.__all__)
    assert set(torch.distributions.transforms.__all__) <= set(lamina.distributions.transforms.__all__)


ONTO = {
    "real": lambda c, t: c.real,
    "positive": lambda c, t: c.positive,
    "nonnegative": lambda c, t: c.nonnegative,
    "greater_than": lambda c, t: c.greater_than(t.full((2,), 0.5, dtype=t.float64)),
    "less_than": lambda c, t: c.less_than(0.5),
    "unit_interval": lambda c, t: c.unit_interval,
    "interval": lambda c, t: c.interval(-2.0, 3.0),
    "half_open_interval": lambda c, t: c.half_open_interval(-2.0, 3.0),
    "independent": lambda c, t: c.independent(c.positive, 1),
    "simplex": lambda c, t: c.simplex,
    "cat": lambda c, t: c.cat([c.positive, c.real], -1, [1, 1]),
    "stack": lambda c, t: c.stack([c.positive, c.unit_interval], -1),
}


def test_transforms_onto_constraints():
    def run(t, x):
        d = t.distributions
        found = {}
        for name, make in ONTO.items():
            constraint = make(d.constraints, t)
            found[name] = [d.transform_to(constraint)(x), d.biject_to(constraint)(x)]
        return found

    compare(run, real(3, 2))


def test_transforms_onto_matrices():
    def run(t, x, vector):
        c, onto = t.distributions.constraints, t.distributions.transform_to
        found = [onto(c.lower_cholesky)(x), onto(c.positive_definite)(x), onto(c.positive_semidefinite)(x)]
        return [*found, onto(c.corr_cholesky)(vector)]

    compare(run, real(2, 3, 3), real(2, 3))


def test_a_constraint_without_transform():
    with pytest.raises(NotImplementedError) as caught:
        lamina.distributions.biject_to(constraints.lower_cholesky)
    assert str(caught.value) == "Cannot transform LowerCholesky constraints"
    with pytest.raises(TypeError) as caught:
        lamina.distributions.biject_to.register(int, lambda c: None)
    expected = "Expected constraint to be either a Constraint subclass or instance, but got <class 'int'>"
    assert str(caught.value) == expected
