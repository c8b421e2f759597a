"""What is in files of weights, told of every format."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina
from lamina.io import FileError, save_npz, save_safetensors
from lamina.io.listing import Facts, facts_of, listing

STATE = {
    "w": lamina.arange(6.0).view(2, 3),
    "half": lamina.ones(4).bfloat16(),
    "bad": lamina.tensor([1, float("nan"), 3]),
}
LINES = [("w", "float32", (2, 3), 24), ("half", "bfloat16", (4,), 8), ("bad", "float32", (3,), 12)]


@pytest.mark.parametrize("name", ["x.safetensors", "x.lamina", "x.pt", "folder"])
@pytest.mark.parametrize("facts", [False, True])
def test_every_format(name, facts, tmp_path):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
        save_safetensors(STATE, path / "model.safetensors", {"by": "me"}, max_shard_size=30)
    else:
        lamina.save(STATE, path)
    found = listing("t", path, facts)
    assert sorted(line[:4] for line in found.lines) == sorted(LINES)
    forms = {"x.safetensors": "safetensors", "x.lamina": "lamina", "x.pt": "PyTorch", "folder": "sharded safetensors"}
    assert found.format == forms[name]
    assert found.metadata == (
        {"format": "pt", "by": "me"} if name == "folder" else {"format": "pt"} if "safe" in name else {}
    )
    told = {line.name: line.facts for line in found.lines}
    if facts:
        assert told == {"w": Facts(0, 0, 0, 5, 2.5), "half": Facts(0, 0, 1, 1, 1), "bad": Facts(1, 0, 1, 3, 2)}
    else:
        assert set(told.values()) == {None}
    assert len({line.file for line in found.lines}) == (2 if name == "folder" else 1)


def test_nested_data_and_arrays(tmp_path):
    data = {
        "net": {"a": lamina.ones(2), "n": 1}, "list": [lamina.zeros(1, dtype=lamina.complex128), "text"],
        "array": np.ones(3), "text": np.array(["ab"]),
    }  # fmt: skip
    lamina.save(data, tmp_path / "x.lamina")
    assert sorted(line[:3] for line in listing("t", tmp_path / "x.lamina", facts=True).lines) == [
        ("array", "float64", (3,)), ("list.0", "complex128", (1,)), ("net.a", "float32", (2,)), ("text", "<U2", (1,)),
    ]  # fmt: skip
    torch.save({"net": {"a": torch.ones(2)}, "list": [torch.ones(1)]}, tmp_path / "x.pt")
    assert [line.name for line in listing("t", tmp_path / "x.pt").lines] == ["net.a", "list.0"]
    save_npz({"a": lamina.ones(2)}, tmp_path / "x.npz")
    assert listing("t", tmp_path / "x.npz").format == "npz"
    torch.save([torch.ones(1)], tmp_path / "pytorch_model.bin")
    np.save(tmp_path / "x.npy", np.ones(2))
    assert [line.name for line in listing("t", tmp_path / "x.npy").lines] == ["value"]


def test_facts():
    inf = float("inf")
    assert facts_of(np.array([1, inf, -inf, np.nan])) == Facts(1, 2, 1, 1, 1)
    assert facts_of(np.array([np.nan], np.float16)) == Facts(1, 0, None, None, None)
    assert facts_of(np.array([complex(np.nan, 1), complex(inf, 0), 1])) == Facts(1, 1, None, None, None)
    assert facts_of(np.array([True, False])) == Facts(0, 0, 0, 1, 0.5)
    assert facts_of(np.zeros((0, 3))) == Facts(0, 0, None, None, None)
    assert facts_of(np.array(["a"])) is None


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "x.lamina"
    lamina.save(STATE, path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert len(listing("t", path).lines) == 3  # the numbers are not read
    with pytest.raises(FileError, match="their checksum is another"):
        listing("t", path, facts=True)
