"""The operations of adaptive softmax; as a layer it stands beside PyTorch's in tests/nn/test_adaptive.py."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
import lamina.functions
from lamina.ops.adaptive import adaptive_log_prob, adaptive_log_softmax
from tests.parity import floats

HEAD, TAILS = jnp.asarray(floats(6, 5)), [jnp.asarray(floats(6, 4)), jnp.asarray(floats(6, 2, seed=1))]


def test_log_probabilities_are_a_distribution():
    log_probabilities = adaptive_log_prob(HEAD, TAILS)
    assert log_probabilities.shape == (6, 9)
    np.testing.assert_allclose(jnp.exp(log_probabilities).sum(1), 1, rtol=1e-6)


def test_of_targets_and_of_all_classes_agree():
    log_probabilities = adaptive_log_prob(HEAD, TAILS)
    for targets in ([0, 2, 3, 6, 7, 8], [8, 7, 6, 5, 1, 0]):
        chosen = adaptive_log_softmax(HEAD, jnp.asarray(targets), TAILS)
        np.testing.assert_allclose(chosen, log_probabilities[jnp.arange(6), jnp.asarray(targets)], rtol=1e-6)


def test_a_class_that_is_none_gives_nan():
    assert jnp.isnan(adaptive_log_softmax(HEAD, jnp.asarray([0, 9, 3, -1, 8, 2]), TAILS)).tolist() == [
        False, True, False, True, False, False,
    ]  # fmt: skip


def test_predict_trusts_the_head():
    """A frequent class wins if its score is the largest of the head's, though a cluster's class may beat it."""
    head = lamina.tensor([[2.0, 0.0, 1.9], [0.0, 0.1, 3.0]])
    tails = [lamina.tensor([[5.0, -5.0], [0.0, 1.0]])]
    assert lamina.functions.adaptive_predict(head, tails).tolist() == [0, 3]


def test_message():
    with pytest.raises(RuntimeError) as caught:
        adaptive_log_softmax(HEAD, jnp.zeros((5,), int), TAILS)
    assert str(caught.value) == "adaptive_log_softmax: target must be (6,) to go with head (6, 5), got (5,)."
