"""Indices drawn at random, read and assigned by PyTorch and by lamina: values, gradients and exception classes.

`LAMINA_INDICES=20` draws so many times as many.
"""

from __future__ import annotations

import os
import random
import warnings

import numpy as np
import pytest
import torch

import lamina
from tests.against_torch.programs import interpreted
from tests.parity import compare, floats

SHAPES = {(3, 4, 2): 8, (2, 3): 14, (4,): 40, (): 60, (0, 3): 40}
TIMES = int(os.environ.get("LAMINA_INDICES", "1"))
"""How many times as many indices to draw as the few for each shape."""


def _size(shape, dim):
    return shape[dim] if dim < len(shape) else 1


def _item(r: random.Random, shape, dim: int) -> tuple[str, int]:
    """The text of one item of an index, and how many dimensions it covers. Now and then it is out of range."""
    size = _size(shape, dim)
    low, high = (-size, size - 1) if r.random() < 0.95 else (-size - 2, size + 1)
    numbers = [r.randint(low, max(low, high)) for _ in range(r.randint(1, 3))]
    start, stop = r.randint(-size - 1, size + 1), r.randint(-size - 1, size + 1)
    mask = [r.random() < 0.5 for _ in range(size)]
    return r.choice(
        [
            (str(numbers[0]), 1),
            (str(numbers[0]), 1),
            (":", 1),
            (f"{start}:{stop}", 1),
            (f"{start}::2", 1),
            (f":{stop}:{r.choice([1, 3, 1, 1, -1])}", 1),
            ("...", 0),
            ("None", 0),
            (r.choice(["True", "False"]), 0),
            (str(numbers), 1),
            (f"[{numbers}, {numbers}]", 1),
            (f"t.tensor({numbers})", 1),
            (f"t.tensor([{numbers}])", 1),
            (f"t.tensor({numbers[0]})", 1),
            (f"t.tensor({numbers}, dtype=t.int32)", 1),
            (f"t.tensor({numbers}, dtype=t.int16)", 1),
            (f"t.tensor({mask})", 1),
            (f"t.tensor({mask}, dtype=t.uint8)", 1),
            (f"np.array({mask})", 1),
            (f"np.array({numbers})", 1),
            (f"np.int64({numbers[0]})", 1),
            (f"{mask}", 1),
            ("t.tensor([], dtype=t.int64)", 1),
            ("[]", 1),
            ("range(2)", 1),
            (f"t.tensor({r.choice(['True', 'False'])})", 0),
            (f"t.ones({shape[dim : dim + 2]}, dtype=t.bool)", 2),
            ("slice(None, 2)", 1),
            ("1.5", 1),
        ]
    )


def draw(r: random.Random, shape) -> str:
    """The text of an index: mostly of as many items as there are dimensions, or fewer."""
    items, dim = [], 0
    while dim < len(shape) + (r.random() < 0.1):
        item, covered = _item(r, shape, dim)
        if item == "..." and "..." in items:
            continue
        items.append(item)
        dim += covered
        if r.random() < 0.3:
            break
    return ", ".join(items) + ("," if r.random() < 0.1 else "") or "..."


def value_for(r: random.Random, shape) -> str:
    return r.choice(
        ["7", "2.5", "True", "t.tensor(3.0)", "t.ones(1)", "t.ones(2)", "x.sum()", "t.tensor(3)", "y[{}] * 2"]
    )


@pytest.mark.parametrize(("shape", "count"), SHAPES.items(), ids=str)
def test_indices(shape, count):
    r = random.Random(str(shape))
    with interpreted(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "indexing with dtype")
        warnings.filterwarnings("ignore", "Using a non-tuple sequence")
        for _ in range(count * TIMES):
            text = draw(r, shape)
            value = value_for(r, shape).format(text)

            def read(t, x):
                return eval(f"x[{text}]", {"np": np, "t": t, "x": x})  # noqa: B023 (called at once)

            def assign(t, x):
                space = {"np": np, "t": t, "x": x, "y": x * 1}
                exec(f"y[{text}] = {value}", space)  # noqa: B023
                return space["y"]

            try:
                compare(read, floats(*shape))
                compare(assign, floats(*shape))
            except AssertionError as error:
                raise AssertionError(f"x = t.zeros({shape}); x[{text}] = {value}") from error


OUT_OF_RANGE = [
    "x[t.tensor(5)]", "x[t.tensor([0, 5])]", "x[t.tensor([-4])]", "x[:, t.tensor([4])]", "x[[0, 3]]",
    "x[np.array([3])]",
    "x.gather(0, t.tensor([[3]]))", "x.gather(1, t.tensor([[-1]]))",
    "x.take_along_dim(t.tensor([12]))", "x.scatter(0, t.tensor([[3]]), 1.0)", "x.scatter(1, t.tensor([[-1]]), 1.0)",
    "x.scatter_add(0, t.tensor([[3]]), x)", "x.scatter_reduce(0, t.tensor([[3]]), x, 'sum')",
    "x.index_select(0, t.tensor([3]))", "x.index_add(0, t.tensor([3]), x[:1])",
    "x.index_copy(0, t.tensor([3]), x[:1])", "x.index_copy(0, t.tensor([-1]), x[:1])",
    "x.index_fill(0, t.tensor([3]), 0)", "x.index_fill(0, t.tensor([-4]), 0)",
    "x.index_reduce(0, t.tensor([3]), x[:1], 'amax')", "x.take(t.tensor([12]))", "x.take(t.tensor([-13]))",
    "x.put(t.tensor([12]), t.ones(1))", "x.index_put((t.tensor([3]),), t.ones(1))",
    "x.__setitem__(t.tensor([3]), 1.0)", "x.__setitem__((slice(None), t.tensor([-5])), 1.0)",
    "x.scatter_(0, t.tensor([[3]]), 1.0)", "x.index_add_(0, t.tensor([3]), t.ones(1, 4))",
    "x.put_(t.tensor([12]), t.ones(1))",
    "x.index_fill_(0, t.tensor([3]), 0)", "x.index_put_((t.tensor([3]),), t.ones(1))",
]  # fmt: skip


@pytest.mark.parametrize("code", OUT_OF_RANGE)
def test_numbers_out_of_range_raise_what_pytorch_raises(code):
    caught = []
    for t in (torch, lamina):
        x = t.arange(12.0).reshape(3, 4)
        with pytest.raises((IndexError, RuntimeError)) as error:
            eval(code, {"t": t, "x": x, "np": np})
        caught.append((error.type, str(error.value)))
        assert x.tolist() == np.arange(12.0).reshape(3, 4).tolist()
    assert caught[0] == caught[1]


LATER = [code for code in OUT_OF_RANGE if "t.tensor" in code] + [
    "t.nn.functional.embedding(t.tensor([3]), x)", "t.nn.functional.cross_entropy(x, t.tensor([0, 4, 1]))",
    "t.nn.functional.nll_loss(x, t.tensor([0, -1, 1]))",
]  # fmt: skip


@pytest.mark.parametrize("code", LATER)
def test_numbers_that_are_not_known_yet_are_waited_for_under_debug(code):
    caught = []
    pending = code.replace("t.tensor(", "p(")
    for t in (torch, lamina):
        space = {"t": t, "x": t.arange(12.0).reshape(3, 4), "np": np, "p": lambda data, t=t: t.tensor(data) * 1}
        with pytest.raises((IndexError, RuntimeError)) as error, lamina.debug():
            eval(pending, space)
        caught.append((error.type, str(error.value)))
    assert caught[0] == caught[1]


def test_numbers_in_range_do_not():
    compare(
        lambda t, x: (
            x[t.tensor([-3, 2])], x.take(t.tensor([-12, 11])), x.index_fill(0, t.tensor([-3]), 1.0),
            x.gather(0, t.tensor([[2]])), x.index_put((t.tensor([-1]),), t.ones(1)), x[t.tensor([-2])],
        ),
        floats(3, 4),
    )  # fmt: skip
