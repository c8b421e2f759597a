"""Weights from one format to another."""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict

import pytest
import torch

import lamina
from lamina import nn
from lamina.io import FileError
from lamina.io.convert import convert

WEIGHTS = {"a": torch.randn(3, 4), "half": torch.ones(2).bfloat16(), "count": torch.tensor([3])}


def test_there_and_back(tmp_path):
    first = tmp_path / "first.pt"
    torch.save(WEIGHTS, first)
    chain = [first, *(tmp_path / name for name in ("b.safetensors", "c.lamina", "d.pth"))]
    for source, target in itertools.pairwise(chain):
        assert convert(source, target) == 3
    found = torch.load(chain[-1], weights_only=True)
    assert list(found) == list(WEIGHTS)
    assert all(torch.equal(found[name], x) and found[name].dtype == x.dtype for name, x in WEIGHTS.items())
    assert convert(first, tmp_path / "x.npz", dtype="float32") == 3


def test_types_names_and_shared_memory(tmp_path):
    tied = torch.nn.Parameter(torch.ones(2))
    state = OrderedDict(a=tied, b=tied, n=torch.tensor([1]))
    state._metadata = {"": {"version": 1}}
    torch.save({"net": state, "more": [torch.zeros(1), (torch.ones(1),)], "epoch": 3}, tmp_path / "x.pt")
    convert(tmp_path / "x.pt", tmp_path / "x.lamina", dtype="float16")
    found = lamina.load(tmp_path / "x.lamina")
    assert found["net"]["a"] is found["net"]["b"]
    assert isinstance(found["net"]["a"], nn.Parameter)
    assert found["net"]._metadata == state._metadata
    assert [x.dtype for x in (found["net"]["a"], found["net"]["n"], found["more"][1][0])] == [
        lamina.float16, lamina.int64, lamina.float16,
    ]  # fmt: skip
    with pytest.raises(FileError) as caught:
        convert(tmp_path / "x.pt", tmp_path / "x.safetensors")
    assert str(caught.value) == (
        "convert: x.pt: epoch is a int, and the new format holds tensors only. Convert it to .lamina or .pt, or save "
        "the tensors by themselves."
    )
    torch.save({"net": state, "more": [torch.zeros(1)]}, tmp_path / "y.pt")
    convert(tmp_path / "y.pt", tmp_path / "y.safetensors", max_shard_size=10)
    assert sorted(lamina.load(tmp_path / "y.safetensors.index.json")) == ["more.0", "net.a", "net.b", "net.n"]


def test_what_is_refused(tmp_path):
    source, target = tmp_path / "x.pt", tmp_path / "y.safetensors"
    torch.save(WEIGHTS, source)
    target.write_text("old")
    with pytest.raises(FileExistsError) as caught:
        convert(source, target)
    assert str(caught.value) == f"convert: {target} is there already. Give another name, or --force to replace it."
    assert target.read_text() == "old"
    convert(source, target, overwrite=True)
    assert list(lamina.load(target)) == list(WEIGHTS)
    for options, message in (
        ({"dtype": "int8"}, "dtype must be a floating type, got int8. Whole numbers stay as they are."),
        ({"max_shard_size": 5, "target": tmp_path / "z.pt"}, "only .safetensors files come in several, got z.pt."),
    ):
        with pytest.raises(ValueError) as wrong:
            convert(source, **{"target": tmp_path / "z.safetensors", **options})
        assert str(wrong.value) == f"convert: {message}"
    torch.save({"a.b": torch.ones(1), "a": {"b": torch.ones(1)}}, source)
    with pytest.raises(FileError, match=r"two tensors have the path 'a\.b'"):
        convert(source, tmp_path / "z.safetensors")
    assert sorted(os.listdir(tmp_path)) == ["x.pt", "y.safetensors"]
