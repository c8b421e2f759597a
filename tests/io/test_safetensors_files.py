"""Safetensors files: what lamina writes the library reads, and the other way; several files with an index."""

from __future__ import annotations

import io
import json
import os

import pytest
import safetensors.torch
import torch

import lamina
from lamina import nn
from lamina.io import FileError, NotDataError, load_safetensors, safetensors_metadata, save_safetensors

TYPES = [dtype for dtype in lamina.dtypes.ALL if dtype is not lamina.complex128]


def tensors():
    found = {dtype.name: lamina.tensor([[0, 1, 2], [3, 4, 5]]).to(dtype) for dtype in TYPES}
    return found | {"scalar": lamina.tensor(2.5), "empty": lamina.zeros(2, 0), "é.x": lamina.arange(6.0).view(2, 3).t()}


def bits(x):
    x = x.detach().contiguous() if isinstance(x, torch.Tensor) else x.detach()
    x = x.view(torch.int16) if isinstance(x, torch.Tensor) and x.dtype == torch.bfloat16 else x
    return str(x.shape).partition(".")[2], x.numpy().tobytes()


def same(a, b):
    assert list(a) == list(b)
    for name in a:
        assert bits(a[name]) == bits(b[name]), name
        assert str(a[name].dtype).partition(".")[2] == str(b[name].dtype).partition(".")[2]


def test_both_directions_over_all_types(tmp_path):
    ours, theirs, path = tensors(), {}, tmp_path / "x.safetensors"
    save_safetensors(ours, path, {"by": "me"})
    theirs = safetensors.torch.load_file(path)
    same({name: theirs[name] for name in ours}, ours)
    with safetensors.safe_open(path, "pt") as opened:
        assert {name: text for name, text in opened.metadata().items() if not name.startswith("lamina.")} == {
            "format": "pt", "by": "me",
        }  # fmt: skip
    assert safetensors_metadata(path) == {"format": "pt", "by": "me"}
    same(load_safetensors(path), ours)
    safetensors.torch.save_file(theirs, path, {"format": "pt"})
    found = load_safetensors(path)
    same({name: found[name] for name in ours}, ours)
    same({name: lamina.load(path)[name] for name in ours}, ours)
    assert load_safetensors(io.BytesIO(path.read_bytes()), "cpu:1")["scalar"].device == lamina.device("cpu:1")


def test_tied_weights_keep_their_names(tmp_path):
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    path = tmp_path / "x.safetensors"
    save_safetensors(net.state_dict(), path)
    assert sorted(safetensors.torch.load_file(path)) == ["0.bias", "0.weight", "1.bias"]
    found = load_safetensors(path)
    assert sorted(found) == sorted(net.state_dict())
    found["0.weight"].zero_()
    assert found["1.weight"].abs().sum().item() == 0
    assert repr(net.load_state_dict(found)) == "<All keys matched successfully>"


def test_several_files_with_an_index(tmp_path):
    path = tmp_path / "model.safetensors"
    state = {f"layer.{number}": lamina.full((10, 10), float(number)) for number in range(5)} | {"b": lamina.arange(3)}
    state["tied"] = state["layer.4"].detach()
    save_safetensors(state, path, max_shard_size=1000)
    names = [f"model-{number:05d}-of-00003.safetensors" for number in (1, 2, 3)]
    assert sorted(os.listdir(tmp_path)) == [*names, "model.safetensors.index.json"]
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 5 * 400 + 24
    assert index["weight_map"] == {
        "layer.0": names[0], "layer.1": names[0], "layer.2": names[1], "layer.3": names[1], "layer.4": names[2],
        "b": names[2],
    }  # fmt: skip
    merged = {}
    for name in names:
        merged |= safetensors.torch.load_file(tmp_path / name)
    assert {name: x.tolist() for name, x in merged.items()} == {
        name: x.tolist() for name, x in state.items() if name != "tied"
    }
    for place in (tmp_path, tmp_path / "model.safetensors.index.json"):
        for found in (lamina.load(place), load_safetensors(place)):
            assert {name: x.tolist() for name, x in found.items()} == {name: x.tolist() for name, x in state.items()}
    found["tied"].zero_()
    assert found["layer.4"].sum().item() == 0


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    first, kept = tmp_path / "model-00001-of-00002.safetensors", None
    for value in (0, 1):
        save_safetensors({"a": lamina.full((9,), value), "b": lamina.full((9,), value)}, path, max_shard_size=40)
        kept = kept or first.read_bytes()
    first.write_bytes(kept)
    with pytest.raises(FileError) as caught:
        lamina.load(tmp_path)
    assert str(caught.value) == (
        "load: model-00001-of-00002.safetensors: it was not written together with the index. Get all files anew."
    )
    first.unlink()
    with pytest.raises(FileError) as caught:
        lamina.load(tmp_path)
    assert str(caught.value) == (
        "load: model-00001-of-00002.safetensors: the index names it: No such file or directory. Get this file as well."
    )


def test_folders_of_hubs(tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "pytorch_model-1.bin")
    torch.save({"b": torch.zeros(2)}, tmp_path / "pytorch_model-2.bin")
    index = {"metadata": {}, "weight_map": {"a": "pytorch_model-1.bin", "b": "pytorch_model-2.bin"}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert {name: x.tolist() for name, x in lamina.load(tmp_path).items()} == {"a": [1, 1], "b": [0, 0]}
    index["weight_map"]["c"] = "pytorch_model-2.bin"
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    with pytest.raises(FileError) as caught:
        lamina.load(tmp_path)
    assert str(caught.value) == "load: pytorch_model-2.bin: the index says it has 'c'. Get the files anew."
    (tmp_path / "only").mkdir()
    save_safetensors({"a": lamina.ones(1)}, tmp_path / "only" / "model.safetensors")
    assert list(lamina.load(tmp_path / "only")) == ["a"]
    save_safetensors({"a": lamina.ones(1)}, tmp_path / "only" / "other.safetensors")
    (tmp_path / "none").mkdir()
    for folder, message in {
        "only": "it has 2 files of weights: model.safetensors, other.safetensors. Give one of these.",
        "none": "the folder has no weights in it, and no index of them.",
    }.items():
        with pytest.raises(FileError) as caught:
            lamina.load(tmp_path / folder)
        assert str(caught.value) == f"load: {folder}: {message}"


@pytest.mark.parametrize(("given", "message"), [
    ([1], "tensors by name are needed, got list. Save {'name': tensor}, or use lamina.save with another suffix for "
          "nested data."),
    ({"a": {"b": 1}}, "obj['a'] must be a tensor with a str as its name; it is a dict. Use lamina.save with another "
                      "suffix for nested data."),
    ({1: lamina.ones(1)}, "obj[1] must be a tensor with a str as its name; it is a Tensor. Use lamina.save with "
                          "another suffix for nested data."),
    ({"a": nn.Linear(1, 1)}, "obj['a'] is a module, Linear, not data. Save its state_dict(), and load it with "
                             "load_state_dict() of a new one."),
    ({"a": lamina.ones(1, dtype=lamina.complex128)}, "obj['a'] is of complex128, which safetensors has not. Convert "
                                                     "it, or use lamina.save with another suffix."),
])  # fmt: skip
def test_what_the_format_does_not_hold_is_refused(given, message):
    with pytest.raises(NotDataError) as caught:
        save_safetensors(given, io.BytesIO())
    assert str(caught.value) == f"save_safetensors: BytesIO: {message}"


def test_options_that_do_not_fit(tmp_path):
    state, path = {"a": lamina.ones(3), "b": lamina.ones(3)}, tmp_path / "x.safetensors"
    for error, wrong in {
        "max_shard_size must be a number of bytes such as 1000000 or '5GB', got '5 x'": {"max_shard_size": "5 x"},
        "must be a number of bytes such as 1000000 or '5GB', got 0": {"max_shard_size": 0},
        "metadata must be texts by name": {"metadata": {"a": 1}},
        "metadata must not begin with 'lamina.'": {"metadata": {"lamina.x": "1"}},
    }.items():
        with pytest.raises((ValueError, TypeError), match=error.replace(".", r"\.")):
            save_safetensors(state, path, **wrong)
    with pytest.raises(ValueError, match="several files need a path"):
        save_safetensors(state, io.BytesIO(), max_shard_size=12)
    save_safetensors(state, path, max_shard_size="5 GiB")
    assert os.listdir(tmp_path) == ["x.safetensors"]
