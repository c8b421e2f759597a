"""`lamina convert` as a user runs it."""

from __future__ import annotations

import os

import torch
from typer.testing import CliRunner

import lamina
from lamina.cli import app


def run(*arguments):
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


def test_convert(tmp_path):
    source, target = tmp_path / "x.pt", tmp_path / "y.safetensors"
    torch.save({"a": torch.ones(3), "b": torch.arange(2)}, source)
    result = run(source, target, "--dtype", "bfloat16")
    assert (result.exit_code, result.output) == (0, f"{target}: 2 tensors\n")
    assert lamina.load(target)["a"].dtype is lamina.bfloat16
    again = run(source, target)
    assert again.exit_code == 1
    assert "is there already" in again.output
    assert again.output.count("\n") == 1
    assert run(source, target, "--force").exit_code == 0
    assert lamina.load(target)["a"].dtype is lamina.float32
    assert run(source, tmp_path / "z.safetensors", "--max-shard-size", "14").exit_code == 0
    assert sorted(os.listdir(tmp_path))[-3:] == [
        "z-00001-of-00002.safetensors", "z-00002-of-00002.safetensors", "z.safetensors.index.json",
    ]  # fmt: skip
    assert run(source, tmp_path / "w.npz", "--dtype", "nonsense").exit_code == 1
