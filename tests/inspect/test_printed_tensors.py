"""How tensors print, against PyTorch, character by character: drawn at random over types, shapes and options."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import lamina
from lamina import inspect
from tests.against_torch.programs import interpreted

TYPES = ["float32"] * 4 + ["float64", "float16", "bfloat16", "complex64", "complex128", "int64", "int32", "int16",
                           "int8", "uint8", "bool"]  # fmt: skip
SHAPES = [(), (1,), (3,), (7,), (25,), (2, 3), (4, 1), (3, 40), (2, 2, 3), (1, 2, 1, 2), (0,), (2, 0), (0, 3),
          (1100,), (30, 40), (3, 400), (8, 9, 20)]  # fmt: skip
OPTIONS = [
    {}, {}, {}, {"precision": 0}, {"precision": 2}, {"precision": 7}, {"threshold": 4},
    {"threshold": 4, "edgeitems": 1}, {"edgeitems": 2}, {"linewidth": 30}, {"linewidth": 200}, {"sci_mode": True},
    {"sci_mode": False},    {"profile": "short"}, {"profile": "full"}, {"profile": "default", "precision": 6},
    {"profile": "short", "sci_mode": True, "linewidth": 50}, {"threshold": float("inf")},
]  # fmt: skip
COUNT = 60


@pytest.fixture(autouse=True)
def default_options():
    yield
    torch.set_printoptions(profile="default")
    inspect.set_printoptions(profile="default")


def draw(r: random.Random) -> tuple[list, str, tuple[int, ...]]:
    """Numbers as nested lists, their type, their shape."""
    name, shape = r.choice(TYPES), r.choice(SHAPES)
    generator = np.random.default_rng(r.randrange(10**6))
    scale = r.choice([1e-5, 1e-2, 1.0, 1.0, 30.0, 1e3, 1e5, 1e9])
    values = generator.standard_normal(shape) * scale
    kind = r.choice(["plain", "plain", "whole", "odd", "same", "spread"])
    if kind == "same":
        values = np.full(shape, 0.1)
    if kind == "spread":
        values = values * 10.0 ** generator.integers(-3, 4, shape)
    if kind == "whole" or "int" in name:
        values = np.round(np.clip(values, 0 if name == "uint8" else -100, 100))
    if name.startswith("complex"):
        values = values + 1j * generator.standard_normal(shape)
    if kind == "odd" and name[0] in "fbc" and name != "bool":
        choices = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0])[generator.integers(0, 5, shape)]
        values = np.where(generator.random(shape) < 0.4, choices, values)
    return np.asarray(values if name != "bool" else values > 0).tolist(), name, shape


def made(t, values, name: str, shape, how: str):
    """The tensor as it is, as a leaf, or as a result."""
    x = t.tensor(values, dtype=getattr(t, name)).reshape(shape)
    if how == "plain" or name[0] not in "fbc" or name == "bool":
        return x
    x.requires_grad_()
    return x if how == "leaf" else x * 1 if how == "mul" else x.unsqueeze(0)[0] if how == "view" else x.exp().sum()


@pytest.mark.parametrize("block", range(5))
def test_tensors_drawn_at_random(block):
    r = random.Random(block)
    with interpreted():
        for _ in range(COUNT):
            values, name, shape = draw(r)
            how = r.choice(["plain", "plain", "leaf", "mul", "view"] + ["sum"] * (name in ("float32", "float64")))
            options = r.choice(OPTIONS)
            torch.set_printoptions(**options)
            lamina.set_printoptions(**options)
            theirs, mine = (made(t, values, name, shape, how) for t in (torch, lamina))
            if how == "sum":
                theirs, mine = theirs.detach(), lamina.tensor(theirs.detach().numpy())
            case = (values if len(str(values)) < 300 else "...", name, shape, how, options)
            assert repr(mine) == repr(theirs).replace("torch.", "lamina."), case
            assert str(mine) == repr(mine), case
            assert f"{mine}" == f"{theirs}".replace("torch.", "lamina."), case
            torch.set_printoptions(profile="default")
            inspect.set_printoptions(profile="default")


@pytest.mark.parametrize("spec", ["", ".3f", "8.2e", ">10", "d", "05d"])
@pytest.mark.parametrize("value", [2.5, 3, True, 1 + 2j, [1.0, 2.0], [4.0]], ids=str)
def test_formats(spec, value):
    texts = []
    for t in (torch, lamina):
        try:
            texts.append(format(t.tensor(value), spec))
        except Exception as error:
            texts.append(type(error))
    assert texts[0] == texts[1]


def test_a_format_of_what_requires_a_gradient():
    x, y = (t.tensor(1.25, requires_grad=True) for t in (torch, lamina))
    assert f"{x:.1f} {x}" == f"{y:.1f} {y}" == "1.2 1.25"


def test_a_subclass_prints_its_name():
    texts = []
    for t in (torch, lamina):

        class Marked(t.Tensor):
            pass

        texts.append(repr(t.arange(30.0).as_subclass(Marked)))
    assert texts[0] == texts[1]


def test_print_options_are_public():
    lamina.set_printoptions(precision=1, linewidth=20)
    assert repr(lamina.tensor([0.25, 1.75, 3.0])) == "tensor([0.2, 1.8,\n        3.0])"
