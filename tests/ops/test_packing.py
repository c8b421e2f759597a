"""Rows taken by number, and padded batches of another shape."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina.ops.packing import pad_stack, pad_steps, take_rows
from tests.parity import floats

INDEX, BACK = jnp.array([2, -1, 0, 3]), jnp.array([2, -1, 0, 3])


def test_rows_are_taken_and_their_gradient_goes_back():
    x = jnp.asarray(floats(4, 2))
    taken = take_rows(x, INDEX, BACK, 7)
    np.testing.assert_array_equal(taken, np.stack([x[2], [7, 7], x[0], x[3]]))
    weights = jnp.asarray(floats(4, 2, seed=1))
    grad = jax.grad(lambda x: (take_rows(x, INDEX, BACK, 7) * weights).sum())(x)
    np.testing.assert_array_equal(grad, np.stack([weights[2], [0, 0], weights[0], weights[3]]))


def test_second_derivatives():
    x = jnp.asarray(floats(4, 2))

    def cubes(x):
        return (take_rows(x, INDEX, BACK) ** 3).sum()

    second = jax.grad(lambda x: (jax.grad(cubes)(x) ** 2).sum())(x)
    expected = 36 * x**3
    np.testing.assert_allclose(second, expected.at[1].set(0), rtol=1e-5)


def test_no_gradient_is_scattered():
    """The reason for a derivative of its own: adding up scattered rows is slow on the CPU."""
    jaxpr = str(jax.make_jaxpr(jax.grad(lambda x: take_rows(x, INDEX, BACK).sum()))(jnp.ones((4, 2))))
    assert "scatter" not in jaxpr


@pytest.mark.parametrize("steps", [2, 3, 5])
@pytest.mark.parametrize(("batch_first", "to"), [(True, True), (True, False), (False, True), (False, False)])
def test_steps_are_cut_or_added(steps, batch_first, to):
    x, lengths = floats(2, 3, 4), np.array([2, 1])
    found = pad_steps(
        jnp.asarray(x if batch_first else x.swapaxes(0, 1)), jnp.asarray(lengths), -1, steps, batch_first, to
    )
    expected = np.full((2, steps, 4), -1, np.float32)
    for n, length in enumerate(lengths):
        expected[n, :length] = x[n, :length]
    np.testing.assert_array_equal(found, expected if to else expected.swapaxes(0, 1))


def test_a_stack_has_the_type_of_the_first():
    found = pad_stack([jnp.ones(1, jnp.float16), jnp.ones(2, jnp.int32)], 0.5, 2, True, True)
    assert found.dtype == jnp.float16
    np.testing.assert_array_equal(found, [[0.5, 1], [1, 1]])
