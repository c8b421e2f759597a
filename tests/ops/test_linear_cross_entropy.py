"""Cross entropy of a linear map beside PyTorch's, whole and in chunks."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import lamina
from lamina.ops.linear_cross_entropy import linear_cross_entropy_chunked
from tests.parity import compare, floats, integers, positives

X, W, B, WEIGHT = floats(11, 6), floats(9, 6), floats(9), positives(9)
Y = integers(11, low=0, high=9)
Y[3] = 2


def _f(options=None, **more):
    def call(t, x, w, *rest):
        chosen = None if options is None else t.nn.LinearCrossEntropyOptions(**options)
        return t.nn.functional.linear_cross_entropy(x, w, *rest, options=chosen, **more)

    return call


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", [
    None, {}, {"batch_chunk_size": 4}, {"chunking_method": "aspect_ratio:2"}, {"batch_chunk_size": 1},
])  # fmt: skip
def test_chunks(options, reduction):
    def call(t, x, w, b, weight):
        more = {"linear_bias": b, "weight": weight.detach(), "reduction": reduction, "ignore_index": 2}
        return _f(options, **more)(t, x, w, t.tensor(Y))

    compare(call, X, W, B, WEIGHT)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_other_shapes(reduction):
    compare(lambda t, x, w: _f({"batch_chunk_size": 3}, reduction=reduction)(t, x, w, t.tensor(Y)), X, W)
    compare(lambda t, x, w: _f({}, reduction=reduction)(t, x, w, t.tensor(3)), floats(6), W)
    places = np.array([[1, 2], [0, 0], [3, 3]])
    compare(lambda t, x, w, b: _f(reduction=reduction, label_smoothing=0.1, linear_bias=b)(t, x, w, t.tensor(places)),
            floats(3, 6), floats(4, 2, 6), floats(4, 2))  # fmt: skip
    compare(_f(reduction=reduction), floats(3, 6), floats(4, 6), positives(3, 4))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_without_rows_and_without_targets(reduction):
    compare(lambda t, x, w: _f({}, reduction=reduction)(t, x, w, t.zeros(0, dtype=t.int64)), floats(0, 6), W)
    if reduction != "mean":
        ignored = {"reduction": reduction, "ignore_index": 2}
        compare(lambda t, x, w: _f({}, **ignored)(t, x, w, t.full((11,), 2)), X, W)


@pytest.mark.parametrize("policy", ["auto", "accurate", "balanced", "compact"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_types(dtype, policy):
    def call(t, x, w):
        kind = getattr(t, dtype)
        return _f({"acc_policy": policy, "batch_chunk_size": 4})(t, x.to(kind), w.to(kind), t.tensor(Y))

    compare(call, X, W, rtol=5e-2, atol=5e-3)
    if dtype != "float64":
        wide = lambda t: {"acc_policy": policy, "acc_dtype": t.float32}  # noqa: E731
        compare(lambda t, x, w: _f(wide(t))(t, x.to(getattr(t, dtype)), w.to(getattr(t, dtype)), t.tensor(Y)),
                X, W, rtol=5e-2, atol=5e-3)  # fmt: skip


def test_the_scores_never_exist_together():
    """The largest array of the compiled gradient is no larger than the weight."""
    rows, features, classes = 512, 8, 1000

    def loss(x, w, y):
        return linear_cross_entropy_chunked(x, w, y, None, None, 1, -100, 16, None, False)

    arrays = [jax.ShapeDtypeStruct((rows, features), "float32"), jax.ShapeDtypeStruct((classes, features), "float32"),
              jax.ShapeDtypeStruct((rows,), "int32")]  # fmt: skip
    compiled = jax.jit(jax.grad(loss, (0, 1))).lower(*arrays).compile()
    used = compiled.memory_analysis().temp_size_in_bytes
    assert used < rows * classes * 4 / 4


def test_going_backward_twice():
    """PyTorch refuses unless asked to keep its buffers; here nothing is used up."""
    x, w = lamina.tensor(X).requires_grad_(), lamina.tensor(W)
    loss = _f({})(lamina, x, w, lamina.tensor(Y))
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * first.numpy(), rtol=1e-6)


def test_targets_that_are_not_known_yet():
    pending = lamina.tensor([0, 5]) * 2
    loss = _f({}, reduction="none")(lamina, lamina.tensor(X[:2]), lamina.tensor(W), pending)
    assert loss.isnan().tolist() == [False, True]
    with pytest.raises(IndexError) as caught:
        _f({})(lamina, lamina.tensor(X[:2]), lamina.tensor(W), lamina.tensor([0, 9]))
    assert str(caught.value) == "Target 9 is out of bounds."


def test_options_that_are_not_used_warn():
    call = _f({}, label_smoothing=0.5)
    compare(lambda t, x, w: _f(label_smoothing=0.5)(t, x, w, t.tensor(Y)), X, W)
    with pytest.warns(UserWarning, match="options are not used") as caught:
        call(lamina, lamina.tensor(X), lamina.tensor(W), lamina.tensor(Y))
    assert [(str(warning.message), warning.filename) for warning in caught] == [(
        "linear_cross_entropy: options are not used: they need a reduction 'mean', 'sum' or 'none', label_smoothing "
        "0, a target of class indices and a linear_weight (C, E), got 'mean', 0.5, lamina.int64 and (9, 6).", __file__,
    )]  # fmt: skip


WRONG_OPTIONS = [
    ({"acc_policy": "exact"}, ValueError, "invalid acc_policy: 'exact'"),
    ({"chunking_method": "rows"}, ValueError, "invalid chunking_method: 'rows'"),
    ({"chunking_method": "aspect_ratio:0"}, ValueError, "invalid chunking_method: 'aspect_ratio:0'"),
    ({"batch_chunk_size": 0}, ValueError, "batch_chunk_size must be positive int or None, got 0"),
    ({"batch_chunk_size": 5, "chunking_method": "aspect_ratio"}, ValueError,
     "linear_cross_entropy: batch_chunk_size 5 and chunking_method 'aspect_ratio', which gives 8, must agree; "
     "pass one of them."),
]  # fmt: skip


@pytest.mark.parametrize(("options", "kind", "text"), WRONG_OPTIONS)
def test_wrong_options(options, kind, text):
    compare(lambda t, x, w: _f(options)(t, x, w, t.tensor(Y)), X, W)
    with pytest.raises(kind) as caught:
        _f(options)(lamina, lamina.tensor(X), lamina.tensor(W), lamina.tensor(Y))
    assert str(caught.value) == text


def test_types_of_sums():
    compare(lambda t, x, w: _f({"acc_dtype": "float32"})(t, x, w, t.tensor(Y)), X, W)
    compare(lambda t, x, w: _f({"acc_dtype": t.float16})(t, x, w, t.tensor(Y)), X, W)
    with pytest.raises(RuntimeError) as caught:
        _f({"acc_dtype": lamina.float16})(lamina, lamina.tensor(X), lamina.tensor(W), lamina.tensor(Y))
    assert str(caught.value) == (
        "linear_cross_entropy: acc_dtype must be lamina.float32, or float32 for half types, got lamina.float16."
    )
    with pytest.raises(ValueError, match="acc_dtype must be None or one of") as caught:
        lamina.nn.LinearCrossEntropyOptions(acc_dtype=lamina.int64)
    assert str(caught.value) == (
        "acc_dtype must be None or one of lamina.float16, lamina.bfloat16, lamina.float32, lamina.float64, "
        "got lamina.int64."
    )


def test_options_print_as_in_pytorch():
    compare(lambda t: repr(t.nn.LinearCrossEntropyOptions(acc_dtype=t.float32)).replace("torch.", "lamina."))


WRONG_SHAPES = [
    (((2, 3, 6), (9, 6), (2,)), {}, "linear_cross_entropy: input must be (N, E) or (E,), got (2, 3, 6)."),
    (((2, 6), (6,), (2,)), {}, "linear_cross_entropy: linear_weight must be (C, *, E), got (6,)."),
    (((2, 6), (9, 5), (2,)), {},
     "linear_cross_entropy: linear_weight must be (C, *, 6) to go with input (2, 6), got (9, 5)."),
    (((2, 6), (9, 6), (2,)), {"linear_bias": (8,)},
     "linear_cross_entropy: linear_bias must be (9,) to go with linear_weight (9, 6), got (8,)."),
    (((6,), (9, 2, 6), (2,)), {},
     "linear_cross_entropy: input must be (N, 6) to go with linear_weight (9, 2, 6), got (6,)."),
    (((2, 6), (9, 6), (2, 9)), {"ignore_index": 1}, "ignore_index cannot be specified when target contains "
     "probabilities"),
]  # fmt: skip


@pytest.mark.parametrize(("shapes", "more", "text"), WRONG_SHAPES)
def test_wrong_shapes(shapes, more, text):
    def call(t):
        x, w, y = (t.zeros(*shape) for shape in shapes)
        return _f(**{k: t.zeros(*v) if isinstance(v, tuple) else v for k, v in more.items()})(t, x, w, y)

    compare(call)
    with pytest.raises(RuntimeError) as caught:
        call(lamina)
    assert str(caught.value) == text
