"""`lamina inspect` as a user runs it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import lamina
from lamina.cli import app
from lamina.cli.inspect import in_bytes
from lamina.io import save_safetensors


def run(*arguments):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


@pytest.fixture
def path(tmp_path):
    state = {"layer.weight": lamina.arange(600.0).view(20, 30), "scale": lamina.tensor([1, float("nan"), float("inf")])}
    lamina.save({"net": state, "epoch": 3}, tmp_path / "x.lamina")
    return tmp_path / "x.lamina"


def test_the_table(path):
    result = run(path)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines() if line.strip()]
    assert lines[0] == ["name", "type", "shape", "size"]
    assert ["net.layer.weight", "float32", "20", "x", "30", "2.4", "kB"] in lines
    assert ["net.scale", "float32", "3", "12", "B"] in lines
    assert result.output.splitlines()[-1] == "lamina: 2 tensors, 603 elements, 2.41 kB"


def test_stats(path):
    lines = [line.split() for line in run(path, "--stats").output.splitlines()]
    assert "net.layer.weight float32 20 x 30 2.4 kB 0 0 0 599 299.5".split() in lines
    assert "net.scale float32 3 12 B 1 1 1 1 1".split() in lines
    assert lines[-1][-6:] == "1 with NaN or infinite numbers".split()


def test_json(path):
    found = json.loads(run(path, "--json", "--stats").output)
    assert found["format"] == "lamina"
    assert (found["count"], found["elements"], found["total_bytes"]) == (2, 603, 2412)
    assert found["tensors"][1] == {
        "name": "net.scale", "dtype": "float32", "shape": [3], "bytes": 12, "file": "x.lamina", "nan": 1, "inf": 1,
        "min": 1.0, "max": 1.0, "mean": 1.0,
    }  # fmt: skip


def test_an_error_is_one_line(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-1])
    result = run(path)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "x.lamina: the file is incomplete" in result.output
    assert run(tmp_path / "nowhere.pt").exit_code == 1


def test_what_a_file_calls_things_does_not_move_the_cursor(tmp_path):
    state = {"a\x1b[31mred\nline": lamina.ones(1), "b[bold]": lamina.ones(2), "c\\[x]": lamina.ones(3)}
    save_safetensors(state, tmp_path / "x.safetensors", {"note\x1b]0;title": "x\ny\x1b[2J"})
    lines = run(tmp_path / "x.safetensors").output.splitlines()
    assert r"note\x1b]0;title: x\ny\x1b[2J" in lines
    names = [line.split()[0] for line in lines if "float32" in line]
    assert names == [r"a\x1b[31mred\nline", "b[bold]", r"c\[x]"]


def test_sizes_for_people():
    counts = [0, 1, 999, 1000, 1234, 999_499, 999_600, 10**6, 2_500_000_000, 10**16]
    assert [in_bytes(count) for count in counts] == [
        "0 B", "1 B", "999 B", "1 kB", "1.23 kB", "999 kB", "1 MB", "1 MB", "2.5 GB", "1e+04 TB",
    ]  # fmt: skip
