"""Random operations: that (seed, offset) alone decides, and that the numbers are distributed as they should be."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import functions
from lamina.ops import random
from lamina.ops.op import Key

N = 200_000


def draw(function, seed, offset, *args):
    with jax.enable_x64(True):
        return np.asarray(function(Key(np.uint64(seed), np.uint64(offset)), *args))


def test_seed_and_offset_decide():
    first = draw(random.bits, 1, 2, (100,), np.dtype(np.uint32))
    assert (first == draw(random.bits, 1, 2, (100,), np.dtype(np.uint32))).all()
    with jax.enable_x64(True):
        compiled = jax.jit(lambda seed, offset: random.bits(Key(seed, offset), (100,), np.dtype(np.uint32)))
        assert (first == np.asarray(compiled(np.uint64(1), np.uint64(2)))).all()


def test_neighbouring_streams_share_no_numbers():
    """A counter that begins at the offset would give the same numbers shifted."""
    streams = [
        set(draw(random.bits, seed, offset, (1000,), np.dtype(np.uint64)).tolist())
        for seed in (0, 1)
        for offset in range(4)
    ]
    assert len(set.union(*streams)) == 8 * 1000


def test_the_bits_are_as_always():
    """Results of earlier versions can be repeated: these numbers must never change."""
    assert draw(random.bits, 0, 0, (3,), np.dtype(np.uint32)).tolist() == [845160136, 3274801046, 1080513713]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, jnp.bfloat16])
def test_uniform(dtype):
    x = draw(random.uniform, 3, 4, (N,), np.dtype(dtype))
    assert x.dtype == dtype
    wide = x.astype(np.float64)
    assert 0 <= wide.min() < 1e-2 and 0.99 < wide.max() < 1
    assert abs(wide.mean() - 0.5) < 4 / np.sqrt(12 * N) + (0.002 if wide.dtype != x.dtype else 0)
    assert abs(wide.var() - 1 / 12) < 1e-3
    assert abs(np.corrcoef(wide[1:], wide[:-1])[0, 1]) < 4 / np.sqrt(N)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_normal(dtype):
    from scipy import stats

    x = draw(random.normal, 5, 6, (N,), np.dtype(dtype)).astype(np.float64)
    assert np.isfinite(x).all() and abs(x).max() > 4
    assert stats.kstest(x[:20_000], "norm").pvalue > 1e-3
    assert abs(x.mean()) < 4 / np.sqrt(N) and abs(x.std() - 1) < 0.01


@pytest.mark.parametrize("p", [0, 0.1, 0.5, 0.9, 1, 1.0])
def test_dropout(p):
    x = lamina.full((400, 500), 3.0, requires_grad=True)
    y = functions.dropout(x, p, True)
    y.sum().backward()
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - (1 - p)) < 4 * np.sqrt(p * (1 - p) / kept.size) + 1e-12
    scale = 1 / (1 - p) if p < 1 else 0
    np.testing.assert_allclose(y.detach().numpy(), np.where(kept, 3 * scale, 0), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), np.where(kept, scale, 0), rtol=1e-6)


def test_dropout_in_evaluation_is_the_input():
    x = lamina.randn(5)
    assert functions.dropout(x, 0.5, False).tolist() == x.tolist()


@pytest.mark.parametrize("dtype", [lamina.float16, lamina.bfloat16, lamina.float64])
def test_dropout_keeps_the_type(dtype):
    assert functions.dropout(lamina.ones(4, dtype=dtype), 0.5, True).dtype is dtype


def test_dropout_refuses_integers_in_training():
    with pytest.raises(RuntimeError, match=r"^result type Float can't be cast to the desired output type Long$"):
        functions.dropout(lamina.ones(3, dtype=lamina.int64), 0.5, True)


def test_dropout_gives_new_numbers_each_time_and_the_same_after_seeding():
    x = lamina.ones(64)
    lamina.manual_seed(1)
    first, second = functions.dropout(x, 0.5, True).tolist(), functions.dropout(x, 0.5, True).tolist()
    lamina.manual_seed(1)
    assert first != second
    assert first == functions.dropout(x, 0.5, True).tolist()


def test_feature_dropout_drops_whole_channels():
    y = functions.feature_dropout(lamina.ones(20, 50, 3, 2), 0.3, True).numpy()
    assert ((y == y[:, :, :1, :1]).all()) and 0.6 < (y[:, :, 0, 0] != 0).mean() < 0.8
    with pytest.raises(RuntimeError, match="^Feature dropout requires at least 2 dimensions in the input$"):
        functions.feature_dropout(lamina.ones(3), 0.3, True)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p):
    y = functions.alpha_dropout(lamina.randn(N), p, True).numpy()
    assert abs(y.mean()) < 0.01 and abs(y.var() - 1) < 0.02
    _, counts = np.unique(y, return_counts=True)
    assert p == 0 or abs(counts.max() / N - p) < 0.01


def test_alpha_dropout_of_everything_is_zero_as_in_pytorch():
    assert functions.alpha_dropout(lamina.ones(3), 1.0, True).tolist() == [0, 0, 0]


def test_bernoulli():
    p = lamina.tensor([0.0, 0.25, 1.0]).expand(N // 4, 3)
    drawn = lamina.bernoulli(p)
    assert drawn.dtype is lamina.float32
    means = drawn.numpy().mean(0)
    assert means[0] == 0 and means[2] == 1 and abs(means[1] - 0.25) < 0.01
    assert set(np.unique(drawn.numpy())) == {0, 1}
    whole = functions.bernoulli(lamina.zeros(N, dtype=lamina.int64), 0.75)
    assert whole.dtype is lamina.int64 and abs(whole.numpy().mean() - 0.75) < 0.01
    assert (
        functions.bernoulli(lamina.zeros(100), 0).sum() == 0 and functions.bernoulli(lamina.zeros(100), 1).sum() == 100
    )
