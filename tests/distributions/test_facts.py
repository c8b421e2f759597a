"""What every distribution says of itself, beside PyTorch: log_prob, entropy, cdf, mean ..., with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.distributions.cases import CASES, marked
from tests.parity import compare, floats, positives

FACTS = ("mean", "mode", "variance", "stddev")
CALLS = ("entropy", "perplexity")
FAST = ("Bernoulli", "Beta", "Categorical of logits", "MixtureSameFamily", "MultivariateNormal", "Normal", "Uniform")
LOOSE = {"VonMises": 1e-6, "Multinomial": 1e-7, "GeneralizedPareto": 1e-5}
"""PyTorch has Bessel functions of seven digits, log(n!) in float32, and GeneralizedPareto in float32 only."""


def or_why(function: Any) -> Any:
    """What a function gives, or that it is not implemented."""
    try:
        return function()
    except NotImplementedError:
        return "not implemented"


def distribution_function(t: Any, d: Any, value: Any) -> Any:
    """PyTorch cannot differentiate that of a gamma distribution."""
    with t.set_grad_enabled("Gamma" not in f"{type(d).__mro__}"):
        return d.cdf(value)


def facts(t: Any, d: Any, value: Any) -> dict[str, Any]:
    chance = t.full(d.batch_shape, 0.3, dtype=value.dtype)
    found = {name: or_why(lambda name=name: getattr(d, name)) for name in FACTS}
    found |= {name: or_why(getattr(d, name)) for name in CALLS}
    found |= {
        "log_prob": d.log_prob(value),
        "cdf": or_why(lambda: distribution_function(t, d, value)),
        "icdf": or_why(lambda: d.icdf(chance)),
        "support": str(t.distributions.constraints.is_dependent(type(d).support)),
        "shapes": [list(d.batch_shape), list(d.event_shape), bool(d.has_rsample), bool(d.has_enumerate_support)],
        "repr": repr(d).replace("torch.", "lamina.").split("tensor")[0],
    }
    if d.has_enumerate_support:
        found["values"] = [d.enumerate_support(), d.enumerate_support(expand=False)]
    wider = d.expand((2, *d.batch_shape))
    found["expanded"] = [list(wider.batch_shape), list(wider.event_shape), wider.log_prob(value)]
    return found


@pytest.mark.parametrize("case", marked(CASES, FAST))
def test_facts_are_those_of_pytorch(case):
    found = []

    def run(t, *tensors):
        *parameters, value = tensors
        found.append(facts(t, case.build(t, *parameters), value))
        return found[-1]

    tolerance = LOOSE.get(case.name, 1e-9)
    compare(run, *case.parameters, case.value, rtol=tolerance, atol=tolerance)
    assert len(found) == 2, "PyTorch refuses the case: nothing was compared"


def test_types_are_kept():
    def run(t, loc, scale):
        d = t.distributions
        made = (d.Normal(loc, scale), d.Laplace(loc, scale), d.Gumbel(loc, scale), d.Exponential(scale))
        return [p.log_prob(scale) for p in made] + [p.entropy() for p in made]

    for dtype in (np.float32, np.float16):
        compare(run, floats(2, dtype=dtype), positives(2, dtype=dtype), rtol=2e-3 if dtype is np.float16 else None)
