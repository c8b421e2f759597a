"""CTC beside PyTorch's, in all its forms."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats

TARGETS = np.array([[1, 2, 2], [3, 0, 1]])
TIMES, LENGTHS = np.array([6, 4]), np.array([3, 1])


def _f(*arguments, **options):
    return lambda t, x: t.nn.functional.ctc_loss(
        x, *(t.tensor(a) if isinstance(a, (np.ndarray, list)) else a for a in arguments), **options
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_forms_of_targets_and_lengths(reduction):
    x = floats(6, 2, 4)
    compare(_f(TARGETS, TIMES, LENGTHS, reduction=reduction), x)
    compare(_f(TARGETS, (6, 4), (3, 1), reduction=reduction), x)
    compare(_f([1, 2, 2, 3], TIMES, LENGTHS, reduction=reduction), x)


def test_other_forms():
    x = floats(6, 2, 4)
    compare(_f([1, 2, 2, 3], (6, 4), (3, 1)), x)
    compare(_f(TARGETS.astype(np.int32), TIMES.astype(np.int32), LENGTHS.astype(np.int16)), x)
    compare(_f(TARGETS.astype(np.float32), TIMES[None], LENGTHS[None]), x)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_one_sequence(reduction):
    x = floats(6, 4)
    compare(_f([1, 2, 2], np.array(5), np.array(3), reduction=reduction), x)
    compare(_f([[1, 2, 2]], (5,), (3,), reduction=reduction), x)


def test_through_log_softmax():
    """There the gradient is the true one, which PyTorch's otherwise is not."""
    compare(lambda t, x: _f(TARGETS, TIMES, LENGTHS)(t, x.log_softmax(2)), floats(6, 2, 4))
    compare(lambda t, x: _f(TARGETS, TIMES, LENGTHS)(t, x.log_softmax(2)), floats(6, 2, 4, dtype=np.float64))


def test_another_blank():
    targets = np.array([[1, 2, 2], [0, 1, 1]])
    compare(_f(targets, TIMES, LENGTHS, blank=3), floats(6, 2, 4))


def test_what_stands_behind_a_target_is_not_looked_at():
    compare(_f([[1, 2, 9], [3, -5, 7]], [6, 4], [2, 1], reduction="none"), floats(6, 2, 4))


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_targets_that_do_not_fit(zero_infinity, reduction):
    options = {"reduction": reduction, "zero_infinity": zero_infinity}
    compare(_f(TARGETS, [6, 1], [3, 2], **options), floats(6, 2, 4))
    compare(_f([[1, 1, 1], [2, 2, 1]], [5, 4], [3, 3], **options), floats(6, 2, 4))  # a blank between equal labels


def test_nothing_to_align():
    empty = np.zeros(0, np.int64)
    compare(_f(empty, [6, 4], [0, 0], reduction="none"), floats(6, 2, 4))
    compare(_f(empty, [6, 0], [0, 0]), floats(6, 2, 4))
    compare(_f(np.zeros((2, 0), np.int64), [6, 3], [0, 0]), floats(6, 2, 4))
    compare(_f(TARGETS, [6, 0], [3, 1], reduction="none"), floats(6, 2, 4))


def test_impossible_classes():
    x = floats(6, 2, 4)
    x[0, 0, 3] = x[1, 0, 1] = -np.inf
    compare(_f(TARGETS, TIMES, LENGTHS, reduction="none"), x)


def test_drawn_lengths():
    """Numbers differ, shapes do not: one program serves them all."""
    generator = np.random.default_rng(5)
    for seed in range(8):
        targets = generator.integers(1, 4, (5, 6))  # few classes, so labels repeat
        times, lengths = generator.integers(1, 13, 5), generator.integers(0, 7, 5)
        x = floats(12, 5, 4, seed=seed, scale=3)
        compare(lambda t, x, *a: t.nn.functional.ctc_loss(x.log_softmax(2), *a, zero_infinity=True),
                x, targets, times, lengths, rtol=1e-4, atol=1e-5)  # fmt: skip


def test_long_unlikely_sequences_do_not_underflow():
    x = floats(300, 2, 5, scale=20)
    targets = np.random.default_rng(1).integers(1, 5, (2, 100))
    compare(_f(targets, [300, 250], [100, 90], reduction="none"), x, grad=False)
    compare(_f(targets, [300, 250], [100, 90], reduction="none"), x.astype(np.float64), rtol=1e-7)


def test_numbers_that_are_not_known_yet():
    """Lengths that are results of operations: nobody waits for them, and the loss is the same."""
    x = lamina.tensor(floats(6, 2, 4))
    one = lamina.tensor([1, 1])
    times, lengths = lamina.tensor(TIMES) * one, lamina.tensor(LENGTHS) * one
    expected = lamina.nn.functional.ctc_loss(x, lamina.tensor(TARGETS), (6, 4), (3, 1))
    for targets in (lamina.tensor(TARGETS), lamina.tensor([1, 2, 2, 3])):
        assert lamina.nn.functional.ctc_loss(x, targets, times, lengths).item() == pytest.approx(expected.item())
    too_long = lamina.nn.functional.ctc_loss(x, lamina.tensor(TARGETS), times, lengths * 2, reduction="none")
    assert too_long.isinf().tolist() == [True, False]
    no_class = lamina.tensor([[1, 4, 2], [3, 0, 1]])
    loss = lamina.nn.functional.ctc_loss(x, no_class, times, lengths, reduction="none")
    assert loss.isnan().tolist() == [True, False]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(dtype):
    """PyTorch has none on the CPU: the judge is float32."""
    x = lamina.tensor(floats(6, 2, 4)).log_softmax(2).to(getattr(lamina, dtype)).detach().requires_grad_()
    loss = _f(TARGETS, TIMES, LENGTHS)(lamina, x)
    loss.backward()
    assert loss.dtype is x.grad.dtype is x.dtype
    assert loss.item() == pytest.approx(_f(TARGETS, TIMES, LENGTHS)(lamina, x.float()).item(), rel=1e-2)


def test_of_the_package():
    for options in ({}, {"reduction": 1}, {"reduction": 2}, {"zero_infinity": True, "blank": 0}):
        compare(lambda t, x, o=options: t.ctc_loss(x, t.tensor(TARGETS), (6, 4), (3, 1), **o), floats(6, 2, 4))
    compare(lambda t, x: _f(TARGETS, TIMES, LENGTHS)(t, x).grad_fn.name(), floats(6, 2, 4))
    compare(lambda t, x: _f(TARGETS, TIMES, LENGTHS, reduction="none")(t, x).grad_fn.name(), floats(6, 2, 4))


ERRORS = [
    ((TARGETS, [7, 4], [3, 1]), {}, RuntimeError,
     "ctc_loss: input_lengths must be from 0 to 6 to go with log_probs (6, 2, 4), got [7, 4]."),
    ((TARGETS, [5, -1], [3, 1]), {}, RuntimeError,
     "ctc_loss: input_lengths must be from 0 to 6 to go with log_probs (6, 2, 4), got [5, -1]."),
    ((TARGETS, (6, 4), (4, 1)), {}, RuntimeError,
     "ctc_loss: target_lengths must not be negative or longer than targets (2, 3), got [4, 1]."),
    ((TARGETS, [6, 4], [2, -1]), {}, RuntimeError,
     "ctc_loss: target_lengths must not be negative or longer than targets (2, 3), got [2, -1]."),
    (([1, 2, 3], [6, 4], [2, 2]), {}, RuntimeError,
     "ctc_loss: targets must be (4,) to go with target_lengths [2, 2], got (3,)."),
    ((TARGETS, [6, 4, 3], [2, 1]), {}, RuntimeError, "input_lengths must be of size batch_size"),
    ((TARGETS, [6, 4], [2]), {}, RuntimeError, "target_lengths must be of size batch_size"),
    ((TARGETS[:1], [6, 4], [2, 1]), {}, RuntimeError,
     "ctc_loss: targets must be (2, S) or (sum of target_lengths,) to go with log_probs (6, 2, 4), got (1, 3)."),
    ((TARGETS, [6.0, 4.0], [2, 1]), {}, RuntimeError, "input_lengths must be integral"),
    ((TARGETS, [6, 4], [2.0, 1.0]), {}, RuntimeError, "target_lengths must be integral"),
    ((TARGETS, [6, 4], [2, 1]), {"blank": 4}, RuntimeError, "blank must be in label range"),
    ((TARGETS, [6, 4], [2, 1]), {"blank": -1}, RuntimeError, "blank must be in label range"),
    ((TARGETS, [6, 4], [2, 1]), {"reduction": "all"}, ValueError, "all is not a valid value for reduction"),
    ((TARGETS, (6, 4), [2, 1]), {}, TypeError,
     "ctc_loss: input_lengths and target_lengths must both be tensors or both be tuples of ints, "
     "got tuple and Tensor."),
    ((TARGETS, 6, 2), {}, TypeError, "ctc_loss: lengths must be a tensor or a tuple of ints, got int."),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "options", "kind", "text"), ERRORS)
def test_messages(arguments, options, kind, text):
    if "targets must be integral" not in text:  # PyTorch reads the bits of floats as whole numbers
        compare(_f(*arguments, **options), floats(6, 2, 4))
    with pytest.raises(kind) as caught:
        _f(*arguments, **options)(lamina, lamina.tensor(floats(6, 2, 4)))
    assert str(caught.value) == text


def test_wrong_log_probs():
    for x, kind, text in (
        (floats(4), RuntimeError, "ctc_loss: log_probs must be (T, N, C) or (T, C), got (4, 1)."),
        (floats(0, 2, 4), RuntimeError, "log_probs tensor must not be empty"),
        (np.ones((6, 2, 4), np.int64), NotImplementedError, "\"ctc_loss_cpu\" not implemented for 'Long'"),
    ):
        call = _f([1, 2, 3], [0, 0], [2, 1])
        compare(call, x)
        with pytest.raises(kind) as caught:
            call(lamina, lamina.tensor(x))
        assert str(caught.value) == text
