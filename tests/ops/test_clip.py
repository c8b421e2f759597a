"""Norms and limits over several arrays, as pure functions; `tests/nn/utils/test_clip_grad.py` compares with PyTorch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from lamina.ops.clip import clamp_all, norm_of_all, scale_to_norm

ARRAYS = (jnp.array([3.0, 0.0]), jnp.array([[-4.0]]))


def test_the_norm_is_that_of_one_vector():
    assert norm_of_all(ARRAYS, 2.0) == 5
    assert norm_of_all(ARRAYS, 1.0) == 7
    assert norm_of_all(ARRAYS, float("inf")) == 4
    assert norm_of_all((jnp.ones(2, jnp.float16), jnp.ones(2)), 2.0).dtype == jnp.float32


def test_limits_inside_jit():
    scaled = jax.jit(lambda arrays: scale_to_norm(arrays, norm_of_all(arrays, 2.0), 1.0))(ARRAYS)
    np.testing.assert_allclose(jnp.concatenate([x.reshape(-1) for x in scaled]), [0.6, 0, -0.8], rtol=1e-6)
    assert all(
        a is not b and (a == b).all() for a, b in zip(scale_to_norm(ARRAYS, jnp.asarray(5.0), 9.0), ARRAYS, strict=True)
    )
    assert [x.tolist() for x in clamp_all((*ARRAYS, jnp.array([jnp.nan])), 1)][:2] == [[1, 0], [[-1]]]
