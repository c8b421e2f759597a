"""Random whole numbers: what is drawn follows the distribution, and a seed repeats it."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

COUNT = 20000


def repeats(draw):
    """What a seed gives, after a check that it gives the same again, and another seed something else."""
    lamina.manual_seed(3)
    first, second = draw().numpy(), draw().numpy()
    lamina.manual_seed(3)
    np.testing.assert_array_equal(draw().numpy(), first)
    assert (first != second).any()
    return first


def test_multinomial_with_replacement():
    weight = lamina.tensor([1.0, 0.0, 3.0, 4.0])
    drawn = repeats(lambda: lamina.multinomial(weight, COUNT, replacement=True))
    assert drawn.dtype == np.int64 and drawn.shape == (COUNT,)
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / COUNT, [0.125, 0, 0.375, 0.5], atol=0.015)
    assert weight.repeat(2, 1).multinomial(5, True).shape == (2, 5)


def test_multinomial_without_replacement():
    weight = lamina.tensor([1.0, 2.0, 3.0, 4.0])
    drawn = repeats(lambda: weight.expand(COUNT, 4).multinomial(2))
    assert (drawn[:, 0] != drawn[:, 1]).all()
    share = np.zeros((4, 4))
    np.add.at(share, (drawn[:, 0], drawn[:, 1]), 1 / COUNT)
    p = np.array([0.1, 0.2, 0.3, 0.4])
    wanted = p[:, None] * p[None, :] / (1 - p[:, None]) * (1 - np.eye(4))
    np.testing.assert_allclose(share, wanted, atol=0.015)


def test_poisson():
    rate = np.array([0.0, 0.5, 4.0, 60.0], np.float32)
    drawn = repeats(lambda: lamina.poisson(lamina.tensor(rate).expand(COUNT, 4)))
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(0), rate, rtol=0.05)
    np.testing.assert_allclose(drawn.var(0), rate, rtol=0.06)


def test_binomial():
    count, p = lamina.tensor([1.0, 10.0, 100.0]), lamina.tensor([0.3, 0.9, 0.5])
    drawn = repeats(lambda: lamina.binomial(count.expand(COUNT, 3), p))
    np.testing.assert_allclose(drawn.mean(0), [0.3, 9, 50], rtol=0.05)
    np.testing.assert_allclose(drawn.var(0), [0.21, 0.9, 25], rtol=0.06)


def test_generators_have_streams_of_their_own():
    rate = lamina.full((9,), 5.0)
    draws = [lamina.poisson(rate, generator=lamina.Generator().manual_seed(5)).tolist() for _ in range(2)]
    assert draws[0] == draws[1]


@pytest.mark.parametrize("bad", [
    lambda t, x: t.multinomial(x[0] + 10, 9),
    lambda t, x: t.multinomial(x[0] + 10, 0),
    lambda t, x: t.multinomial(x.view(1, 2, 3), 1),
    lambda t, x: t.multinomial(x.long(), 1),
    lambda t, x: t.multinomial(t.tensor([0.5, -0.5]), 1),
    lambda t, x: t.multinomial(t.tensor([[0.5, float("inf")], [0.5, 0.5]]), 1, True),
    lambda t, x: t.tensor([float("nan"), 1.0]).multinomial(1),
    lambda t, x: t.multinomial(t.tensor([[0.5, 0.5], [0.0, 0.0]]), 1, True),
    lambda t, x: t.poisson(t.tensor([0.5, -0.5])),
    lambda t, x: t.poisson(t.tensor([0.5, float("nan")])),
    lambda t, x: t.poisson(x.long()),
    lambda t, x: t.binomial(x.long(), x),
])  # fmt: skip
def test_wrong_inputs(bad):
    compare(bad, floats(2, 3), grad=False)


def test_the_whole_message():
    with pytest.raises(RuntimeError) as error:
        lamina.multinomial(lamina.ones(2), 3)
    assert str(error.value) == "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
    with pytest.raises(RuntimeError) as error:
        lamina.multinomial(lamina.tensor([1.0, -1.0]), 1)
    assert str(error.value) == "probability tensor contains either `inf`, `nan` or element < 0"
    with pytest.raises(RuntimeError) as error:
        lamina.multinomial(lamina.zeros(2), 1)
    assert str(error.value) == "invalid multinomial distribution (sum of probabilities <= 0)"
    with pytest.raises(RuntimeError) as error:
        lamina.poisson(lamina.tensor([-1.0]))
    assert str(error.value) == "invalid Poisson rate, expected rate to be non-negative"
