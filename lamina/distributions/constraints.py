"""The constraints that distributions put on their parameters and samples: `constraints.positive`, ...

>>> import lamina
>>> from lamina.distributions import constraints
>>> constraints.positive.check(lamina.tensor([-1.0, 2.0]))
tensor([False,  True])
>>> constraints.interval(0, 2)
Interval(lower_bound=0, upper_bound=2)
"""

from lamina.distributions.constraint import (
    Constraint,
    Dependent,
    IndependentConstraint,
    MixtureSameFamilyConstraint,
    dependent_property,
    is_dependent,
)
from lamina.distributions.constraint_joint import Cat, Stack
from lamina.distributions.constraint_matrix import (
    CorrCholesky,
    LowerCholesky,
    LowerTriangular,
    PositiveDefinite,
    PositiveSemidefinite,
    Square,
    Symmetric,
)
from lamina.distributions.constraint_scalar import (
    Boolean,
    GreaterThan,
    GreaterThanEq,
    HalfOpenInterval,
    IntegerGreaterThan,
    IntegerInterval,
    Interval,
    LessThan,
    Multinomial,
    OneHot,
    Real,
    Simplex,
)

dependent: Dependent = Dependent()
independent = IndependentConstraint
boolean: Constraint = Boolean()
one_hot: Constraint = OneHot()
nonnegative_integer: Constraint = IntegerGreaterThan(0)
positive_integer: Constraint = IntegerGreaterThan(1)
integer_interval = IntegerInterval
real: Constraint = Real()
real_vector: Constraint = IndependentConstraint(real, 1)
positive: Constraint = GreaterThan(0.0)
nonnegative: Constraint = GreaterThanEq(0.0)
greater_than = GreaterThan
greater_than_eq = GreaterThanEq
less_than = LessThan
multinomial = Multinomial
unit_interval: Constraint = Interval(0.0, 1.0)
interval = Interval
half_open_interval = HalfOpenInterval
simplex: Constraint = Simplex()
lower_triangular: Constraint = LowerTriangular()
lower_cholesky: Constraint = LowerCholesky()
corr_cholesky: Constraint = CorrCholesky()
square: Constraint = Square()
symmetric: Constraint = Symmetric()
positive_semidefinite: Constraint = PositiveSemidefinite()
positive_definite: Constraint = PositiveDefinite()
cat = Cat
stack = Stack

__all__ = [
    "Constraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property", "greater_than",
    "greater_than_eq", "independent", "integer_interval", "interval", "half_open_interval", "is_dependent", "less_than",
    "lower_cholesky", "lower_triangular", "MixtureSameFamilyConstraint", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_semidefinite", "positive_definite", "positive_integer",
    "real", "real_vector", "simplex", "square", "stack", "symmetric", "unit_interval",
]  # fmt: skip
